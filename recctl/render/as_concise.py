"""One line a finding, all of them: for editors, and for reading on with other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.as_text import finding_line, visible
from recctl.render.terminal import render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import Report
    from recctl.render import View


def render_findings(report: Report, view: View) -> Iterator[str]:
    """Every finding on a line of its own, hints left out; notes too when verbose."""
    unbroken = view._replace(width=None)
    yield from render_lines((finding_line(finding) for finding in visible(report, view)), unbroken)
