"""A stream chunk by chunk: what each one added to the reply."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from recctl.wire._builder import ReplyBuilder
from recctl.wire._sse import peek, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.completion import Completion
    from recctl.recording import JSON
    from recctl.wire import Wire


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
        yield Step(number, size, tuple(told.add(whole, _list_added(wire.assemble([whole], True)))))


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


class _Told:
    """What the chunks so far have told, by the part of the reply that they are about, and by name."""

    def __init__(self) -> None:
        self._texts: defaultdict[str, defaultdict[int | None, list[str]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, item: JSON, added: Iterator[tuple[str, JSON]]) -> Iterator[tuple[str, JSON]]:
        """Those values that a chunk has which are news."""
        data = peek(item).data
        part = data.get("output_index", data.get("index"))
        part = part if type(part) is int else None
        repeats = _tells_whole(data)
        for name, value in added:
            if isinstance(value, str):
                if repeats and value in self._join(name, part):
                    continue
                self._texts[name][part].append(value)
            yield name, value

    def _join(self, name: str, part: int | None) -> str:
        texts = self._texts[name]
        return "".join(chain.from_iterable(texts.values()) if part is None else texts[part])


def _tells_whole(data: dict[str, JSON]) -> bool:
    """Whether a chunk tells texts as a whole, by its type or by a message in place of a delta."""
    kind, choices = data.get("type", data.get("event_type")), data.get("choices")
    is_end = isinstance(kind, str) and kind.rpartition(".")[2] in _ENDS
    listed = choices if isinstance(choices, list) else ()
    return is_end or any(isinstance(choice, dict) and bool(choice.get("message")) for choice in listed)


def _list_added(completion: Completion) -> Iterator[tuple[str, JSON]]:
    for choice in completion.choices:
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
    if completion.usage is not None:
        yield "usage", completion.usage
    if completion.error is not None:
        yield "error", completion.error
