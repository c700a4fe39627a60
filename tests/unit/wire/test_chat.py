"""Chat completions: each rule with a stream that breaks a plain join, and quirks of those who copy OpenAI."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.recording import Recording
from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.building import message as _message
from recctl.wire.building import values as _values
from recctl.wire.building.message import ChoiceBuilder
from recctl.wire.completion import (
    Choice,
    Completion,
    Message,
    MessagePart,
    Note,
    Request,
    RequestMessage,
    Tool,
    ToolCall,
)
from tests import builders
from tests.builders import delta, read, record, source
from tests.depth import take
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import check_parts, codes, count_calls, cut_said, exchange, interleave

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.wire.timeline import Step

CHAT_COMPLETION = "openai.types.chat.chat_completion.ChatCompletion"


def chunk(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chunk without `created`, which has no place but among what is extra."""
    return builders.chunk(*choices, **{"created": None, **fields})


STOP = chunk(delta(finish_reason="stop"))


def stream(*chunks: Any) -> Completion:
    return assemble(read(record(list(chunks))))


def said(*chunks: Any) -> Message:
    """The message of the only choice."""
    (choice,) = stream(*chunks).choices
    return choice.message


def whole(message: dict[str, Any], finish_reason: str | None = "stop", **fields: Any) -> Completion:
    """A reply that was not streamed."""
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    data = {"id": "c1", "model": "small", "object": "chat.completion", "choices": [choice], **fields}
    return assemble(read(record({"__type__": CHAT_COMPLETION, "__data__": data})))


def call(name: str | None = None, arguments: Any = None, **fields: Any) -> dict[str, Any]:
    """A fragment of a tool call."""
    return {"function": {"name": name, "arguments": arguments}, **fields}


def called(*fragments: dict[str, Any]) -> tuple[ToolCall, ...]:
    """The calls that fragments add up to, each fragment in a delta of its own."""
    return said(*(chunk(delta(tool_calls=[fragment])) for fragment in fragments), STOP).tool_calls


def function(call_id: str | None, name: str | None, arguments: str | None) -> ToolCall:
    return ToolCall(call_id, "function", name, arguments)


# --- what the model said ------------------------------------------------------------------------------------


def test_text_is_joined_and_a_stream_with_a_finish_reason_is_complete() -> None:
    completion = stream(chunk(delta(role="assistant", content="Hel")), chunk(delta(content="lo")), STOP)
    assert completion == Completion(
        wire="openai-chat",
        streamed=True,
        chunks=3,
        complete=True,
        id="rec-0123456789ab",
        model="small",
        choices=(Choice(0, Message(role="assistant", content="Hello"), "stop"),),
    )


def test_a_whole_reply_gives_the_same_as_its_stream() -> None:
    calls = [call("f", "{}", id="a", type="function"), call("g", '{"x": 1}', id="b", type="function")]
    message: dict[str, Any] = {"role": "assistant", "content": "Hello", "reasoning": "Hm", "refusal": None}
    indexed = [{"index": index, **each} for index, each in enumerate(calls)]
    told = {"index": 0, "delta": {**message, "tool_calls": indexed}, "finish_reason": "stop"}
    usage = {"total_tokens": 9}
    completion = whole({**message, "tool_calls": calls}, usage=usage)
    assert completion == stream(chunk(told, id="c1", usage=usage))._replace(streamed=False, chunks=0)


def test_content_reasoning_and_refusal_are_channels_of_their_own() -> None:
    message = said(
        chunk(delta(reasoning="Let me ")),
        chunk(delta(content="No", reasoning="think")),
        chunk(delta(refusal="I ", content=", ")),
        chunk(delta(refusal="can't", content="thanks")),
    )
    said_apart = Message(content="No, thanks", reasoning="Let me think", refusal="I can't")
    assert message._replace(parts=()) == said_apart


def test_reasoning_under_two_names_counts_once_per_delta() -> None:
    message = said(
        chunk(delta(reasoning="Let ", reasoning_content="Let ")),
        chunk(delta(reasoning="", reasoning_content="me ")),
        chunk(delta(reasoning="see", reasoning_content=None)),
    )
    assert message.reasoning == "Let me see"


def test_reasoning_that_is_told_in_two_ways_is_kept_in_both() -> None:
    completion = stream(chunk(delta(reasoning="short", reasoning_content="at length")))
    assert completion.choices[0].message.reasoning == "short"
    assert completion.extra == {"choices": {"0": {"reasoning_content": "at length"}}}


def test_nothing_said_is_none_and_not_an_empty_text() -> None:
    message = said(chunk(delta(role="", content="", reasoning=None, refusal="", tool_calls=[])), STOP)
    assert message == Message()


def test_a_delta_may_be_missing_or_null() -> None:
    completion = stream(
        chunk({"index": 0, "delta": None, "finish_reason": None}),
        chunk(delta(content="Hi")),
        chunk({"index": 0, "finish_reason": "stop"}),
    )
    assert completion.choices == (Choice(0, Message(content="Hi"), "stop"),)


def test_the_role_is_told_once_however_often_it_is_sent() -> None:
    completion = stream(*(chunk(delta(role="assistant", content=text)) for text in "abc"), STOP)
    assert completion.choices[0].message == Message(role="assistant", content="abc")
    assert completion.notes == ()


def test_a_role_that_comes_again_is_noted() -> None:
    again = chunk(delta(role="assistant", content="c"))
    completion = stream(
        chunk(delta(role="assistant", content="a")), chunk(delta(content="b")), again, again, STOP
    )
    assert completion.choices[0].message == Message(role="assistant", content="abcc")
    pointer = "/response/body/2/__data__/choices/0/delta/role"
    assert completion.notes == (Note("repeated-role", "the role is repeated in later chunks", pointer),)


def test_a_second_role_is_kept_beside_the_first() -> None:
    completion = stream(chunk(delta(role="assistant")), chunk(delta(role="tool")), STOP)
    assert completion.choices[0].message.role == "assistant"
    assert completion.extra == {"choices": {"0": {"other_roles": "tool"}}}


@pytest.mark.parametrize(
    ("fragments", "text"),
    [
        (["a\ud83d", "\ude00b"], "a\U0001f600b"),
        (["\ud83d", "", "\ude00", "\ud83d\ude01"], "\U0001f600\U0001f601"),
        (["\ud83d", "x", "\ude00"], "\ud83dx\ude00"),
        (["\ufeff\ud83d", "\ude00"], "\ufeff\U0001f600"),
    ],
)
def test_a_character_that_was_cut_in_two_is_mended(fragments: list[str], text: str) -> None:
    assert said(*(chunk(delta(content=fragment)) for fragment in fragments)).content == text
    assert called(*(call("f", fragment, index=0) for fragment in fragments))[0].arguments == text


# --- identity, usage, the end -------------------------------------------------------------------------------


def test_id_and_model_are_the_first_that_are_not_empty() -> None:
    filtered = [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}]
    azure = chunk(id="", model="", object="", prompt_filter_results=filtered)
    completion = stream(
        azure, chunk(delta(content="Hi"), id="c1", model="small"), chunk(delta(), id=None, model=None)
    )
    assert (completion.id, completion.model) == ("c1", "small")
    assert completion.extra == {"prompt_filter_results": filtered}
    assert codes(completion) == ["incomplete-stream"]


def test_ids_that_change_are_kept_and_no_second_reply() -> None:  # Groq's compound models, Avian
    ids = ["a", "b", "a", "c"]
    completion = stream(*(chunk(delta(content=name), id=name, model=name.upper()) for name in ids), STOP)
    assert (completion.id, completion.model) == ("a", "A")
    others = {"other_ids": ["b", "c", "rec-0123456789ab"], "other_models": ["B", "C", "small"]}
    assert completion.extra == others
    assert completion.notes == ()


def test_a_role_and_a_text_that_end_a_reply_with_another_id_are_no_second_one() -> None:  # Perplexity
    end = delta(role="assistant", content="", finish_reason="stop")
    completion = stream(
        chunk(delta(role="assistant", content="a"), id="a"),
        chunk(delta(content="b"), id="a"),
        chunk(end, id="b"),
    )
    assert codes(completion) == ["repeated-role"]


MIXED = "the stream contains chunks of more than one reply"


