"""What a value was and is now, as text for people: in a line, word by word, or one below the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.diff.words import TextStretch, compare_words
from recctl.render.changes.columns import lay_side_by_side
from recctl.render.changes.folding import fold_same
from recctl.render.kit.terminal import Line, Span, line
from recctl.render.kit.values import format_json, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON
    from recctl.render.kit.view import View

WIDE = 120
"""From how many columns on texts stand side by side."""

REMOVED = "red"
_REPLACED = "red strike"  # what takes its place stands right behind it
ADDED = "green"
_SHORT = 48
_MOST_SHOWN = 4000


def needs_lines(left: JSON, right: JSON, *, is_prose: bool = False) -> bool:
    """Whether two values need lines of their own; texts that are prose always do."""
    if isinstance(left, str) and isinstance(right, str) and (is_prose or "\n" in left + right):
        return True
    return max(len(json.dumps(value)) for value in (left, right)) > _SHORT


def spell_short(left: JSON, right: JSON) -> list[Span]:
    """Two values in a few words; None is nothing."""
    if left is None or right is None:
        is_added = left is None
        value = shorten(right if is_added else left, 2 * _SHORT)
        word, style = ("added", ADDED) if is_added else ("removed", REMOVED)
        return [Span(f"{word} "), Span(value, style)]
    return [Span(shorten(left, _SHORT), REMOVED), Span(" → "), Span(shorten(right, _SHORT), ADDED)]


def describe_long(left: JSON, right: JSON, view: View) -> Iterator[Line]:
    """Two values on lines of their own: two texts word by word, others one below the other."""
    if isinstance(left, str) and isinstance(right, str):
        yield from _describe_texts(left, right, view)
    else:
        yield from _describe_block("-", left, REMOVED)
        yield from _describe_block("+", right, ADDED)


def cut(text: str) -> str:
    """A text, up to what people read of it."""
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}… {len(text) - _MOST_SHOWN:,} more characters"


def _describe_block(sign: str, value: JSON, style: str) -> Iterator[Line]:
    """All of a value, up to what people read."""
    if value is None:
        return
    text = value if isinstance(value, str) else format_json(value)
    for text_line in cut(text).split("\n"):
        yield line(Span(f"{sign} {text_line}", style), indent=4)


def _describe_texts(left: str, right: str, view: View) -> Iterator[Line]:
    """Two texts, word by word; one below the other where they have little in common."""
    pieces = compare_words(left, right)
    is_wide = view.width is not None and view.width >= WIDE
    if pieces is None and not is_wide:
        yield from _describe_block("-", left, REMOVED)
        yield from _describe_block("+", right, ADDED)
        return
    groups = [*fold_same(pieces)] if pieces else [(TextStretch(cut(left), cut(right)),)]
    for group in groups:
        if is_wide:
            assert view.width is not None  # noqa: S101  (is_wide says so)
            before, after = ([*_mark(group, side, view, is_whole=not pieces)] for side in (0, 1))
            yield from lay_side_by_side(before, after, view.width)
        else:
            yield from _describe_inline(group, view)


def _mark(group: Iterable[TextStretch], side: int, view: View, *, is_whole: bool) -> Iterator[Span]:
    """One side of a group of pieces: what is not on the other one is marked."""
    style, opening, closing = ((_REPLACED, "[-", "-]"), (ADDED, "{+", "+}"))[side]
    for piece in group:
        text = piece.right if side else piece.left
        if piece.is_same:
            yield Span(text)
        elif text:
            yield Span(text if view.color or is_whole else f"{opening}{text}{closing}", style)


def _describe_inline(group: Iterable[TextStretch], view: View) -> Iterator[Line]:
    spans: list[Span] = []
    for piece in group:
        spans += (
            [Span(piece.left)]
            if piece.is_same
            else [span for side in (0, 1) for span in _mark([piece], side, view, is_whole=False)]
        )
    yield from _break_lines(spans)


def _break_lines(spans: Iterable[Span]) -> Iterator[Line]:
    """Lines of spans whose texts hold line breaks."""
    current: list[Span] = []
    for text, style, _ in spans:
        first, *others = text.split("\n")
        current.append(Span(first, style))
        for other in others:
            yield line(*current, indent=4)
            current = [Span(other, style)]
    yield line(*current, indent=4)
