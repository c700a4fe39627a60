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

import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.base.errors import RecctlError
from recctl.changes.execution import execute, find_obstacle, keep_nothing, roll_back
from recctl.changes.journal import (
    PERMISSIONS,
    FileState,
    Journal,
    PathChange,
    Run,
    Trash,
    explaining,
    open_journal,
)
from recctl.changes.state import StateFolder
from recctl.changes.tree import Refusal, RefusedError, exists, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from recctl.changes.execution import Keep, Sights


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
    """A group that was not done, and what was in its way."""

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
        sha256(step.content): step.content
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

        def read(file: FileState) -> bytes:
            content = contents.get(file.digest)
            return journal.read_before(run, file) if content is None else content

        refusals = execute(journal, run, read, sights)
    held_back += [HeldBack(ready[number][0], refusal) for number, refusal in refusals.items()]
    done = tuple(group for number, (group, _) in enumerate(ready) if number not in refusals)
    return Applied(run.run_id if done else None, done, tuple(held_back))


def recover(root: Path) -> Recovered | None:
    """Take back the run that was interrupted, if there is one; may itself be killed, and called again.

    Raises RecctlError when another recctl is at work here, or when a file can't be put back.
    """
    if not StateFolder(root).exists():
        return None
    with open_journal(root) as journal:
        if run := journal.find_interrupted():
            return Recovered(run, roll_back(journal, run))
    return None


def undo(root: Path, run_id: str | None = None) -> Undone:
    """Take back a run, by default the last that stands, all of it or (if a file has changed since) nothing.

    Raises RecctlError when there is no such run, and as `apply` does.
    """
    if not StateFolder(root).exists():
        raise RecctlError("there is no run to take back", "recctl has changed nothing here")
    with _open_settled(root) as journal:
        run = journal.find_undoable(run_id)
        group = tuple(PathChange(change.path, change.after, change.before) for change in run.changes)
        sights: Sights = {}
        with journal.open_run("undo", undoes=run) as new_run:
            found = (find_obstacle(root, change, sights, new_run.keep) for change in group)
            refusals = tuple(refusal for refusal in found if refusal is not None)
            if not refusals:
                reverse, read = new_run.begin((group,)), partial(journal.read_before, run)
                refusals = tuple(execute(journal, reverse, read, sights).values())
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
    if not StateFolder(root).exists():
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


class _Checked(NamedTuple):
    """The groups that can be done, each with what becomes of its paths, and those that can't.

    `mended` is what files are to be that are to be mended, by its digest.
    """

    ready: list[tuple[Group, tuple[PathChange, ...]]]
    held_back: list[HeldBack]
    sights: Sights
    mended: dict[str, bytes]


class _IdleError(Exception):
    """That there is nothing to do."""


def _check(root: Path, plan: Plan, keep: Keep = keep_nothing) -> _Checked:
    """What of a plan can be done; each file that it changes is read, once."""
    checked = _Checked([], [], {}, {})
    tree: dict[str, FileState | None] = {}
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
    root: Path, group: Group, tree: dict[str, FileState | None], checked: _Checked, keep: Keep
) -> tuple[PathChange, ...]:
    """What becomes of each path of a group, when `tree` is what earlier groups have made of theirs."""
    found: dict[str, FileState] = {}
    mended: dict[str, FileState] = {}
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
            mended[step.path] = FileState(sha256(content), seen.file.mode)
            checked.mended[mended[step.path].digest] = content
        file = replace(seen.file, blob=step.blob) if isinstance(step, Delete) else seen.file
        keep(file, seen.content)
        found[step.path], checked.sights[step.path] = file, seen.sight
    after: dict[str, FileState | None] = {**dict.fromkeys(found), **mended}
    for step in group:
        if isinstance(step, Delete | Mend):
            continue
        path = step.new_path if isinstance(step, Move) else step.path
        known = after if path in after else tree
        if (known[path] is not None) if path in known else exists(root, path):
            raise RefusedError(path, "exists already")
        mode = step.mode & PERMISSIONS if isinstance(step, Create) else found[step.path].mode
        after[path] = found[step.path] if step.content is None else FileState(sha256(step.content), mode)
    return tuple(PathChange(path, found.get(path), file) for path, file in after.items())


def _claim(group: Group, wanted: set[str]) -> set[str]:
    """The new names of a group, as a file system sees them that ignores case; each may be wanted once."""
    names: set[str] = set()
    for step in group:
        if isinstance(step, Move | Create):
            path = step.new_path if isinstance(step, Move) else step.path
            name = unicodedata.normalize("NFC", path).casefold()
            if name in wanted or name in names:
                raise RefusedError(path, "would name two files")
            names.add(name)
    return names
