"""The ids of tests to record again, one a line, or ended by NUL for `xargs -0`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftReport
    from recctl.render.drift import DriftView


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """Those whose recordings have drifted, or that missed one."""
    yield from (f"{test}\0" if view.nul else f"{escape(test)}\n" for test in report.tests_to_record)
