"""Lists of recordings, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render import View, load_renderer
from recctl.text.amounts import show_count, show_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.listing import Listing


def find_renderer(name: str) -> Callable[[Listing, View], Iterator[str]]:
    """What shows a list of recordings in a format. Raises RecctlError where there is no such format."""
    return load_renderer("inventory", name)


def summarise_listing(listing: Listing) -> str:
    """What the listed recordings come to, in a line."""
    total = listing.total
    told = [show_count(total.recordings, "recording"), show_size(total.size)]
    if total.tokens:
        told.append(show_count(total.tokens, "token"))
    return ", ".join(told)
