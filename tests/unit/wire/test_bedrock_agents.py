"""Bedrock's agents and knowledge bases: answers, traces, and what the client is to do."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Message, Request, RequestMessage, ToolCall
from recctl.wire.protocols.bedrock_agents import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import check_any, codes, exchange, find_lost, mark


def step(**trace: Any) -> dict[str, Any]:
    return {"trace": {"agentId": "A", "sessionId": "s", "trace": trace}}


def answer(text: Any, **more: Any) -> dict[str, Any]:
    held = base64.b64encode(text.encode()).decode() if isinstance(text, str) else text
    return {"chunk": {"bytes": held, **more}}


def stream(*events: Any) -> Completion:
    return assemble(read(record([*events])))


THOUGHT = step(orchestrationTrace={"rationale": {"text": "Hm"}})
CONTROL = {
    "returnControl": {
        "invocationId": "i1",
        "invocationInputs": [
            {
                "functionInvocationInput": {
                    "actionGroup": "clock",
                    "function": "now",
                    "parameters": [{"name": "zone", "type": "string", "value": "CET"}],
                }
            }
        ],
    }
}
WHOLE = {"output": {"text": "Hello"}, "sessionId": "s", "citations": [{"retrievedReferences": []}]}


def test_an_answer_comes_after_its_traces() -> None:
    completion = stream(THOUGHT, answer("Hel"), answer("lo", attribution={"citations": [{"a": 1}]}))
    assert completion.choices[0].message == Message(content="Hello")
    assert (completion.wire, completion.complete, completion.notes) == ("bedrock-agents", True, ())
    assert completion.extra == {"trace": THOUGHT["trace"], "attribution": {"citations": [{"a": 1}]}}


def test_an_answer_may_be_json_that_has_been_read() -> None:
    completion = stream(THOUGHT, answer({"a": 1}))
    assert completion.choices[0].message.content == '{"a": 1}'


def test_what_the_client_is_to_do_are_calls() -> None:
    completion = stream(THOUGHT, CONTROL)
    (call,) = completion.choices[0].message.tool_calls
    assert call == ToolCall("i1", None, "now", '{"zone": "CET"}')
    assert completion.complete
    assert completion.extra["tool_calls"]["0"]["actionGroup"] == "clock"


def test_a_knowledge_base_answers_whole_or_in_pieces() -> None:
    whole = assemble(read(record(WHOLE)))
    assert whole.choices[0].message.content == "Hello"
    assert whole.extra == {"sessionId": "s", "citations": [{"retrievedReferences": []}]}
    streamed = stream({"output": {"text": "Hel"}}, {"output": {"text": "lo"}}, {"citation": {"a": 1}})
    assert streamed.choices == whole.choices
    assert streamed.extra == {"citation": {"a": 1}}


def test_a_stream_without_an_answer_is_cut_off() -> None:
    assert codes(stream(THOUGHT)) == ["incomplete-stream"]


def test_an_exception_is_an_error() -> None:
    completion = stream(THOUGHT, {"dependencyFailedException": {"message": "no"}})
    assert completion.error == {"type": "dependencyFailedException", "message": "no"}


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        (THOUGHT, True),
        (answer("Hi"), True),
        (CONTROL, True),
        (WHOLE, True),
        ({"citation": {}}, True),
        ({"trace": {"id": 1}}, False),
        ({"output": {"text": "Hi"}, "usage": {}}, False),
        ({"output": {"message": {}}}, False),
        ({"chunk": {"bytes": "%"}}, False),
        ({"chunk": "x"}, False),
        ([], False),
    ],
)
def test_what_replies_look_like(item: Any, is_one: bool) -> None:
    assert WIRE.recognises(item) is is_one


@pytest.mark.parametrize(
    ("path", "asked", "parameters"),
    [
        (
            "/agents/A/agentAliases/B/sessions/s/text",
            {"inputText": "Hi", "enableTrace": True},
            {"enableTrace": True},
        ),
        ("/retrieveAndGenerate", {"input": {"text": "Hi"}, "sessionId": "s"}, {"sessionId": "s"}),
    ],
)
def test_requests_are_a_question(path: str, asked: Any, parameters: Any) -> None:
    expected = Request(messages=(RequestMessage("user", "Hi"),), parameters=parameters)
    assert read_request(exchange({"message": "no"}, asked, path)) == expected


EXCHANGE = [
    THOUGHT,
    answer("Hi", attribution={"a": 1}),
    CONTROL,
    {"citation": {"a": 1}},
    {"files": {"files": [1]}},
]


@given(mark(EXCHANGE), mark(WHOLE))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(EXCHANGE), spoil(WHOLE), spoil({"inputText": "Hi", "input": {"text": "Hi"}}))
def test_any_json_in_any_place_is_assembled_and_read(events: Any, body: Any, asked: Any) -> None:
    check_any(WIRE, [events, body], asked)
