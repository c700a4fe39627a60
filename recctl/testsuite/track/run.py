"""Running a command, and gathering which recordings the processes below it open.

In sight is every Python process that inherits the environment and heeds it. Out of sight are processes with
a cleared environment or started as `python -I`, `-E` or `-S`, programs that are not Python, and files that a
library opens without Python's help, or relative to the descriptor of a folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError, describe_os_error
from recctl.input.walk import walk
from recctl.recordings.formats import list_suffixes
from recctl.testsuite.track import Tracked, combine
from recctl.testsuite.track.notes import read_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.project import Project
    from recctl.testsuite.track.notes import Heard

INTERRUPTED = 130
"""The exit code of a command that was stopped by Ctrl-C."""

_INSIDE = Path(__file__).parent / "inside"
_NOTES, _PLAYS, _OUTCOMES, _SUFFIXES = ".opened", ".played", ".outcomes", "suffixes"
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_KILLED = 128  # plus the signal's number: the exit code by which a shell tells


class Ended(NamedTuple):
    """How a command ended: its exit code, as a shell tells it, and how many processes opened recordings."""

    code: int
    tracked: Tracked
    processes: int


class _Session(NamedTuple):
    """A pytest session: what became of its tests, and why it did not get through them, if it did not."""

    outcomes: dict[str, str]
    failure: str | None = None
    is_green: bool = False


class _Notes(NamedTuple):
    """What a process opened, as pairs of a test's id (or nothing) and a path; `is_whole` if that is all."""

    opened: set[tuple[str, str]]
    is_whole: bool


def require_program(name: str) -> None:
    """Raises RecctlError when there is no program of the name that a command begins with, or none to run."""
    if shutil.which(name) is not None:
        return
    place = Path(name)
    if os.sep in name and place.is_dir():
        raise RecctlError(f"{name}: can't be run: is a folder", "name a program")
    if os.sep in name and place.exists():
        raise RecctlError(f"{name}: can't be run: permission denied", "chmod +x makes a program of it")
    raise RecctlError(f"{name}: there is no such program", "check its name, or give its path")