def test_a_second_reply_that_begins_with_a_role_and_an_id_of_its_own_is_noted_once() -> None:
    one = [chunk(delta(role="assistant", content="a"), id="a"), chunk(delta(content="b"), id="a")]
    other = [
        chunk(delta(role="assistant"), id="b"),
        chunk(delta(content="c"), id="b"),
        chunk(delta(finish_reason="stop"), id="b"),
    ]
    completion = stream(*one, *other)
    assert completion.extra == {"other_ids": "b"}
    assert Note("mixed-ids", MIXED, "/response/body/2/__data__/id") in completion.notes
    assert codes(completion) == ["repeated-role", "mixed-ids"]


def test_a_second_reply_that_comes_after_the_end_of_the_first_is_noted() -> None:
    one = [chunk(delta(content="a"), id="a"), chunk(delta(finish_reason="stop"), id="a")]
    completion = stream(*one, chunk(delta(content="b"), id="b"))
    assert codes(completion) == ["chunk-after-finish", "mixed-ids"]
    assert codes(stream(*one, chunk(delta(content="b"), id="a"))) == ["chunk-after-finish"]


def test_an_id_that_is_no_text_is_kept_and_no_second_reply() -> None:
    completion = stream(
        *(chunk(delta(content="a"), id=5, model=None) for _ in range(2)),
        chunk(delta(finish_reason="stop"), id=None),
    )
    assert (completion.id, completion.notes) == (None, ())
    assert completion.extra == {"other_ids": 5}


def test_a_reason_to_stop_is_the_finish_reason_where_there_is_no_other() -> None:  # Mistral on Bedrock
    pieces = [
        {"index": 0, "message": {"role": "assistant", "content": text}, "stop_reason": reason}
        for text, reason in (("Hel", None), ("lo", "stop"))
    ]
    completion = assemble(read(record([{"choices": [piece]} for piece in pieces])))
    assert completion.choices == (Choice(0, Message("assistant", "Hello"), "stop"),)
    assert (completion.complete, completion.extra) == (True, {})
    both = {**delta(content="Hi", finish_reason="stop"), "stop_reason": 128}  # vLLM's token
    assert stream(chunk(both)).extra["choices"] == {"0": {"stop_reason": 128}}


def test_usage_comes_last_in_a_chunk_without_choices() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "prompt_tokens_details": None}
    assert stream(chunk(delta(content="Hi")), STOP, chunk(usage=usage)).usage == usage


@pytest.mark.parametrize(
    "counts",
    [
        [{"total_tokens": 1}, {"total_tokens": 3}, {"total_tokens": 9}],  # cumulative
        [{"total_tokens": 0, "total_characters": 0}, {"total_tokens": 9}],  # MiniMax's placeholders
        [{"total_tokens": 9}, None, {}],
        [{"total_tokens": 9}, {"total_tokens": None, "prompt_tokens": None}],
    ],
)
def test_the_last_usage_counts_and_none_is_summed(counts: list[Any]) -> None:
    assert stream(*(chunk(delta(content="a"), usage=usage) for usage in counts), STOP).usage == {
        "total_tokens": 9
    }


def test_usage_may_stand_in_the_choice() -> None:  # Moonshot
    last = {**delta(finish_reason="stop"), "usage": {"total_tokens": 9}}
    completion = stream(chunk(delta(content="Hi")), chunk(last), chunk({**delta(), "usage": {}}))
    assert (completion.usage, completion.extra) == ({"total_tokens": 9}, {})


def test_usage_of_one_choice_among_several_is_no_total() -> None:
    chunks = [chunk({**delta(index, finish_reason="stop"), "usage": {"n": index}}) for index in (1, 0)]
    completion = stream(chunk(delta(0), delta(1)), *chunks)
    assert completion.usage is None
    assert completion.extra == {"choices": {"0": {"usage": {"n": 0}}, "1": {"usage": {"n": 1}}}}


def test_no_usage_is_invented() -> None:
    assert stream(chunk(delta(content="Hi"), usage=None), STOP).usage is None


def test_the_last_finish_reason_counts_and_is_never_rewritten() -> None:
    completion = stream(
        chunk(delta(tool_calls=[call("f", "{}", index=0)], finish_reason="")),
        chunk(delta(finish_reason="length")),
        chunk(delta(finish_reason="stop")),
        chunk(delta(finish_reason=None)),
    )
    assert completion.choices[0].finish_reason == "stop"  # though there are calls
    assert completion.extra == {"choices": {"0": {"earlier_finish_reason": "length"}}}


def test_the_last_chunk_may_say_something_too() -> None:
    completion = stream(
        chunk(delta(content="Hel")),
        chunk(delta(content="lo", tool_calls=[call("f", "{}", index=0, id="a")], finish_reason="stop")),
    )
    assert completion.choices[0].message.content == "Hello"
    assert completion.choices[0].message.tool_calls == (ToolCall("a", None, "f", "{}"),)
    assert completion.notes == ()


def test_what_comes_after_the_finish_reason_is_added_and_noted_once() -> None:
    late = chunk(delta(content="!"))
    completion = stream(chunk(delta(content="Hi")), STOP, chunk(delta(content="")), late, late)
    assert completion.choices[0].message.content == "Hi!!"
    pointer = "/response/body/3/__data__/choices/0"
    note = Note("chunk-after-finish", "the reply goes on after its finish reason", pointer)
    assert completion.notes == (note,)


def test_choices_are_told_apart_by_index_and_sorted() -> None:
    completion = stream(
        chunk(delta(2, content="c"), delta(0, content="a")),
        chunk(delta(1, content="b")),
        chunk(delta(0, content="a"), delta(2, content="c", finish_reason="length")),
        chunk(delta(0, finish_reason="stop")),
        chunk(delta(1, finish_reason="stop")),
    )
    told = [(choice.index, choice.message.content, choice.finish_reason) for choice in completion.choices]
    assert told == [(0, "aa", "stop"), (1, "b", "stop"), (2, "cc", "length")]
    assert completion.complete


def test_choices_without_an_index_are_told_apart_by_position() -> None:
    completion = stream(*(chunk({"delta": {"content": "a"}}, {"delta": {"content": "b"}}) for _ in range(2)))
    assert [choice.message.content for choice in completion.choices] == ["aa", "bb"]


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "the stream has no chunks"),
        ([chunk()], "the stream ends before any reply"),
        ([chunk(delta(content="Hi"))], "the stream ends without a finish reason: it is cut off"),
        (
            [chunk(delta(0), delta(1), delta(2)), chunk(delta(1, finish_reason="stop"))],
            "the stream ends without a finish reason of choice 0, 2: it is cut off",
        ),
    ],
)
def test_a_stream_that_is_cut_off_says_so(chunks: list[Any], message: str) -> None:
    completion = stream(*chunks)
    assert completion.complete is False
    assert [note.message for note in completion.notes if note.code == "incomplete-stream"] == [message]


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed", "error"),
    [
        ({"error": {"message": "overloaded", "code": 529}}, {"message": "overloaded", "code": 529}),
        ({"error": "overloaded"}, "overloaded"),
        (chunk(error={"message": "overloaded"}), {"message": "overloaded"}),
        (  # OpenRouter
            chunk(delta(content="", finish_reason="error"), error={"code": 502, "message": "overloaded"}),
            {"code": 502, "message": "overloaded"},
        ),
        (chunk({**delta(), "error": {"message": "overloaded"}}), {"message": "overloaded"}),
        (  # vLLM, before it had an envelope
            {"object": "error", "message": "overloaded", "code": 400},
            {"object": "error", "message": "overloaded", "code": 400},
        ),
        ({"detail": "overloaded"}, {"detail": "overloaded"}),  # FastAPI
        (  # Databricks
            {"error_code": "BUSY", "message": "overloaded"},
            {"error_code": "BUSY", "message": "overloaded"},
        ),
    ],
)
def test_an_error_may_stand_where_a_chunk_should(failed: Any, error: Any) -> None:
    completion = stream(chunk(delta(content="Hel")), failed)
    assert completion.choices[0].message.content == "Hel"
    assert (completion.complete, completion.error, completion.extra) == (False, error, {})
    (note,) = completion.notes
    assert (note.code, note.message) == ("error", "the provider answered with an error: overloaded")
    assert note.pointer.startswith("/response/body/1")


