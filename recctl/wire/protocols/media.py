"""Bytes: speech, pictures, videos and documents, of which the type and size are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe_media, summarise_data
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.values import decode_base64

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "media"
_EVENTS = "speech.audio."
_SOUNDS = ("audioContent", "audio_base64", "audio")
_LEAST = 100
"""How many characters sound has at least, which is no name of a file then."""

_KEYS = frozenset({"bytes", "type", "damage", "needs"})
_SORTS = {"audio": "sound", "image": "picture", "video": "video", "font": "font"}
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_DOCUMENTS = {"application/pdf": "PDF document"}


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and _EVENTS not in item:
        return False
    kind, data, _ = peek(item)
    if kind.startswith(_EVENTS):
        return True
    return not isinstance(item, str) and (_is_described(data) or _find_sound(data) is not None)


def _is_described(data: dict[str, JSON]) -> bool:
    """Whether an object tells of bytes, which is not so for events of AWS that were not taken apart."""
    is_told = type(data.get("bytes")) is int and isinstance(data.get("type"), str)
    return is_told and data.keys() <= _KEYS and data["type"] != _EVENT_STREAM


def _find_sound(data: dict[str, JSON]) -> str | None:
    """The key under which a body has sound as base64."""
    return next((key for key in _SOUNDS if isinstance(data.get(key), str) and len(data[key]) >= _LEAST), None)


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    pieces: list[bytes] = []
    is_stream = False
    for event in read_events(items, builder, streamed=streamed):
        kind, data, pointer = event
        is_stream = is_stream or kind.startswith(_EVENTS)
        key = "audio" if kind.startswith(_EVENTS) else _find_sound(data)
        if data.get("error"):
            builder.fail(data["error"], pointer)
        if _is_described(data):
            _add_described(builder, data)
            continue
        if key is not None:
            pieces.append(decode_base64(data.get(key)) or b"")
        builder.merge_usage(data.get("usage"))
        builder.extra.add_rest((), summarise_data(data), {"type", "usage", "error", "audio"})
        if is_stream and kind != f"{_EVENTS}done" and data.get("audio"):
            builder.extra.append(("pieces",), summarise_data(data["audio"]))
        elif key is not None and not is_stream:
            builder.extra.add((key,), summarise_data(data[key]))
    if pieces:
        builder.kind = "sound"
        builder.add_fact("sound", describe_media("", b"".join(pieces)))
    return builder.build(NAME, streamed=is_stream, chunks=len(items), has_choices=False)


def _add_described(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    """Tell bytes by the type and size that are known of them."""
    kind, size = str(data["type"]), data["bytes"]
    builder.kind = _DOCUMENTS.get(kind) or _SORTS.get(kind.partition("/")[0], "data")
    builder.add_fact("type", kind, "type")
    builder.add_fact("size", show_size(size), "bytes")
    for key in ("damage", "needs"):
        builder.add_fact(key, data[key] if isinstance(data.get(key), str) else "", key)
    builder.extra.add_rest((), data, ())


WIRE = Wire(NAME, _recognises, _assemble, read_prompt_request, shows_streaming=False)
