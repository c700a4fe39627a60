"""What a tool gave back when it was run for a test: its content, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.views import assemble_view

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "tool-result"
_FAILURE = {"error_message": "message", "error_code": "code"}


def _is_one(item: dict[str, JSON]) -> bool:
    return "content" in item and not _FAILURE.keys().isdisjoint(item)


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], pointer: str) -> None:
    builder.kind = "result of a tool"
    builder.tell("content", data["content"] if isinstance(data.get("content"), str) else "", "content")
    failure = {name: data[key] for key, name in _FAILURE.items() if data.get(key)}
    if failure:
        builder.fail(failure, pointer)
    builder.extra.add_rest((), data, {key for key in _FAILURE if data.get(key)})


WIRE = Wire(NAME, by_class("ToolInvocationResult", _is_one), _assemble, read_parameters)