@pytest.mark.parametrize(
    "told",
    [
        {"choices": None, "object": "error"},
        {"choices": [], "object": "error"},
        {"choices": None, "object": None, "error_code": "BUSY"},
    ],
)
def test_an_error_may_be_dumped_as_a_reply_with_no_choices(told: dict[str, Any]) -> None:  # OpenAI's SDK
    error = {"id": None, "model": None, "usage": None, "message": "overloaded", **told}
    failed = {"__type__": CHAT_COMPLETION, "__data__": error}
    for completion in (assemble(read(record(failed))), stream(chunk(delta(content="Hel")), failed)):
        assert (completion.wire, completion.complete, completion.error) == ("openai-chat", False, error)
        (note,) = completion.notes
        assert (note.code, note.message) == ("error", "the provider answered with an error: overloaded")


def test_an_error_code_beside_choices_is_no_error() -> None:
    fields = {"error_code": 1, "message": "fine", "detail": "x"}
    completion = stream(chunk(delta(content="Hi"), **fields), STOP, chunk(**fields))
    assert (completion.complete, completion.error, completion.extra) == (True, None, fields)


def test_of_several_errors_the_first_counts_and_none_is_lost() -> None:
    completion = stream(chunk(delta(content="a")), *({"error": text} for text in ("one", "two", "three")))
    assert completion.error == "one"
    assert completion.extra == {"errors": ["two", "three"]}


def test_an_error_may_come_first() -> None:
    completion = stream({"error": {"message": "too long"}}, chunk(delta(content="Hi", finish_reason="stop")))
    assert (completion.wire, completion.complete) == ("openai-chat", False)


# --- event streams ------------------------------------------------------------------------------------------


def send(*chunks: dict[str, Any]) -> list[str]:
    """Chunks as an http recorder keeps them: the lines of an event stream, without names of events."""
    lines = [line for each in chunks for line in (f"data: {json.dumps(each.get('__data__', each))}", "")]
    return [*lines, "data: [DONE]", ""]


def test_the_lines_of_an_event_stream_are_chunks() -> None:
    counts = chunk(usage={"total_tokens": 9})
    sent = [chunk(delta(role="assistant", content="Hel")), chunk(delta(content="lo")), STOP, counts]
    completion = stream(*send(*sent))
    assert (completion.wire, completion.streamed, completion.chunks) == ("openai-chat", True, 10)
    assert completion._replace(chunks=4) == stream(*sent)


def test_an_event_stream_is_known_after_the_comments_of_a_router() -> None:
    completion = stream(": OPENROUTER PROCESSING", "", *send(chunk(delta(content="Hi")), STOP))
    assert (completion.choices[0].message.content, completion.complete) == ("Hi", True)
    assert completion.extra == {"event_stream": {"comments": "OPENROUTER PROCESSING"}}


def test_an_event_stream_is_known_by_the_pieces_in_which_it_came() -> None:
    text = "\n".join(send(chunk(delta(content="Hel")), chunk(delta(content="lo")), STOP))
    completion = stream(*(text[at : at + 50] for at in range(0, len(text), 50)))
    assert (completion.wire, completion.choices[0].message.content) == ("openai-chat", "Hello")
    assert completion.notes == ()


def test_an_event_stream_that_is_cut_inside_a_line_shows_what_there_is() -> None:
    *lines, _, _, _ = send(chunk(delta(content="Hel")), chunk(delta(content="lo")))
    completion = stream(*lines[:-1], lines[-1][:-20])
    assert completion.choices[0].message.content == "Hel"
    assert codes(completion) == ["odd-chunk", "incomplete-stream"]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (['data: {"error": {"message": "busy"}}'], {"message": "busy"}),
        (["event: error", 'data: {"message": "busy"}'], {"message": "busy"}),
        (["event: error", "data: busy"], "busy"),
        (['data: {"detail": "busy"}'], {"detail": "busy"}),
        (['data: {"error_code": "BUSY", "message": "!"}'], {"error_code": "BUSY", "message": "!"}),
        (["event: error"], "error"),
    ],
)
def test_an_error_in_an_event_stream_ends_it(lines: list[str], error: Any) -> None:
    completion = stream(*send(chunk(delta(content="Hel")))[:2], *lines, "")
    assert completion.choices[0].message.content == "Hel"
    assert (completion.wire, completion.error, completion.complete) == ("openai-chat", error, False)


def test_the_name_of_an_event_is_kept_unless_it_is_that_of_its_data() -> None:
    completion = stream(*send(STOP), "event: ping", "data: {}", "", "event: end", 'data: {"at": 1}', "")
    assert completion.extra == {"event_names": "end", "at": 1}


def test_a_note_on_an_event_points_to_the_line_that_it_begins_in() -> None:
    first, again = chunk(delta(role="assistant")), chunk(delta(role="assistant"))
    completion = stream(*send(first, chunk(delta(content="a")), again, STOP))
    assert [note.pointer for note in completion.notes] == ["/response/body/4"]


# --- tool calls ---------------------------------------------------------------------------------------------


def test_fragments_of_the_same_index_are_one_call() -> None:
    calls = called(
        call("get_weather", "", index=0, id="a", type="function"),
        call(None, '{"city": ', index=0, id=None, type=None),
        call(None, '"Rome"}', index=0),
    )
    assert calls == (function("a", "get_weather", '{"city": "Rome"}'),)


def test_calls_may_interleave_with_gaps_and_stand_by_index_not_by_arrival() -> None:
    calls = called(
        call("g", '{"b"', index=7, id="b", type="function"),
        call("f", '{"a"', index=2, id="a", type="function"),
        call(None, ": 7}", index=7),
        call(None, ": 2}", index=2),
    )
    assert calls == (function("a", "f", '{"a": 2}'), function("b", "g", '{"b": 7}'))


def test_several_fragments_may_stand_in_one_delta() -> None:
    fragments = [
        call("f", "{", index=0, id="a"),
        call("g", "[", index=1, id="b"),
        call(None, "}", index=0),
        call(None, "]", index=1),
    ]
    assert [each.arguments for each in said(chunk(delta(tool_calls=fragments))).tool_calls] == ["{}", "[]"]


def test_another_id_at_the_same_index_is_another_call() -> None:  # Ollama
    calls = called(
        call("f", "{}", index=0, id="a", type="function"),
        call("g", '{"x"', index=0, id="b", type="function"),
        call(None, ": 1", index=0),
        call(None, "}", index=0, id="b"),
        call(None, " ", index=0, id="a"),
    )
    assert calls == (function("a", "f", "{} "), function("b", "g", '{"x": 1}'))


def test_an_id_that_comes_late_makes_no_second_call() -> None:
    calls = called(
        call("f", "{", index=0), call(None, "}", index=0, id="a"), call(None, " ", index=0, id="a")
    )
    assert calls == (ToolCall("a", None, "f", "{} "),)


def test_without_an_index_the_id_tells_calls_apart() -> None:  # Gemini, older Ollama
    calls = called(
        call("f", "{", id="a"),
        call("g", "[", id="b"),
        call(None, "}", id="a"),
        call(None, "]", id="b"),
        call(None, " "),
    )
    assert calls == (ToolCall("a", None, "f", "{}"), ToolCall("b", None, "g", "[] "))


def test_without_index_and_id_a_fragment_belongs_to_the_last_call() -> None:
    assert called(call("f", "{"), call(None, "}")) == (ToolCall(None, None, "f", "{}"),)


def test_calls_without_an_index_stand_behind_those_with_one() -> None:
    assert [each.name for each in called(call("g", "{}", id="b"), call("f", "{}", id="a", index=4))] == [
        "f",
        "g",
    ]


def test_choices_have_their_own_calls() -> None:
    chunks = [
        chunk(delta(n, tool_calls=[call("f", text, index=0)]))
        for n, text in ((0, "{"), (1, "["), (0, "}"), (1, "]"))
    ]
    assert [choice.message.tool_calls[0].arguments for choice in stream(*chunks).choices] == ["{}", "[]"]


@pytest.mark.parametrize(
    "fragment",
    [{}, {"index": 0}, {"index": 3, "type": "function"}, {"id": ""}, call("", ""), call("", "", index=1)],
)
def test_an_empty_fragment_makes_no_phantom(fragment: dict[str, Any]) -> None:
    assert said(chunk(delta(tool_calls=[fragment])), STOP).tool_calls == ()
    assert called(call("f", "{}", index=0, id="a"), fragment) == (ToolCall("a", None, "f", "{}"),)


