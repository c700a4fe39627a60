"""Comparisons as the paths of what changed, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.comparison import is_listed
from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.diff import ComparedPair, Comparison
    from recctl.render.comparison import ComparisonView

READ_AS = "paths"


def render(comparison: Comparison, _view: ComparisonView) -> Iterator[str]:
    """A path a line: the one on the right, or on the left where there is none."""
    for pair in comparison.pairs:
        if is_listed(pair):
            yield f"{quote_path(show_name(pair))}\n"


def show_name(pair: ComparedPair) -> str:
    """The path of a pair's recording, as it is called now."""
    side = pair.right or pair.left
    return side.name if side else ""
