"""Bodies of HTTP messages, from how files store them to what rules and renderers read."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from recctl.text import strict_json

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON

MAX_DEPTH = 250
"""How deeply the JSON of a body may nest; what nests deeper stays text."""

GZIP = b"\x1f\x8b"
"""What data that gzip compressed begin with."""

_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


class Body(NamedTuple):
    """A body as rules and renderers read it.

    JSON is its value, a stream the list of its lines (server-sent events) or values (JSON lines, AWS events);
    other text is text, and data that are none are described: `{"bytes": 1024, "type": "image/png"}`.
    """

    value: JSON
    is_streaming: bool = False


class InflationError(ValueError):
    """Why compressed data can't be read; its text is the message."""


def read_body(stored: Any, content_type: str, max_size: int) -> Body:
    """A body, from what a file stores: text, bytes, or a value that is JSON already.

    What is compressed is told by its first bytes, whatever a header says, and inflated up to `max_size`
    bytes. `content_type` is the header of that name, "" for none.
    """
    if isinstance(stored, bytes):
        return _read_bytes(stored, content_type, max_size)
    return _read_text(stored, content_type) if isinstance(stored, str) else Body(stored)


def write_bytes(value: Any) -> JSON:
    """A value with a text in place of all bytes in it; each byte a character where they are not UTF-8."""
    if isinstance(value, bytes):
        return value.decode() if _decode_text(value) is not None else value.decode("latin-1")
    if isinstance(value, list):
        return [*map(write_bytes, value)]
    return {key: write_bytes(item) for key, item in value.items()} if isinstance(value, dict) else value


def inflate(data: bytes, max_size: int) -> bytes:
    """What gzip or zlib made these data of. Raises InflationError where they are damaged, or too large."""
    pieces: list[bytes] = []
    size = 0
    while data:
        if len(pieces) == _MOST_MEMBERS:
            raise InflationError(f"the compressed data have more than {_MOST_MEMBERS} parts")
        decompressor = zlib.decompressobj(wbits=47)  # either header
        try:
            piece = decompressor.decompress(data, max_size - size + 1)
        except zlib.error:
            raise InflationError("the compressed data are damaged") from None
        size += len(piece)
        if size > max_size:
            from recctl.text.amounts import show_size

            raise InflationError(f"the compressed data hold more than {show_size(max_size)}")
        if not decompressor.eof:
            raise InflationError("the compressed data are cut off")
        pieces.append(piece)
        data = decompressor.unused_data.lstrip(b"\0")  # padding; else gzip's next member
        if pieces and not data.startswith(GZIP):
            break
    return b"".join(pieces)


_MOST_MEMBERS = 100
"""How many parts data may be compressed in, one after the other: what follows one is copied for the next."""


def is_compressed(data: bytes) -> bool:
    """Whether data begin as gzip's or zlib's do."""
    return data.startswith(GZIP) or data.startswith(_ZLIB)


def _read_bytes(data: bytes, content_type: str, max_size: int) -> Body:
    if not data:
        return Body("")
    kind = content_type.partition(";")[0].strip() or "binary"
    content = data
    if is_compressed(data):
        try:
            content = inflate(data, max_size)
        except InflationError as error:
            if data.startswith(GZIP):
                return Body({"bytes": len(data), "type": kind, "damage": str(error)})
    text = _decode_text(content)
    if text is not None:
        return _read_text(text, content_type)
    events = _read_event_stream(content, kind)
    return Body({"bytes": len(content), "type": kind}) if events is None else Body(events, is_streaming=True)


def _read_event_stream(data: bytes, kind: str) -> list[JSON] | None:
    """The events of AWS's binary frames, told by the first or by the media type; None for other data."""
    if not data.startswith(b"\0") and "eventstream" not in kind:
        return None
    from recctl.recordings.event_stream import MEDIA_TYPE, is_event_stream, read_event_stream

    return read_event_stream(data) if kind == MEDIA_TYPE or is_event_stream(data) else None


def _decode_text(data: bytes) -> str | None:
    """The text that data are; None for what no text holds."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _read_text(text: str, content_type: str) -> Body:
    start = text.lstrip("\ufeff \t\r\n")[:1]  # routers may send blanks for a minute before it
    kind = content_type.lower()
    if "ndjson" in kind or "jsonl" in kind:
        values = _read_json_lines(text)
        return Body(text) if values is None else Body(values, is_streaming="ndjson" in kind)
    if start and start in "{[":
        value = read_json(text)
        if value is None:
            value = _read_json_lines(text)
            return Body(text) if value is None else Body(value, is_streaming=True)
        return Body(value)
    if "event-stream" in kind or re.match(_EVENT, text):
        return Body(split_lines(text), is_streaming=True)
    return Body(text)


_EVENT = (  # compiled where a text calls for it, as the next
    r"\ufeff?(?::[^\r\n]*[\r\n]|[\r\n])*"  # comments, blank lines
    r"(?:data|event):[^\r\n]*[\r\n]+(?:(?:data|event|id|retry|):|[\r\n]|\Z)"
)
_LINE_END = r"\r\n|\n|\r"


def split_lines(text: str) -> list[str]:
    """The lines of an event stream, without what ends them: a line feed, a carriage return, or both."""
    lines = re.split(_LINE_END, text) if "\r" in text else text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _read_json_lines(text: str) -> list[JSON] | None:
    """The JSON objects that stand in a text, one a line; None where something else does."""
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    values = [read_json(line) for line in lines]
    return values if values and all(isinstance(value, dict) for value in values) else None


def read_json(text: str) -> JSON:
    """The JSON object or array that a text holds; None where it holds none that can be written again."""
    value: JSON
    if _LONG_NUMBER in text.encode("utf-8", "surrogatepass").translate(_DIGITS):
        value = _read_strictly(text)
    else:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:  # it may be a lone surrogate, which Python's json reads
            value = _read_strictly(text)
    if not isinstance(value, (dict, list)):
        return None
    may_be_deep = text.count("{") + text.count("[") > MAX_DEPTH
    return None if may_be_deep and strict_json.nests_deeper(value, MAX_DEPTH) else value


_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""With every digit a zero: what may be an integer that orjson makes a float of. A pattern takes much
longer."""


def _read_strictly(text: str) -> JSON:
    try:
        return strict_json.decode(text)
    except ValueError:
        return None
