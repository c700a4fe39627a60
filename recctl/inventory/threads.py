"""The recordings of a test as the conversations that they are: which goes on from which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.recordings.recording import JSON, LoadError
    from recctl.recordings.source import Unread
    from recctl.wire import Exchange
    from recctl.wire.completion import Message, RequestMessage, ToolCall


class ThreadTurn(NamedTuple):
    """A recording of a conversation, and what its request adds to that of the one that it goes on from.

    That one is `parent`, its place in the thread from 0; None for the first of a conversation.
    """

    exchange: Exchange
    added: tuple[RequestMessage, ...]
    parent: int | None


class Thread(NamedTuple):
    """The conversations of a test: each turn is followed by all that goes on from it."""

    test_id: str | None
    turns: tuple[ThreadTurn, ...]


class Threads(NamedTuple):
    """The conversations of several tests, and what could not be read of them."""

    threads: tuple[Thread, ...]
    errors: tuple[LoadError | Unread, ...] = ()


def find_threads(exchanges: Iterable[Exchange]) -> tuple[Thread, ...]:
    """The conversations that recordings make up, by test; the order of recordings is kept.

    One goes on from another of its test if its request begins with all of the other's messages and its reply,
    or names that reply's id as the one before (`previous_response_id`). Of several, from the longest.
    """
    by_test: dict[str | None, list[Exchange]] = {}
    for exchange in exchanges:
        by_test.setdefault(exchange.recording.test_id, []).append(exchange)
    return tuple(Thread(test_id, _grow(found)) for test_id, found in by_test.items())


class _Step(NamedTuple):
    """A message as turns are compared by it."""

    role: str
    text: str
    calls: tuple[str, ...]


def _grow(exchanges: Sequence[Exchange]) -> tuple[ThreadTurn, ...]:
    asked = [tuple(map(_read_step, exchange.request.messages)) for exchange in exchanges]
    said = [_read_reply(exchange) for exchange in exchanges]
    parents = [_find_parent(number, exchanges, asked, said) for number in range(len(exchanges))]

    following: dict[int | None, list[int]] = {}
    for number, parent in enumerate(parents):
        following.setdefault(parent, []).append(number)
    turns: list[ThreadTurn] = []
    pending: list[tuple[int, int | None]] = [(number, None) for number in reversed(following.get(None, []))]
    while pending:
        number, place = pending.pop()
        parent = parents[number]
        known = 0 if parent is None else _count_known(asked[parent], asked[number])
        pending += [(other, len(turns)) for other in reversed(following.get(number, []))]
        turns.append(ThreadTurn(exchanges[number], exchanges[number].request.messages[known:], place))
    return tuple(turns)


def _find_parent(
    number: int,
    exchanges: Sequence[Exchange],
    asked: Sequence[tuple[_Step, ...]],
    said: Sequence[_Step | None],
) -> int | None:
    """Which recording another one goes on from; each has more messages than the one before, or a later id."""
    earlier = exchanges[number].earlier_ids
    longest, parent = 0, None
    for other, steps in enumerate(asked):
        if other == number:
            continue
        if exchanges[other].completion.id in earlier and other < number:
            return other
        reply = said[other]
        if reply is None or not longest < len(steps) < len(asked[number]):
            continue
        if asked[number][: len(steps)] == steps and _is_same_reply(asked[number][len(steps)], reply):
            longest, parent = len(steps), other
    return parent


def _count_known(before: tuple[_Step, ...], now: tuple[_Step, ...]) -> int:
    """How many messages of a request are known from the turn before: its own, and its reply."""
    if now[: len(before)] != before:  # it names the reply before by its id, and has new messages alone
        return 0
    return min(len(before) + 1, len(now))


def _is_same_reply(step: _Step, reply: _Step) -> bool:
    """Whether a message of a request is a reply that was given: by its calls, else by its text."""
    if step.role not in _MODELS:
        return False
    return step.calls == reply.calls if step.calls or reply.calls else step.text == reply.text


_MODELS = ("assistant", "model")


def _read_step(message: RequestMessage) -> _Step:
    content = message.content
    text = content if isinstance(content, str) else "".join(_list_texts(content))
    return _Step(message.role or "", text.strip(), _name_calls(message.tool_calls))


def _read_reply(exchange: Exchange) -> _Step | None:
    if not exchange.completion.choices:
        return None
    message: Message = exchange.completion.choices[0].message
    return _Step("assistant", (message.content or "").strip(), _name_calls(message.tool_calls))


def _name_calls(calls: Iterable[ToolCall]) -> tuple[str, ...]:
    return tuple(f"{call.name} {_spell(call.arguments)}" for call in calls)


def _spell(arguments: str | None) -> str:
    """Arguments however their JSON was spelt."""
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments or ""


def _list_texts(content: JSON) -> Iterable[str]:
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text
