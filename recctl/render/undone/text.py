"""What could not be taken back, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render.kit.view import View


def render(outcomes: Iterable[Outcome], view: View) -> Iterator[str]:
    """What stays as it is of runs that were to be taken back, a line for each file."""
    lines = (line(f"{path}: {reason}") for run in outcomes for path, reason in run.refused)
    yield from render_lines(lines, view.unbroken)
