"""Changes of a file's text that leave every other character as it was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Edit(NamedTuple):
    """What takes the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str | None:
    """A text after all edits, whose offsets are those before any; None where two of them meet."""
    ordered = sorted(edits, key=lambda edit: edit[:2])  # of two in one place the first comes first
    if any(left.end > right.start for left, right in pairwise(ordered)):
        return None
    pieces, done = [], 0
    for start, end, new in ordered:
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def splice_text(old: str, new: str, start: int = 0) -> list[Edit]:
    """The edit that makes one text of another, without what both begin and end with; none for equal ones."""
    if old == new:
        return []
    shorter = min(len(old), len(new))
    left = _count_equal(old, new, shorter)
    right = _count_equal(old[::-1], new[::-1], shorter - left)
    return [Edit(start + left, start + len(old) - right, new[left : len(new) - right])]


def _count_equal(one: str, other: str, limit: int) -> int:
    """How many characters two texts begin with that are the same, up to a limit."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def split_like(pieces: list[str], edits: Iterable[Edit]) -> list[str]:
    """The pieces of a text after edits of the whole."""
    ordered = sorted(edits, reverse=True)
    edited, start = [], 0
    for number, piece in enumerate(pieces, 1):
        end = start + len(piece)
        new = piece
        for left, right, text in ordered:
            if left <= end and right >= start:
                cut = max(left, start) - start
                is_its_own = start <= left < end or (left == end and number == len(pieces))
                rest = new[max(cut, min(right, end) - start) :]
                new = new[:cut] + (text if is_its_own else "") + rest
        edited.append(new)
        start = end
    return edited
