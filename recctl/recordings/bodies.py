"""Bodies of HTTP messages, from how files store them to what rules and renderers read."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from recctl.base.strict_json import read_json
from recctl.base.values import NamedTuple
from recctl.recordings.compression import MissingLibraryError, has_sign, open_data

if TYPE_CHECKING:
    from recctl.recordings.compression import Room
    from recctl.recordings.recording import JSON


class Body(NamedTuple):
    """A body as rules and renderers read it.

    JSON is its value, a stream the list of its lines (server-sent events) or values (JSON lines, AWS events);
    other text is text, and data that are none are described: `{"bytes": 1024, "type": "image/png"}`, with
    `damage` for what can't be inflated, or `needs` where a library for that is missing.
    """

    value: JSON
    is_streaming: bool = False


def read_body(stored: Any, content_type: str, room: Room, encoding: str = "") -> Body:
    """A body, from what a file stores: text, bytes, or a value that is JSON already.

    Data are told by what they are, whatever a header says, and inflated as far as there is room.
    `content_type` and `encoding` are the headers content-type and content-encoding, "" for none.
    """
    if isinstance(stored, bytes):
        return _read_bytes(stored, content_type, room, encoding)
    if isinstance(stored, str):
        data = find_data(stored)
        body = None if data is None else _read_bytes(data, content_type, room, encoding)
        return _read_text(stored, content_type) if body is None or is_described(body.value) else body
    return Body(stored)


def find_data(text: str) -> bytes | None:
    """The data that a text is base64 of, if they are compressed, JSON or an event stream; else None."""
    if text[:1] not in _FIRST or not re.match(_ENCODED, text):
        return None
    data = decode_base64(text)
    return data if data is not None and (has_sign(data) or _says_something(data)) else None


_FIRST = ("H", "K", "e", "W", "Z")
_ENCODED = (
    r"(?:H4sI|KLUv|e[wy]|W[1yw]|ZGF0YT|ZXZlbnQ6)[A-Za-z0-9+/_-]{8,}+(?:[\r\n]+[A-Za-z0-9+/_-]++)*={0,2}\s*\Z"
)


def _says_something(data: bytes) -> bool:
    """Whether data are an object or a list in JSON, or an event stream."""
    text = _decode_text(data)
    return text is not None and (read_json(text) is not None or re.match(_EVENT, text) is not None)


def decode_base64(text: str) -> bytes | None:
    """The data that base64 stands for, in either alphabet, on one line or several; None for other text."""
    letters = "".join(text.split()).rstrip("=").translate(_STANDARD)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except ValueError:
        return None


def encode_base64(data: bytes, former: str = "") -> str:
    """Data in base64, in lines as long as those of a former text, and with its ends."""
    text = base64.b64encode(data).decode()
    if "-" in former or "_" in former:
        text = text.translate(_URL_SAFE)
    if former and not former.rstrip().endswith("=") and len("".join(former.split())) % 4:
        text = text.rstrip("=")
    first, *rest = former.strip().splitlines() or [""]
    if rest:
        text = "\n".join(text[start : start + len(first)] for start in range(0, len(text), len(first)))
    return text + former[len(former.rstrip()) :]


_STANDARD = str.maketrans("-_", "+/")
_URL_SAFE = str.maketrans("+/", "-_")


def write_bytes(value: Any) -> JSON:
    """A value with a text in place of all bytes in it; each byte a character where they are not UTF-8."""
    if isinstance(value, bytes):
        return value.decode() if _decode_text(value) is not None else value.decode("latin-1")
    if isinstance(value, list):
        return [*map(write_bytes, value)]
    return {key: write_bytes(item) for key, item in value.items()} if isinstance(value, dict) else value


def _read_bytes(data: bytes, content_type: str, room: Room, encoding: str) -> Body:
    if not data:
        return Body("")
    kind = content_type.partition(";")[0].strip() or "binary"
    opened = open_data(data, room, kind, encoding)
    if opened.error is not None:
        reason = "needs" if isinstance(opened.error, MissingLibraryError) else "damage"
        return Body({"bytes": len(data), "type": kind, reason: str(opened.error)})
    content = opened.content
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


def is_described(value: JSON) -> bool:
    """Whether a body was no text, and is described."""
    if not isinstance(value, dict) or not {"bytes", "type"} <= value.keys():
        return False
    return value.keys() <= {"bytes", "type", "damage", "needs"}


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
        values = _read_json_lines(text, may_be_cut="ndjson" in kind)
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


def _read_json_lines(text: str, *, may_be_cut: bool = False) -> list[JSON] | None:
    """The JSON objects that are in a text, one a line; None where something else does.

    The last of several lines may be cut off: it is the text that it is.
    """
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    values = [read_json(line) for line in lines]
    if may_be_cut and len(values) > 1 and values[-1] is None and lines[-1].startswith("{"):
        return [*values[:-1], lines[-1]] if all(isinstance(value, dict) for value in values[:-1]) else None
    return values if values and all(isinstance(value, dict) for value in values) else None
