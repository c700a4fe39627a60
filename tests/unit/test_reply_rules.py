"""The *content* and *stream* families: what is said by other means than text, and what is not said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.checks.content import check_content
from recctl.checks.schema import check_events, check_schema
from recctl.checks.stream import check_stream
from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record
from tests.unit.wire.streams import exchange, send

if TYPE_CHECKING:
    from recctl.recordings.recording import Recording


def check(recording: Recording) -> list[tuple[str, str | None]]:
    """The rules that a reply breaks, and where."""
    known = read_exchange(recording)
    findings = [
        *check_content(recording, known),
        *check_stream(recording, known),
        *check_schema(recording),
        *check_events(recording, known.completion),
    ]
    return [(finding.rule, finding.pointer) for finding in findings]


def chat(usage: Any = None, model: str = "small", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    data = {"id": "rec-1", "model": model, "choices": [choice], "usage": usage}
    return {"__type__": "x.ChatCompletion", "__data__": data}


def respond(*output: Any, **fields: Any) -> dict[str, Any]:
    return {"object": "response", "status": "completed", "output": list(output), **fields}


def generate(*parts: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}]}


EMPTY = [("empty-response", "/response/body")]


@pytest.mark.parametrize("value", [5, "x", {"a": 1}, [5, None, {}], True])
@pytest.mark.parametrize("key", ["parts", "audio", "images", "message"])
def test_a_delta_may_hold_anything_under_any_key(key: str, value: Any) -> None:
    found = check(read(record([chunk(delta(role="assistant", **{key: value}, finish_reason="stop"))])))
    assert {rule for rule, _ in found} <= {"empty-response", "schema"}


@pytest.mark.parametrize(
    "body",
    [
        chat(content=""),
        chat(content=None, tool_calls=[]),
        respond(),
        respond({"type": "message", "content": []}),
        generate(),
        generate({"text": "", "thoughtSignature": "c2lnbmVk"}),
    ],
)
def test_a_reply_may_say_nothing(body: Any) -> None:
    assert check(exchange(body, {})) == EMPTY


@pytest.mark.parametrize(
    "body",
    [
        chat(content=None, audio={"id": "audio_1", "data": "UklGRg==", "transcript": ""}),
        chat(content="", images=[{"image_url": {"url": "data:image/png;base64,iVBORw=="}}]),
        respond({"type": "image_generation_call", "id": "ig_1", "result": "iVBORw=="}),
        respond({"type": "computer_call", "call_id": "call_1", "action": {"type": "click", "x": 1, "y": 2}}),
        generate({"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}),
        generate({"executableCode": {"language": "PYTHON", "code": "1 + 1"}}),
    ],
)
def test_sounds_images_and_code_say_something(body: Any) -> None:
    assert check(exchange(body, {})) == []


@pytest.mark.parametrize("object_", ["response", "interaction"])
@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_reply_in_the_background_comes_later(status: str, object_: str) -> None:
    body = respond(status=status, object=object_)
    for asked in ({"background": True}, {}):  # when it is polled, nobody asks for anything
        assert check(exchange(body, asked)) == []


@pytest.mark.parametrize(("reason", "found"), [("load", []), ("unload", []), ("stop", EMPTY)])
def test_ollama_is_asked_to_load_a_model_with_nothing(reason: str, found: list[Any]) -> None:
    data = {"model": "small", "response": "", "done": True, "done_reason": reason}
    body = {"__type__": "ollama._types.GenerateResponse", "__data__": data}
    assert check(exchange(body, {"model": "small", "prompt": ""})) == found


def end(reason: str, content: str = "") -> dict[str, Any]:
    body = chat(content=content)
    body["__data__"]["choices"][0]["finish_reason"] = reason
    return body


def incomplete(reason: str) -> dict[str, Any]:
    return respond(status="incomplete", incomplete_details={"reason": reason})


def converse(reason: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [], "stop_reason": reason}


def stop(reason: str) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model"}, "finishReason": reason}]}


@pytest.mark.parametrize(
    "body",
    [
        *(end("content_filter"), incomplete("content_filter"), converse("refusal"), stop("SAFETY")),
        *map(stop, ("LANGUAGE", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION")),
    ],
)
def test_a_reply_that_was_refused_is_not_told_to_be_empty(body: Any) -> None:
    assert check(exchange(body, {})) == []


@pytest.mark.parametrize(
    "body",
    [
        *(end("length"), incomplete("max_output_tokens"), stop("MAX_TOKENS")),
        *map(converse, ("max_tokens", "model_context_window_exceeded")),
    ],
)
def test_of_a_reply_that_the_token_limit_kept_empty_that_is_said(body: Any) -> None:
    recording = exchange(body, {})
    (finding,) = check_content(recording, read_exchange(recording))
    assert (finding.rule, finding.message) == (
        "empty-response",
        "the token limit ended the reply before it said anything",
    )


def test_a_reply_that_is_not_there_is_empty() -> None:
    document = record(None, streaming=False)
    assert check(read(document)) == EMPTY
    document["response"]["status"] = 204
    assert check(read(document)) == []


@pytest.mark.parametrize(
    ("model", "details", "found"),
    [
        ("small", None, [("usage-mismatch", "/response/body")]),
        ("small", {"reasoning_tokens": 90}, [("usage-mismatch", "/response/body")]),
        ("small", {"reasoning_tokens": 93}, []),
        ("google/gemini-2.5-pro", None, []),
    ],
)
def test_what_a_model_thinks_may_count_apart(model: str, details: Any, found: list[Any]) -> None:
    usage = {
        "prompt_tokens": 4,
        "completion_tokens": 3,
        "total_tokens": 100,
        "completion_tokens_details": details,
    }
    assert check(exchange(chat(usage, model, content="Hello"), {})) == found


def test_a_stream_without_is_streaming_would_be_replayed_as_a_list() -> None:
    document = record([chunk(delta(content="Hello")), chunk(delta(finish_reason="stop"))])
    del document["response"]["is_streaming"]
    assert check(read(document)) == [("stream-mismatch", "/response")]


EVENTS = (
    {"type": "message_start", "message": {"type": "message", "role": "assistant", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hello"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    {"type": "message_stop"},
)


def test_an_event_that_is_cut_off_is_no_event() -> None:
    lines = send(*EVENTS)
    lines[4] = lines[4][:30]
    assert ("schema", "/response/body/3") in check(exchange(lines, {}))
    assert ("schema", "/response/body/4") in check(exchange([lines[0], "<html>", *lines[1:]], {}))


@pytest.mark.parametrize("word", ["ping", "null", "[DONE]", ""])
def test_servers_may_send_words_between_events(word: str) -> None:
    assert check(exchange([*send(*EVENTS), f"data: {word}", ""], {})) == []


@pytest.mark.parametrize("created_at", [1754088894, 1754088894.5, "1970-01-01T00:00:00.000000Z", None])
def test_recorders_make_a_constant_text_of_the_time_of_a_response(created_at: Any) -> None:
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}
    data = respond(said, created_at=created_at)
    assert (
        check(exchange({"__type__": "openai.types.responses.response.Response", "__data__": data}, {})) == []
    )


@pytest.mark.parametrize("reason", ["MODEL_ARMOR", "SAFETY"])
def test_a_reply_that_was_blocked_is_not_empty(reason: str) -> None:
    blocked = {"finishReason": reason, "finishMessage": "No."}
    assert check(exchange({"candidates": [blocked]}, {})) == []


@pytest.mark.parametrize(
    ("total", "details", "adds_up"),
    [
        (585, {"prompt_tokens_details": {"audio_tokens": 375}}, True),
        (
            592,
            {
                "prompt_tokens_details": {"audio_tokens": 375},
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            True,
        ),
        (210, {"prompt_tokens_details": {"audio_tokens": 5}}, True),
        (586, {"prompt_tokens_details": {"audio_tokens": 375}}, False),
        (585, {"prompt_tokens_details": {"audio_tokens": True}}, False),
        (585, {"prompt_tokens_details": {"cached_tokens": 375}}, False),
    ],
)
def test_what_is_heard_may_stand_beside_the_prompt(total: int, details: Any, adds_up: bool) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 201, "total_tokens": total, **details}
    found = check(exchange(chat(usage, content="A dog."), {}))
    assert found == ([] if adds_up else [("usage-mismatch", "/response/body")])


def test_an_end_without_a_finish_reason_is_no_error() -> None:
    said = json.dumps(chunk(delta(content="4"))["__data__"])
    assert check(read(record([f"data: {said}", "", "data: [DONE]", ""]))) == []
    assert check(read(record([f"data: {said}", ""]))) == [("incomplete-stream", "/response/body")]
