"""Which recordings are listed, in which order, and what groups of them come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.inventory.conditions import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.inventory.columns import Column, Value
    from recctl.inventory.entry import Entry
    from recctl.inventory.search import Hit
    from recctl.recordings.recording import Key, LoadError
    from recctl.recordings.source import Unread


class Group(NamedTuple):
    """Recordings that have a value in common, and what they come to; `tokens` counts those that are known."""

    value: str
    recordings: int
    size: int
    tokens: int


class Listing(NamedTuple):
    """What is listed: recordings, or groups of them where `grouped_by` is a column.

    `hits` are the places in a recording that were searched for.
    """

    entries: tuple[Entry, ...]
    columns: tuple[Column, ...]
    grouped_by: Column | None = None
    hits: dict[Key, tuple[Hit, ...]] = {}  # noqa: RUF012  (never changed)
    errors: tuple[LoadError | Unread, ...] = ()

    @property
    def groups(self) -> list[Group]:
        """The groups, the one with most recordings first."""
        return [] if self.grouped_by is None else group_entries(self.entries, self.grouped_by)

    @property
    def total(self) -> Group:
        """What all recordings come to."""
        return sum_up("", self.entries)


def group_entries(entries: Iterable[Entry], column: Column) -> list[Group]:
    """The groups that a column parts recordings into; one that has several values counts for each."""
    members: dict[str, list[Entry]] = {}
    for entry in entries:
        value = column.read(entry)
        for each in value if isinstance(value, tuple) and value else (value,):
            members.setdefault(show_value(each), []).append(entry)
    groups = [sum_up(value, found) for value, found in members.items()]
    return sorted(groups, key=lambda group: (-group.recordings, group.value))


def sum_up(value: str, entries: Sequence[Entry]) -> Group:
    """What recordings come to."""
    tokens = sum(entry.tokens.total for entry in entries if entry.tokens is not None)
    return Group(value, len(entries), sum(entry.size for entry in entries), tokens)


def sort_entries(entries: Sequence[Entry], columns: Sequence[tuple[Column, bool]]) -> list[Entry]:
    """Recordings by the values of columns, each with whether it goes from high to low; then by test and key.

    What a column does not tell comes last, either way.
    """
    ordered = sorted(entries, key=lambda entry: (entry.test_id or entry.key.path, entry.key.number or 0))
    for column, is_falling in reversed(columns):
        known = [entry for entry in ordered if column.read(entry) not in (None, ())]
        unknown = [entry for entry in ordered if column.read(entry) in (None, ())]
        known.sort(key=lambda entry: _order(column.read(entry)), reverse=is_falling)
        ordered = known + unknown
    return ordered


def _order(value: Value) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, show_value(value))
