"""Bedrock's Converse and ConverseStream, and Amazon's Nova models under InvokeModel, which reply alike.

A reply is made of content blocks, each an object with one key that says what it is. In a stream an event is
an object with one key, too: its name. Text and reasoning go to the message, calls to its tool calls;
signatures, citations and blocks of other kinds go to `extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.blocks import Blocks, RequestPart, add_finish_reason, add_role, note_late, read_turn
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.noise import BEDROCK_NOISE
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import write_text
from recctl.wire.completion import Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocol import Attachments, Ending, RequestForm, UsageKeys, Wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.blocks import Block
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion

NAME = "bedrock-converse"
_PLACED = {
    "messageStart": {"role"},
    "contentBlockStart": {"contentBlockIndex", "start"},
    "contentBlockDelta": {"contentBlockIndex", "delta"},
    "contentBlockStop": {"contentBlockIndex"},
    "messageStop": {"stopReason"},
    "metadata": {"usage"},
}
_PADDING = "p"
_BODY_KEYS = frozenset({"output", "stopReason", "usage"})
_MESSAGE_KEYS = frozenset({"role", "content"})
_CHANNELS = {"text": "content", "reasoning": "reasoning"}


def _recognises(item: JSON) -> bool:
    data = peek(item).data
    if isinstance(data.get("output"), dict):
        return isinstance(data["output"].get("message"), dict) and ("stopReason" in data or "usage" in data)
    name = _name_event(data)
    return name in _PLACED and (name != "metadata" or "usage" in data[name])


def _name_event(data: dict[str, JSON]) -> str:
    """The name of an event that is told by its key; "" for what is none."""
    return next((key for key in data if key in _PLACED and isinstance(data[key], dict)), "")


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
        """Add what an event, or a whole body, says."""
        _, data, pointer = event
        name = _name_event(data)
        if isinstance(data.get("output"), dict):
            self._add_body(data["output"], data, pointer)
        elif name:
            told = {key: value for key, value in data[name].items() if key != _PADDING}
            self._add_to_message(name, told, f"{pointer}/{name}")
            self.builder.extra.add_rest((), told, _PLACED[name])
            self.builder.extra.add_rest((), data, {name})
        elif (failure := next((key for key in data if key.endswith("Exception")), None)) is not None:
            told = data[failure]
            error = told if isinstance(told, dict) else {"message": told}
            self.builder.fail({"type": failure, **error}, pointer)
            self.builder.extra.add_rest((), data, {failure})
        elif data.get("error"):
            self.builder.fail(data["error"], pointer)
            self.builder.extra.add_rest((), data, {"error"})
        else:
            keep_unknown(event._replace(type=next(iter(data), "")), self.builder)

    def place_blocks(self) -> None:
        """Move the blocks to their places, once all have come."""
        was_text = False
        for block in self._blocks.sorted():
            choice = self.builder.choice(0)
            is_call = block.kind == "toolUse" or "input" in block.texts
            if is_call:
                block.take_call(choice, "input", "input", has_ended=choice.has_ended)
            said = set()
            for channel, to in _CHANNELS.items():
                own_key = channel if block.kind == channel else None
                goes_on = channel == "text" and was_text  # Nova begins a block with each bit of a text
                if block.take_text(channel, choice, to, own_key=own_key, goes_on=goes_on):
                    said.add(channel)
            if not (is_call or said or block.kind in ("", *_CHANNELS)):
                choice.add_other(block.path)
            was_text = "text" in said
            block.keep_rest(self.builder.extra)

    def _add_body(self, output: dict[str, JSON], data: dict[str, JSON], pointer: str) -> None:
        message, builder = output.get("message"), self.builder
        if isinstance(message, dict):
            add_role(builder, message.get("role"))
            content = message.get("content")
            for position, own in enumerate(content if isinstance(content, list) else ()):
                self._begin_block(None, own, f"{pointer}/output/message/content/{position}").ended = True
            if not isinstance(content, list):
                builder.extra.add(("odd_content",), content)
            builder.extra.add_rest(("output", "message"), message, _MESSAGE_KEYS)
        else:
            builder.extra.add(("odd_message",), message)
        builder.extra.add_rest(("output",), output, {"message"})
        add_finish_reason(builder, data.get("stopReason"))
        builder.merge_usage(data.get("usage"))
        builder.extra.add_rest((), data, _BODY_KEYS)

    def _add_to_message(self, name: str, data: dict[str, JSON], pointer: str) -> None:
        index = data.get("contentBlockIndex")
        if name == "messageStart":
            if self.builder.choices and self.builder.choice(0).has_ended:
                self._blocks.begin_message()
            note_late(self.builder, pointer)
            add_role(self.builder, data.get("role"))
        elif name == "messageStop":
            self.builder.choice(0).ended = True
            add_finish_reason(self.builder, data.get("stopReason"))
        elif name == "metadata":
            self.builder.merge_usage(data.get("usage"))
        elif name == "contentBlockStop":
            self._blocks.find(index, pointer).ended = True
        else:
            note_late(self.builder, pointer)
            if name == "contentBlockStart":
                self._begin_block(index, data.get("start"), pointer)
            else:
                self._add_delta(self._blocks.find(index, pointer), data.get("delta"))

    def _begin_block(self, index: JSON, own: JSON, pointer: str) -> Block:
        kind, told = _open_block(own)
        block = self._blocks.begin(index, told, pointer)
        block.kind = kind
        return block

    def _add_delta(self, block: Block, delta: JSON) -> None:
        """Add a delta: an object with one key, as a block is."""
        if not isinstance(delta, dict):
            block.keep_delta(delta)
            return
        rest = dict(delta)
        if "text" in rest:
            block.add_text("text", {"text": rest.pop("text")}, "text")
        if isinstance(rest.get("toolUse"), dict):
            block.add_text("input", rest.pop("toolUse"), "input")
        if isinstance(rest.get("reasoningContent"), dict):
            told = dict(rest.pop("reasoningContent"))
            if "text" in told:
                block.add_text("reasoning", {"text": told.pop("text")}, "text")
            if "redactedContent" in told:
                block.kind = block.kind or "reasoningContent"
            self.builder.extra.add_rest((*block.path, "reasoningContent"), told, ())
        if "citation" in rest:
            block.add_to_list("citations", rest.pop("citation"))
        block.keep_delta(rest)


def _open_block(own: JSON) -> tuple[str, JSON]:
    """A block's kind, and what it holds: a text stands under `text`, one of reasoning under `reasoning`."""
    if not isinstance(own, dict) or len(own) != 1:
        return "", own
    ((kind, held),) = own.items()
    if not isinstance(held, dict):
        return kind, own
    if kind == "toolUse":
        return kind, {"id" if key == "toolUseId" else key: value for key, value in held.items()}
    if kind == "reasoningContent" and isinstance(held.get("reasoningText"), dict):
        told = {**held, **held["reasoningText"]}
        rest = {key: value for key, value in told.items() if key not in ("reasoningText", "text")}
        return "reasoning", {"reasoning": told.get("text"), "reasoningContent": rest}
    if kind == "citationsContent" and (texts := _read_texts(held.get("content"))) is not None:
        return "text", {**held, "content": None, "text": "".join(texts)}
    return kind, own


