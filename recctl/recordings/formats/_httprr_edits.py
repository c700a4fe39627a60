"""Changes of httprr's traces: the bytes that must change, and no other; and where values are in them."""

from __future__ import annotations

import gzip
import re
from collections import deque
from typing import TYPE_CHECKING

from recctl.base.pointer import split_pointer
from recctl.recordings.compression import GZIP
from recctl.recordings.formats._httprr_reading import (
    REQUEST_LINE,
    STATUS_LINE,
    Trace,
    TracedExchange,
    TracedMessage,
    find_positions,
    open_trace,
    read,
    read_body,
)
from recctl.recordings.http import find_header
from recctl.recordings.recording import JSON, LoadError, Recording
from recctl.recordings.splicing import Edit, apply_edits, splice_text, split_like
from recctl.recordings.splicing.bodies import edit_body
from recctl.recordings.splicing.meaning import says

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recctl.base.syntax import Position
    from recctl.recordings.source import Source

_SIDES = ("request", "response")


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name are in the file, inflated if need be.

    A value in a body has the place of its line in a stream, else that of the body. "" is the recording.
    """
    trace = open_trace(source)
    if isinstance(trace, LoadError) or index >= len(trace.exchanges):
        return {}
    position_of = find_positions(trace.text)
    return {pointer: position_of(_find_place(trace, index, pointer)) for pointer in pointers}


def _find_place(trace: Trace, index: int, pointer: str) -> int:
    """Where a value of an exchange is in the text, or what it is stored in."""
    exchange = trace.exchanges[index]
    steps = split_pointer(pointer)
    if steps[:1] not in (("request",), ("response",)):
        return exchange.whole.start
    wire = exchange.request if steps[0] == "request" else exchange.response
    name, inner = (*steps[1:2], "")[0], steps[2:]
    if name in ("body", "is_streaming", "model"):
        return _find_in_body(trace.text, wire, inner)
    if name == "headers":
        lines = [line for line in wire.headers if line.name == (*inner, "")[0]]
        return lines[0].place.start if lines else wire.first.start
    return wire.first.start


def _find_in_body(text: str, wire: TracedMessage, steps: tuple[str, ...]) -> int:
    """Where a value of a body stands: on its line, if the body is one of lines as it is."""
    body = text[wire.body.start : wire.body.end]
    place = wire.body.start
    if not steps or not steps[0].isdecimal() or wire.pieces is not None or body.startswith(("{", "[")):
        return place
    for _ in range(int(steps[0])):
        after = text.find("\n", place, wire.body.end)
        if after < 0:
            return wire.body.start
        place = after + 1
    return place


def edit(source: Source, changes: Mapping[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a trace after exchanges, by index, have become other ones, or have gone (None).

    The lengths follow. All else that need not change stays as it is; what comes back was read again and says
    what was meant, None where nothing could be written that does.
    """
    trace = open_trace(source)
    if isinstance(trace, LoadError) or trace.fault:
        return None
    before = read(source)
    meant: dict[int, dict[str, JSON] | None] = {}
    edits: list[Edit] = []
    for index, document in changes.items():
        exchange, recording = trace.exchanges[index], before[index]
        if document is None:
            edits.append(Edit(*exchange.whole, ""))
            meant[index] = None
        elif isinstance(recording, Recording):
            changed = _change(trace.text, exchange, recording, document)
            if changed is None:
                return None
            more, meant[index] = changed
            edits += more
        else:
            return None
    text = apply_edits(trace.text, edits)
    if text is None:
        return None
    content = text.encode("latin-1")
    if source.content.startswith(GZIP):  # with the time stamp that it had
        content = gzip.compress(content, mtime=int.from_bytes(source.content[4:8], "little"))
    return content if says(read(source._replace(content=content)), before, meant) else None


