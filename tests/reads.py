"""How often files are read, as the interpreter itself reports it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_counted: list[Counter[str]] = []


@contextmanager
def counted_reads(root: Path) -> Iterator[Counter[str]]:
    """Count how often this process opens each file below a root to read it, by its path from the root.

    Not counted: that a walk looks at the beginning of a file to tell what it is, and that a file is opened
    without a Python file for it, which is how it is asked for its state or brought down to the disk.
    """
    reads: Counter[str] = Counter()
    _counted.append(reads)
    try:
        yield reads
    finally:
        _counted.remove(reads)
        for path in [*reads]:
            number = reads.pop(path)
            if Path(path).is_relative_to(root):
                reads[Path(path).relative_to(root).as_posix()] = number


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _counted or event != "open":
        return
    path, mode, _ = arguments
    is_read = isinstance(path, str | os.PathLike) and isinstance(mode, str) and mode.startswith("r")
    if is_read and sys._getframe(1).f_code.co_name != "read_head":
        for reads in _counted:
            reads[os.path.abspath(path)] += 1  # noqa: PTH100  (as a key, quick)


sys.addaudithook(_note)
