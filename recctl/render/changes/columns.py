"""Two texts in two columns."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from recctl.render.kit.terminal import Line, Span, escape, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_INDENT = 4
_GUTTER = " │ "
_WORD = re.compile(r"\n|[^\S\n]+|\S+")


def lay_side_by_side(left: Iterable[Span], right: Iterable[Span], width: int) -> Iterator[Line]:
    """Two texts, each broken into lines of its half of `width` cells."""
    column = (width - _INDENT - len(_GUTTER)) // 2
    for one, other in zip_longest(_wrap(left, column), _wrap(right, column), fillvalue=()):
        padding = " " * (column - sum(_measure(span.text) for span in one))
        gutter = Span(_GUTTER if other else _GUTTER.rstrip(), "dim")
        yield line(*one, padding, gutter, *other, indent=_INDENT)


def _wrap(spans: Iterable[Span], width: int) -> Iterator[Sequence[Span]]:
    """The lines of a text, none longer than `width` cells, broken between words where that is possible."""
    current: list[Span] = []
    used = 0
    for text, style, _ in spans:
        for word in _WORD.findall(text):
            if word == "\n":
                yield current
                current, used = [], 0
                continue
            for part in _split_word(escape(word), width):
                size = _measure(part)
                if used and used + size > width:
                    yield current
                    current, used = [], 0
                    if part.isspace():
                        continue
                current.append(Span(part, style))
                used += size
    if current:
        yield current


def _split_word(word: str, width: int) -> Iterator[str]:
    """A word, in parts when it is longer than a line."""
    if _measure(word) <= width:
        yield word
        return
    start, used = 0, 0
    for position, character in enumerate(word):
        size = _measure(character)
        if used + size > width:
            yield word[start:position]
            start, used = position, 0
        used += size
    yield word[start:]


def _measure(text: str) -> int:
    """How many cells a text takes on a terminal."""
    if text.isascii():
        return len(text) + 7 * text.count("\t")
    from rich.cells import cell_len

    return cell_len(text)
