"""Comparisons as a line for each pair, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.diff import PairVerdict
from recctl.render.comparison import VERDICT_STYLES, is_listed, is_lost
from recctl.render.comparison._table import RecordingFate, find_fate
from recctl.render.comparison.name_only import show_name
from recctl.render.comparison.text import describe_counts, describe_summary
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.diff import ComparedPair, Comparison
    from recctl.render.comparison import ComparisonView


def render(comparison: Comparison, view: ComparisonView) -> Iterator[str]:
    """The table by test file, unless `view` does without; what became of each recording; the summary."""
    unbroken = view.unbroken
    told = [pair for pair in comparison.pairs if is_listed(pair)]
    if view.summary:
        counts = [*describe_counts(comparison, view)]
        yield from render_lines([*counts[1:], line()] if counts else [], view)
    yield from render_lines(map(_describe_pair, told), unbroken)
    if view.summary:
        yield from render_lines([line()] if told else [], view)
        yield from render_lines(describe_summary(comparison), view)


def _describe_pair(pair: ComparedPair) -> Line:
    facts = []
    if pair.request == "changed" and pair.verdict is not PairVerdict.REQUEST:
        facts.append("request changed")
    if pair.superseded:
        facts.append("the old one is still there")
    if is_lost(pair):
        facts.append("can no longer be found")
    if find_fate(pair) is RecordingFate.FOLLOWED and pair.follows is not None:
        facts.append(f"follows {pair.follows.old} to {pair.follows.new}")
    spans = [Span(f"{pair.verdict:<13} ", VERDICT_STYLES[pair.verdict]), Span(show_name(pair))]
    if facts:
        spans.append(Span(f"  ({', '.join(facts)})", "dim"))
    return line(*spans)
