"""Recordings that are gone from the tree: where their content still is, and how they come back.

Content is in the trash, that is in the copies which runs have kept, or in git's history. Where several
removals of a file are known, the newest counts. What only got another name is not gone, unless somebody asks
for it by the name that it had.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base.errors import RecctlError, describe_os_error
from recctl.base.work_tree import find_top_level
from recctl.changes.journal import Journal
from recctl.changes.plan import Create, Plan, apply, list_runs, preview
from recctl.input.sources import show_path
from recctl.input.walk import is_walked, walk
from recctl.project import Place, is_of_test, recordings_folder
from recctl.recordings.formats import may_hold_several
from recctl.recordings.load import load
from recctl.recordings.names import is_named_by, list_beginnings, read_name
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from recctl.changes.journal import FileState, Run
from recctl.project import Project

TRASH, HEAD = "trash", "HEAD"
"""Where content comes from, when it is not from the history that a commit has made."""


class RestoreStatus(StrEnum):
    """What becomes of a recording that was asked for."""

    RESTORABLE = "restorable"
    RESTORED = "restored"
    HELD_BACK = "held-back"
    EXISTS = "exists"
    NOT_FOUND = "not-found"


class Lost(NamedTuple):
    """A recording that was asked for, by its path as it is shown.

    `origin` is where its content is: the trash, the commit that removed it, or HEAD when no commit has. Of
    what was not found, `path` is what was asked for.
    """

    path: str
    status: RestoreStatus
    origin: str | None = None
    size: int | None = None
    test_id: str | None = None
    reason: str | None = None

    @property
    def may_hold_several(self) -> bool:
        """Whether it is likely a file of several recordings."""
        return may_hold_several(self.path)


class Restoration(NamedTuple):
    """What can come back, or has by the run `run_id`, sorted by path; and what could not be looked at.

    `is_shallow` says that the clone does not have all of the history.
    """

    files: tuple[Lost, ...]
    errors: tuple[Unread, ...] = ()
    is_shallow: bool = False
    run_id: str | None = None


def restore(project: Project, words: Sequence[str], tests: Sequence[str], *, write: bool) -> Restoration:
    """Find what is gone of the files, folders and hashes that words name, and bring it back with `write`.

    With `tests` only what was recorded for them, and without words wherever that was. What lies in the tree
    is never overwritten. Raises RecctlError for what can't be meant, or asked, or written.
    """
    if not words and not tests:
        raise RecctlError("nothing was named", "name files, folders or hashes, or a test with --test")
    root = project.root
    wishes = [_read_word(root, word) for word in dict.fromkeys(words)]
    has_git = find_top_level(root) is not None
    with git.BlobReader(root) as blobs:
        removals = _find_removals(root, blobs if has_git else None, _write_pathspecs(wishes, tests))
        chosen = _choose(project, removals, wishes)
        found, errors = _read_lost(project, chosen, tests, write=write)
    back, run_id = _bring_back(root, found, write=write)
    touched = chosen if tests else {*errors, *(item.removal.location for item in found)}
    missing = (*_miss_words(project, wishes, touched), *_miss_tests(tests, found))
    files = tuple(sorted((*back, *missing), key=lambda lost: lost.path))
    return Restoration(files, tuple(errors.values()), has_git and git.is_shallow(root), run_id)


# --- what was asked for -------------------------------------------------------------------------------------


class _Wish(NamedTuple):
    """What a word asks for: what lies at a path from the root, or below, or has a name that starts so."""

    word: str
    location: str
    name: str | None = None

    def names(self, location: str) -> bool:
        """Whether it asks for this very file."""
        if self.name is None:
            return location == self.location
        return is_named_by(self.name, PurePath(location).name)

    def covers(self, location: str) -> bool:
        """Whether it asks for this file, or for all of a folder that this file was in."""
        is_inside = self.location == "." or location.startswith(f"{self.location}/")
        return self.names(location) or (self.name is None and is_inside)


def _read_word(root: Path, word: str) -> _Wish:
    path = Path(os.path.abspath(word))  # noqa: PTH100  (resolve follows links)
    if "\0" in word or not path.is_relative_to(root):
        raise RecctlError(f"{word}: is no path below {root}", "name what was in the project")
    name = None if os.path.lexists(path) else read_name(word)
    return _Wish(word, path.relative_to(root).as_posix(), name)


_MOST_PATHSPECS = 100
"""With more of them, git is quicker without."""


def _write_pathspecs(wishes: list[_Wish], tests: Sequence[str]) -> list[str]:
    """What git needs to look at; it may find more than is wanted, never less."""
    specs = []
    for wish in wishes:
        if wish.name is not None:
            specs += [f":(glob)**/{beginning}*" for beginning in list_beginnings(wish.name)]
        else:
            specs.append(f":(literal){wish.location}")
    if not wishes:
        folders = [recordings_folder(test) for test in tests]
        specs = [f":(glob)**/{_quote(folder)}/**" if folder else "." for folder in folders]
    return ["."] if len(specs) > _MOST_PATHSPECS else specs


def _quote(path: str) -> str:
    return re.sub(r"([*?\[\\])", r"\\\1", path)


# --- what was removed ---------------------------------------------------------------------------------------


class _Removal(NamedTuple):
    """A file that was removed, where its content is, and how to read it."""

    location: str
    origin: str
    time: float
    mode: int
    is_move: bool
    read: Callable[[int], bytes | None]


def _find_removals(root: Path, blobs: git.BlobReader | None, pathspecs: list[str]) -> dict[str, _Removal]:
    """The newest removal of each file, by its path from the root."""
    newest: dict[str, _Removal] = {}
    removals = [*_search_trash(root)]
    if blobs is not None:
        try:
            removals += _search_git(root, blobs, pathspecs)
        except git.GitError as error:
            raise RecctlError(
                f"git's history can't be read: {error}", "put that right and try again"
            ) from None
    for removal in removals:
        known = newest.get(removal.location)
        if known is None or known.time < removal.time:
            newest[removal.location] = removal
    return newest


def _search_trash(root: Path) -> Iterator[_Removal]:
    """What runs have removed and kept a copy of, the newest run first."""
    journal = Journal(root)
    for run in reversed(list_runs(root)):
        if run.state != "applied":
            continue
        time = datetime.fromisoformat(run.time).timestamp()
        moved = _list_moved(run)
        for change in run.changes:
            file = change.before
            if file is not None and change.after is None and file.blob is None:
                read = partial(_read_copy, journal, run, file)
                yield _Removal(change.path, TRASH, time, file.mode, change.path in moved, read)


def _list_moved(run: Run) -> set[str]:
    """The files that groups removed which also made files: their content lives on."""
    groups = [group for number, group in enumerate(run.groups) if number in (run.done or ())]
    return {
        change.path
        for group in groups
        if any(change.before is None and change.after is not None for change in group)
        for change in group
    }


def _search_git(root: Path, blobs: git.BlobReader, pathspecs: list[str]) -> Iterator[_Removal]:
    """The newest removal of each file that git knows, put down to the commit that did it.

    A merge only brings along what another commit has removed, unless none has.
    """
    newest: dict[str, git.Removal] = {}
    for removal in git.list_removals(root, pathspecs):
        known = newest.setdefault(removal.path, removal)
        if known.is_merge and not removal.is_merge and known.blob == removal.blob:
            newest[removal.path] = known._replace(commit=removal.commit, is_merge=False)
    for path, removal in newest.items():
        read = partial(_read_blob, blobs, removal.blob)
        yield _Removal(path, removal.commit or HEAD, removal.time, removal.mode, removal.is_move, read)


def _read_copy(journal: Journal, run: Run, file: FileState, limit: int) -> bytes | None:
    content = journal.read_before(run, file)
    return content if len(content) <= limit else None


def _read_blob(blobs: git.BlobReader, blob: str, limit: int) -> bytes | None:
    found = blobs.read(blob, limit)
    if found is None:
        raise OSError("git no longer has its content")
    return found.content


# --- what comes back ----------------------------------------------------------------------------------------


class _Choice(NamedTuple):
    """A removal that is wanted; `is_named` says that the user named this very file."""

    removal: _Removal
    is_named: bool


class _Found(NamedTuple):
    """A recording that can come back; its content is only kept for one that is to."""

    lost: Lost
    removal: _Removal
    content: bytes


def _choose(project: Project, removals: dict[str, _Removal], wishes: list[_Wish]) -> dict[str, _Choice]:
    """The removals that were asked for, of files that are not there now, by path from the root."""
    chosen = {}
    for location, removal in sorted(removals.items()):
        is_named = any(wish.names(location) for wish in wishes)
        is_wanted = is_named or not wishes or any(wish.covers(location) for wish in wishes)
        if is_wanted and (is_named or not removal.is_move) and not os.path.lexists(project.root / location):
            chosen[location] = _Choice(removal, is_named)
    for wish in wishes:
        if wish.name is not None:
            _settle_name(project, wish, chosen)
    return chosen


def _settle_name(project: Project, wish: _Wish, chosen: dict[str, _Choice]) -> None:
    """Leave one choice for a name, at most; what only moved counts where no file has the name any more."""
    matching = [location for location in chosen if wish.names(location)]
    if not matching:
        return
    gone = [location for location in matching if not chosen[location].removal.is_move]
    left = gone or ([] if _find_named(project, wish) else matching)
    if len(left) > 1:
        message = f"{wish.word} is the start of {len(left)} recordings that are gone"
        raise RecctlError(f"{message}: {', '.join(left[:_NAMED])}", "give more digits, or the folder, too")
    for location in set(matching) - set(left):
        del chosen[location]


def _find_named(project: Project, wish: _Wish) -> Path | None:
    """The first recording in the tree that has the name."""
    files = walk(project, project.root).files
    return min(
        (file for file in files if wish.names(file.relative_to(project.root).as_posix())), default=None
    )


_NAMED = 3


def _read_lost(
    project: Project, chosen: dict[str, _Choice], tests: Sequence[str], *, write: bool
) -> tuple[list[_Found], dict[str, Unread]]:
    """The recordings among what was chosen, and by path what can't be read; other files are left out."""
    found, errors = [], {}
    for location, (removal, is_named) in chosen.items():
        path = project.root / location
        settings, name = project.settings_for(path), show_path(path)
        try:
            content = removal.read(settings.max_size)
        except OSError as error:
            errors[location] = Unread(
                name, describe_os_error(error), "git log may know an older removal of it"
            )
            continue
        if content is None:
            hint = "if it is a recording all the same, raise max-size"
            errors[location] = Unread(name, "it is larger than max-size", hint, too_large=True)
            continue
        test_ids = _read_test_ids(Source(name, content, Place.of(path), settings))
        if tests and not any(is_of_test(test_id, test) for test_id in test_ids for test in tests):
            continue
        if is_named or is_walked(project, path, partial(bytes, content)):
            lost = Lost(
                name, RestoreStatus.RESTORABLE, removal.origin, len(content), next(iter(test_ids), None)
            )
            found.append(_Found(lost, removal, content if write else b""))
    return found, errors


