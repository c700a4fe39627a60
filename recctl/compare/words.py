"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from recctl.compare.ids import ID

if TYPE_CHECKING:
    from collections.abc import Sequence


class Piece(NamedTuple):
    """A stretch of text: where the two differ, what stands in each; where they agree, the same in both."""

    left: str
    right: str

    @property
    def is_same(self) -> bool:
        """Whether the two agree here."""
        return self.left == self.right


def compare_words(left: str, right: str) -> tuple[Piece, ...] | None:
    """Two texts as pieces that agree and that differ, in turn; None when they have little in common."""
    before, after = _WORD.findall(left), _WORD.findall(right)
    start = _count_common(before, after)
    end = _count_common(before[start:][::-1], after[start:][::-1])
    middle = before[start : len(before) - end], after[start : len(after) - end]
    is_long = len(middle[0]) * len(middle[1]) > _MOST_PAIRS
    matcher = SequenceMatcher(None, *middle, autojunk=is_long)
    pieces = [Piece("".join(before[:start]), "".join(before[:start]))]
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        pieces.append(Piece("".join(middle[0][i:i_end]), "".join(middle[1][j:j_end])))
    rest = "".join(before[len(before) - end :])
    pieces = _join([*pieces, Piece(rest, rest)])
    same = sum(len(piece.left) for piece in pieces if piece.is_same)
    return tuple(pieces) if same >= _LEAST_SHARE * min(len(left), len(right)) else None


_WORD = re.compile(rf"{ID}|[0-9]+(?:[.,:][0-9]+)*(?![0-9A-Za-z_])|\w+|\s+|[^\w\s]")
_MOST_PAIRS = 4_000_000  # then frequent words are no longer matched with each other, which would take long
_LEAST_SHARE = 0.3


def _count_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two sequences begin with that are the same."""
    return next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _join(pieces: list[Piece]) -> list[Piece]:
    """The pieces with neighbours of a kind joined, and with blanks between two changes made part of them."""
    joined: list[Piece] = []
    pieces = [piece for piece in pieces if piece.left or piece.right]
    for number, piece in enumerate(pieces):
        is_gap = piece.is_same and piece.left.isspace() and number < len(pieces) - 1
        if joined and not joined[-1].is_same and (is_gap or not piece.is_same):
            joined[-1] = Piece(joined[-1].left + piece.left, joined[-1].right + piece.right)
        elif joined and joined[-1].is_same and piece.is_same:
            joined[-1] = Piece(*(2 * (joined[-1].left + piece.left,)))
        else:
            joined.append(piece)
    return joined
