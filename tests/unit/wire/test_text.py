"""Text completions: as chat, but with `text`, and with log probabilities as parallel lists."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_request
from recctl.wire.completion import Choice, Completion, Message, Note, Request
from tests.builders import read, record
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import codes, cut_said, exchange, interleave

CLASS = "openai.types.completion.Completion"


def piece(
    text: str | None, index: int = 0, finish_reason: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A choice of a chunk; streams have a null finish reason, which the class forbids."""
    return {"index": index, "text": text, "finish_reason": finish_reason, "logprobs": None, **fields}


def chunk(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    data = {
        "id": "c1",
        "model": "small",
        "object": "text_completion",
        "choices": list(choices),
        "usage": None,
    }
    return {"__type__": CLASS, "__data__": {**data, **fields}}


def stream(*chunks: Any) -> Completion:
    return assemble(read(record(list(chunks))))


def told(completion: Completion) -> list[tuple[int, str | None, str | None]]:
    return [(choice.index, choice.message.content, choice.finish_reason) for choice in completion.choices]


def test_text_is_joined_and_a_stream_with_a_finish_reason_is_complete() -> None:
    assert stream(
        chunk(piece("Hel")), chunk(piece("lo")), chunk(piece("", finish_reason="stop"))
    ) == Completion(
        wire="openai-completions",
        streamed=True,
        chunks=3,
        complete=True,
        id="c1",
        model="small",
        choices=(Choice(0, Message(content="Hello"), "stop"),),
    )


def test_a_whole_reply_gives_the_same_as_its_stream() -> None:
    body = chunk(piece("Hello", finish_reason="length"), usage={"total_tokens": 9})
    assert assemble(read(record(body))) == stream(body)._replace(streamed=False, chunks=0)


def test_the_lines_of_an_event_stream_are_chunks() -> None:
    chunks = [chunk(piece("Hel")), chunk(piece("lo", finish_reason="stop"))]
    lines = [line for each in chunks for line in (f"data: {json.dumps(each['__data__'])}", "")]
    assert stream(*lines, "data: [DONE]", "") == stream(*chunks)._replace(chunks=6)


def test_several_choices_are_told_apart() -> None:
    completion = stream(
        chunk(piece("b", 1)),
        chunk(piece("a", 0), piece("b", 1, "stop")),
        chunk(piece("a", 0, "length")),
    )
    assert told(completion) == [(0, "aa", "length"), (1, "bb", "stop")]
    assert completion.complete


def test_a_stream_without_a_finish_reason_is_cut_off() -> None:
    completion = stream(chunk(piece("a", 0)), chunk(piece("b", 1, "stop")))
    assert not completion.complete
    message = "the stream ends without a finish reason of choice 0: it is cut off"
    assert completion.notes == (Note("incomplete-stream", message, "/response/body"),)


def test_text_after_the_finish_reason_is_added_and_noted() -> None:
    completion = stream(chunk(piece("a", finish_reason="stop")), chunk(piece("")), chunk(piece("b")))
    assert told(completion) == [(0, "ab", "stop")]
    assert [(note.code, note.pointer) for note in completion.notes] == [
        ("chunk-after-finish", "/response/body/2/__data__/choices/0")
    ]


def test_a_character_that_was_cut_in_two_is_mended() -> None:
    assert told(stream(chunk(piece("a\ud83d")), chunk(piece("\ude00")))) == [(0, "a\U0001f600", None)]


def test_log_probabilities_are_parallel_lists_that_are_joined() -> None:
    def logprobs(text: str, offset: int) -> dict[str, Any]:
        return {
            "tokens": [text],
            "token_logprobs": [-0.5],
            "top_logprobs": [{text: -0.5}],
            "text_offset": [offset],
        }

    chunks = [chunk(piece(text, logprobs=logprobs(text, at))) for at, text in enumerate("ab")]
    (choice,) = stream(*chunks, chunk(piece("", finish_reason="stop"))).choices
    assert choice.logprobs == {
        "tokens": ["a", "b"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"a": -0.5}, {"b": -0.5}],
        "text_offset": [0, 1],
    }


