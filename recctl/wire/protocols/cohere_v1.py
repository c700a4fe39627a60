"""Cohere's chat, version 1, and its generate: streamed as a JSON object a line, or whole.

Bedrock has both, as the body of its InvokeModel. At the end of a stream the reply comes once more, as a
whole: it is held against what the events have said, and gives what they have not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.blocks import check_final
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.message import CallBuilder, ChoiceBuilder
from recctl.wire.building.noise import BEDROCK_NOISE
from recctl.wire.building.requests import read_prompt_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import is_nothing, join, write_text
from recctl.wire.completion import Request, RequestMessage, Speaker, Tool, ToolCall
from recctl.wire.protocol import Attachments, Ending, RequestForm, UsageKeys, Wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion

NAME = "cohere-v1"
_EVENTS = (
    *("stream-start", "text-generation", "tool-calls-chunk", "tool-calls-generation", "stream-end"),
    *("citation-generation", "search-queries-generation", "search-results"),
)
_EVENT_KEYS = frozenset(
    {"event_type", "is_finished", "index", "text", "finish_reason", "response", "tool_calls", "generation_id"}
)
_COUNTS = ("billed_units", "tokens", "cached_tokens")


def _recognises(item: JSON) -> bool:
    data = peek(item).data
    return _is_event(data) or _is_whole(data)


def _is_event(data: dict[str, JSON]) -> bool:
    if not isinstance(data.get("is_finished"), bool):
        return False
    return data.get("event_type") in _EVENTS if "event_type" in data else "text" in data


def _is_whole(data: dict[str, JSON]) -> bool:
    generations = data.get("generations")
    if isinstance(generations, list) and generations:
        return isinstance(generations[0], dict) and "text" in generations[0]
    return isinstance(data.get("text"), str) and "generation_id" in data and "event_type" not in data


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    reply = _Reply()
    for event in read_events(items, reply.builder, streamed=streamed, type_key="event_type"):
        reply.add(event)
    reply.finish()
    return reply.builder.build(NAME, streamed=streamed, chunks=len(items))


class _Reply:
    """A reply under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._calls: dict[int, CallBuilder] = {}
        self._lists: dict[str, list[JSON]] = {}
        self._final = ChoiceBuilder(0)
        self._final_texts: list[tuple[int, JSON]] = []
        self._final_pointer = ""

    def add(self, event: Event) -> None:
        """Add what an event, or a whole body, says."""
        kind, data, pointer = event
        if _is_event(data):
            self._add_event(kind, data, pointer)
        elif _is_whole(data):
            self._add_whole(data, pointer, is_final=False)
        elif kind == "error" or data.get("error"):
            self.builder.fail(data.get("error") or data, pointer)
            self.builder.extra.add_rest((), data, {"error"} if data.get("error") else data)
        else:
            keep_unknown(event, self.builder)

    def finish(self) -> None:
        """Hold what the events have said against the whole reply, once all have come."""
        for key, values in self._lists.items():
            self.builder.extra.add((key,), values)
        said = {index: join(choice.content) for index, choice in self.builder.choices.items()}
        for index, text in self._final_texts:
            if text != said[index]:
                self.builder.extra.add(("choices", str(index), "final_text"), text)
        if self._final_pointer:
            check_final(self.builder, self._final, self._final_pointer)

    def _add_event(self, kind: str, data: dict[str, JSON], pointer: str) -> None:
        builder, index = self.builder, data.get("index")
        choice = builder.choice(index if type(index) is int else 0)
        builder.identify("id", data.get("generation_id"))
        if choice.has_ended:
            builder.note_once("chunk-after-finish", "the reply goes on after its end", pointer)
        text = data.get("text")
        if kind == "tool-calls-generation":  # which tells once more what fragments have told
            self._state_text(text)
            self._state_calls(data.get("tool_calls"), pointer)
            text = None
        self._add_text(choice, text)
        if kind == "tool-calls-chunk":
            self._add_fragment(choice, data.get("tool_call_delta"), pointer)
        elif kind != "tool-calls-generation":
            builder.extra.add(("odd_tool_calls",), data.get("tool_calls"))
        self._end(choice, data, pointer)
        placed = _EVENT_KEYS | {"tool_call_delta"} if kind == "tool-calls-chunk" else _EVENT_KEYS
        for key, value in data.items():
            if isinstance(value, list) and key not in placed:
                self._lists.setdefault(key, []).extend(value)
            elif key not in placed:
                builder.extra.add((key,), value)

    def _end(self, choice: ChoiceBuilder, data: dict[str, JSON], pointer: str) -> None:
        """Add what becomes known at the end: why it is one, and the reply as a whole."""
        self._add_reason(choice, data.get("finish_reason"))
        response = data.get("response")
        if isinstance(response, dict):
            self._add_whole(response, f"{pointer}/response", is_final=True)
        else:
            self.builder.extra.add(("odd_response",), response)
        choice.ended = choice.ended or data.get("is_finished") is True

    def _add_reason(self, choice: ChoiceBuilder, reason: JSON) -> None:
        if not isinstance(reason, str):
            self.builder.extra.add(("odd_finish_reason",), reason)
            return
        if choice.finish_reason not in (None, reason):
            self.builder.extra.add(("earlier_finish_reason",), choice.finish_reason)
        choice.finish_reason = reason or choice.finish_reason

    def _add_whole(self, data: dict[str, JSON], pointer: str, *, is_final: bool) -> None:
        """Add a reply as a whole; the one at the end of a stream is told apart from what that has said."""
        builder = self.builder
        placed = {"generation_id", "id", "meta", "finish_reason", "text", "tool_calls", "generations"}
        builder.identify("id", data.get("generation_id") or data.get("id"))
        if data.get("generation_id"):
            builder.extra.add(("ids",), data.get("id"))
        self._add_meta(data.get("meta"))
        generations = data.get("generations")
        if isinstance(generations, list) and generations:
            for position, generation in enumerate(generations):
                self._add_generation(position, generation, is_final=is_final)
            placed -= {"text", "tool_calls"}
        else:
            builder.extra.add(("odd_generations",), generations)
            choice = self._final if is_final else builder.choice(0)
            if is_final:
                self._state_text(data.get("text"))
            else:
                self._add_text(choice, data.get("text"))
            self._add_reason(builder.choice(0), data.get("finish_reason"))
            self._add_calls(choice, data.get("tool_calls"), f"{pointer}/tool_calls")
        if is_final:
            self._final_pointer = pointer
        for key, value in data.items():
            if key not in placed and key not in self._lists:
                builder.extra.add((key,), value)
            elif key not in placed and value != self._lists[key]:
                builder.extra.add(("final", key), value)

    def _add_generation(self, position: int, generation: JSON, *, is_final: bool) -> None:
        if not isinstance(generation, dict):
            self.builder.extra.add(("odd_generations",), generation)
            return
        index = generation.get("index")
        number = index if type(index) is int else position
        choice = self.builder.choice(number)
        text = generation.get("text")
        if is_final and not number:
            self._state_text(text)
        elif not is_final or not any(choice.content):
            self._add_text(choice, text)
        else:
            self._final_texts.append((number, text))
        self._add_reason(choice, generation.get("finish_reason"))
        path = ("choices", str(number))
        self.builder.extra.add_rest(path, generation, {"text", "finish_reason", "index"})

    def _add_meta(self, meta: JSON) -> None:
        if not isinstance(meta, dict):
            self.builder.extra.add(("odd_meta",), meta)
            return
        self.builder.merge_usage({key: meta.get(key) for key in _COUNTS})
        self.builder.extra.add_rest(("meta",), meta, _COUNTS)

    def _add_text(self, choice: ChoiceBuilder, text: JSON) -> None:
        if not isinstance(text, str):
            self.builder.extra.add(("odd_text",), text)
        elif text:
            choice.say("content", text)

    def _state_text(self, text: JSON) -> None:
        """Take a text as a whole, which fragments may have told already; the last one counts."""
        known = self._final.content
        if not isinstance(text, str):
            self.builder.extra.add(("odd_text",), text)
        elif not known:
            self._add_text(self._final, text)
        elif text and known != [text]:
            self.builder.extra.add(("other_texts",), known[0])
            known[:] = [text]

    def _state_calls(self, calls: JSON, pointer: str) -> None:
        """Take calls as a whole, which fragments may have told already."""
        self._final.calls.clear()
        self._add_calls(self._final, calls, f"{pointer}/tool_calls")
        self._final_pointer = self._final_pointer or pointer

    def _add_calls(self, choice: ChoiceBuilder, calls: JSON, pointer: str) -> None:
        if choice is self._final and calls:
            choice.calls.clear()
        for position, own in enumerate(
            calls if isinstance(calls, list) else [] if calls is None else [calls]
        ):
            if not isinstance(own, dict):
                self.builder.extra.add(("odd_tool_calls",), own)
                continue
            call = CallBuilder(f"{pointer}/{position}", position)
            self._fill(call, own)
            choice.add_call(call)

    def _add_fragment(self, choice: ChoiceBuilder, delta: JSON, pointer: str) -> None:
        """Add a fragment of a call: its name, or the next bit of its arguments."""
        if not isinstance(delta, dict):
            self.builder.extra.add(("odd_tool_calls",), delta)
            return
        index = delta.get("index")
        number = index if type(index) is int else 0
        call = self._calls.get(number)
        if call is None:
            call = self._calls[number] = CallBuilder(pointer, number)
            choice.add_call(call)
        self._fill(call, delta)

    def _fill(self, call: CallBuilder, told: dict[str, JSON]) -> None:
        for key in ("id", "name"):
            value = told.get(key)
            if isinstance(value, str) and value and getattr(call, key) in (None, value):
                setattr(call, key, value)
            elif not is_nothing(value):
                self.builder.extra.add(("tool_calls", str(call.key), f"other_{key}s"), value)
        call.add_arguments(told.get("parameters"))
        rest = {key: value for key, value in told.items() if key not in ("id", "name", "parameters", "index")}
        self.builder.extra.add_rest(("tool_calls", str(call.key)), rest, ())


