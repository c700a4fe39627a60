"""How files hold recordings: each module of this package is one format and holds one `Format`.

A new file is a new format; there is no list to add it to.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.recording import LoadError, Recording
    from recctl.recordings.source import Source


class Format(NamedTuple):
    """A format.

    `suffixes` are the endings of its files' names. `read` gives a file's recordings, in order, with one
    `LoadError` in place of each bad one; it raises nothing.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Source], tuple[Recording | LoadError, ...]]


DEFAULT = "ogx"
"""The format of what has no name, such as standard input, or one that no format's files have."""


def find_format(name: str) -> Format:
    """The format of a file by its name."""
    formats = (load_format(stem) for stem in _list_formats())
    return next((found for found in formats if name.endswith(found.suffixes)), load_format(DEFAULT))


@cache
def _list_formats() -> tuple[str, ...]:
    names = (path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


@cache
def load_format(name: str) -> Format:
    """The format of that name."""
    found: Format = import_module(f"{__name__}.{name}").FORMAT
    return found
