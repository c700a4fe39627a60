"""A page of HTML: an inventory to search and to sort, and each conversation on a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.inventory.conditions import show_value
from recctl.render.inventory import summarise_listing
from recctl.render.page import Row, write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.listing import Listing
    from recctl.render.inventory import InventoryView


def render(listing: Listing, view: InventoryView) -> Iterator[str]:
    """One page, with nothing to fetch; secrets are masked as the view has it."""
    rows = [_make_row(entry, view.mask) for entry in listing.entries]
    yield from write_page(
        "Recordings", summarise_listing(listing), rows, view.describe_conversations(listing.entries)
    )


def _make_row(entry: IndexEntry, mask: Callable[[str], str]) -> Row:
    return Row(
        key=mask(str(entry.key)),
        test=entry.test_id and mask(entry.test_id),
        model=entry.model and mask(entry.model),
        provider=entry.provider and mask(entry.provider),
        endpoint=mask(entry.endpoint),
        finish=entry.finish,
        failed=entry.has_failed,
        tools=show_value(entry.tool_calls),
        tokens=None if entry.tokens is None else entry.tokens.total,
        size=entry.size,
        state=entry.state.value,
        asked=mask(entry.asked),
        answered=mask(entry.answered),
    )
