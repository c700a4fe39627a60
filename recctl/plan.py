"""The one way in which recctl changes files: plans, done group by group, journalled, taken back by `undo`.

A run goes through five stages, and may be killed in any of them:

1. Check each group against the tree. What can't be done is held back, with the reason.
2. Journal what each file was and what it is to become.
3. Stage what files will be, under hidden names beside their targets. Here a full disk shows.
4. Switch, group by group: staged files take their places, then what has no place any more goes. Each path
   turns from old to new in one step; a group that fails half-way is put back.
5. Write down the outcome. A run without one was interrupted: `recover` puts every path back. After Ctrl-C the
   run does so itself, unless it is interrupted once more.

Undoing is a run, too: one group, the other way round.
"""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.disk import describe, keep_owner, sync_files, sync_folder, write_file
from recctl.errors import InterruptError, RecctlError
from recctl.journal import PERMISSIONS, Change, File, Journal, Run, Trash, digest, explaining, open_journal
from recctl.state import STATE_FOLDER, State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


@dataclass(frozen=True, slots=True)
class Move:
    """Give a file another name, which must be free, and other content if there is any.

    In all steps, paths are relative to the root, with `/`, and `expected` is the digest of the content that
    the plan was made from.
    """

    path: str
    expected: str
    new_path: str
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Give a file other content."""

    path: str
    expected: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a file. With `blob`, by which git finds its content (`<commit>:./<path>`), no copy is kept."""

    path: str
    expected: str
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """Make a file, at a path that must be free."""

    path: str
    content: bytes
    mode: int = 0o644


Step = Move | Rewrite | Delete | Create
Group = tuple[Step, ...]
"""Steps that are done together or not at all, as if at once: files may swap their names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command wants to change. A group may use names that an earlier group gives up."""

    command: str
    groups: tuple[Group, ...]


class Refusal(NamedTuple):
    """Why a file was not changed."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A group that was not done, and what stood in its way."""

    group: Group
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan. `run_id` is None when nothing was done."""

    run_id: str | None
    done: tuple[Group, ...]
    held_back: tuple[HeldBack, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """An interrupted run that was taken back, but for the files that somebody has changed since."""

    run: Run
    left: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """A run that was taken back; or that still stands, when there are refusals."""

    run: Run
    refusals: tuple[Refusal, ...]


def preview(root: Path, plan: Plan) -> Applied:
    """What `apply` would make of a plan, as far as looking can tell."""
    ready, held_back = _check(root, plan)
    return Applied(None, tuple(group for group, _ in ready), tuple(held_back))


def apply(root: Path, plan: Plan) -> Applied:
    """Do what can be done of a plan; a command calls `recover` before it makes one.

    Raises RecctlError, with nothing changed, when another recctl is at work here, when an interrupted run
    waits for `recover`, or when the journal or the new content can't be written; InterruptError after Ctrl-C.
    """
    contents = {
        digest(step.content): step.content
        for group in plan.groups
        for step in group
        if not isinstance(step, Delete) and step.content is not None
    }
    with _open_settled(root) as journal:
        ready, held_back = _check(root, plan)
        if not ready:
            return Applied(None, (), tuple(held_back))
        run = journal.begin(plan.command, tuple(changes for _, changes in ready))

        def read(file: File) -> bytes:
            content = contents.get(file.digest)
            return journal.read_before(run, file) if content is None else content

        refusals = _execute(journal, run, read)
    held_back += [HeldBack(ready[number][0], refusal) for number, refusal in refusals.items()]
    done = tuple(group for number, (group, _) in enumerate(ready) if number not in refusals)
    return Applied(run.run_id if done else None, done, tuple(held_back))


def recover(root: Path) -> Recovered | None:
    """Take back the run that was interrupted, if there is one; may itself be killed, and called again.

    Raises RecctlError when another recctl is at work here, or when a file can't be put back.
    """
    if not State(root).exists():
        return None
    with open_journal(root) as journal:
        if run := journal.find_interrupted():
            return Recovered(run, _roll_back(journal, run))
    return None


def undo(root: Path, run_id: str | None = None) -> Undone:
    """Take back a run, by default the last that stands, all of it or (if a file has changed since) nothing.

    Raises RecctlError when there is no such run, and as `apply` does.
    """
    if not State(root).exists():
        raise RecctlError("there is no run to take back", "recctl has changed nothing here")
    with _open_settled(root) as journal:
        run = journal.find_standing(run_id)
        group = tuple(Change(change.path, change.after, change.before) for change in run.changes)
        refusals = tuple(refusal for change in group if (refusal := _find_obstacle(root, change)))
        if not refusals:
            reverse = journal.begin("undo", (group,), undoes=run)
            refusals = tuple(_execute(journal, reverse, partial(journal.read_before, run)).values())
    return Undone(replace(run, undone=not refusals), refusals)


def list_runs(root: Path) -> tuple[Run, ...]:
    """The runs that changed files, oldest first, those that undid others left out.

    Raises RecctlError when the journal can't be read.
    """
    with explaining(root):
        return tuple(run for run in Journal(root).read_runs() if run.undoes is None)


def list_foreign(root: Path) -> tuple[str, ...]:
    """What looks like a run, but was not made here by this user. Raises RecctlError as `list_runs` does."""
    with explaining(root):
        return Journal(root).list_foreign()


def measure_trash(root: Path) -> Trash:
    """What `empty_trash` would throw away. Raises RecctlError when the journal can't be read."""
    with explaining(root):
        return Journal(root).measure_trash()


