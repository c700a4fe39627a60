"""Cohere's chat, version 2: streamed as events, or whole; a message of texts, thinking, a plan and calls.

Citations are kept in `extra`. Its version 1 is a protocol of its own (cohere_v1.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.blocks import Blocks, add_finish_reason, add_role, note_late
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.protocol import Attachments, Ending, UsageKeys, Wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.blocks import Block
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion

NAME = "cohere-chat"
_BLOCKS = ("content-start", "content-delta", "content-end")
_CALLS = ("tool-call-start", "tool-call-delta", "tool-call-end")
_CITATIONS = ("citation-start", "citation-end")
_EVENTS = ("message-start", "tool-plan-delta", "message-end", *_BLOCKS, *_CALLS, *_CITATIONS)
_CHANNELS = {"text": "content", "thinking": "reasoning"}
_END_KEYS = frozenset({"finish_reason", "usage", "error"})
_BODY_KEYS = frozenset({"id", "message", "finish_reason", "usage", "logprobs"})
_MESSAGE_KEYS = frozenset({"role", "content", "tool_plan", "tool_calls"})


def _recognises(item: JSON) -> bool:
    kind, data, _ = peek(item)
    return kind in _EVENTS or _is_whole(data)


def _is_whole(data: dict[str, JSON]) -> bool:
    message = data.get("message")
    return isinstance(message, dict) and "role" in message and "finish_reason" in data


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    reply = _Reply()
    for event in read_events(items, reply.builder, streamed=streamed):
        reply.add(event)
    reply.place_blocks()
    return reply.builder.build(NAME, streamed=streamed, chunks=len(items))


class _Reply:
    """A message under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._blocks = Blocks("content")
        self._calls = Blocks("tool_calls")
        self._plan: list[str] = []
        self._citations: list[JSON] = []

    def add(self, event: Event) -> None:
        """Add what an event, or a whole body, says."""
        kind, data, pointer = event
        if _is_whole(data):
            self._add_body(data, pointer)
        elif kind == "error":
            self.builder.fail(data.get("error") or data, pointer)
            self.builder.extra.add_rest((), data, {"type", "error"} if data.get("error") else data)
        elif kind in _EVENTS:
            self._add_event(kind, data, pointer)
        else:
            keep_unknown(event, self.builder)

    def place_blocks(self) -> None:
        """Move what has come to its places: the plan comes before the calls that it is of."""
        if self._plan:
            self.builder.choice(0).say_all("reasoning", self._plan)
        for block in self._blocks.sorted():
            choice = self.builder.choice(0)
            says_something = False
            for channel, to in _CHANNELS.items():
                own_key = channel if block.kind == channel else None
                says_something |= block.take_text(channel, choice, to, own_key=own_key)
            if not (says_something or block.kind in ("", *_CHANNELS)):
                choice.add_other(block.path)
            block.keep_rest(self.builder.extra)
        for block in self._calls.sorted():
            choice = self.builder.choice(0)
            block.take_call(choice, "arguments", "arguments", has_ended=choice.has_ended)
            block.keep_rest(self.builder.extra)
        self.builder.extra.add(("citations",), self._citations)

    def _add_body(self, data: dict[str, JSON], pointer: str) -> None:
        message, builder = data["message"], self.builder
        builder.identify("id", data.get("id"))
        self._add_message(message, f"{pointer}/message")
        add_finish_reason(builder, data.get("finish_reason"))
        builder.merge_usage(data.get("usage"))
        builder.choice(0).add_logprobs(data.get("logprobs"))
        builder.extra.add_rest((), data, _BODY_KEYS)

    def _add_message(self, message: dict[str, JSON], pointer: str) -> None:
        """Add a message as far as it is whole; its blocks have ended."""
        add_role(self.builder, message.get("role"))
        self._add_plan(message.get("tool_plan"))
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}] if content else []
        for name, blocks, entries in (
            ("content", self._blocks, content),
            ("tool_calls", self._calls, message.get("tool_calls")),
        ):
            if not isinstance(entries, list):
                self.builder.extra.add((f"odd_{name}",), entries)
                continue
            for position, own in enumerate(entries):
                told = _open_call(own) if blocks is self._calls else own
                blocks.begin(None, told, f"{pointer}/{name}/{position}").ended = True
        citations = message.get("citations")
        self._citations += (
            citations if isinstance(citations, list) else [] if citations is None else [citations]
        )
        self.builder.extra.add_rest(("message",), message, _MESSAGE_KEYS | {"citations"})

    def _add_event(self, kind: str, data: dict[str, JSON], pointer: str) -> None:
        builder, delta, index = self.builder, data.get("delta"), data.get("index")
        message = delta.get("message") if isinstance(delta, dict) else None
        told = message if isinstance(message, dict) else {}
        placed = {"type", "delta", "index"}
        if kind == "message-start":
            placed.add("id")
            if builder.identify("id", data.get("id")):
                builder.note_other_reply(pointer)
                for blocks in (self._blocks, self._calls):
                    blocks.begin_message()
            self._add_message(told, pointer)
        elif kind == "message-end":
            placed.add("id")
            builder.identify("id", data.get("id"))
            self._end(delta if isinstance(delta, dict) else {}, pointer)
        elif kind.endswith("-end"):
            if kind != "citation-end":
                blocks = self._calls if kind in _CALLS else self._blocks
                blocks.find(index, pointer).ended = True
        else:
            note_late(builder, pointer)
            self._add_delta(kind, index, told, pointer)
        if not isinstance(delta, dict):
            builder.extra.add(("odd_deltas",), delta)
        elif kind != "message-end":
            builder.extra.add_rest(("delta",), delta, {"message"} if told else ())
        builder.choice(0).add_logprobs(data.get("logprobs"))
        builder.extra.add_rest((), data, placed | {"logprobs"})

    def _add_delta(self, kind: str, index: JSON, told: dict[str, JSON], pointer: str) -> None:
        """Add what an event says of one part of the message."""
        if kind == "tool-plan-delta":
            self._add_plan(told.get("tool_plan"))
            self.builder.extra.add_rest(("message",), told, {"tool_plan"})
        elif kind in _CITATIONS:
            self._citations.append(told.get("citations"))
            self.builder.extra.add_rest(("message",), told, {"citations"})
        else:
            key, blocks = ("tool_calls", self._calls) if kind in _CALLS else ("content", self._blocks)
            part = told.get(key)
            if kind.endswith("-start"):
                blocks.begin(index, _open_call(part) if blocks is self._calls else part, pointer)
            elif blocks is self._calls:
                _fill_call(blocks.find(index, pointer), part)
            else:
                _fill_text(blocks.find(index, pointer), part)
            self.builder.extra.add_rest(("message",), told, {key})

    def _add_plan(self, text: JSON) -> None:
        if isinstance(text, str):
            if text:
                self._plan.append(text)
        else:
            self.builder.extra.add(("odd_tool_plan",), text)

    def _end(self, delta: dict[str, JSON], pointer: str) -> None:
        self.builder.choice(0).ended = True
        add_finish_reason(self.builder, delta.get("finish_reason"))
        self.builder.merge_usage(delta.get("usage"))
        if delta.get("error"):
            self.builder.fail(delta["error"], pointer)
        self.builder.extra.add_rest((), delta, _END_KEYS)


