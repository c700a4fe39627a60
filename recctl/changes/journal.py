"""What runs leave behind below `.recctl/`, so that they can be taken back. `plan` writes it.

`lock` is held by the one process that changes files. Each run has a folder `runs/<number>` with

- `outcome`: which groups were done, and whether the trash has been emptied since; it comes first, and names
  no groups as long as the run is under way. A run that nobody is at work on then was interrupted;
- `before/<digest>`: what files were, once for each content: the trash;
- `manifest`: what each path is to become; until it is there, nothing is touched.

Outcome and manifest are JSON below a signature. A run without both of them is not believed, whether it came
with the repository, was made elsewhere or by somebody else, or by a version of recctl that did not sign:
nothing is taken back for it, or thrown away.
"""

from __future__ import annotations

import errno
import json
import re
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from recctl import git
from recctl.base import __version__
from recctl.base.digests import sha256
from recctl.base.errors import RecctlError, describe_os_error
from recctl.changes.state import STATE_FOLDER, StateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RUNS = "runs"
_MANIFEST, _OUTCOME, _KEPT = "manifest", "outcome", "before"
_OLD_MANIFEST = "manifest.json"

PERMISSIONS = 0o777
"""What counts of a file's mode. Nothing that recctl writes is run as somebody else."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class FileState:
    """What lies at a path: the digest of its content, its permissions, perhaps what git finds it by."""

    digest: str
    mode: int
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class PathChange:
    """What becomes of one path; None stands for no file."""

    path: str
    before: FileState | None
    after: FileState | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `done` are the numbers of the groups that were done, None when it was interrupted.

    `folders` are to go when they are left empty; `undoes` is the run that this one took back; `emptied` says
    that its copies were thrown away.
    """

    run_id: str
    command: str
    time: str
    recctl: str
    groups: tuple[tuple[PathChange, ...], ...]
    folders: tuple[str, ...] = ()
    undoes: str | None = None
    done: tuple[int, ...] | None = None
    emptied: bool = False
    undone: bool = False

    @property
    def state(self) -> str:
        """What became of it: "applied", "emptied", "undone", "rolled back" or "interrupted".

        An emptied run was applied, and can't be undone any more.
        """
        if self.done is None:
            return "interrupted"
        if self.undone or not self.done:
            return "undone" if self.undone else "rolled back"
        return "emptied" if self.emptied else "applied"

    @property
    def changes(self) -> tuple[PathChange, ...]:
        """What becomes of each path by all groups that were done, or that may have been."""
        total: dict[str, PathChange] = {}
        for number, group in enumerate(self.groups):
            if self.done is None or number in self.done:
                for change in group:
                    total[change.path] = replace(total.get(change.path, change), after=change.after)
        return tuple(total.values())


class Outcome(NamedTuple):
    """What became of a run, in paths as they are shown; `refused` are paths and why they stay as they are."""

    run_id: str
    command: str
    time: str
    state: str
    files: int
    paths: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


class Trash(NamedTuple):
    """What runs that have ended keep a copy of: which runs, how many files, how many bytes in all."""

    runs: tuple[Run, ...]
    files: int
    size: int


class _Ending(NamedTuple):
    """What is known of how a run ended: the groups that were done, None as long as it is under way."""

    done: tuple[int, ...] | None
    emptied: bool = False


