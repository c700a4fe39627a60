"""Exchanges: what was asked and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recctl.render import ignore, load_renderer
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.wire import Exchange


@dataclass(frozen=True, kw_only=True)
class ConversationView(View):
    """How exchanges are looked at.

    `part` is the side to show ("both", "request" or "response"), `fold` shortens what is long, `timeline`
    goes chunk by chunk, `raw` shows what was recorded as it is, `mask` takes secrets out of what is made to
    be shared, and `refuse` is told of what recctl fails to show.
    """

    part: str = "both"
    fold: bool = False
    timeline: bool = False
    raw: bool = False
    mask: Callable[[str], str] = str
    refuse: Callable[[Unread], object] = ignore

    def shows(self, part: str) -> bool:
        """Whether a side of an exchange is to be shown."""
        return self.part in ("both", part)


def find_renderer(
    name: str,
) -> Callable[[Iterable[Exchange | LoadError | Unread], ConversationView], Iterator[str]]:
    """What shows exchanges in a format. Raises RecctlError where there is no such format."""
    return load_renderer("conversation", name)
