"""Changes of a file's text that leave every other character as it was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

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
    """The pieces of a text after edits of the whole: what is new is in the piece in which it begins."""
    ordered = sorted(edits, key=lambda edit: edit[:2])
    edited, start, number = [], 0, 0
    for index, piece in enumerate(pieces, 1):
        end, kept, place = start + len(piece), "", start
        while number < len(ordered):
            left, right, text = ordered[number]
            if left >= end and index < len(pieces):
                break
            kept += piece[place - start : max(left, place) - start] + (text if left >= start else "")
            place = max(place, min(right, end))
            if right > end:
                break
            number += 1
        edited.append(kept + piece[place - start :])
        start = end
    return edited
