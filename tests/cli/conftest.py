"""recctl from the outside: what users and scripts see of a command."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTHING: Mapping[str, str] = {}
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a process left behind; bytes are decoded as UTF-8, and would fail if they were not."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs `recctl` with these arguments in a folder, without colours or settings of the caller's."""

    def __call__(
        self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> Outcome: ...


@pytest.fixture
def run_process(tmp_path: Path) -> Run:
    """As a process of its own: for exit codes, streams and signals as the system has them."""

    def run(
        *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> Outcome:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-m", "recctl", *arguments],
            input=stdin,
            cwd=cwd or tmp_path,
            env=_make_environment(env),
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Outcome(finished.returncode, finished.stdout.decode(), finished.stderr.decode())

    return run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """In this process, with its streams, its folder and its environment exchanged meanwhile."""

    def run_here(
        *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> Outcome:
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin)
            given.seek(0)
            with (
                pytest.MonkeyPatch.context() as patch,
                _redirect(0, given, "stdin", patch),
                _redirect(1, out, "stdout", patch),
                _redirect(2, err, "stderr", patch),
            ):
                patch.chdir(cwd or tmp_path)
                patch.setattr(sys, "argv", ["recctl", *arguments])
                code = _call_main(_make_environment(env))
            out.seek(0)
            err.seek(0)
            return Outcome(code, out.read().decode(), err.read().decode())

    return run_here


def _call_main(environment: Mapping[str, str]) -> int:
    """What the program does, with what it leaves behind in a process taken back."""
    from recctl.__main__ import main

    before, threshold, handler = dict(os.environ), gc.get_threshold(), signal.getsignal(signal.SIGINT)
    try:
        _set_environment(environment)
        return main()
    finally:
        _set_environment(before)
        gc.set_threshold(*threshold)
        signal.signal(signal.SIGINT, handler)


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _make_environment(env: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1", **env}


@contextmanager
def _redirect(number: int, file: IO[bytes], name: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a standard stream lead to a file, for this process and those that it starts."""
    kept = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        with open(number, "w" if number else "r", encoding="utf-8", closefd=False) as stream:
            patch.setattr(sys, name, stream)
            yield
    finally:
        os.dup2(kept, number)
        os.close(kept)
