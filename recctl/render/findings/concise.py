"""One line a finding, all of them: for editors, and for reading on with other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.findings import finding_line, visible
from recctl.render.kit.terminal import render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport
    from recctl.render.findings import FindingsView


def render(report: CheckReport, view: FindingsView) -> Iterator[str]:
    """Every finding on a line of its own, hints left out; notes too when verbose."""
    unbroken = view.unbroken
    yield from render_lines((finding_line(finding) for finding in visible(report, view)), unbroken)