def empty_trash(root: Path) -> Trash:
    """Throw away the copies that runs have kept; those runs can't be undone any more.

    Raises RecctlError when another recctl is at work here, or an interrupted run waits for `recover`.
    """
    if not State(root).exists():
        return Trash((), 0, 0)
    with _open_settled(root) as journal:
        return journal.empty_trash()


@contextmanager
def _open_settled(root: Path) -> Iterator[Journal]:
    with open_journal(root) as journal:
        if run := journal.find_interrupted():
            raise RecctlError(f"run {run.run_id} was interrupted", "recctl undo takes it back")
        yield journal


# --- what lies where, and what may be touched ---------------------------------------------------------------

_PRIVATE = {STATE_FOLDER, ".git"}
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class _RefusedError(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.refusal = Refusal(path, reason)


@contextmanager
def _refusing(path: str) -> Iterator[None]:
    """Turn what the file system denies into a refusal; a full disk passes, since it stops the whole run."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise
        raise _RefusedError(path, describe(error)) from None


def _locate(root: Path, path: str) -> Path:
    """Where a path lies, if that is below the root, not behind a link, in a folder that can be changed."""
    place, folder = _find_place(root, path)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _RefusedError(path, "its folder is read-only")
    return place


def _find_place(root: Path, path: str) -> tuple[Path, Path]:
    """Where a path lies, if that is below the root and not behind a link; and its last folder so far."""
    pure = PurePath(path)
    try:
        is_plain = pure.as_posix() == os.fsdecode(os.fsencode(path)) and "\0" not in path
    except UnicodeEncodeError:
        is_plain = False
    if not is_plain or pure.anchor or not pure.parts or ".." in pure.parts:
        raise _RefusedError(path, "is not a path below the root")
    if any(part.casefold() in _PRIVATE for part in pure.parts):
        raise _RefusedError(path, "belongs to git or to recctl itself")
    folder = root
    for part in pure.parts[:-1]:
        inner = folder / part
        if not os.path.lexists(inner):
            break
        if inner.is_symlink() or not inner.is_dir():
            raise _RefusedError(path, f"{part} is a link or no folder")
        folder = inner
    return root / path, folder


def _look(root: Path, path: str) -> File | None:
    """What lies at a path. Refuses links, folders and what can't be read."""
    place = _locate(root, path)
    with _refusing(path):
        try:
            status = place.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise _RefusedError(path, "is a link or no file")
            return File(digest(place.read_bytes()), status.st_mode & PERMISSIONS)
        except FileNotFoundError:
            return None


def _is_same(one: File | None, other: File | None) -> bool:
    return (one and one.digest) == (other and other.digest)


def _find_obstacle(root: Path, change: Change) -> Refusal | None:
    """Why a change can't be made now, if it can't."""
    try:
        found = _look(root, change.path)
    except _RefusedError as refused:
        return refused.refusal
    if _is_same(found, change.before):
        return None
    if change.before is None:
        return Refusal(change.path, "exists already")
    return Refusal(change.path, "is gone" if found is None else "has changed since")


def _check(root: Path, plan: Plan) -> tuple[list[tuple[Group, tuple[Change, ...]]], list[HeldBack]]:
    """The groups that can be done, each with what becomes of its paths, and those that can't."""
    ready: list[tuple[Group, tuple[Change, ...]]] = []
    held_back: list[HeldBack] = []
    tree: dict[str, File | None] = {}
    wanted: set[str] = set()
    for group in plan.groups:
        try:
            names = _claim(group, wanted)
            changes = _resolve(root, group, tree)
        except _RefusedError as refused:
            held_back.append(HeldBack(group, refused.refusal))
        else:
            ready.append((group, changes))
            tree.update((change.path, change.after) for change in changes)
            wanted |= names
    return ready, held_back


def _resolve(root: Path, group: Group, tree: dict[str, File | None]) -> tuple[Change, ...]:
    """What becomes of each path of a group, when `tree` is what earlier groups have made of theirs."""
    found: dict[str, File] = {}
    for step in group:
        if isinstance(step, Create):
            continue
        if step.path in tree or step.path in found:
            raise _RefusedError(step.path, "is changed twice")
        file = _look(root, step.path)
        if file is None or file.digest != step.expected:
            raise _RefusedError(step.path, "is gone" if file is None else "has changed since")
        found[step.path] = replace(file, blob=step.blob) if isinstance(step, Delete) else file
    after: dict[str, File | None] = dict.fromkeys(found)
    for step in group:
        if isinstance(step, Delete):
            continue
        path = step.new_path if isinstance(step, Move) else step.path
        known = after if path in after else tree
        if (known[path] if path in known else _look(root, path)) is not None:
            raise _RefusedError(path, "exists already")
        mode = step.mode & PERMISSIONS if isinstance(step, Create) else found[step.path].mode
        after[path] = found[step.path] if step.content is None else File(digest(step.content), mode)
    return tuple(Change(path, found.get(path), file) for path, file in after.items())


def _claim(group: Group, wanted: set[str]) -> set[str]:
    """The new names of a group, as a file system sees them that ignores case; each may be wanted once."""
    names: set[str] = set()
    for step in group:
        if isinstance(step, Move | Create):
            path = step.new_path if isinstance(step, Move) else step.path
            name = unicodedata.normalize("NFC", path).casefold()
            if name in wanted or name in names:
                raise _RefusedError(path, "is wanted by two files")
            names.add(name)
    return names


# --- changing files -----------------------------------------------------------------------------------------


def _execute(journal: Journal, run: Run, read: Callable[[File], bytes]) -> dict[int, Refusal]:
    """Do a run that has begun. Gives the groups, by number, that were refused all the same."""
    refusals: dict[int, Refusal] = {}
    drafts: list[Path] = []

    def attempt(act: Callable[[Collection[Change]], object]) -> None:
        for number, group in enumerate(run.groups):
            if number not in refusals:
                try:
                    act(group)
                except _RefusedError as refused:
                    refusals[number] = refused.refusal

    try:
        attempt(lambda group: drafts.extend(_stage(journal.root, read, group)))
        sync_files(drafts)
        attempt(partial(_switch, journal, run))
        _finish(journal, run, tuple(number for number in range(len(run.groups)) if number not in refusals))
    except (OSError, KeyboardInterrupt) as error:
        if journal.has_ended(run):
            if isinstance(error, KeyboardInterrupt) and len(refusals) < len(run.groups):
                done = f"run {run.run_id} is done, `recctl undo {run.run_id}` takes it back"
                raise InterruptError(f"run {run.undoes} is taken back" if run.undoes else done) from None
            raise
        with git.BlobReader(journal.root) as blobs:  # Ctrl-C has reached the other one, too
            left = _roll_back(Journal(journal.root, blobs), run)
        if isinstance(error, KeyboardInterrupt):
            others = (f"left as it is: {path}: {reason}" for path, reason in left)
            raise InterruptError("what was changed is taken back", *others) from None
        raise
    return refusals


def _stage(root: Path, read: Callable[[File], bytes], changes: Collection[Change]) -> list[Path]:
    """Make each file that will be, beside its place; gives what was written and is to be synced.

    A file that only moves stays the same, by a link.
    """
    written = []
    movable = {(file.digest, file.mode): change.path for change in changes if (file := change.before)}
    for change in changes:
        if change.after is None:
            continue
        _find_place(root, change.path)
        with _refusing(change.path):
            draft = _name_draft(root, change.path)
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            source = movable.pop((change.after.digest, change.after.mode), None)
            if source is None or not _link(root / source, draft):
                write_file(draft, read(change.after), change.after.mode, sync=False)
                with suppress(FileNotFoundError):
                    keep_owner(draft, (root / change.path).lstat())
                written.append(draft)
    return written


def _switch(journal: Journal, run: Run, changes: Collection[Change]) -> None:
    """Let staged files take their places, unless something has changed; what fails half-way is put back."""
    for change in changes:
        if refusal := _find_obstacle(journal.root, change):
            raise _RefusedError(*refusal)
    try:
        _replace(journal.root, changes)
    except _RefusedError:
        _put_back(journal, run, changes)
        raise


def _replace(root: Path, changes: Collection[Change]) -> None:
    """New names first, then old ones go: what moves to a free name is always there."""
    for change in sorted(changes, key=lambda change: change.after is None):
        place, draft = root / change.path, _name_draft(root, change.path)
        with _refusing(change.path):
            if change.after is None:
                place.unlink()
            elif change.before is not None:
                draft.replace(place)
            elif not _link(draft, place):
                if os.path.lexists(place):
                    raise _RefusedError(change.path, "exists already")
                draft.rename(place)


def _link(source: Path, path: Path) -> bool:
    """Give a file a second name; False where that can't be: the name is taken, or there are no links."""
    with suppress(OSError):
        os.link(source, path)
        return True
    return False


def _put_back(journal: Journal, run: Run, changes: Collection[Change]) -> tuple[Refusal, ...]:
    """Give paths what they had before. What somebody else has changed since is left alone, and returned."""
    reverse, left = [], []
    try:
        for change in changes:
            found = _look(journal.root, change.path)
            if _is_same(found, change.before):
                continue
            if found is None or _is_same(found, change.after):
                reverse.append(Change(change.path, found, change.before))
            else:
                left.append(Refusal(change.path, "has changed since, and was left as it is"))
        sync_files(_stage(journal.root, partial(journal.read_before, run), reverse))
        _replace(journal.root, reverse)
    except _RefusedError as refused:
        hint = f"put that right, then recctl undo takes run {run.run_id} back"
        raise RecctlError(f"{refused}, and so can't be put back", hint) from None
    return tuple(left)


def _roll_back(journal: Journal, run: Run) -> tuple[Refusal, ...]:
    left = _put_back(journal, run, run.changes)
    _finish(journal, run, ())
    if not left:
        journal.drop_copies(run)
    return left


def _finish(journal: Journal, run: Run, done: tuple[int, ...]) -> None:
    """Clear up, bring all of it down to the disk, and write down the outcome."""
    root = journal.root
    for change in run.changes:
        with suppress(_RefusedError):  # what has become a link since is none of ours
            _find_place(root, change.path)
            _name_draft(root, change.path).unlink(missing_ok=True)
    for folder in sorted(run.folders, reverse=True):
        with suppress(OSError, _RefusedError):
            _locate(root, folder).rmdir()
    paths = (*run.folders, *(change.path for change in run.changes))
    for parent in {(root / path).parent for path in paths}:
        if parent.is_dir():
            sync_folder(parent)
    journal.finish(run, done)


def _name_draft(root: Path, path: str) -> Path:
    return (root / path).with_name(f".recctl-{digest(os.fsencode(path))[:16]}")
