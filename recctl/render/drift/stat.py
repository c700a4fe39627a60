"""Drift as a table by test file, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.drift._table import count_drift
from recctl.render.drift.text import describe_summary
from recctl.render.kit.count_table import describe_table
from recctl.render.kit.terminal import line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftReport
    from recctl.render.drift import DriftView


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """The table, then, unless `view` does without, the summary."""
    table = count_drift(report)
    if table.rows:
        yield from render_lines(describe_table(table, view.width), view)
    if view.summary:
        yield from render_lines([line()] if table.rows else [], view)
        yield from render_lines(describe_summary(report), view)
