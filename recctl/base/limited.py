"""Calls that may never come to an end, made in another process, which is ended when they take too long."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, BinaryIO

from recctl.base.parallel import end_with_pipe

if TYPE_CHECKING:
    from collections.abc import Callable

    JSON = Any

_PATIENCE = 20
"""How many times its time a call may last by the clock: on a busy machine it has to wait for its turn."""

_MOST_MEMORY = 2 << 30
"""How many bytes of addresses such a process may have."""

_MAIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from recctl.base.limited import serve; serve()"
)


class LimitedProcess:
    """A process for calls of one function, `module:name`, with values and a result that JSON can hold.

    It starts at the first call, and again after one that had to be ended.
    """

    def __init__(self, function: str) -> None:
        self._function = function
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        atexit.register(self.close)

    def call(self, seconds: float, *given: JSON) -> tuple[JSON, float]:
        """What the function gives, and how many seconds of computing that took.

        Raises TimeoutError when it takes longer than `seconds`, or ends in whatever other way.
        """
        is_done = False
        try:
            process = self._start()
            timer = Timer(seconds * _PATIENCE, process.kill)
            timer.daemon = True
            timer.start()
            try:
                assert process.stdin is not None  # noqa: S101  (both are pipes, as asked)
                assert process.stdout is not None  # noqa: S101
                process.stdin.write(json.dumps([seconds, self._function, *given]).encode() + b"\n")
                process.stdin.flush()
                result, spent = json.loads(process.stdout.readline())
                is_done = True
            finally:
                timer.cancel()
        except (OSError, ValueError):
            raise TimeoutError(f"{self._function} came to no end in {seconds} s") from None
        finally:
            if not is_done:  # an interrupt, too: what is half said is of no use to the next call
                self.close()
        return result, spent

    def close(self) -> None:
        """End the process. One that was started before this one was forked is not ours to end."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not written before it ended
                if pipe is not None:
                    pipe.close()
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():
            # Nothing but what this process itself imports from: a folder that is looked at holds no modules.
            command = [sys.executable, "-I", "-S", "-c", _MAIN, json.dumps(sys.path)]
            self._owner = os.getpid()
            self._process = subprocess.Popen(  # noqa: S603  (our own program)
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process


def serve() -> None:
    """Make the calls that come by standard input, as long as there is somebody at its other end."""
    from importlib import import_module

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides
    _limit_memory()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := asked.readline():
        start = time.process_time()
        seconds, name, *given = json.loads(line)
        module, _, attribute = name.partition(":")
        function = getattr(import_module(module), attribute)
        result = _call(function, given, seconds, asked)
        answers.write(json.dumps([result, time.process_time() - start]).encode() + b"\n")
        answers.flush()


def _call(function: Callable[..., JSON], given: list[JSON], seconds: float, asked: BinaryIO) -> JSON:
    """A result; the system ends this process when that takes too long."""
    disarm = end_with_pipe(asked.fileno())
    has_timer = hasattr(signal, "setitimer")
    if has_timer:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # whose signal ends it, wherever it is
    result = function(*given)
    if has_timer:
        signal.setitimer(signal.ITIMER_PROF, 0)
    disarm()
    return result


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # other systems have none
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
