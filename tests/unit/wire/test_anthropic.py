"""Anthropic's messages: each rule, and each quirk that the API or one that copies it is known for."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.completion import Completion, Message, Note, Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocols.anthropic import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import (
    check_any,
    codes,
    cut_said,
    exchange,
    find_lost,
    interleave,
    load_real,
    mark,
    record_anyhow,
    retype,
    send,
)

if TYPE_CHECKING:
    from pathlib import Path


def start(**fields: Any) -> dict[str, Any]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "small", "content": []}
    usage = {"input_tokens": 5, "output_tokens": 1}
    return {"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage, **fields}}


def begin(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def add(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def say(index: int, text: str) -> dict[str, Any]:
    return add(index, "text_delta", text=text)


def think(index: int, text: str) -> dict[str, Any]:
    return add(index, "thinking_delta", thinking=text)


def fill(index: int, text: str) -> dict[str, Any]:
    return add(index, "input_json_delta", partial_json=text)


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def finish(reason: str | None = "end_turn", **fields: Any) -> list[dict[str, Any]]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}, **fields},
        {"type": "message_stop"},
    ]


CALL = {"id": "toolu_1", "name": "weather", "input": {}}
PING = {"type": "ping"}


def stream(*events: dict[str, Any]) -> Completion:
    return assemble(read(record(send(*events))))


def said(*events: dict[str, Any]) -> Message:
    return stream(start(), *events, *finish()).choices[0].message


def arguments(*events: dict[str, Any]) -> list[str | None]:
    return [call.arguments for call in said(*events).tool_calls]


# What the model said


def test_text_is_joined_and_a_stream_with_a_stop_reason_is_complete() -> None:
    events = [start(), begin(0, "text", text=""), PING, say(0, "Hel"), say(0, "lo"), stop(0), *finish()]
    completion = stream(*events)
    (choice,) = completion.choices
    assert choice.message == Message(role="assistant", content="Hello")
    assert choice.finish_reason == "end_turn"
    assert (completion.wire, completion.id, completion.model) == ("anthropic-messages", "msg_1", "small")
    assert (completion.streamed, completion.chunks, completion.complete) == (True, 3 * len(events), True)
    assert completion.usage == {"input_tokens": 5, "output_tokens": 9}
    assert (completion.notes, completion.extra) == ((), {})


def test_a_whole_message_gives_the_same_as_its_stream() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
        {"type": "text", "text": "Hello", "citations": [{"cited_text": "H"}]},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rom"}},
        {"type": "redacted_thinking", "data": "ZW5j"},
    ]
    whole = start(content=blocks, stop_reason="stop_sequence", stop_sequence="END")["message"]
    streamed = stream(
        start(),
        begin(0, "thinking", thinking="", signature=""),
        think(0, "Hm"),
        add(0, "signature_delta", signature="c2ln"),
        begin(1, "text", text=""),
        add(1, "citations_delta", citation={"cited_text": "H"}),
        say(1, "Hello"),
        begin(2, "tool_use", **CALL),
        fill(2, '{"city": "Rom"}'),
        begin(3, "redacted_thinking", data="ZW5j"),
        {"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"}},
    )
    assert assemble(read(record(whole))) == streamed._replace(streamed=False, chunks=0)
    assert streamed.extra == {
        "content": {
            "0": {"signature": "c2ln"},
            "1": {"citations": [{"cited_text": "H"}]},
            "3": {"type": "redacted_thinking", "data": "ZW5j"},
        },
        "stop_sequence": "END",
    }


def test_blocks_may_interleave_and_stand_in_the_order_of_their_index() -> None:
    message = said(
        begin(1, "text", text=""),
        begin(0, "thinking", thinking=""),
        say(1, "wor"),
        think(0, "h"),
        begin(2, "text", text=""),
        say(2, "!"),
        think(0, "m"),
        say(1, "ld"),
    )
    assert (message.reasoning, message.content) == ("hm", "world!")


def test_parallel_calls_may_interleave() -> None:
    assert arguments(
        begin(0, "tool_use", **CALL),
        begin(1, "tool_use", **CALL),
        fill(1, '{"b"'),
        fill(0, '{"a"'),
        fill(1, ": 2}"),
        fill(0, ": 1}"),
    ) == ['{"a": 1}', '{"b": 2}']


def test_a_block_that_begins_at_an_index_in_use_is_another_block() -> None:
    calls = [begin(0, "tool_use", id=f"toolu_{number}", name="now", input={}) for number in (1, 2)]
    message = said(calls[0], fill(0, '{"a": 1}'), stop(0), calls[1], fill(0, '{"a": 2}'), stop(0))
    assert message.tool_calls == (
        ToolCall("toolu_1", "tool_use", "now", '{"a": 1}'),
        ToolCall("toolu_2", "tool_use", "now", '{"a": 2}'),
    )


def test_fragments_of_a_block_that_was_not_begun_count() -> None:
    message = said(think(0, "Hm"), say(1, "Hello"), fill(2, "{}"))
    assert (message.reasoning, message.content) == ("Hm", "Hello")
    assert message.tool_calls == (ToolCall(None, None, None, "{}"),)


def test_without_an_index_fragments_are_of_the_last_block() -> None:
    events: list[dict[str, Any]] = [begin(0, "text", text=""), say(0, "Hello"), stop(0)]
    bare = [{key: value for key, value in event.items() if key != "index"} for event in events]
    assert said(*bare, *bare).content == "HelloHello"


def test_text_that_a_block_begins_with_counts() -> None:
    message = said(
        begin(0, "thinking", thinking="H"), think(0, "m"), begin(1, "text", text="He"), say(1, "y")
    )
    assert (message.reasoning, message.content) == ("Hm", "Hey")


def test_a_character_that_is_cut_in_two_is_mended() -> None:
    assert said(begin(0, "text"), say(0, "\ud83d"), say(0, "\ude00")).content == "\U0001f600"


# Arguments


def test_arguments_are_as_sent() -> None:
    assert arguments(begin(0, "tool_use", **CALL), fill(0, ""), fill(0, '{"a" :'), fill(0, "1 }")) == [
        '{"a" :1 }'
    ]


def test_arguments_without_fragments_are_the_input_of_the_block() -> None:
    block = begin(0, "tool_use", id="toolu_1", name="weather", input={"stadt": "Köln"})
    assert arguments(block, fill(0, ""), stop(0)) == ['{"stadt": "Köln"}']


def test_an_empty_input_is_one_once_the_block_has_ended() -> None:
    block = begin(0, "tool_use", **CALL)
    assert arguments(block, fill(0, ""), stop(0)) == ["{}"]
    (call,) = stream(start(), block).choices[0].message.tool_calls
    assert call.arguments is None


def test_no_input_is_invented() -> None:
    assert arguments(begin(0, "tool_use", id="toolu_1", name="now"), stop(0)) == [None]


def test_an_input_that_says_the_same_as_its_fragments_is_not_told_twice() -> None:
    block = begin(0, "tool_use", id="toolu_1", name="now", input={"a": 1})
    completion = stream(start(), block, fill(0, '{"a":1}'), stop(0), *finish())
    assert completion.choices[0].message.tool_calls[0].arguments == '{"a":1}'
    assert completion.extra == {}


def test_an_input_that_says_otherwise_than_its_fragments_is_kept() -> None:
    block = begin(0, "tool_use", id="toolu_1", name="now", input={"a": 1})
    assert stream(start(), block, fill(0, '{"a":2}'), *finish()).extra == {
        "content": {"0": {"input": {"a": 1}}}
    }


def test_arguments_that_are_not_json_stay_as_they_are_and_are_noted() -> None:
    completion = stream(start(), begin(0, "tool_use", **CALL), fill(0, '{"a": '), *finish("max_tokens"))
    assert completion.choices[0].message.tool_calls[0].arguments == '{"a": '
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("tool-arguments-json", "/response/body/3")
    ]


@pytest.mark.parametrize("kind", ["server_tool_use", "mcp_tool_use"])
def test_calls_of_the_servers_tools_are_calls_too(kind: str) -> None:
    completion = stream(
        start(),
        begin(0, kind, id="srv_1", name="web_search", input={}, server_name="web"),
        fill(0, '{"query": "x"}'),
        stop(0),
        begin(1, "web_search_tool_result", tool_use_id="srv_1", content=[{"url": "u"}]),
        *finish("pause_turn"),
    )
    assert completion.choices[0].message.tool_calls == (
        ToolCall("srv_1", kind, "web_search", '{"query": "x"}'),
    )
    assert completion.extra["content"] == {
        "0": {"server_name": "web"},
        "1": {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"url": "u"}]},
    }


# Usage and the end


def test_usage_is_replaced_key_by_key_and_null_is_nothing() -> None:
    usage = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 3}
    last = {"input_tokens": None, "output_tokens": 12, "server_tool_use": {"web_search_requests": 1}}
    completion = stream(start(usage=usage), *finish(usage=last))
    assert completion.usage == {
        "input_tokens": 5,
        "output_tokens": 12,
        "cache_read_input_tokens": 3,
        "server_tool_use": {"web_search_requests": 1},
    }


def test_no_usage_is_invented() -> None:
    assert stream(start(usage=None), *finish(usage=None)).usage is None


def test_a_stream_is_complete_with_a_stop_reason_or_a_stop() -> None:
    delta, end = finish()
    for events in ([delta], [end], [delta, end]):
        assert stream(start(), say(0, "Hello"), *events).complete
    assert stream(start(), say(0, "Hello"), end).choices[0].finish_reason is None


def test_a_stream_that_is_cut_off_shows_what_there_is() -> None:
    completion = stream(start(), begin(0, "text", text=""), say(0, "Hel"))
    assert completion.choices[0].message.content == "Hel"
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


def test_a_stream_that_is_cut_inside_an_event_shows_what_there_is() -> None:
    chunks = [*send(start(), say(0, "Hel")), "event: content_block_delta", 'data: {"type": "content_bl']
    completion = assemble(read(record(chunks)))
    assert completion.choices[0].message.content == "Hel"
    assert (completion.complete, codes(completion)) == (False, ["odd-chunk", "incomplete-stream"])


def test_an_error_ends_a_stream() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    completion = stream(start(), say(0, "Hel"), {"type": "error", "error": error, "request_id": "req_1"})
    assert completion.choices[0].message.content == "Hel"
    assert (completion.error, completion.complete) == (error, False)
    assert completion.extra == {"request_id": "req_1"}
    assert [(note.code, note.pointer) for note in completion.notes] == [("error", "/response/body/6")]


def test_a_stream_may_be_nothing_but_an_error() -> None:
    completion = stream({"type": "error", "error": {"type": "api_error", "message": "No"}})
    assert completion.wire == "anthropic-messages"
    assert (completion.choices, completion.complete) == ((), False)


def test_what_comes_after_the_end_counts_and_is_noted() -> None:
    completion = stream(start(), say(0, "Hel"), *finish(), say(0, "lo"))
    assert completion.choices[0].message.content == "Hello"
    assert codes(completion) == ["chunk-after-finish"]


def test_two_messages_in_one_stream_are_noted() -> None:
    completion = stream(start(), start(id="msg_2"), *finish())
    assert (completion.id, completion.extra, codes(completion)) == (
        "msg_1",
        {"other_ids": "msg_2"},
        ["mixed-ids"],
    )


# Nothing is lost


def test_events_of_unknown_types_are_kept_and_noted() -> None:
    completion = stream(start(), {"type": "content_block_weigh", "grams": 3}, *finish())
    assert completion.extra == {
        "events": {"content_block_weigh": {"type": "content_block_weigh", "grams": 3}}
    }
    assert codes(completion) == ["unknown-event"]


def test_deltas_of_unknown_types_are_kept_in_order() -> None:
    pieces = [{"type": "compaction_delta", "content": text} for text in ("a", "a", "b")]
    deltas = [{"type": "content_block_delta", "index": 0, "delta": piece} for piece in pieces]
    assert stream(start(), begin(0, "compaction"), *deltas, *finish()).extra == {
        "content": {"0": {"type": "compaction", "deltas": pieces}}
    }


def test_keys_that_have_no_place_are_kept() -> None:
    completion = stream(
        start(container={"id": "c1"}),
        {**begin(0, "text", text="", note="n1"), "more": 1},
        {**say(0, "Hello"), "p": "secret"},
        add(0, "text_delta", text="", weight=2),
        *finish(context_management={"applied_edits": []}),
    )
    assert completion.extra == {
        "container": {"id": "c1"},
        "more": 1,
        "p": "secret",
        "content": {"0": {"note": "n1", "deltas": [{"type": "text_delta", "weight": 2}]}},
        "context_management": {"applied_edits": []},
    }


# How it may be recorded


def test_dumped_events_are_read_in_envelopes_and_without() -> None:
    events = [start(), begin(0, "tool_use", **CALL), fill(0, "{"), *finish()]
    dumped = [{"__type__": "anthropic.types.RawMessageStreamEvent", "__data__": event} for event in events]
    completion = assemble(read(record(dumped)))
    assert completion.choices[0].message.tool_calls[0].arguments == "{"
    assert completion.notes[0].pointer == "/response/body/1/__data__"
    assert assemble(read(record(events))).choices == completion.choices


def test_what_tells_nothing_is_not_recognised() -> None:
    quiet: list[Any] = [
        "",
        ": keep-alive",
        "event: ping",
        'data: {"type": "ping"}',
        "event: message",
        None,
        5,
    ]
    assert [item for item in quiet if WIRE.recognises(item)] == []
    others = [{"type": "message"}, {"type": "text"}, {"choices": []}, "event: response.created"]
    assert [item for item in others if WIRE.recognises(item)] == []


def test_a_stream_is_recognised_after_pings_and_comments() -> None:
    completion = assemble(
        read(record([": hello", "", "event: ping", "data: {}", "", *send(start(), *finish())]))
    )
    assert (completion.wire, completion.complete) == ("anthropic-messages", True)


# Requests


def asked(**fields: Any) -> Request:
    return read_request(exchange(start()["message"], {"model": "small", **fields}, "/v1/messages"))


def test_the_system_prompt_is_the_first_message() -> None:
    request = asked(system="Be brief.", messages=[{"role": "user", "content": "Hello"}], max_tokens=9)
    assert request.messages == (RequestMessage("system", "Be brief."), RequestMessage("user", "Hello"))
    assert (request.model, request.parameters) == ("small", {"max_tokens": 9})
    parts = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    assert asked(system=parts).messages == (RequestMessage("system", parts),)


def test_calls_among_the_content_are_calls() -> None:
    text = {"type": "text", "text": "Let me see."}
    call = {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {"zone": "CET"}}
    assert asked(messages=[{"role": "assistant", "content": [text, call, call]}]).messages == (
        RequestMessage("assistant", [text], (ToolCall("toolu_1", "tool_use", "now", '{"zone": "CET"}'),) * 2),
    )


def test_results_of_tools_are_messages_of_their_own() -> None:
    results = [
        {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "12:00"} for number in (1, 2)
    ]
    before, after = {"type": "text", "text": "So:"}, {"type": "text", "text": "And?"}
    content = [before, results[0], {**results[1], "is_error": True}, after]
    assert asked(messages=[{"role": "user", "content": content}]).messages == (
        RequestMessage("user", [before]),
        RequestMessage("tool", "12:00", tool_call_id="toolu_1"),
        RequestMessage("tool", "12:00", tool_call_id="toolu_2", extra={"is_error": True}),
        RequestMessage("user", [after]),
    )


def test_tools_have_their_schema_as_parameters() -> None:
    schema = {"type": "object", "properties": {}}
    tool = {"name": "now", "description": "The time", "input_schema": schema, "strict": True}
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    assert asked(tools=[tool, search]).tools == (
        Tool("now", None, "The time", schema, {"strict": True}),
        Tool("web_search", "web_search_20250305", None, None, {"max_uses": 2}),
    )


# Properties

_texts = st.text(min_size=1)
_blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, _texts),
    st.builds(lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign}, _texts, _texts),
    st.builds(
        lambda kind, name, value: {"type": kind, "id": "toolu_1", "name": name, "input": value},
        st.sampled_from(["tool_use", "server_tool_use"]),
        _texts,
        st.dictionaries(_texts, _texts | st.integers() | st.none(), max_size=3),
    ),
    st.just({"type": "redacted_thinking", "data": "ZW5j"}),
)


@given(st.lists(_blocks, max_size=4), st.data())
def test_any_legal_stream_of_a_message_gives_the_message(
    blocks: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = start(content=blocks, stop_reason="end_turn", usage={"input_tokens": 5, "output_tokens": 9})
    runs = [_send_block(index, block, data) for index, block in enumerate(blocks)]
    events = [start(), *data.draw(interleave(runs)), *finish()]
    chunks = data.draw(record_anyhow(events))
    streamed, expected = WIRE.assemble(chunks, True), WIRE.assemble([whole["message"]], False)
    assert streamed.complete
    assert streamed._replace(extra=_drop_transport(streamed.extra)) == expected._replace(
        streamed=True, chunks=len(chunks), notes=streamed.notes
    )


def _send_block(index: int, block: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    kind = block["type"]
    if kind == "redacted_thinking":
        return [
            begin(index, **{"kind": kind, **{k: v for k, v in block.items() if k != "type"}}),
            stop(index),
        ]
    if kind == "text":
        deltas = [say(index, text) for text in data.draw(cut_said(block["text"]))]
        return [begin(index, kind, text=""), *deltas, stop(index)]
    if kind == "thinking":
        deltas = [think(index, text) for text in data.draw(cut_said(block["thinking"]))]
        sign = add(index, "signature_delta", signature=block["signature"])
        return [begin(index, kind, thinking="", signature=""), *deltas, sign, stop(index)]
    whole = json.dumps(block["input"], ensure_ascii=False)
    deltas = [fill(index, text) for text in data.draw(cut_said(whole))]
    return [begin(index, kind, id=block["id"], name=block["name"], input={}), *deltas, stop(index)]


def _drop_transport(extra: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in extra.items() if key != "event_stream"}


_EXCHANGE = [
    start(content=[{"type": "text", "text": "a"}]),
    begin(0, "thinking", thinking="a", signature=""),
    think(0, "b"),
    add(0, "signature_delta", signature="c"),
    begin(1, "tool_use", **CALL),
    fill(1, '{"x"'),
    add(2, "citations_delta", citation={"cited_text": "d"}),
    stop(1),
    *finish(),
    {"type": "error", "error": {"type": "e", "message": "m"}},
]
_ASKED = {
    "model": "small",
    "system": [{"type": "text", "text": "a"}],
    "messages": [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "b"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": {}}]},
    ],
    "tools": [{"name": "now", "input_schema": {}}],
}


@given(mark(_EXCHANGE), mark(_EXCHANGE[0]["message"]))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(_EXCHANGE), spoil(_EXCHANGE[0]["message"]), spoil(_ASKED), st.data())
def test_any_json_in_any_place_is_assembled_and_read(
    events: Any, body: Any, asked: Any, data: st.DataObject
) -> None:
    sent = data.draw(record_anyhow(retype(events)))
    check_any(WIRE, [events, body, sent], asked)


# Real recordings


@pytest.mark.corpus
def test_real_recordings_are_complete_and_say_what_a_plain_join_gives(shared: Path) -> None:
    recordings = load_real(shared, "messages", WIRE)
    assert recordings
    for recording in recordings:
        completion = assemble(recording)
        message = completion.choices[0].message
        assert completion.complete
        assert completion.notes == ()
        assert (message.content or "", message.reasoning or "") == _join(recording.body)
        roles = [message["role"] for message in recording.asked["messages"]]
        assert [message.role for message in read_request(recording).messages] == roles


def _join(body: Any) -> tuple[str, str]:
    if isinstance(body, dict):
        blocks = body["content"]
    else:
        events = [json.loads(line[5:]) for line in body if line.startswith("data:")]
        blocks = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return "".join(b.get("text", "") for b in blocks), "".join(b.get("thinking", "") for b in blocks)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_stream_is_known_although_its_json_is_spread_over_lines(end: str) -> None:
    lines = []
    for event in (start(), begin(0, "text", text=""), say(0, "Hello"), {"type": "message_stop"}):
        lines += [f"data: {line}{end}" for line in json.dumps(event, indent=2).split("\n")] + [end]
    completion = assemble(read(record(lines, streaming=True)))
    assert completion.wire == "anthropic-messages"
    assert completion.choices[0].message.content == "Hello"


# Several models, several messages, other envelopes


def test_the_model_that_answers_is_the_one_that_another_has_given_way_to() -> None:
    hop = {"from": {"model": "small"}, "to": {"model": "large"}, "trigger": {"type": "refusal"}}
    events = [begin(0, "text", text="I "), begin(1, "fallback", **hop), begin(2, "text", text="Hello")]
    completion = stream(start(), *events, *finish())
    assert (completion.model, completion.extra["other_models"]) == ("large", "small")
    assert [part.text or part.kind for part in completion.choices[0].message.parts] == [
        "I ",
        "other",
        "Hello",
    ]


def test_blocks_of_a_second_message_follow_those_of_the_first() -> None:
    first = [begin(0, "text", text="One"), begin(1, "tool_use", **CALL), stop(1)]
    second = [begin(0, "text", text="Two"), say(0, "."), stop(0)]
    for other in ({"id": "msg_2"}, {}):
        completion = stream(start(), *first, *finish("tool_use"), start(**other), *second, *finish())
        message = completion.choices[0].message
        assert [part.text or part.kind for part in message.parts] == ["One", "tool_call", "Two."]
        assert message.content == "OneTwo."
        expected = ["mixed-ids", "chunk-after-finish"] if other else ["chunk-after-finish"]
        assert codes(completion) == expected


def wrap(event: dict[str, Any]) -> dict[str, Any]:
    return {"chunk": {"bytes": base64.b64encode(json.dumps(event).encode()).decode(), "p": "abcd"}}


def test_events_may_come_in_the_envelopes_of_bedrock() -> None:
    events = [start(), begin(0, "text", text=""), say(0, "Hi"), stop(0), *finish()]
    completion = assemble(read(record([*map(wrap, events)])))
    assert completion._replace(chunks=0) == stream(*events)._replace(chunks=0)
    assert completion.chunks == len(events)
    bare = [wrap(event)["chunk"] for event in events]
    assert assemble(read(record(bare))) == completion
    assert [step.added for step in read_exchange(read(record(bare))).read_steps()][2] == (("content", "Hi"),)
    opened = [{"chunk": {"bytes": event, "p": "abcd"}} for event in events]  # as frames are read
    assert assemble(read(record(opened))) == completion


def test_a_stream_of_frames_that_is_damaged_is_incomplete() -> None:
    damage = {"bytes": 17, "type": "application/vnd.amazon.eventstream", "damage": "it is cut off in frame 9"}
    for events in ([start(), say(0, "Hi")], [start(), say(0, "Hi"), stop(0), *finish()]):
        completion, count = assemble(read(record([*events, damage]))), len(events)
        assert (completion.complete, completion.chunks, completion.extra) == (False, count, {})
        note = Note("incomplete-stream", "it is cut off in frame 9", f"/response/body/{count}")
        assert completion.notes == (note,)
    assert codes(assemble(read(record([damage])))) == ["unknown-wire", "incomplete-stream"]


def test_a_stream_that_is_but_a_failure_is_an_error() -> None:
    completion = assemble(read(record([{"throttlingException": {"message": "slow down"}}])))
    assert completion.error == {"type": "throttlingException", "message": "slow down"}
    assert completion.wire == "http-error"


def test_what_is_odd_in_an_envelope_points_to_the_envelope() -> None:
    failed = {"modelStreamErrorException": {"message": "busy"}}
    completion = assemble(read(record([wrap(start()), wrap(say(0, "Hi")), failed])))
    assert completion.error == {"type": "modelStreamErrorException", "message": "busy"}
    assert [(note.code, note.pointer) for note in completion.notes] == [("error", "/response/body/2")]
    late = [*map(wrap, [start(), *finish(), say(0, "Hi")])]
    assert [note.pointer for note in assemble(read(record(late))).notes] == ["/response/body/3"]


@pytest.mark.parametrize("held", ["no base64!", "bm8gSlNPTg==", "/w==", ""])
def test_an_envelope_that_holds_no_event_is_kept_as_it_is(held: str) -> None:
    envelope = {"chunk": {"bytes": held}}
    completion = assemble(read(record([wrap(start()), envelope, *map(wrap, finish())])))
    assert completion.extra == {"events": {"untyped": envelope}}
