"""Cohere's chat, version 2: streamed as events, or whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.completion import Completion, Message, Note, Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocols.cohere import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import (
    check_any,
    codes,
    cut_said,
    exchange,
    find_lost,
    mark,
    record_anyhow,
    retype,
    send,
)

USAGE = {"billed_units": {"input_tokens": 5}, "tokens": {"input_tokens": 9, "output_tokens": 2}}


def event(kind: str, index: int | None = None, **message: Any) -> dict[str, Any]:
    at = {} if index is None else {"index": index}
    return {"type": kind, **at, "delta": {"message": message}}


def start(reply_id: str = "r1", **message: Any) -> dict[str, Any]:
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return {"id": reply_id, **event("message-start", **{**empty, **message})}


def end(**fields: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": USAGE, **fields}}


def begin(index: int, kind: str = "text") -> dict[str, Any]:
    return event("content-start", index, content={"type": kind, kind: ""})


def say(index: int, text: str, kind: str = "text") -> dict[str, Any]:
    return event("content-delta", index, content={kind: text})


def stop(index: int) -> dict[str, Any]:
    return {"type": "content-end", "index": index}


def call(index: int, call_id: str = "c1") -> dict[str, Any]:
    function = {"name": "now", "arguments": ""}
    return event(
        "tool-call-start", index, tool_calls={"id": call_id, "type": "function", "function": function}
    )


def fill(index: int, text: str) -> dict[str, Any]:
    return event("tool-call-delta", index, tool_calls={"function": {"arguments": text}})


CITED = {"start": 0, "end": 2, "text": "Hi", "sources": [{"type": "tool", "id": "now:0"}]}
CALL = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": '{"a": 1}'}}


def stream(*events: dict[str, Any]) -> Completion:
    return assemble(read(record(send(*events))))


def whole(reason: str = "COMPLETE", **message: Any) -> Completion:
    body = {"id": "r1", "message": {"role": "assistant", **message}, "finish_reason": reason, "usage": USAGE}
    return assemble(read(record(body)))


def test_a_text_is_put_together() -> None:
    completion = stream(start(), begin(0), say(0, "Hel"), say(0, "lo"), stop(0), end())
    assert completion._replace(chunks=0) == whole(content=[{"type": "text", "text": "Hello"}])._replace(
        streamed=True
    )
    assert completion.choices[0].message == Message("assistant", "Hello")
    assert (completion.wire, completion.id, completion.complete) == ("cohere-chat", "r1", True)
    assert (completion.choices[0].finish_reason, completion.usage) == ("COMPLETE", USAGE)
    assert (completion.extra, completion.notes) == ({}, ())


def test_thinking_and_plans_are_reasoning_and_calls_are_calls() -> None:
    expected = Message(
        "assistant", None, "I will look", None, (ToolCall("c1", "function", "now", '{"a": 1}'),)
    )
    assert whole("TOOL_CALL", tool_plan="I will look", tool_calls=[CALL]).choices[0].message == expected
    plan = [event("tool-plan-delta", tool_plan=text) for text in ("I will ", "look")]
    events = [
        start(),
        *plan,
        call(0),
        fill(0, '{"a"'),
        fill(0, ": 1}"),
        {"type": "tool-call-end", "index": 0},
    ]
    completion = stream(*events, end(finish_reason="TOOL_CALL"))
    assert (completion.choices[0].message, completion.extra) == (expected, {})
    thought = stream(start(), begin(0, "thinking"), say(0, "Hm", "thinking"), begin(1), say(1, "Hi"), end())
    assert thought.choices[0].message == Message("assistant", "Hi", "Hm")
    content = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}]
    assert whole(content=content).choices == thought.choices


def test_calls_go_by_their_index() -> None:
    events = [call(0), call(1, "c2"), fill(1, "{}"), fill(0, "[]")]
    calls = stream(start(), *events, end()).choices[0].message.tool_calls
    assert [(made.id, made.arguments) for made in calls] == [("c1", "[]"), ("c2", "{}")]


def test_citations_are_kept() -> None:
    cited = [event("citation-start", 0, citations=CITED), {"type": "citation-end", "index": 0}]
    completion = stream(start(), begin(0), say(0, "Hi"), *cited, end())
    assert completion.extra == {"citations": [CITED]}
    assert whole(content=[{"type": "text", "text": "Hi"}], citations=[CITED]).extra == completion.extra


def test_a_stream_without_its_end_is_cut_off() -> None:
    assert codes(stream(start(), begin(0), say(0, "Hi"))) == ["incomplete-stream"]


def test_errors_are_told() -> None:
    completion = stream(start(), say(0, "Hi"), end(finish_reason="ERROR", error="gone"))
    assert (completion.error, completion.complete) == ("gone", False)
    completion = stream(start(), {"type": "error", "error": {"message": "busy"}})
    assert completion.error == {"message": "busy"}


def test_what_comes_after_the_end_is_noted() -> None:
    completion = stream(start(), end(), say(0, "Hi"))
    message = "the reply goes on after its end"
    assert completion.notes == (Note("chunk-after-finish", message, "/response/body/6"),)


def test_another_reply_is_noted_and_its_blocks_come_after() -> None:
    completion = stream(start(), say(0, "a"), end(), start("r2"), say(0, "b"), end())
    assert codes(completion) == ["mixed-ids", "chunk-after-finish"]
    assert completion.choices[0].message.content == "ab"


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        (start(), True),
        (stop(0), True),
        ({"message": {"role": "assistant"}, "finish_reason": "COMPLETE"}, True),
        ({"message": {"role": "assistant"}, "done": True}, False),
        ({"message": "no", "finish_reason": None}, False),
        ({"type": "message_start"}, False),
        ([], False),
    ],
)
def test_what_replies_look_like(item: Any, is_one: bool) -> None:
    assert WIRE.recognises(item) is is_one


def test_steps_tell_what_each_event_added() -> None:
    exchange = read_exchange(read(record([start(), say(0, "Hel"), say(0, "lo"), end()])))
    assert [dict(step.added).get("content") for step in exchange.read_steps()] == [None, "Hel", "lo", None]


def test_requests_have_openais_form() -> None:
    tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
    asked = {
        "model": "small",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [tool],
        "documents": [],
    }
    assert read_request(exchange(start(), asked)) == Request(
        "small",
        (RequestMessage("user", "Hi"),),
        tools=(Tool("now", "function", parameters={"type": "object"}),),
        parameters={"documents": []},
    )


EXCHANGE = [
    start(),
    event("tool-plan-delta", tool_plan="I will"),
    begin(0, "thinking"),
    say(0, "Hm", "thinking"),
    begin(1),
    say(1, "Hi"),
    stop(1),
    call(0),
    fill(0, "{}"),
    event("citation-start", 0, citations=CITED),
    end(),
    {"type": "debug", "prompt": "x"},
]
BODY: dict[str, Any] = {
    "id": "r1",
    "message": {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Hi"},
            {"type": "thinking", "thinking": "Hm"},
            {"type": "novel"},
        ],
        "tool_plan": "I will",
        "tool_calls": [CALL],
        "citations": [CITED],
    },
    "finish_reason": "COMPLETE",
    "usage": USAGE,
    "logprobs": [{"text": "Hi", "logprobs": [-0.5]}],
}


@given(st.text(min_size=1, max_size=9), st.text(max_size=9), st.data())
def test_any_legal_stream_of_a_message_gives_the_message(text: str, plan: str, data: st.DataObject) -> None:
    plans = [event("tool-plan-delta", tool_plan=piece) for piece in data.draw(cut_said(plan))]
    said = [say(0, piece) for piece in data.draw(cut_said(text))]
    events = [start(), *plans, begin(0), *said, stop(0), call(0), fill(0, '{"a": 1}'), end()]
    message = {**BODY["message"], "content": [{"type": "text", "text": text}], "tool_plan": plan}
    body = {**BODY, "message": {**message, "citations": []}, "logprobs": None}
    completion, expected = WIRE.assemble(data.draw(record_anyhow(events)), True), WIRE.assemble([body], False)
    assert (completion.choices, completion.usage) == (expected.choices, expected.usage)
    assert completion.complete


@given(mark(EXCHANGE), mark(BODY))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(EXCHANGE), spoil(BODY), spoil({"messages": [{"role": "user"}]}), st.data())
def test_any_json_in_any_place_is_assembled_and_read(
    events: Any, body: Any, asked: Any, data: st.DataObject
) -> None:
    check_any(WIRE, [events, body, data.draw(record_anyhow(retype(events)))], asked)
