"""Traces of httprr: the exchanges of one Go test as they went over the wire, each after the lengths of both.

Mirrors the packages `httprr` of Go's own projects and of langchaingo (`internal/httprr/rr.go`): the line
`httprr trace v1`, then for each exchange a line with two numbers of bytes, and so many bytes of request and
of response. A replay looks for the whole text of a request. langchaingo plays equal ones in turn, and reads
files that are compressed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.compression import Room
from recctl.recordings.formats import Defect, Format, Matching, NamedTest
from recctl.recordings.formats._httprr_traces import (
    REQUEST_LINE,
    STATUS_LINE,
    Trace,
    decode,
    find_positions,
    open_trace,
    read_body,
    read_headers,
)
from recctl.recordings.recording import JSON, LoadError, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.project import Place, Settings
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
    """The exchanges of a trace, in order; a `LoadError` in place of each bad one.

    What comes behind one that does not end is told with it. A trace without exchanges gives none, and no
    error. Raises nothing.
    """
    trace = open_trace(source)
    if isinstance(trace, LoadError):
        return (trace,)
    room = Room(source.settings.max_size)
    found = [_read_exchange(source, trace, index, room) for index in range(len(trace.exchanges))]
    if trace.fault is not None:
        message, place = trace.fault
        number = len(found) + 1 if found else None
        found.append(_refuse(source, f"not an httprr trace: {message}", trace.text, place, number))
    return tuple(found)


def _refuse(source: Source, message: str, text: str, place: int, number: int | None) -> LoadError:
    position = find_positions(text)(place)
    hint = "record it again, or take it from git's history: no exchange of the file is played"
    return LoadError(source, "not-a-recording", message, hint, position, number)


def _read_exchange(source: Source, trace: Trace, index: int, room: Room) -> Recording | LoadError:
    from recctl.recordings.http import HttpMessage, make_document  # which a walk needs not

    text, exchange = trace.text, trace.exchanges[index]
    request, response = exchange.request, exchange.response
    asked = re.match(REQUEST_LINE, text[request.first.start : request.first.end])
    if asked is None:
        message = "not an exchange: its request does not begin with a method and a URL"
        return _refuse(source, message, text, request.first.start, index + 1)
    answered = re.match(STATUS_LINE, text[response.first.start : response.first.end])
    if answered is None:
        message = "not an exchange: its response does not begin with a status"
        return _refuse(source, message, text, response.first.start, index + 1)
    document = make_document(
        asked[1],
        decode(asked[2]),
        HttpMessage(read_headers(request), read_body(text, request)),
        int(answered[1]),
        HttpMessage(read_headers(response), read_body(text, response)),
        room=room,
    )
    is_sound = not (request.strange or response.strange)
    return Recording(source, document, is_sound, format=NAME, index=index, is_alone=False)


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:  # noqa: ARG001
    """Nothing: what is wrong with a trace keeps it from being read."""
    return {}


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name are in the file, inflated if need be.

    A value in a body has the place of its line in a stream, else that of the body. "" is the recording.
    """
    from recctl.recordings.formats._httprr_edits import find_place

    trace = open_trace(source)
    if isinstance(trace, LoadError) or index >= len(trace.exchanges):
        return {}
    position_of = find_positions(trace.text)
    return {pointer: position_of(find_place(trace, index, pointer)) for pointer in pointers}


def measure(source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file, inflated."""
    trace = open_trace(source)
    if isinstance(trace, LoadError):
        return ()
    sizes = tuple(exchange.whole.end - exchange.whole.start for exchange in trace.exchanges)
    return sizes if trace.fault is None else (*sizes, 0)


def edit(source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a trace after exchanges, by index, have become other ones, or have gone (None).

    The lengths follow. All else that need not change stays as it is; what comes back was read again and says
    what was meant, None where nothing could be written that does.
    """
    from recctl.recordings.formats._httprr_edits import edit

    trace = open_trace(source)
    return None if isinstance(trace, LoadError) or trace.fault else edit(source, trace, changes, read)


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
