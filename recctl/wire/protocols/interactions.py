"""Gemini's interactions: streamed as events, or whole; made of outputs or, in newer versions, of steps.

Thoughts go to the reasoning; calls (of functions and of Google's own tools) to the tool calls; signatures,
annotations, results and media to `extra`. The status that an interaction ends with is its finish reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Attachments, Ending, RequestForm, UsageKeys, Wire
from recctl.wire.building.blocks import (
    Blocks,
    RequestPart,
    add_role,
    add_status,
    check_final,
    join_pieces,
    note_late,
    read_call,
    read_result,
    read_turn,
)
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.message import ChoiceBuilder
from recctl.wire.building.noise import GEMINI_NOISE
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import is_nothing
from recctl.wire.completion import RequestMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.blocks import Block
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "gemini-interactions"
_ROOTS = {"content": "outputs", "step": "steps"}
_KINDS_OF_TEXT = ("text", "thought", "model_output")
_EVENT_KEYS = frozenset({"event_type", "event_id", "metadata"})
_INTERACTION_KEYS = frozenset(
    {"id", "interaction_id", "model", "object", "role", "status", "usage", "errors", "outputs", "steps"}
)


def _recognises(item: JSON) -> bool:
    kind, data, _ = peek(item, "event_type")
    if kind == "error":
        return "event_type" in data
    return kind.startswith(("interaction.", "content.", "step.")) or data.get("object") == "interaction"


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    reply = _Reply()
    for event in read_events(items, reply.builder, streamed=streamed, type_key="event_type"):
        reply.add(event)
    reply.place_blocks()
    return reply.builder.build(NAME, streamed=streamed, chunks=len(items))


class _Reply:
    """An interaction under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._blocks = {root: Blocks(root) for root in _ROOTS.values()}
        self._final = {root: Blocks(root) for root in _ROOTS.values()}
        self._final_pointer = ""

    def add(self, event: Event) -> None:
        """Add what an event, or a whole interaction, says."""
        kind, data, pointer = event
        family, _, step = kind.partition(".")
        if data.get("object") == "interaction":
            self._add_interaction(data, pointer, is_body=True)
        elif kind == "error":
            self.builder.fail(data.get("error") or data, pointer)
            self._keep_rest(data, {"error"} if data.get("error") else set(data))
        elif family == "interaction":
            told = {key: data[key] for key in data if key not in _EVENT_KEYS}
            interaction = told.pop("interaction", None)
            nested = interaction if isinstance(interaction, dict) else told
            is_other = self._add_interaction(nested, pointer, is_body=False)
            if is_other and step in ("start", "created"):
                self.builder.note_other_reply(pointer)
            if step in ("complete", "completed"):
                self.builder.choice(0).ended = True
            self._keep_rest(data, {"interaction"} if isinstance(interaction, dict) else set(told))
        elif family in _ROOTS and step in ("start", "delta", "stop"):
            self._add_to_block(family, step, data, pointer)
        else:
            keep_unknown(event, self.builder)

    def place_blocks(self) -> None:
        """Move the blocks to their places, once all have come, and compare them with those at the end."""
        streamed = [block for blocks in self._blocks.values() for block in blocks.sorted()]
        final = [block for blocks in self._final.values() for block in blocks.sorted()]
        if streamed:
            self._place(streamed, self.builder.choice(0))
        if final:
            choice = ChoiceBuilder(0)
            self._place(final, choice)
            check_final(self.builder, choice, self._final_pointer)

    def _keep_rest(self, data: dict[str, JSON], placed: set[str]) -> None:
        """Keep what any event may have besides its own keys."""
        metadata = data.get("metadata")
        if isinstance(metadata, dict):
            self.builder.merge_usage(metadata.get("total_usage"))
            self.builder.extra.add_rest(("metadata",), metadata, {"total_usage"})
        else:
            self.builder.extra.add(("metadata",), metadata)
        self.builder.extra.add_rest((), data, _EVENT_KEYS | placed)

    def _add_interaction(self, interaction: dict[str, JSON], pointer: str, *, is_body: bool) -> bool:
        """Add what an interaction says; gives whether it is another one than that of the first event."""
        builder = self.builder
        is_other = builder.identify("id", interaction.get("id") or interaction.get("interaction_id"))
        builder.identify("model", interaction.get("model"))
        builder.merge_usage(interaction.get("usage"))
        add_role(builder, interaction.get("role"))
        status, errors = interaction.get("status"), interaction.get("errors")
        add_status(builder, status)
        if errors or (status == "failed" and builder.error is None):
            builder.fail(errors or {"status": status}, pointer)
        for root, blocks in self._final.items():
            parts = interaction.get(root)
            if not isinstance(parts, list):
                builder.extra.add((f"odd_{root}",), parts)
                continue
            for position, own in enumerate(parts):
                self._final_pointer = pointer
                place = f"{pointer}/{root}/{position}" if is_body else pointer
                blocks.begin(None, own, place).ended = True
        builder.extra.add_rest((), interaction, _INTERACTION_KEYS)
        return is_other

    def _add_to_block(self, family: str, step: str, data: dict[str, JSON], pointer: str) -> None:
        blocks, index = self._blocks[_ROOTS[family]], data.get("index")
        if step == "start":
            note_late(self.builder, pointer)
            blocks.begin(index, data.get(family), pointer)
            self._keep_rest(data, {"index", family})
        elif step == "delta":
            note_late(self.builder, pointer)
            self._add_delta(blocks, index, data.get("delta"), pointer)
            self._keep_rest(data, {"index", "delta"})
        else:
            block = blocks.find(index, pointer)
            block.ended = True
            self.builder.merge_usage(data.get("usage"))
            self.builder.extra.add((*block.path, "step_usage"), data.get("step_usage"))
            self._keep_rest(data, {"index", "usage", "step_usage"})

    def _add_delta(self, blocks: Blocks, index: JSON, delta: JSON, pointer: str) -> None:
        block = blocks.find(index, pointer)
        kind = delta.get("type") if isinstance(delta, dict) else None
        if kind == "text":
            block.add_to_list("annotations", *_as_list(delta.get("annotations")))
            text = {key: delta[key] for key in delta if key != "annotations"}
            block.add_text("thought" if block.kind == "thought" else "text", text, "text")
        elif kind == "thought_summary" and _is_text(delta.get("content")):
            block.add_text("thought", delta["content"], "text")
            block.keep_delta({key: delta[key] for key in delta if key != "content"})
        elif kind == "thought_signature":
            self.builder.extra.add_rest(block.path, delta, {"type"})
        elif kind == "text_annotation_delta":
            block.add_to_list("annotations", *_as_list(delta.get("annotations")))
            block.keep_delta({key: delta[key] for key in delta if key != "annotations"})
        elif kind == "arguments_delta":
            block.add_text("arguments", delta, "arguments")
        elif isinstance(kind, str) and kind.endswith("_call"):
            self._add_call(blocks, block, delta, pointer)
        else:
            block.keep_delta(delta)

    def _add_call(self, blocks: Blocks, block: Block, delta: dict[str, JSON], pointer: str) -> None:
        """Add a call that comes whole, though maybe not at once; another one is a block of its own."""
        for key in ("type", "id"):
            known = block.own.get(key)
            if not (is_nothing(known) or is_nothing(delta.get(key)) or known == delta[key]):
                blocks.begin(block.index, delta, pointer)
                return
        for key, value in delta.items():
            known = block.own.get(key)
            if key == "arguments" and isinstance(value, str):
                block.add_text(key, {key: value}, key)
            elif not is_nothing(value) or known is None:
                if known != value:
                    block.keep_delta({key: known})
                block.own[key] = value
        block.kind = str(delta["type"])

    def _place(self, blocks: list[Block], choice: ChoiceBuilder) -> None:
        for block in blocks:
            if block.kind == "model_output":
                _take_parts(block, "content", choice, "content")
            elif block.kind == "thought":
                _take_parts(block, "summary", choice, "reasoning")
            own_key = "text" if block.kind == "text" else None
            says_something = block.take_text("text", choice, "content", own_key=own_key)
            says_something |= block.take_text("thought", choice, "reasoning")
            if block.kind.endswith("_call") or "arguments" in block.texts:
                has_ended = self.builder.choice(0).has_ended
                block.take_call(choice, "arguments", "arguments", has_ended=has_ended)
            elif not says_something and block.kind not in _KINDS_OF_TEXT:
                choice.add_other(block.path)
            block.keep_rest(self.builder.extra)