def _open_call(call: JSON) -> JSON:
    """A call with what stands under `function` beside its id."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    return {**{key: value for key, value in call.items() if key != "function"}, **function}


def _fill_call(block: Block, call: JSON) -> None:
    """Add a fragment of a call's arguments."""
    told = _open_call(call)
    if isinstance(told, dict) and "arguments" in told:
        block.add_text("arguments", told, "arguments")
    else:
        block.keep_delta(told)


def _fill_text(block: Block, part: JSON) -> None:
    """Add a fragment of a text."""
    channel = next((key for key in _CHANNELS if isinstance(part, dict) and key in part), None)
    if channel is None:
        block.keep_delta(part)
    else:
        block.add_text(channel, part, channel)


def _is_request(path: str, asked: JSON) -> bool:
    return path.endswith("/v2/chat") and "messages" in asked


_ENDINGS = {
    "COMPLETE": Ending.WHOLE,
    "STOP_SEQUENCE": Ending.WHOLE,
    "TOOL_CALL": Ending.WHOLE,
    "MAX_TOKENS": Ending.CUT_SHORT,
}

WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    read_chat_request,
    recognises_request=_is_request,
    endings=_ENDINGS,
    attachments=Attachments(keys=("citations",), holders=("content",)),
    usage=UsageKeys(("input_tokens",), ("output_tokens",), holders=("tokens",)),
)
