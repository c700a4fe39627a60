"""What is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.project import ConfigValue
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Iterable[ConfigValue], View], Iterator[str]]:
    """What shows a configuration in a format. Raises RecctlError where there is no such format."""
    return load_renderer("config", name)