def _as_list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]


def _is_text(value: JSON) -> bool:
    return isinstance(value, dict) and value.get("type") == "text" and isinstance(value.get("text"), str)


def _take_parts(block: Block, key: str, choice: ChoiceBuilder, channel: str) -> None:
    """Move the texts among a block's parts to a choice; what else the parts hold stays with the block."""
    block.own.pop("type")
    rest = []
    for part in _as_list(block.own.pop(key, None)):
        if _is_text(part):
            choice.say_all(channel, [part["text"]])
            rest.append({name: part[name] for name in part if name not in ("type", "text")})
        else:
            rest.append(part)
    block.add_to_list(key, *rest)


def _read_request(asked: dict[str, JSON]) -> Request:
    placed = ("input", "system_instruction")
    request = read_chat_request({key: value for key, value in asked.items() if key not in placed})
    system, entries = asked.get("system_instruction"), asked.get("input")
    messages = [RequestMessage(role="system", content=system)] if system else []
    if isinstance(entries, str):
        messages.append(RequestMessage(role="user", content=entries))
    elif entries is not None:
        messages.extend(join_pieces(part for entry in _as_list(entries) for part in _read_entry(entry)))
    return request._replace(messages=tuple(messages))


def _read_entry(entry: JSON) -> Iterator[RequestPart | RequestMessage]:
    """One entry of an input: a turn, a step, or a part of what the user says."""
    kind = entry.get("type") if isinstance(entry, dict) else None
    if kind in ("user_input", "model_output"):
        yield from read_turn("user" if kind == "user_input" else "model", entry, ("type",), _read_part)
    elif isinstance(entry, dict) and "role" in entry and kind is None:
        yield from read_turn(text_or_none(entry["role"]), entry, ("role",), _read_part)
    else:
        from_model = isinstance(kind, str) and kind.endswith(("thought", "_call", "_result"))
        yield _read_part("model" if from_model else "user", entry)


def _read_part(role: str | None, part: JSON) -> RequestPart | RequestMessage:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "function_result":
        return read_result(part, "call_id", "result")
    if isinstance(kind, str) and kind.endswith("_call"):
        return read_call(role, part, "id", "arguments")
    return RequestPart(role, part=part)


_ENDINGS = {"completed": Ending.WHOLE, "requires_action": Ending.WHOLE}
_ATTACHMENTS = Attachments(holders=("outputs", "steps"), quiet=frozenset({"step_usage"}))


def _is_request(path: str, _: JSON) -> bool:
    return path.endswith("/interactions")


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    endings=_ENDINGS,
    attachments=_ATTACHMENTS,
    noise=GEMINI_NOISE,
    recognises_request=_is_request,
    form=RequestForm(
        results=("_result", "_response"),
        instructions=("system_instruction",),
        call_ids=("id", "call_id"),
        conversations=("previous_interaction_id",),
    ),
    usage=UsageKeys(("total_input_tokens",), ("total_output_tokens",)),
)
