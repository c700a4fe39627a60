"""The ids of tests, taken apart."""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple
from unicodedata import normalize


class Address(NamedTuple):
    """Where a test is to be found: its id, taken apart; parameters left out."""

    path: str
    classes: tuple[str, ...]
    function: str


@cache
def parse_test_id(test_id: str) -> Address | None:
    """The parts of an id such as `tests/test_x.py::TestA::test_y[params]`.

    None for what does not name a Python function: doctests, notebooks, tables of cases.
    """
    path, _, rest = test_id.partition("::")
    *classes, function = rest.partition("[")[0].split("::")
    steps = PurePosixPath(path).parts
    is_inside = bool(steps) and not path.startswith("/") and ".." not in steps and path.isprintable()
    if not path.endswith(".py") or not is_inside or "\\" in path or ":" in path:
        return None
    if not all(name.isidentifier() for name in (*classes, function)):
        return None
    return Address(path, tuple(map(normalise, classes)), normalise(function))


def normalise(name: str) -> str:
    """A name as Python knows it, however it is written."""
    return name if name.isascii() else normalize("NFKC", name)
