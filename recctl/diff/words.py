"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from recctl.diff.differences import find_rising
from recctl.diff.ids import ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class TextStretch(NamedTuple):
    """A stretch of text: where the two differ, what is in each; where they agree, the same in both."""

    left: str
    right: str

    @property
    def is_same(self) -> bool:
        """Whether the two agree here."""
        return self.left == self.right


def compare_words(left: str, right: str) -> tuple[TextStretch, ...] | None:
    """Two texts as pieces that agree and that differ, in turn; None when they have little in common."""
    before, after = _WORD.findall(left), _WORD.findall(right)
    start = _count_common(before, after)
    end = _count_common(before[start:][::-1], after[start:][::-1])
    pieces = [TextStretch("".join(before[:start]), "".join(before[:start]))]
    pieces += _compare(before[start : len(before) - end], after[start : len(after) - end])
    rest = "".join(before[len(before) - end :])
    pieces = _join([*pieces, TextStretch(rest, rest)])
    same = sum(len(piece.left) for piece in pieces if piece.is_same)
    return tuple(pieces) if same >= _LEAST_SHARE * min(len(left), len(right)) else None


_WORD = re.compile(rf"{ID}|[0-9]+(?:[.,:][0-9]+)*(?![0-9A-Za-z_])|\w+|\s+|[^\w\s]")
_MOST_PAIRS = 100_000  # of equal words; beyond that, what stands once in each text is matched first
_LEAST_SHARE = 0.3


def _compare(before: Sequence[str], after: Sequence[str]) -> Iterator[TextStretch]:
    """Words as pieces; of long texts, all that lies between stretches which stand once in each."""
    i, j = 0, 0
    for i_next, j_next in _find_anchors(before, after) if _are_long(before, after) else ():
        if i_next < i or j_next < j:
            continue  # it is part of what agreed already
        yield from _compare_all(before[i:i_next], after[j:j_next])
        length = _count_common(before[i_next:], after[j_next:])
        same = "".join(before[i_next : i_next + length])
        yield TextStretch(same, same)
        i, j = i_next + length, j_next + length
    yield from _compare_all(before[i:], after[j:])


def _compare_all(before: Sequence[str], after: Sequence[str]) -> Iterator[TextStretch]:
    """Words as pieces, each word set against each; where that takes long, frequent ones beside others."""
    matcher = SequenceMatcher(None, before, after, autojunk=_are_long(before, after))
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        yield TextStretch("".join(before[i:i_end]), "".join(after[j:j_end]))


def _are_long(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether it takes long to set each word of two texts against each equal one."""
    ours, theirs = Counter(before), Counter(after)
    return sum(count * theirs[word] for word, count in ours.items()) > _MOST_PAIRS


def _find_anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Where stretches of a few words begin that stand once in each text, and in the same order."""
    ours, theirs = _place_once(before), _place_once(after)
    pairs = [(place, theirs[words]) for words, place in ours.items() if words in theirs]
    return [pairs[place] for place in find_rising([number for _, number in pairs])]


def _place_once(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The stretches that stand once in a text, in order, with where they begin."""
    stretches = [*zip(*(words[shift:] for shift in range(_STRETCH)), strict=False)]
    counts = Counter(stretches)
    return {stretch: place for place, stretch in enumerate(stretches) if counts[stretch] == 1}


_STRETCH = 6


def _count_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two sequences begin with that are the same."""
    return next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _join(pieces: list[TextStretch]) -> list[TextStretch]:
    """The pieces with neighbours of a kind joined, and with blanks between two changes made part of them."""
    joined: list[TextStretch] = []
    pieces = [piece for piece in pieces if piece.left or piece.right]
    for number, piece in enumerate(pieces):
        is_gap = piece.is_same and piece.left.isspace() and number < len(pieces) - 1
        if joined and not joined[-1].is_same and (is_gap or not piece.is_same):
            joined[-1] = TextStretch(joined[-1].left + piece.left, joined[-1].right + piece.right)
        elif joined and joined[-1].is_same and piece.is_same:
            joined[-1] = TextStretch(*(2 * (joined[-1].left + piece.left,)))
        else:
            joined.append(piece)
    return joined
