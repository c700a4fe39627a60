"""What runs leave behind below `.recctl/`, so that they can be taken back. `plan` writes it.

`lock` is held by the one process that changes files. Each run has a folder `runs/<number>` with

- `before/<digest>`: what files were, once for each content: the trash;
- `manifest.json`: what each path is to become; until it is there, nothing is touched;
- `outcome.json`: which groups were done, and whether the trash has been emptied since; until it is there, the
  run is interrupted.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl import __version__, git
from recctl.disk import describe, sync_files, sync_folder, write_file
from recctl.errors import RecctlError
from recctl.state import STATE_FOLDER, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MANIFEST, _OUTCOME, _KEPT = "manifest.json", "outcome.json", "before"


@dataclass(frozen=True, slots=True)
class File:
    """What lies at a path: the digest of its content, its permissions, perhaps what git finds it by."""

    digest: str
    mode: int
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one path; None stands for no file."""

    path: str
    before: File | None
    after: File | None


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
    groups: tuple[tuple[Change, ...], ...]
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
    def changes(self) -> tuple[Change, ...]:
        """What becomes of each path by all groups that were done, or that may have been."""
        total: dict[str, Change] = {}
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


class Journal:
    """The runs of a tree. Whoever changes anything gets it from `open_journal`."""

    def __init__(self, root: Path, blobs: git.BlobReader | None = None) -> None:
        self.root = root
        self._runs = root / STATE_FOLDER / "runs"
        self._blobs = blobs

    def read_runs(self) -> tuple[Run, ...]:
        """All runs that began, oldest first. Raises RecctlError for one that can't be read."""
        runs = [_read_run(folder) for folder in self._folders() if (folder / _MANIFEST).exists()]
        undone = {run.undoes for run in runs if run.done}
        return tuple(replace(run, undone=run.run_id in undone) for run in runs)

    def find_interrupted(self) -> Run | None:
        """The run that has no outcome, if any; what a run left that had not begun is cleared away."""
        for folder in self._folders():
            if (folder / _OUTCOME).exists():
                continue
            if (folder / _MANIFEST).exists():
                return _read_run(folder)
            shutil.rmtree(folder)
        return None

    def find_standing(self, run_id: str | None) -> Run:
        """The run of that name, or the last one, that has not been undone. Raises RecctlError."""
        runs = [run for run in self.read_runs() if run.undoes is None]
        for run in reversed(runs):
            if run.done and not run.undone and run_id in (None, run.run_id):
                if not run.emptied:
                    return run
                message = f"run {run.run_id} can't be undone: its copies were thrown away by --empty-trash"
                raise RecctlError(message, "recctl restore brings back what git has of deleted files")
        hint = "recctl undo --list shows the runs and what became of them"
        if run_id is None:
            raise RecctlError("there is no run to take back", hint)
        is_known = any(run.run_id == run_id for run in runs)
        why = "has been taken back already" if is_known else "is not known"
        raise RecctlError(f"run {run_id} {why}", hint)

    def begin(self, command: str, groups: tuple[tuple[Change, ...], ...], undoes: Run | None = None) -> Run:
        """Keep a copy of each file that a run is to change, then write down what it will do.

        Raises OSError, and RecctlError when a file is not what the run takes it for.
        """
        run = Run(
            run_id=str(max((int(folder.name) for folder in self._folders()), default=0) + 1),
            command=command,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            recctl=__version__,
            groups=groups,
            folders=tuple(sorted({*self._list_missing(groups), *(undoes.folders if undoes else ())})),
            undoes=undoes.run_id if undoes else None,
        )
        folder = self._runs / run.run_id
        kept = folder / _KEPT
        try:
            kept.mkdir(parents=True)
            for change in run.changes:
                if change.before is not None:
                    self._keep(kept, change.path, change.before)
            sync_files(list(kept.iterdir()))
            for written in (kept, *kept.parents[:4]):
                sync_folder(written)
            _write_json(folder / _MANIFEST, asdict(run))
            sync_folder(folder)
        except (OSError, RecctlError, KeyboardInterrupt):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return run

    def has_ended(self, run: Run) -> bool:
        """Whether it is written down what became of a run."""
        return (self._runs / run.run_id / _OUTCOME).exists()

    def finish(self, run: Run, done: tuple[int, ...]) -> None:
        """Write down which groups were done: none, when the run was taken back. Raises OSError."""
        folder = self._runs / run.run_id
        _write_json(folder / _OUTCOME, {"done": done})
        with suppress(OSError):  # the run is over; should a power cut lose this, it will be taken back
            sync_folder(folder)

    def drop_copies(self, run: Run) -> None:
        """Give back the space of a run's pre-images."""
        shutil.rmtree(self._runs / run.run_id / _KEPT, ignore_errors=True)

    def measure_trash(self) -> Trash:
        """What emptying the trash would throw away. Raises RecctlError for a run that can't be read."""
        runs, files, size = [], 0, 0
        for run in self.read_runs():
            copies = self._list_copies(run) if run.done is not None else []
            if copies:
                runs.append(run)
                files += len(copies)
                size += sum(copy.stat().st_size for copy in copies)
        return Trash(tuple(runs), files, size)

    def empty_trash(self) -> Trash:
        """Throw the copies of all runs that have ended away; may be killed, and called again.

        Raises OSError, and RecctlError for a run that can't be read.
        """
        trash = self.measure_trash()
        for run in trash.runs:
            folder = self._runs / run.run_id
            _write_json(folder / _OUTCOME, {"done": run.done, "emptied": True})
            sync_folder(folder)
            for copy in self._list_copies(run):
                copy.unlink()
        return trash

    def read_before(self, run: Run, file: File) -> bytes:
        """What a file was before a run, byte for byte, from the copy or from git. Raises OSError."""
        place = self._runs / run.run_id / _KEPT / file.digest
        if file.blob is None or place.exists():
            content, reason = place.read_bytes(), "its copy is damaged"
        else:
            content = self._read_blob(file.blob)
            reason = f"git no longer has its content (in {file.blob.partition(':')[0][:12]})"
        if digest(content) != file.digest:
            raise OSError(errno.EIO, reason, str(place))
        return content

    def _list_missing(self, groups: tuple[tuple[Change, ...], ...]) -> Iterator[str]:
        """The folders that have to be made for what the groups put into them."""
        targets = (change.path for group in groups for change in group if change.after is not None)
        for folder in {folder for target in targets for folder in PurePath(target).parents}:
            if not (self.root / folder).exists():
                yield folder.as_posix()

    def _keep(self, kept: Path, path: str, file: File) -> None:
        if file.blob is not None and digest(self._read_blob(file.blob)) == file.digest:
            return
        content = (self.root / path).read_bytes()
        if digest(content) != file.digest:
            raise RecctlError(f"{path}: is being changed", "try again when nothing else writes here")
        write_file(kept / file.digest, content, file.mode, sync=False)

    def _read_blob(self, blob: str) -> bytes:
        if self._blobs is None:
            return b""
        try:
            found = self._blobs.read(blob, sys.maxsize)
        except OSError:
            return b""
        return (found and found.content) or b""

    def _list_copies(self, run: Run) -> list[Path]:
        kept = self._runs / run.run_id / _KEPT
        return sorted(kept.iterdir()) if kept.is_dir() else []

    def _folders(self) -> list[Path]:
        if not self._runs.is_dir():
            return []
        folders = [folder for folder in self._runs.iterdir() if folder.name.isdecimal()]
        return sorted(folders, key=lambda folder: int(folder.name))