def test_an_empty_fragment_may_begin_a_call() -> None:
    calls = called(
        {"index": 0, "type": "function"}, call("f", None, index=0, id="a"), call(None, "{}", index=0)
    )
    assert calls == (function("a", "f", "{}"),)


@pytest.mark.parametrize(
    "names",
    [["get_weather", None, ""], ["get_weather", "get_weather", "get_weather"], ["get", "_wea", "ther"]],
)
def test_a_name_may_come_whole_or_whole_every_time_or_in_pieces(names: list[str | None]) -> None:
    fragments = [call(name, text, index=0) for name, text in zip(names, '{"}', strict=True)]
    assert called(*fragments)[0] == ToolCall(None, None, "get_weather", '{"}')


def test_a_type_or_id_that_is_repeated_is_told_once() -> None:  # vLLM, Mistral
    fragments = [call("f", text, index=0, id="a", type="function") for text in "{}"]
    assert called(*fragments) == (function("a", "f", "{}"),)


def test_an_id_that_is_a_number_is_told_as_text() -> None:  # text-generation-inference
    fragments = [call("f", text, index=0, id=5) for text in "{}"]
    assert called(*fragments) == (ToolCall("5", None, "f", "{}"),)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (['{"a": ', "1}"], '{"a": 1}'),
        ([{"a": "é", "b": [1, None]}], '{"a": "é", "b": [1, null]}'),
        ([{}], "{}"),
        ([None, ""], None),
        (["{'a': 1}"], "{'a': 1}"),
        (["  "], "  "),
    ],
)
def test_arguments_are_told_as_they_were_sent(sent: list[Any], told: str | None) -> None:
    assert called(*(call("f", arguments, index=0) for arguments in sent))[0].arguments == told


def test_arguments_that_are_not_json_are_noted_where_the_call_began() -> None:
    completion = stream(
        chunk(delta(tool_calls=[call("f", "{}", index=0), call("g", "{'a':", index=1)])),
        chunk(
            delta(tool_calls=[call(None, " 1}", index=1)]), delta(1, tool_calls=[call(None, "[" * 100_000)])
        ),
        chunk(delta(0, finish_reason="stop"), delta(1, finish_reason="stop")),
    )
    message, pointer = "the arguments for {} are not JSON", "/response/body/{}/tool_calls/{}"
    assert completion.notes == (
        Note("tool-arguments-json", message.format("g"), pointer.format("0/__data__/choices/0/delta", 1)),
        Note(
            "tool-arguments-json", message.format("a tool"), pointer.format("1/__data__/choices/1/delta", 0)
        ),
    )


def test_what_else_a_call_holds_is_kept_with_it() -> None:
    signature = {"google": {"thought_signature": "c2lnbmF0dXJl"}}
    completion = stream(
        chunk(delta(tool_calls=[call("f", "{}", index=0, id="a", extra_content=signature)])),
        chunk(delta(tool_calls=[{"index": 0, "extra_content": {"google": {"more": 1}}}])),  # Gemini
        chunk(delta(tool_calls=[{"index": 1, "id": "b", "function": {"name": "g", "strict": True}}])),
        STOP,
    )
    assert [each.id for each in completion.choices[0].message.tool_calls] == ["a", "b"]
    kept = {"a": {"extra_content": [signature, {"google": {"more": 1}}]}, "b": {"strict": True}}
    assert completion.extra == {"choices": {"0": {"tool_calls": kept}}}


def test_in_a_whole_message_every_entry_is_a_call() -> None:
    entries = [call("f", "{}", id="a"), call("g", "{}", id="a"), call("h", "{}"), call("h", "{}", index=0)]
    calls = whole({"role": "assistant", "tool_calls": entries}).choices[0].message.tool_calls
    assert sorted(str(each.name) for each in calls) == ["f", "g", "h", "h"]


def test_a_call_of_a_custom_tool_has_any_text_for_arguments() -> None:
    fragments = [
        {"index": 0, "id": "a", "type": "custom", "custom": {"name": "run", "input": "print("}},
        {"index": 0, "custom": {"input": "1)", "format": "py"}},
    ]
    completion = stream(*(chunk(delta(tool_calls=[fragment])) for fragment in fragments), STOP)
    assert completion.choices[0].message.tool_calls == (ToolCall("a", "custom", "run", "print(1)"),)
    assert completion.notes == ()
    assert completion.extra == {"choices": {"0": {"tool_calls": {"a": {"format": "py"}}}}}
    entry = {"id": "a", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
    message = whole({"tool_calls": [entry]}).choices[0].message
    assert message.tool_calls == completion.choices[0].message.tool_calls


def test_a_function_call_from_before_there_were_tool_calls_is_a_call() -> None:
    completion = stream(
        chunk(delta(function_call={"name": "f", "arguments": ""})),
        chunk(delta(function_call={"arguments": '{"a": '})),
        chunk(delta(function_call={"arguments": "1}"})),
        chunk(delta(finish_reason="function_call")),
    )
    assert completion.choices[0].message.tool_calls == (ToolCall(None, None, "f", '{"a": 1}'),)
    assert codes(completion) == ["legacy-function-call"]


DEEPSEEK = "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"name": "f", "parameters": {}}', "tool-call-as-text"),
        ('\n [ {"type" : "function", "name": "f"}]', "tool-call-as-text"),
        ('<tool_call>\n{"name": "f"}</tool_call>', "tool-call-as-text"),
        ('<|python_tag|>{"name": "f"}', "tool-call-as-text"),
        ('[TOOL_CALLS][{"name": "f"}]', "tool-call-as-text"),
        ("<function=f>{}</function>", "tool-call-as-text"),
        ("<think>Hm</think>Hi", "thinking-as-text"),
        ("Hm</think>Hi", "thinking-as-text"),
        ("<think>Hm", "thinking-as-text"),
        ("<reasoning>Hm</reasoning>Hi", "thinking-as-text"),  # gpt-oss on Bedrock
        ("<think>Hm</think>\n<tool_call>{}</tool_call>", "thinking-as-text tool-call-as-text"),
        ('<|tool_calls_section_begin|>{"name": "f"}', "tool-call-as-text"),
        ('So:\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', "tool-call-as-text"),
        ("So:\n\n<tool_call>\n<function=f>\n</function>\n</tool_call>", "tool-call-as-text"),
        ('```json\n{"name": "f", "arguments": {"a": 1}}\n```', "tool-call-as-text"),
        ('\n```\n{"type": "function", "name": "f", "parameters": {}}\n```\n', "tool-call-as-text"),
        (f"So.{DEEPSEEK}function<\uff5ctool\u2581sep\uff5c>f\n```json\n{{}}\n```", "tool-call-as-text"),
        ("Use <tool_call> tags:\n<tool_call>\nlike so", ""),
        ('So: <tool_call>\n{"name": "f"}', ""),
        ('Like so:\n```\n<tool_call>\n{"name": "f"}\n</tool_call>\n```', ""),
        ('```json\n{"name": "f", "arguments": {}}\n```\nis a call', ""),
        ('```json\n{"name": "f", "arguments": {}, "age": 5}\n```', ""),
        ('```json\n{"name": "f", "parameters": {"type": "object", "properties": {}}}\n```', ""),
        ('```json\n{"name": "f", "arguments": [1]}\n```', ""),
        ('```json\n{"name": "Ann"}\n```', ""),
        ('```json\n{"name": "f", "arguments": {}\n```', ""),
        ("The mark <\uff5ctool\u2581calls\u2581begin\uff5c> begins calls", ""),
        ('{"name": "Ann", "age": 5}', ""),
        ('Use {"name": "f", "parameters": {}}', ""),
        ("I <thinker> so", ""),
    ],
)
def test_calls_and_thoughts_that_were_written_into_the_text_stay_text(text: str, expected: str) -> None:
    half = len(text) // 2
    completion = stream(chunk(delta(content=text[:half])), chunk(delta(content=text[half:])), STOP)
    assert completion.choices[0].message == Message(content=text)
    assert codes(completion) == expected.split()


def test_endless_spaces_are_only_text() -> None:  # what a model may write when it must write JSON
    text = " \n" * 500_000
    assert said(chunk(delta(content=text)), STOP).content == text


# --- messages, parts, log probabilities ---------------------------------------------------------------------