def _change(
    text: str, exchange: TracedExchange, recording: Recording, document: dict[str, JSON]
) -> tuple[list[Edit], dict[str, JSON]] | None:
    """The edits of an exchange, and its document with all that follows; None for what can't be written."""
    edits: list[Edit] = []
    lengths, whole = [], dict(document)
    for side, wire in zip(_SIDES, (exchange.request, exchange.response), strict=True):
        old, new = recording.document[side], whole[side]
        start = exchange.lengths.end if side == "request" else exchange.request.body.end
        of_body = _edit_body(text, wire, old, new, recording.source.settings.max_size)
        of_line = _edit_first_line(text, wire, side, old, new)
        if of_body is None or of_line is None:
            return None
        body, growth = of_body
        headers = _follow(wire, old, new, len(read_body(text, wire)), growth)
        whole[side] = {**new, "headers": headers}
        of_headers = [*_edit_headers(text, wire, headers)]
        edits += [*of_line, *of_headers, *body]
        grown = sum(len(each.text) - (each.end - each.start) for each in (*of_line, *of_headers, *body))
        lengths.append(wire.body.end - start + grown)
    line = text[exchange.lengths.start : exchange.lengths.end]
    end = line[len(line.rstrip("\r\n")) :]
    edits += splice_text(line, f"{lengths[0]} {lengths[1]}{end}", exchange.lengths.start)
    return edits, whole


def _edit_first_line(
    text: str, wire: TracedMessage, side: str, old: dict[str, JSON], new: dict[str, JSON]
) -> list[Edit] | None:
    """The edits of a first line; None for what none says."""
    keys = ("method", "url") if side == "request" else ("status",)
    found = re.match(
        REQUEST_LINE if side == "request" else STATUS_LINE, text[wire.first.start : wire.first.end]
    )
    edits: list[Edit] = []
    for number, key in enumerate(keys, 1):
        if old.get(key) == new.get(key):
            continue
        value = str(new.get(key))
        if found is None or not value.isprintable() or " " in value or not value:
            return None
        start = wire.first.start
        edits.append(Edit(start + found.start(number), start + found.end(number), _encode(value)))
    return edits


def _encode(text: str) -> str:
    """A text in UTF-8, a character for each byte."""
    return text.encode().decode("latin-1")


def _edit_body(
    text: str, wire: TracedMessage, old: dict[str, JSON], new: dict[str, JSON], max_size: int
) -> tuple[list[Edit], int] | None:
    """The edits of a body, and by how many bytes it grows; None for what can't be stored."""
    if old["body"] == new["body"]:
        return [], 0
    stored = read_body(text, wire)
    encoding = find_header(old["headers"], "content-encoding")
    edited = edit_body(stored, old["body"], new["body"], max_size, encoding)
    if edited is None or not isinstance(edited.value, bytes):
        return None
    was, will = stored.decode("latin-1"), edited.value.decode("latin-1")
    if wire.pieces is None:
        return splice_text(was, will, wire.body.start), len(will) - len(was)
    edits: list[Edit] = []
    pieces = [text[span.start : span.end] for span in wire.pieces]
    for span, piece, now in zip(wire.pieces, pieces, split_like(pieces, splice_text(was, will)), strict=True):
        if piece == now:
            continue
        size = text.rindex("\n", 0, span.start - 1) + 1
        edits += splice_text(text[size : span.start], f"{len(now):x}\r\n" if now else "", size)
        edits.append(Edit(span.start, span.end + (0 if now else 2), now))
    return edits, len(will) - len(was)


def _follow(
    wire: TracedMessage, old: dict[str, JSON], new: dict[str, JSON], size: int, growth: int
) -> dict[str, JSON]:
    """The headers of a side, with the length of its body where that was the true one."""
    headers: dict[str, JSON] = dict(new["headers"])
    for line in wire.headers:
        is_length = line.name.lower() == "content-length" and line.value == str(size)
        if is_length and headers.get(line.name) == old["headers"].get(line.name):
            headers[line.name] = str(size + growth)
    return headers


def _edit_headers(text: str, wire: TracedMessage, new: dict[str, JSON]) -> Iterator[Edit]:
    """The edits that make headers other ones: values change in place, lines go, or come behind the others."""
    left = {name: deque(value if isinstance(value, list) else [value]) for name, value in new.items()}
    end = wire.headers[-1].whole.end if wire.headers else wire.first.end
    for line in wire.headers:
        values = left.get(line.name)
        if values:
            value = values.popleft()
            yield from splice_text(
                text[line.place.start : line.place.end], _encode(str(value)), line.place.start
            )
        else:
            yield Edit(*line.whole, "")
    added = [(name, value) for name, values in left.items() for value in values]
    if added:
        written = "".join(f"{name}: {_encode(str(value))}\r\n" for name, value in added)
        yield Edit(end, end, written)
