"""Rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.checks.finding import Rule
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Iterable[Rule], View], Iterator[str]]:
    """What shows rules in a format. Raises RecctlError where there is no such format."""
    return load_renderer("rules", name)
