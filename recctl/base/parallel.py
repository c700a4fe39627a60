"""Work on many files in several processes, with the same results in the same order as in one."""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from recctl.base.errors import RecctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_BATCH = 16
_PATIENCE = 1  # second: an interrupt that comes just before a wait is seen after it
_WORTH_PROCESSES = 200  # fewer files are done in the time that it takes to start processes


def map_files(
    function: Callable[[_Item], _Result], files: Sequence[_Item], jobs: int | None = None
) -> Iterator[_Result]:
    """What a function gives for each file, in order, from as many processes as `jobs` (default: one a core).

    The function, the files and the results must be such that they can be pickled. When this process is
    interrupted, or ends in whatever way, so do the others.
    """
    jobs = jobs or _count_cores()
    if jobs == 1 or len(files) < _WORTH_PROCESSES:
        yield from map(function, files)
        return
    jobs = min(jobs, -(-len(files) // _BATCH))
    from concurrent.futures import ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children

    others = set(active_children())
    is_patient = False
    with own_modules_only():
        pool = ProcessPoolExecutor(jobs, initializer=_take_work, initargs=(function, files))
    try:
        with _interrupts_held(), own_modules_only():
            starts = range(0, len(files), _BATCH)
            batches = deque(pool.submit(_do, start) for start in starts)
        while batches:
            batch = batches.popleft()
            while not batch.done():
                wait([batch], _PATIENCE)
            yield from batch.result()
        is_patient = True
    except BrokenProcessPool:
        message = "a process that reads files was killed, perhaps because memory ran out"
        raise RecctlError(message, "try again; --jobs 1 takes the least memory") from None
    finally:
        if not is_patient:
            for worker in set(active_children()) - others:
                worker.kill()
        pool.shutdown(wait=is_patient, cancel_futures=True)


@contextmanager
def own_modules_only() -> Iterator[None]:
    """Processes that are started here import nothing from the current folder, which may be a stranger's.

    Where they are not forks of this one, Python would look there first.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


_SAFE_PATH = "PYTHONSAFEPATH"


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal: those that are started here leave it to this one.

    One that dies of it while it holds a lock of the pool would keep all others waiting.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Work:
    """What a process of a pool has been started for; most systems hand it over without a copy."""

    function: Callable[[Any], Any]
    files: Sequence[Any]


def _take_work(function: Callable[[Any], Any], files: Sequence[Any]) -> None:
    from multiprocessing import parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        end_with_pipe(parent.sentinel)
        Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    _Work.function, _Work.files = staticmethod(function), files


def _end_with_parent(parent: Any) -> None:
    """End when the process that started this one has ended; the pool itself would wait for ever."""
    parent.join()
    os._exit(1)


def end_with_pipe(pipe: int) -> Callable[[], None]:
    """Have the system end this process, whatever it is at, when a pipe has something to read or is closed.

    Gives a function that calls it off. Only Linux can do so; elsewhere nothing happens.
    """
    try:
        import fcntl

        before = fcntl.fcntl(pipe, fcntl.F_GETFL)
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, before | os.O_ASYNC)
    except (ImportError, AttributeError, OSError):
        return lambda: None

    def call_off() -> None:
        fcntl.fcntl(pipe, fcntl.F_SETFL, before)

    return call_off


def _do(start: int) -> list[Any]:
    return [_Work.function(file) for file in _Work.files[start : start + _BATCH]]
