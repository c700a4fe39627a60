"""What the wire protocols share in reading requests: messages and tools in the form that OpenAI gave them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.completion import Request, RequestMessage, Tool, ToolCall

if TYPE_CHECKING:
    from recctl.recording import JSON

_PLACED = frozenset({"model", "messages", "prompt", "tools"})
_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls", "tool_call_id", "name"})
_TOOL_KEYS = frozenset({"name", "description", "parameters"})


def read_chat_request(asked: dict[str, JSON]) -> Request:
    """A request in OpenAI's form, or of anything that shares its keys."""
    model = asked.get("model")
    messages, tools = asked.get("messages"), asked.get("tools")
    return Request(
        model=model if isinstance(model, str) else None,
        messages=tuple(map(_read_message, messages)) if isinstance(messages, list) else (),
        prompt=asked.get("prompt"),
        tools=tuple(map(_read_tool, tools)) if isinstance(tools, list) else (),
        parameters={key: value for key, value in asked.items() if key not in _PLACED},
    )


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
        return ToolCall(None, None, None, write_arguments(call))
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    return ToolCall(
        id=text_or_none(call.get("id")),
        type=text_or_none(call.get("type")),
        name=text_or_none(function.get("name")),
        arguments=write_arguments(function.get("arguments")),
    )


def _read_tool(tool: JSON) -> Tool:
    if not isinstance(tool, dict):
        return Tool(name=None, extra={"tool": tool})
    function = tool.get("function")
    holder = function if isinstance(function, dict) else tool
    return Tool(
        name=text_or_none(holder.get("name")),
        type=text_or_none(tool.get("type")),
        description=text_or_none(holder.get("description")),
        parameters=holder.get("parameters"),
        extra={
            key: value
            for key, value in holder.items()
            if key not in _TOOL_KEYS and (holder, key) != (tool, "type")
        },
    )


def text_or_none(value: JSON) -> str | None:
    """The value, if it is text."""
    return value if isinstance(value, str) else None


def write_arguments(arguments: JSON) -> str | None:
    """A call's arguments as text: text as it is, null as None, anything else as JSON."""
    if arguments is None or isinstance(arguments, str):
        return arguments
    return json.dumps(arguments, ensure_ascii=False)
