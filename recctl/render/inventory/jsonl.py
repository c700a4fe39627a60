"""Recordings as JSON, a line each, for programs that read as they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.render.inventory.json import describe_entry, describe_total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.listing import Listing
    from recctl.render.inventory import InventoryView

READ_AS = "json"


def render(listing: Listing, _view: InventoryView) -> Iterator[str]:
    """Each recording, or each group, as `json` describes it."""
    if listing.grouped_by is not None:
        for group in listing.groups:
            yield json.dumps({"value": group.value, **describe_total(group)}) + "\n"
        return
    for entry in listing.entries:
        yield json.dumps(describe_entry(entry, listing.hits.get(entry.key, ()))) + "\n"
