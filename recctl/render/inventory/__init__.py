"""Lists of recordings, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count, show_size
from recctl.render import load_renderer
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.listing import Listing
    from recctl.render.page import Conversation


def _describe_none(entries: Sequence[IndexEntry]) -> Iterator[Conversation]:
    from recctl.render.page import Conversation

    return (Conversation((), ()) for _ in entries)


@dataclass(frozen=True, kw_only=True)
class InventoryView(View):
    """How a list is looked at.

    `mask` takes secrets out of what is made to be shared. `describe_conversations` reads what a page shows of
    each recording: in their order, one for each.
    """

    mask: Callable[[str], str] = str
    describe_conversations: Callable[[Sequence[IndexEntry]], Iterator[Conversation]] = _describe_none


def find_renderer(name: str) -> Callable[[Listing, InventoryView], Iterator[str]]:
    """What shows a list of recordings in a format. Raises RecctlError where there is no such format."""
    return load_renderer("inventory", name)


def summarise_listing(listing: Listing) -> str:
    """What the listed recordings come to, in a line."""
    total = listing.total
    told = [show_count(total.recordings, "recording"), show_size(total.size)]
    if total.tokens:
        told.append(show_count(total.tokens, "token"))
    return ", ".join(told)
