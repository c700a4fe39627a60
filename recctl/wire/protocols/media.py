"""Bytes: speech, pictures, videos and documents, of which readers of files tell the type and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.text.amounts import show_size
from recctl.wire import Wire, by_class
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.views import assemble_view

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "media"
_KEYS = frozenset({"bytes", "type", "damage", "needs"})
_SORTS = {"audio": "sound", "image": "picture", "video": "video", "font": "font"}
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_DOCUMENTS = {"application/pdf": "PDF document"}


def _is_one(item: dict[str, JSON]) -> bool:
    if item.get("type") == _EVENT_STREAM:  # whose events say more, once they are taken out
        return False
    is_told = type(item.get("bytes")) is int and isinstance(item.get("type"), str)
    return is_told and item.keys() <= _KEYS


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    kind, size = str(data.get("type")), data.get("bytes")
    sort = kind.partition("/")[0]
    builder.kind = _DOCUMENTS.get(kind) or _SORTS.get(sort, "data")
    builder.tell("type", kind, "type")
    builder.tell("size", show_size(size) if type(size) is int else "", "bytes")
    for key in ("damage", "needs"):
        builder.tell(key, data[key] if isinstance(data.get(key), str) else "", key)
    builder.extra.add_rest((), data, ())


WIRE = Wire(NAME, by_class((), _is_one), _assemble, read_prompt_request, shows_streaming=False)
