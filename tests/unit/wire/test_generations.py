"""Texts that models go on with, each maker's form: a whole body, and a stream where there is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from recctl.wire import assemble, read_request
from recctl.wire.completion import Completion, Note, Request
from recctl.wire.protocols.generations import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import check_any, codes, exchange, find_lost, mark

METRICS = {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 5, "outputTokenCount": 2}}
TITAN: dict[str, Any] = {
    "inputTextTokenCount": 5,
    "results": [{"tokenCount": 2, "outputText": "Hello", "completionReason": "FINISH"}],
}
LLAMA = {"generation": "Hello", "prompt_token_count": 5, "generation_token_count": 2, "stop_reason": "stop"}
MISTRAL = {"outputs": [{"text": "Hello", "stop_reason": "stop"}]}
JURASSIC = {
    "id": 7,
    "prompt": {"text": "Hi", "tokens": []},
    "completions": [{"data": {"text": "Hello", "tokens": [1]}, "finishReason": {"reason": "endoftext"}}],
}
ALEPH_ALPHA = {
    "completions": [{"completion": "Hello", "finish_reason": "maximum_tokens"}],
    "model_version": "2022-04",
    "num_tokens_prompt_total": 5,
    "num_tokens_generated": 2,
}
CLAUDE = {
    "type": "completion",
    "id": "compl_1",
    "completion": "Hello",
    "stop_reason": "stop_sequence",
    "model": "claude-instant-1.2",
    "stop": "\n\nHuman:",
}


def whole(body: Any) -> Completion:
    return assemble(read(record(body)))


@pytest.mark.parametrize(
    ("body", "wire", "reason", "usage", "extra"),
    [
        (TITAN, "titan", "FINISH", {"inputTextTokenCount": 5, "tokenCount": 2}, {}),
        (LLAMA, "llama", "stop", {"prompt_token_count": 5, "generation_token_count": 2}, {}),
        (MISTRAL, "mistral", "stop", None, {}),
        (
            JURASSIC,
            "jurassic",
            "endoftext",
            None,
            {"prompt": {"text": "Hi", "tokens": []}, "choices": {"0": {"data": {"tokens": [1]}}}},
        ),
        (
            ALEPH_ALPHA,
            "aleph-alpha",
            "maximum_tokens",
            {"num_tokens_prompt_total": 5, "num_tokens_generated": 2},
            {"model_version": "2022-04"},
        ),
        (CLAUDE, "anthropic-completions", "stop_sequence", None, {"stop": "\n\nHuman:"}),
    ],
)
def test_a_whole_body(body: Any, wire: str, reason: str, usage: Any, extra: Any) -> None:
    completion = whole(body)
    (choice,) = completion.choices
    assert (completion.wire, choice.message.content, choice.finish_reason) == (wire, "Hello", reason)
    assert (completion.usage, completion.extra, completion.notes) == (usage, extra, ())
    assert completion.complete


STREAMS: dict[str, list[Any]] = {
    "titan": [
        {"outputText": "Hel", "index": 0, "inputTextTokenCount": 5},
        {
            "outputText": "lo",
            "index": 0,
            "totalOutputTextTokenCount": 2,
            "completionReason": "FINISH",
            **METRICS,
        },
    ],
    "llama": [
        {"generation": "Hel", "prompt_token_count": 5, "generation_token_count": 1, "stop_reason": None},
        {"generation": "lo", "prompt_token_count": None, "generation_token_count": 2, "stop_reason": "stop"},
    ],
    "mistral": [
        {"outputs": [{"text": "Hel", "stop_reason": None}]},
        {"outputs": [{"text": "lo", "stop_reason": "stop"}], **METRICS},
    ],
    "anthropic-completions": [
        {"type": "completion", "completion": "Hel", "stop_reason": None, "model": "claude-2"},
        {"type": "completion", "completion": "lo", "stop_reason": "stop_sequence", "model": "claude-2"},
    ],
}


@pytest.mark.parametrize("wire", STREAMS)
def test_chunks_add_up(wire: str) -> None:
    opened = [{"chunk": {"bytes": chunk, "p": "abc"}} for chunk in STREAMS[wire]]
    sent = [line for chunk in STREAMS[wire] for line in (f"data: {json.dumps(chunk)}", "")]
    for body in (opened, sent, STREAMS[wire]):
        completion = whole(body)
        assert (completion.wire, completion.choices[0].message.content) == (wire, "Hello")
        assert (completion.complete, completion.notes) == (True, ())
    assert whole(STREAMS["titan"]).usage == {"inputTextTokenCount": 5, "totalOutputTextTokenCount": 2}
    assert whole(STREAMS["llama"]).usage == {"prompt_token_count": 5, "generation_token_count": 2}


def test_a_stream_of_values_just_ends() -> None:
    completion = whole(['data: {"value":"Hel"}', "", 'data: {"value":"lo"}', ""])
    assert (completion.wire, completion.choices[0].message.content) == ("writer-completions", "Hello")
    assert completion.complete
    assert whole({"value": "Hello"}).wire == "unknown"


@pytest.mark.parametrize(
    "chunks",
    [
        [{"completion": "Hel"}, {"completion": "Hello"}],
        [{"completion": "Hel", "stopReason": ""}, {"completion": "Hello", "stopReason": ""}],
        [{"deltaText": "Hel"}, {"deltaText": "lo"}],
    ],
)
def test_a_stream_of_sourcegraph_tells_all_so_far_or_what_is_new(chunks: list[Any]) -> None:
    events = [*(("completion", chunk) for chunk in chunks), ("done", {})]
    lines = [line for name, data in events for line in (f"event: {name}", f"data: {json.dumps(data)}", "")]
    completion = whole(lines)
    assert (completion.wire, completion.choices[0].message.content) == ("sourcegraph-completions", "Hello")
    assert (completion.complete, completion.extra, completion.notes) == (True, {}, ())
    assert codes(whole(lines[:-3])) == ["incomplete-stream"]


def test_a_guardrail_may_end_a_stream_without_a_reason() -> None:
    blocked = {"outputText": "Input blocked", "index": 0, "totalOutputTextTokenCount": 3}
    completion = whole([{**blocked, "amazon-bedrock-guardrailAction": "INTERVENED"}])
    assert (completion.complete, completion.choices[0].finish_reason) == (True, None)
    assert completion.extra == {"amazon-bedrock-guardrailAction": "INTERVENED"}


def test_a_stream_without_its_end_is_cut_off() -> None:
    assert codes(whole(STREAMS["llama"][:1])) == ["incomplete-stream"]


def test_what_comes_after_the_end_is_noted() -> None:
    completion = whole([*STREAMS["llama"], STREAMS["llama"][0]])
    assert completion.notes == (
        Note("chunk-after-finish", "the reply goes on after its end", "/response/body/2"),
    )


def test_several_results_are_choices() -> None:
    results = [{"tokenCount": 2, "outputText": text, "completionReason": "FINISH"} for text in ("a", "b")]
    completion = whole({"inputTextTokenCount": 5, "results": results})
    assert [choice.message.content for choice in completion.choices] == ["a", "b"]
    assert completion.usage == {"inputTextTokenCount": 5}
    assert completion.extra == {"choices": {"0": {"tokenCount": 2}, "1": {"tokenCount": 2}}}


def test_an_error_in_the_middle_is_told() -> None:
    lines = [
        "event: completion",
        f"data: {json.dumps(CLAUDE)}",
        "",
        "event: error",
        'data: {"error": {"a": 1}}',
        "",
    ]
    completion = whole(lines)
    assert (completion.error, completion.complete) == ({"a": 1}, False)


@pytest.mark.parametrize("key", ["prompt", "inputText"])
def test_requests_have_a_prompt(key: str) -> None:
    asked = {"model": "small", key: "Hi", "max_gen_len": 9}
    expected = Request("small", prompt="Hi", parameters={"max_gen_len": 9})
    assert read_request(exchange(TITAN, asked)) == expected


@pytest.mark.parametrize(
    "item",
    [
        {"results": []},
        {"results": [{"index": 0, "relevance_score": 1}]},
        {"outputs": [{"text": "a"}]},
        {"completions": [{"data": "x"}]},
        {"generation": "x"},
        {"completion": "x"},
        {"completion": {"choices": []}, "stop_reason": None},
        {"value": "x"},
        [],
        "data: {}",
    ],
)
def test_other_replies_are_of_no_form(item: Any) -> None:
    assert not WIRE.recognises(item)


SOURCEGRAPH = {"completion": "Hello", "stopReason": "stop_sequence", "logID": "x"}


@pytest.mark.parametrize("body", [TITAN, LLAMA, MISTRAL, JURASSIC, ALEPH_ALPHA, CLAUDE, SOURCEGRAPH])
def test_nothing_in_any_place_is_lost(body: dict[str, Any]) -> None:
    @given(mark(body), mark([body, body]))
    def check(one: Any, several: Any) -> None:
        assert find_lost(one[1], WIRE.assemble([one[0]], False)) == []
        assert find_lost(several[1], WIRE.assemble(several[0], True)) == []

    check()


@given(
    spoil([*STREAMS["titan"], *STREAMS["mistral"]]), spoil(JURASSIC), spoil({"prompt": "Hi", "model": "m"})
)
def test_any_json_in_any_place_is_assembled_and_read(events: Any, body: Any, asked: Any) -> None:
    check_any(WIRE, [events, body], asked)
