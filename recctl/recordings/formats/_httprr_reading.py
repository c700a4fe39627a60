"""From the text of httprr's traces to recordings: where everything is in it, and what it says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.recordings.compression import GZIP, InflationError, Room, inflate
from recctl.recordings.http import HttpMessage, make_document
from recctl.recordings.recording import JSON, LoadError, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.recordings.source import Source


class TextSpan(NamedTuple):
    """A part of a text, from where to where."""

    start: int
    end: int


class HeaderLine(NamedTuple):
    """A header: its name, its value, where this stands, and the whole line with its end."""

    name: str
    value: str
    place: TextSpan
    whole: TextSpan


class TracedMessage(NamedTuple):
    """One side of an exchange: its first line, its headers and its body.

    `pieces` are those in which the body came, None if it did not. `strange` counts lines among the headers
    that are none.
    """

    first: TextSpan
    headers: tuple[HeaderLine, ...]
    body: TextSpan
    pieces: tuple[TextSpan, ...] | None
    strange: int


class TracedExchange(NamedTuple):
    """Where an exchange stands: the line with its lengths, and both sides; `whole` is all of that."""

    whole: TextSpan
    lengths: TextSpan
    request: TracedMessage
    response: TracedMessage


class Trace(NamedTuple):
    """A file's text, a character for each byte, its exchanges, and what ends them: an error, and where."""

    text: str
    exchanges: tuple[TracedExchange, ...]
    fault: tuple[str, int] | None = None


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
    return Recording(source, document, is_sound, format="httprr", index=index, is_alone=False)


def measure(source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file, inflated."""
    trace = open_trace(source)
    if isinstance(trace, LoadError):
        return ()
    sizes = tuple(exchange.whole.end - exchange.whole.start for exchange in trace.exchanges)
    return sizes if trace.fault is None else (*sizes, 0)


def open_trace(source: Source) -> Trace | LoadError:
    """Where everything is in a file."""
    found = _parse(source.content, source.settings.max_size)
    if isinstance(found, Trace):
        return found
    hint = "record it again, or take it from git's history"
    return LoadError(source, "not-a-recording", f"not an httprr trace: {found}", hint)


@lru_cache(maxsize=1)  # places are asked for exchange by exchange
def _parse(content: bytes, max_size: int) -> Trace | str:
    """Where everything is in a file, or why it can't be read."""
    if content.startswith(GZIP):
        try:
            content = inflate(content, max_size)
        except InflationError as error:
            return str(error)
    text = content.decode("latin-1")
    title = re.match(r"httprr trace v1\r?\n", text)
    if title is None:
        return Trace(text, (), ("it does not begin with the line 'httprr trace v1'", 0))
    exchanges: list[TracedExchange] = []
    place = title.end()
    while place < len(text):
        found = re.compile(_LENGTHS).match(text, place)
        if found is None:
            message = "the lengths of a request and of a response should be here"
            return Trace(text, tuple(exchanges), (message, place))
        middle = found.end() + int(found[1])
        end = middle + int(found[2])
        if end > len(text):
            message = f"the file ends {end - len(text):,} bytes before the exchange does"
            return Trace(text, tuple(exchanges), (message, place))
        request, response = _read_wire(text, found.end(), middle), _read_wire(text, middle, end)
        exchanges.append(
            TracedExchange(TextSpan(place, end), TextSpan(place, found.end()), request, response)
        )
        place = end
    return Trace(text, tuple(exchanges))


_LENGTHS = r"([0-9]{1,15}) ([0-9]{1,15})\r?\n"  # compiled when a trace is read, as the next ones
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


def _read_wire(text: str, start: int, end: int) -> TracedMessage:
    """One side of an exchange; the lines of its head may end in a line feed alone."""
    lines: list[TextSpan] = []
    place = start
    while place < end:
        after = text.find("\n", place, end) + 1 or end
        if not text[place:after].strip("\r\n"):
            place = after
            break
        lines.append(TextSpan(place, after))
        place = after
    headers, strange = [], 0
    for line in lines[1:]:
        written = text[line.start : line.end]
        name, colon, rest = written.partition(":")
        if not colon or re.fullmatch(_NAME, name) is None:
            strange += 1
            continue
        value = rest.strip(" \t\r\n")
        start = line.start + len(name) + 1 + len(rest) - len(rest.lstrip(" \t\r\n"))
        headers.append(HeaderLine(name, decode(value), TextSpan(start, start + len(value)), line))
    body = TextSpan(place, end)
    is_chunked = any(
        each.name.lower() == "transfer-encoding" and each.value.lower() == "chunked" for each in headers
    )
    first = lines[0] if lines else TextSpan(start, start)
    pieces = _find_pieces(text, body) if is_chunked else None
    return TracedMessage(first, tuple(headers), body, pieces, strange)


def _find_pieces(text: str, body: TextSpan) -> tuple[TextSpan, ...] | None:
    """What stands between the lengths in a body that was sent in chunks; None where it is not whole."""
    pieces: list[TextSpan] = []
    place = body.start
    while True:
        size = re.compile(_CHUNK).match(text, place, body.end)
        if size is None:
            return None
        length = int(size[1], 16)
        place = size.end() + length
        if not length:
            return tuple(pieces)
        if text[place : place + 2] != "\r\n" or place > body.end:
            return None
        pieces.append(TextSpan(size.end(), place))
        place += 2


_CHUNK = r"([0-9A-Fa-f]{1,12})[^\r\n]*\r\n"


def decode(text: str) -> str:
    """A text of which each character is a byte, as UTF-8 if it is that."""
    data = text.encode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return text


def read_body(text: str, wire: TracedMessage) -> bytes:
    """The bytes of a body, without the lengths of chunks."""
    spans = (wire.body,) if wire.pieces is None else wire.pieces
    return "".join(text[span.start : span.end] for span in spans).encode("latin-1")


def read_headers(wire: TracedMessage) -> dict[str, JSON]:
    """Headers by name; the values of one that is there several times are a list."""
    found: dict[str, list[str]] = {}
    for line in wire.headers:
        found.setdefault(line.name, []).append(line.value)
    return {name: values if values[1:] else values[0] for name, values in found.items()}


REQUEST_LINE = r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/[0-9.]+\r?\n?\Z"
STATUS_LINE = r"HTTP/[0-9.]+ +([0-9]{3})(?: [^\n]*)?\n?\Z"


def find_positions(text: str) -> Callable[[int], Position]:
    """A function from offsets in a text, a character for each byte, to positions in what the bytes say."""
    from bisect import bisect_right

    from recctl.base.syntax import Position

    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def find(offset: int) -> Position:
        line = bisect_right(starts, offset)
        before = text[starts[line - 1] : offset].encode("latin-1").decode("utf-8", "replace")
        return Position(line, len(before) + 1)

    return find
