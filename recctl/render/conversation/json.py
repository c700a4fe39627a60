"""`recctl.show.v1`, for scripts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import join_pointer
from recctl.render import render_whole
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render.conversation import ConversationView
    from recctl.wire import Exchange
    from recctl.wire.completion import Completion, MessagePart, Request, ToolCall


def render(items: Iterable[Exchange | LoadError | Unread], view: ConversationView) -> Iterator[str]:
    """`recctl.show.v1`, one recording at a time."""
    from recctl.wire import Exchange

    errors: list[LoadError | Unread] = []
    view = replace(view, refuse=partial(_refuse, errors, view))
    yield '{\n  "version": "recctl.show.v1",\n  "recordings": ['
    separator = "\n"
    for item in items:
        if isinstance(item, Exchange):
            pieces = render_whole(str(item.recording.key), view.refuse, _render_exchange, item, view)
            yield from (separator, *pieces) if pieces else ()
            separator = ",\n" if pieces else separator
        else:
            errors.append(item)
    closing = "]" if separator == "\n" else "\n  ]"
    told = dump_document([describe_error(error) for error in errors])
    yield f'{closing},\n  "errors": {_indent(told, 2).lstrip()}\n}}\n'


def _render_exchange(exchange: Exchange, view: ConversationView) -> Iterator[str]:
    yield _indent(dump_document(_exchange(exchange, view)), 4)


def _refuse(errors: list[LoadError | Unread], view: ConversationView, unread: Unread) -> None:
    errors.append(unread)
    view.refuse(unread)


def _indent(text: str, width: int) -> str:
    """JSON text further to the right; only its own line breaks are real ones."""
    return "\n".join(" " * width + line for line in text.rstrip("\n").split("\n"))


def _exchange(exchange: Exchange, view: ConversationView) -> dict[str, Any]:
    recording, completion = exchange.recording, exchange.completion
    return {
        "path": recording.source.name,
        "index": recording.key.number,
        "test_id": recording.test_id,
        "endpoint": recording.endpoint,
        "url": recording.url or None,
        "wire": completion.wire,
        "streamed": completion.streamed,
        "chunks": completion.chunks,
        "complete": completion.complete,
        "request": _request(exchange.request) if view.shows("request") else None,
        "response": _response(completion) if view.shows("response") else None,
        "notes": [
            {"code": note.code, "message": note.message, "pointer": note.pointer} for note in completion.notes
        ],
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "model": request.model,
        "messages": [
            {
                "role": message.role,
                "content": message.content,
                "tool_calls": [_tool_call(call) for call in message.tool_calls],
                "tool_call_id": message.tool_call_id,
                "name": message.name,
                "extra": message.extra,
            }
            for message in request.messages
        ],
        "prompt": request.prompt,
        "tools": [
            {
                "type": tool.type,
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
                "extra": tool.extra,
            }
            for tool in request.tools
        ],
        "parameters": request.parameters,
    }


def _response(completion: Completion) -> dict[str, Any]:
    return {
        "id": completion.id,
        "model": completion.model,
        "choices": [
            {
                "index": choice.index,
                "message": {
                    "role": choice.message.role,
                    "content": choice.message.content,
                    "reasoning": choice.message.reasoning,
                    "refusal": choice.message.refusal,
                    "tool_calls": [_tool_call(call) for call in choice.message.tool_calls],
                    "parts": [_part(part) for part in choice.message.parts],
                },
                "finish_reason": choice.finish_reason,
                "logprobs": choice.logprobs,
            }
            for choice in completion.choices
        ],
        "usage": completion.usage,
        "error": completion.error,
        "extra": completion.extra,
    }


def _part(part: MessagePart) -> dict[str, Any]:
    """A part of a message: its text, its call, or a JSON pointer to its place in `extra`."""
    if part.call is not None:
        return {"type": part.kind, "tool_call": _tool_call(part.call)}
    if part.place:
        return {"type": part.kind, "extra": join_pointer(part.place)}
    return {"type": part.kind, "text": part.text}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": call.type, "function": {"name": call.name, "arguments": call.arguments}}