def test_a_whole_message_at_the_end_of_its_deltas_counts_once() -> None:  # MiniMax
    message = {
        "role": "assistant",
        "content": "Hello",
        "reasoning_content": "Hm",
        "name": "",
        "tool_calls": None,
    }
    last = chunk(
        {"index": 0, "finish_reason": "stop", "message": message}, object="chat.completion", usage={"n": 9}
    )
    completion = stream(
        chunk(delta(role="assistant", reasoning_content="Hm")),
        chunk(delta(content="Hel")),
        chunk(delta(content="lo", finish_reason="stop")),
        last,
    )
    assert completion.choices == (Choice(0, Message("assistant", "Hello", "Hm"), "stop"),)
    assert (completion.usage, completion.extra) == ({"n": 9}, {})
    pointer = "/response/body/3/__data__/choices/0/message"
    assert completion.notes == (
        Note("repeated-message", "the whole message is given beside its deltas", pointer),
    )


def test_the_message_so_far_beside_each_delta_counts_once() -> None:  # Perplexity
    chunks, text = [], ""
    for fragment in ("", "Hel", "lo", ""):
        text += fragment
        message = {"role": "assistant", "content": text}
        chunks.append(chunk({**delta(role="assistant", content=fragment), "message": message}))
    completion = stream(*chunks, STOP)
    assert completion.choices[0].message == Message("assistant", "Hello")
    assert completion.extra == {}


def test_what_a_whole_message_says_beyond_its_deltas_is_kept() -> None:
    message = {"content": "Goodbye", "annotations": [{"url": "https://example.org"}]}
    completion = stream(
        chunk(delta(content="Hello")), chunk({"index": 0, "message": message, "finish_reason": "stop"})
    )
    assert completion.choices[0].message.content == "Hello"
    assert completion.extra == {"choices": {"0": {"message": message}}}


def test_a_stream_of_messages_without_deltas_is_joined() -> None:
    chunks = [chunk({"index": 0, "message": {"content": text}}) for text in ("Hel", "lo")]
    assert said(*chunks, STOP).content == "Hello"


def test_content_may_come_in_parts_with_the_thinking_among_them() -> None:  # Mistral
    def thinking(text: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    completion = stream(
        chunk(delta(content=[thinking("Let me ")])),
        chunk(delta(content=[thinking("see"), {"type": "text", "text": "Hel"}])),
        chunk(delta(content="lo")),
        chunk(delta(content=[{"type": "thinking", "thinking": "!"}, {"type": "thinking", "thinking": []}])),
        STOP,
    )
    message = completion.choices[0].message
    assert message == Message(content="Hello", reasoning="Let me see!", parts=message.parts)
    assert message.parts == (
        MessagePart("reasoning", "Let me see"),
        MessagePart("text", "Hello"),
        MessagePart("reasoning", "!"),
    )


def test_parts_that_are_no_text_are_kept() -> None:
    reference = {"type": "reference", "reference_ids": [1, 2]}
    signed = {"type": "thinking", "thinking": "Hm", "signature": "c2ln"}
    image = {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}
    completion = stream(chunk(delta(content=[reference, signed, image, 5, None, "Hi"])), STOP)
    assert completion.choices[0].message == Message(content="Hi", reasoning="Hm")
    kept = {"odd_content": [reference, image, 5], "content_parts": {"signature": "c2ln"}}
    assert completion.extra == {"choices": {"0": kept}}


def test_log_probabilities_are_joined_once() -> None:
    def token(text: str) -> dict[str, Any]:
        return {"token": text, "logprob": -0.5, "top_logprobs": []}

    sent = [
        {"content": [token("a")], "refusal": None},
        {"content": None, "refusal": [token("r")]},
        None,
        {"content": [token("b"), token("c")]},
    ]
    recording = read(record([chunk({**delta(content="a"), "logprobs": logprobs}) for logprobs in sent]))
    (choice,) = assemble(recording).choices
    assert choice.logprobs == {"content": [token("a"), token("b"), token("c")], "refusal": [token("r")]}
    assert assemble(recording).choices == (choice,)  # the recording has not grown


def test_log_probabilities_of_another_type_are_kept_beside_the_rest() -> None:
    sent = [{"content": [1], "sum": -1}, {"content": "none", "sum": -2}, [5], [6]]
    recording = read(record([chunk({**delta(content="a"), "logprobs": logprobs}) for logprobs in sent]))
    completion = assemble(recording)
    assert completion.choices[0].logprobs == [5, 6]
    assert assemble(recording) == completion
    replaced = [{"content": [1], "sum": -1}, {"content": "none", "sum": -2}]
    assert completion.extra == {"choices": {"0": {"earlier_logprobs": replaced}}}


def test_null_log_probabilities_are_none() -> None:
    assert stream(chunk({**delta(content="a"), "logprobs": None}), STOP).choices[0].logprobs is None


# --- what has no place --------------------------------------------------------------------------------------


def test_what_has_no_place_is_extra_once_or_as_the_list_of_its_changes() -> None:
    chunks = [
        chunk(
            delta(content="a", channel="final"),
            system_fingerprint="fp1",
            service_tier="default",
            obfuscation="qwe",
        ),
        chunk(
            delta(content="b", channel="final"),
            system_fingerprint="fp1",
            service_tier=None,
            obfuscation="rty",
        ),
        chunk({**delta(content="c"), "stop_reason": 128}, system_fingerprint="fp2", service_tier=""),
    ]
    completion = stream(*chunks, STOP)
    assert completion.extra == {
        "system_fingerprint": ["fp1", "fp2"],
        "service_tier": "default",
        "choices": {"0": {"channel": "final", "stop_reason": 128}},
    }


@pytest.mark.parametrize(
    ("key", "fragment"),
    [
        ("audio", {"transcript": "no"}),  # OpenAI
        ("reasoning_details", [{"type": "reasoning.text", "text": "no"}]),  # OpenRouter
        ("reasoning_text", "no"),  # Copilot
        ("token_id", 5),  # Together
    ],
)
def test_fragments_of_a_channel_without_a_place_are_all_kept(key: str, fragment: Any) -> None:
    once, twice = (stream(*[chunk(delta(**{key: fragment}))] * times, STOP).extra for times in (1, 2))
    assert once == {"choices": {"0": {key: fragment}}}
    assert twice == {"choices": {"0": {key: [fragment, fragment]}}}


@pytest.mark.parametrize(
    ("told", "kept"),
    [([[5]], [5]), ([[5], [5]], [5, 5]), ([[5, 6], None, [], [6, 7]], [5, 6, 6, 7]), ([[], None], None)],
)
def test_token_ids_of_a_choice_are_one_list(told: list[Any], kept: Any) -> None:  # vLLM
    recording = read(record([*(chunk({**delta(content="no"), "token_ids": ids}) for ids in told), STOP]))
    assert assemble(recording).extra == ({"choices": {"0": {"token_ids": kept}}} if kept else {})
    assert [each["__data__"]["choices"][0].get("token_ids") for each in recording.body[:-1]] == told


def test_what_a_provider_repeats_in_each_delta_is_kept_once() -> None:
    told = chunk(delta(content="no", provider_specific_fields={"x": 1}))
    kept = {"choices": {"0": {"provider_specific_fields": {"x": 1}}}}
    assert stream(told, STOP).extra == stream(told, told, told, STOP).extra == kept


def test_reasoning_that_is_told_in_two_ways_again_and_again_is_kept_in_both() -> None:
    told = chunk(delta(reasoning="short", reasoning_content="no"))
    completion = stream(told, told, STOP)
    assert completion.choices[0].message.reasoning == "shortshort"
    assert completion.extra == {"choices": {"0": {"reasoning_content": ["no", "no"]}}}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no", {"odd_delta": ["no", "no"]}),
        ({"content": [5]}, {"odd_content": [5, 5]}),
        ({"reasoning": [{"n": 1}]}, {"odd_reasoning": [{"n": 1}, {"n": 1}]}),
    ],
)
def test_deltas_and_parts_that_can_not_be_read_are_all_kept(said: Any, kept: Any) -> None:
    odd = chunk({"index": 0, "delta": said})
    assert stream(odd, odd, STOP).extra == {"choices": {"0": kept}}


@pytest.mark.parametrize("key", ["content", "reasoning", "refusal", "tool_calls"])
@pytest.mark.parametrize("odd", [0, False])
def test_what_is_no_text_but_not_nothing_is_kept(key: str, odd: Any) -> None:
    completion = stream(chunk(delta(**{key: odd})), chunk(delta(**{key: odd})), STOP)
    assert completion.choices[0].message == Message()
    assert repr(completion.extra) == repr({"choices": {"0": {f"odd_{key}": [odd, odd]}}})


