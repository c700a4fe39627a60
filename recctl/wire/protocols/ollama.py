"""Ollama's own protocol: `GenerateResponse` (text) and `ChatResponse` (a message), streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Attachments, Ending, UsageKeys, Wire
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.noise import OLLAMA_DURATIONS
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.values import is_nothing, write_text

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.message import ChoiceBuilder
    from recctl.wire.completion import Completion

NAME = "ollama"
_COUNTERS = ("prompt_eval_count", "eval_count")
_CHUNK_KEYS = frozenset(
    ("model", "response", "thinking", "message", "done", "done_reason", "error", "logprobs", *_COUNTERS)
)
_MESSAGE_KEYS = frozenset({"role", "content", "thinking", "tool_calls"})
_CALL_KEYS = frozenset({"function", "id", "type"})
_FUNCTION_KEYS = frozenset({"name", "arguments", *FOLDED})


def _recognises(item: JSON) -> bool:
    if isinstance(item, str):
        item = peek(item).data
    if not isinstance(item, dict):
        return False
    if "__type__" in item:
        kind = str(item["__type__"])
        return "ollama" in kind and kind.endswith((".GenerateResponse", ".ChatResponse"))
    is_said = isinstance(item.get("response"), str) or isinstance(item.get("message"), dict)
    return "done" in item and is_said  # an operation of Google's is done, too


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    for _, data, pointer in read_events(items, builder, streamed=streamed):
        _add_chunk(builder, builder.choice(0), data, pointer)
    return builder.build(NAME, streamed=streamed, chunks=len(items))


def _add_chunk(builder: ReplyBuilder, choice: ChoiceBuilder, data: dict[str, JSON], pointer: str) -> None:
    if choice.has_ended:
        builder.note_once("chunk-after-finish", "the reply goes on after its end", pointer)
    builder.identify("model", data.get("model"))
    if data.get("error"):
        builder.fail(data["error"], pointer)
    _add_text(builder, choice, "reasoning", "thinking", data)
    _add_text(builder, choice, "content", "response", data)
    message = data.get("message")
    if isinstance(message, dict):
        _add_message(builder, choice, message, f"{pointer}/message")
    else:
        builder.extra.add(("odd_message",), message)
    builder.extra.add(("earlier_logprobs",), choice.add_logprobs(data.get("logprobs")))
    builder.merge_usage({key: data.get(key) for key in _COUNTERS})
    reason = data.get("done_reason")
    choice.ended = choice.ended or bool(data.get("done"))
    choice.finish_reason = text_or_none(reason) or choice.finish_reason
    if not isinstance(reason, str):
        builder.extra.add(("odd_done_reason",), reason)
    builder.extra.add_rest((), data, _CHUNK_KEYS)


def _add_message(
    builder: ReplyBuilder, choice: ChoiceBuilder, message: dict[str, JSON], pointer: str
) -> None:
    role = message.get("role")
    choice.role = choice.role or text_or_none(role) or None
    if role != choice.role:
        builder.extra.add(("message", "other_roles"), role)
    _add_text(builder, choice, "reasoning", "thinking", message)
    _add_text(builder, choice, "content", "content", message)
    calls = message.get("tool_calls") or []
    for number, entry in enumerate(calls if isinstance(calls, list) else [calls]):
        _add_call(builder, choice, entry, f"{pointer}/tool_calls/{number}")
    builder.extra.add_rest(("message",), message, _MESSAGE_KEYS)


def _add_call(builder: ReplyBuilder, choice: ChoiceBuilder, entry: JSON, pointer: str) -> None:
    """Add an entry of `tool_calls`, which is always a call of its own."""
    function = entry.get("function") if isinstance(entry, dict) else None
    if not isinstance(function, dict):
        builder.extra.add(("odd_tool_calls",), entry)
        return
    call = CallBuilder(pointer)
    call.id, call.type = write_text(entry.get("id")) or None, write_text(entry.get("type")) or None
    call.name = write_text(function.get("name"))
    call.add_arguments(function.get("arguments"))
    path = ("choices", "0", "tool_calls", call.id or str(len(choice.calls)))
    builder.extra.add_rest(path, entry, _CALL_KEYS)
    builder.extra.add_rest(path, function, _FUNCTION_KEYS)
    choice.add_call(call)


def _add_text(
    builder: ReplyBuilder, choice: ChoiceBuilder, channel: str, key: str, data: dict[str, JSON]
) -> None:
    text = data.get(key)
    if isinstance(text, str):
        if text:
            choice.say(channel, text)
    elif not is_nothing(text):
        builder.extra.add((f"odd_{key}",), text)


_ENDINGS = {
    "stop": Ending.WHOLE,
    "length": Ending.CUT_SHORT,
    "load": Ending.SILENT,  # the reply was to say nothing, but to have the model at hand
    "unload": Ending.SILENT,
}
_ATTACHMENTS = Attachments(holders=("message",))


def _is_request(path: str, _: JSON) -> bool:
    return path.endswith(("/api/chat", "/api/generate"))


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    read_chat_request,
    endings=_ENDINGS,
    attachments=_ATTACHMENTS,
    noise=OLLAMA_DURATIONS,
    recognises_request=_is_request,
    usage=UsageKeys(("prompt_eval_count",), ("eval_count",)),
)
