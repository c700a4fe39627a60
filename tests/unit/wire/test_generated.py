"""Protocols that have little more to say than a text: of a model, of a sound, of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Fact, Message, Request
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import codes, exchange, find_lost, mark


def view(body: Any, *, streaming: bool = False) -> Completion:
    return assemble(read(record(body, streaming=streaming)))


def send(*events: dict[str, Any], name: str = "") -> list[str]:
    """The lines of an event stream."""
    head = [f"event: {name}"] if name else []
    return [line for event in events for line in (*head, f"data: {json.dumps(event)}", "")]


def said(completion: Completion) -> str | None:
    return completion.choices[0].message.content


# Hugging Face's text generation


def token(text: str, *, special: bool = False, **fields: Any) -> dict[str, Any]:
    told = {"id": 1, "text": text, "logprob": -0.5, "special": special}
    return {"index": 1, "token": told, "generated_text": None, "details": None, **fields}


def test_a_text_and_how_it_came_to_its_end() -> None:
    details = {"finish_reason": "eos_token", "generated_tokens": 2, "seed": 7, "tokens": [{"text": "Hi"}]}
    for body in (
        [{"generated_text": "Hi", "details": details}],
        {"generated_text": "Hi", "details": details},
    ):
        completion = view(body)
        assert (completion.wire, completion.streamed, completion.complete) == ("tgi", False, True)
        (choice,) = completion.choices
        assert (choice.message, choice.finish_reason) == (Message(content="Hi"), "eos_token")
        assert choice.logprobs == [{"text": "Hi"}]
        assert completion.usage == {"generated_tokens": 2}
        assert completion.extra == {"choices": {"0": {"seed": 7}}}


def test_several_texts_are_a_choice_each() -> None:
    completion = view([{"generated_text": "a"}, {"generated_text": "b"}])
    assert [choice.message.content for choice in completion.choices] == ["a", "b"]
    assert said(view([{"summary_text": "short"}])) == "short"


def test_a_text_token_by_token() -> None:
    end = token("</s>", special=True, generated_text="Hi you", details={"finish_reason": "eos_token"})
    completion = view(send(token("Hi"), token(" you"), end), streaming=True)
    assert (completion.streamed, completion.complete, completion.notes) == (True, True, ())
    assert (said(completion), completion.choices[0].finish_reason) == ("Hi you", "eos_token")
    assert [each["text"] for each in completion.choices[0].logprobs] == ["Hi", " you", "</s>"]


def test_tokens_that_do_not_add_up_to_the_text_are_noted() -> None:
    completion = view(send(token("Hi"), token("!", generated_text="Ho!")), streaming=True)
    assert codes(completion) == ["final-mismatch"]
    assert completion.extra == {"generated_text": "Ho!"}


def test_tokens_that_break_off_are_incomplete() -> None:
    completion = view(send(token("Hi")), streaming=True)
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


def test_inputs_are_the_prompt() -> None:
    asked = read_request(exchange([{"generated_text": "Hi"}], {"inputs": "Q", "parameters": {"top_k": 1}}))
    assert asked == Request(prompt="Q", parameters={"parameters": {"top_k": 1}})


# watsonx


def result(text: str, tokens: int, reason: str = "not_finished", asked: int = 0) -> dict[str, Any]:
    told = {"generated_text": text, "generated_token_count": tokens, "input_token_count": asked}
    return {"model_id": "ibm/granite", "results": [{**told, "stop_reason": reason}]}


def test_results_of_watsonx() -> None:
    whole = view(result("Hello", 2, "eos_token", 5))
    events = send(result("", 0, asked=5), result("Hel", 1), result("lo", 2, "eos_token"), name="message")
    streamed = view(events, streaming=True)
    for completion in (whole, streamed):
        assert (completion.wire, completion.model, completion.complete) == ("watsonx", "ibm/granite", True)
        assert (said(completion), completion.choices[0].finish_reason) == ("Hello", "eos_token")
        assert completion.usage == {"generated_token_count": 2, "input_token_count": 5}
    assert codes(view(events[:6], streaming=True)) == ["incomplete-stream"]


# Replicate


def prediction(status: str, **fields: Any) -> dict[str, Any]:
    urls = {"get": "https://r/p/1", "cancel": "https://r/p/1/cancel"}
    return {"id": "p1", "model": "llama", "input": {"prompt": "Q"}, "status": status, "urls": urls, **fields}


def test_how_far_a_prediction_is() -> None:
    completion = view(prediction("starting", logs=""))
    assert (completion.wire, completion.kind, completion.choices) == ("replicate", "prediction", ())
    assert completion.facts == (
        Fact("id", "p1"),
        Fact("status", "starting", ("status",)),
        Fact("input", "prompt Q", ("input",)),
    )


@pytest.mark.parametrize("output", ["Hello", ["Hel", "lo"]])
def test_what_a_language_model_predicted_is_a_reply(output: Any) -> None:
    completion = view(prediction("succeeded", output=output))
    assert (said(completion), completion.choices[0].finish_reason) == ("Hello", "succeeded")
    assert "output" not in completion.extra


def test_links_to_what_was_predicted_are_facts() -> None:
    completion = view(prediction("succeeded", output=["https://r/out.png"]))
    assert completion.choices == ()
    assert completion.facts[-1] == Fact("output", "https://r/out.png", ("output",))


def test_why_a_prediction_failed() -> None:
    completion = view(prediction("failed", error="no"))
    assert (completion.error, completion.complete) == ("no", False)


def test_the_events_of_a_prediction_are_texts() -> None:
    lines = [": hi", ""]
    for number, text in enumerate(["", "Why?", "", " Not."]):
        lines += ["event: output", f"id: 1:{number}", *(f"data: {line}" for line in text.split("\n")), ""]
    lines += [
        "event: output",
        "id: 1:9",
        "data: ",
        "data: Really.",
        "",
        "event: done",
        "id: 2:0",
        "data: {}",
        "",
    ]
    completion = view(lines, streaming=True)
    assert (completion.wire, completion.streamed, completion.complete) == ("replicate", True, True)
    assert said(completion) == "Why? Not.\nReally."
    assert codes(view(lines[:-4], streaming=True)) == ["incomplete-stream"]
    failed = view([*lines[:-4], "event: error", "id: 2:0", "data: no", ""], streaming=True)
    assert failed.error == "no"


def test_the_prompt_of_a_prediction() -> None:
    asked = {"input": {"prompt": "Q", "top_k": 1}, "version": "v"}
    request = read_request(exchange(prediction("starting"), asked))
    assert request == Request(prompt="Q", parameters={"input": {"top_k": 1}, "version": "v"})


# Speech


def test_a_transcript_is_a_reply() -> None:
    body = {
        "text": "Hello",
        "language": "en",
        "duration": 6.5,
        "segments": [{"id": 0}],
        "usage": {"seconds": 7},
    }
    completion = view(body)
    assert (completion.wire, completion.kind, said(completion)) == ("transcription", "transcript", "Hello")
    assert completion.usage == {"seconds": 7}
    assert completion.facts == (
        Fact("language", "en", ("language",)),
        Fact("duration", "6.5", ("duration",)),
        Fact("segments", "1"),
    )
    assert completion.extra == {"language": "en", "duration": 6.5, "segments": [{"id": 0}]}
    assert said(view({"text": "Hello"})) == "Hello"


def test_a_transcript_piece_by_piece() -> None:
    events: list[dict[str, Any]] = [
        {"type": "transcript.text.delta", "delta": "Hel", "logprobs": [{"token": "Hel"}]},
        {"type": "transcript.text.delta", "delta": "lo", "logprobs": [{"token": "lo"}]},
        {"type": "transcript.text.done", "text": "Hello", "usage": {"total_tokens": 4}},
    ]
    completion = view(send(*events), streaming=True)
    assert (completion.streamed, completion.complete, completion.notes) == (True, True, ())
    assert (said(completion), completion.usage) == ("Hello", {"total_tokens": 4})
    assert completion.choices[0].logprobs == [{"token": "Hel"}, {"token": "lo"}]
    assert codes(view(send(*events[:2]), streaming=True)) == ["incomplete-stream"]
    assert codes(view(send(*events[1:]), streaming=True)) == ["final-mismatch"]
    assert said(view(send(events[2]), streaming=True)) == "Hello"


def test_channels_of_deepgram() -> None:
    heard = {"channels": [{"alternatives": [{"transcript": "Yeah.", "confidence": 0.9}]}]}
    completion = view({"metadata": {"duration": 25.9, "channels": 1}, "results": heard})
    assert (completion.wire, said(completion)) == ("transcription", "Yeah.")
    assert completion.facts == (Fact("duration", "25.9"), Fact("channels", "1"))
    assert completion.extra["results"] == heard


@pytest.mark.parametrize("body", [{"text": 5}, {"text": "a", "verdict": "b"}, {"text": "a", "id": "x"}])
def test_a_text_among_other_things_is_no_transcript(body: Any) -> None:
    assert view(body).wire == "unknown"


# Documents


def test_pages_of_a_document_are_a_text() -> None:
    pages = [
        {"index": 0, "markdown": "# One", "images": [], "dimensions": {"dpi": 200}},
        {"index": 1, "markdown": "Two", "images": [{"id": "img-0.jpeg"}]},
    ]
    completion = view({"pages": pages, "model": "ocr", "usage_info": {"pages_processed": 2}})
    assert (completion.wire, completion.kind, said(completion)) == ("ocr", "document", "# One\n\nTwo")
    assert (completion.model, completion.usage) == ("ocr", {"pages_processed": 2})
    assert completion.facts == (Fact("pages", "2 pages"), Fact("page 2", "1 picture: img-0.jpeg"))
    assert completion.extra == {
        "pages": {"0": {"dimensions": {"dpi": 200}}, "1": {"images": [{"id": "img-0.jpeg"}]}}
    }


def test_the_text_of_a_parsed_document() -> None:
    completion = view({"markdown": "# One", "job_metadata": {"job_pages": 3}})
    assert (completion.wire, said(completion), completion.usage) == ("ocr", "# One", {"job_pages": 3})


_BODIES: list[Any] = [
    [{"generated_text": "Hi", "details": {"finish_reason": "x", "tokens": [{"text": "a"}]}}],
    [token("Hi"), token("!", generated_text="Hi!", details={"generated_tokens": 2})],
    result("Hello", 2, "eos_token", 5),
    prediction("succeeded", output=["Hel", "lo"]),
    {"text": "Hello", "language": "en", "segments": [], "logprobs": [1]},
    [
        {"type": "transcript.text.delta", "delta": "Hel", "logprobs": [1]},
        {"type": "transcript.text.done", "text": "H"},
    ],
    {"metadata": {"duration": 1}, "results": {"channels": [{"alternatives": [{"transcript": "Yeah."}]}]}},
    {"pages": [{"index": 0, "markdown": "# One", "images": [{"id": "a"}]}], "usage_info": {"pages": 1}},
    {"markdown": "# One", "job_metadata": {"job_pages": 3}},
]


@given(st.sampled_from(_BODIES).flatmap(spoil))
def test_any_json_in_any_place_is_read(body: Any) -> None:
    for streaming in (False, True):
        assert isinstance(assemble(read(record(body, streaming=streaming))), Completion)


@given(
    st.lists(
        st.sampled_from(["event: output", "id: 1:1", "data: a", "data:", "", "data: {", 5, None]), max_size=9
    )
)
def test_any_lines_in_any_order_are_read(lines: list[Any]) -> None:
    assert isinstance(view(["event: output", "id: 1:1", "data: a", "", *lines], streaming=True), Completion)


@given(st.sampled_from(_BODIES).flatmap(mark), st.booleans())
def test_nothing_in_any_place_is_lost(marked: tuple[Any, list[str]], streaming: bool) -> None:
    body, marks = marked
    completion = assemble(read(record(body, streaming=streaming)))
    assert find_lost(marks, completion._replace(facts=())) == []
