"""Work on many files in several processes, with the same results in the same order as in one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_BATCH = 16
_WORTH_PROCESSES = 200  # fewer files are done in the time that it takes to start processes


def map_files(
    function: Callable[[_Item], _Result], files: Sequence[_Item], jobs: int | None = None
) -> Iterator[_Result]:
    """What a function gives for each file, in order, from as many processes as `jobs` (default: one a core).

    The function, the files and the results must be such that they can be pickled.
    """
    jobs = jobs or _count_cores()
    if jobs == 1 or len(files) < _WORTH_PROCESSES:
        yield from map(function, files)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_take_work, initargs=(function, files)) as pool:
        yield from pool.map(_do, range(len(files)), chunksize=_BATCH)


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Work:
    """What a process of a pool has been started for; most systems hand it over without a copy."""

    function: Callable[[Any], Any]
    files: Sequence[Any]


def _take_work(function: Callable[[Any], Any], files: Sequence[Any]) -> None:
    _Work.function, _Work.files = staticmethod(function), files


def _do(number: int) -> Any:
    return _Work.function(_Work.files[number])
