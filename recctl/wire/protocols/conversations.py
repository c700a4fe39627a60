"""Conversations that a provider keeps: the replies of Mistral's agents, and what was said so far.

Mistral's have `outputs` or `entries`. The items of OpenAI's conversations, and what its compaction leaves of
one, are told as messages, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, shorten
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import as_list, as_object, find_texts_under, is_nothing
from recctl.wire.building.views import IDENTITY_KEYS, add_identity
from recctl.wire.completion import RequestMessage

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "conversations"
_REPLY, _COMPACTION = "conversation.response", "response.compaction"
_TOLD = ("conversation.history", "conversation.messages", _COMPACTION)
_EVENTS = ("conversation.response.", "message.output.", "function.call.", "tool.execution.", "agent.handoff.")
_LISTS = ("outputs", "entries", "messages", "output", "data")
_ITEMS = ("message", "message.input", "message.output", "function.call", "function.result")
_ENTRY_KEYS = ("role", "content", "result", "tool_call_id", "type")
_QUIET = ("role", "status", "encrypted_content")
_ITEM_IDS = ("id", "object", "created_at", "completed_at", "type")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and not any(name in item for name in _EVENTS):
        return False
    kind, data, _ = peek(item)
    if kind.startswith(_EVENTS):
        return True
    if isinstance(item, str):
        return False
    first = as_object(next(iter(as_list(data.get("data"))), None))
    is_item = data.get("object") == "list" and first.get("type") in _ITEMS and "role" in first
    return data.get("object") in (_REPLY, *_TOLD) or is_item


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    reply = _Reply()
    is_stream = False
    for event in read_events(items, reply.builder, streamed=streamed):
        if event.type.startswith(_EVENTS) or event.type == "error":
            is_stream = is_stream or event.type != "error"
            reply.add_event(event)
        elif event.data.get("object") == _REPLY:
            reply.add_reply(event.data)
        elif event.data.get("object") in (*_TOLD, "list"):
            _add_told(reply.builder, event.data)
        else:
            keep_unknown(event, reply.builder)
    has_choices = is_stream or bool(reply.builder.choices)
    return reply.builder.build(NAME, streamed=is_stream, chunks=len(items), has_choices=has_choices)


class _Reply:
    """A reply of Mistral's under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._calls: dict[str, CallBuilder] = {}
        self._output = ""

    def add_event(self, event: Event) -> None:
        """Add what an event says."""
        kind, data, pointer = event
        builder, choice = self.builder, self.builder.choice(0)
        if kind == "error" or kind == "conversation.response.error":
            builder.fail({key: value for key, value in data.items() if key != "type"}, pointer)
        elif kind == "message.output.delta":
            choice.role = choice.role or text_or_none(data.get("role"))
            builder.identify("model", data.get("model"))
            goes_on = self._output == str(data.get("output_index"))
            self._output = str(data.get("output_index"))
            self._say(data.get("content"), goes_on=goes_on)
            placed = {"type", "content", "model", "output_index"} | find_texts_under(data, "role")
            builder.extra.add_rest(("message",), data, placed)
        elif kind == "function.call.delta":
            self._add_call(data, pointer)
            builder.identify("model", data.get("model"))
        elif kind == "conversation.response.done":
            choice.ended = True
            builder.merge_usage(data.get("usage"))
            builder.extra.add_rest((), data, {"type", "usage"})
        elif kind == "conversation.response.started":
            builder.identify("id", data.get("conversation_id"))
            builder.extra.add_rest((), data, {"type", "conversation_id"})
        elif kind.startswith(("tool.execution.", "agent.handoff.")):
            builder.extra.append(("events", kind), {key: data[key] for key in data if key != "type"})
        else:
            keep_unknown(event, builder)

    def add_reply(self, data: dict[str, JSON]) -> None:
        """Add a whole reply."""
        builder, choice = self.builder, self.builder.choice(0)
        choice.ended = True
        builder.identify("id", data.get("conversation_id"))
        builder.merge_usage(data.get("usage"))
        for number, output in enumerate(as_list(data.get("outputs"))):
            told, pointer = as_object(output), f"{builder.pointer}/outputs/{number}"
            if told.get("type") == "message.output":
                choice.role = choice.role or text_or_none(told.get("role"))
                builder.identify("model", told.get("model"))
                self._say(told.get("content"), goes_on=False)
                placed = {"type", "object", "content", "model"} | find_texts_under(told, "role")
                builder.extra.add_rest(("outputs", str(number)), told, placed)
            elif told.get("type") == "function.call":
                self._add_call(told, pointer)
            else:
                choice.add_other(("outputs", str(number)))
                builder.extra.add(("outputs", str(number)), output)
        builder.extra.add_rest((), data, {"object", "conversation_id", "outputs", "usage"})

    def _say(self, content: JSON, *, goes_on: bool) -> None:
        choice = self.builder.choice(0)
        for part in content if isinstance(content, list) else [content]:
            text = part if isinstance(part, str) else as_object(part).get("text")
            if isinstance(text, str):
                choice.say_all("content", [text], goes_on=goes_on)
                rest = as_object(part)
                self.builder.extra.add_rest(("message", "parts"), rest, {"text", "type"})
            else:
                self.builder.extra.append(("message", "parts"), part)
            goes_on = True

    def _add_call(self, data: dict[str, JSON], pointer: str) -> None:
        key = str(data.get("id") or data.get("tool_call_id"))
        if key not in self._calls:
            self._calls[key] = CallBuilder(pointer)
            self.builder.choice(0).add_call(self._calls[key])
        call = self._calls[key]
        call.id = call.id or text_or_none(data.get("tool_call_id"))
        if text_or_none(data.get("name")):
            call.add_name(str(data["name"]))
        call.add_arguments(data.get("arguments"))
        placed = {"type", "object", "arguments", "output_index"}
        placed |= find_texts_under(data, "tool_call_id", "name")
        self.builder.extra.add_rest(("calls", key), data, placed)


