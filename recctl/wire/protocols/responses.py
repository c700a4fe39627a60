"""OpenAI's responses: streamed as events, or whole; either way made of output items.

A reply is put together from the events of its items and their parts. What an event says a whole text to be,
and the finished response at the end, replace fragments that did not come and are checked against those
that did. Items that are no message, reasoning or call of a named tool go to `extra`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import COMMON_DEFAULTS, Attachments, Ending, RequestForm, UsageKeys, Wire
from recctl.wire.building.blocks import (
    RequestPart,
    add_finish_reason,
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
from recctl.wire.building.outputs import ARGUMENT_KEYS, EVENT_KEYS, Output
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import is_nothing
from recctl.wire.completion import RequestMessage, Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "openai-responses"
_ENDS = ("completed", "incomplete", "failed", "cancelled", "done")
_RESPONSE_KEYS = frozenset(
    {"object", "id", "model", "status", "usage", "error", "incomplete_details", "output"}
)


def _recognises(item: JSON) -> bool:
    kind, data, _ = peek(item)
    if data.get("type") == "error":
        return "sequence_number" in data or ("message" in data and "error" not in data)
    return kind.startswith("response.") or data.get("object") == "response"


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    reply = _Reply()
    for event in read_events(items, reply.builder, streamed=streamed):
        reply.add(event)
    reply.place_items()
    return reply.builder.build(NAME, streamed=streamed, chunks=len(items))


class _Reply:
    """A response under construction."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._output = Output(self.builder)
        self._finals: list[tuple[Output, str]] = []

    def add(self, event: Event) -> None:
        """Add what an event, or a whole response, says."""
        kind, data, pointer = event
        name = kind.removeprefix("response.")
        if data.get("object") == "response":
            if self._add_response(data, pointer, f"{pointer}/output"):
                self.builder.note_other_reply(pointer)
        elif kind == "error":
            told = {key: value for key, value in data.items() if key not in EVENT_KEYS}
            self.builder.fail(told.pop("error", None) or told, pointer)
            self.builder.extra.add_rest((), told, () if "error" in data else told)
        elif name == kind:
            keep_unknown(event, self.builder)
        elif "response" in data or name in _ENDS:
            response = data.get("response")
            if isinstance(response, dict):
                is_other = self._add_response(response, pointer, "")
                if is_other and name == "created":
                    self.builder.note_other_reply(pointer)
                data = {key: value for key, value in data.items() if key != "response"}
            self.builder.choice(0).ended |= name in _ENDS
            self.builder.extra.add_rest((), data, EVENT_KEYS)
        else:
            note_late(self.builder, pointer)
            if not self._output.add_event(name, data, pointer):
                keep_unknown(event, self.builder)

    def place_items(self) -> None:
        """Move the items to their places, once all have come, and compare them with the finished response."""
        if self._output.is_begun:
            self._output.place(self.builder.choice(0))
        for final, pointer in self._finals:
            choice = ChoiceBuilder(0)
            final.place(choice)
            check_final(self.builder, choice, pointer)

    def _add_response(self, response: dict[str, JSON], pointer: str, output_pointer: str) -> bool:
        """Add what a response says; gives whether it is another one than that of the first event."""
        builder = self.builder
        builder.choice(0)
        is_other = builder.identify("id", response.get("id"))
        builder.identify("model", response.get("model"))
        builder.merge_usage(response.get("usage"))
        builder.extra.add_rest((), response, _RESPONSE_KEYS)
        self._end(response, pointer)
        output = response.get("output")
        if not isinstance(output, list):
            builder.extra.add(("odd_output",), output)
        elif output:
            final = Output(builder)
            for index, item in enumerate(output):
                final.add_item(item, index, f"{output_pointer}/{index}" if output_pointer else pointer)
            self._finals.append((final, pointer))
        return is_other

    def _end(self, response: dict[str, JSON], pointer: str) -> None:
        """Take a response's status, which is why it ends unless there are details of that."""
        builder = self.builder
        status, error = response.get("status"), response.get("error")
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        if isinstance(details, dict):
            builder.extra.add_rest(("incomplete_details",), details, {"reason"})
        else:
            builder.extra.add(("incomplete_details",), details)
        if not is_nothing(reason):
            builder.extra.add(("status",), status)
            add_finish_reason(builder, reason)
        else:
            add_status(builder, status)
        if error or (status == "failed" and builder.error is None):
            builder.fail(error or {"status": status}, pointer)