_REQUEST_KEYS = frozenset({"model", "message", "chat_history", "preamble", "tools", "tool_results"})


def _read_request(asked: dict[str, JSON]) -> Request:
    if "message" not in asked and "chat_history" not in asked:
        return read_prompt_request(asked, "prompt")
    messages = [RequestMessage("system", asked["preamble"])] if asked.get("preamble") else []
    messages += map(_read_turn, _as_list(asked.get("chat_history")))
    if not is_nothing(asked.get("message")):
        messages.append(RequestMessage("user", asked["message"]))
    messages += map(_read_result, _as_list(asked.get("tool_results")))
    return Request(
        model=text_or_none(asked.get("model")),
        messages=tuple(messages),
        tools=tuple(map(_read_tool, _as_list(asked.get("tools")))),
        parameters={key: value for key, value in asked.items() if key not in _REQUEST_KEYS},
    )


def _as_list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read_turn(turn: JSON) -> RequestMessage:
    if not isinstance(turn, dict):
        return RequestMessage(None, turn)
    if turn.get("tool_results"):
        rest = {key: value for key, value in turn.items() if key not in ("role", "tool_results")}
        return RequestMessage(text_or_none(turn.get("role")), turn["tool_results"], extra=rest)
    calls = tuple(_read_call(call) for call in _as_list(turn.get("tool_calls")))
    rest = {key: value for key, value in turn.items() if key not in ("role", "message", "tool_calls")}
    return RequestMessage(text_or_none(turn.get("role")), turn.get("message"), calls, extra=rest)


