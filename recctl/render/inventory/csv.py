"""Recordings as comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from recctl.inventory.conditions import show_value
from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.inventory.listing import Listing
    from recctl.render.inventory import InventoryView


def render(listing: Listing, _view: InventoryView) -> Iterator[str]:
    """The columns that were asked for, with their names above; or the groups."""
    if listing.grouped_by is not None:
        yield _write((listing.grouped_by.name, "recordings", "bytes", "tokens"))
        for group in listing.groups:
            yield _write((group.value, group.recordings, group.size, group.tokens))
        return
    yield _write(column.name for column in listing.columns)
    for entry in listing.entries:
        yield _write(show_value(column.read(entry)) for column in listing.columns)


def _write(cells: Iterable[str | int]) -> str:
    """A row; what a spreadsheet would take for a formula begins with an apostrophe."""
    text = StringIO()
    shown = (escape(str(cell)) for cell in cells)
    csv.writer(text, lineterminator="\n").writerow(
        f"'{cell}" if cell.startswith(_FORMULAS) else cell for cell in shown
    )
    return text.getvalue()


_FORMULAS = ("=", "+", "-", "@")
