"""What the wire protocols share in reading requests: messages and tools in the form that OpenAI gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.strict_json import decode
from recctl.wire.building.values import write_text
from recctl.wire.completion import Request, RequestMessage, Tool, ToolCall

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON

_KINDS = {"model": (str, type(None)), "messages": (list, type(None)), "tools": (list, type(None))}
_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls", "tool_call_id", "name"})
_TOOL_KEYS = frozenset({"name", "description", "parameters"})


def read_chat_request(asked: dict[str, JSON]) -> Request:
    """A request in OpenAI's form, or of anything that shares its keys."""
    model, messages, tools = asked.get("model"), asked.get("messages"), asked.get("tools")
    placed = {"prompt"}
    placed.update(key for key, kind in _KINDS.items() if isinstance(asked.get(key), kind))
    return Request(
        model=text_or_none(model),
        messages=tuple(map(_read_message, messages)) if isinstance(messages, list) else (),
        prompt=asked.get("prompt"),
        tools=tuple(map(_read_tool, tools)) if isinstance(tools, list) else (),
        parameters={key: value for key, value in asked.items() if key not in placed},
    )


def read_prompt_request(asked: dict[str, JSON], key: str = "input") -> Request:
    """A request with a text, or a list of texts, under `key` or `prompt`, and parameters."""
    request = read_chat_request(asked)
    if request.prompt is not None or asked.get(key) is None:
        return request
    parameters = {name: value for name, value in request.parameters.items() if name != key}
    return request._replace(prompt=asked[key], parameters=parameters)


def read_parameters(asked: dict[str, JSON]) -> Request:
    """A request that has nothing but parameters."""
    return Request(parameters=asked)


def _read_message(message: JSON) -> RequestMessage:
    if not isinstance(message, dict):
        return RequestMessage(role=None, content=message)
    calls = message.get("tool_calls")
    return RequestMessage(
        role=text_or_none(message.get("role")),
        content=message.get("content"),
        tool_calls=tuple(map(_read_call, calls)) if isinstance(calls, list) else (),
        tool_call_id=text_or_none(message.get("tool_call_id")),
        name=text_or_none(message.get("name")),
        extra={key: value for key, value in message.items() if key not in _MESSAGE_KEYS},
    )


def _read_call(call: JSON) -> ToolCall:
    if not isinstance(call, dict):
        return ToolCall(None, None, None, write_text(call))
    tool = _find_tool(call)
    return ToolCall(
        id=text_or_none(call.get("id")),
        type=text_or_none(call.get("type")),
        name=text_or_none(tool.get("name")),
        arguments=write_text(tool.get("arguments", tool.get("input"))),
    )


def _read_tool(tool: JSON) -> Tool:
    if not isinstance(tool, dict):
        return Tool(name=None, extra={"tool": tool})
    inner = _find_tool(tool)
    around = {key: value for key, value in tool.items() if key != "type" and value is not inner}
    told = {**around, **inner}
    return Tool(
        name=text_or_none(told.get("name")),
        type=text_or_none(tool.get("type")),
        description=text_or_none(told.get("description")),
        parameters=_read_schema(told.get("parameters")),
        extra={key: value for key, value in told.items() if key not in _TOOL_KEYS},
    )


def _read_schema(schema: JSON) -> JSON:
    """A schema; as an object, too, where it is one as text, as in dumps of xAI's gRPC."""
    if not isinstance(schema, str):
        return schema
    try:
        value = decode(schema)
    except ValueError:
        return schema
    return value if isinstance(value, dict) else schema


def _find_tool(value: dict[str, JSON]) -> dict[str, JSON]:
    """What stands under `function`, or `custom` (for tools that take any text); empty when neither does."""
    tools = (value.get(key) for key in ("function", "custom"))
    return next((tool for tool in tools if isinstance(tool, dict)), {})


def text_or_none(value: JSON) -> str | None:
    """The value, if it is text."""
    return value if isinstance(value, str) else None
