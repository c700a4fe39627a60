"""Ollama's own protocol: `GenerateResponse` (text) and `ChatResponse` (a message), streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire
from recctl.wire._builder import CallBuilder, ReplyBuilder, is_nothing
from recctl.wire._requests import read_chat_request, text_or_none

if TYPE_CHECKING:
    from recctl.completion import Completion
    from recctl.recording import JSON
    from recctl.wire._builder import ChoiceBuilder

NAME = "ollama"
_COUNTERS = ("prompt_eval_count", "eval_count")
_CHUNK_KEYS = frozenset(
    {"model", "response", "thinking", "message", "done", "done_reason", "error", *_COUNTERS}
)
_MESSAGE_KEYS = frozenset({"role", "content", "thinking", "tool_calls"})


def _recognises(item: JSON) -> bool:
    if not isinstance(item, dict):
        return False
    if "__type__" in item:
        kind = str(item["__type__"])
        return "ollama" in kind and kind.endswith((".GenerateResponse", ".ChatResponse"))
    return "done" in item and ("response" in item or "message" in item)


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    for number, item in enumerate(items):
        data = item.get("__data__", item) if isinstance(item, dict) else item
        envelope = "/__data__" if data is not item else ""
        pointer = f"/response/body{f'/{number}' if streamed else ''}{envelope}"
        if isinstance(data, dict):
            _add_chunk(builder, builder.choice(0), data, pointer)
        else:
            builder.note("odd-chunk", "this is not a chunk", pointer)
            builder.extra.add(("odd_chunks",), data)
    return builder.build(NAME, streamed=streamed, chunks=len(items))


def _add_chunk(builder: ReplyBuilder, choice: ChoiceBuilder, data: dict[str, JSON], pointer: str) -> None:
    if choice.has_ended:
        builder.note_once("chunk-after-finish", "the reply goes on after its end", pointer)
    if builder.model is None:
        builder.model = text_or_none(data.get("model")) or None
    elif data.get("model") != builder.model:
        builder.extra.add(("other_models",), data.get("model"))
    if data.get("error"):
        builder.fail(data["error"], pointer)
    _add_text(builder, choice.content, "response", data)
    _add_text(builder, choice.reasoning, "thinking", data)
    message = data.get("message")
    if isinstance(message, dict):
        _add_message(builder, choice, message, f"{pointer}/message")
    else:
        builder.extra.add(("odd_message",), message)
    counters = {key: data[key] for key in _COUNTERS if data.get(key) is not None}
    if counters:
        builder.usage = {**(builder.usage or {}), **counters}
    if data.get("done"):
        choice.ended = True
        choice.finish_reason = text_or_none(data.get("done_reason")) or choice.finish_reason
    for key, value in data.items():
        if key not in _CHUNK_KEYS:
            builder.extra.add((key,), value)


def _add_message(
    builder: ReplyBuilder, choice: ChoiceBuilder, message: dict[str, JSON], pointer: str
) -> None:
    choice.role = choice.role or text_or_none(message.get("role")) or None
    _add_text(builder, choice.content, "content", message)
    _add_text(builder, choice.reasoning, "thinking", message)
    calls = message.get("tool_calls")
    for number, entry in enumerate(calls if isinstance(calls, list) else ()):
        function = entry.get("function") if isinstance(entry, dict) else None
        if not isinstance(function, dict):
            builder.extra.add(("odd_tool_calls",), entry)
            continue
        call = CallBuilder(f"{pointer}/tool_calls/{number}")
        call.name = text_or_none(function.get("name"))
        call.add_arguments(function.get("arguments"))
        choice.calls.append(call)
    for key, value in message.items():
        if key not in _MESSAGE_KEYS:
            builder.extra.add(("message", key), value)


def _add_text(builder: ReplyBuilder, channel: list[str], key: str, data: dict[str, JSON]) -> None:
    text = data.get(key)
    if isinstance(text, str):
        if text:
            channel.append(text)
    elif not is_nothing(text):
        builder.extra.add((f"odd_{key}",), text)


WIRE = Wire(NAME, _recognises, _assemble, read_chat_request)
