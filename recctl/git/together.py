"""What was changed together: whoever looks at one file of a commit is about to look at the others."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from recctl.git import GitEntry
from recctl.git.command import GitError, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def list_changed_together(content: bytes, folder: Path) -> Iterator[GitEntry]:
    """What was changed together with a file of that content, then what was before that.

    That can be in the work tree and the index, in the latest commits or, failing these, in the last one of
    all history that changed such a file. Files are told as they were before and after. Raises GitError.
    """
    blob = _hash(content, folder)
    groups = [_list_uncommitted(folder), *_list_commits(["HEAD"], folder)]
    first = next((number for number, group in enumerate(groups) if _holds(group, blob)), None)
    if first is None:
        found = run(["log", "--all", "--max-count=1", "--format=%H", f"--find-object={blob}"], folder)
        groups, first = (_list_commits([found.decode().strip()], folder) if found else []), 0
    yield from dict.fromkeys(chain.from_iterable(groups[first:]))


_COMMITS = 50
_RAW = ("-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules")


def _hash(content: bytes, folder: Path) -> str:
    """The id by which git knows a content."""
    import hashlib

    name = run(["rev-parse", "--show-object-format"], folder).decode().strip()
    return hashlib.new(name, b"blob %d\0%b" % (len(content), content)).hexdigest()


def _holds(group: list[GitEntry], blob: str) -> bool:
    return any(entry.blob == blob for entry in group)


def _list_uncommitted(folder: Path) -> list[GitEntry]:
    """What differs between HEAD, the index and the work tree."""
    try:
        unstaged = run(["diff-files", *_RAW], folder, reads_files=True)
        staged = run(["diff-index", "--cached", *_RAW, "HEAD"], folder)
    except GitError:  # there is no work tree, or no commit yet
        return []
    return [entry for group in _read_groups(unstaged + staged) for entry in group]


def _list_commits(revisions: list[str], folder: Path) -> list[list[GitEntry]]:
    """What each of some commits changed, the newest first."""
    command = ["log", f"--max-count={_COMMITS}", "--format=%H", *_RAW, *revisions, "--"]
    try:
        return _read_groups(run(command, folder))
    except GitError:  # there is no commit yet
        return []


def _read_groups(listed: bytes) -> list[list[GitEntry]]:
    """The files that git lists, by commit where it names these."""
    groups: list[list[GitEntry]] = [[]]
    records = iter(listed.decode("utf-8", "surrogateescape").split("\0")[:-1])
    for record in records:
        description = record.removeprefix("\n")
        if not description.startswith(":"):
            groups.append([])
            continue
        _, _, before, after, status = description.split(" ")
        path = next(records)
        groups[-1] += [GitEntry(path, blob) for blob in (before, after) if blob.strip("0")]
        if not after.strip("0") and status != "D":
            groups[-1].append(GitEntry(path, None))
    return groups
