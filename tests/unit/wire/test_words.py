"""The words that are a protocol's own, and what each comes to."""

from __future__ import annotations

from typing import Any

import pytest

from recctl.base.amounts import Tokens
from recctl.wire import Ending, read_exchange
from recctl.wire.completion import RequestMessage, Speaker
from tests.builders import read, record
from tests.unit.wire.streams import exchange


def find_ending(**choice: Any) -> Ending | None:
    """What the end of a chat reply comes to."""
    message = {"role": "assistant", "content": ""}
    body = {"object": "chat.completion", "choices": [{"index": 0, "message": message, **choice}]}
    exchange = read_exchange(read(record(body)))
    return exchange.find_ending(exchange.completion.choices[0])


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("stop", Ending.WHOLE),
        ("length", Ending.CUT_SHORT),
        ("content_filter", Ending.REFUSED),
        ("load", Ending.SILENT),  # Ollama's, handed on by a gateway
        ("MAX_TOKENS", Ending.CUT_SHORT),  # Gemini's
        ("model_context_window_exceeded", Ending.CUT_SHORT),  # Anthropic's
        ("guardrail_intervened", Ending.REFUSED),  # Bedrock's
        ("TOOL_CALL", Ending.WHOLE),  # Cohere's
        ("maximum_tokens", Ending.CUT_SHORT),  # Aleph Alpha's
        ("bored", None),
        (None, None),
    ],
)
def test_a_finish_reason_comes_to_what_the_protocol_says_whose_word_it_is(
    reason: str | None, ending: Ending | None
) -> None:
    assert find_ending(finish_reason=reason) is ending


def test_a_router_may_tell_by_the_providers_own_word_that_a_reply_was_cut_short() -> None:
    told = {"finish_reason": "stop", "native_finish_reason": "MAX_TOKENS"}
    assert find_ending(**told) is Ending.CUT_SHORT
    assert find_ending(finish_reason="stop", native_finish_reason="end_turn") is Ending.WHOLE
    assert find_ending(finish_reason="length", native_finish_reason=None) is Ending.CUT_SHORT


FAILED = {"error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize(
    ("path", "asked", "wire"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "openai-chat"),
        ("/v1/v1/completions", {"messages": [{"role": "user", "content": "Hi"}]}, "openai-chat"),
        ("/v1/completions#stream", {"prompt": "Hi"}, "openai-completions"),
        ("/model/nova/invoke", {"messages": [], "inferenceConfig": {}}, "bedrock-converse"),
        ("/generate_content_stream", {"contents": []}, "gemini"),
        ("/v1/messages", {"messages": [{"role": "user", "content": "Hi"}]}, "anthropic-messages"),
        ("/model/claude/invoke", {"anthropic_version": "1", "messages": []}, "anthropic-messages"),
        ("/v1beta/models/gemini-3-pro:generateContent?alt=sse", {"contents": []}, "gemini"),
        ("/v1/responses", {"input": "Hi"}, "openai-responses"),
        ("/api/embed", {"input": "Hi"}, "embeddings"),
        ("/v1/embeddings/", {"input": "Hi"}, "embeddings"),
        ("/elsewhere", {"messages": []}, "http-error"),  # then by the reply
        ("/v1/chat/completions", {"input": "Hi"}, "http-error"),
        ("/v1/models", {}, "http-error"),
    ],
)
def test_the_protocol_of_a_request_is_told_from_the_request(path: str, asked: Any, wire: str) -> None:
    assert read_exchange(exchange(FAILED, asked, path)).asked_by.name == wire


def test_a_request_that_failed_is_read_by_its_own_protocol() -> None:
    asked = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    exchanged = read_exchange(exchange(FAILED, asked, "/v1beta/models/gemini-3-pro:generateContent"))
    assert exchanged.wire.name == "http-error"
    assert exchanged.request.messages == (RequestMessage("user", "Hi"),)


def test_who_speaks_may_go_by_roles_of_the_protocol() -> None:
    asked = {"message": "Bye", "chat_history": [{"role": "CHATBOT", "message": "Hi"}]}
    messages = read_exchange(exchange(FAILED, asked, "/v1/chat")).request.messages
    assert [message.speaker for message in messages] == [Speaker.MODEL, Speaker.USER]
    of_chat = {"messages": [{"role": "developer"}, {"role": "CHATBOT"}]}
    messages = read_exchange(exchange(FAILED, of_chat)).request.messages
    assert [message.speaker for message in messages] == [Speaker.SYSTEM, None]


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, Tokens(3, 2)),
        ({"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 1}, Tokens(3, 2)),
        ({"inputTokens": 3, "outputTokens": 2}, Tokens(3, 2)),
        ({"promptTokenCount": 3, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}, Tokens(3, 6)),
        ({"prompt_eval_count": 3, "eval_count": None}, Tokens(3, 0)),
        ({"tokens": {"input_tokens": 3, "output_tokens": 2}}, Tokens(3, 2)),
        ({"input_length": 3, "generated_tokens": 2}, Tokens(3, 2)),
        ({"credits": 1, "prompt_tokens": "many"}, None),
    ],
)
def test_tokens_are_counted_whatever_they_are_called(usage: dict[str, Any], tokens: Tokens | None) -> None:
    body = {"object": "chat.completion", "choices": [{"message": {"content": "Hi"}}], "usage": usage}
    assert read_exchange(read(record(body))).count_tokens() == tokens


def test_counters_that_do_not_add_up_are_told_by_the_names_of_the_protocol() -> None:
    def find_gap(**usage: int) -> str | None:
        body = {"object": "response", "id": "r", "output": [], "usage": usage}
        return read_exchange(read(record(body))).find_usage_gap()

    assert find_gap(input_tokens=3, output_tokens=4, total_tokens=7) is None
    assert find_gap(input_tokens=3, output_tokens=4) is None
    gap = find_gap(input_tokens=3, output_tokens=4, total_tokens=9)
    assert gap == "3 input and 4 output tokens are not 9 in total"
