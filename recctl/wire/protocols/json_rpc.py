"""JSON-RPC 2.0, plain or in an event stream: what MCP servers offer and do, and agents that speak A2A."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, describe_values, shorten, summarise_data
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.values import is_nothing
from recctl.wire.completion import Fact, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "json-rpc"
_LISTS = {
    "tools": ("tool", "tools"),
    "resources": ("resource", "resources"),
    "resourceTemplates": ("template of resources", "templates of resources"),
    "prompts": ("prompt", "prompts"),
    "roots": ("root", "roots"),
}
"""What MCP's lists hold, by the key of a result, in one and in many."""


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and "jsonrpc" not in item:
        return False
    return "jsonrpc" in peek(item).data


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    is_stream = any(isinstance(item, str) for item in items) and streamed
    builder.kind = "JSON-RPC"
    for number, (_, data, pointer) in enumerate(read_events(items, builder, streamed=streamed)):
        place = () if number == 0 else (f"message_{number + 1}",)
        if not is_nothing(data.get("error")):
            builder.fail(data["error"], f"{pointer}/error")
        if isinstance(data.get("method"), str):
            builder.add_fact(data["method"], shorten(describe(data.get("params"))))
        result = data.get("result")
        if isinstance(result, dict):
            tell = next((tell for mark, tell in _TELLERS.items() if mark in result), _describe_other)
            builder.kind = tell(builder, result)
        elif result is not None:
            builder.add_fact("result", shorten(describe(result)))
        builder.extra.add_rest(
            place, summarise_data(data), {"error", *(["jsonrpc"] if data.get("jsonrpc") == "2.0" else [])}
        )
    return builder.build(NAME, streamed=is_stream, chunks=len(items), has_choices=False)


def _describe_server(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    info, capabilities = result.get("serverInfo"), result.get("capabilities")
    if isinstance(info, dict):
        builder.add_fact("server", " ".join(str(info[key]) for key in ("name", "version") if info.get(key)))
    builder.add_fact("protocol", str(result.get("protocolVersion")))
    builder.add_fact("offers", ", ".join(capabilities) if isinstance(capabilities, dict) else "")
    describe_values(builder, result, ("instructions",))
    return "MCP server"


def _describe_content(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    for part in _list(result.get("content")):
        builder.add_fact(*_describe_part(part))
    if result.get("isError"):
        builder.add_fact("isError", "yes")
    return "result of a tool that failed" if result.get("isError") else "result of a tool"


def _describe_contents(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    for part in _list(result.get("contents")):
        name, text = _describe_part(part)
        uri = part.get("uri") if isinstance(part, dict) else None
        builder.add_fact(text_or_none(uri) or name, text)
    return "resource"


def _describe_messages(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    for message in _list(result.get("messages")):
        told = message if isinstance(message, dict) else {"content": message}
        builder.add_fact(str(told.get("role", "message")), _describe_part(told.get("content"))[1])
    return "prompt"


def _describe_part(part: JSON) -> tuple[str, str]:
    """What a part of a result is called, and what it says."""
    if not isinstance(part, dict):
        return "content", describe(part)
    kind = text_or_none(part.get("type")) or "content"
    text = part.get("text")
    if isinstance(text, str):
        return kind, text
    rest = {key: inner for key, inner in part.items() if key != "type"}
    return kind, shorten(describe(rest))


def _describe_list(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    key = next(key for key in _LISTS if key in result)
    listed = _list(result[key])
    for item in listed:
        told = item if isinstance(item, dict) else {}
        text = text_or_none(told.get("description")) or text_or_none(told.get("uri")) or "-"
        builder.add_fact(text_or_none(told.get("name")) or "?", shorten(" ".join(text.split())))
    return show_count(len(listed), *_LISTS[key])


def _describe_other(builder: ReplyBuilder, result: dict[str, JSON]) -> str:
    describe_values(builder, result, result)
    return "JSON-RPC"


_TELLERS: dict[str, Callable[[ReplyBuilder, dict[str, JSON]], str]] = {
    "serverInfo": _describe_server,
    "content": _describe_content,
    "contents": _describe_contents,
    "messages": _describe_messages,
    **dict.fromkeys(_LISTS, _describe_list),
}
"""By the key that a result has: what tells of it, and gives what it is called."""


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]


def _read_request(asked: dict[str, JSON]) -> Request:
    return Request(parameters=asked, facts=(*_describe_call(asked),))


def _describe_call(asked: dict[str, JSON]) -> Iterator[Fact]:
    method, params = asked.get("method"), asked.get("params")
    if not isinstance(method, str):
        return
    yield Fact("method", method, ("method", "jsonrpc", "id"))
    if isinstance(params, dict):
        for key, value in params.items():
            if key != "_meta" and not is_nothing(value):
                yield Fact(key, shorten(describe(value)), ("params",))


WIRE = Wire(NAME, _recognises, _assemble, _read_request, shows_streaming=False)
