"""What changed between two texts, with unchanged stretches folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.diff.words import TextStretch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def fold_same(pieces: Sequence[TextStretch]) -> Iterator[tuple[TextStretch, ...]]:
    """The pieces with only a few words of what is the same, in groups that lie apart."""
    group: list[TextStretch] = []
    for number, piece in enumerate(pieces):
        if not piece.is_same:
            group.append(piece)
            continue
        head = "" if number == 0 else _take_words(piece.left, from_end=False)
        tail = "" if number == len(pieces) - 1 else _take_words(piece.left, from_end=True)
        if len(head) + len(tail) >= len(piece.left) - _WORTH_FOLDING:
            group.append(piece)
            continue
        if group:
            yield (*group, TextStretch(*(2 * (f"{head}{_ELLIPSIS}",))))
        group = [TextStretch(*(2 * (f"{_ELLIPSIS}{tail}",)))] if tail else []
    if group:
        yield tuple(group)


_ELLIPSIS = "…"
_CONTEXT = 6
_MOST_CONTEXT = 60
_WORTH_FOLDING = 10
_FIRST_WORDS = re.compile(rf"(?:\s*\S+){{0,{_CONTEXT}}}\s?")


def _take_words(text: str, *, from_end: bool) -> str:
    """A few words from the start or the end of a text."""
    near = text[::-1] if from_end else text
    found = _FIRST_WORDS.match(near[:_MOST_CONTEXT])
    taken = found[0] if found else ""
    return taken[::-1] if from_end else taken