class Journal:
    """The runs of a tree. Whoever changes anything gets it from `open_journal`.

    Only what this user has done here is a run; `list_foreign` names the others. What the file system refuses
    is an OSError in all methods.
    """

    def __init__(self, root: Path, blobs: git.BlobReader | None = None) -> None:
        self.root = root
        self._state = StateFolder(root)
        self._blobs = blobs
        self._tracked: frozenset[str] | None = None

    def read_runs(self) -> tuple[Run, ...]:
        """All runs that began, oldest first."""
        runs = [run for run_id in self._list_ids() if (run := self._read_run(run_id))]
        undone = {run.undoes for run in runs if run.done}
        return tuple(replace(run, undone=run.run_id in undone) for run in runs)

    def list_foreign(self) -> tuple[str, ...]:
        """What looks like a run and is not believed: git tracks it, or this user did not make it here."""
        own = {run_id for run_id in self._list_ids() if self._read_run(run_id) or self._has_not_begun(run_id)}
        return tuple(run_id for run_id in self._list_names() if run_id not in own and self._is_told(run_id))

    def find_interrupted(self) -> Run | None:
        """The run that has no outcome yet, if any; what a run left that had not begun is cleared away."""
        for run_id in self._list_ids():
            ending = self._read_ending(run_id)
            if ending is None or ending.done is not None:
                continue
            if (run := self._read_run(run_id)) is not None:
                return run
            if self._has_not_begun(run_id):
                self._state.remove_folder(_place(run_id))
        return None

    def find_undoable(self, run_id: str | None) -> Run:
        """The run of that name, or the last one, that has not been undone. Raises RecctlError."""
        runs = [run for run in self.read_runs() if run.undoes is None]
        for run in reversed(runs):
            if run.done and not run.undone and run_id in (None, run.run_id):
                if not run.emptied:
                    return run
                message = f"run {run.run_id} can't be undone: its copies were thrown away by --empty-trash"
                raise RecctlError(message, "recctl restore brings back what git has of deleted files")
        if run_id is None:
            hint = "recctl undo --list shows the runs and what became of them"
            raise RecctlError("there is no run to take back", hint)
        if run_id in self.list_foreign():
            hint = f"what it may have kept of files is in {STATE_FOLDER}/{_place(run_id)}/{_KEPT}"
            raise RecctlError(f"run {run_id} was not made here by you, and can't be taken back", hint)
        is_known = any(run.run_id == run_id for run in runs)
        why = "has been taken back already" if is_known else "is not known"
        raise RecctlError(f"run {run_id} {why}", "recctl undo --list shows the runs and what became of them")

    @contextmanager
    def open_run(self, command: str, undoes: Run | None = None) -> Iterator[NewRun]:
        """A run to come: of one that is not begun by the end, nothing is left."""
        run = NewRun(self, self._state, command, undoes)
        try:
            yield run
        except (Exception, KeyboardInterrupt):
            run.drop()
            raise
        run.drop()

    def has_ended(self, run: Run) -> bool:
        """Whether it is written down what became of a run."""
        ending = self._read_ending(run.run_id)
        return ending is not None and ending.done is not None

    def finish(self, run: Run, done: tuple[int, ...]) -> None:
        """Write down which groups were done: none, when the run was taken back. Raises OSError."""
        self._write_ending(run, _Ending(done))
        with suppress(OSError):  # the run is over; should a power cut lose this, it will be taken back
            self._state.sync_folder(_place(run.run_id))

    def drop_copies(self, run: Run) -> None:
        """Give back the space of a run's pre-images."""
        with suppress(OSError):
            self._state.remove_folder(f"{_place(run.run_id)}/{_KEPT}")

    def measure_trash(self) -> Trash:
        """What emptying the trash would throw away."""
        runs, files, size = [], 0, 0
        for run in self.read_runs():
            copies = self._list_copies(run) if run.done is not None else []
            if copies:
                runs.append(run)
                files += len(copies)
                size += sum(self._state.find_size(copy) or 0 for copy in copies)
        return Trash(tuple(runs), files, size)

    def empty_trash(self) -> Trash:
        """Throw the copies of all runs that have ended away; may be killed, and called again."""
        trash = self.measure_trash()
        for run in trash.runs:
            self._write_ending(run, _Ending(run.done, emptied=True))
            self._state.sync_folder(_place(run.run_id))
            for copy in self._list_copies(run):
                self._state.remove(copy)
        return trash

    def read_before(self, run: Run, file: FileState) -> bytes:
        """What a file was before a run, byte for byte, from the copy or from git."""
        copy = f"{_place(run.run_id)}/{_KEPT}/{file.digest}"
        if file.blob is None or self._state.find_size(copy) is not None:
            content, reason = self._state.read(copy), "its copy is damaged"
        else:
            content = self.read_blob(file.blob)
            reason = f"git no longer has its content (in {file.blob.partition(':')[0][:12]})"
        if sha256(content) != file.digest:
            raise OSError(errno.EIO, reason, str(self.root / STATE_FOLDER / copy))
        return content

    # --- what is believed ---

    def _list_names(self) -> list[str]:
        names = (name for name in self._state.list(_RUNS) if re.fullmatch("[1-9][0-9]*", name))
        return sorted(names, key=int)

    def _list_ids(self) -> list[str]:
        """What may be a run of ours: what git tracks never is."""
        names = self._list_names()
        if names and self._tracked is None:
            self._tracked = self._find_tracked()
        return [name for name in names if name not in (self._tracked or ())]

    def _find_tracked(self) -> frozenset[str]:
        try:
            paths = git.list_tracked(self.root, f":(icase){STATE_FOLDER}")
        except git.GitError:
            return frozenset()
        steps = [path.split("/") for path in paths]
        if any(path[1:] in ([], [_RUNS]) for path in steps):  # it is a repository of its own, or a link
            return frozenset(self._list_names())
        return frozenset(path[2] for path in steps if path[2:])

    def _read_run(self, run_id: str) -> Run | None:
        ending = self._read_ending(run_id)
        content = self._state.read_signed(f"{_place(run_id)}/{_MANIFEST}") if ending is not None else None
        return None if ending is None or content is None else _parse_run(run_id, content, ending)

    def _read_ending(self, run_id: str) -> _Ending | None:
        content = self._state.read_signed(f"{_place(run_id)}/{_OUTCOME}")
        return None if content is None else _parse_ending(content)

    def _has_not_begun(self, run_id: str) -> bool:
        is_missing = self._state.find_size(f"{_place(run_id)}/{_MANIFEST}") is None
        return is_missing and self._read_ending(run_id) == _Ending(None)

    def _is_told(self, run_id: str) -> bool:
        """Whether somebody has written down a run there, or laid out something else than a folder."""
        try:
            return not {_MANIFEST, _OUTCOME, _OLD_MANIFEST}.isdisjoint(self._state.list(_place(run_id)))
        except OSError:
            return True

    # --- what is written ---

    def require_key(self) -> None:
        """Raises RecctlError when this user has no place for the key that journals are signed with."""
        try:
            self._state.require_key()
        except OSError as error:
            why = f"{error.filename}: {describe_os_error(error)}"
            message = f"no journal can be kept, and so nothing is changed: {why}"
            hint = "set XDG_STATE_HOME to a folder of your own outside the project that can be written"
            raise RecctlError(message, hint) from None

    def take_id(self) -> str:
        """Make the folder of a new run; its name is higher than those of all others of ours."""
        number = max((int(run_id) for run_id in self._list_ids() if self._read_ending(run_id)), default=0)
        while True:
            number += 1
            with suppress(FileExistsError):
                self._state.make_folder(_place(str(number)))
                return str(number)

    def _write_ending(self, run: Run, ending: _Ending) -> None:
        _write_json(self._state, f"{_place(run.run_id)}/{_OUTCOME}", ending._asdict())

    def list_missing(self, groups: tuple[tuple[PathChange, ...], ...]) -> Iterator[str]:
        """The folders that have to be made for what the groups put into them."""
        targets = (change.path for group in groups for change in group if change.after is not None)
        for folder in {folder for target in targets for folder in PurePath(target).parents}:
            if not (self.root / folder).exists():
                yield folder.as_posix()

    def read_blob(self, blob: str) -> bytes:
        """What git has by a name; nothing where it has none."""
        if self._blobs is None:
            return b""
        try:
            found = self._blobs.read(blob, sys.maxsize)
        except OSError:
            return b""
        return (found and found.content) or b""

    def _list_copies(self, run: Run) -> list[str]:
        """The copies that a run has kept, and nothing else that may lie beside them."""
        kept = f"{_place(run.run_id)}/{_KEPT}"
        digests = {change.before.digest for change in run.changes if change.before is not None}
        return [f"{kept}/{name}" for name in self._state.list(kept) if name in digests]


