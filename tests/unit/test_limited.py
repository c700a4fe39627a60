"""Calls that may never come to an end: a result, or the end of the process that they are made in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recctl.base.limited import LimitedProcess
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDLESS = ("(a|aa)+$", "a" * 100 + "b")
"""A pattern and a text that keep Python's re busy for ever; meanwhile no other thread runs."""


@pytest.fixture
def add() -> Iterator[LimitedProcess]:
    process = LimitedProcess("operator:add")
    yield process
    process.close()


def test_a_call_gives_what_the_function_gives(add: LimitedProcess) -> None:
    assert add.call(5, 1, 2)[0] == 3
    assert add.call(5, "\ud83d", "x")[0] == "\ud83dx"


@pytest.mark.parametrize("given", [ENDLESS, ("a", 5)])
def test_a_call_that_does_not_end_and_one_that_fails_are_given_up(given: tuple[str, str]) -> None:
    match = LimitedProcess("re:match")
    with pytest.raises(TimeoutError):
        match.call(0.1, *given)
    assert match.call(5, "b", "a")[0] is None  # in another process
    match.close()


def test_a_process_that_is_gone_is_started_again(add: LimitedProcess) -> None:
    add.call(5, 1, 2)
    assert add._process is not None
    add._process.kill()
    with pytest.raises(TimeoutError):
        add.call(5, 1, 2)
    assert add.call(5, 1, 2)[0] == 3


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("json", "operator", "resource", "recctl"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w')")
    process = LimitedProcess("operator:add")
    assert process.call(5, 1, 2)[0] == 3
    process.close()
    assert not (tmp_path / "was-run").exists()


_STUCK = f"""
import os, sys
from recctl.base.limited import LimitedProcess
process = LimitedProcess("re:match")
process._start()
print(process._process.pid, flush=True)
process.call(1000, *{ENDLESS!r})
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process that is stuck")
def test_a_call_ends_with_who_makes_it(how: signal.Signals) -> None:
    command = [sys.executable, "-c", _STUCK]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        wait_until_busy(pid)
        process.send_signal(how)
        process.wait(30)
    wait_until_gone(pid)


def wait_until_busy(pid: int) -> None:
    """Wait until a process computes, by what the system says of the time that it has had."""
    while read_cpu_ticks(pid) < 30:
        pass


def read_cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_until_gone(pid: int) -> None:
    """Wait for the end of a process that is no child of this one; the test's own time limit is the guard."""
    while True:
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return
        except (FileNotFoundError, ProcessLookupError):
            return
