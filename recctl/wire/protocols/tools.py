"""What a tool gave back when it was run for a test: its content, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.sse import decode
from recctl.wire.building.values import as_list, as_object
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
    content = data.get("content")
    pages = _list_pages(content)
    for number, page in enumerate(pages, 1):
        builder.add_fact(f"{number}.", f"{page['title']}, {page['url']}")
    if isinstance(content, str) and not pages:
        builder.add_fact("content", content, "content")
    failure = {name: data[key] for key, name in _FAILURE.items() if data.get(key)}
    if failure:
        builder.fail(failure, pointer)
    builder.extra.add_rest((), data, {key for key in _FAILURE if data.get(key)})


def _list_pages(content: JSON) -> list[dict[str, JSON]]:
    """The pages that a search gave, from the JSON text that they come in; none for any other content."""
    try:
        found = as_object(decode(content)) if isinstance(content, str) and content.startswith("{") else {}
    except ValueError:
        return []
    entries = [as_object(entry) for value in found.values() for entry in as_list(value)]
    return entries if entries and all({"title", "url"} <= entry.keys() for entry in entries) else []


WIRE = Wire(NAME, by_class("ToolInvocationResult", _is_one), _assemble, read_parameters)
