"""Which recordings are listed, in which order, and what groups of them come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.inventory.conditions import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.inventory.columns import Column, Value
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.search import SearchHit
    from recctl.naming.filters import Filter
    from recctl.project import Project
    from recctl.recordings.recording import Key, LoadError
    from recctl.recordings.source import Unread


class ListedGroup(NamedTuple):
    """Recordings that have a value in common, and what they come to; `tokens` counts those that are known."""

    value: str
    recordings: int
    size: int
    tokens: int


class Listing(NamedTuple):
    """What is listed: recordings, or groups of them where `grouped_by` is a column.

    `hits` are the places in a recording that were searched for.
    """

    entries: tuple[IndexEntry, ...]
    columns: tuple[Column, ...]
    grouped_by: Column | None = None
    hits: dict[Key, tuple[SearchHit, ...]] = {}  # noqa: RUF012  (never changed)
    errors: tuple[LoadError | Unread, ...] = ()

    @property
    def groups(self) -> list[ListedGroup]:
        """The groups, the one with most recordings first."""
        return [] if self.grouped_by is None else group_entries(self.entries, self.grouped_by)

    @property
    def total(self) -> ListedGroup:
        """What all recordings come to."""
        return sum_up("", self.entries)


def filter_entries(project: Project, entries: Sequence[IndexEntry], wanted: Filter) -> tuple[IndexEntry, ...]:
    """The entries that a filter lets through. Raises RecctlError for a word that means none of them."""
    if wanted.is_empty:
        return tuple(entries)
    from recctl.naming.ages import read_git_state  # which those who filter nothing have no use for
    from recctl.naming.filters import select_facts

    state = read_git_state(project.root) if wanted.min_age is not None else None
    keys = {facts.key for facts in select_facts([each.facts for each in entries], wanted, project, state)}
    return tuple(entry for entry in entries if entry.key in keys)


def group_entries(entries: Iterable[IndexEntry], column: Column) -> list[ListedGroup]:
    """The groups that a column parts recordings into; one that has several values counts for each."""
    members: dict[str, list[IndexEntry]] = {}
    for entry in entries:
        value = column.read(entry)
        for each in value if isinstance(value, tuple) and value else (value,):
            members.setdefault(show_value(each), []).append(entry)
    groups = [sum_up(value, found) for value, found in members.items()]
    return sorted(groups, key=lambda group: (-group.recordings, group.value))


def sum_up(value: str, entries: Sequence[IndexEntry]) -> ListedGroup:
    """What recordings come to."""
    tokens = sum(entry.tokens.total for entry in entries if entry.tokens is not None)
    return ListedGroup(value, len(entries), sum(entry.size for entry in entries), tokens)


def sort_entries(entries: Sequence[IndexEntry], columns: Sequence[tuple[Column, bool]]) -> list[IndexEntry]:
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
