"""Gemini's interactions: each rule, and each quirk of the older events and the newer ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Message, Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocols.interactions import WIRE
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
    from collections.abc import Sequence
    from pathlib import Path


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "event_type": kind}


def interaction(status: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"id": "v1_1", "status": status, "object": "interaction", "model": "small", **fields}


START = event("interaction.start", interaction=interaction("in_progress"))
UPDATE = event("interaction.status_update", interaction_id="v1_1", status="in_progress")
END = event("interaction.complete", interaction=interaction(role="model", usage={"total_tokens": 9}))
SIGN = {"type": "thought_signature", "signature": "c2ln"}


def begin(index: int, kind: str, family: str = "content", **fields: Any) -> dict[str, Any]:
    return event(f"{family}.start", index=index, **{family: {"type": kind, **fields}})


def add(index: int, family: str = "content", **delta: Any) -> dict[str, Any]:
    return event(f"{family}.delta", index=index, delta=delta)


def say(index: int, text: str, family: str = "content") -> dict[str, Any]:
    return add(index, family, type="text", text=text)


def think(index: int, text: str, family: str = "content") -> dict[str, Any]:
    return add(index, family, type="thought_summary", content={"type": "text", "text": text})


def stop(index: int, family: str = "content", **fields: Any) -> dict[str, Any]:
    return event(f"{family}.stop", index=index, **fields)


def call(index: int, **fields: Any) -> dict[str, Any]:
    return add(index, type="function_call", **fields)


def stream(*events: dict[str, Any]) -> Completion:
    chunks = send(*events, key="event_type")
    return assemble(read(record([*chunks, "event: done", "data: [DONE]", ""])))


def said(*events: dict[str, Any]) -> Message:
    return stream(START, *events, END).choices[0].message


def calls(*events: dict[str, Any]) -> tuple[ToolCall, ...]:
    return said(*events).tool_calls


# What the model said


def test_text_is_joined_and_a_stream_with_an_end_is_complete() -> None:
    completion = stream(START, UPDATE, begin(0, "text"), say(0, "Hel"), say(0, "lo"), stop(0), END)
    (choice,) = completion.choices
    assert choice.message == Message(role="model", content="Hello")
    assert choice.finish_reason == "completed"
    assert (completion.wire, completion.id, completion.model) == ("gemini-interactions", "v1_1", "small")
    assert (completion.streamed, completion.chunks, completion.complete) == (True, 24, True)
    assert completion.usage == {"total_tokens": 9}
    assert (completion.notes, completion.extra) == ((), {})


def test_a_whole_interaction_gives_the_same_as_its_stream() -> None:
    outputs = [
        {"type": "thought", "signature": "c2ln", "summary": [{"type": "text", "text": "Hm"}]},
        {"type": "text", "text": "Hello", "annotations": [{"start_index": 0}]},
        {"type": "function_call", "id": "c1", "name": "weather", "arguments": {"city": "Rom"}},
    ]
    whole = interaction("requires_action", role="model", outputs=outputs, created="2026-01-01")
    end = interaction("requires_action", role="model", created="2026-01-01")
    streamed = stream(
        START,
        begin(0, "thought"),
        think(0, "H"),
        think(0, "m"),
        add(0, **SIGN),
        begin(1, "text"),
        add(1, type="text", text="Hello", annotations=[{"start_index": 0}]),
        begin(2, "function_call"),
        call(2, id="c1", name="weather", arguments={"city": "Rom"}),
        event("interaction.complete", interaction=end),
    )
    assert assemble(read(record(whole))) == streamed._replace(streamed=False, chunks=0)
    assert streamed.choices[0].finish_reason == "requires_action"
    assert streamed.extra == {
        "created": "2026-01-01",
        "outputs": {"0": {"signature": "c2ln"}, "1": {"annotations": [{"start_index": 0}]}},
    }


def test_steps_are_what_contents_were() -> None:
    completion = stream(
        event("interaction.created", interaction=interaction("in_progress")),
        begin(0, "thought", "step"),
        think(0, "Hm", "step"),
        add(0, "step", **SIGN),
        stop(0, "step"),
        begin(1, "model_output", "step"),
        say(1, "Hel", "step"),
        say(1, "lo", "step"),
        stop(1, "step"),
        begin(2, "function_call", "step", id="c1", name="weather", arguments={}),
        add(2, "step", type="arguments_delta", arguments='{"city"'),
        add(2, "step", type="arguments_delta", arguments=': "Rom"}'),
        stop(2, "step", step_usage={"total_tokens": 4}),
        event("interaction.completed", interaction=interaction("requires_action")),
    )
    assert completion.choices[0].message == Message(
        content="Hello",
        reasoning="Hm",
        tool_calls=(ToolCall("c1", "function_call", "weather", '{"city": "Rom"}'),),
    )
    assert completion.complete
    assert completion.extra == {
        "steps": {"0": {"signature": "c2ln"}, "2": {"step_usage": {"total_tokens": 4}}}
    }


def test_whole_steps_are_read() -> None:
    steps = [
        {"type": "thought", "signature": "c2ln", "summary": [{"type": "text", "text": "Hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "Hi"}, {"type": "image", "uri": "u"}]},
        {"type": "function_call", "id": "c1", "name": "now", "arguments": {}},
    ]
    completion = assemble(read(record(interaction(steps=steps))))
    assert completion.choices[0].message == Message(
        content="Hi", reasoning="Hm", tool_calls=(ToolCall("c1", "function_call", "now", "{}"),)
    )
    assert completion.extra["steps"] == {
        "0": {"signature": "c2ln"},
        "1": {"content": [{"type": "image", "uri": "u"}]},
    }


def test_blocks_may_interleave_and_stand_in_the_order_of_their_index() -> None:
    message = said(begin(1, "text"), begin(0, "text"), say(1, "wor"), say(0, "Hello "), say(1, "ld"))
    assert message.content == "Hello world"


def test_text_in_a_thought_is_reasoning() -> None:
    message = said(begin(0, "thought"), say(0, "Hm"), stop(0), begin(1, "text"), say(1, "42"))
    assert (message.reasoning, message.content) == ("Hm", "42")


def test_a_character_that_is_cut_in_two_is_mended() -> None:
    assert said(say(0, "\ud83d"), say(0, "\ude00")).content == "\U0001f600"


# Calls


def test_a_call_may_come_whole_or_bit_by_bit() -> None:
    expected = (ToolCall("c1", "function_call", "now", '{"zone": "CET"}'),)
    whole: dict[str, Any] = {"id": "c1", "name": "now", "arguments": {"zone": "CET"}}
    assert calls(begin(0, "function_call"), call(0, **whole), stop(0)) == expected
    assert calls(begin(0, "function_call", **whole), stop(0)) == expected
    assert calls(begin(0, "function_call", **whole), call(0, **whole), stop(0)) == expected
    assert (
        calls(
            begin(0, "function_call", id="c1", name="now"),
            call(0, id="", arguments={}),
            call(0, arguments={"zone": "CET"}),
        )
        == expected
    )
    assert calls(call(0, id="c1", name="now", arguments='{"zone": '), call(0, arguments='"CET"}')) == expected


def test_another_id_is_another_call() -> None:
    first, second = call(0, id="c1", name="a", arguments={}), call(0, id="c2", name="b", arguments={})
    assert calls(first, second, stop(0)) == (
        ToolCall("c1", "function_call", "a", "{}"),
        ToolCall("c2", "function_call", "b", "{}"),
    )


def test_arguments_are_the_last_that_are_told() -> None:
    completion = stream(START, call(0, name="now", arguments={"a": 1}), call(0, arguments={"a": 2}), END)
    assert completion.choices[0].message.tool_calls[0].arguments == '{"a": 2}'
    assert completion.extra == {"outputs": {"0": {"deltas": [{"arguments": {"a": 1}}]}}}


def test_no_arguments_are_invented() -> None:
    assert calls(call(0, id="c1", name="now"))[0].arguments is None
    assert calls(begin(0, "function_call", id="c1", arguments={}), stop(0))[0].arguments == "{}"
    (cut_off,) = stream(START, begin(0, "function_call", id="c1", arguments={})).choices[0].message.tool_calls
    assert cut_off.arguments is None


def test_calls_of_googles_tools_are_calls_too_and_results_are_kept() -> None:
    result: dict[str, Any] = {"type": "google_search_result", "call_id": "s1", "result": [{"url": "u"}]}
    completion = stream(
        START,
        add(0, type="google_search_call", id="s1", arguments={"queries": ["x"]}),
        begin(1, "google_search_result"),
        add(1, **result),
        END,
    )
    assert completion.choices[0].message.tool_calls == (
        ToolCall("s1", "google_search_call", None, '{"queries": ["x"]}'),
    )
    assert completion.extra == {"outputs": {"1": {"type": "google_search_result", "deltas": [result]}}}


# Usage and the end


def test_usage_is_replaced_key_by_key() -> None:
    metadata = {"total_usage": {"total_tokens": 3, "total_input_tokens": 2}, "trace": "t"}
    completion = stream(START, {**say(0, "a"), "metadata": metadata}, END)
    assert completion.usage == {"total_tokens": 9, "total_input_tokens": 2}
    assert completion.extra == {"metadata": {"trace": "t"}}


def test_a_status_that_is_no_end_is_no_finish_reason() -> None:
    completion = stream(START, UPDATE, begin(0, "text"), say(0, "Hel"))
    assert completion.choices[0].message.content == "Hel"
    assert completion.choices[0].finish_reason is None
    assert (completion.complete, codes(completion)) == (True, ["no-finish-reason"])


def test_the_status_may_come_before_the_end() -> None:
    update = event("interaction.status_update", interaction_id="v1_1", status="requires_action")
    completion = stream(START, say(0, "Hel"), update)
    assert (completion.choices[0].finish_reason, completion.complete) == ("requires_action", True)


def test_an_error_ends_a_stream() -> None:
    error = {"code": "overloaded", "message": "Try again"}
    completion = stream(START, say(0, "Hel"), event("error", error=error, event_id="e1"))
    assert completion.choices[0].message.content == "Hel"
    assert (completion.error, completion.complete, codes(completion)) == (error, False, ["error"])


def test_a_whole_interaction_that_is_under_way_is_not_complete() -> None:
    completion = assemble(read(record(interaction("in_progress"))))
    assert (completion.complete, codes(completion)) == (False, ["under-way"])


def test_a_failed_interaction_is_an_error() -> None:
    failed = event("interaction.completed", interaction=interaction("failed"))
    completion = stream(START, failed)
    assert (completion.error, completion.complete) == ({"status": "failed"}, False)
    errors = [{"code": "x", "message": "m"}]
    assert assemble(read(record(interaction("failed", errors=errors)))).error == errors


def test_outputs_at_the_end_stand_in_for_a_stream_without_any() -> None:
    end = event("interaction.complete", interaction=interaction(outputs=[{"type": "text", "text": "Hello"}]))
    assert stream(START, end).choices[0].message.content == "Hello"
    completion = stream(START, say(0, "Hel"), say(0, "lo"), end)
    assert (completion.choices[0].message.content, completion.notes) == ("Hello", ())


def test_outputs_at_the_end_that_differ_are_noted_and_kept() -> None:
    end = event("interaction.complete", interaction=interaction(outputs=[{"type": "text", "text": "Hello"}]))
    completion = stream(START, say(0, "Hel"), end)
    assert completion.choices[0].message.content == "Hel"
    assert completion.extra == {"final": {"content": "Hello"}}
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("final-mismatch", "/response/body/6")
    ]


def test_what_comes_after_the_end_counts_and_is_noted() -> None:
    completion = stream(START, say(0, "Hel"), END, say(0, "lo"))
    assert (completion.choices[0].message.content, codes(completion)) == ("Hello", ["chunk-after-finish"])


# Nothing is lost


def test_events_and_deltas_of_unknown_types_are_kept() -> None:
    piece = {"type": "audio", "data": "AAAA"}
    weigh = event("interaction_weighed", grams=3)
    completion = stream(START, begin(0, "audio"), add(0, **piece), add(0, **piece), weigh, END)
    assert completion.extra == {
        "outputs": {"0": {"type": "audio", "deltas": [piece, piece]}},
        "events": {"interaction_weighed": weigh},
    }
    assert codes(completion) == ["unknown-event"]


def test_annotations_and_pictures_in_thoughts_are_kept() -> None:
    note, picture = {"start_index": 1}, {"type": "image", "uri": "u"}
    completion = stream(
        START,
        add(0, type="thought_summary", content=picture),
        add(1, type="text_annotation_delta", annotations=[note]),
        END,
    )
    assert completion.extra["outputs"]["0"] == {"deltas": [{"type": "thought_summary", "content": picture}]}
    assert completion.extra["outputs"]["1"] == {"annotations": [note]}


# How it may be recorded


def test_dumped_events_are_read_in_envelopes_and_without() -> None:
    events = [START, say(0, "Hello"), END]
    dumped = [{"__type__": "google.genai.interactions.Event", "__data__": each} for each in events]
    assert assemble(read(record(dumped))).choices == assemble(read(record(events))).choices
    assert assemble(read(record(events))).choices[0].message.content == "Hello"


def test_what_tells_nothing_is_not_recognised() -> None:
    quiet: list[Any] = [
        "",
        ": hello",
        "event: done",
        "data: [DONE]",
        "event: error",
        None,
        5,
        {"outputs": []},
    ]
    others = [{"type": "message_start"}, "event: response.created", {"error": {"code": "x"}}]
    assert [item for item in [*quiet, *others] if WIRE.recognises(item)] == []


# Requests


def asked(**fields: Any) -> Request:
    return read_request(exchange(interaction(), {"model": "small", **fields}))


def test_an_input_may_be_text_with_a_system_instruction_before_it() -> None:
    request = asked(input="Hello", system_instruction="Be brief.", stream=False)
    assert request.messages == (RequestMessage("system", "Be brief."), RequestMessage("user", "Hello"))
    assert (request.model, request.parameters) == ("small", {"stream": False})


def test_an_input_may_be_turns() -> None:
    part = {"type": "text", "text": "Hi"}
    turns = [{"role": "user", "content": "Hello"}, {"role": "model", "content": [part]}]
    assert asked(input=turns).messages == (RequestMessage("user", "Hello"), RequestMessage("model", [part]))


def test_an_input_may_be_parts_of_one_message() -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image", "uri": "u"}]
    assert asked(input=parts).messages == (RequestMessage("user", parts),)
    assert asked(input=parts[0]).messages == (RequestMessage("user", parts[:1]),)


def test_an_input_may_be_steps() -> None:
    thought = {"type": "thought", "signature": "c2ln"}
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "What time is it?"}]},
        thought,
        {"type": "function_call", "id": "c1", "name": "now", "arguments": {}},
        {"type": "function_result", "call_id": "c1", "name": "now", "result": "12:00", "is_error": False},
        {"type": "model_output", "content": [{"type": "text", "text": "Noon."}]},
    ]
    assert asked(input=steps).messages == (
        RequestMessage("user", [{"type": "text", "text": "What time is it?"}]),
        RequestMessage("model", [thought], (ToolCall("c1", "function_call", "now", "{}"),)),
        RequestMessage("tool", "12:00", tool_call_id="c1", name="now", extra={"is_error": False}),
        RequestMessage("model", [{"type": "text", "text": "Noon."}]),
    )


def test_calls_and_results_in_turns_are_told_apart() -> None:
    turns = [
        {"role": "model", "content": [{"type": "function_call", "id": "c1", "name": "now", "arguments": {}}]},
        {"role": "user", "content": [{"type": "function_result", "call_id": "c1", "result": {"h": 12}}]},
    ]
    assert asked(input=turns).messages == (
        RequestMessage("model", None, (ToolCall("c1", "function_call", "now", "{}"),)),
        RequestMessage("tool", {"h": 12}, tool_call_id="c1"),
    )


def test_tools_are_flat() -> None:
    schema = {"type": "object"}
    tools = [
        {"type": "function", "name": "now", "description": "The time", "parameters": schema},
        {"type": "google_search"},
    ]
    assert asked(tools=tools).tools == (
        Tool("now", "function", "The time", schema),
        Tool(None, "google_search"),
    )


# Properties

_texts = st.text(min_size=1)
_outputs = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, _texts),
    st.builds(
        lambda text, sign: {
            "type": "thought",
            "summary": [{"type": "text", "text": text}],
            "signature": sign,
        },
        _texts,
        _texts,
    ),
    st.builds(
        lambda name, value: {"type": "function_call", "id": "c1", "name": name, "arguments": value},
        _texts,
        st.dictionaries(_texts, _texts | st.integers() | st.none(), max_size=3),
    ),
)


@given(st.lists(_outputs, max_size=4), st.sampled_from(["content", "step"]), st.data())
def test_any_legal_stream_of_an_interaction_gives_the_interaction(
    outputs: list[dict[str, Any]], family: str, data: st.DataObject
) -> None:
    root = {"content": "outputs", "step": "steps"}[family]
    ended = interaction(role="model", usage={"total_tokens": 9})
    runs = [_send_output(index, output, family, data) for index, output in enumerate(outputs)]
    events = [START, *data.draw(interleave(runs)), END]
    chunks = data.draw(record_anyhow(events, key="event_type"))
    streamed, expected = WIRE.assemble(chunks, True), WIRE.assemble([{**ended, root: outputs}], False)
    assert streamed.complete
    extra = {key: value for key, value in streamed.extra.items() if key != "event_stream"}
    assert streamed._replace(extra=extra) == expected._replace(
        streamed=True, chunks=len(chunks), notes=streamed.notes
    )


def _send_output(
    index: int, output: dict[str, Any], family: str, data: st.DataObject
) -> Sequence[dict[str, Any]]:
    kind = output["type"]
    if kind == "text":
        deltas = [say(index, text, family) for text in data.draw(cut_said(output["text"]))]
        return [begin(index, kind, family), *deltas, stop(index, family)]
    if kind == "thought":
        texts = data.draw(cut_said(output["summary"][0]["text"]))
        sign = add(index, family, type="thought_signature", signature=output["signature"])
        return [begin(index, kind, family), *(think(index, text, family) for text in texts), sign]
    names = {"id": output["id"], "name": output["name"]}
    if data.draw(st.booleans()):
        return [begin(index, kind, family), add(index, family, **output), stop(index, family)]
    texts = data.draw(cut_said(json.dumps(output["arguments"], ensure_ascii=False)))
    deltas = [add(index, family, type="arguments_delta", arguments=text) for text in texts]
    return [begin(index, kind, family, **names, arguments={}), *deltas, stop(index, family)]


_STEPS = [{"type": "model_output", "content": [{"type": "text", "text": "a"}]}, {"type": "thought"}]
_EXCHANGE = [
    START,
    UPDATE,
    begin(0, "thought", summary=[{"type": "text", "text": "a"}]),
    think(0, "b"),
    add(0, **SIGN),
    call(1, id="c1", name="a", arguments={"x": 1}),
    add(1, type="arguments_delta", arguments="{"),
    add(2, type="text", text="a", annotations=[{}]),
    stop(1, "step", usage={"total_tokens": 1}),
    event("interaction.completed", interaction=interaction(outputs=[{"type": "text"}], steps=_STEPS)),
    event("error", error={"code": "a"}),
]
_ASKED = {
    "model": "small",
    "system_instruction": "a",
    "input": [
        {"role": "user", "content": [{"type": "function_result", "call_id": "a", "result": "b"}]},
        {"type": "model_output", "content": [{"type": "function_call", "id": "a", "arguments": {}}]},
        {"type": "text", "text": "a"},
    ],
    "tools": [{"type": "function", "name": "now"}],
}


@given(mark(_EXCHANGE), mark(interaction(steps=_STEPS)))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(_EXCHANGE), spoil(interaction(steps=_STEPS)), spoil(_ASKED), st.data())
def test_any_json_in_any_place_is_assembled_and_read(
    events: Any, body: Any, asked: Any, data: st.DataObject
) -> None:
    sent = data.draw(record_anyhow(retype(events, "event_type"), key="event_type"))
    check_any(WIRE, [events, body, sent], asked)


# Real recordings


@pytest.mark.corpus
def test_real_recordings_are_complete_and_say_what_a_plain_join_gives(shared: Path) -> None:
    recordings = load_real(shared, "interactions", WIRE)
    assert recordings
    for recording in recordings:
        completion = assemble(recording)
        assert completion.complete
        assert completion.notes == ()
        assert (completion.choices[0].message.content or "") == _join(recording.body)
        assert read_request(recording).messages[-1].role == "user"


def _join(body: Any) -> str:
    if isinstance(body, dict):
        parts = body["outputs"]
    else:
        data = [line[5:] for line in body if line.startswith("data:") and "[DONE]" not in line]
        parts = [each.get("delta", {}) for each in map(json.loads, data)]
    return "".join(part.get("text", "") for part in parts)


def test_results_of_googles_tools_in_an_input_are_the_models() -> None:
    search = {"type": "google_search_call", "id": "s1", "arguments": {}}
    found = {"type": "google_search_result", "call_id": "s1", "result": []}
    messages = read_request(exchange(interaction(), {"input": [search, found, "And now?"]})).messages
    assert [(message.role, message.content) for message in messages] == [
        ("model", [found]),
        ("user", ["And now?"]),
    ]
