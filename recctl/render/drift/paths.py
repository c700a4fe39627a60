"""The paths of files to record again, one a line, or ended by NUL for `xargs -0`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftReport
    from recctl.render.drift import DriftView


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """Those that hold what has drifted, or in which something was looked for and not found."""
    yield from (f"{path}\0" if view.nul else f"{quote_path(path)}\n" for path in report.files_to_record)
