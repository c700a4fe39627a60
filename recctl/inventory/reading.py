"""What the index keeps of a recording, read off it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from recctl.diff.sent import find_kept
from recctl.inventory.entry import IndexEntry
from recctl.inventory.likeness import digest_body, read_likeness
from recctl.wire import read_exchange
from recctl.wire.completion import Speaker

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.recordings.recording import Recording
    from recctl.wire.completion import Completion, Request


def read_entry(recording: Recording, facts: Facts, location: str, size: int) -> IndexEntry:
    """The entry of a recording, whose file lies at `location` from the root; it takes up `size` bytes."""
    exchange, kept = read_exchange(recording), find_kept(recording)
    completion = exchange.completion
    asked, answered = exchange.read_lines()
    status = recording.response.get("status")
    return IndexEntry(
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
        tokens=exchange.count_tokens(),
        size=size,
        asked=asked,
        answered=answered,
        body=digest_body(kept.body),
    )


def sketch(recording: Recording) -> str:
    """What is kept of the body of its request, to tell how much others are like it."""
    return read_likeness(find_kept(recording).body).dump()


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