def _add_told(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    """Tell what was said in a conversation so far."""
    add_identity(builder, data)
    builder.identify("id", data.get("conversation_id"))
    key = next((key for key in _LISTS if isinstance(data.get(key), list)), "")
    listed = as_list(data.get(key))
    kind = "compacted conversation" if data.get("object") == _COMPACTION else "conversation"
    builder.kind = f"{kind} of {show_count(len(listed), 'item')}"
    for item in map(as_object, listed):
        builder.add_fact(str(item.get("role") or item.get("type") or "item"), _read_text(item) or "-")
    builder.extra.add_rest((), data, IDENTITY_KEYS | {"conversation_id"})


def _read_text(item: dict[str, JSON]) -> str:
    """What an item says: its texts, or what it is, where it is no message."""
    content = item.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = [part if isinstance(part, str) else as_object(part).get("text") for part in parts]
    told = "\n".join(text for text in texts if isinstance(text, str))
    quiet = (*_ITEM_IDS, *_QUIET)
    rest = {key: item[key] for key in item if key not in quiet and not is_nothing(item[key])}
    return told or shorten(describe(rest))


def _read_request(asked: dict[str, JSON]) -> Request:
    """What was asked: a text, or entries of the conversation."""
    entries = asked.get("inputs", asked.get("input"))
    request = read_chat_request({key: asked[key] for key in asked if key not in ("inputs", "input")})
    if isinstance(entries, str):
        return request._replace(messages=(RequestMessage("user", entries),))
    messages = [
        RequestMessage(
            text_or_none(entry.get("role")) or ("tool" if "result" in entry else None),
            entry.get("content", entry.get("result")),
            tool_call_id=text_or_none(entry.get("tool_call_id")),
            extra={key: entry[key] for key in entry if key not in _ENTRY_KEYS},
        )
        for entry in map(as_object, as_list(entries))
    ]
    return request._replace(messages=(*request.messages, *messages))


WIRE = Wire(NAME, _recognises, _assemble, _read_request)
