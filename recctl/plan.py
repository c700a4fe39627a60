"""The one way in which recctl changes files: plans, done group by group, journalled, taken back by `undo`.

A run goes through five stages, and may be killed in any of them:

1. Check each group against the tree. What can't be done is held back, with the reason. This is the one time
   that a file is read: what was read is compared with what the plan was made from, and kept as a copy.
2. Journal what each file was and what it is to become.
3. Stage what files will be, under hidden names beside their targets. Here a full disk shows.
4. Switch, group by group: staged files take their places, then what has no place any more goes. Each path
   turns from old to new in one step; a group that fails half-way is put back. That nobody has changed a
   file since it was read shows in what the system tells of it; only where that is not certain (it was written
   less than two seconds before it was read) or has changed, the file is read once more.
5. Write down the outcome. A run without one was interrupted: `recover` puts every path back. After Ctrl-C the
   run does so itself, unless it is interrupted once more.

Undoing is a run, too: one group, the other way round.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.disk import keep_owner, sync_files, sync_folder, write_file
from recctl.errors import InterruptError, RecctlError
from recctl.journal import PERMISSIONS, Change, File, Journal, Run, Trash, digest, explaining, open_journal
from recctl.state import State
from recctl.tree import Refusal, RefusedError, Sight, exists, find_place, locate, look, refusing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


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
class Mend:
    """Give a file what `make` makes of its content, whatever that is by then.

    Where that is None, nothing is to be done: it is as if the plan did not have this group.
    """

    path: str
    make: Callable[[bytes], bytes | None]


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


Step = Move | Rewrite | Mend | Delete | Create
Group = tuple[Step, ...]
"""Steps that are done together or not at all, as if at once: files may swap their names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command wants to change. A group may use names that an earlier group gives up."""

    command: str
    groups: tuple[Group, ...]


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
    checked = _check(root, plan)
    return Applied(None, tuple(group for group, _ in checked.ready), tuple(checked.held_back))


def apply(root: Path, plan: Plan) -> Applied:
    """Do what can be done of a plan; a command calls `recover` before it makes one.

    Raises RecctlError, with nothing changed, when another recctl is at work here, when an interrupted run
    waits for `recover`, or when the journal or the new content can't be written; InterruptError after Ctrl-C.
    """
    contents = {
        digest(step.content): step.content
        for group in plan.groups
        for step in group
        if not isinstance(step, Delete | Mend) and step.content is not None
    }
    with _open_settled(root) as journal, journal.open_run(plan.command) as new_run:
        ready, held_back, sights, mended = _check(root, plan, new_run.keep)
        contents |= mended
        if not ready:
            return Applied(None, (), tuple(held_back))
        run = new_run.begin(tuple(changes for _, changes in ready))

        def read(file: File) -> bytes:
            content = contents.get(file.digest)
            return journal.read_before(run, file) if content is None else content

        refusals = _execute(journal, run, read, sights)
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
        sights: Sights = {}
        with journal.open_run("undo", undoes=run) as new_run:
            found = (_find_obstacle(root, change, sights, new_run.keep) for change in group)
            refusals = tuple(refusal for refusal in found if refusal is not None)
            if not refusals:
                reverse, read = new_run.begin((group,)), partial(journal.read_before, run)
                refusals = tuple(_execute(journal, reverse, read, sights).values())
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


# --- what can be done ---------------------------------------------------------------------------------------


Keep = Callable[[File, bytes], object]
"""What is done with the content of each file that is read and is as it should be."""

Sights = dict[str, Sight]
"""What was seen of files when they were read, by path."""


class _Checked(NamedTuple):
    """The groups that can be done, each with what becomes of its paths, and those that can't.

    `mended` is what files are to be that are to be mended, by its digest.
    """

    ready: list[tuple[Group, tuple[Change, ...]]]
    held_back: list[HeldBack]
    sights: Sights
    mended: dict[str, bytes]


class _IdleError(Exception):
    """That there is nothing to do."""


def _is_same(one: File | None, other: File | None) -> bool:
    return (one and one.digest) == (other and other.digest)


def _forget(file: File, content: bytes) -> None:
    """Keep no copy."""


def _find_obstacle(root: Path, change: Change, sights: Sights, keep: Keep = _forget) -> Refusal | None:
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


def _check(root: Path, plan: Plan, keep: Keep = _forget) -> _Checked:
    """What of a plan can be done; each file that it changes is read, once."""
    checked = _Checked([], [], {}, {})
    tree: dict[str, File | None] = {}
    wanted: set[str] = set()
    for group in plan.groups:
        try:
            names = _claim(group, wanted)
            changes = _resolve(root, group, tree, checked, keep)
        except RefusedError as refused:
            checked.held_back.append(HeldBack(group, refused.refusal))
        except _IdleError:
            continue
        else:
            checked.ready.append((group, changes))
            tree.update((change.path, change.after) for change in changes)
            wanted |= names
    return checked


def _resolve(
    root: Path, group: Group, tree: dict[str, File | None], checked: _Checked, keep: Keep
) -> tuple[Change, ...]:
    """What becomes of each path of a group, when `tree` is what earlier groups have made of theirs."""
    found: dict[str, File] = {}
    mended: dict[str, File] = {}
    for step in group:
        if isinstance(step, Create):
            continue
        if step.path in tree or step.path in found:
            raise RefusedError(step.path, "is changed twice")
        seen = look(root, step.path)
        if seen is None or not (isinstance(step, Mend) or seen.file.digest == step.expected):
            raise RefusedError(step.path, "is gone" if seen is None else "has changed since")
        if isinstance(step, Mend):
            content = step.make(seen.content)
            if content is None:
                raise _IdleError
            mended[step.path] = File(digest(content), seen.file.mode)
            checked.mended[mended[step.path].digest] = content
        file = replace(seen.file, blob=step.blob) if isinstance(step, Delete) else seen.file
        keep(file, seen.content)
        found[step.path], checked.sights[step.path] = file, seen.sight
    after: dict[str, File | None] = {**dict.fromkeys(found), **mended}
    for step in group:
        if isinstance(step, Delete | Mend):
            continue
        path = step.new_path if isinstance(step, Move) else step.path
        known = after if path in after else tree
        if (known[path] is not None) if path in known else exists(root, path):
            raise RefusedError(path, "exists already")
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
                raise RefusedError(path, "is wanted by two files")
            names.add(name)
    return names


# --- changing files -----------------------------------------------------------------------------------------


def _execute(journal: Journal, run: Run, read: Callable[[File], bytes], sights: Sights) -> dict[int, Refusal]:
    """Do a run that has begun. Gives the groups, by number, that were refused all the same."""
    refusals: dict[int, Refusal] = {}
    drafts: list[Path] = []

    def attempt(act: Callable[[Collection[Change]], object]) -> None:
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
            left = _roll_back(Journal(journal.root, blobs), run)
        if isinstance(error, KeyboardInterrupt):
            others = (f"left as it is: {path}: {reason}" for path, reason in left)
            raise InterruptError("what was changed is taken back", *others) from None
        raise
    return refusals


def _stage(
    root: Path, read: Callable[[File], bytes], changes: Collection[Change], sights: Sights
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


def _switch(journal: Journal, run: Run, sights: Sights, changes: Collection[Change]) -> None:
    """Let staged files take their places, unless something has changed; what fails half-way is put back."""
    for change in changes:
        if refusal := _find_obstacle(journal.root, change, sights):
            raise RefusedError(*refusal)
    try:
        _replace(journal.root, changes)
    except RefusedError:
        _put_back(journal, run, changes)
        raise


def _replace(root: Path, changes: Collection[Change]) -> None:
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


def _put_back(journal: Journal, run: Run, changes: Collection[Change]) -> tuple[Refusal, ...]:
    """Give paths what they had before. What somebody else has changed since is left alone, and returned."""
    reverse, left = [], []
    try:
        for change in changes:
            seen = look(journal.root, change.path)
            found = seen and seen.file
            if _is_same(found, change.before):
                continue
            if found is None or _is_same(found, change.after):
                reverse.append(Change(change.path, found, change.before))
            else:
                left.append(Refusal(change.path, "has changed since, and was left as it is"))
        sync_files(_stage(journal.root, partial(journal.read_before, run), reverse, {}))
        _replace(journal.root, reverse)
    except RefusedError as refused:
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
    return (root / path).with_name(f".recctl-{digest(os.fsencode(path))[:16]}")
