"""What the index keeps of a recording, read off it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from recctl.diff.differences import canonical
from recctl.diff.sent import find_kept
from recctl.inventory.entry import Entry, Tokens
from recctl.inventory.likeness import read_likeness
from recctl.text.digests import blake2b
from recctl.wire import read_exchange
from recctl.wire.completion import Speaker

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.completion import Completion, Request


def read_entry(recording: Recording, facts: Facts, location: str, size: int) -> Entry:
    """The entry of a recording, whose file lies at `location` from the root; it takes up `size` bytes."""
    exchange, kept = read_exchange(recording), find_kept(recording)
    completion = exchange.completion
    asked, answered = exchange.read_lines()
    status = recording.response.get("status")
    return Entry(
        facts=facts,
        location=location,
        method=kept.method,
        url=kept.url,
        turn=_count_turns(exchange.request),
        wire=completion.wire,
        streamed=completion.streamed,
        complete=completion.complete,
        status=status if type(status) is int else None,
        finish=_find_finish(completion),
        tool_calls=_list_tools(completion),
        tokens=None if completion.usage is None else read_tokens(completion.usage),
        size=size,
        asked=asked,
        answered=answered,
        body=digest_body(kept.body),
        sketch=read_likeness(kept.body).dump(),
    )


def digest_body(body: JSON) -> str:
    """What only equal bodies have in common."""
    return blake2b(canonical(body), digest_size=8).hexdigest()


def _count_turns(request: Request) -> int:
    """How many replies a conversation has with the one to this request: those that it repeats, and that."""
    roles = groupby(message.speaker is Speaker.MODEL for message in request.messages)
    return 1 + sum(is_model for is_model, _ in roles)


def _find_finish(completion: Completion) -> str | None:
    if completion.error is not None:
        return "error"
    return next((choice.finish_reason for choice in completion.choices if choice.finish_reason), None)


def _list_tools(completion: Completion) -> tuple[str, ...]:
    calls = (call for choice in completion.choices for call in choice.message.tool_calls)
    return tuple(call.name or "" for call in calls)


def read_tokens(usage: dict[str, JSON]) -> Tokens | None:
    """How many tokens a usage tells, whatever the provider calls them; None where it tells neither side."""
    counts = []
    for names in (_PROMPT, _REPLY):
        found = [usage[name] for name in names if type(usage.get(name)) is int]
        counts.append(found[0] if found else None)
    if counts == [None, None]:
        nested = usage.get("tokens")
        return read_tokens(nested) if isinstance(nested, dict) else None
    thoughts = next((usage[name] for name in _THOUGHTS if type(usage.get(name)) is int), 0)
    return Tokens(counts[0] or 0, (counts[1] or 0) + thoughts)


_PROMPT = (
    "prompt_tokens",
    "input_tokens",
    "inputTokens",
    "promptTokenCount",
    "prompt_token_count",
    "prompt_eval_count",
    "total_input_tokens",
)
_REPLY = (
    "completion_tokens",
    "output_tokens",
    "outputTokens",
    "candidatesTokenCount",
    "candidates_token_count",
    "eval_count",
    "total_output_tokens",
)
_THOUGHTS = ("thoughtsTokenCount", "thoughts_token_count")
"""What Gemini counts beside the tokens of the reply that is shown."""
