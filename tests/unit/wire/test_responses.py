"""OpenAI's responses: each rule, and each quirk that the API or one that copies it is known for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Message, Request, RequestMessage, Tool, ToolCall
from recctl.wire.protocols.responses import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import (
    check_any,
    codes,
    cut_said,
    exchange,
    find_lost,
    interleave,
    mark,
    record_anyhow,
    retype,
    send,
)


def response(status: str = "completed", *output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "model": "small",
        "status": status,
        "output": list(output),
        "usage": {"total_tokens": 9} if status == "completed" else None,
        "error": None,
        "incomplete_details": None,
        **fields,
    }


def about(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def message(text: str, **fields: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**item, "content": [part], **fields}


def call(arguments: str, **fields: Any) -> dict[str, Any]:
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather"}
    return {**item, "arguments": arguments, "status": "completed", **fields}


def reasoning(*summary: str, **fields: Any) -> dict[str, Any]:
    parts = [{"type": "summary_text", "text": text} for text in summary]
    return {"type": "reasoning", "id": "rs_1", "summary": parts, **fields}


def announce(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return about("output_item.added", output_index=index, item=item)


def done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return about("output_item.done", output_index=index, item=item)


def add(kind: str, index: int, delta: str, **fields: Any) -> dict[str, Any]:
    return about(f"{kind}.delta", output_index=index, delta=delta, **fields)


def say(index: int, delta: str, **fields: Any) -> dict[str, Any]:
    return add("output_text", index, delta, **{"content_index": 0, **fields})


def fill(index: int, delta: str, **fields: Any) -> dict[str, Any]:
    return add("function_call_arguments", index, delta, **fields)


def end(*output: dict[str, Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    return about(status, response=response(status, *output, **fields))


START = about("created", response=response("in_progress"))
EMPTY = {"content": [], "status": "in_progress"}


def stream(*events: dict[str, Any]) -> Completion:
    return assemble(read(record(send(*events))))


def said(*events: dict[str, Any]) -> Message:
    return stream(START, *events, end()).choices[0].message


# What the model said


def test_text_is_joined_and_a_stream_with_a_finished_response_is_complete() -> None:
    part = {"type": "output_text", "text": "", "annotations": []}
    whole = {**part, "text": "Hello"}
    completion = stream(
        START,
        about("in_progress", response=response("in_progress")),
        announce(0, message("", **EMPTY)),
        about("content_part.added", output_index=0, item_id="msg_1", content_index=0, part=part),
        say(0, "Hel", item_id="msg_1", logprobs=[], obfuscation="x7Y", sequence_number=4),
        say(0, "lo", item_id="msg_1", logprobs=[], obfuscation="a", sequence_number=5),
        about("output_text.done", output_index=0, item_id="msg_1", content_index=0, text="Hello"),
        about("content_part.done", output_index=0, item_id="msg_1", content_index=0, part=whole),
        done(0, message("Hello")),
        end(message("Hello")),
    )
    (choice,) = completion.choices
    assert choice.message == Message(role="assistant", content="Hello")
    assert choice.finish_reason == "completed"
    assert (completion.wire, completion.id, completion.model) == ("openai-responses", "resp_1", "small")
    assert (completion.streamed, completion.chunks, completion.complete) == (True, 30, True)
    assert completion.usage == {"total_tokens": 9}
    assert (completion.notes, completion.extra) == ((), {"output": {"0": {"id": "msg_1"}}})


def test_a_whole_response_gives_the_same_as_its_stream() -> None:
    output = (reasoning("Hm", encrypted_content="ZW5j"), message("Hello"), call('{"city": "Rom"}'))
    streamed = stream(
        START,
        announce(0, reasoning()),
        add("reasoning_summary_text", 0, "Hm", summary_index=0),
        done(0, output[0]),
        announce(1, message("", **EMPTY)),
        say(1, "Hello"),
        done(1, output[1]),
        announce(2, call("")),
        fill(2, '{"city": '),
        fill(2, '"Rom"}'),
        done(2, output[2]),
        end(*output, temperature=1.0),
    )
    whole = assemble(read(record(response("completed", *output, temperature=1.0))))
    assert whole == streamed._replace(streamed=False, chunks=0)
    assert streamed.choices[0].message == Message(
        role="assistant",
        content="Hello",
        reasoning="Hm",
        tool_calls=(ToolCall("call_1", "function_call", "weather", '{"city": "Rom"}'),),
    )
    assert streamed.extra == {
        "temperature": 1.0,
        "output": {
            "0": {"id": "rs_1", "encrypted_content": "ZW5j"},
            "1": {"id": "msg_1"},
            "2": {"id": "fc_1"},
        },
    }


def test_items_may_interleave_and_stand_in_the_order_of_their_index() -> None:
    told = said(
        announce(1, message("", id="msg_2", **EMPTY)),
        announce(0, message("", id="msg_1", **EMPTY)),
        say(1, "wor"),
        say(0, "Hello "),
        say(1, "ld"),
    )
    assert told.content == "Hello world"


def test_parts_of_an_item_stand_in_the_order_of_their_index() -> None:
    told = said(
        say(0, "b", content_index=1),
        say(0, "a", content_index=0),
        add("reasoning_text", 1, "3", content_index=0),
        add("reasoning_summary_text", 1, "2", summary_index=1),
        add("reasoning_summary_text", 1, "1", summary_index=0),
    )
    assert (told.content, told.reasoning) == ("ab", "123")


def test_a_refusal_is_no_text() -> None:
    told = said(add("refusal", 0, "I ca", content_index=0), add("refusal", 0, "n't", content_index=0))
    assert (told.content, told.refusal) == (None, "I can't")
    part = {"type": "refusal", "refusal": "No"}
    assert said(done(0, message("", content=[part]))).refusal == "No"


def test_nothing_said_is_none_and_not_an_empty_text() -> None:
    item = {
        **message(""),
        "content": [{"type": "output_text", "text": ""}, {"type": "refusal", "refusal": ""}],
    }
    whole = assemble(read(record(response("completed", item, reasoning("")))))
    streamed = stream(announce(0, message("")), done(0, item), about("completed", response=response()))
    assert whole.choices[0].message == streamed.choices[0].message == Message(role="assistant")


def test_a_character_that_is_cut_in_two_is_mended() -> None:
    assert said(say(0, "\ud83d"), say(0, "\ude00")).content == "\U0001f600"


def test_log_probabilities_are_joined_once() -> None:
    first, second = {"token": "Hel", "logprob": -1.0}, {"token": "lo", "logprob": -2.0}
    events = [say(0, "Hel", logprobs=[first]), say(0, "lo", logprobs=[second])]
    finished = about(
        "output_text.done", output_index=0, content_index=0, text="Hello", logprobs=[first, second]
    )
    for stated in ([], [finished]):
        assert stream(START, *events, *stated, end()).choices[0].logprobs == {"content": [first, second]}


# Calls


def test_parallel_calls_may_interleave() -> None:
    told = said(
        announce(0, call("", id="fc_1", call_id="call_1")),
        announce(1, call("", id="fc_2", call_id="call_2")),
        fill(1, '{"b"', item_id="fc_2"),
        fill(0, '{"a"', item_id="fc_1"),
        fill(1, ": 2}", item_id="fc_2"),
        fill(0, ": 1}", item_id="fc_1"),
    )
    assert [(each.id, each.arguments) for each in told.tool_calls] == [
        ("call_1", '{"a": 1}'),
        ("call_2", '{"b": 2}'),
    ]


def test_arguments_are_as_sent_and_never_invented() -> None:
    assert said(announce(0, call(""))).tool_calls == (ToolCall("call_1", "function_call", "weather", None),)
    assert said(announce(0, call("")), fill(0, "{ }")).tool_calls[0].arguments == "{ }"


def test_arguments_that_are_not_json_are_noted() -> None:
    completion = stream(START, announce(0, call("")), fill(0, '{"a": '), end())
    assert completion.choices[0].message.tool_calls[0].arguments == '{"a": '
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("tool-arguments-json", "/response/body/3")
    ]


def test_the_input_of_a_custom_tool_is_any_text() -> None:
    item = {"type": "custom_tool_call", "call_id": "call_1", "name": "shell", "input": ""}
    completion = stream(START, announce(0, item), add("custom_tool_call_input", 0, "ls -l"), end())
    assert completion.choices[0].message.tool_calls == (
        ToolCall("call_1", "custom_tool_call", "shell", "ls -l"),
    )
    assert completion.notes == ()


def test_a_call_of_a_servers_tool_is_a_call_with_its_own_id() -> None:
    item = {"type": "mcp_call", "id": "mcp_1", "name": "search", "arguments": "", "server_label": "docs"}
    completion = stream(
        START,
        announce(0, item),
        add("mcp_call_arguments", 0, "{}"),
        done(0, {**item, "arguments": "{}", "output": "42"}),
        end(),
    )
    assert completion.choices[0].message.tool_calls == (ToolCall("mcp_1", "mcp_call", "search", "{}"),)
    assert completion.extra["output"]["0"] == {"id": "mcp_1", "server_label": "docs", "output": "42"}


# Whole texts, and the finished response


def test_whole_texts_stand_in_for_fragments_that_did_not_come() -> None:
    text = about("output_text.done", output_index=0, content_index=0, text="Hello")
    part = about(
        "content_part.done", output_index=0, content_index=0, part={"type": "output_text", "text": "Hello"}
    )
    for event in (text, part, done(0, message("Hello")), announce(0, message("Hello"))):
        assert said(event).content == "Hello"
    arguments = about("function_call_arguments.done", output_index=0, arguments="{}", name="now")
    assert said(arguments).tool_calls == (ToolCall(None, "function_call", "now", "{}"),)


def test_a_whole_text_that_differs_from_its_fragments_is_noted_and_kept() -> None:
    finished = about("output_text.done", output_index=0, content_index=0, text="Hello")
    completion = stream(START, say(0, "Hel"), finished, end())
    assert completion.choices[0].message.content == "Hel"
    assert completion.extra["output"]["0"] == {"final_output_text": ["Hello"]}
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("final-mismatch", "/response/body/6")
    ]


def test_the_finished_response_stands_in_for_what_the_events_do_not_say() -> None:
    assert stream(START, end(message("Hello"))).choices[0].message == Message("assistant", "Hello")
    completion = stream(START, say(0, "Hello"), end(message("Hello"), call("{}")))
    assert completion.choices[0].message.content == "Hello"
    assert [each.name for each in completion.choices[0].message.tool_calls] == ["weather"]
    assert completion.notes == ()
    completion = stream(START, announce(0, call("")), end(call("{}")))
    assert completion.choices[0].message.tool_calls[0].arguments == "{}"
    assert completion.notes == ()


def test_a_finished_response_that_differs_from_its_events_is_noted_and_kept() -> None:
    completion = stream(START, say(0, "Hel"), announce(1, call("")), end(message("Hello")))
    assert completion.choices[0].message.content == "Hel"
    assert completion.extra["final"] == {"content": "Hello"}
    (note,) = completion.notes
    assert (note.code, note.pointer) == ("final-mismatch", "/response/body/9")
    assert note.message.endswith("in content and tool calls")


def test_a_finished_response_without_output_says_nothing_else() -> None:
    completion = stream(START, say(0, "Hello"), about("completed", response={"id": "resp_1"}))
    assert (completion.choices[0].message.content, completion.complete) == ("Hello", True)
    assert completion.notes == ()


# Providers that number or name items otherwise


def test_items_of_different_kinds_may_share_an_index() -> None:
    told = said(
        announce(0, reasoning()),
        add("reasoning_text", 0, "Hm", content_index=0),
        announce(0, message("", **EMPTY)),
        say(0, "Hel"),
        announce(0, call("")),
        fill(0, "{}"),
        say(0, "lo"),
    )
    assert (told.reasoning, told.content, len(told.tool_calls)) == ("Hm", "Hello", 1)


def test_calls_may_share_an_index() -> None:
    told = said(
        announce(0, call("", id="fc_1", call_id="call_1")),
        fill(0, '{"a": 1}', item_id="fc_1"),
        announce(0, call("", id="fc_2", call_id="call_2")),
        fill(0, '{"a": 2}', item_id="fc_2"),
        done(0, call('{"a": 1}', id="fc_1", call_id="call_1")),
        done(0, call('{"a": 2}', id="fc_2", call_id="call_2")),
    )
    assert [each.arguments for each in told.tool_calls] == ['{"a": 1}', '{"a": 2}']


def test_an_item_may_change_its_id() -> None:
    completion = stream(
        START,
        announce(0, message("", id="msg_1", **EMPTY)),
        say(0, "Hel", item_id="msg_2"),
        say(0, "lo", item_id="msg_3"),
        done(0, message("Hello", id="msg_4")),
        end(),
    )
    assert completion.choices[0].message.content == "Hello"
    assert completion.extra["output"]["0"] == {"id": "msg_1", "other_ids": ["msg_2", "msg_3", "msg_4"]}


def test_fragments_need_neither_an_announcement_nor_positions() -> None:
    assert (
        said(about("output_text.delta", delta="Hel"), about("output_text.delta", delta="lo")).content
        == "Hello"
    )
    bare = about("function_call_arguments.delta", delta="{}")
    told = said(announce(0, call("", id="fc_1")), announce(1, call("", id="fc_2")), bare)
    assert [each.arguments for each in told.tool_calls] == [None, "{}"]


# Usage and the end


def test_a_stream_that_is_cut_off_shows_what_there_is() -> None:
    completion = stream(START, announce(0, message("", **EMPTY)), say(0, "Hel"))
    assert completion.choices[0].message.content == "Hel"
    assert completion.choices[0].finish_reason is None
    assert completion.usage is None
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


@pytest.mark.parametrize("name", ["completed", "failed", "incomplete"])
@pytest.mark.parametrize("rest", [[], [""], ["data:", ""]])
def test_the_name_of_an_event_without_its_data_ends_no_stream(name: str, rest: list[str]) -> None:
    lines = send(START, announce(0, message("", **EMPTY)), say(0, "Hel"))
    completion = assemble(read(record([*lines, f"event: response.{name}", *rest])))
    assert completion.choices[0].message.content == "Hel"
    assert (completion.complete, codes(completion), completion.error) == (False, ["incomplete-stream"], None)
    assert completion.extra["event_names"] == f"response.{name}"


def test_an_incomplete_response_ends_for_the_reason_that_it_gives() -> None:
    details = {"reason": "max_output_tokens"}
    completion = stream(START, say(0, "Hel"), end(status="incomplete", incomplete_details=details))
    assert (completion.choices[0].finish_reason, completion.complete) == ("max_output_tokens", True)
    assert completion.extra["status"] == "incomplete"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_whole_response_that_is_under_way_is_not_complete(status: str) -> None:
    completion = assemble(read(record(response(status))))
    assert (completion.complete, completion.choices[0].finish_reason) == (False, None)
    assert codes(completion) == ["under-way"]


def test_a_failed_response_is_an_error() -> None:
    error = {"code": "server_error", "message": "Try again"}
    completion = stream(START, say(0, "Hel"), end(status="failed", error=error))
    assert completion.choices[0].message.content == "Hel"
    assert (completion.error, completion.complete, codes(completion)) == (error, False, ["error"])
    assert stream(START, end(status="failed")).error == {"status": "failed"}


def test_an_error_ends_a_stream() -> None:
    error = {"code": "rate_limit_exceeded", "message": "Slow down"}
    for event in (
        {"type": "error", **error, "sequence_number": 3},
        {"type": "error", "error": error, "sequence_number": 3},
    ):
        completion = stream(START, say(0, "Hel"), event)
        assert (completion.error, completion.complete) == (error, False)
        assert stream(event).error == error


def test_what_comes_after_the_end_counts_and_is_noted() -> None:
    completion = stream(START, say(0, "Hel"), end(), say(0, "lo"))
    assert (completion.choices[0].message.content, codes(completion)) == ("Hello", ["chunk-after-finish"])


# Nothing is lost


def test_items_of_other_kinds_are_kept() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
    completion = stream(
        START,
        announce(0, search),
        about("web_search_call.searching", output_index=0, item_id="ws_1"),
        done(0, {**search, "status": "completed", "action": {"query": "x"}}),
        end(),
    )
    assert completion.extra["output"]["0"] == {
        "id": "ws_1",
        "type": "web_search_call",
        "action": {"query": "x"},
    }
    assert completion.notes == ()


def test_fragments_of_other_texts_are_joined_and_told_once() -> None:
    code = {"type": "code_interpreter_call", "id": "ci_1", "code": "6*7"}
    pieces = [add("code_interpreter_call_code", 0, text, item_id="ci_1") for text in ("6", "*", "7")]
    finished = stream(START, announce(0, {**code, "code": ""}), *pieces, done(0, code), end())
    assert finished.extra["output"]["0"] == {"id": "ci_1", "type": "code_interpreter_call", "code": "6*7"}
    cut_off = stream(START, announce(0, {**code, "code": ""}), *pieces)
    assert cut_off.extra["output"]["0"]["code_interpreter_call_code"] == "6*7"
    audio = [about("audio.transcript.delta", delta=text) for text in ("la ", "la ")]
    assert stream(START, *audio, end()).extra == {"audio.transcript": "la la "}


def test_annotations_and_unknown_parts_are_kept() -> None:
    note = {"type": "url_citation", "url": "u"}
    place = {"output_index": 0, "content_index": 0}
    added = about("output_text.annotation.added", **place, annotation=note, annotation_index=0)
    parts = [
        {"type": "output_text", "text": "Hi", "annotations": [note]},
        {"type": "output_song", "notes": "do re"},
    ]
    completion = stream(START, say(0, "Hi"), added, done(0, message("", content=parts)), end())
    assert completion.choices[0].message.content == "Hi"
    assert completion.extra["output"]["0"]["content"] == {"0": {"annotations": [note]}, "1": parts[1]}
    assert stream(START, say(0, "Hi"), added).extra["output"]["0"]["content"] == {
        "0": {"annotations": [note]}
    }


def test_events_of_unknown_types_are_kept_and_noted() -> None:
    weigh = about("weighed", grams=3)
    completion = stream(START, weigh, end())
    assert completion.extra == {"events": {"response.weighed": weigh}}
    assert codes(completion) == ["unknown-event"]


# How it may be recorded


def test_what_keeps_a_connection_open_is_no_event() -> None:
    alive = {"type": "keepalive", "sequence_number": 3}
    completion = stream(START, alive, say(0, "Hi"), alive, end())
    assert (completion.notes, completion.extra) == ((), {})
    lines = [*send(START), "event: keepalive", "", *send(end())]
    assert assemble(read(record(lines))).extra == {}


def test_dumped_events_are_read_in_envelopes_and_without() -> None:
    events = [START, announce(0, call("")), fill(0, "{"), end()]
    dumped = [{"__type__": "openai.types.responses.ResponseStreamEvent", "__data__": each} for each in events]
    completion = assemble(read(record(dumped)))
    assert completion.notes[0].pointer == "/response/body/1/__data__"
    assert assemble(read(record(events))).choices == completion.choices


def test_a_note_on_a_whole_response_points_into_it() -> None:
    completion = assemble(read(record(response("completed", message("Hi"), call("{")))))
    assert [note.pointer for note in completion.notes] == ["/response/body/output/1"]


def test_what_tells_nothing_is_not_recognised() -> None:
    quiet: list[Any] = ["", ": hello", "data: [DONE]", "event: error", None, 5, {"output": []}, "response."]
    others: list[Any] = [
        {"type": "message_start"},
        "event: content.start",
        {"object": "chat.completion", "choices": []},
        {"type": "error", "error": {"type": "overloaded_error"}},
    ]
    assert [item for item in [*quiet, *others] if WIRE.recognises(item)] == []


# Requests


def asked(**fields: Any) -> Request:
    return read_request(exchange(response(), {"model": "small", **fields}))


def test_an_input_may_be_text_with_instructions_before_it() -> None:
    request = asked(input="Hello", instructions="Be brief.", store=False)
    assert request.messages == (RequestMessage("system", "Be brief."), RequestMessage("user", "Hello"))
    assert (request.model, request.parameters) == ("small", {"store": False})


def test_an_input_may_be_items() -> None:
    part, thought = {"type": "input_text", "text": "Now?"}, {"type": "reasoning", "encrypted_content": "ZW5j"}
    items = [
        {"role": "user", "content": "Hello"},
        {"type": "message", "role": "user", "content": [part], "status": "completed"},
        thought,
        {"type": "function_call", "call_id": "call_1", "name": "now", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "call_2", "name": "shell", "input": "date"},
        {"type": "function_call_output", "call_id": "call_1", "output": "12:00"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "noon"},
    ]
    assert asked(input=items).messages == (
        RequestMessage("user", "Hello"),
        RequestMessage("user", [part], extra={"status": "completed"}),
        RequestMessage(
            "assistant",
            [thought],
            (
                ToolCall("call_1", "function_call", "now", "{}"),
                ToolCall("call_2", "custom_tool_call", "shell", "date"),
            ),
        ),
        RequestMessage("tool", "12:00", tool_call_id="call_1"),
        RequestMessage("tool", "noon", tool_call_id="call_2"),
    )


def test_tools_are_flat() -> None:
    schema = {"type": "object"}
    tools = [
        {"type": "function", "name": "now", "description": "The time", "parameters": schema, "strict": True},
        {"type": "file_search", "vector_store_ids": ["vs_1"]},
    ]
    assert asked(tools=tools).tools == (
        Tool("now", "function", "The time", schema, {"strict": True}),
        Tool(None, "file_search", None, None, {"vector_store_ids": ["vs_1"]}),
    )


# Properties

_texts = st.text(min_size=1)
_items = st.one_of(
    st.builds(message, _texts),
    st.builds(reasoning, _texts, _texts),
    st.builds(
        lambda value, name: call(json.dumps(value, ensure_ascii=False), name=name),
        st.dictionaries(_texts, _texts | st.integers() | st.none(), max_size=3),
        _texts,
    ),
)


@given(st.lists(_items, max_size=4), st.data())
def test_any_legal_stream_of_a_response_gives_the_response(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    output = [{**item, "id": f"item_{index}"} for index, item in enumerate(items)]
    runs = [_send_item(index, item, data) for index, item in enumerate(output)]
    finished = end(*data.draw(st.sampled_from([output, []])))
    events = [START, *data.draw(interleave(runs)), finished]
    chunks = data.draw(record_anyhow(events))
    streamed, expected = WIRE.assemble(chunks, True), WIRE.assemble([response("completed", *output)], False)
    assert streamed.complete
    assert {*codes(streamed)} <= {"cut-line", *codes(expected)}
    extra = {key: value for key, value in streamed.extra.items() if key != "event_stream"}
    assert streamed._replace(extra=extra) == expected._replace(
        streamed=True, chunks=len(chunks), notes=streamed.notes
    )


def _send_item(index: int, item: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    """The events of an item; of announcements, fragments and whole texts some may be missing."""
    told = {"item_id": item["id"]} if data.draw(st.booleans()) else {}
    empty = {**item, "content": [], "summary": [], "arguments": ""}
    announced = [announce(index, {key: empty[key] for key in item})] if data.draw(st.booleans()) else []
    runs = []
    for name, key, position, text in _list_texts(item):
        place = {"output_index": index, key: position, **told}
        deltas = [about(f"{name}.delta", delta=piece, **place) for piece in data.draw(cut_said(text))]
        whole = {"arguments": text} if name == "function_call_arguments" else {"text": text}
        stated = [about(f"{name}.done", **whole, **place)]
        runs.append(data.draw(st.sampled_from([deltas, stated, [*deltas, *stated]])))
    return [*announced, *data.draw(interleave(runs)), done(index, item)]


def _list_texts(item: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    if item["type"] == "function_call":
        return [("function_call_arguments", "content_index", 0, item["arguments"])]
    key, name = (
        ("summary", "reasoning_summary_text") if item["type"] == "reasoning" else ("content", "output_text")
    )
    return [(name, f"{key}_index", position, part["text"]) for position, part in enumerate(item[key])]


_PLACE = {"output_index": 0, "item_id": "msg_1", "content_index": 0}
_WHOLE = response("completed", reasoning("a"), message("b"), call("{}"))
_EXCHANGE = [
    START,
    announce(0, message("", **EMPTY)),
    about("content_part.added", **_PLACE, part={"type": "output_text", "text": ""}),
    say(0, "a", item_id="msg_1", logprobs=[{"token": "a"}]),
    about("output_text.annotation.added", **_PLACE, annotation={}),
    about("output_text.done", **_PLACE, text="b"),
    add("reasoning_summary_text", 1, "a", summary_index=0),
    announce(2, call("")),
    fill(2, "{"),
    add("code_interpreter_call_code", 3, "a"),
    done(2, call("{}")),
    about("completed", response=_WHOLE),
    {"type": "error", "code": "a", "message": "b"},
]
_ASKED = {
    "model": "small",
    "instructions": "a",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "a"}]},
        {"type": "function_call", "call_id": "a", "name": "b", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "b"},
    ],
    "tools": [{"type": "function", "name": "now"}],
}


@given(mark(_EXCHANGE), mark(_WHOLE))
def test_nothing_in_any_place_is_lost(events: Any, body: Any) -> None:
    assert find_lost(events[1], WIRE.assemble(events[0], True)) == []
    assert find_lost(body[1], WIRE.assemble([body[0]], False)) == []


@given(spoil(_EXCHANGE), spoil(_WHOLE), spoil(_ASKED), st.data())
def test_any_json_in_any_place_is_assembled_and_read(
    events: Any, body: Any, asked: Any, data: st.DataObject
) -> None:
    sent = data.draw(record_anyhow(retype(events)))
    check_any(WIRE, [events, body, sent], asked)


# What others make of it


def test_parts_that_are_counted_over_all_items_are_those_of_their_item() -> None:  # Bedrock
    part = {"type": "output_text", "text": "One two.", "annotations": []}
    thought = {"type": "reasoning_text", "text": "Hm"}
    thinking = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [thought]}
    completion = stream(
        START,
        announce(0, {**thinking, "content": []}),
        about(
            "reasoning_part.added",
            output_index=0,
            item_id="rs_1",
            content_index=0,
            part={**thought, "text": ""},
        ),
        add("reasoning_text", 0, "Hm", content_index=0),
        about("reasoning_part.done", output_index=0, item_id="rs_1", content_index=0, part=thought),
        done(0, thinking),
        announce(1, message("", **EMPTY)),
        about("content_part.added", output_index=1, content_index=1, part={**part, "text": ""}),
        say(1, "One ", content_index=1),
        say(1, "two.", content_index=1),
        about("output_text.done", output_index=1, content_index=1, text="One two."),
        about("content_part.done", output_index=1, content_index=1, part={**part, "bytes": 8}),
        done(1, message("One two.")),
        end(thinking, message("One two.")),
    )
    assert completion.choices[0].message == Message("assistant", content="One two.", reasoning="Hm")
    output = {"0": {"id": "rs_1"}, "1": {"id": "msg_1", "content": {"0": {"bytes": 8}}}}
    assert (completion.extra, completion.notes) == ({"output": output}, ())


def test_parts_that_are_missing_from_the_middle_stay_where_they_are() -> None:
    parts: list[Any] = [{"type": "output_text", "text": text, "annotations": []} for text in ("One ", "two.")]
    events = [
        announce(0, message("", **EMPTY)),
        say(0, "two.", content_index=1),
        done(0, message("", content=parts)),
    ]
    assert said(*events).content == "One two."


def test_one_error_that_is_told_twice_is_one() -> None:
    error = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "No", "param": None}
    failed = end(status="failed", error={"code": "insufficient_quota", "message": "No"})
    completion = stream(START, {"type": "error", "sequence_number": 1, "error": error}, failed)
    assert (completion.error, codes(completion)) == (error, ["error"])
    assert "errors" not in completion.extra
    other = end(status="failed", error={"code": "other", "message": "No"})
    completion = stream(START, {"type": "error", "sequence_number": 1, "error": error}, other)
    assert (codes(completion), completion.extra["errors"]["code"]) == (["error", "error"], "other")


def test_log_probabilities_that_the_end_tells_otherwise_are_kept() -> None:
    def token(logprob: float) -> list[dict[str, Any]]:
        return [{"token": "Hi", "logprob": logprob, "top_logprobs": []}]

    part = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": token(-0.0)}
    completion = stream(
        START,
        announce(0, message("", **EMPTY)),
        say(0, "Hi", logprobs=token(-1.9e-07)),
        end(message("", content=[part])),
    )
    assert completion.choices[0].logprobs == {"content": token(-0.0)}
    assert completion.extra["earlier_logprobs"] == {"content": token(-1.9e-07)}


PATCH = {"id": "apc_1", "type": "apply_patch_call", "call_id": "call_1"}


def operation(diff: str) -> dict[str, Any]:
    return {"type": "create_file", "path": "a.md", "diff": diff}


def test_an_item_that_grows_is_told_in_its_last_state() -> None:
    diff = "apply_patch_call_operation_diff"
    whole = {**PATCH, "status": "completed", "operation": operation("+x\n")}
    completion = stream(
        START,
        announce(0, {**PATCH, "status": "in_progress", "operation": operation("")}),
        add(diff, 0, "+x"),
        add(diff, 0, "\n"),
        about(f"{diff}.done", output_index=0, diff="+x\n"),
        done(0, whole),
        end(whole),
    )
    kept = {key: value for key, value in whole.items() if key != "status"}
    assert completion.extra == {"output": {"0": kept}}


def test_what_an_item_takes_back_is_told_too() -> None:
    states = [{**PATCH, "operation": operation(diff)} for diff in ("+x", "+y")]
    completion = stream(START, announce(0, states[0]), done(0, states[1]), end(states[1]))
    assert completion.extra["output"]["0"]["operation"] == [operation("+x"), operation("+y")]
    unsaid = about("apply_patch_call_operation_diff.done", output_index=0, diff="+z")
    completion = stream(START, announce(0, states[0]), unsaid, end(states[0]))
    assert completion.extra["output"]["0"]["diff"] == "+z"


def test_a_result_that_answers_no_call_of_the_client_is_the_models() -> None:
    found: Any = {"type": "tool_search_output", "call_id": None, "execution": "server", "tools": []}
    answer = {"type": "function_call_output", "call_id": "call_1", "output": "4"}
    added = {"type": "additional_tools", "role": "developer", "tools": []}
    messages = read_request(exchange(response(), {"input": [found, added, answer]})).messages
    assert messages == (
        RequestMessage("assistant", [found]),
        RequestMessage("developer", [added]),
        RequestMessage("tool", "4", tool_call_id="call_1"),
    )


def test_a_second_response_in_a_stream_is_noted() -> None:
    other = response("in_progress", id="resp_2")
    assert codes(stream(START, end(), about("created", response=other), end(id="resp_2"))) == ["mixed-ids"]
    assert codes(stream(START, end(id="resp_2"))) == []
