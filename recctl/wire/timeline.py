"""A stream chunk by chunk: what each one added to the reply."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.choices import find_messages
from recctl.wire.building.sse import peek, read_lines
from recctl.wire.building.values import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Choice, Completion
    from recctl.wire.protocol import Wire

    _Place = tuple[int | tuple[int, int], ...]


class Step(NamedTuple):
    """What one chunk of a stream added: its number, its size in bytes as compact JSON, names with values."""

    number: int
    size: int
    added: tuple[tuple[str, JSON], ...]


def read_steps(wire: Wire, body: list[JSON]) -> Iterator[Step]:
    """What each chunk added, in order. A line that was cut counts where it begins."""
    told = _Told()
    for number, (item, whole) in enumerate(zip(body, _mend_lines(body), strict=True)):
        size = len(json.dumps(item, separators=(",", ":")))
        yield Step(number, size, tuple(told.add(whole, wire.assemble([whole], True))))


def _mend_lines(body: list[JSON]) -> list[JSON]:
    """The chunks; those that are text hold all of the lines that begin in them, and only these."""
    mended: list[JSON] = []
    for is_text, run in groupby(enumerate(body), lambda entry: isinstance(entry[1], str)):
        entries = list(run)
        lines: dict[int, list[str]] = {number: [] for number, _ in entries}
        for number, text in read_lines(entries, ReplyBuilder()) if is_text else ():
            lines[number].append(text)
        mended += map("\n".join, lines.values()) if is_text else (item for _, item in entries)
    return mended


_ENDS = ("done", "complete", "completed", "incomplete", "failed", "cancelled")
"""How the types of events end that tell as a whole what others may have told in pieces."""

_SINGLE = ("role", "finish")
"""The names of what is told once, or again and again, but never in pieces."""


class _Told:
    """What the chunks so far have told, by its place in the reply and by name.

    A place is a choice's index, or what an event names: an output and a part of it. What is told of a part
    is told of its output, and of the reply, too.
    """

    def __init__(self) -> None:
        self._texts: defaultdict[tuple[_Place, str], _Text] = defaultdict(_Text)

    def add(self, item: JSON, completion: Completion) -> Iterator[tuple[str, JSON]]:
        """Those values that a chunk, which is `completion` when put together alone, has and which are news.

        A message of a chat repeats what deltas have told, and not what messages have: those are pieces.
        """
        data = peek(item).data
        messages, place, is_end = find_messages(data), _find_place(data), _is_end(data)
        for choice in completion.choices:
            values = list(_list_added(choice))
            if choice.index in messages:
                yield from self._drop_told((choice.index,), values)
                continue
            at = (choice.index,) if "choices" in data else place
            news = self._drop_told(at, values) if is_end else values
            for name, value in news:
                for depth in range(len(at) + 1):
                    self._texts[at[:depth], name].add(at, value, replaces=name in _SINGLE)
            yield from news
        if completion.usage is not None:
            yield "usage", completion.usage
        if completion.error is not None:
            yield "error", completion.error

    def _drop_told(self, place: _Place, values: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The values, but for those of a name that say, together, all that was told of the place."""
        wholes: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in values:
            wholes[name].append(value)
        told = {name for name, texts in wholes.items() if self._texts[place, name].is_same("".join(texts))}
        return [(name, value) for name, value in values if name not in told]


class _Text:
    """A text in pieces, by their places, joined only to compare it with another that may be the same."""

    __slots__ = ("_length", "_pieces")

    def __init__(self) -> None:
        self._pieces: defaultdict[_Place, list[str]] = defaultdict(list)
        self._length = 0

    def add(self, place: _Place, piece: str, *, replaces: bool) -> None:
        if replaces:
            self._pieces.clear()
            self._length = 0
        if piece:
            self._pieces[place].append(piece)
            self._length += len(piece)

    def is_same(self, whole: str) -> bool:
        """Whether the pieces add up to that; where they part surrogate pairs, they are longer."""
        if not len(whole) <= self._length <= 2 * len(whole):
            return False
        pieces = chain.from_iterable(self._pieces[place] for place in sorted(self._pieces))
        return (join([*pieces]) or "") == whole


def _find_place(data: dict[str, JSON]) -> _Place:
    """What an event is about: an output or block, and which part of it; neither when it is the reply."""
    output = data.get("output_index", data.get("index"))
    if type(output) is not int:
        return ()
    keys = ("summary_index", "content_index")
    parts = [(order, data[key]) for order, key in enumerate(keys) if type(data.get(key)) is int]
    return output, *parts[:1]


def _is_end(data: dict[str, JSON]) -> bool:
    """Whether an event tells texts as a whole, by its type."""
    kind = data.get("type", data.get("event_type"))
    return isinstance(kind, str) and kind.rpartition(".")[2] in _ENDS


def _list_added(choice: Choice) -> Iterator[tuple[str, str]]:
    message = choice.message
    for name in ("role", "reasoning", "content", "refusal"):
        value = getattr(message, name)
        if value is not None:
            yield name, value
    for call in message.tool_calls:
        if call.name is not None:
            yield "call", call.name
        if call.arguments is not None:
            yield "arguments", call.arguments
    if choice.finish_reason is not None:
        yield "finish", choice.finish_reason