def _read_texts(parts: JSON) -> list[str] | None:
    """The texts of parts that are nothing but texts."""
    if not isinstance(parts, list):
        return None
    texts = [part["text"] for part in parts if isinstance(part, dict) and part.keys() == {"text"}]
    return texts if len(texts) == len(parts) and all(isinstance(text, str) for text in texts) else None


_REQUEST_KEYS = frozenset({"modelId", "model", "system", "messages", "toolConfig"})


def _read_request(asked: dict[str, JSON]) -> Request:
    messages: list[RequestMessage] = []
    if asked.get("system"):
        messages.append(RequestMessage("system", _simplify(asked["system"])))
    turns = asked.get("messages")
    for turn in turns if isinstance(turns, list) else [] if turns is None else [turns]:
        if isinstance(turn, dict):
            read = read_turn(text_or_none(turn.get("role")), turn, ("role",), _read_block)
            messages.extend(message._replace(content=_simplify(message.content)) for message in read)
        else:
            messages.append(RequestMessage(role=None, content=turn))
    parameters = {key: value for key, value in asked.items() if key not in _REQUEST_KEYS}
    config = asked.get("toolConfig")
    tools = config.get("tools") if isinstance(config, dict) else None
    if isinstance(config, dict):
        rest = {key: value for key, value in config.items() if key != "tools" or not isinstance(tools, list)}
        parameters |= {"toolConfig": rest} if rest else {}
    elif config is not None:
        parameters["toolConfig"] = config
    return Request(
        model=text_or_none(asked.get("modelId", asked.get("model"))),
        messages=tuple(messages),
        tools=tuple(map(_read_tool, tools)) if isinstance(tools, list) else (),
        parameters=parameters,
    )