@pytest.mark.parametrize("odd", [0, False])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("content", "Hi"),
        ("reasoning", "Hm"),
        ("reasoning_content", "Hm"),
        ("refusal", "No"),
        ("tool_calls", [call("f")]),
        ("function_call", {"name": "f"}),
    ],
)
def test_what_is_no_text_is_kept_beside_what_is(key: str, said: Any, odd: Any) -> None:
    others = {"content", "reasoning", "reasoning_content", "refusal", "tool_calls", "function_call"} - {key}
    completion = stream(chunk(delta(**{"role": odd, **dict.fromkeys(others, odd), key: said})), STOP)
    (choice,) = completion.choices
    assert choice.message != Message()
    kept = completion.extra["choices"]["0"]
    assert kept == {"other_roles": odd, **{f"odd_{other}": odd for other in others}}
    assert {type(value) for value in kept.values()} == {type(odd)}


@pytest.mark.parametrize("odd", [0, False])
def test_a_text_and_a_finish_reason_that_are_no_texts_are_kept(odd: Any) -> None:
    said = {**delta(content="Hi"), "text": odd, "finish_reason": odd}
    completion = stream(chunk(said), STOP)
    kept = {"choices": {"0": {"odd_text": odd, "odd_finish_reason": odd}}}
    assert (repr(completion.extra), completion.choices[0].finish_reason) == (repr(kept), "stop")


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_channels_that_say_nothing_are_nothing(nothing: Any) -> None:
    quiet = chunk(delta(content="a", provider_specific_fields=nothing))
    assert stream(quiet, quiet, STOP).extra == {}


def test_a_key_that_clashes_with_the_place_of_others_loses_nothing() -> None:
    first = {**delta(tool_calls=[call("f", "{}", index=0, id="a", kind=1)]), "tool_calls": ["odd"]}
    completion = stream(chunk(first), STOP)
    assert completion.extra == {
        "choices": {"0": {"tool_calls": {"a": {"kind": 1}}, "odd_tool_calls": ["odd"]}}
    }


@pytest.mark.parametrize("item", [None, True, 5, "data: {}", ["x"]])
def test_what_is_no_chunk_is_noted_and_kept(item: Any) -> None:
    completion = stream(chunk(delta(content="Hi")), item, STOP)
    assert completion.choices[0].message.content == "Hi"
    assert completion.notes == (Note("odd-chunk", "this is not a chunk", "/response/body/1"),)
    assert completion.extra == ({} if item is None else {"odd_chunks": item})


@pytest.mark.parametrize(
    ("choices", "kept"),
    [("x", "x"), ([5, "x"], [5, "x"]), ([None], None)],
)
def test_choices_that_are_no_objects_are_kept(choices: Any, kept: Any) -> None:
    odd = {"__type__": chunk()["__type__"], "__data__": {"choices": choices}}
    assert stream(chunk(delta(content="Hi")), odd, STOP).extra == ({"odd_choices": kept} if kept else {})


# --- recognition --------------------------------------------------------------------------------------------


def test_the_class_of_the_chunks_decides_and_not_the_endpoint() -> None:
    recording = read(
        record([chunk(delta(content="Hi")), STOP], url="http://x/v1/completions", endpoint="/v1/completions")
    )
    assert assemble(recording).wire == "openai-chat"


@pytest.mark.parametrize(
    "first",
    [
        {"choices": [{"index": 0, "delta": {"content": "Hi"}}]},
        {"choices": [{"index": 0, "message": {"content": "Hi"}}]},
        {"choices": [], "object": "chat.completion.chunk"},
        {"__type__": "ogx_api.inference.models.OpenAIChatCompletionChunk", "__data__": {"choices": []}},
    ],
)
def test_chunks_without_their_usual_envelope_are_recognised(first: Any) -> None:
    assert stream(first).wire == "openai-chat"


# --- requests -----------------------------------------------------------------------------------------------


def test_a_request_is_read_into_messages_tools_and_parameters() -> None:
    parameters = {"type": "object", "properties": {}}
    a_function = {"name": "f", "description": "F.", "parameters": parameters, "strict": True}
    a_call = call("f", "{}", id="a", type="function")
    asked = {
        "model": "small",
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}], "name": "ann"},
            {"role": "assistant", "content": None, "tool_calls": [a_call], "x": 1},
            {"role": "tool", "tool_call_id": "a", "content": "5"},
        ],
        "tools": [
            {"type": "function", "function": a_function},
            {"type": "custom", "custom": {"name": "run", "format": {"type": "text"}}},
            {"type": "web_search", "size": "small"},
        ],
        "tool_choice": "auto",
    }
    assert read_request(exchange([STOP], asked)) == Request(
        model="small",
        messages=(
            RequestMessage("system", "Be brief."),
            RequestMessage("user", [{"type": "text", "text": "Hi"}], name="ann"),
            RequestMessage("assistant", None, (function("a", "f", "{}"),), extra={"x": 1}),
            RequestMessage("tool", "5", tool_call_id="a"),
        ),
        tools=(
            Tool("f", "function", "F.", parameters, {"strict": True}),
            Tool("run", "custom", extra={"format": {"type": "text"}}),
            Tool(None, "web_search", extra={"size": "small"}),
        ),
        parameters={"temperature": 0.5, "tool_choice": "auto"},
    )


def test_a_call_in_a_request_may_have_arguments_of_any_type() -> None:
    calls = [call("f", {"a": 1}), call("f", None), {"custom": {"name": "run", "input": "x"}}, 5]
    asked = {"messages": [{"role": "assistant", "tool_calls": calls}]}
    (message,) = read_request(exchange([STOP], asked)).messages
    told = [(each.name, each.arguments) for each in message.tool_calls]
    assert told == [("f", '{"a": 1}'), ("f", None), ("run", "x"), (None, "5")]


def test_a_request_of_odd_types_keeps_what_it_cannot_place() -> None:
    asked = {"model": 5, "messages": "Hi", "tools": {"a": 1}, "prompt": None, "n": None}
    request = read_request(exchange([STOP], asked))
    assert request == Request(parameters={"model": 5, "messages": "Hi", "tools": {"a": 1}, "n": None})
    odd = read_request(exchange([STOP], {"messages": ["Hi", None], "tools": ["f", {"function": 5}]}))
    assert odd.messages == (RequestMessage(None, "Hi"), RequestMessage(None))
    assert odd.tools == (Tool(None, extra={"tool": "f"}), Tool(None, extra={"function": 5}))


# --- any completion in any legal chunks ---------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    ["\U0001f600\U0001f601", "a\U0001f600", "\ufeff", '{"a": 1}', "\x00", "\u202e"]
)
names = st.sampled_from(["f", "get_weather", "get_weather_2", "\U0001f600x"])


@st.composite
def expected_choices(draw: st.DrawFn) -> tuple[Choice, ...]:
    choices = []
    for index in draw(st.sets(st.integers(0, 5), min_size=1, max_size=3)):
        ids = draw(st.lists(st.sampled_from(["a", "b", "c", "call_1"]), unique=True, max_size=3))
        calls = tuple(ToolCall(id_, "function", draw(names), draw(st.none() | words)) for id_ in ids)
        content, reasoning, refusal = (draw(st.none() | words) for _ in range(3))
        message = Message("assistant", content, reasoning, refusal, calls)
        choices.append(Choice(index, message, draw(st.sampled_from(["stop", "length", "tool_calls"]))))
    return tuple(sorted(choices, key=lambda choice: choice.index))


@st.composite
def split_call(
    draw: st.DrawFn, tool_call: ToolCall, marks: dict[str, Any], *, repeats_id: bool
) -> list[dict[str, Any]]:
    """The fragments of a call; `marks` are in all of them, its id in the first at least."""
    name = tool_call.name or ""
    style = draw(st.sampled_from(["whole", "repeated", "split"]))
    at = draw(st.integers(0, len(name)))
    pieces = [name[:at], name[at:]] if style == "split" and name[:at] != name[at:] else [name]
    told: list[tuple[str | None, Any]] = [(piece, None) for piece in pieces]
    again = name if style == "repeated" else draw(st.sampled_from([None, ""]))
    told += [(again, fragment) for fragment in draw(cut_said(tool_call.arguments or ""))]
    if draw(st.booleans()):
        told.append((None, draw(st.sampled_from([None, ""]))))
    first: dict[str, Any] = {"id": tool_call.id, "type": "function", **marks}
    rest = first if repeats_id else draw(st.sampled_from([marks, {"id": None, "type": None, **marks}]))
    return [{**(rest if number else first), **call(*each)} for number, each in enumerate(told)]


