"""Runs that have begun: files staged and switched group by group, and put back where that can't be done."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from recctl import git
from recctl.base.digests import sha256
from recctl.base.errors import InterruptError, RecctlError
from recctl.changes.disk import keep_owner, sync_files, sync_folder, write_file
from recctl.changes.journal import FileState, Journal, PathChange, Run
from recctl.changes.tree import Refusal, RefusedError, Sight, find_place, locate, look, refusing

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

Keep = Callable[[FileState, bytes], object]
"""What is done with the content of each file that is read and is as it should be."""

Sights = dict[str, Sight]
"""What was seen of files when they were read, by path."""


def _is_same(one: FileState | None, other: FileState | None) -> bool:
    """Whether two files hold the same, or neither is there."""
    return (one and one.digest) == (other and other.digest)


def keep_nothing(file: FileState, content: bytes) -> None:
    """Keep no copy."""


def find_obstacle(
    root: Path, change: PathChange, sights: Sights, keep: Keep = keep_nothing
) -> Refusal | None:
    """Why a change can't be made now, if it can't. A file that was seen is only read again if it must be."""
    seen = None if change.before is None else sights.get(change.path)
    try:
        if seen is not None and seen.is_still(locate(root, change.path)):
            return None
        found = look(root, change.path)
    except RefusedError as refused:
        return refused.refusal
    if _is_same(found and found.file, change.before):
        if found is not None and change.before is not None:
            sights[change.path] = found.sight
            keep(change.before, found.content)
        return None
    if change.before is None:
        return Refusal(change.path, "exists already")
    return Refusal(change.path, "is gone" if found is None else "has changed since")


def execute(
    journal: Journal, run: Run, read: Callable[[FileState], bytes], sights: Sights
) -> dict[int, Refusal]:
    """Do a run that has begun. Gives the groups, by number, that were refused all the same."""
    refusals: dict[int, Refusal] = {}
    drafts: list[Path] = []

    def attempt(act: Callable[[Collection[PathChange]], object]) -> None:
        for number, group in enumerate(run.groups):
            if number not in refusals:
                try:
                    act(group)
                except RefusedError as refused:
                    refusals[number] = refused.refusal

    try:
        attempt(lambda group: drafts.extend(_stage(journal.root, read, group, sights)))
        sync_files(drafts)
        attempt(partial(_switch, journal, run, sights))
        _finish(journal, run, tuple(number for number in range(len(run.groups)) if number not in refusals))
    except (OSError, KeyboardInterrupt) as error:
        if journal.has_ended(run):
            if isinstance(error, KeyboardInterrupt) and len(refusals) < len(run.groups):
                done = f"run {run.run_id} is done, `recctl undo {run.run_id}` takes it back"
                raise InterruptError(f"run {run.undoes} is taken back" if run.undoes else done) from None
            raise
        with git.BlobReader(journal.root) as blobs:  # Ctrl-C has reached the other one, too
            left = roll_back(Journal(journal.root, blobs), run)
        if isinstance(error, KeyboardInterrupt):
            others = (f"left as it is: {path}: {reason}" for path, reason in left)
            raise InterruptError("what was changed is taken back", *others) from None
        raise
    return refusals


def _stage(
    root: Path, read: Callable[[FileState], bytes], changes: Collection[PathChange], sights: Sights
) -> list[Path]:
    """Make each file that will be, beside its place; gives what was written and is to be synced.

    A file that only moves stays the same, by a link.
    """
    written = []
    movable = {(file.digest, file.mode): change.path for change in changes if (file := change.before)}
    for change in changes:
        if change.after is None:
            continue
        find_place(root, change.path)
        with refusing(change.path):
            draft = _name_draft(root, change.path)
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            source = movable.pop((change.after.digest, change.after.mode), None)
            if source is None or not _link_seen(root, source, draft, sights):
                write_file(draft, read(change.after), change.after.mode, sync=False)
                with suppress(FileNotFoundError):
                    keep_owner(draft, (root / change.path).lstat())
                written.append(draft)
    return written


def _switch(journal: Journal, run: Run, sights: Sights, changes: Collection[PathChange]) -> None:
    """Let staged files take their places, unless something has changed; what fails half-way is put back."""
    for change in changes:
        if refusal := find_obstacle(journal.root, change, sights):
            raise RefusedError(*refusal)
    try:
        _replace(journal.root, changes)
    except RefusedError:
        _put_back(journal, run, changes)
        raise


def _replace(root: Path, changes: Collection[PathChange]) -> None:
    """New names first, then old ones go: what moves to a free name is always there."""
    for change in sorted(changes, key=lambda change: change.after is None):
        place, draft = root / change.path, _name_draft(root, change.path)
        with refusing(change.path):
            if change.after is None:
                place.unlink()
            elif change.before is not None:
                draft.replace(place)
            elif not _link(draft, place):
                if os.path.lexists(place):
                    raise RefusedError(change.path, "exists already")
                draft.rename(place)


def _link_seen(root: Path, source: str, draft: Path, sights: Sights) -> bool:
    """Give a file a second name, which is no change of what was seen of it. False as for `_link`."""
    seen = sights.get(source)
    if seen is None or not seen.is_still(root / source):
        return _link(root / source, draft)
    is_linked = _link(root / source, draft)
    sights[source] = seen.follow_link(root / source)
    return is_linked


def _link(source: Path, path: Path) -> bool:
    """Give a file a second name; False where that can't be: the name is taken, or there are no links."""
    with suppress(OSError):
        os.link(source, path)
        return True
    return False


def _put_back(journal: Journal, run: Run, changes: Collection[PathChange]) -> tuple[Refusal, ...]:
    """Give paths what they had before. What somebody else has changed since is left alone, and returned."""
    reverse, left = [], []
    try:
        for change in changes:
            seen = look(journal.root, change.path)
            found = seen and seen.file
            if _is_same(found, change.before):
                continue
            if found is None or _is_same(found, change.after):
                reverse.append(PathChange(change.path, found, change.before))
            else:
                left.append(Refusal(change.path, "has changed since, and was left as it is"))
        sync_files(_stage(journal.root, partial(journal.read_before, run), reverse, {}))
        _replace(journal.root, reverse)
    except RefusedError as refused:
        hint = f"put that right, then recctl undo takes run {run.run_id} back"
        raise RecctlError(f"{refused}, and so can't be put back", hint) from None
    return tuple(left)


def roll_back(journal: Journal, run: Run) -> tuple[Refusal, ...]:
    """Put back all that a run has changed; gives what somebody else has changed since, and is left."""
    left = _put_back(journal, run, run.changes)
    _finish(journal, run, ())
    if not left:
        journal.drop_copies(run)
    return left


def _finish(journal: Journal, run: Run, done: tuple[int, ...]) -> None:
    """Clear up, bring all of it down to the disk, and write down the outcome."""
    root = journal.root
    for change in run.changes:
        with suppress(RefusedError):  # what has become a link since is none of ours
            find_place(root, change.path)
            _name_draft(root, change.path).unlink(missing_ok=True)
    for folder in sorted(run.folders, reverse=True):
        with suppress(OSError, RefusedError):
            locate(root, folder).rmdir()
    paths = (*run.folders, *(change.path for change in run.changes))
    for parent in {(root / path).parent for path in paths}:
        if parent.is_dir():
            sync_folder(parent)
    journal.finish(run, done)


def _name_draft(root: Path, path: str) -> Path:
    return (root / path).with_name(f".recctl-{sha256(os.fsencode(path))[:16]}")
