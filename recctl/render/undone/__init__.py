"""What became of runs that were to be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Iterable[Outcome], View], Iterator[str]]:
    """What shows what became of runs in a format. Raises RecctlError where there is no such format."""
    return load_renderer("undone", name)