@contextmanager
def open_journal(root: Path) -> Iterator[Journal]:
    """The journal, for this process alone.

    Raises RecctlError when another process has it, and for whatever the file system refuses meanwhile.
    """
    try:
        with (state_folder(root) / "lock").open("ab") as lock, git.BlobReader(root) as blobs:
            _lock(lock.fileno())
            yield Journal(root, blobs)
    except OSError as error:
        message = f"{error.filename or root}: {describe(error)}"
        raise RecctlError(message, "put that right and try again; nothing is left half done") from None


def digest(content: bytes) -> str:
    """By what steps and journal know content: its SHA-256, in hexadecimal."""
    return sha256(content).hexdigest()


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


def _write_json(path: Path, document: Any) -> None:
    draft = path.with_suffix(".tmp")
    write_file(draft, json.dumps(document, indent=1).encode(), 0o644)
    draft.replace(path)


def _read_run(folder: Path) -> Run:
    try:
        values = json.loads((folder / _MANIFEST).read_bytes())
        ended = json.loads((folder / _OUTCOME).read_bytes()) if (folder / _OUTCOME).exists() else None
        fixed: dict[str, Any] = {
            "run_id": folder.name,
            "groups": tuple(tuple(_read_change(change) for change in group) for group in values["groups"]),
            "folders": tuple(values["folders"]),
        }
        if ended is not None:
            fixed |= {"done": tuple(ended["done"]), "emptied": ended.get("emptied") is True}
        return Run(**{**values, **fixed})
    except (ValueError, TypeError, KeyError, OSError):
        message = f"{folder}: the journal of this run can't be read"
        raise RecctlError(message, "move the folder away; recctl then knows nothing of the run") from None


def _read_change(values: dict[str, Any]) -> Change:
    return Change(str(values["path"]), _read_file(values["before"]), _read_file(values["after"]))


def _read_file(values: dict[str, Any] | None) -> File | None:
    if values is None:
        return None
    if not re.fullmatch("[0-9a-f]{64}", values["digest"]):
        raise ValueError("not a digest")
    return File(**values)
