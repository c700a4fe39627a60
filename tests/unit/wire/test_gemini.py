"""Gemini's generate-content: each rule, and each quirk that the API or its SDK is known for."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Message, Request, RequestMessage, Tool, ToolCall
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import codes, exchange


def part(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text, **fields}


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"function_call": {"name": name, **fields}}


def candidate(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, **fields}


def chunk(*candidates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "candidates": list(candidates),
        "model_version": "small",
        "response_id": "r1",
        "usage_metadata": {"prompt_token_count": None, "total_token_count": None},
        **fields,
    }


def stream(*chunks: Any) -> Completion:
    return assemble(read(record(list(chunks))))


def said(*parts: dict[str, Any]) -> Message:
    """The message of a stream with one chunk for each part."""
    return stream(*(chunk(candidate(each)) for each in parts)).choices[0].message


# What the model said


def test_text_is_joined_and_a_stream_with_a_finish_reason_is_complete() -> None:
    completion = stream(chunk(candidate(part("Hel"))), chunk(candidate(part("lo"), finish_reason="STOP")))
    (choice,) = completion.choices
    assert choice.message == Message(role="model", content="Hello")
    assert choice.finish_reason == "STOP"
    assert (completion.wire, completion.id, completion.model) == ("gemini", "r1", "small")
    assert (completion.streamed, completion.chunks, completion.complete) == (True, 2, True)
    assert completion.notes == ()


def test_a_whole_body_gives_the_same_as_its_stream() -> None:
    body = chunk(candidate(part("Hello"), finish_reason="STOP"))
    whole = assemble(read(record(body)))
    assert whole == stream(body)._replace(streamed=False, chunks=0)
    assert whole.complete


def test_thoughts_are_reasoning() -> None:
    message = said(part("Let me ", thought=True), part("see.", thought=True), part("42", thought=False))
    assert (message.reasoning, message.content) == ("Let me see.", "42")


def test_a_character_that_is_cut_in_two_is_mended() -> None:
    assert said(part("\ud83d"), part("\ude00")).content == "\U0001f600"


def test_each_function_call_is_a_call_of_its_own() -> None:
    once = call("weather", args={"city": "Rom"})
    message = stream(chunk(candidate(once, once)), chunk(candidate(once))).choices[0].message
    assert message.tool_calls == (ToolCall(None, None, "weather", '{"city": "Rom"}'),) * 3


def test_an_id_is_kept_where_one_is_given() -> None:
    assert said(call("now", id="c1")).tool_calls == (ToolCall("c1", None, "now", None),)


def test_arguments_are_as_sent_and_never_invented() -> None:
    calls = said(call("a"), call("b", args=None), call("c", args={}), call("d", args={"é": 1})).tool_calls
    assert [each.arguments for each in calls] == [None, None, "{}", '{"é": 1}']


def test_a_function_call_that_says_nothing_is_no_call() -> None:
    assert said({"function_call": {}}, {"function_call": {"name": None, "args": None}}).tool_calls == ()


def test_candidates_are_told_apart_by_index_or_else_by_position() -> None:
    completion = stream(
        chunk(candidate(part("a"), index=1), candidate(part("b"), index=0)),
        chunk(candidate(part("B")), candidate(part("A"))),
    )
    assert [(choice.index, choice.message.content) for choice in completion.choices] == [(0, "bB"), (1, "aA")]


def test_inline_data_is_told_by_type_and_size() -> None:
    picture = {"mime_type": "image/png", "data": base64.urlsafe_b64encode(b"\xfb\xff" * 500).decode()}
    parts = stream(chunk(candidate({"inline_data": picture}))).extra["choices"]["0"]["parts"]
    assert parts == [{"inline_data": {"mime_type": "image/png", "size": 1000}}]


def test_two_equal_pictures_are_two() -> None:
    picture = {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}
    completion = stream(chunk(candidate(picture)), chunk(candidate(picture)))
    assert completion.extra["choices"]["0"]["parts"] == [
        {"inline_data": {"mime_type": "image/png", "size": 3}},
        {"inline_data": {"mime_type": "image/png", "size": 3}},
    ]


def test_inline_data_that_is_not_base64_is_kept_as_it_is() -> None:
    blob = {"mime_type": "text/plain", "data": "a b?"}
    assert stream(chunk(candidate({"inline_data": blob}))).extra["choices"]["0"]["parts"] == [
        {"inline_data": blob}
    ]


def test_parts_of_other_kinds_are_kept_in_order() -> None:
    code = {"executable_code": {"code": "6*7", "language": "PYTHON"}}
    result = {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "42"}}
    completion = stream(chunk(candidate(part("So:"), code)), chunk(candidate(result, part(" 42"))))
    assert completion.choices[0].message.content == "So: 42"
    assert completion.extra["choices"]["0"]["parts"] == [code, result]


def test_signatures_stay_with_what_they_sign() -> None:
    completion = stream(
        chunk(candidate(part("Hm", thought=True, thought_signature="s1"))),
        chunk(candidate({**call("a"), "thought_signature": "s2"}, call("b", id="c2"))),
    )
    assert completion.extra["choices"]["0"] == {
        "parts": [{"thought_signature": "s1"}],
        "tool_calls": {"0": {"thought_signature": "s2"}},
    }


def test_what_a_candidate_says_of_itself_is_kept() -> None:
    ratings = [{"category": "HARM", "probability": "LOW"}]
    end = candidate(
        finish_reason="MALFORMED_FUNCTION_CALL", finish_message="bad call", safety_ratings=ratings
    )
    completion = stream(chunk({**end, "content": None}))
    assert completion.choices[0].finish_reason == "MALFORMED_FUNCTION_CALL"
    assert completion.choices[0].message == Message()
    assert completion.extra["choices"]["0"] == {"finish_message": "bad call", "safety_ratings": ratings}


def test_log_probabilities_are_joined() -> None:
    first, second = ({"chosen_candidates": [{"token": token}]} for token in "ab")
    completion = stream(chunk(candidate(logprobs_result=first)), chunk(candidate(logprobs_result=second)))
    assert completion.choices[0].logprobs == {"chosen_candidates": [{"token": "a"}, {"token": "b"}]}


def test_headers_and_times_are_kept_once() -> None:
    beside = {"sdk_http_response": {"headers": {"Server": "x"}}, "create_time": "2026-01-01T00:00:00Z"}
    completion = stream(chunk(candidate(part("a")), **beside), chunk(candidate(part("b")), **beside))
    assert completion.extra == beside


# Usage


def test_usage_is_the_last_that_was_told_and_null_says_nothing() -> None:
    completion = stream(
        chunk(usage_metadata={"prompt_token_count": 7, "total_token_count": 7}),
        chunk(usage_metadata={"prompt_token_count": 7, "total_token_count": 9}),
        chunk(usage_metadata={"prompt_token_count": None}),
        chunk(usage_metadata=None),
    )
    assert completion.usage == {"prompt_token_count": 7, "total_token_count": 9}
    assert completion.extra == {}


def test_usage_of_one_step_is_not_mixed_with_that_of_the_next() -> None:  # where Gemini runs tools itself
    first = {"prompt_token_count": 9, "candidates_token_count": 21, "total_token_count": 30}
    last = {"prompt_token_count": 87, "thoughts_token_count": 78, "total_token_count": 165}
    completion = stream(chunk(usage_metadata=first), chunk(usage_metadata=last))
    assert completion.usage == last
    assert completion.extra == {"earlier_usage": first}


def test_usage_of_nothing_but_nulls_is_no_usage() -> None:
    assert stream(chunk(candidate(part("a")))).usage is None


# Ends


def test_a_note_on_an_event_points_to_the_line_that_it_begins_in() -> None:
    cut = {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": "{"}}]}}]}
    completion = stream(f"data: {json.dumps(cut)}", "")
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("incomplete-stream", "/response/body"),
        ("tool-arguments-json", "/response/body/0"),
    ]


def test_a_stream_without_a_finish_reason_is_incomplete() -> None:
    completion = stream(chunk(candidate(part("Hel"))))
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


def test_every_candidate_has_to_end() -> None:
    completion = stream(chunk(candidate(part("a"), finish_reason="STOP"), candidate(part("b"))))
    assert not completion.complete


@pytest.mark.parametrize(
    ("number", "reason"),
    [(1, "STOP"), (2, "MAX_TOKENS"), (3, "SAFETY"), (4, "RECITATION"), (5, "OTHER"), (9, "9")],
)
def test_a_finish_reason_that_is_a_number_goes_by_its_name(number: int, reason: str) -> None:
    completion = stream(chunk(candidate(part("a"), finish_reason=number)))
    assert (completion.complete, completion.choices[0].finish_reason) == (True, reason)
    assert completion.extra == {}


def test_no_finish_reason_may_be_a_number_too() -> None:
    completion = stream(chunk(candidate(part("a"), finish_reason=0)))
    assert (completion.complete, completion.choices[0].finish_reason) == (False, None)


def test_a_prompt_may_be_blocked_for_a_reason_that_is_a_number() -> None:
    completion = stream({"prompt_feedback": {"block_reason": 4}})
    assert completion.error == {"prompt_feedback": {"block_reason": "PROHIBITED_CONTENT"}}
    assert codes(completion) == ["blocked-prompt"]


def test_text_after_the_end_is_noted() -> None:
    completion = stream(chunk(candidate(part("a"), finish_reason="STOP")), chunk(candidate(part("b"))))
    assert completion.choices[0].message.content == "ab"
    assert codes(completion) == ["chunk-after-finish"]


def test_usage_after_the_end_is_not_odd() -> None:
    usage = {"total_token_count": 9}
    end = chunk(candidate(part("a"), finish_reason="STOP"))
    assert codes(stream(end, chunk(candidate(part("")), usage_metadata=usage))) == []


def test_a_later_finish_reason_wins_and_the_earlier_one_is_kept() -> None:
    completion = stream(chunk(candidate(finish_reason="STOP")), chunk(candidate(finish_reason="SAFETY")))
    assert completion.choices[0].finish_reason == "SAFETY"
    assert completion.extra["choices"]["0"] == {"earlier_finish_reason": "STOP"}


def test_a_blocked_prompt_gets_no_reply_and_says_so() -> None:
    feedback = {"block_reason": "SAFETY", "block_reason_message": None, "safety_ratings": None}
    completion = stream({**chunk(), "candidates": None, "prompt_feedback": feedback})
    assert (completion.choices, completion.complete) == ((), False)
    assert completion.error == {"prompt_feedback": feedback}
    assert [(note.code, note.message) for note in completion.notes] == [
        ("blocked-prompt", "the provider blocked the prompt: SAFETY")
    ]


def test_a_prompt_that_was_rated_but_not_blocked_is_no_error() -> None:
    feedback = {"safety_ratings": [{"category": "HARM", "probability": "NEGLIGIBLE"}]}
    completion = stream(chunk(candidate(part("a"), finish_reason="STOP"), prompt_feedback=feedback))
    assert completion.complete
    assert completion.extra == {"prompt_feedback": feedback}


def test_an_error_in_place_of_a_chunk_leaves_a_partial_reply() -> None:
    error = {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}
    for failed, told in (({"error": error}, error), ({"detail": "overloaded"}, {"detail": "overloaded"})):
        completion = stream(chunk(candidate(part("Hel"))), failed)
        assert (completion.error, completion.complete, completion.extra) == (told, False, {})
        assert completion.choices[0].message.content == "Hel"


def test_chunks_of_two_replies_are_noted() -> None:
    other = chunk(candidate(part("b"), finish_reason="STOP"), response_id="r2")
    completion = stream(chunk(candidate(part("a"), finish_reason="STOP")), other)
    assert (completion.id, completion.extra) == ("r1", {"other_ids": "r2"})
    assert codes(completion) == ["chunk-after-finish", "mixed-ids"]


def test_another_id_alone_is_no_other_reply() -> None:
    completion = stream(chunk(candidate(part("a"))), chunk(candidate(finish_reason="STOP"), response_id="r2"))
    assert (completion.complete, completion.extra, codes(completion)) == (True, {"other_ids": "r2"}, [])


# The two spellings of keys


def test_keys_as_the_rest_api_writes_them_are_the_same_keys() -> None:
    rest = {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": "a", "thoughtSignature": "s"}]},
                "finishReason": "STOP",
                "avgLogprobs": -0.5,
            }
        ],
        "usageMetadata": {"promptTokenCount": 7},
        "modelVersion": "small",
        "responseId": "r1",
    }
    sdk = chunk(
        candidate(part("a", thought_signature="s"), finish_reason="STOP", avg_logprobs=-0.5),
        usage_metadata={"promptTokenCount": 7},
    )
    assert stream(rest) == stream(sdk)


def test_chunks_as_the_rest_api_streams_them_are_the_same_chunks() -> None:
    chunks = [chunk(candidate(part("Hel"))), chunk(candidate(part("lo"), finish_reason="STOP"))]
    lines = [line for each in chunks for line in (f"data: {json.dumps(each)}", "")]
    assert stream(*lines) == stream(*chunks)._replace(chunks=4)


def test_a_key_in_both_spellings_keeps_both_values() -> None:
    completion = stream(chunk(candidate(part("a"), finish_reason="STOP", finishReason="SAFETY")))
    assert completion.choices[0].finish_reason == "STOP"
    assert completion.extra["choices"]["0"] == {"finishReason": "SAFETY"}


def test_a_key_that_is_named_like_a_place_of_our_own_makes_way() -> None:
    completion = stream(chunk(candidate(part("a", thought_signature="s")), choices=["?"]))
    assert completion.extra == {
        "odd_choices": ["?"],
        "choices": {"0": {"parts": [{"thought_signature": "s"}]}},
    }


def test_an_index_that_is_left_out_beside_others_is_zero() -> None:
    completion = stream(chunk(candidate(part("b"), index=1), candidate(part("a"))))
    assert [(choice.index, choice.message.content) for choice in completion.choices] == [(0, "a"), (1, "b")]


# Arguments that are streamed


def test_streamed_arguments_are_put_together_by_their_paths() -> None:
    message = said(
        call("weather", will_continue=True),
        {
            "function_call": {
                "partial_args": [_piece("$.city", "Bos", will_continue=True)],
                "will_continue": True,
            }
        },
        {"function_call": {"partial_args": [_piece("$.city", "ton")], "will_continue": True}},
        {
            "function_call": {
                "partial_args": [
                    {"json_path": "$.days[0].count", "number_value": 3},
                    {"json_path": "$.days[1]", "null_value": "NULL_VALUE"},
                    {"json_path": "$['with wind']", "bool_value": False},
                ],
                "will_continue": True,
            }
        },
        {"function_call": {}},
        call("now", args={}),
    )
    weather, now = message.tool_calls
    assert json.loads(weather.arguments or "") == {
        "city": "Boston",
        "days": [{"count": 3}, None],
        "with wind": False,
    }
    assert (weather.name, now.name, now.arguments) == ("weather", "now", "{}")


def test_pieces_of_arguments_that_have_no_place_are_kept() -> None:
    pieces = [_piece("$.a", "x"), _piece("$.a.b", "y"), _piece("a b", "z"), _piece("$.c[7]", "w"), "odd"]
    completion = stream(chunk(candidate(call("f", partial_args=pieces))))
    assert json.loads(completion.choices[0].message.tool_calls[0].arguments or "") == {"a": "x", "c": []}
    assert completion.extra["choices"]["0"]["tool_calls"]["0"]["odd_partial_args"] == [
        "odd",
        {"$.a.b": ["y"], "a b": ["z"], "$.c[7]": ["w"]},
    ]


def test_a_call_by_another_name_does_not_continue_the_one_that_is_open() -> None:
    calls = said(call("a", will_continue=True), call("b", args={"x": 1})).tool_calls
    assert [(each.name, each.arguments) for each in calls] == [("a", None), ("b", '{"x": 1}')]


def _piece(path: str, text: str, **fields: Any) -> dict[str, Any]:
    return {"json_path": path, "string_value": text, **fields}


# Requests


def request(**asked: Any) -> Request:
    return read_request(exchange(chunk(candidate(part("a"), finish_reason="STOP")), asked))


def test_contents_may_be_a_text() -> None:
    asked = request(model="small", contents="Hello")
    assert asked == Request(model="small", messages=(RequestMessage("user", "Hello"),))


def test_contents_have_roles_and_parts() -> None:
    picture = {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}
    asked = request(
        contents=[
            {"role": "user", "parts": [part("Hello")]},
            {"role": "model", "parts": [part("Hi"), part("!")]},
            {"parts": [part("Look:", thought=None), picture]},
            "Well?",
            {"text": "And this?"},
        ]
    )
    assert [(message.role, message.content) for message in asked.messages] == [
        ("user", "Hello"),
        ("model", [part("Hi"), part("!")]),
        ("user", [part("Look:", thought=None), picture]),
        ("user", "Well?"),
        ("user", "And this?"),
    ]


def test_the_system_instruction_is_a_message() -> None:
    for instruction in ("Be brief.", {"role": "user", "parts": [part("Be brief.")]}, [part("Be brief.")]):
        asked = request(contents="Hello", config={"system_instruction": instruction})
        assert asked.messages == (RequestMessage("system", "Be brief."), RequestMessage("user", "Hello"))


def test_calls_and_results_in_contents_are_calls_and_tool_messages() -> None:
    result = {"name": "weather", "id": "c1", "response": {"result": "sunny"}}
    asked = request(
        contents=[
            {"role": "model", "parts": [{**call("weather", args={"city": "Rom"}), "thought_signature": "s"}]},
            {"role": "user", "parts": [{"function_response": result}, part("So?")]},
        ]
    )
    assert asked.messages == (
        RequestMessage(
            "model",
            tool_calls=(ToolCall(None, None, "weather", '{"city": "Rom"}'),),
            extra={"tool_calls": [{"thought_signature": "s"}]},
        ),
        RequestMessage("tool", {"result": "sunny"}, tool_call_id="c1", name="weather"),
        RequestMessage("user", "So?"),
    )


def test_declared_functions_are_tools_and_so_is_what_the_provider_runs() -> None:
    schema = {"type": "object", "properties": {}}
    declared = [
        {"name": "weather", "description": "Tells it.", "parameters_json_schema": schema},
        {"name": "now", "parameters": schema, "behavior": "BLOCKING"},
    ]
    asked = request(
        contents="Hello", config={"tools": [{"function_declarations": declared}, {"google_search": {}}]}
    )
    assert asked.tools == (
        Tool("weather", description="Tells it.", parameters=schema),
        Tool("now", parameters=schema, extra={"behavior": "BLOCKING"}),
        Tool(None, type="google_search"),
    )


def test_the_rest_of_the_request_is_parameters() -> None:
    asked = request(contents="Hello", config={"top_p": 0.8, "system_instruction": "Be brief."}, stream=True)
    assert asked.parameters == {"config": {"top_p": 0.8}, "stream": True}


def test_a_request_as_the_rest_api_takes_it() -> None:
    asked = request(
        contents=[{"role": "user", "parts": [{"text": "Hello"}]}],
        systemInstruction={"parts": [{"text": "Be brief."}]},
        tools=[{"functionDeclarations": [{"name": "now"}]}],
        generationConfig={"topP": 0.8},
    )
    assert [message.content for message in asked.messages] == ["Be brief.", "Hello"]
    assert asked.tools == (Tool("now"),)
    assert asked.parameters == {"generation_config": {"topP": 0.8}}


# Properties

_texts = st.builds(part, st.text(min_size=1), thought=st.booleans())
_calls = st.builds(
    call,
    st.sampled_from(["weather", "now"]),
    args=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2),
)
_candidates = st.lists(_texts | _calls | st.just({"executable_code": {"code": "6*7"}}), min_size=1)


@given(st.lists(_candidates, min_size=1, max_size=3), st.data())
def test_any_chunking_gives_the_same_completion(
    candidates: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    whole = chunk(
        *(candidate(*parts, index=index, finish_reason="STOP") for index, parts in enumerate(candidates)),
        usage_metadata={"prompt_token_count": 3, "total_token_count": 9},
    )
    pieces = [[piece for each in parts for piece in _cut(each, data)] for parts in candidates]
    chunks = []
    while any(pieces):
        index = data.draw(st.sampled_from([index for index, left in enumerate(pieces) if left]))
        count = data.draw(st.integers(1, len(pieces[index])))
        taken, pieces[index] = pieces[index][:count], pieces[index][count:]
        end = {} if pieces[index] else {"finish_reason": "STOP"}
        chunks.append(chunk(candidate(*taken, index=index, **end)))
    chunks[0]["usage_metadata"] = {"prompt_token_count": 3, "total_token_count": 4}
    chunks[-1]["usage_metadata"] = {"prompt_token_count": 3, "total_token_count": 9}
    assert stream(*chunks) == stream(whole)._replace(chunks=len(chunks))


def _cut(whole: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    """A text part in pieces, cut anywhere, even inside a surrogate pair; other parts as they are."""
    if "text" not in whole:
        return [whole]
    units = whole["text"].encode("utf-16-le")
    cuts = sorted(data.draw(st.sets(st.integers(1, len(units) // 2), max_size=3)))
    edges = [0, *(2 * cut for cut in cuts), len(units)]
    texts = [units[start:end].decode("utf-16-le", "surrogatepass") for start, end in pairwise(edges)]
    return [{**whole, "text": text} for text in texts]


_EXCHANGE = [
    chunk(
        candidate(
            part("a", thought=True, thought_signature="s"),
            {"function_call": {"name": "f", "id": "c", "args": {"x": 1}, "will_continue": True}},
            {"function_call": {"partial_args": [{"json_path": "$.a[0]", "string_value": "b"}]}},
            {"inline_data": {"mime_type": "image/png", "data": "AAAA"}},
            index=0,
            logprobs_result={"chosen_candidates": [{"token": "a"}]},
        ),
        prompt_feedback={"block_reason": "SAFETY"},
        sdk_http_response={"headers": {}},
    ),
    chunk(candidate(part("b"), finish_reason="STOP")),
    {"error": {"message": "overloaded"}},
]
_ASKED = {
    "model": "small",
    "contents": [
        {"role": "user", "parts": [part("a"), call("f", args={}), {"function_response": {"name": "f"}}]}
    ],
    "config": {
        "system_instruction": {"parts": [part("b")]},
        "tools": [{"function_declarations": [{"name": "f"}]}],
    },
}


@given(spoil(_EXCHANGE), spoil(_ASKED))
def test_any_json_in_any_place_is_assembled_and_read(body: Any, asked: Any) -> None:
    for reply in (body, body[:1] if isinstance(body, list) else body, {"candidates": body}):
        recording = exchange(reply, asked)
        assert isinstance(assemble(recording), Completion)
        assert isinstance(read_request(recording), Request)


def test_an_array_of_chunks_may_be_recorded_as_lines() -> None:
    chunks = [
        {"candidates": [candidate(part("Hi"))]},
        {"candidates": [candidate(part("."), finishReason="STOP")]},
    ]
    lines = ["[{", f" {json.dumps(chunks[0])[1:]}", ",", *json.dumps(chunks[1], indent=2).split("\n"), "]"]
    completion = stream(*lines)
    assert (completion.wire, completion.chunks, completion.complete) == ("gemini", len(lines), True)
    assert completion.choices[0].message == Message(role="model", content="Hi.")


def test_an_error_in_an_array_is_one() -> None:
    lines = ["[{", '  "error": {"code": 503, "message": "busy"}', "}", "]"]
    completion = stream(*lines)
    assert (completion.error, completion.complete) == ({"code": 503, "message": "busy"}, False)
