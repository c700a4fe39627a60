"""AWS's event streams: binary frames, each a JSON event and its name, made a list of events and frames again.

Mirrors botocore's `eventstream.py` and the encoding that AWS documents (application/vnd.amazon.eventstream):
a prelude of twelve bytes (both lengths, a checksum), headers, a payload, a checksum of it all.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.strict_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON

MEDIA_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_SHORTEST = _PRELUDE.size + _CHECKSUM.size
_LONGEST_HEADERS = 128 * 1024
_LONGEST_PAYLOAD = 24 * 1024 * 1024
"""AWS's bounds, as botocore has them: a length beyond them is damage, too."""


def is_event_stream(data: bytes) -> bool:
    """Whether data begin as an event stream does: with a prelude and its right checksum."""
    if len(data) < _PRELUDE.size or data[0]:
        return False
    length, headers, checksum = _PRELUDE.unpack_from(data)
    is_right: bool = zlib.crc32(data[: _PRELUDE.size - _CHECKSUM.size]) == checksum
    return is_right and length >= headers + _SHORTEST


def read_event_stream(data: bytes) -> list[JSON]:
    """The events of a stream, each as an object: its name, and under it what it says. Raises nothing.

    It is what botocore gives, except that an event under `bytes`, as InvokeModelWithResponseStream sends it,
    is read where it is JSON in base64. From a damaged frame on nothing is read: the last item then tells the
    damage, `{"bytes": 17, "type": MEDIA_TYPE, "damage": "…"}`, with how many bytes were left.
    """
    events: list[JSON] = []
    names: dict[str, str] = {}
    at = 0
    try:
        for frame in _split(data):
            name, value = _read_frame(data, frame)
            events.append({names.setdefault(name, name): value})
            at = frame.end
    except _DamageError as error:
        events.append({"bytes": len(data) - at, "type": MEDIA_TYPE, "damage": str(error)})
    return events


def edit_event_stream(data: bytes, events: list[JSON]) -> bytes | None:
    """The frames of a stream whose events were changed; what did not change keeps its bytes.

    None for what can't be written so: another number of events, another name, damage, a frame without JSON.
    """
    try:
        frames = [(frame, *_read_frame(data, frame)) for frame in _split(data)]
    except _DamageError:
        return None
    if len(frames) != len(events):
        return None
    pieces = []
    for (frame, name, value), event in zip(frames, events, strict=True):
        piece: bytes | None = data[frame.start : frame.end]
        if event != {name: value}:
            has_name = isinstance(event, dict) and event.keys() == {name}
            piece = _edit_frame(data, frame, value, event[name]) if has_name else None
        if piece is None:
            return None
        pieces.append(piece)
    return b"".join(pieces)


class _DamageError(ValueError):
    """Why a frame can't be read; its text is the message."""


class _Frame(NamedTuple):
    """Where a frame stands, and its payload in it."""

    start: int
    payload: int
    end: int


def _split(data: bytes) -> Iterator[_Frame]:
    """The frames of a stream, checksums verified. Raises _DamageError at the first that is not sound."""
    at = number = 0
    while at < len(data):
        number += 1
        rest = len(data) - at
        if rest < _PRELUDE.size:
            raise _DamageError(f"the event stream is cut off in frame {number}")
        length, headers, checksum = _PRELUDE.unpack_from(data, at)
        payload = length - headers - _SHORTEST
        is_right = zlib.crc32(data[at : at + _PRELUDE.size - _CHECKSUM.size]) == checksum
        if not is_right or headers > _LONGEST_HEADERS or not 0 <= payload <= _LONGEST_PAYLOAD:
            raise _DamageError(f"the event stream is damaged: the lengths of frame {number} can't be right")
        if rest < length:
            raise _DamageError(f"the event stream is cut off in frame {number}")
        end = at + length
        content = memoryview(data)[at : end - _CHECKSUM.size]
        if zlib.crc32(content) != _CHECKSUM.unpack_from(data, end - _CHECKSUM.size)[0]:
            raise _DamageError(f"the event stream is damaged: frame {number} fails its checksum")
        yield _Frame(at, at + _PRELUDE.size + headers, end)
        at = end


def _read_frame(data: bytes, frame: _Frame) -> tuple[str, JSON]:
    """The name of a frame's event, and what it says."""
    try:
        headers = dict(_read_headers(data, frame.start + _PRELUDE.size, frame.payload))
    except (struct.error, IndexError, UnicodeDecodeError, KeyError):
        raise _DamageError("the event stream is damaged: a frame has headers that can't be read") from None
    if headers.get(":message-type") == "error":
        told = (headers.get(f":error-{key}", "") for key in ("code", "message"))
        return "error", dict(zip(("code", "message"), told, strict=True))
    name = headers.get(":exception-type") or headers.get(":event-type") or "event"
    return name, _read_payload(
        data[frame.payload : frame.end - _CHECKSUM.size], headers.get(":content-type", "")
    )


def _read_payload(payload: bytes, kind: str) -> JSON:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return {"bytes": len(payload), "type": kind or "binary"}
    value = read_json(text)
    if value is None:
        return text
    held = _read_held(value)
    return value if held is None else {**value, "bytes": read_json(held)}


def _read_held(value: JSON) -> str | None:
    """The JSON that an event holds in base64; None where it holds none."""
    held = value.get("bytes") if isinstance(value, dict) else None
    if not isinstance(held, str):
        return None
    try:
        text = base64.b64decode(held, validate=True).decode()
    except ValueError:
        return None
    return None if read_json(text) is None else text


_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""How many bytes the value of a header has, by its type; in those of types 6 and 7 they say how many."""

_TEXT = 7


def _read_headers(data: bytes, at: int, end: int) -> Iterator[tuple[str, str]]:
    """The headers of a frame that are text."""
    while at < end:
        start = at + 1
        at = start + data[at]
        name, kind = data[start:at].decode(), data[at]
        at += 1
        if kind in (6, _TEXT):
            (size,) = struct.unpack_from(">H", data, at)
            at += 2
        else:
            size = _SIZES[kind]
        if kind == _TEXT:
            yield name, data[at : at + size].decode()
        at += size
    if at != end:
        raise IndexError


def _edit_frame(data: bytes, frame: _Frame, old: JSON, new: JSON) -> bytes | None:
    payload = data[frame.payload : frame.end - _CHECKSUM.size].decode(errors="replace")
    stored = read_json(payload)
    if stored is None or not isinstance(new, type(old)):
        return None
    held = _read_held(stored)
    if held is not None:
        if not isinstance(new.get("bytes"), (dict, list)):
            return None
        inner = _splice(held, old["bytes"], new["bytes"])
        if inner is None:
            return None
        new = {**new, "bytes": base64.b64encode(inner.encode()).decode()}
    text = _splice(payload, stored, new)
    return None if text is None else _write_frame(data[frame.start + _PRELUDE.size : frame.payload], text)


def _splice(text: str, old: JSON, new: JSON) -> str | None:
    from recctl.recordings.splicing import apply_edits
    from recctl.recordings.splicing.json_text import splice_json

    return apply_edits(text, splice_json(text, old, new))


def _write_frame(headers: bytes, text: str) -> bytes:
    payload = text.encode()
    lengths = struct.pack(">II", _SHORTEST + len(headers) + len(payload), len(headers))
    message = lengths + _CHECKSUM.pack(zlib.crc32(lengths)) + headers + payload
    return message + _CHECKSUM.pack(zlib.crc32(message))