@st.composite
def split_calls(draw: st.DrawFn, calls: tuple[ToolCall, ...]) -> list[dict[str, Any]]:
    """The fragments of all calls of a message, in an order and with the marks that tell them apart."""
    style = draw(st.sampled_from(["indexes", "ids", "in a row", "always index 0"]))
    indexes = sorted(draw(st.sets(st.integers(0, 50), min_size=len(calls), max_size=len(calls))))
    runs = []
    for index, tool_call in zip(indexes, calls, strict=True):
        marks = {"indexes": {"index": index}, "always index 0": {"index": 0}}.get(style, {})
        repeats_id = style in ("ids", "always index 0") or draw(st.booleans())
        runs.append(draw(split_call(tool_call, marks, repeats_id=repeats_id)))
    if style == "indexes":
        return draw(interleave(runs))
    if style == "in a row":
        return [fragment for run in runs for fragment in run]
    # Without indexes calls stand by arrival: all begin in order, then go on in any.
    return [run[0] for run in runs] + draw(interleave([run[1:] for run in runs]))


@st.composite
def split_choice(draw: st.DrawFn, choice: Choice) -> list[dict[str, Any]]:
    """The choices of a stream's chunks that tell one choice: its deltas in any order, then its end."""
    message = choice.message
    calls = [{"tool_calls": [each]} for each in draw(split_calls(message.tool_calls))]
    reasoning = draw(
        st.sampled_from([["reasoning"], ["reasoning_content"], ["reasoning", "reasoning_content"]])
    )
    channels = [
        (["content"], message.content),
        (reasoning, message.reasoning),
        (["refusal"], message.refusal),
    ]
    texts = [
        [dict.fromkeys(keys, fragment) for fragment in draw(cut_said(text))]
        for keys, text in channels
        if text
    ]
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    for each in draw(interleave([calls, *texts])):
        is_joined = draw(st.booleans())
        if is_joined and "tool_calls" in each and "tool_calls" in deltas[-1]:
            deltas[-1] = {**deltas[-1], "tool_calls": [*deltas[-1]["tool_calls"], *each["tool_calls"]]}
        elif is_joined and deltas[-1].keys().isdisjoint(each):
            deltas[-1] = {**deltas[-1], **each}
        else:
            deltas.append(each)
    nothing = [{}, {"role": "assistant"}, {"content": "", "role": None, "tool_calls": None, "refusal": ""}]
    empty: dict[str, Any] = draw(st.sampled_from(nothing))
    told: list[dict[str, Any]] = [{"delta": {**empty, **each}, "finish_reason": None} for each in deltas]
    if draw(st.booleans()):
        told.append(draw(st.sampled_from([{"delta": {}}, {"delta": None}, {"delta": {"content": ""}}, {}])))
    told[-1] = {**told[-1], "finish_reason": choice.finish_reason}
    return [{"index": choice.index, **each} for each in told]


