"""The files of recordings, one a line, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.listing import Listing
    from recctl.render.inventory import InventoryView


def render(listing: Listing, view: InventoryView) -> Iterator[str]:
    """Each file once, however many of its recordings are listed; with NUL at its end, as it is."""
    for path in dict.fromkeys(entry.facts.path for entry in listing.entries):
        yield f"{path}\0" if view.nul else f"{quote_path(path)}\n"
