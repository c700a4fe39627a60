"""Comparisons as text for people: what they come to, then what changed, the gravest first.

Texts are compared word by word: side by side on a wide terminal, else one in the other.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.diff import PairVerdict
from recctl.render import render_whole
from recctl.render.changes.text import ADDED, REMOVED, cut, describe_long, needs_lines, spell_short
from recctl.render.comparison import (
    VERDICT_STYLES,
    count_ids,
    describe_models,
    is_listed,
    is_lost,
    list_told,
    only_shares,
    summarise,
)
from recctl.render.comparison._table import count_by_file
from recctl.render.comparison.name_only import show_name
from recctl.render.kit.count_table import describe_table
from recctl.render.kit.terminal import Line, Span, line, render_lines
from recctl.render.kit.values import compact

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from recctl.diff import Change, ComparedPair, Comparison
    from recctl.render.comparison import ComparisonView

_MOST_FILES = 20
_MOST_IDS = 10


def render(comparison: Comparison, view: ComparisonView) -> Iterator[str]:
    """The summary, unless `view` does without, and the pairs that have something to tell."""
    if view.summary:
        yield from render_lines(describe_summary(comparison), view)
        yield from render_lines(describe_counts(comparison, view, _MOST_FILES), view)
    shared = {each.change.gist for each in comparison.shared}
    untold, more = 0, ""
    separator = [line()] if view.summary else []
    for told in (_describe_shared(comparison, view), _describe_ids(comparison)):
        lines = [*told]
        if lines:
            yield from render_lines((*separator, *lines), view)
            separator = [line()]
    for pair in comparison.pairs:
        if only_shares(pair, shared):
            untold += 1
        elif is_listed(pair):
            more = "more "
            pieces = render_whole(show_name(pair), view.refuse, _render_pair, pair, separator, shared, view)
            yield from pieces
            separator = [line()] if pieces else separator
    if untold:
        text = f"{untold:,} {more}changed only in the ways that are shown above; --name-only lists them"
        yield from render_lines((*separator, line(Span(text, "dim"))), view)


def _render_pair(
    pair: ComparedPair, separator: list[Line], shared: Container[object], view: ComparisonView
) -> Iterator[str]:
    yield from render_lines((*separator, *_describe_head(pair)), view.unbroken)
    yield from render_lines(_describe_changes(pair, shared, view), view)


def describe_summary(comparison: Comparison) -> Iterator[Line]:
    """The summary, its numbers in a column."""
    remarks = list(summarise(comparison))
    width = max((len(f"{number:,}") for number, _, _ in remarks if number is not None), default=0)
    for number, text, style in remarks:
        if number is None:
            yield line(Span(text, style), indent=width + 1)
        else:
            yield line(Span(f"{number:>{width},} {text}", style), hang=width + 1)


def describe_counts(comparison: Comparison, view: ComparisonView, most: int | None = None) -> Iterator[Line]:
    """The table of what became of recordings by test file, after a blank line; nothing of one recording."""
    told = [pair for pair in comparison.pairs if is_listed(pair) or pair.verdict is PairVerdict.NOISE]
    if len(told) > 1:
        yield line()
        yield from describe_table(count_by_file(told, most), view.width)


def _describe_ids(comparison: Comparison) -> Iterator[Line]:
    """The ids that others took the places of."""
    ids = count_ids(comparison.pairs)
    if ids:
        yield line(Span("ids that others took the places of", "bold"))
    for left, right, requests, places in ids[:_MOST_IDS]:
        where = f" in {show_count(places, 'place')}" if places > 1 else ""
        where += f" of {requests:,} requests" if requests > 1 else ""
        yield line(Span(left, REMOVED), " is ", Span(right, ADDED), where, indent=2)
    if len(ids) > _MOST_IDS:
        yield line(Span(f"and {len(ids) - _MOST_IDS:,} more; --format json has them all", "dim"), indent=2)


def _describe_shared(comparison: Comparison, view: ComparisonView) -> Iterator[Line]:
    """What several requests have in common, in full, as it is told nowhere else."""
    shared = [each for each in comparison.shared if not each.change.places]
    for count, alike in groupby(shared, key=lambda each: each.count):
        yield line(Span(f"the same in {count:,} requests", "bold"))
        for each in alike:
            yield from _describe_change(each.change, view)


def _describe_changes(pair: ComparedPair, shared: Container[object], view: ComparisonView) -> Iterator[Line]:
    told = list_told(pair, shared)
    for change in told:
        yield from _describe_change(pair.replace_ids(change), view)
    if len(told) < len(pair.changes):
        hidden = len(pair.changes) - len(told)
        text = f"request: {show_count(hidden, 'change')} shown above"
        yield line(Span(text, "dim"), indent=2)


def title(pair: ComparedPair) -> str:
    """What a pair is about: its test, else the endpoint and the model."""
    side = pair.right or pair.left
    assert side is not None  # noqa: S101  (a pair has at least one side)
    return side.test_id or " ".join(word for word in (side.endpoint, side.model) if word) or side.name


def _describe_head(pair: ComparedPair) -> Iterator[Line]:
    """What a pair is about, and where it lies: names that are to be copied, and are never broken."""
    yield line(Span(f"{pair.verdict:<13} ", VERDICT_STYLES[pair.verdict]), Span(title(pair), "bold"))
    names = [side.name for side in (pair.left, pair.right) if side is not None]
    yield line(Span(names[0], "dim", names[0]), indent=2)
    if names[-1] != names[0]:
        yield line(Span(f"→ {names[-1]}  ({pair.paired_by})", "dim", names[-1]), indent=2)
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


def _describe_change(change: Change, view: ComparisonView) -> Iterator[Line]:
    label = change.label or change.where
    name = {"request": f"request {label}", "noise": f"noise {label}"}.get(change.kind, label)
    style = "dim" if change.kind == "noise" else "bold"
    left, right = change.left, change.right
    if change.kind == "tool-call":
        yield from _describe_call(change)
    elif change.kind == "model-list" and isinstance(left or right, list):
        yield line(Span(f"{describe_models(change)}", ADDED if left is None else REMOVED), indent=2)
    elif needs_lines(left, right, is_prose=change.kind in _PROSE):
        yield line(Span(f"{name}:", style), indent=2)
        yield from describe_long(left, right, view)
    else:
        yield line(Span(f"{name}: ", style), *spell_short(left, right), indent=2)


_PROSE = ("wording", "reasoning", "refusal")


def _describe_call(change: Change) -> Iterator[Line]:
    sign, call, style = ("+", change.right, ADDED) if change.left is None else ("-", change.left, REMOVED)
    call = call if isinstance(call, dict) else {}
    text = f"{sign} calls {call.get('name') or change.label} {compact(call.get('arguments') or '')}"
    yield line(Span(cut(text.rstrip()), style), indent=2)