@st.composite
def split_reply(draw: st.DrawFn, choices: tuple[Choice, ...], usage: dict[str, Any] | None) -> list[Any]:
    """The chunks of a stream that tells these choices and this usage."""
    chunks: list[list[dict[str, Any]]] = []
    for each in draw(interleave([draw(split_choice(choice)) for choice in choices])):
        is_joined = draw(st.booleans())
        if chunks and is_joined and all(each["index"] != other["index"] for other in chunks[-1]):
            chunks[-1].append(each)
        else:
            chunks.append([each])
    usages: list[dict[str, Any] | None] = [None] * len(chunks)
    if usage and draw(st.booleans()):  # so far, in every chunk
        parts = range(1, len(chunks) + 1)
        usages = [{key: count * part // len(chunks) for key, count in usage.items()} for part in parts]
    elif usage:
        chunks.append([])
        usages.append(usage)
    told = [chunk(*each, usage=counts) for each, counts in zip(chunks, usages, strict=True)]
    azure = chunk(id="", model="", object="")
    return [azure, *told] if draw(st.booleans()) else told


@given(expected_choices(), st.none() | st.fixed_dictionaries({"total_tokens": st.integers(1, 99)}), st.data())
def test_any_completion_in_any_legal_chunks_is_put_together_again(
    choices: tuple[Choice, ...], usage: dict[str, Any] | None, data: st.DataObject
) -> None:
    chunks = data.draw(split_reply(choices, usage))
    completion = stream(*chunks)
    assert tuple(map(check_parts, completion.choices)) == choices
    assert (completion.usage, completion.complete, completion.error) == (usage, True, None)
    assert (completion.id, completion.model, completion.chunks) == ("rec-0123456789ab", "small", len(chunks))
    assert completion.extra == {}
    assert set(codes(completion)) <= {"repeated-role", "tool-arguments-json", "tool-call-as-text"}


@given(expected_choices(), st.data())
def test_chunks_say_the_same_as_the_lines_of_an_event_stream(
    choices: tuple[Choice, ...], data: st.DataObject
) -> None:
    chunks = data.draw(split_reply(choices, None))
    lines = send(*chunks)
    texts = data.draw(st.sampled_from([lines, ["\n".join(lines)], [f"{line}\r\n" for line in lines]]))
    completion, expected = stream(*texts), stream(*chunks)
    assert completion._replace(chunks=0, notes=()) == expected._replace(chunks=0, notes=())
    assert codes(completion) == codes(expected)


# --- hostile input ------------------------------------------------------------------------------------------

STREAM = [
    chunk(id="", model="", prompt_filter_results=[{"a": 1}]),
    chunk(delta(role="assistant", content="Hel", reasoning="Hm", reasoning_content="Hm")),
    chunk(delta(content=[{"type": "thinking", "thinking": [{"text": "x"}]}, {"type": "text", "text": "y"}])),
    chunk(delta(tool_calls=[call("f", "{", index=0, id="a", type="function", x=1), call("g", {}, id="b")])),
    chunk(delta(tool_calls=[{"index": 1, "custom": {"input": "x"}}], function_call={"name": "h"})),
    chunk({**delta(content="lo"), "logprobs": {"content": [{"token": "lo"}]}, "message": {"content": "Hel"}}),
    chunk({**delta(1, finish_reason="stop"), "usage": {"n": 1}, "error": {"message": "x"}}, usage={"n": 2}),
    {"error": {"error": {"message": "x"}}},
]
WHOLE = {
    "id": "c1",
    "choices": [{"message": {"content": "Hi", "tool_calls": [call("f", "{}")]}, "finish_reason": "stop"}],
    "usage": {},
}
ASKED = {
    "model": "small",
    "messages": [{"role": "user", "content": "Hi", "tool_calls": [call("f", "{}", id="a")]}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
}


@given(
    st.sampled_from([STREAM, WHOLE, {"__type__": CHAT_COMPLETION, "__data__": WHOLE}]).flatmap(spoil),
    spoil(ASKED),
)
def test_any_json_in_any_place_is_taken(reply: Any, asked: Any) -> None:
    recording = exchange(reply, asked)
    completion, request = assemble(recording), read_request(recording)
    json.dumps([completion, request._asdict()], default=asdict)
    for choice in completion.choices:
        message = choice.message
        texts = [message.role, message.content, message.reasoning, message.refusal, choice.finish_reason]
        texts += [
            value for each in message.tool_calls for value in (each.id, each.type, each.name, each.arguments)
        ]
        assert all(text is None or isinstance(text, str) for text in texts)
    assert isinstance(completion.usage, dict | None)
    assert completion == assemble(recording)  # nothing of the recording was changed


@given(
    st.lists(st.sampled_from([each.get("__data__", each) for each in STREAM]).flatmap(spoil), max_size=4),
    st.sampled_from(["", "event: error", "event: x"]),
)
def test_any_json_in_the_lines_of_an_event_stream_is_taken(items: list[Any], name: str) -> None:
    lines = [line for item in items for line in (name, f"data: {json.dumps(item)}", "")]
    completion = stream(*send(chunk(delta(content="Hi"))), *lines)
    json.dumps(completion, default=asdict)
    (first,) = [choice for choice in completion.choices if choice.index == 0]
    assert (completion.wire, (first.message.content or "")[:2]) == ("openai-chat", "Hi")


@given(st.lists(json_values, max_size=4))
def test_any_json_in_place_of_a_chunk_is_taken(items: list[Any]) -> None:
    completion = stream(chunk(delta(content="Hi")), *items, STOP)
    assert completion.chunks == len(items) + 2
    assert any(choice.index == 0 and choice.message.content for choice in completion.choices)


# --- growth -------------------------------------------------------------------------------------------------

GROWING: dict[str, Callable[[int], Any]] = {
    "text": lambda n: chunk(delta(content=f"{n} ")),
    "calls": lambda n: chunk(delta(tool_calls=[call("f", "{}", index=n, id=f"c{n}", x=n)])),
    "calls at index 0": lambda n: chunk(delta(tool_calls=[call("f", "{}", index=0, id=f"c{n}")])),
    "calls without index": lambda n: chunk(delta(tool_calls=[call("f", "{}", id=f"c{n}")])),
    "arguments": lambda n: chunk(delta(tool_calls=[call(None, str(n), index=0)])),
    "names": lambda n: chunk(delta(tool_calls=[call(f"n{n}", None, index=0)])),
    "extra values": lambda n: chunk(delta(content="a", at=n), system_fingerprint=str(n)),
    "extra keys": lambda n: chunk({"index": 0, "delta": {"content": "a", f"k{n}": n}}),
    "log probabilities": lambda n: chunk(
        {**delta(content="a"), "logprobs": {"content": [{"token": str(n)}]}}
    ),
    "choices": lambda n: chunk(delta(n, content="a", finish_reason="stop")),
    "messages": lambda n: chunk({**delta(content="a"), "message": {"content": "a" * (n % 20)}}),
    "messages alone": lambda n: chunk({"index": 0, "message": {"content": f"{n} "}}),
    "ids": lambda n: chunk(delta(content="a"), id=str(n)),
    "errors": lambda n: chunk(delta(content="a"), error={"message": str(n)}),
    "event streams": lambda n: f"data: {json.dumps(chunk(delta(content=f'{n} '))['__data__'])}",
}


def grow(kind: str, count: int) -> Recording:
    return Recording(source(b""), record([GROWING[kind](n) for n in range(count)]), as_written=True)


def list_steps(recording: Recording) -> list[Step]:
    return list(read_exchange(recording).read_steps())


@pytest.mark.parametrize("kind", GROWING)
def test_work_grows_with_the_number_of_chunks_and_no_faster(kind: str) -> None:
    few, many = grow(kind, 200), grow(kind, 2000)
    assert count_calls(lambda: assemble(many)) < 10.5 * count_calls(lambda: assemble(few))
    assert count_calls(lambda: list_steps(many)) < 10.5 * count_calls(lambda: list_steps(few))


def test_twenty_thousand_chunks_of_every_kind_are_put_together() -> None:
    for kind in take(GROWING, every=4):
        assert assemble(grow(kind, 20_000)).chunks == 20_000


def test_log_probabilities_grow_in_place() -> None:
    choice = ChoiceBuilder(0)
    choice.add_logprobs({"content": [1]})
    joined = choice.logprobs["content"]
    choice.add_logprobs({"content": [2]})
    assert choice.logprobs["content"] is joined
    assert joined == [1, 2]


def test_a_name_in_endless_pieces_is_copied_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0
    join = _values.join

    def count(fragments: list[str]) -> str | None:
        nonlocal copied
        text = join(fragments)
        copied += len(text or "")
        return text

    monkeypatch.setattr(_message, "join", count)
    name = "".join(f"n{n}" for n in range(2000))
    assert assemble(grow("names", 2000)).choices[0].message.tool_calls[0].name == name
    assert copied < 10 * len(name)


def test_a_value_that_turns_from_a_number_into_a_truth_has_changed() -> None:
    completion = assemble(
        read(record([chunk(odd=1), chunk(odd=True), chunk(odd=True), chunk(delta(finish_reason="stop"))]))
    )
    assert str(completion.extra["odd"]) == "[1, True]"


# --- what routers and clouds make of it ---------------------------------------------------------------------


def test_text_beside_a_delta_that_says_the_same_is_said_once() -> None:  # Together
    chunks = [chunk({**delta(role="assistant", content=text), "text": text}) for text in ("1", ",", ",")]
    completion = stream(*chunks, chunk({**delta(content="", finish_reason="stop"), "text": ""}))
    assert completion.choices[0].message == Message(role="assistant", content="1,,")
    assert (completion.extra, completion.notes) == ({}, ())


def test_text_beside_a_message_that_says_the_same_is_said_once() -> None:
    message = {"role": "assistant", "content": "Hello"}
    choice = {"index": 0, "text": "Hello", "message": message, "finish_reason": "stop"}
    completion = assemble(read(record({"choices": [choice]})))
    assert completion.choices[0].message == Message(role="assistant", content="Hello")
    assert (completion.extra, completion.notes) == ({}, ())


def test_text_beside_a_delta_that_says_something_else_is_kept() -> None:
    completion = stream(chunk({**delta(content="Hello"), "text": "Hallo"}), STOP)
    assert completion.choices[0].message.content == "Hello"
    assert completion.extra == {"choices": {"0": {"text": "Hallo"}}}
    assert stream(chunk({**delta(role="assistant"), "text": "Hi"}), STOP).choices[0].message.content == "Hi"


def test_a_choice_that_a_filter_took_away_is_one_of_a_chat() -> None:  # Azure
    filtered = {"hate": {"filtered": True, "severity": "high"}}
    choice = {"index": 0, "finish_reason": "content_filter", "content_filter_results": filtered}
    completion = assemble(read(record({"id": "c1", "object": "chat.completion", "choices": [choice]})))
    assert (completion.wire, completion.complete) == ("openai-chat", True)
    assert completion.choices == (Choice(0, Message(), "content_filter"),)
    assert completion.extra == {"choices": {"0": {"content_filter_results": filtered}}}


def test_an_end_without_a_finish_reason_is_complete_but_odd() -> None:  # Snowflake, LiteLLM's proxy
    *chunks, mark, _ = send(chunk(delta(role="assistant", content="4")), chunk(usage={"total_tokens": 27}))
    completion = stream(*chunks, mark, "")
    assert (completion.complete, codes(completion)) == (True, ["no-finish-reason"])
    assert codes(stream(*chunks)) == ["incomplete-stream"]
    assert codes(stream(*chunks[:-3], mark)) == ["no-finish-reason"]
    went_on = stream(*chunks, mark, "", *chunks)
    assert (went_on.complete, "no-finish-reason" in codes(went_on)) == (False, False)
    assert codes(stream(*send(chunk(delta(content="4")), STOP))) == []


def test_a_function_call_that_says_nothing_is_none() -> None:
    nothing = {"name": "", "arguments": ""}
    phantom = {"id": "", "type": "", "function": nothing}
    message = {"role": "assistant", "content": "Hi", "function_call": nothing, "tool_calls": [phantom]}
    completion = assemble(
        read(record({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
    )
    assert completion.choices[0].message == Message(role="assistant", content="Hi")
    assert (completion.extra, completion.notes) == ({}, ())


def test_an_empty_delta_beside_a_whole_message_is_no_later_chunk() -> None:  # Perplexity
    message, nothing = {"role": "assistant", "content": "Hi"}, {"role": "assistant", "content": ""}
    choice = {"index": 0, "message": message, "delta": nothing, "finish_reason": "stop"}
    completion = assemble(read(record({"choices": [choice]})))
    assert completion.choices[0].message == Message(role="assistant", content="Hi")
    assert completion.notes == ()


def test_a_line_that_is_an_error_is_one() -> None:  # llama.cpp
    half = send(chunk(delta(content="Half")))[:-2]
    bare = {"code": 500, "message": "failed", "type": "server_error"}
    for told, error in (({"error": {"message": "failed"}}, {"message": "failed"}), (bare, bare)):
        completion = stream(*half, f"error: {json.dumps(told)}", "")
        assert (completion.error, completion.complete) == (error, False)
        assert completion.choices[0].message.content == "Half"
        assert [(note.code, note.pointer) for note in completion.notes] == [("error", "/response/body/2")]
    assert stream(*half, '{"error": {"message": "failed"}}').error == {"message": "failed"}
