"""Since when a recording is not found: what git, and recctl's own trash, know of what became of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base.errors import RecctlError
from recctl.base.work_tree import find_top_level
from recctl.input.sources import Target, read, show_path
from recctl.inventory.answer import Since
from recctl.inventory.restore import HEAD, TRASH, RestoreStatus, restore
from recctl.naming.history import find_pasts
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recctl.inventory.entry import IndexEntry
    from recctl.project import Project

_MOST_VERSIONS = 12
"""How many former states of a file are looked into."""


class LostFile(NamedTuple):
    """A file that was there, by its path as it is shown.

    `renamed_to` is its path from the root now, where it has only got another name.
    """

    path: str
    told: str
    since: Since | None
    command: str
    renamed_to: str | None = None


def find_lost(project: Project, words: Sequence[str], tests: Sequence[str]) -> LostFile | None:
    """The file that has gone, named by a path or a hash, or of a test; None where nothing has.

    So it is where that can't be told: when several fit, or git can't be asked.
    """
    try:
        found = restore(project, words, tests, write=False)
    except RecctlError:
        return None
    lost = next((each for each in found.files if each.status is RestoreStatus.RESTORABLE), None)
    if lost is None:
        return None
    count = sum(each.status is RestoreStatus.RESTORABLE for each in found.files)
    more = f", as were {count - 1:,} more" if count > 1 else ""
    named = f"--test {shlex.quote(tests[0])}" if tests else shlex.quote(lost.path)
    command = f"recctl restore {named} --apply"
    if lost.origin == TRASH:
        return LostFile(lost.path, f"recctl has removed it{more}; its trash has it", None, command)
    if lost.origin in (None, HEAD):
        return LostFile(lost.path, f"it was deleted{more}, and HEAD has it", None, command)
    since = describe(project, lost.origin, "removed it")
    location = _find_location(project, lost.path)
    try:
        renamed_to = git.find_move(project.root, lost.origin, location)
    except git.GitError:
        renamed_to = None
    return LostFile(lost.path, f"it was removed{more}, and git has it", since, command, renamed_to)


def _find_location(project: Project, shown: str) -> str:
    path = Path.cwd() / shown
    return Path(path).relative_to(project.root).as_posix() if path.is_relative_to(project.root) else shown


def describe(project: Project, commit: str | None, what: str) -> Since:
    """What a commit has done, with when and under which name."""
    if commit is None:
        return Since(None, what)
    try:
        return Since(commit, what, *git.describe_commit(project.root, commit))
    except git.GitError:
        return Since(commit, what)


def find_renaming(project: Project, entry: IndexEntry) -> Since | None:
    """What took its name away from a recording that is named after a hash."""
    past = find_pasts(project, [entry.facts]).get(entry.facts.path)
    if past is None:
        return None
    what = "edited it" if past.old_path is None else f"renamed it from {past.old_path}"
    return describe(project, past.commit, what)


def find_change(
    project: Project, location: str, is_there: Callable[[Sequence[Recording]], bool]
) -> Since | None:
    """What changed a file of recordings, by its path from the root, so that something is no longer in it.

    `is_there` tells of a former state of the file whether it was. None where no former state had it.
    """
    root = project.root
    if find_top_level(root) is None:
        return None
    try:
        with git.BlobReader(root) as blobs:
            for number, version in enumerate(git.list_versions(root, [location])):
                if number >= _MOST_VERSIONS:
                    break
                path = Path(root, version.renamed_from or location)
                source = read(
                    Target(show_path(path), project.settings_for(path), path=path, spec=version.blob), blobs
                )
                items = load(source) if isinstance(source, Source) else ()
                if is_there([item for item in items if isinstance(item, Recording)]):
                    what = (
                        "changed it"
                        if version.renamed_from is None
                        else f"renamed it from {version.renamed_from}"
                    )
                    return describe(project, version.commit, what)
    except (git.GitError, OSError):
        return None
    return None
