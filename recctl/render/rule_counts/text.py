"""Counts of findings as text for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from recctl.render.findings import visible
from recctl.render.kit.severities import SEVERITY_STYLES
from recctl.render.kit.terminal import Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport
    from recctl.render.kit.view import View


def render(report: CheckReport, view: View) -> Iterator[str]:
    """How many findings each rule has, the gravest and most frequent first."""
    counted = Counter((finding.severity, finding.rule) for finding in visible(report, view))
    ordered = sorted(counted.items(), key=lambda item: (-item[0][0], -item[1], item[0][1]))
    for (severity, rule), count in ordered:
        label = Span(f"{severity.label:<8}", SEVERITY_STYLES[severity])
        yield from render_lines([line(f"{count:>7,}  ", label, Span(rule, "bold"))], view)
