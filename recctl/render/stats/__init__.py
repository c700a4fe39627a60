"""What a folder of recordings comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.statistics import Statistics
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Statistics, View], Iterator[str]]:
    """What shows statistics in a format. Raises RecctlError where there is no such format."""
    return load_renderer("stats", name)


MOST_GROUPS = 10
"""How many groups of a chart are told one by one, unless more is wanted."""
