"""Conversations: the recordings of a test, each below the one that it goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.threads import Threads
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Threads, View], Iterator[str]]:
    """What shows conversations in a format. Raises RecctlError where there is no such format."""
    return load_renderer("threads", name)
