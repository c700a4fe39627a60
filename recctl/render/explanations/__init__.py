"""How schemes come to the names of recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.rehash import Explained
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Iterable[Explained | LoadError | Unread], View], Iterator[str]]:
    """What shows explanations in a format. Raises RecctlError where there is no such format."""
    return load_renderer("explanations", name)
