"""Ollama's own protocol: text of `generate`, messages of `chat`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.completion import Choice, Completion, Message, Note, Request, RequestMessage, ToolCall
from tests.builders import read, record
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import codes, cut_said, exchange

COUNTERS = {"prompt_eval_count": 3, "eval_count": 2}


def generate(response: Any, **fields: Any) -> dict[str, Any]:
    """A chunk of generated text, with the nulls that the recorder dumps."""
    data = {"model": "small", "response": response, "done": False, "done_reason": None, "thinking": None}
    data |= {"context": None, "prompt_eval_count": None, "eval_count": None, "total_duration": None}
    return {"__type__": "ollama._types.GenerateResponse", "__data__": {**data, **fields}}


def chat(content: Any = None, *, of: dict[str, Any] | None = None, **message: Any) -> dict[str, Any]:
    """A chunk of a message; `of` replaces parts of the chunk itself."""
    said = {"role": "assistant", "content": content, "thinking": None, "images": None, "tool_calls": None}
    data = {"model": "small", "done": False, "done_reason": None, "message": {**said, **message}}
    return {"__type__": "ollama._types.ChatResponse", "__data__": {**data, **(of or {})}}


END = {"done": True, "done_reason": "stop", **COUNTERS}


def stream(*chunks: Any) -> Completion:
    return assemble(read(record(list(chunks))))


def calls(*entries: Any) -> tuple[ToolCall, ...]:
    """The calls of a stream that has each entry in a chunk of its own."""
    (choice,) = stream(*(chat(tool_calls=[entry]) for entry in entries), chat("", of=END)).choices
    return choice.message.tool_calls


def test_generated_text_is_joined_and_done_completes_it() -> None:
    assert stream(generate("Hel"), generate("lo"), generate("", **END)) == Completion(
        wire="ollama",
        streamed=True,
        chunks=3,
        complete=True,
        model="small",
        choices=(Choice(0, Message(content="Hello"), "stop"),),
        usage=COUNTERS,
    )


def test_messages_are_joined_and_done_completes_them() -> None:
    completion = stream(
        chat("", thinking="Let me "), chat("", thinking="see"), chat("Hel"), chat("lo", of=END)
    )
    assert completion.choices == (Choice(0, Message("assistant", "Hello", "Let me see"), "stop"),)
    assert (completion.complete, completion.usage, completion.extra) == (True, COUNTERS, {})


@pytest.mark.parametrize("body", [generate("Hello", **END), chat("Hello", of=END)])
def test_a_whole_reply_gives_the_same_as_its_stream(body: Any) -> None:
    assert assemble(read(record(body))) == stream(body)._replace(streamed=False, chunks=0)


def test_thinking_of_generated_text_is_reasoning() -> None:
    (choice,) = stream(generate("", thinking="Hm"), generate("Hi", **END)).choices
    assert choice.message == Message(content="Hi", reasoning="Hm")


def test_every_entry_is_a_whole_call_without_an_id() -> None:
    entry = {"function": {"name": "f", "arguments": {"city": "Zürich", "n": 1.5}}}
    arguments = '{"city": "Zürich", "n": 1.5}'
    assert calls(entry, entry) == (ToolCall(None, None, "f", arguments),) * 2


def test_a_call_may_have_an_id_and_an_index() -> None:  # from 2025 on
    entry = {"id": "call_1", "function": {"index": 0, "name": "f", "arguments": {}}}
    assert calls(entry) == (ToolCall("call_1", None, "f", "{}"),)


def test_calls_of_one_chunk_stand_in_order() -> None:
    entries = [{"function": {"name": name, "arguments": None}} for name in "gfg"]
    (choice,) = stream(chat("", tool_calls=entries, of=END)).choices
    assert [call.name for call in choice.message.tool_calls] == ["g", "f", "g"]
    assert {call.arguments for call in choice.message.tool_calls} == {None}


def test_arguments_that_are_no_object_are_told_and_noted() -> None:
    completion = stream(chat(tool_calls=[{"function": {"name": "f", "arguments": "{'a'"}}], of=END))
    assert completion.choices[0].message.tool_calls == (ToolCall(None, None, "f", "{'a'"),)
    pointer = "/response/body/0/__data__/message/tool_calls/0"
    assert completion.notes == (Note("tool-arguments-json", "the arguments for f are not JSON", pointer),)


def test_what_else_a_call_holds_is_kept_with_it() -> None:
    entries = [
        {"function": {"name": "f", "strict": True}},
        {"id": "a", "function": {"name": "g"}, "x": 1},
        "odd",
    ]
    completion = stream(chat("", tool_calls=entries, of=END))
    kept = {"0": {"tool_calls": {"0": {"strict": True}, "a": {"x": 1}}}}
    assert completion.extra == {"choices": kept, "odd_tool_calls": "odd"}


def test_calls_that_are_no_list_are_taken_one_by_one() -> None:
    assert calls() == ()
    (choice,) = stream(chat("", tool_calls={"function": {"name": "f"}}, of=END)).choices
    assert choice.message.tool_calls == (ToolCall(None, None, "f", None),)


def test_a_stream_that_is_never_done_is_cut_off() -> None:
    completion = stream(generate("Hel"))
    assert not completion.complete
    message = "the stream ends without a finish reason: it is cut off"
    assert completion.notes == (Note("incomplete-stream", message, "/response/body"),)


def test_done_completes_a_stream_without_a_reason() -> None:
    completion = stream(generate("Hi", done=True))
    assert (completion.complete, completion.choices[0].finish_reason, completion.usage) == (True, None, None)


def test_what_comes_after_the_end_is_added_and_noted_once() -> None:
    completion = stream(generate("a", done=True), generate("b", **END), generate("c"))
    assert completion.choices == (Choice(0, Message(content="abc"), "stop"),)
    assert completion.complete
    note = Note("chunk-after-finish", "the reply goes on after its end", "/response/body/1/__data__")
    assert completion.notes == (note,)


def test_an_error_may_stand_where_a_chunk_should() -> None:
    completion = stream(generate("Hel"), {"error": "model runner has unexpectedly stopped"})
    assert completion.choices[0].message.content == "Hel"
    assert (completion.complete, completion.error) == (False, "model runner has unexpectedly stopped")
    message = "the provider answered with an error: model runner has unexpectedly stopped"
    assert completion.notes == (Note("error", message, "/response/body/1"),)


def test_log_probabilities_are_joined() -> None:
    def token(text: str) -> dict[str, Any]:
        return {"token": text, "logprob": -0.5, "top_logprobs": []}

    recording = read(
        record([generate(text, logprobs=[token(text)]) for text in "ab"] + [generate("", **END)])
    )
    completion = assemble(recording)
    assert completion.choices[0].logprobs == [token("a"), token("b")]
    assert (completion.extra, assemble(recording)) == ({}, completion)


def test_a_character_that_was_cut_in_two_is_mended() -> None:
    assert stream(generate("\ud83d"), generate("\ude00", **END)).choices[0].message.content == "\U0001f600"


def test_durations_and_the_context_have_no_place() -> None:
    last = generate("", **END, total_duration=5, context=[1, 2], created_at="1970-01-01T00:00:00.000000Z")
    completion = stream(generate("Hi"), last)
    created = "1970-01-01T00:00:00.000000Z"
    assert completion.extra == {"total_duration": 5, "context": [1, 2], "created_at": created}


def test_a_second_model_or_role_is_kept_beside_the_first() -> None:
    completion = stream(chat("a"), chat("b", role="tool", of={"model": "large"}), chat("", role=None, of=END))
    assert (completion.model, completion.choices[0].message.role) == ("small", "assistant")
    assert completion.extra == {"other_models": "large", "message": {"other_roles": "tool"}}


def test_values_of_odd_types_are_kept() -> None:
    completion = stream(
        generate(["x"], thinking=5, done_reason={"a": 1}),
        chat(of={"message": "said"}),
        chat(["y"], name="ann"),
        5,
    )
    assert completion.extra == {
        "odd_response": ["x"],
        "odd_thinking": 5,
        "odd_done_reason": {"a": 1},
        "odd_message": "said",
        "odd_content": ["y"],
        "message": {"name": "ann"},
        "odd_chunks": 5,
    }
    assert codes(completion) == ["odd-chunk", "incomplete-stream"]


@pytest.mark.parametrize(
    ("item", "is_ollama"),
    [
        ({"done": False, "response": ""}, True),
        ({"done": True, "message": {}}, True),
        ({"__type__": "ollama._types.GenerateResponse", "__data__": {}}, True),
        ({"done": True}, False),
        ({"__type__": "other.GenerateResponse", "__data__": {"done": True, "response": ""}}, False),
        ({"__type__": "ollama._types.ListResponse", "__data__": {"models": []}}, False),
    ],
)
def test_what_ollamas_chunks_look_like(item: Any, is_ollama: bool) -> None:
    assert (stream(item).wire == "ollama") is is_ollama


def test_requests_have_messages_or_a_prompt() -> None:
    asked = {
        "model": "small",
        "messages": [{"role": "user", "content": "Hi", "images": ["aGk="]}],
        "stream": True,
    }
    message = RequestMessage("user", "Hi", extra={"images": ["aGk="]})
    assert read_request(exchange(chat(), asked)) == Request("small", (message,), parameters={"stream": True})
    asked = {"model": "small", "prompt": "Once", "raw": True}
    assert read_request(exchange(generate(""), asked)) == Request(
        "small", prompt="Once", parameters={"raw": True}
    )


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["\U0001f600\U0001f601", "\ufeffa"]
)
arguments = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | texts, max_size=2)


@given(texts, texts, st.lists(st.tuples(st.sampled_from("fg"), arguments), max_size=3), st.data())
def test_any_message_in_any_legal_chunks_is_put_together_again(
    content: str, thinking: str, made: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    chunks = [chat("", thinking=fragment) for fragment in data.draw(cut_said(thinking))]
    chunks += [chat(fragment) for fragment in data.draw(cut_said(content))]
    entries = [{"function": {"name": name, "arguments": told}} for name, told in made]
    at = data.draw(st.integers(0, len(entries)))
    chunks += [chat("", tool_calls=part) for part in (entries[:at], entries[at:])]
    data_of_last = chunks[-1]["__data__"]
    chunks[-1] = {**chunks[-1], "__data__": {**data_of_last, **END}}
    completion = stream(*chunks)
    (choice,) = completion.choices
    assert (choice.message.content, choice.message.reasoning) == (content or None, thinking or None)
    assert [(call.name, json.loads(call.arguments or "")) for call in choice.message.tool_calls] == made
    assert (completion.complete, completion.usage, completion.extra) == (True, COUNTERS, {})


STREAM = [
    chat("Hel", thinking="Hm", tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {}, "x": 1}}]),
    generate("lo", logprobs=[{"token": "lo"}], created_at="x"),
    chat("", of=END),
    {"error": "x"},
]


@given(st.sampled_from([STREAM, STREAM[0], STREAM[1]]).flatmap(spoil), json_values)
def test_any_json_in_any_place_is_taken(reply: Any, item: Any) -> None:
    recording = read(record([*reply, item] if isinstance(reply, list) else reply))
    completion = assemble(recording)
    json.dumps(completion, default=asdict)
    for choice in completion.choices:
        message = choice.message
        texts = [message.role, message.content, message.reasoning, choice.finish_reason]
        texts += [
            value for call in message.tool_calls for value in (call.id, call.type, call.name, call.arguments)
        ]
        assert all(text is None or isinstance(text, str) for text in texts)
    assert completion == assemble(recording)


def test_chunks_may_be_recorded_as_lines() -> None:
    chunks = [chat("Hi")["__data__"], chat(".", of=END)["__data__"]]
    for lines in (map(json.dumps, chunks), (f"{json.dumps(each)}\n" for each in chunks)):
        completion = stream(*lines)
        assert (completion.wire, completion.chunks, completion.complete) == ("ollama", 2, True)
        assert completion.choices == (Choice(0, Message(role="assistant", content="Hi."), "stop"),)


def test_steps_of_lines_are_those_of_chunks() -> None:
    recording = read(record([json.dumps(chat("Hi")["__data__"]), json.dumps(chat(".", of=END)["__data__"])]))
    added = [dict(step.added) for step in read_exchange(recording).read_steps()]
    assert [step.get("content") for step in added] == ["Hi", "."]