class NewRun:
    """A run to come. It keeps a copy of each file that it is to change, then it begins, if it does.

    What the file system refuses is an OSError in all methods.
    """

    def __init__(self, journal: Journal, state: StateFolder, command: str, undoes: Run | None) -> None:
        self._journal, self._state = journal, state
        self._command, self._undoes = command, undoes
        self._run_id: str | None = None
        self._has_begun = False

    def keep(self, file: FileState, content: bytes) -> None:
        """Keep a copy of what a file is, unless git has it by the file's blob.

        Raises RecctlError when this user has no place for the key that journals are signed with.
        """
        if file.blob is not None and sha256(self._journal.read_blob(file.blob)) == file.digest:
            return
        kept = f"{_place(self._open())}/{_KEPT}"
        with suppress(FileExistsError):  # for another file of the same content
            self._state.create(f"{kept}/{file.digest}", content, file.mode)

    def begin(self, groups: tuple[tuple[PathChange, ...], ...]) -> Run:
        """Write down what it will do; what it has kept of other files goes. Raises RecctlError as `keep`."""
        run = Run(
            run_id=self._open(),
            command=self._command,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            recctl=__version__,
            groups=groups,
            folders=tuple(self._list_folders(groups)),
            undoes=self._undoes.run_id if self._undoes else None,
        )
        place = _place(run.run_id)
        kept = f"{place}/{_KEPT}"
        wanted = {change.before.digest for change in run.changes if change.before is not None}
        for name in self._state.list(kept):
            if name not in wanted:
                self._state.remove(f"{kept}/{name}")
        self._state.sync_files(kept, self._state.list(kept))
        self._state.sync_folder(kept, and_above=True)
        _write_json(self._state, f"{place}/{_MANIFEST}", asdict(run))
        self._state.sync_folder(place)
        self._has_begun = True
        return run

    def drop(self) -> None:
        """Clear away what there is of it, unless it has begun."""
        if self._run_id is not None and not self._has_begun:
            with suppress(OSError):
                self._state.remove_folder(_place(self._run_id))

    def _open(self) -> str:
        """Its name; there is nothing of it before that is asked for."""
        if self._run_id is None:
            self._journal.require_key()
            self._run_id = self._journal.take_id()
            _write_json(self._state, f"{_place(self._run_id)}/{_OUTCOME}", _Ending(None)._asdict())
            self._state.make_folder(f"{_place(self._run_id)}/{_KEPT}")
        return self._run_id

    def _list_folders(self, groups: tuple[tuple[PathChange, ...], ...]) -> list[str]:
        before = self._undoes.folders if self._undoes else ()
        return sorted({*self._journal.list_missing(groups), *before})