def _read_request(asked: dict[str, JSON]) -> Request:
    placed = ("input", "instructions")
    request = read_chat_request({key: value for key, value in asked.items() if key not in placed})
    instructions, entries = asked.get("instructions"), asked.get("input")
    messages = [RequestMessage(role="system", content=instructions)] if instructions else []
    if isinstance(entries, str):
        messages.append(RequestMessage(role="user", content=entries))
    elif entries is not None:
        listed = entries if isinstance(entries, list) else [entries]
        messages.extend(join_pieces(part for entry in listed for part in _read_item(entry)))
    return request._replace(messages=tuple(messages))


def _read_item(item: JSON) -> Iterator[RequestPart | RequestMessage]:
    """One item of an input: a message, a call, a tool's result, or something else that the model said."""
    kind = text_or_none(item.get("type") or "message") if isinstance(item, dict) else None
    if kind == "message":
        yield from read_turn(text_or_none(item.get("role")), item, ("role", "type"), RequestPart)
    elif kind is not None and kind.endswith("_output") and not is_nothing(item.get("call_id")):
        yield read_result(item, "call_id", "output")
    elif kind in ARGUMENT_KEYS:
        id_key = "id" if kind == "mcp_call" else "call_id"
        yield read_call("assistant", item, id_key, ARGUMENT_KEYS[kind])
    else:  # among them results of calls that the provider answers itself
        role = text_or_none(item.get("role")) if isinstance(item, dict) else None
        yield RequestPart(role or "assistant", part=item)


_ENDINGS = {
    "completed": Ending.WHOLE,
    "max_output_tokens": Ending.CUT_SHORT,
    "content_filter": Ending.REFUSED,
}


def _is_request(path: str, _: JSON) -> bool:
    return path.endswith("/responses")


def _list_tools(request: Request, asked: dict[str, JSON]) -> Iterator[Tool]:
    """The tools of a request, those of namespaces, and those that a search has found or the client added."""
    for tool in (*request.tools, *_list_added(asked.get("input"))):
        yield tool
        inner = tool.extra.get("tools") if tool.type == "namespace" else None
        for each in inner if isinstance(inner, list) else ():
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                yield Tool(each["name"], parameters=each.get("parameters"))


def _list_added(items: JSON) -> Iterator[Tool]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") in ("tool_search_output", "additional_tools"):
            yield Tool(None, "namespace", extra={"tools": item.get("tools")})


_FORM = RequestForm(
    instructions=("instructions",),
    defaults={
        **COMMON_DEFAULTS,
        "background": False,
        "parallel_tool_calls": True,
        "store": True,
        "tool_choice": "auto",
        "truncation": "disabled",
        "text": {"format": {"type": "text"}},
        "text.format": {"type": "text"},
        "text.format.strict": False,
        "input.*.type": "message",
        "input.*.content.*.detail": "auto",
        "input.*.status": "completed",
    },  # as in OpenAI's reference, "Create a model response"; what was said before has a status
    conversations=("previous_response_id", "conversation"),
    references=("item_reference",),
    call_ids=("id", "call_id"),
    other_calls=("_call",),
)

_ATTACHMENTS = Attachments(holders=("output",))

WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    recognises_request=_is_request,
    form=_FORM,
    list_tools=_list_tools,
    endings=_ENDINGS,
    attachments=_ATTACHMENTS,
    usage=UsageKeys(("input_tokens",), ("output_tokens",), total="total_tokens"),
)
