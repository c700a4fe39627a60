"""Lists of recordings as text: a table that fits the terminal; in a pipe, whole cells with tabs between."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.inventory.columns import SHOWN
from recctl.inventory.conditions import show_value
from recctl.recordings.names import shorten_name
from recctl.render.kit.columns import Cell, cut_start, lay_out, shorten_test
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.columns import Column
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.listing import Listing
    from recctl.inventory.search import SearchHit
    from recctl.render.inventory import InventoryView


def render(listing: Listing, view: InventoryView) -> Iterator[str]:
    """A line for each recording, or for each group; with -v, where its texts have what was searched for."""
    if listing.grouped_by is not None:
        yield from render_lines(_describe_groups(listing, view), view.unbroken)
        return
    is_short = view.width is not None
    folder = _find_common_folder([entry.test_id or "" for entry in listing.entries]) if is_short else ""
    columns = listing.columns
    if view.width is not None and view.width < _NARROW and tuple(c.name for c in columns) == SHOWN:
        columns = tuple(column for column in columns if column.name not in _DISPENSABLE)
    heads = tuple(Cell(column.name) for column in columns)
    rows = [
        tuple(_make_cell(entry, column, folder, is_short=is_short) for column in columns)
        for entry in listing.entries
    ]
    lines = lay_out(heads, rows, view.width)
    yield from render_lines(_add_hits(lines, listing, view) if view.verbose else lines, view.unbroken)


def _add_hits(lines: Iterator[Line], listing: Listing, view: InventoryView) -> Iterator[Line]:
    """The lines of a list, with what was searched for below each."""
    if view.width is not None and listing.entries:
        yield next(lines)
    for entry, told in zip(listing.entries, lines, strict=True):
        yield told
        yield from map(_describe_hit, listing.hits.get(entry.key, ()))


_TEST = 26
"""How many cells a test has at least."""

_NARROW, _DISPENSABLE = 100, ("tool", "size")
"""Below how many cells a terminal has no room for all columns, and which are left out unless asked for."""


def _make_cell(entry: IndexEntry, column: Column, folder: str, *, is_short: bool) -> Cell:
    value = column.read(entry)
    if column.name == "key" and is_short:
        name = shorten_name(posixpath.basename(entry.facts.path))
        name = name if entry.key.number is None else f"{name}#{entry.key.number}"
        return Cell(name, "dim", shorten=cut_start, least=12, link=entry.facts.path)
    if column.name == "state" and is_short and value in _FINE:
        return Cell("")
    if column.name == "test" and value is None:
        return Cell("")
    if column.name == "test":
        return Cell(show_value(value).removeprefix(folder), "bold", shorten=shorten_test, least=_TEST)
    if column.is_size and isinstance(value, int):
        return Cell(show_size(value), is_number=True)
    if isinstance(value, int) and not isinstance(value, bool):
        return Cell(f"{value:,}", is_number=True)
    return Cell(show_value(value), _STYLES.get(show_value(value), ""))


_FINE = ("current", "by-test", "not-applicable")
_STYLES = {
    "outdated": "red",
    "replaced": "yellow",
    "misplaced": "yellow",
    "ahead": "yellow",
    "unexplained": "yellow",
    "error": "red",
}


def _describe_groups(listing: Listing, view: InventoryView) -> Iterator[Line]:
    assert listing.grouped_by is not None  # noqa: S101  (as the caller has made sure)
    heads = tuple(map(Cell, (listing.grouped_by.name, "recordings", "size", "tokens")))
    rows = [
        (
            Cell(group.value or "(none)", "bold" if group.value else "dim"),
            Cell(f"{group.recordings:,}", is_number=True),
            Cell(show_size(group.size), is_number=True),
            Cell(f"{group.tokens:,}" if group.tokens else "", is_number=True),
        )
        for group in listing.groups
    ]
    if rows:
        yield from lay_out(heads, rows, view.width)


def _describe_hit(hit: SearchHit) -> Line:
    return line(
        Span(f"{hit.who}: ", "dim"),
        f"…{hit.before}",
        Span(hit.word, "bold yellow"),
        f"{hit.after}…",
        indent=4,
    )


def _find_common_folder(test_ids: list[str]) -> str:
    """The folder of all test files, with a slash; nothing where they have none in common."""
    files = {test_id.partition("::")[0] for test_id in test_ids} - {""}
    try:
        folder = posixpath.commonpath([posixpath.dirname(name) for name in files])
    except ValueError:
        return ""
    return f"{folder}/" if folder else ""
