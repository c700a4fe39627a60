"""How many findings each rule has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.checks.finding import CheckReport
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[CheckReport, View], Iterator[str]]:
    """What shows counts of findings in a format. Raises RecctlError where there is no such format."""
    return load_renderer("rule_counts", name)