def _read_test_ids(source: Source) -> list[str]:
    recordings = (item for item in load(source) if isinstance(item, Recording))
    return [recording.test_id for recording in recordings if recording.test_id is not None]


def _bring_back(root: Path, found: list[_Found], *, write: bool) -> tuple[list[Lost], str | None]:
    """What has come back, or would, and what is in the way of the others; and the run that did it."""
    steps = [Create(removal.location, content, removal.mode) for _, removal, content in found]
    if not steps:
        return [], None
    applied = (apply if write else preview)(root, Plan("restore", tuple((step,) for step in steps)))
    refused = {held.group[0].path: held.refusal for held in applied.held_back}
    lost = []
    for item in found:
        refusal = refused.get(item.removal.location)
        if refusal is not None:
            lost.append(item.lost._replace(status=RestoreStatus.HELD_BACK, reason=refusal.reason))
        else:
            lost.append(
                item.lost._replace(status=RestoreStatus.RESTORED if write else RestoreStatus.RESTORABLE)
            )
    return lost, applied.run_id


def _miss_words(project: Project, wishes: list[_Wish], touched: Collection[str]) -> Iterator[Lost]:
    """The words for which nothing is gone."""
    for wish in wishes:
        if any(wish.covers(location) for location in touched):
            continue
        path = project.root / wish.location
        if wish.name is not None:
            path = _find_named(project, wish) or path
        if os.path.isdir(path):  # noqa: PTH112  (Path.is_dir raises for names that are too long)
            yield Lost(wish.word, RestoreStatus.NOT_FOUND, reason="nothing is gone from it")
        elif os.path.lexists(path):
            yield Lost(show_path(path), RestoreStatus.EXISTS, reason="is there, and is never overwritten")
        else:
            yield Lost(wish.word, RestoreStatus.NOT_FOUND, reason=_UNKNOWN)


def _miss_tests(tests: Sequence[str], found: list[_Found]) -> Iterator[Lost]:
    """The tests of which nothing is gone."""
    for test in dict.fromkeys(tests):
        if not any(is_of_test(item.lost.test_id, test) for item in found):
            yield Lost(test, RestoreStatus.NOT_FOUND, reason=_UNKNOWN)


_UNKNOWN = "is neither in the trash nor in git's history"
