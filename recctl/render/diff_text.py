"""Comparisons as text for people: what they come to, then what changed, the gravest first.

Texts are compared word by word: side by side on a wide terminal, else one in the other.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from recctl.amounts import show_count
from recctl.compare import Verdict
from recctl.render import render_whole
from recctl.render.diff_columns import lay_side_by_side
from recctl.render.diff_names import show_name
from recctl.render.diff_summary import (
    VERDICT_STYLES,
    count_ids,
    describe_models,
    is_drift,
    is_listed,
    is_lost,
    list_told,
    shorten,
    summarise,
)
from recctl.render.diff_table import count_by_file, tell_table
from recctl.render.diff_words import Piece, compare_words, fold_same
from recctl.render.exchange_text import compact, format_json
from recctl.render.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from recctl.compare import Change, Comparison, Drift, Pair
    from recctl.recordings.recording import JSON
    from recctl.render import View

WIDE = 120
"""From how many columns on texts stand side by side."""

_SHORT = 48
_MOST_FILES = 20
_MOST_IDS = 10
_MOST_SHOWN = 4000
_REMOVED = "red"
_ADDED = "green"


def render_comparison(comparison: Comparison, view: View) -> Iterator[str]:
    """The summary, unless `view` does without, and the pairs that have something to tell."""
    if view.summary:
        yield from render_lines(tell_summary(comparison), view)
        yield from render_lines(tell_counts(comparison, view, _MOST_FILES), view)
    drifting = {drift.change.gist for drift in comparison.drifts}
    drifted, more = 0, ""
    separator = [line()] if view.summary else []
    drifts = [drift for drift in comparison.drifts if not drift.change.places]
    for told in (_tell_drifts(drifts, view), _tell_ids(comparison)):
        lines = [*told]
        if lines:
            yield from render_lines((*separator, *lines), view)
            separator = [line()]
    for pair in comparison.pairs:
        if is_drift(pair, drifting):
            drifted += 1
        elif is_listed(pair):
            more = "more "
            pieces = render_whole(show_name(pair), view, _render_pair, pair, separator, drifting, view)
            yield from pieces
            separator = [line()] if pieces else separator
    if drifted:
        text = f"{drifted:,} {more}changed only in the ways that are told above; --name-only lists them"
        yield from render_lines((*separator, line(Span(text, "dim"))), view)


def _render_pair(pair: Pair, separator: list[Line], drifting: Container[object], view: View) -> Iterator[str]:
    yield from render_lines((*separator, *_tell_head(pair)), view._replace(width=None))
    yield from render_lines(_tell_changes(pair, drifting, view), view)


def tell_summary(comparison: Comparison) -> Iterator[Line]:
    """The summary, its numbers in a column."""
    remarks = list(summarise(comparison))
    width = max((len(f"{number:,}") for number, _, _ in remarks if number is not None), default=0)
    for number, text, style in remarks:
        if number is None:
            yield line(Span(text, style), indent=width + 1)
        else:
            yield line(Span(f"{number:>{width},} {text}", style), hang=width + 1)


def tell_counts(comparison: Comparison, view: View, most: int | None = None) -> Iterator[Line]:
    """The table of what became of recordings by test file, after a blank line; nothing of one recording."""
    told = [pair for pair in comparison.pairs if is_listed(pair) or pair.verdict is Verdict.NOISE]
    if len(told) > 1:
        yield line()
        yield from tell_table(count_by_file(told, most), view.width)


def _tell_ids(comparison: Comparison) -> Iterator[Line]:
    """The ids that others took the places of."""
    ids = count_ids(comparison.pairs)
    if ids:
        yield line(Span("ids that others took the places of", "bold"))
    for left, right, requests, places in ids[:_MOST_IDS]:
        where = f" in {show_count(places, 'place')}" if places > 1 else ""
        where += f" of {requests:,} requests" if requests > 1 else ""
        yield line(Span(left, _REMOVED), " is ", Span(right, _ADDED), where, indent=2)
    if len(ids) > _MOST_IDS:
        yield line(Span(f"and {len(ids) - _MOST_IDS:,} more; --format json has them all", "dim"), indent=2)


def _tell_drifts(drifts: list[Drift], view: View) -> Iterator[Line]:
    """What several requests have in common, in full, as it is told nowhere else."""
    for count, alike in groupby(drifts, key=lambda drift: drift.count):
        yield line(Span(f"the same in {count:,} requests", "bold"))
        for drift in alike:
            yield from _tell_change(drift.change, view)


def _tell_changes(pair: Pair, drifting: Container[object], view: View) -> Iterator[Line]:
    told = list_told(pair, drifting)
    for change in told:
        yield from _tell_change(pair.replace_ids(change), view)
    if len(told) < len(pair.changes):
        hidden = len(pair.changes) - len(told)
        text = f"request: {show_count(hidden, 'change')} told above"
        yield line(Span(text, "dim"), indent=2)


def title(pair: Pair) -> str:
    """What a pair is about: its test, else the endpoint and the model."""
    side = pair.right or pair.left
    assert side is not None  # noqa: S101  (a pair has at least one side)
    return side.test_id or " ".join(word for word in (side.endpoint, side.model) if word) or side.name


def _tell_head(pair: Pair) -> Iterator[Line]:
    """What a pair is about, and where it lies: names that are to be copied, and are never broken."""
    yield line(Span(f"{pair.verdict:<13} ", VERDICT_STYLES[pair.verdict]), Span(title(pair), "bold"))
    names = [side.name for side in (pair.left, pair.right) if side is not None]
    yield line(Span(names[0], "dim"), indent=2)
    if names[-1] != names[0]:
        yield line(Span(f"→ {names[-1]}  ({pair.paired_by})", "dim"), indent=2)
    if pair.superseded:
        yield line(Span("the old one is still there", "bold"), indent=2)
    if is_lost(pair):
        text = "can no longer be found: its name is not the hash of its request"
        yield line(Span(text, "bold red"), indent=2)
    if pair.follows is not None:
        yield line(Span(f"follows {pair.follows.old} to {pair.follows.new}", "dim"), indent=2)
    for name, text in (("asked   ", pair.asked), ("answered", pair.answered)):
        if text:
            yield line(Span(f"{name}  ", "dim"), text, indent=2)


def _tell_change(change: Change, view: View) -> Iterator[Line]:
    label = change.label or change.where
    name = {"request": f"request {label}", "noise": f"noise {label}"}.get(change.kind, label)
    style = "dim" if change.kind == "noise" else "bold"
    left, right = change.left, change.right
    if change.kind == "tool-call":
        yield from _tell_call(change)
    elif change.kind == "model-list" and isinstance(left or right, list):
        yield line(Span(f"{describe_models(change)}", _ADDED if left is None else _REMOVED), indent=2)
    elif isinstance(left, str) and isinstance(right, str) and _is_prose(change, left, right):
        yield line(Span(f"{name}:", style), indent=2)
        yield from _tell_texts(left, right, view)
    elif _is_long(left, right):
        yield line(Span(f"{name}:", style), indent=2)
        yield from _tell_block("-", left, _REMOVED)
        yield from _tell_block("+", right, _ADDED)
    else:
        spans = [Span(shorten(left, _SHORT), _REMOVED), Span(" → "), Span(shorten(right, _SHORT), _ADDED)]
        if left is None or right is None:
            is_added = left is None
            value = shorten(right if is_added else left, 2 * _SHORT)
            spans = [
                Span("added " if is_added else "removed "),
                Span(value, _ADDED if is_added else _REMOVED),
            ]
        yield line(Span(f"{name}: ", style), *spans, indent=2)


def _is_prose(change: Change, left: str, right: str) -> bool:
    """Whether two texts are to be compared word by word."""
    return change.kind in _PROSE or "\n" in left + right or _is_long(left, right)


_PROSE = ("wording", "reasoning", "refusal")


def _is_long(left: JSON, right: JSON) -> bool:
    """Whether two values need lines of their own."""
    return max(len(json.dumps(value)) for value in (left, right)) > _SHORT


def _tell_call(change: Change) -> Iterator[Line]:
    sign, call, style = ("+", change.right, _ADDED) if change.left is None else ("-", change.left, _REMOVED)
    call = call if isinstance(call, dict) else {}
    text = f"{sign} calls {call.get('name') or change.label} {compact(call.get('arguments') or '')}"
    yield line(Span(_cut(text.rstrip()), style), indent=2)


def _tell_block(sign: str, value: JSON, style: str) -> Iterator[Line]:
    """All of a value, up to what people read."""
    if value is None:
        return
    text = value if isinstance(value, str) else format_json(value)
    for text_line in _cut(text).split("\n"):
        yield line(Span(f"{sign} {text_line}", style), indent=4)


def _cut(text: str) -> str:
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]}… {len(text) - _MOST_SHOWN:,} more characters"


def _tell_texts(left: str, right: str, view: View) -> Iterator[Line]:
    """Two texts, word by word; one below the other where they have little in common."""
    pieces = compare_words(left, right)
    is_wide = view.width is not None and view.width >= WIDE
    if pieces is None and not is_wide:
        yield from _tell_block("-", left, _REMOVED)
        yield from _tell_block("+", right, _ADDED)
        return
    groups = [*fold_same(pieces)] if pieces else [(Piece(_cut(left), _cut(right)),)]
    for group in groups:
        if is_wide:
            assert view.width is not None  # noqa: S101  (is_wide says so)
            before, after = ([*_mark(group, side, view, is_whole=not pieces)] for side in (0, 1))
            yield from lay_side_by_side(before, after, view.width)
        else:
            yield from _tell_inline(group, view)


def _mark(group: Iterable[Piece], side: int, view: View, *, is_whole: bool) -> Iterator[Span]:
    """One side of a group of pieces: what is not on the other one is marked."""
    style, opening, closing = ((_REMOVED, "[-", "-]"), (_ADDED, "{+", "+}"))[side]
    for piece in group:
        text = piece[side]
        if piece.is_same:
            yield Span(text)
        elif text:
            yield Span(text if view.color or is_whole else f"{opening}{text}{closing}", style)


def _tell_inline(group: Iterable[Piece], view: View) -> Iterator[Line]:
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
    for text, style in spans:
        first, *others = text.split("\n")
        current.append(Span(first, style))
        for other in others:
            yield line(*current, indent=4)
            current = [Span(other, style)]
    yield line(*current, indent=4)