def _simplify(content: JSON) -> JSON:
    """A content that is only one text as that text."""
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        return content[0]["text"] if content[0].keys() == {"text"} else content
    return content


def _read_block(role: str | None, block: JSON) -> RequestPart | RequestMessage:
    held = dict(block) if isinstance(block, dict) else {}
    call, result = held.pop("toolUse", None), held.pop("toolResult", None)
    if isinstance(call, dict) and not held:
        kind, name = text_or_none(call.get("type")), text_or_none(call.get("name"))
        told = ToolCall(text_or_none(call.get("toolUseId")), kind, name, write_text(call.get("input")))
        return RequestPart(role, call=told)
    if isinstance(result, dict):
        rest = {key: value for key, value in result.items() if key not in ("toolUseId", "content")}
        call_id, content = text_or_none(result.get("toolUseId")), result.get("content")
        return RequestMessage("tool", _simplify(content), (), call_id, None, {**rest, **held})
    return RequestPart(role, part=block)


def _read_tool(tool: JSON) -> Tool:
    if not isinstance(tool, dict) or len(tool) != 1:
        return Tool(name=None, extra={"tool": tool})
    ((kind, held),) = tool.items()
    told = held if isinstance(held, dict) else {}
    name = text_or_none(told.get("name"))
    if kind != "toolSpec" or not told:
        return Tool(name=name, type=kind, extra={kind: held})
    rest = {key: value for key, value in told.items() if key not in ("name", "description")}
    schema = rest.get("inputSchema")
    parameters = None
    if isinstance(schema, dict) and schema.keys() == {"json"}:
        parameters = rest.pop("inputSchema")["json"]
    return Tool(name, None, text_or_none(told.get("description")), parameters, rest)


def _is_request(path: str, asked: JSON) -> bool:
    """Whether something was sent to Converse, by its name or its SDK's, or to a Nova model."""
    is_named = path.endswith(("/converse", "/converse-stream")) or "modelId" in asked
    return "messages" in asked and (is_named or "inferenceConfig" in asked)


_FORM = RequestForm(
    tool_keys=("toolSpec",),
    tool_holder=("toolConfig",),
    schemas=("inputSchema",),
    names=("model", "modelId", "name"),
    result_keys=("toolResult",),
    instructions=("system",),
    call_ids=("toolUseId",),
    defaults={
        "toolConfig.toolChoice": {"auto": {}},
        "messages.*.content.*.toolResult.status": "success",
    },
)


_ENDINGS = {
    "end_turn": Ending.WHOLE,
    "tool_use": Ending.WHOLE,
    "stop_sequence": Ending.WHOLE,
    "max_tokens": Ending.CUT_SHORT,
    "model_context_window_exceeded": Ending.CUT_SHORT,
    "guardrail_intervened": Ending.REFUSED,
    "content_filtered": Ending.REFUSED,
}

_USAGE = UsageKeys(
    ("inputTokens",),
    ("outputTokens",),
    total="totalTokens",
    also=("cacheReadInputTokens", "cacheWriteInputTokens"),
)

WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    recognises_request=_is_request,
    form=_FORM,
    endings=_ENDINGS,
    attachments=Attachments(holders=("content",)),
    usage=_USAGE,
    noise=BEDROCK_NOISE,
    folded={
        "contentBlockIndex": "positions, which the order of texts and calls keeps",
        "p": "random padding that hides the length of an event",
    },
)
