"""Comparisons as the paths of what changed, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.diff_summary import is_listed
from recctl.render.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.diff import Comparison, Pair
    from recctl.render import View


def render_comparison(comparison: Comparison, view: View) -> Iterator[str]:  # noqa: ARG001  (paths have no looks)
    """A path a line: the one on the right, or on the left where there is none."""
    for pair in comparison.pairs:
        if is_listed(pair):
            yield f"{quote_path(show_name(pair))}\n"


def show_name(pair: Pair) -> str:
    """The path of a pair's recording, as it is called now."""
    side = pair.right or pair.left
    return side.name if side else ""
