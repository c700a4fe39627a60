"""Several processes: the same results in the same order, and nobody left behind when one is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from recctl.base.errors import RecctlError
from recctl.base.parallel import map_files
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

_BLOCKS = """
import os, re, sys, threading
from recctl.base.errors import RecctlError
from recctl.base.parallel import map_files

def block(number):
    with open(sys.argv[1], "wb", buffering=0) as pipe:
        pipe.write(b"%d\\n" % os.getpid())
        WAIT

try:
    list(map_files(block, range(1000), 2))
except KeyboardInterrupt:
    os._exit(130)
"""

_BLOCKS_LATER = """
import os, threading
from recctl.base.errors import RecctlError
from recctl.base.parallel import map_files

def block(number):
    if number > 20:
        threading.Event().wait()

files = map_files(block, range(1000), 2)
try:
    for _ in files:
        raise KeyboardInterrupt
except KeyboardInterrupt:
    files.close()
    os._exit(130)
"""


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("jobs", [1, 2, 3, None])
def test_results_come_in_order(jobs: int | None) -> None:
    assert list(map_files(square, range(500), jobs)) == [number * number for number in range(500)]


def fail_at_300(number: int) -> int:
    return number // (number - 300)


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_files(fail_at_300, range(500), 2))


WAITS = {
    "idle": "threading.Event().wait()",
    "busy": 're.match("(a|aa)+$", "a" * 100 + "b")',  # no other thread of the process runs meanwhile
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_first_one_ends(tmp_path: Path, how: signal.Signals, wait: str) -> None:
    if wait == "busy" and how is not signal.SIGINT and not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a process that is busy of the end of another")
    pipe = tmp_path / "pids"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", _BLOCKS.replace("WAIT", WAITS[wait]), str(pipe)]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, env=env, start_new_session=True, stderr=subprocess.PIPE) as process:
        with pipe.open("rb") as told:
            workers = [int(told.readline()) for _ in range(2)]
        if how is signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does it
        else:
            process.send_signal(how)
        assert process.wait(30) == (130 if how is signal.SIGINT else -how)
        assert process.stderr is not None
        assert process.stderr.read() == b"", "which ends when the last of them has ended"
    assert len({*workers, process.pid}) == 3


def test_an_interrupt_of_who_takes_the_results_waits_for_none() -> None:
    command = [sys.executable, "-c", _BLOCKS_LATER]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    finished = subprocess.run(command, env=env, stderr=subprocess.PIPE, timeout=30, check=False)
    assert (finished.returncode, finished.stderr) == (130, b"")


_ELSEWHERE = """
import multiprocessing, sys
from recctl.base.errors import RecctlError
from recctl.base.parallel import map_files

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    assert sum(map_files(abs, range(1000), 2)) == 499500
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_no_process_imports_what_lies_in_the_current_folder(method: str, tmp_path: Path) -> None:
    script = tmp_path / "elsewhere" / "script.py"
    script.parent.mkdir()
    script.write_text(_ELSEWHERE)
    (tmp_path / "multiprocessing.py").write_text("open('was-run', 'w').close()")
    env = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    subprocess.run(
        [sys.executable, str(script), method],
        cwd=tmp_path,
        env={**env, "PYTHONPATH": str(CHECKOUT)},
        timeout=60,
        check=True,
    )
    assert not (tmp_path / "was-run").exists()


def end_at_300(number: int) -> int:
    if number == 300:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_that_a_process_was_ended_from_outside_is_told() -> None:
    with pytest.raises(RecctlError, match=r"^a process that reads files was killed"):
        list(map_files(end_at_300, range(500), 2))
