"""Statistics as GitHub's Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count, show_size
from recctl.render.kit.markdown import code, fit
from recctl.render.stats import MOST_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.statistics import Chart, Statistics
    from recctl.render.kit.view import View


def render(statistics: Statistics, view: View) -> Iterator[str]:
    """A headline, what deserves a look, and a table for each thing that recordings differ in."""
    total = statistics.total
    files, size = show_count(statistics.files, "file"), show_size(total.size)
    yield f"### {show_count(total.recordings, 'recording')} in {files}, {size}\n"
    for group, _ in statistics.conditions:
        yield f"- {group.recordings:,} {group.value}\n"
    for chart in statistics.charts:
        yield from _describe_chart(chart, verbose=view.verbose)


def _describe_chart(chart: Chart, *, verbose: bool) -> Iterator[str]:
    groups = chart.groups if verbose else chart.groups[:MOST_GROUPS]
    yield f"\n| {chart.title} | recordings | size | tokens |\n|---|---:|---:|---:|\n"
    for group in groups:
        name = fit(code(group.value)) if group.value else "(none)"
        yield f"| {name} | {group.recordings:,} | {show_size(group.size)} | {group.tokens:,} |\n"
    if len(groups) < len(chart.groups):
        yield f"\n*and {len(chart.groups) - len(groups):,} more*\n"
