"""How many tokens a request would take: what the providers' counting endpoints reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.facts import describe_values
from recctl.wire.building.values import as_object
from recctl.wire.building.views import assemble_view
from recctl.wire.recognition import load_wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion, Request

NAME = "token-count"
_COUNTS = {
    "input_tokens": {"object", "context_management"},  # Anthropic, OpenAI
    "inputTokens": set(),  # Bedrock
    "totalTokens": {
        "totalBillableCharacters",
        "promptTokensDetails",
        "cachedContentTokenCount",
        "cacheTokensDetails",
    },
    "total_tokens": {
        "total_billable_characters",
        "prompt_tokens_details",
        "cached_content_token_count",
        "cache_tokens_details",
        "sdk_http_response",
    },
    "token_count": set(),
}
"""The keys of counts, and which others may stand beside each."""


def _find_count(item: dict[str, JSON]) -> str | None:
    for key, others in _COUNTS.items():
        if type(item.get(key)) is int and item.keys() - {key} <= others:
            return key
    return None


def _is_one(item: dict[str, JSON]) -> bool:
    return _find_count(item) is not None


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    builder.kind = "count of tokens"
    describe_values(builder, data, (key for key in data if key != "object"))
    builder.extra.add_rest((), data, {"object"})


def _read_request(asked: dict[str, JSON]) -> Request:
    """The request whose tokens were counted, by the protocol that it is of."""
    inner = as_object(asked.get("generateContentRequest", asked.get("generate_content_request")))
    told = {**{key: value for key, value in asked.items() if value is not inner}, **inner}
    name = "gemini" if "contents" in told else "responses" if "input" in told else "anthropic"
    return load_wire(name).read_request(told)


WIRE = Wire(NAME, by_class("CountTokensResponse", _is_one), _assemble, _read_request, shows_streaming=False)
