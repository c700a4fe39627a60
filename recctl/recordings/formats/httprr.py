"""Traces of httprr: the exchanges of one Go test as they went over the wire, each after the lengths of both.

Mirrors the packages `httprr` of Go's own projects and of langchaingo (`internal/httprr/rr.go`): the line
`httprr trace v1`, then for each exchange a line with two numbers of bytes, and so many bytes of request and
of response. A replay looks for the whole text of a request. langchaingo plays equal ones in turn, and reads
files that are compressed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.formats import Defect, Format, Matching, NamedTest

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.project import Place, Settings
    from recctl.recordings.recording import JSON, LoadError, Recording
    from recctl.recordings.source import Source

NAME = "httprr"
_TITLE = b"httprr trace v1"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file has a name that no other has, or begins like a trace."""
    return bool(name) or read().startswith(_TITLE)


def find_test(place: Place, settings: Settings, is_there: Callable[[str], bool]) -> NamedTest | None:  # noqa: ARG001
    """The test whose name a file below `testdata` has: `PACKAGE::TestX/subtest`.

    What separates a subtest's name from those within it can't be told from other hyphens.
    """
    parts = place.folder.split("/")
    name = re.fullmatch(_TEST, place.name)
    if _FOLDER not in parts or name is None:
        return None
    above = len(parts) - 1 - parts[::-1].index(_FOLDER)
    package = "/".join(parts[:above]) or "."
    return NamedTest("/".join(filter(None, (f"{package}::{name[1]}", name[2]))))


_FOLDER = "testdata"
_TEST = r"(Test(?![a-z])\w*)(?:-(.+))?\.httprr(?:\.gz)?"
"""How the files of Go's tests are called: a hyphen, which no test's name has, begins that of a subtest."""


def read(source: Source) -> tuple[Recording | LoadError, ...]:
    """The exchanges of a trace, in order; a `LoadError` in place of each bad one."""
    from recctl.recordings.formats._httprr_reading import read  # which a walk has no use for, nor of the rest

    return read(source)


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:  # noqa: ARG001
    """Nothing: what is wrong with a trace keeps it from being read."""
    return {}


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name are in the file, inflated if need be."""
    from recctl.recordings.formats._httprr_edits import locate

    return locate(source, index, pointers)


def measure(source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file, inflated."""
    from recctl.recordings.formats._httprr_reading import measure

    return measure(source)


def edit(source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a trace after exchanges, by index, have become other ones, or have gone (None)."""
    from recctl.recordings.formats._httprr_edits import edit

    return edit(source, changes)


FORMAT = Format(
    NAME,
    _FOLDER,
    (".httprr", ".httprr.gz"),
    claims,
    read,
    inspect,
    locate,
    edit,
    measure=measure,
    find_test=find_test,
    start="Test",
    matching=Matching(("method", "url", "headers", "body"), in_order=True, once=False),
)
