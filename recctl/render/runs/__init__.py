"""Runs that changed files, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Iterable[Outcome], View], Iterator[str]]:
    """What shows a list of runs in a format. Raises RecctlError where there is no such format."""
    return load_renderer("runs", name)


def name_run(run: Outcome) -> str:
    """A run as people speak of it."""
    return f"run {run.run_id} ({run.command}, {show_count(run.files, 'file')})"
