"""Anthropic's messages: streamed as events, or whole; either way made of content blocks.

A block's text and reasoning go to the message, calls (of the client's tools and of the server's) to its tool
calls; signatures, citations, results of the server's tools and blocks of other kinds go to `extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import COMMON_DEFAULTS, Attachments, Ending, RequestForm, UsageKeys, Wire
from recctl.wire.building.blocks import (
    Blocks,
    RequestPart,
    add_finish_reason,
    add_role,
    note_late,
    read_call,
    read_result,
    read_turn,
)
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.noise import BEDROCK_NOISE
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import is_nothing
from recctl.wire.completion import RequestMessage

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.blocks import Block
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "anthropic-messages"
_PLACED = {
    "message_start": {"type", "message"},
    "content_block_start": {"type", "index", "content_block"},
    "content_block_delta": {"type", "index", "delta"},
    "content_block_stop": {"type", "index"},
    "message_delta": {"type", "delta", "usage"},
    "message_stop": {"type"},
}
_OPENING_KEYS = frozenset({"id", "type", "role", "model", "content", "usage"})
_TEXT_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def _recognises(item: JSON) -> bool:
    kind, data, _ = peek(item)
    if kind == "message":
        return "role" in data and "content" in data
    if kind == "error":
        is_sent = isinstance(item, str) and data.get("type") == kind
        return is_sent and isinstance(data.get("error"), dict) and "sequence_number" not in data
    return kind in _PLACED


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

    def add(self, event: Event) -> None:
        """Add what an event, or a whole message, says."""
        kind, data, pointer = event
        if kind == "message":
            self._add_message(data, pointer)
        elif kind == "error":
            self.builder.fail(data.get("error") or data, pointer)
            self.builder.extra.add_rest((), data, {"type", "error"} if data.get("error") else data)
        elif kind in _PLACED:
            self._add_to_message(kind, data, pointer)
            self.builder.extra.add_rest((), data, _PLACED[kind])
        else:
            keep_unknown(event, self.builder)

    def place_blocks(self) -> None:
        """Move the blocks to their places, once all have come."""
        was_cited = False
        for block in self._blocks.sorted():
            choice = self.builder.choice(0)
            is_cited = "citations" in block.lists or not is_nothing(block.own.get("citations"))
            says_something = False
            for channel, to in (("text", "content"), ("thinking", "reasoning")):
                own_key = channel if block.kind == channel else None
                # What is cited cuts a text into blocks, even in mid-sentence.
                goes_on = channel == "text" and (is_cited or was_cited)
                says_something |= block.take_text(channel, choice, to, own_key=own_key, goes_on=goes_on)
            if block.kind.endswith("tool_use") or "partial_json" in block.texts:
                block.take_call(choice, "partial_json", "input", has_ended=choice.has_ended)
            elif not says_something and block.kind not in ("text", "thinking"):
                choice.add_other(block.path)
            if block.kind == "fallback":
                self._take_fallback(block)
            was_cited = is_cited
            block.keep_rest(self.builder.extra)

    def _take_fallback(self, block: Block) -> None:
        """Take the model that went on where another one declined: it is the one that answered."""
        to = block.own.get("to")
        model = to.get("model") if isinstance(to, dict) else None
        if isinstance(model, str) and model and model != self.builder.model:
            self.builder.extra.add(("other_models",), self.builder.model)
            self.builder.model = model

    def _add_to_message(self, kind: str, data: dict[str, JSON], pointer: str) -> None:
        index = data.get("index")
        if kind == "message_start":
            self._begin_message(data.get("message"), pointer)
        elif kind == "message_delta":
            self.builder.merge_usage(data.get("usage"))
            self._change_message(data.get("delta"))
        elif kind == "message_stop":
            self.builder.choice(0).ended = True
        elif kind == "content_block_stop":
            self._blocks.find(index, pointer).ended = True
        else:
            note_late(self.builder, pointer)
            if kind == "content_block_start":
                self._blocks.begin(index, data.get("content_block"), pointer)
            else:
                self._add_delta(self._blocks.find(index, pointer), data.get("delta"))

    def _add_message(self, message: dict[str, JSON], pointer: str) -> None:
        """Add a whole message; its blocks have ended."""
        for position, block in enumerate(self._open_message(message, pointer)):
            block.pointer = f"{pointer}/content/{position}"
            block.ended = True
        self._change_message({key: value for key, value in message.items() if key not in _OPENING_KEYS})

    def _begin_message(self, message: JSON, pointer: str) -> None:
        if isinstance(message, dict):
            self._open_message(message, pointer)
            self.builder.extra.add_rest((), message, _OPENING_KEYS)
        else:
            self.builder.extra.add(("odd_message",), message)

    def _open_message(self, message: dict[str, JSON], pointer: str) -> list[Block]:
        """Add what stands at the beginning of a message; gives the blocks that it has already."""
        builder = self.builder
        is_other = builder.identify("id", message.get("id"))
        builder.identify("model", message.get("model"))
        if is_other:
            builder.note_other_reply(pointer)
        if is_other or builder.choice(0).has_ended:
            self._blocks.begin_message()
        builder.merge_usage(message.get("usage"))
        add_role(builder, message.get("role"))
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}] if content else []
        if not isinstance(content, list):
            builder.extra.add(("odd_content",), content)
            return []
        return [self._blocks.begin(None, own, pointer) for own in content]

    def _change_message(self, delta: JSON) -> None:
        """Add what becomes known at the end: why it is one, above all."""
        if isinstance(delta, dict):
            add_finish_reason(self.builder, delta.get("stop_reason"))
            self.builder.extra.add_rest((), delta, {"stop_reason"})
        else:
            self.builder.extra.add(("odd_message_delta",), delta)

    def _add_delta(self, block: Block, delta: JSON) -> None:
        kind = delta.get("type") if isinstance(delta, dict) else None
        key = _TEXT_DELTAS.get(kind) if isinstance(kind, str) else None
        if key is not None:
            block.add_text(key, delta, key)
        elif kind == "citations_delta":
            block.add_to_list("citations", delta.get("citation"))
            block.keep_delta({key: delta[key] for key in delta if key != "citation"})
        elif kind == "signature_delta":
            self.builder.extra.add_rest(block.path, delta, {"type"})
        else:
            block.keep_delta(delta)


def _read_request(asked: dict[str, JSON]) -> Request:
    tools = asked.get("tools")
    request = read_chat_request(
        {
            **{key: value for key, value in asked.items() if key not in ("system", "messages")},
            "tools": list(map(_rename_schema, tools)) if isinstance(tools, list) else tools,
        }
    )
    system, messages = asked.get("system"), asked.get("messages")
    read = [RequestMessage(role="system", content=system)] if system else []
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            read.extend(read_turn(text_or_none(message.get("role")), message, ("role",), _read_block))
        else:
            read.append(RequestMessage(role=None, content=message))
    return request._replace(messages=tuple(read))


def _rename_schema(tool: JSON) -> JSON:
    if not isinstance(tool, dict) or "input_schema" not in tool:
        return tool
    return {"parameters" if key == "input_schema" else key: value for key, value in tool.items()}


def _read_block(role: str | None, block: JSON) -> RequestPart | RequestMessage:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "tool_result":
        return read_result(block, "tool_use_id", "content")
    if isinstance(kind, str) and kind.endswith("tool_use"):
        return read_call(role, block, "id", "input")
    return RequestPart(role, part=block)


_ENDINGS = {
    "end_turn": Ending.WHOLE,
    "tool_use": Ending.WHOLE,
    "stop_sequence": Ending.WHOLE,
    "pause_turn": Ending.WHOLE,
    "max_tokens": Ending.CUT_SHORT,
    "model_context_window_exceeded": Ending.CUT_SHORT,
    "refusal": Ending.REFUSED,
}
_ATTACHMENTS = Attachments(holders=("content",))


def _is_request(path: str, asked: JSON) -> bool:
    """Whether something was sent to Anthropic, or by its protocol to Bedrock or Vertex."""
    return "messages" in asked and (path.endswith("/messages") or "anthropic_version" in asked)


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    endings=_ENDINGS,
    attachments=_ATTACHMENTS,
    recognises_request=_is_request,
    form=RequestForm(
        instructions=("system",),
        schemas=("input_schema",),
        call_ids=("id", "tool_use_id"),
        defaults={
            **COMMON_DEFAULTS,
            "tool_choice": {"type": "auto"},
            "tool_choice.disable_parallel_tool_use": False,
            "messages.*.content.*.is_error": False,
        },
    ),
    noise=BEDROCK_NOISE,
    usage=UsageKeys(("input_tokens",), ("output_tokens",)),
)
