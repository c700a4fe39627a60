"""Cohere's chat, version 1, and its generate: streamed as JSON lines, or whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Message, Note, Request, RequestMessage, Speaker, Tool, ToolCall
from recctl.wire.protocols.cohere_v1 import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import check_any, codes, exchange, find_lost, mark

COUNTS = {"billed_units": {"input_tokens": 5, "output_tokens": 2}, "tokens": {"input_tokens": 9}}
REPLY = {
    "response_id": "r1",
    "generation_id": "g1",
    "text": "Hello",
    "finish_reason": "COMPLETE",
    "meta": {"api_version": {"version": "1"}, **COUNTS},
}
CALL = {"name": "now", "parameters": {"a": 1}}
GENERATED = {
    "id": "g",
    "prompt": "Hi",
    "generations": [{"id": "g0", "text": "Hello", "finish_reason": "COMPLETE"}],
}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"event_type": kind, "is_finished": kind == "stream-end", **fields}


START = event("stream-start", generation_id="g1")


def say(text: str) -> dict[str, Any]:
    return event("text-generation", text=text)


def end(**reply: Any) -> dict[str, Any]:
    return event("stream-end", finish_reason="COMPLETE", response={**REPLY, **reply})


def assembled(body: Any) -> Completion:
    return assemble(read(record(body)))


def test_a_whole_reply() -> None:
    completion = assembled(REPLY)
    assert completion.choices[0].message == Message(content="Hello")
    assert (completion.wire, completion.id, completion.usage) == ("cohere-v1", "g1", COUNTS)
    assert completion.choices[0].finish_reason == "COMPLETE"
    assert completion.extra == {"response_id": "r1", "meta": {"api_version": {"version": "1"}}}


def test_a_stream_says_the_same() -> None:
    chunks = [START, say("Hel"), say("lo"), end()]
    expected = assembled(REPLY)._replace(streamed=True, chunks=4)
    assert assembled(chunks) == expected
    assert assembled([json.dumps(chunk) for chunk in chunks]) == expected
    opened = [{"chunk": {"bytes": chunk, "p": "a"}} for chunk in chunks]
    assert assembled(opened) == expected


def test_a_final_reply_that_differs_is_noted_and_kept() -> None:
    completion = assembled([START, say("Hel"), end()])
    assert completion.choices[0].message.content == "Hel"
    message = "the provider's final message differs from its stream in content"
    assert completion.notes == (Note("final-mismatch", message, "/response/body/2/response"),)
    assert completion.extra["final"] == {"content": "Hello"}


def test_calls_are_told_in_fragments_and_as_a_whole() -> None:
    fragments = [
        event("tool-calls-chunk", text="I will look"),
        event("tool-calls-chunk", tool_call_delta={"index": 0, "name": "now"}),
        event("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": '{"a"'}),
        event("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": ": 1}"}),
    ]
    stated = event("tool-calls-generation", text="I will look", tool_calls=[CALL])
    last = end(text="I will look", tool_calls=[CALL])
    expected = Message(content="I will look", tool_calls=(ToolCall(None, None, "now", '{"a": 1}'),))
    for chunks in ([START, *fragments, stated, last], [START, stated, last], [START, *fragments, last]):
        completion = assembled(chunks)
        assert completion.choices[0].message == expected
        assert completion.notes == ()
    assert assembled(last["response"]).choices[0].message == expected


def test_citations_and_documents_are_kept_once() -> None:
    cited = {"start": 0, "end": 2, "text": "He", "document_ids": ["d1"]}
    found = event("search-results", documents=[{"id": "d1"}])
    events = [START, found, say("Hello"), event("citation-generation", citations=[cited])]
    completion = assembled([*events, end(citations=[cited], documents=[{"id": "d1"}])])
    assert completion.extra["citations"] == [cited]
    assert completion.extra["documents"] == [{"id": "d1"}]
    assert "final" not in completion.extra
    assert assembled([*events, end(citations=[{}])]).extra["final"] == {"citations": [{}]}


def test_generate_replies_with_generations() -> None:
    several = {**GENERATED, "generations": [{"text": text, "finish_reason": "COMPLETE"} for text in "ab"]}
    assert [choice.message.content for choice in assembled(several).choices] == ["a", "b"]
    completion = assembled(GENERATED)
    assert (completion.id, completion.choices[0].message.content) == ("g", "Hello")
    assert completion.extra == {"prompt": "Hi", "choices": {"0": {"id": "g0"}}}
    last = {
        "is_finished": True,
        "event_type": "stream-end",
        "finish_reason": "COMPLETE",
        "response": GENERATED,
    }
    streamed = assembled([{"text": "Hel", "is_finished": False}, {"text": "lo", "is_finished": False}, last])
    assert streamed == completion._replace(streamed=True, chunks=3)


def test_bedrocks_chunks_have_an_index_and_their_end_no_response() -> None:
    chunks = [
        {"index": 0, "is_finished": False, "text": "Hel"},
        {"index": 0, "is_finished": False, "text": "lo"},
        {"finish_reason": "COMPLETE", "index": 0, "is_finished": True, "text": ""},
    ]
    completion = assembled([{"chunk": {"bytes": chunk}} for chunk in chunks])
    assert completion.choices[0].message.content == "Hello"
    assert (completion.complete, completion.choices[0].finish_reason) == (True, "COMPLETE")


def test_a_stream_without_its_end_is_cut_off() -> None:
    assert codes(assembled([START, say("Hi")])) == ["incomplete-stream"]


def test_what_comes_after_the_end_is_noted() -> None:
    completion = assembled([START, say("Hello"), end(), say("!")])
    assert codes(completion) == ["chunk-after-finish", "final-mismatch"]


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        (START, True),
        ({"text": "a", "is_finished": False}, True),
        (REPLY, True),
        (GENERATED, True),
        ({"text": "a", "usage": {}}, False),
        ({"generations": []}, False),
        ({"event_type": "interaction.start", "is_finished": False}, False),
        ({"is_finished": False}, False),
        ([], False),
    ],
)
def test_what_replies_look_like(item: Any, is_one: bool) -> None:
    assert WIRE.recognises(item) is is_one


ASKED = {
    "model": "small",
    "preamble": "Be brief",
    "chat_history": [
        {"role": "USER", "message": "Hello"},
        {"role": "CHATBOT", "message": "Hm", "tool_calls": [CALL]},
        {"role": "TOOL", "tool_results": [{"call": CALL, "outputs": [{"t": 8}]}]},
    ],
    "message": "And now?",
    "tools": [{"name": "now", "description": "The time", "parameter_definitions": {"a": {"type": "int"}}}],
    "tool_results": [{"call": CALL, "outputs": [{"t": 9}]}],
    "temperature": 0,
}


def test_requests_are_read_by_what_they_ask() -> None:
    call = ToolCall(None, None, "now", '{"a": 1}')
    definitions = {"parameter_definitions": {"a": {"type": "int"}}}
    assert read_request(exchange(REPLY, ASKED)) == Request(
        model="small",
        messages=(
            RequestMessage("system", "Be brief"),
            RequestMessage("USER", "Hello", said_by=Speaker.USER),
            RequestMessage("CHATBOT", "Hm", (call,), said_by=Speaker.MODEL),
            RequestMessage("TOOL", [{"call": CALL, "outputs": [{"t": 8}]}], said_by=Speaker.TOOL),
            RequestMessage("user", "And now?"),
            RequestMessage("tool", [{"t": 9}], name="now", extra={"parameters": {"a": 1}}),
        ),
        tools=(Tool("now", None, "The time", extra=definitions),),
        parameters={"temperature": 0},
    )
    asked = {"model": "small", "prompt": "Hi"}
    assert read_request(exchange(GENERATED, asked)) == Request("small", prompt="Hi")


EXCHANGE = [
    START,
    say("Hel"),
    event("tool-calls-chunk", text="lo", tool_call_delta={"index": 0, "name": "now", "parameters": "{}"}),
    event("tool-calls-generation", text="Hello", tool_calls=[CALL]),
    event("citation-generation", citations=[{"text": "He"}]),
    end(tool_calls=[CALL], citations=[{"text": "He"}], documents=[{"id": "d"}]),
]


@given(mark(EXCHANGE), mark({**REPLY, "tool_calls": [CALL]}), mark(GENERATED))
def test_nothing_in_any_place_is_lost(events: Any, body: Any, generated: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []
    assert find_lost(generated[1], WIRE.assemble([generated[0]], False)) == []


@given(spoil(EXCHANGE), spoil({**REPLY, **GENERATED}), spoil(ASKED))
def test_any_json_in_any_place_is_assembled_and_read(events: Any, body: Any, asked: Any) -> None:
    check_any(WIRE, [events, body], asked)
