"""What was said in recordings, searched for words: the index has only how texts begin."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.parallel import map_files
from recctl.recordings.attempt import attempt
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.input.sources import Target
    from recctl.recordings.recording import Key
    from recctl.wire import Exchange


class SearchHit(NamedTuple):
    """Where a word was said: by whom, and the text around it, on one line."""

    who: str
    before: str
    word: str
    after: str


MOST_HITS = 3
"""How many hits of a recording are told."""

_AROUND = 60


def search_files(
    targets: Sequence[Target], words: Sequence[str], jobs: int | None = None
) -> dict[Key, tuple[SearchHit, ...]]:
    """The recordings of some files in which all of these words were said, in whatever case, and where."""
    found: dict[Key, tuple[SearchHit, ...]] = {}
    for hits in map_files(partial(_search_file, words=tuple(words)), targets, jobs):
        found.update(hits)
    return found


def _search_file(target: Target, words: tuple[str, ...]) -> dict[Key, tuple[SearchHit, ...]]:
    from recctl.input.sources import read
    from recctl.recordings.load import load
    from recctl.recordings.recording import Recording
    from recctl.wire import read_exchange

    source = read(target)
    if isinstance(source, Unread):
        return {}
    hits = {}
    for item in load(source):
        exchange = attempt(target.name, read_exchange, item) if isinstance(item, Recording) else None
        if exchange is None or isinstance(exchange, Unread):
            continue
        found = [_find(exchange, word) for word in words]
        if all(found):
            hits[exchange.recording.key] = tuple(hit for each in found for hit in each)[:MOST_HITS]
    return hits


def _find(exchange: Exchange, word: str) -> list[SearchHit]:
    hits, wanted = [], word.casefold()
    for who, text in list_texts(exchange):
        at = text.casefold().find(wanted)
        if at >= 0:
            end = at + len(word)
            before, after = text[max(0, at - _AROUND) : at], text[end : end + _AROUND]
            hits.append(SearchHit(who, *(_BLANKS.sub(" ", piece) for piece in (before, text[at:end], after))))
    return hits


_BLANKS = re.compile(r"\s+")


def list_texts(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """All that was said in an exchange, each text with who said it; calls of tools are said, too."""
    request, completion = exchange.request, exchange.completion
    for message in request.messages:
        for text in _walk(message.content):
            yield message.role or "message", text
        for call in message.tool_calls:
            yield f"call of {call.name or '?'}", call.arguments or ""
    for text in _walk(request.prompt):
        yield "prompt", text
    for choice in completion.choices:
        said = choice.message
        texts = filter(None, (said.reasoning, said.content, said.refusal))
        yield from ((said.role or "reply", text) for text in texts)
        for call in said.tool_calls:
            yield f"call of {call.name or '?'}", call.arguments or ""
    for text in _walk(completion.error):
        yield "error", text


def _walk(value: Any) -> Iterator[str]:
    """The texts in a JSON value, but for data, which are in them as base64."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if len(item) < _LONGEST or " " in item[:_LONGEST]:
                yield item
        elif isinstance(item, dict):
            pending += reversed(item.values())
        elif isinstance(item, list):
            pending += reversed(item)


_LONGEST = 1000
"""How long a text may be that has no blank."""
