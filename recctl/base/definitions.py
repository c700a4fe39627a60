"""Which tests the sources of tests define, as far as each says so itself; nothing is imported or run."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from pathlib import Path

MAX_SOURCE = 4_000_000
"""How many bytes a source of tests may have."""

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python raises where it can't read a source."""


def list_tests(path: Path) -> tuple[tuple[str, ...], ...]:
    """The functions that a source defines, each as the names that lead to it: its classes', then its own.

    None of a file that is not there, or is no Python. A source that has not changed is read once.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  (as cheap as can be: it is asked for each file of recordings)
    except (OSError, ValueError):
        return ()
    return _read_tests(path, (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=256)
def _read_tests(path: Path, state: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """The same; `state` is what changes when the source does."""
    import ast

    if state[2] > MAX_SOURCE or not path.is_file():
        return ()
    try:
        pending: list[tuple[tuple[str, ...], ast.AST]] = [((), parse_source(path.read_bytes()))]
    except (OSError, *UNREADABLE):
        return ()
    found = []
    while pending:
        names, scope = pending.pop()
        for node in ast.iter_child_nodes(scope):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((*names, node.name))
            elif isinstance(node, ast.ClassDef):
                pending.append(((*names, node.name), node))
            elif isinstance(node, ast.stmt | ast.excepthandler):  # what an `if` or a `try` holds
                pending.append((names, node))
    return tuple(sorted(found))


def parse_source(content: bytes) -> ast.Module:
    """A source as Python. Raises one of UNREADABLE for what this version can't read."""
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the sources, which are not ours
        return ast.parse(content)
