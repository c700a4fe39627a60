"""git, as a subprocess: what it tracks, ignores and remembers.

Nothing here changes what a repository holds; `set_config` and its like change how git shows it.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import IO, TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.base.work_tree import find_top_level
from recctl.git.command import GitError, locate, run, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path
    from typing import Self

__all__ = ["GitError"]


class Blob(NamedTuple):
    """A file of some revision: `content` is None when it is over the size that was asked for."""

    content: bytes | None


class MissingError(OSError):
    """That a clone was made without a file that its history names."""


def list_ignored(folder: Path) -> frozenset[str]:
    """What git ignores below a folder, relative to it; folders end with "/" and stand for all they hold.

    Empty where there is no repository, or no git that could tell.
    """
    if find_top_level(folder) is None:
        return frozenset()
    command = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]
    try:
        names = _ask_list(command, folder)
    except GitError:
        return frozenset()
    return frozenset(name for name in names if name != "./")


class BlobReader:
    """Files of a repository, all from one `git cat-file --batch`, which starts when the first is asked for.

    Paths in specs count from the top of the repository, with `./` from `folder`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._end()  # all that it was asked for has been read, or is not wanted any more

    def read(self, spec: str, max_size: int) -> Blob | None:
        """The file that a spec like `HEAD~1:tests/x.json`, or an id, names; None when it names none.

        Raises MissingError where a clone does not have it, and OSError when git can't be started, or ends.
        """
        if "\n" in spec:
            return None
        if self._process is None:
            try:
                self._process = start(["cat-file", "--batch"], self._folder, asks=True)
            except GitError as error:
                raise ChildProcessError(str(error)) from None
        try:
            return self._ask(self._process, spec, max_size)
        except (ChildProcessError, BrokenPipeError):
            self._end()  # the next one may be there
            if self._lacks(spec):
                raise MissingError(_LACKING) from None
            raise

    def _ask(self, process: subprocess.Popen[bytes], spec: str, max_size: int) -> Blob | None:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None  # noqa: S101  (both are pipes)
        assert stdout is not None  # noqa: S101
        stdin.write(spec.encode("utf-8", "surrogateescape") + b"\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise ChildProcessError("git ended before it had answered")
        header = re.fullmatch(_FOUND, answer)
        if header is None:
            if answer.endswith(b" missing\n") and self._lacks(spec):
                raise MissingError(_LACKING)
            return None
        size = int(header["size"])
        is_blob = header["type"] == b"blob"
        content = _read(stdout, size, keep=is_blob and size <= max_size)
        if not is_blob:
            return None
        return Blob(content if size <= max_size else None)

    def _lacks(self, spec: str) -> bool:
        """Whether a clone was made without what a spec names."""
        return self._is_partial and _resolve(spec, self._folder) is not None

    @cached_property
    def _is_partial(self) -> bool:
        try:
            return run(_PARTIAL, self._folder) != b""
        except GitError:  # no such key is set
            return False

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_PARTIAL = ["config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"]
_LACKING = "this partial clone does not have it; recctl fetches nothing, `git show` does"


class GitEntry(NamedTuple):
    """A file of a tree, the index or the work tree: its path from the top, and the id of its content.

    The id is None for what git has not stored.
    """

    path: str
    blob: str | None


class GitIndex(NamedTuple):
    """What is staged, and the paths that a merge has left in conflict."""

    entries: tuple[GitEntry, ...]
    unmerged: tuple[str, ...]


def find_repository(folder: Path) -> Path | None:
    """The top of the work tree of the repository at a folder, or None where it has none (a bare clone).

    Raises GitError where there is no repository, or no git.
    """
    run(["rev-parse", "--git-dir"], folder)
    return locate(folder).top


def resolve_tree(revision: str, folder: Path) -> str | None:
    """The id of the tree that a revision (or `REV:folder`) has; None when it names no tree."""
    found = _resolve(revision, folder) if ":" in revision else revision  # `^{tree}` would be part of the path
    return _resolve(f"{found}^{{tree}}", folder) if found else None


def find_merge_base(one: str, other: str, folder: Path) -> str | None:
    """The commit that two revisions have both come from; None when there is none (here)."""
    try:
        return run(["merge-base", "--", one, other], folder).decode().split()[0]
    except GitError:
        return None


def is_shallow(folder: Path) -> bool:
    """Whether a clone lacks its older history."""
    try:
        return run(["rev-parse", "--is-shallow-repository"], folder) == b"true\n"
    except GitError:
        return False


def list_tree(tree: str, folder: Path) -> tuple[GitEntry, ...]:
    """The files of a tree, all folders entered; links and submodules are none."""
    entries = []
    for record in _ask_list(["ls-tree", "-r", "-z", "--full-tree", tree], folder):
        description, _, path = record.partition("\t")
        mode, _, blob = description.split(" ")
        if mode in _FILE_MODES and not _leads_outside(path):
            entries.append(GitEntry(path, blob))
    return tuple(entries)


def list_index(folder: Path) -> GitIndex:
    """The files that are staged, wherever in the repository; links and submodules are none.

    A file that was only announced (`git add --intent-to-add`) is not there yet.
    """
    entries, unmerged = [], set()
    for record in _ask_list(["ls-files", "-z", "--stage", "--full-name", "--", ":/"], folder):
        description, _, path = record.partition("\t")
        mode, blob, stage = description.split(" ")
        if _leads_outside(path):
            continue
        if stage != "0":
            unmerged.add(path)
        elif mode in _FILE_MODES:
            entries.append(GitEntry(path, blob))
    if any(entry.blob in _EMPTY for entry in entries):
        command = [*_CHANGED_FILES, "--name-only", f"--diff-filter={_ANNOUNCED}"]
        announced = set(_ask_list(command, folder, reads_files=True))
        entries = [entry for entry in entries if entry.path not in announced]
    return GitIndex(tuple(entries), tuple(sorted(unmerged)))


def list_work_tree(index: GitIndex, top: Path) -> tuple[GitEntry, ...]:
    """The files of a work tree, and those that git neither knows nor ignores; `top` is its top folder.

    Files that are as they were staged have the same ids as there.
    """
    records = iter(_ask_list([*_CHANGED_FILES, "--name-status"], top, reads_files=True))
    states = {next(records): state for state in records}
    known = (
        entry._replace(blob=None) if entry.path in states else entry
        for entry in index.entries
        if entry.path not in states or (states[entry.path] not in _GONE and _is_file(top / entry.path))
    )
    announced = (path for path, state in states.items() if state == _ANNOUNCED and not _leads_outside(path))
    untracked = _ask_list(["ls-files", "-z", "--others", "--exclude-standard"], top)
    new = (path for path in (*announced, *untracked) if _is_file(top / path))
    return (*known, *(GitEntry(path, None) for path in new))


def list_with_attribute(attribute: str, folder: Path) -> frozenset[str]:
    """The files of a work tree, from its top, for which an attribute such as `diff=recctl` is in force.

    Raises GitError.
    """
    which = ["--cached", "--others", "--exclude-standard", "--full-name"]
    return frozenset(_ask_list(["ls-files", "-z", *which, "--", f":(top,attr:{attribute})"], folder))


def get_config(key: str, folder: Path, scope: str | None = None, *, is_path: bool = False) -> str | None:
    """A value of git's configuration, None when it is not set or empty.

    `scope` is "local" or "global", None for what is in force; `is_path` has `~` filled in. Raises GitError.
    """
    scopes = [] if scope is None else [f"--{scope}"]
    kind = ["--type=path"] if is_path else []
    found = run(["config", *scopes, *kind, "-z", "--default", "", "--get", key], folder, anywhere=True)
    return os.fsdecode(found).removesuffix("\0") or None


def set_config(key: str, value: str, folder: Path, scope: str) -> None:
    """Set a value of git's configuration, once, whatever stood there. Raises GitError."""
    run(["config", f"--{scope}", "--replace-all", key, value], folder, anywhere=True)


def unset_config(key: str, folder: Path, scope: str) -> None:
    """Take a value that is set out of git's configuration. Raises GitError."""
    run(["config", f"--{scope}", "--unset-all", key], folder, anywhere=True)


def delete_ref(ref: str, folder: Path) -> None:
    """Delete a ref, if it is there. Raises GitError."""
    run(["update-ref", "-d", ref], folder)


def _is_file(path: Path) -> bool:
    """Whether a file lies there: not a link, and no pipe, which would be waited for."""
    return path.is_file() and not path.is_symlink()


_CHANGED_FILES = ("diff-files", "-z", "--ignore-submodules")
_FILE_MODES = ("100644", "100755")
_ANNOUNCED = "A"
_GONE = ("D", "T")  # deleted, or of another type: a link
_EMPTY = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
"""The ids of a file without content, in repositories of either kind."""


def _leads_outside(path: str) -> bool:
    """Whether a path is none that git itself would store, but somebody else did."""
    return re.search(_STRANGE, path) is not None


_STRANGE = r"(?:\A|/)\.{0,2}(?:/|\Z)"  # compiled where it is called for, as the next


def _resolve(spec: str, folder: Path) -> str | None:
    try:
        found = run(["rev-parse", "--verify", "--quiet", "--end-of-options", spec], folder)
    except GitError:
        return None
    return found.decode().strip()


def _ask_list(arguments: list[str], folder: Path, *, reads_files: bool = False) -> list[str]:
    """What git lists, each item ended by NUL."""
    listed = run(arguments, folder, reads_files=reads_files)
    return listed.decode("utf-8", "surrogateescape").split("\0")[:-1]


_FOUND = rb"[0-9a-f]+ (?P<type>[a-z]+) (?P<size>[0-9]+)\n"  # else the spec, and what is wrong


def _read(stream: IO[bytes], size: int, *, keep: bool) -> bytes:
    """Read an object and the newline behind it, all of it even when nobody wants to keep it."""
    content = bytearray()
    left = size + 1
    while left:
        part = stream.read(min(left, 1 << 20))
        if not part:
            raise ChildProcessError("git ended before its output was complete")
        left -= len(part)
        if keep:
            content += part
    return bytes(content[:size])


class Removal(NamedTuple):
    """A file that was removed: its path below the folder that was asked about, its content's id, its mode.

    `commit` removed it, at `time` (in seconds); None stands for what HEAD has and the work tree lacks.
    `is_merge` is true for a commit with several parents, `is_move` where the content only got another name.
    """

    path: str
    blob: str
    mode: int
    time: int
    commit: str | None
    is_merge: bool
    is_move: bool


def list_removals(folder: Path, pathspecs: list[str]) -> Iterator[Removal]:
    """What was removed of the files below a folder that pathspecs name, the newest removal first.

    All of HEAD's history that the clone has is searched, merges parent by parent. Raises GitError.
    """
    if resolve_tree("HEAD", folder) is None:
        find_repository(folder)  # there may be no commit yet, but a repository there should be
        return
    wanted = [*_REMOVED, "HEAD", "--", *pathspecs]
    time = int(run(["show", "--no-patch", "--format=%ct", "HEAD"], folder))
    yield from _read_removals(
        iter(_ask_list(["diff-index", "--ignore-submodules", *wanted], folder, reads_files=True)), time
    )
    yield from _read_removals(iter(_ask_list([*_ALL_HISTORY, *wanted], folder)), time)


_REMOVED = ("-z", "--raw", "--no-abbrev", "-M100%", "--diff-filter=DR", "--relative")
_ALL_HISTORY = ("log", "--diff-merges=separate", "--full-history", "--sparse", "--format=%H %ct %P")


def _read_removals(records: Iterator[str], time: int) -> Iterator[Removal]:
    """Read what git says of each file; in a log, the commit is named before."""
    commit, parents = None, [""]
    for record in records:
        description = record.removeprefix("\n")
        if not description.startswith(":"):
            commit, seconds, *parents = description.split(" ")
            time = int(seconds)
            continue
        mode, _, blob, _, status = description.removeprefix(":").split(" ")
        path, is_move = next(records), status.startswith("R")
        if is_move:
            next(records)
        if mode in _FILE_MODES and not _leads_outside(path):
            yield Removal(path, blob, int(mode[-3:], 8), time, commit, len(parents) > 1, is_move)


def list_names(folder: Path) -> tuple[str, ...]:
    """The names of branches and tags, those of other repositories after one's own. Raises GitError."""
    kinds = ("refs/heads", "refs/tags", "refs/remotes")
    return tuple(run(["for-each-ref", "--format=%(refname:short)", *kinds], folder).decode().split())


def is_staged(tree: str, folder: Path) -> bool:
    """Whether anything that is staged differs from a tree. Raises GitError."""
    return bool(_ask_list(["diff-index", "--cached", "--name-only", "-z", tree, "--"], folder))


def list_staged_renames(folder: Path) -> tuple[tuple[str, str], ...]:
    """The files below a folder that are staged under another name: old and new, relative to the folder.

    Raises GitError.
    """
    if find_top_level(folder) is None:
        raise GitError("there is no repository")
    which = ["--cached", "--find-renames", "--relative", "--diff-filter=R"]
    records = iter(_ask_list(["diff", "--no-ext-diff", *which, "--name-status", "-z"], folder))
    return tuple((next(records), next(records)) for _ in records)


def list_staged_deletions(folder: Path) -> tuple[str, ...]:
    """The files below a folder that are staged as deleted, relative to the folder. Raises GitError."""
    which = ["--cached", "--find-renames", "--relative", "--diff-filter=D"]
    return tuple(_ask_list(["diff", "--no-ext-diff", *which, "--name-only", "-z"], folder))


def list_modified(folder: Path) -> frozenset[str]:
    """The files below a folder, relative to it, that are not as HEAD has them. Raises GitError.

    What git does not know is left out.
    """
    command = [
        "diff",
        "-z",
        "--name-only",
        "--relative",
        "--no-renames",
        "--no-ext-diff",
        "--ignore-submodules",
    ]
    return frozenset(_ask_list([*command, "HEAD", "--"], folder, reads_files=True))


def list_tracked(folder: Path, *pathspecs: str) -> frozenset[str]:
    """The files below a folder, relative to it, that git knows. Raises GitError."""
    return frozenset(_ask_list(["ls-files", "-z", "--", *pathspecs], folder))


def find_head(folder: Path) -> str | None:
    """The id of the commit that is checked out; None where there is none yet."""
    return _resolve("HEAD^{commit}", folder)


def list_commit_times(folder: Path, files: Iterable[str]) -> dict[str, int]:
    """When files were last committed, in seconds; paths are relative to the folder.

    Files that HEAD's history does not have are left out. It is read only as far as it takes. Raises GitError
    when git can't be started.
    """
    wanted, found = set(files), dict[str, int]()
    if not wanted:
        return found
    folders = sorted({os.path.dirname(file) or "." for file in wanted})  # noqa: PTH120  (they are texts)
    command = ["--literal-pathspecs", *_LAST_CHANGES, "--relative", "HEAD", "--", *folders]
    with start(command, folder) as process:
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        time = 0
        for record in _read_records(process.stdout):
            if record.startswith("/"):  # as no name below the folder does
                time = int(record[1:])
                continue
            file = record.removeprefix("\n")
            if file in wanted:
                found.setdefault(file, time)
                if len(found) == len(wanted):
                    break
        process.kill()
    return found


_LAST_CHANGES = ("log", "-z", "--format=/%ct", "--name-only", "--no-renames")


def _read_records(stream: IO[bytes]) -> Iterator[str]:
    """What git writes, piece by piece, each ended by NUL."""
    rest = b""
    while part := stream.read(1 << 14):
        *records, rest = (rest + part).split(b"\0")
        yield from (record.decode("utf-8", "surrogateescape") for record in records)


class Version(NamedTuple):
    """What a file was before a change: the id of its content, and its path where that was another.

    `path` is where it is now, below the folder that was asked about. `commit` made the change; None for one
    that is not committed.
    """

    path: str
    commit: str | None
    blob: str
    renamed_from: str | None = None


def list_versions(folder: Path, files: Collection[str]) -> Iterator[Version]:
    """What files were before each of their changes, the latest first; paths are relative to the folder.

    Where one was added under its name by a renaming, that is the earliest change. Merges are passed over.
    Raises GitError.
    """
    if resolve_tree("HEAD", folder) is None:
        return
    which = ["diff", "--no-ext-diff", "--ignore-submodules", *_RAW, "--find-renames", "HEAD", "--"]
    changed = _read_versions(which, folder, files, reads_files=True)
    yield from (version for version in changed if version.blob.strip("0"))
    if len(files) > _MOST_NAMED:
        places = sorted({os.path.dirname(file) or "." for file in files})  # noqa: PTH120  (they are texts)
    else:
        places = sorted(files)
    log = ["--literal-pathspecs", "log", "--format=/%H", *_RAW, "--no-renames", "HEAD", "--"]
    added: dict[str, list[str]] = {}
    for version in _read_versions([*log, *places], folder, files):
        if version.blob.strip("0"):
            yield version
        elif version.commit is not None:
            added.setdefault(version.commit, []).append(version.path)
    for commit, paths in added.items():
        renames = ["diff-tree", "-r", "--no-commit-id", *_RAW, "--find-renames", "--diff-filter=R", commit]
        for version in _read_versions(renames, folder, paths):
            yield version._replace(commit=commit)


_RAW = ("--raw", "-z", "--no-abbrev", "--relative")
_MOST_NAMED = 1000
"""How many files are named one by one on a command line."""


def _read_versions(
    arguments: list[str], folder: Path, files: Collection[str], *, reads_files: bool = False
) -> Iterator[Version]:
    """What git says of changed files, each after the commit, if it says one."""
    commit, records = None, iter(_ask_list(arguments, folder, reads_files=reads_files))
    for record in records:
        description = record.removeprefix("\n")
        if not description.startswith(":"):
            commit = description.removeprefix("/")
            continue
        _, _, blob, _, status = description.split(" ")
        old = next(records)
        path = next(records) if status.startswith("R") else old
        if path in files and not status.startswith("D"):
            yield Version(path, commit, blob, old if path != old else None)


def find_move(folder: Path, commit: str, path: str) -> str | None:
    """What a commit has renamed a file to, which may have changed a little; None where it has not.

    Paths are relative to the folder. Raises GitError.
    """
    which = ["--no-commit-id", "-r", "--root", "-z", "--relative", "--find-renames", "--diff-filter=R"]
    records = iter(_ask_list(["diff-tree", *which, "--name-status", commit], folder))
    moves = {next(records): next(records) for _ in records}
    return moves.get(path)


def describe_commit(folder: Path, commit: str) -> tuple[str, str]:
    """When a commit was made, as a date, and what its author calls it. Raises GitError."""
    told = run(["show", "--no-patch", "--format=%cs%x00%s", commit], folder).decode("utf-8", "replace")
    date, _, subject = told.rstrip("\n").partition("\0")
    return date, subject