def run_tracked(project: Project, command: Sequence[str]) -> Ended:
    """Run a command to its end. It has our standard streams, and the signals that we get.

    Raises RecctlError when it can't be started.
    """
    present, days = _list_recordings(project), _list_days()
    with tempfile.TemporaryDirectory(prefix="recctl-track-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            (folder / _SUFFIXES).write_text("\n".join(list_suffixes()), encoding="utf-8")
            code, received = _run(command, _make_environment(name))
        except OSError as error:
            hint = "if it is a script, its first line should be #! and a program that is there"
            raise RecctlError(f"{command[0]}: can't be run: {describe_os_error(error)}", hint) from None
        names = sorted({path.stem for path in folder.glob("*") if path.suffix in (_NOTES, _PLAYS)})
        notes = [_parse_notes(_read(folder / f"{name}{_NOTES}")) for name in names]
        plays = [_read(folder / f"{name}{_PLAYS}") for name in names]
        sessions = [_parse_session(path.read_bytes()) for path in sorted(folder.glob(f"*{_OUTCOMES}"))]
    finder = _Finder(project.root, present)
    heard = read_notes(plays, project, finder.find)
    is_whole = heard.is_whole and all(process.is_whole for process in notes)
    is_interrupted = signal.SIGINT in received
    reason = "the command was interrupted" if is_interrupted else _explain(code, sessions, is_whole=is_whole)
    opened = [_locate(process, finder) for process in notes]
    tracked = combine([*opened, *(_to_tracked(session) for session in sessions), _to_heard(heard)])
    unopened = frozenset(present) - tracked.opened
    by_process = zip(opened, heard.by_process, strict=True)
    alone = frozenset[str]().union(*(process.opened - loaded for process, loaded in by_process))
    tracked = tracked._replace(
        complete=reason is None,
        reason=reason,
        unopened=unopened,
        unheard=alone & heard.loaded.keys(),
        days=days | _list_days(),
    )
    code = INTERRUPTED if is_interrupted else code if code >= 0 else _KILLED - code
    return Ended(code, tracked, sum(bool(process.opened) for process in opened))


def _list_days() -> frozenset[str]:
    """The day that it is, here and by UTC."""
    return frozenset(time.strftime("%Y-%m-%d", now()) for now in (time.localtime, time.gmtime))


def _list_recordings(project: Project) -> set[str]:
    """The recordings of a project, relative to its root."""
    try:
        files = walk(project, project.root).files
    except OSError as error:
        raise RecctlError(f"{project.root}: {describe_os_error(error)}", "check its permissions") from None
    start = len(
        f"{project.root.as_posix().rstrip('/')}/"
    )  # `relative_to` takes its time, and there are thousands
    return {path.as_posix()[start:] for path in files}


def _make_environment(folder: str) -> dict[str, str]:
    """Our environment, with what makes a Python process take notes in a folder."""
    environment = {key: value for key, value in os.environ.items() if key != "RECCTL_TRACK_PYTEST"}
    paths = [str(_INSIDE), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(paths), "RECCTL_TRACK": folder}


# --- the command --------------------------------------------------------------------------------------------


def _run(command: Sequence[str], environment: dict[str, str]) -> tuple[int, list[int]]:
    """Run a command: its exit code, negative for a signal, and the signals that we got meanwhile."""
    received: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        received.append(number)
        for process in running:
            if number != signal.SIGINT or not _is_in_foreground():
                process.send_signal(number)

    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    caught = [number for number, handler in handlers.items() if handler is not signal.SIG_IGN]
    try:
        for number in caught:
            signal.signal(number, pass_on)
        process = subprocess.Popen(command, env=environment)  # noqa: S603  (the user's own words)
        early = tuple(received)
        running.append(process)
        for number in early:
            process.send_signal(number)
        return process.wait(), received
    finally:
        for number in caught:
            signal.signal(number, handlers[number])


def _is_in_foreground() -> bool:
    """Whether Ctrl-C on our terminal reaches the command by itself."""
    if sys.platform == "win32":
        return True
    with suppress(OSError):
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


# --- what its processes left behind -------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    """Notes of a process, if it has left any of the kind."""
    return path.read_bytes() if path.exists() else b""


def _parse_notes(content: bytes) -> _Notes:
    try:
        fields = content.decode("utf-8", "surrogatepass").split("\0")
    except UnicodeDecodeError:
        return _Notes(set(), False)
    tests, paths = fields[0:-1:2], fields[1:-1:2]
    is_whole = (
        len(tests) == len(paths) and not fields[-1] and all(path.endswith(list_suffixes()) for path in paths)
    )
    return _Notes(set(zip(tests, paths, strict=False)), is_whole)


def _parse_session(content: bytes) -> _Session:
    try:
        facts = json.loads(content)
    except ValueError:  # it is empty, or half written
        return _Session({}, "a pytest session did not end")
    code, outcomes = facts["exit"], facts["outcomes"]
    failure: str | None = None
    if code not in _GOT_THROUGH:
        failure = _PYTEST_EXITS.get(code, f"pytest ended with exit code {code}")
    elif facts["stopped"]:
        failure = f"pytest stopped early: {facts['stopped']}"
    elif not outcomes:
        failure = "pytest ran no tests"
    return _Session(outcomes, failure, is_green=code == 0)


_GOT_THROUGH = (0, 1)  # passed, or some tests have failed
_PYTEST_EXITS = {
    2: "pytest was interrupted",
    3: "pytest had an internal error",
    4: "pytest did not understand its command line",
    5: "pytest collected no tests",
}


def _explain(code: int, sessions: list[_Session], *, is_whole: bool) -> str | None:
    """Why a run is not complete; None when it is. `is_whole` is true when no process's notes are damaged."""
    if code < 0:
        return f"the command was killed by {signal.Signals(-code).name}"
    failure = next((session.failure for session in sessions if session.failure), None)
    if failure is None and code and all(session.is_green for session in sessions):
        failure = f"the command ended with exit code {code}"
    if failure is None and not is_whole:
        failure = "the notes of a process are damaged"
    return failure


class _Finder:
    """Finds recordings by the paths that were opened, also where the way to the root leads through a link."""

    def __init__(self, root: Path, present: set[str]) -> None:
        folders = {str(root), os.path.realpath(root)}
        self._index = {os.path.normpath(f"{folder}/{path}"): path for folder in folders for path in present}
        self._resolve = lru_cache(os.path.realpath)
        self.find_all = lru_cache(None)(self._find_all)

    def find(self, path: str) -> str | None:
        """The recording that a path leads to; None for no recording."""
        return next(iter(self.find_all(path)), None)

    def _find_all(self, path: str) -> tuple[str, ...]:
        """The recordings that a path leads to: itself, and what it is a link to."""
        folder, name = os.path.split(path)
        real = os.path.join(self._resolve(folder), name)  # noqa: PTH118  (as text, for thousands of them)
        if os.path.islink(real):  # noqa: PTH114
            real = os.path.realpath(real)
        places = dict.fromkeys((os.path.normpath(path), real))
        return tuple(self._index[place] for place in places if place in self._index)


def _locate(notes: _Notes, finder: _Finder) -> Tracked:
    """What one process opened of the recordings. A link and what it leads to are both opened."""
    found = {path: finder.find_all(path) for path in {path for _, path in notes.opened}}
    by_test: dict[str, set[str]] = {}
    for test, path in notes.opened:
        if test and found[path]:
            by_test.setdefault(test, set()).update(found[path])
    opened = frozenset[str]().union(*found.values())
    frozen = {test: frozenset(paths) for test, paths in by_test.items()}
    return Tracked(True, None, opened, frozen, frozenset(), {})


def _to_heard(heard: Heard) -> Tracked:
    none = frozenset[str]()
    by_test = {test: frozenset(paths) for test, paths in heard.loaded_by_test.items()}
    return Tracked(
        complete=True,
        reason=None,
        opened=none,
        by_test={},
        passed=none,
        outcomes={},
        plays=tuple(heard.plays),
        missed=tuple(heard.missed),
        loaded=heard.loaded,
        loaded_by_test=by_test,
        troubles=tuple(heard.troubles),
        recorders=frozenset(heard.recorders),
        unheard_tests=frozenset(heard.unheard_tests - {""}),
    )


def _to_tracked(session: _Session) -> Tracked:
    return Tracked(True, None, frozenset(), {}, frozenset(), session.outcomes)
