"""Runs as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import line, render_lines
from recctl.render.runs import name_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render.kit.view import View

_STATES = {"emptied": "applied, can't be undone: its copies were thrown away"}


def render(outcomes: Iterable[Outcome], view: View) -> Iterator[str]:
    """Runs, a line each."""
    lines = (line(f"{run.time}  {name_run(run)}: {_STATES.get(run.state, run.state)}") for run in outcomes)
    yield from render_lines(lines, view.unbroken)
