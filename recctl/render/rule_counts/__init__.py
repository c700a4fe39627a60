"""How many findings each rule has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import View, load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.checks.finding import CheckReport


def find_renderer(name: str) -> Callable[[CheckReport, View], Iterator[str]]:
    """What shows counts of findings in a format. Raises RecctlError where there is no such format."""
    return load_renderer("rule_counts", name)
