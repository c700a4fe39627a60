"""A progress bar on a terminal's standard error, for what takes more than a second."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 1.0


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how many of `total` files are done."""
    if not sys.stderr.isatty():
        yield lambda done: None  # noqa: ARG005
        return
    start = time.monotonic()
    shown: list[Callable[[int], None]] = []
    closing: list[Callable[[], None]] = []

    def update(done: int) -> None:
        if not shown and time.monotonic() - start > _PATIENCE:
            from rich.console import Console
            from rich.progress import Progress

            progress = Progress(console=Console(stderr=True), transient=True)
            task = progress.add_task("recordings", total=total)
            progress.start()
            closing.append(progress.stop)
            shown.append(lambda done: progress.update(task, completed=done))
        for show in shown:
            show(done)

    try:
        yield update
    finally:
        for close in closing:
            close()