def test_usage_comes_last_in_a_chunk_without_choices() -> None:
    completion = stream(chunk(piece("a", finish_reason="stop")), chunk(usage={"total_tokens": 9}))
    assert (completion.usage, completion.complete) == ({"total_tokens": 9}, True)


def test_an_error_may_stand_where_a_chunk_should() -> None:
    completion = stream(chunk(piece("a")), {"error": {"message": "overloaded"}})
    assert (told(completion), completion.complete) == ([(0, "a", None)], False)
    assert completion.error == {"message": "overloaded"}


def test_what_has_no_place_is_extra() -> None:  # vLLM
    completion = stream(chunk(piece("a", stop_reason=128001, prompt_logprobs=None), system_fingerprint="fp"))
    assert completion.extra == {"system_fingerprint": "fp", "choices": {"0": {"stop_reason": 128001}}}


@pytest.mark.parametrize(
    "item",
    [
        {"choices": [{"text": "Hi"}]},
        {"choices": [{"index": 0, "text": None}]},
        {"__type__": CLASS, "__data__": {"choices": []}},
    ],
)
def test_what_text_completions_look_like(item: Any) -> None:
    assert stream(item).wire == "openai-completions"


@pytest.mark.parametrize(
    "item",
    [
        {"choices": [{"delta": {}}]},
        {
            "__type__": "openai.types.chat.chat_completion.ChatCompletion",
            "__data__": {"choices": [{"text": "Hi"}]},
        },
        {"choices": []},
        {"choices": "text"},
        {"choices": ["text"]},
        {"text": "Hi"},
    ],
)
def test_what_they_do_not_look_like(item: Any) -> None:
    assert stream(item).wire != "openai-completions"


def test_a_request_has_a_prompt() -> None:
    asked = {"model": "small", "prompt": ["Once", "Twice"], "max_tokens": 5}
    request = read_request(exchange(chunk(piece("")), asked))
    assert request == Request("small", prompt=["Once", "Twice"], parameters={"max_tokens": 5})


texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["\U0001f600\U0001f601", "\ufeffa"]
)


@given(st.dictionaries(st.integers(0, 5), texts, min_size=1, max_size=3), st.booleans(), st.data())
def test_any_completion_in_any_legal_chunks_is_put_together_again(
    choices: dict[int, str], ends_with_text: bool, data: st.DataObject
) -> None:
    runs = []
    for index, text in choices.items():
        run = [piece(fragment, index) for fragment in data.draw(cut_said(text))]
        if not run or not ends_with_text:
            run.append(piece(data.draw(st.sampled_from(["", None])), index))
        run[-1]["finish_reason"] = "stop"
        runs.append(run)
    completion = stream(*(chunk(each) for each in data.draw(interleave(runs))), chunk(usage={"n": 1}))
    assert told(completion) == [(index, choices[index] or None, "stop") for index in sorted(choices)]
    assert (completion.complete, completion.usage, completion.extra) == (True, {"n": 1}, {})
    assert set(codes(completion)) <= {"tool-call-as-text", "thinking-as-text"}


STREAM = [
    chunk(piece("Hel", logprobs={"tokens": ["Hel"], "text_offset": [0]})),
    chunk(piece("lo", 1, "stop", logprobs={"tokens": None}), usage={"n": 1}),
    {"error": "x"},
]


@given(
    st.sampled_from([STREAM, STREAM[0]]).flatmap(spoil),
    spoil({"prompt": "Hi", "model": "small"}),
    json_values,
)
def test_any_json_in_any_place_is_taken(reply: Any, asked: Any, item: Any) -> None:
    recording = exchange([*reply, item] if isinstance(reply, list) else reply, asked)
    completion = assemble(recording)
    json.dumps([completion, read_request(recording)._asdict()], default=asdict)
    assert completion == assemble(recording)
