"""Bedrock's Converse: streamed as events that are named by their keys, or whole, as Nova replies, too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.completion import Completion, Message, Note, Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocols.converse import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import check_any, codes, cut_said, exchange, find_lost, interleave, mark

USAGE = {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14}
START = {"messageStart": {"role": "assistant", "p": "abc"}}
END = [
    {"messageStop": {"stopReason": "end_turn", "p": "abcd"}},
    {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 7}, "p": "a"}},
]


def begin(index: int, **own: Any) -> dict[str, Any]:
    return {"contentBlockStart": {"contentBlockIndex": index, "start": own, "p": "abc"}}


def add(index: int, **delta: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta, "p": "abc"}}


def stop(index: int) -> dict[str, Any]:
    return {"contentBlockStop": {"contentBlockIndex": index}}


def stream(*events: Any) -> Completion:
    return assemble(read(record([START, *events, *END])))


def whole(*blocks: Any, **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": list(blocks)}
    reply = {"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE}
    return {**reply, "metrics": {"latencyMs": 7}, **fields}


def said(*blocks: Any) -> Message:
    return assemble(read(record(whole(*blocks)))).choices[0].message


CALL = {"toolUseId": "t1", "name": "now"}
THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln"}}}


def test_a_stream_is_put_together_and_its_padding_left_out() -> None:
    completion = stream(
        add(0, reasoningContent={"text": "Let me "}),
        add(0, reasoningContent={"text": "see"}),
        add(0, reasoningContent={"signature": "c2ln"}),
        stop(0),
        add(1, text="Hel"),
        add(1, text="lo"),
        stop(1),
        begin(2, toolUse=CALL),
        add(2, toolUse={"input": '{"a"'}),
        add(2, toolUse={"input": ": 1}"}),
        stop(2),
    )
    call = ToolCall("t1", None, "now", '{"a": 1}')
    assert completion.choices[0].message == Message("assistant", "Hello", "Let me see", None, (call,))
    assert (completion.wire, completion.complete, completion.notes) == ("bedrock-converse", True, ())
    assert (completion.choices[0].finish_reason, completion.usage) == ("end_turn", USAGE)
    signature = {"0": {"reasoningContent": {"signature": "c2ln"}}}
    assert completion.extra == {"metrics": {"latencyMs": 7}, "content": signature}


def test_a_whole_reply_says_the_same() -> None:
    completion = assemble(read(record(whole(THOUGHT, {"text": "Hi"}, {"toolUse": {**CALL, "input": {}}}))))
    call = ToolCall("t1", None, "now", "{}")
    assert completion.choices[0].message == Message("assistant", "Hi", "Hm", None, (call,))
    streamed = stream(
        add(0, reasoningContent={"text": "Hm"}),
        add(0, reasoningContent={"signature": "c2ln"}),
        add(1, text="Hi"),
        begin(2, toolUse=CALL),
        add(2, toolUse={"input": "{}"}),
    )
    assert streamed == completion._replace(streamed=True, chunks=8)


def test_nova_begins_a_block_with_each_bit_of_a_text() -> None:
    message = stream(add(0, text="It "), stop(0), add(7, text="rains"), stop(7)).choices[0].message
    assert message == Message("assistant", "It rains")


def test_calls_of_the_providers_tools_say_so() -> None:
    searched = {**CALL, "type": "server_tool_use"}
    expected = (ToolCall("t1", "server_tool_use", "now", "{}"),)
    assert said({"toolUse": {**searched, "input": {}}}).tool_calls == expected
    deltas = [begin(0, toolUse=searched), add(0, toolUse={"input": "{}"})]
    assert stream(*deltas).choices[0].message.tool_calls == expected


def test_a_call_that_was_not_announced_is_one() -> None:
    message = stream(add(0, toolUse={"input": "{}"})).choices[0].message
    assert message.tool_calls == (ToolCall(None, None, None, "{}"),)


def test_what_is_cited_is_kept_beside_the_text() -> None:
    cited = {"title": "a book", "sourceContent": [{"text": "page 1"}]}
    block = {"citationsContent": {"content": [{"text": "So "}, {"text": "it is"}], "citations": [cited]}}
    for completion in (
        assemble(read(record(whole(block)))),
        stream(add(0, text="So "), add(0, citation=cited), add(0, text="it is")),
    ):
        assert completion.choices[0].message == Message("assistant", "So it is")
        assert completion.extra["content"] == {"0": {"citations": [cited]}}


@pytest.mark.parametrize(
    "block", [{"image": {"format": "png"}}, {"reasoningContent": {"redactedContent": "AAAA"}}]
)
def test_other_blocks_stand_in_their_place(block: Any) -> None:
    completion = assemble(read(record(whole({"text": "a"}, block, {"text": "b"}))))
    message = completion.choices[0].message
    assert [(part.kind, part.text or part.place) for part in message.parts] == [
        ("text", "a"),
        ("other", ("content", "1")),
        ("text", "b"),
    ]
    assert (message.content, completion.extra["content"]) == ("ab", {"1": block})


def test_hidden_reasoning_has_its_place_in_a_stream_too() -> None:
    completion = stream(add(0, reasoningContent={"redactedContent": "AAAA"}), stop(0), add(1, text="Hi"))
    assert [part.kind for part in completion.choices[0].message.parts] == ["other", "text"]
    assert completion.extra["content"] == {"0": {"reasoningContent": {"redactedContent": "AAAA"}}}


def test_a_result_of_the_providers_tool_is_kept() -> None:
    result = {"toolUseId": "t1", "type": "search_result", "status": "success"}
    completion = stream(begin(0, toolResult=result), add(0, toolResult=[{"text": "found"}]), stop(0))
    kept = {"toolResult": result, "deltas": [{"toolResult": [{"text": "found"}]}]}
    assert completion.extra["content"] == {"0": kept}


def test_a_stream_without_its_end_is_cut_off() -> None:
    completion = assemble(read(record([START, add(0, text="Hi")])))
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


def test_an_exception_in_the_middle_is_an_error() -> None:
    failure = {"modelStreamErrorException": {"message": "busy", "originalStatusCode": 429}}
    completion = assemble(read(record([START, add(0, text="Hi"), failure])))
    assert completion.error == {
        "type": "modelStreamErrorException",
        "message": "busy",
        "originalStatusCode": 429,
    }
    message = "the provider answered with an error: busy"
    assert completion.notes == (Note("error", message, "/response/body/2"),)
    assert (completion.complete, completion.choices[0].message.content) == (False, "Hi")


def test_what_comes_after_the_end_is_noted() -> None:
    completion = stream(add(0, text="a"), END[0], add(1, text="b"))
    assert completion.notes == (
        Note("chunk-after-finish", "the reply goes on after its end", "/response/body/3/contentBlockDelta"),
    )


def test_a_guardrails_trace_and_fields_beside_an_event_are_kept() -> None:
    trace = {"guardrail": {"actionReason": "masked"}}
    event = {**add(0, text="Hi"), "amazon-bedrock-guardrailAction": "INTERVENED"}
    completion = stream(event, {"metadata": {"trace": trace}})
    assert completion.extra["trace"] == trace
    assert completion.extra["amazon-bedrock-guardrailAction"] == "INTERVENED"
    assert assemble(read(record(whole({"text": "Hi"}, trace=trace)))).extra["trace"] == trace


def test_events_of_other_kinds_are_kept_and_noted() -> None:
    completion = stream({"novelEvent": {"a": 1}})
    assert completion.extra["events"] == {"novelEvent": {"novelEvent": {"a": 1}}}
    assert codes(completion) == ["unknown-event"]


@pytest.mark.parametrize(
    ("item", "is_one"),
    [
        (START, True),
        (stop(0), True),
        (END[1], True),
        (whole(), True),
        ({"output": {"message": {}}, "usage": {}}, True),
        ({"output": {"message": {}}}, False),
        ({"output": [{"type": "message"}], "usage": {}}, False),
        ({"metadata": {"a": 1}}, False),
        ({"messageStart": "x"}, False),
        ({"choices": []}, False),
        ([], False),
    ],
)
def test_what_replies_look_like(item: Any, is_one: bool) -> None:
    assert WIRE.recognises(item) is is_one


def test_steps_tell_what_each_event_added() -> None:
    body = [START, add(0, text="Hel"), add(0, text="lo"), *END]
    steps = [dict(step.added) for step in read_exchange(read(record(body))).read_steps()]
    assert steps == [
        {"role": "assistant"},
        {"content": "Hel"},
        {"content": "lo"},
        {"finish": "end_turn"},
        {"usage": USAGE},
    ]


ASKED = {
    "system": [{"text": "Be brief"}],
    "messages": [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Well"}, {"toolUse": {**CALL, "input": {"a": 1}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "9:00"}], "status": "success"}},
                {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
            ],
        },
    ],
    "inferenceConfig": {"maxTokens": 9},
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "now",
                    "description": "The time",
                    "inputSchema": {"json": {"type": "object"}},
                }
            },
            {"cachePoint": {"type": "default"}},
        ],
        "toolChoice": {"auto": {}},
    },
}


def test_requests_are_read_by_what_they_ask() -> None:
    assert read_request(exchange(whole(), ASKED, "/model/amazon.nova-lite-v1%3A0/converse")) == Request(
        messages=(
            RequestMessage("system", "Be brief"),
            RequestMessage("user", "Hello"),
            RequestMessage("assistant", "Well", (ToolCall("t1", None, "now", '{"a": 1}'),)),
            RequestMessage("tool", "9:00", tool_call_id="t1", extra={"status": "success"}),
            RequestMessage("user", [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}]),
        ),
        tools=(
            Tool("now", None, "The time", {"type": "object"}),
            Tool(None, "cachePoint", extra={"cachePoint": {"type": "default"}}),
        ),
        parameters={"inferenceConfig": {"maxTokens": 9}, "toolConfig": {"toolChoice": {"auto": {}}}},
    )


def test_a_model_that_stands_in_the_path_is_the_one_that_was_asked() -> None:
    document = record(whole(), model="amazon.nova-lite-v1:0")
    document["request"]["body"] = ASKED
    assert read_request(read(document)).model == "amazon.nova-lite-v1:0"


texts = st.text(min_size=1, max_size=8)
blocks = st.lists(
    st.one_of(
        st.fixed_dictionaries({"text": texts}),
        st.fixed_dictionaries(
            {
                "toolUse": st.fixed_dictionaries(
                    {"toolUseId": texts, "name": texts, "input": st.just({"a": 1})}
                )
            }
        ),
        st.fixed_dictionaries(
            {
                "reasoningContent": st.fixed_dictionaries(
                    {"reasoningText": st.fixed_dictionaries({"text": texts, "signature": texts})}
                )
            }
        ),
    ),
    max_size=4,
)


@given(blocks, st.data())
def test_any_legal_stream_of_a_message_gives_the_message(made: list[Any], data: st.DataObject) -> None:
    runs = [_send_block(index, block, data) for index, block in enumerate(made)]
    events = [START, *data.draw(interleave(runs)), *END]
    expected = WIRE.assemble([whole(*made)], False)
    assert WIRE.assemble(events, True) == expected._replace(streamed=True, chunks=len(events))


def _send_block(index: int, block: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    if "text" in block:
        return [*(add(index, text=text) for text in data.draw(cut_said(block["text"]))), stop(index)]
    if "toolUse" in block:
        own = {key: value for key, value in block["toolUse"].items() if key != "input"}
        pieces = data.draw(cut_said('{"a": 1}'))
        return [
            begin(index, toolUse=own),
            *(add(index, toolUse={"input": text}) for text in pieces),
            stop(index),
        ]
    told = block["reasoningContent"]["reasoningText"]
    deltas = [{"text": text} for text in data.draw(cut_said(told["text"]))]
    signed = [*deltas, {"signature": told["signature"]}]
    return [*(add(index, reasoningContent=delta) for delta in signed), stop(index)]


EXCHANGE = [
    START,
    add(0, reasoningContent={"text": "Hm"}),
    add(0, reasoningContent={"signature": "c2ln"}),
    stop(0),
    add(1, text="Hi"),
    add(1, citation={"title": "a"}),
    begin(2, toolUse=CALL),
    add(2, toolUse={"input": "{}"}),
    begin(3, toolResult={"toolUseId": "t1"}),
    add(3, toolResult=[{"text": "x"}]),
    *END,
    {"modelStreamErrorException": {"message": "busy"}},
]
BODY = whole(
    THOUGHT,
    {"text": "Hi"},
    {"toolUse": {**CALL, "input": {"a": 1}}},
    {"citationsContent": {"content": [{"text": "so"}], "citations": [{"title": "a"}]}},
    {"image": {"format": "png"}},
    trace={"guardrail": {}},
)


@given(mark(EXCHANGE), mark(BODY))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(EXCHANGE), spoil(BODY), spoil(ASKED))
def test_any_json_in_any_place_is_assembled_and_read(events: Any, body: Any, asked: Any) -> None:
    check_any(WIRE, [events, body], asked)