def _write_json(state: StateFolder, name: str, document: Any) -> None:
    state.write_signed(name, json.dumps(document, indent=1).encode())


@contextmanager
def open_journal(root: Path) -> Iterator[Journal]:
    """The journal, for this process alone.

    Raises RecctlError when another process has it, and for whatever the file system refuses meanwhile.
    """
    with explaining(root), StateFolder(root).open_lock() as lock, git.BlobReader(root) as blobs:
        _lock(lock.fileno())
        yield Journal(root, blobs)


@contextmanager
def explaining(root: Path) -> Iterator[None]:
    """Tell what the file system refuses as a RecctlError."""
    try:
        yield
    except OSError as error:
        message = f"{error.filename or root}: {describe_os_error(error)}"
        raise RecctlError(message, "put that right and try again; nothing is left half done") from None


def relative(root: Path, path: Path) -> str:
    """A path below the root as plans and journals have it; another one stays whole, and will be refused."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _lock(descriptor: int) -> None:
    """Take a lock that the system gives back when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise RecctlError("another recctl is changing files here", "wait until it has ended") from None


def _place(run_id: str) -> str:
    """Where a run has its folder, below `.recctl/`."""
    return f"{_RUNS}/{run_id}"


def _parse_run(run_id: str, content: bytes, ending: _Ending) -> Run | None:
    """A run as it was written down; None for anything else."""
    try:
        values = json.loads(content)
        datetime.fromisoformat(values["time"])
        run = Run(
            run_id=run_id,
            command=_expect(str, values["command"]),
            time=values["time"],
            recctl=_expect(str, values["recctl"]),
            groups=tuple(tuple(_parse_change(change) for change in group) for group in values["groups"]),
            folders=tuple(_expect(str, folder) for folder in values["folders"]),
            undoes=None if values["undoes"] is None else _expect(str, values["undoes"]),
            done=ending.done,
            emptied=ending.emptied,
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return run


def _parse_ending(content: bytes) -> _Ending | None:
    try:
        values = json.loads(content)
        done = values["done"]
        numbers = None if done is None else tuple(_expect(int, number) for number in done)
        return _Ending(numbers, _expect(bool, values["emptied"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _parse_change(values: dict[str, Any]) -> PathChange:
    return PathChange(
        _expect(str, values["path"]), _parse_file(values["before"]), _parse_file(values["after"])
    )


def _parse_file(values: dict[str, Any] | None) -> FileState | None:
    if values is None:
        return None
    if not re.fullmatch("[0-9a-f]{64}", values["digest"]):
        raise ValueError("not a digest")
    blob = None if values["blob"] is None else _expect(str, values["blob"])
    return FileState(values["digest"], _expect(int, values["mode"]) & PERMISSIONS, blob)


def _expect(kind: type[_Value], value: Any) -> _Value:
    if type(value) is not kind:
        raise TypeError(f"not a {kind.__name__}")
    return value