def _read_call(call: JSON) -> ToolCall:
    if not isinstance(call, dict):
        return ToolCall(None, None, None, write_text(call))
    name, call_id = text_or_none(call.get("name")), text_or_none(call.get("id"))
    return ToolCall(call_id, None, name, write_text(call.get("parameters")))


def _read_result(result: JSON) -> RequestMessage:
    call = result.get("call") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(call, dict):
        return RequestMessage("tool", result)
    rest = {key: value for key, value in result.items() if key not in ("call", "outputs")}
    name, call_id = text_or_none(call.get("name")), text_or_none(call.get("id"))
    parameters = {key: value for key, value in call.items() if key not in ("name", "id")}
    return RequestMessage("tool", result.get("outputs"), (), call_id, name, {**rest, **parameters})


def _read_tool(tool: JSON) -> Tool:
    if not isinstance(tool, dict):
        return Tool(name=None, extra={"tool": tool})
    placed = ("name", "description", "parameter_definitions")
    return Tool(
        name=text_or_none(tool.get("name")),
        description=text_or_none(tool.get("description")),
        extra={key: value for key, value in tool.items() if key not in placed[:2]},
    )


def _is_request(path: str, asked: JSON) -> bool:
    return path.endswith("/v1/chat") and "message" in asked


_ENDINGS = {
    "COMPLETE": Ending.WHOLE,
    "STOP_SEQUENCE": Ending.WHOLE,
    "MAX_TOKENS": Ending.CUT_SHORT,
    "ERROR_LIMIT": Ending.CUT_SHORT,
    "ERROR_TOXIC": Ending.REFUSED,
}

_NOISE = {**BEDROCK_NOISE, "response_id": "made up for each reply", "meta": "counts of tokens, and warnings"}

WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    recognises_request=_is_request,
    form=RequestForm(
        messages=("chat_history",),
        contents=("message",),
        speakers={
            "USER": Speaker.USER,
            "SYSTEM": Speaker.SYSTEM,
            "TOOL": Speaker.TOOL,
            "CHATBOT": Speaker.MODEL,
        },
        instructions=("preamble",),
    ),
    endings=_ENDINGS,
    attachments=Attachments(keys=("citations", "documents")),
    noise=_NOISE,
    usage=UsageKeys(("input_tokens",), ("output_tokens",), holders=("tokens",)),
)
