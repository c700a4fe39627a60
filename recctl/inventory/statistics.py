"""What a folder of recordings comes to: by model, provider, endpoint and test file; how much is stale."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from recctl.inventory.columns import Column, find_column
from recctl.inventory.listing import ListedGroup, group_entries, sum_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recctl.inventory.entry import IndexEntry
    from recctl.project import Project
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


class Chart(NamedTuple):
    """Groups of recordings by something that they have in common, which `title` names."""

    title: str
    groups: tuple[ListedGroup, ...]


class Statistics(NamedTuple):
    """What recordings come to.

    `charts` are by model, provider and the like. `conditions` are how many are in a state that deserves a
    look, such as outdated, failed or duplicated, each with a condition for `recctl list --where` that finds
    them ("" where there is none).
    """

    total: ListedGroup
    files: int
    charts: tuple[Chart, ...]
    conditions: tuple[tuple[ListedGroup, str], ...]
    errors: tuple[LoadError | Unread, ...] = ()


def compute_statistics(
    project: Project, entries: Sequence[IndexEntry], errors: tuple[LoadError | Unread, ...] = ()
) -> Statistics:
    """What recordings of a project come to. Raises RecctlError when git can't tell how old they are."""
    columns = (_ENDPOINT if name == "endpoint" else find_column(name) for name in _COLUMNS)
    by_column = [Chart(column.name, tuple(group_entries(entries, column))) for column in columns]
    charts = (
        *by_column,
        Chart("test file", _group_by_file(entries)),
        Chart("written within", _group_by_age(project, entries)),
    )
    return Statistics(
        sum_up("", entries),
        len({entry.facts.path for entry in entries}),
        tuple(chart for chart in charts if chart.groups),
        tuple(_list_conditions(entries)),
        errors,
    )


_COLUMNS = ("model", "provider", "endpoint", "finish")


def _name_endpoint(entry: IndexEntry) -> str:
    """The endpoint, without the ids in its path: /v1/threads/thread_… for every thread."""
    return re.sub(_ID, r"\1…", entry.endpoint)


_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ID = rf"(?<=/)((?:[a-z]+[_-])*)(?:{_UUID}|(?=[A-Za-z]*[0-9])[A-Za-z0-9]{{16,}})(?=[/:?]|$)"
"""What was made up for one thing: long, with digits in it, perhaps after the name of what it is."""

_ENDPOINT = Column("endpoint", "the endpoint that was asked, without ids", _name_endpoint)


def _group(entries: Sequence[IndexEntry], name: Callable[[IndexEntry], str]) -> dict[str, list[IndexEntry]]:
    members: dict[str, list[IndexEntry]] = {}
    for entry in entries:
        members.setdefault(name(entry), []).append(entry)
    return members


def _group_by_file(entries: Sequence[IndexEntry]) -> tuple[ListedGroup, ...]:
    groups = [sum_up(name, found) for name, found in _group(entries, _name_test_file).items()]
    return tuple(sorted(groups, key=lambda group: (-group.recordings, group.value)))


def _name_test_file(entry: IndexEntry) -> str:
    return (entry.test_id or "").partition("::")[0]


def _group_by_age(project: Project, entries: Sequence[IndexEntry]) -> tuple[ListedGroup, ...]:
    """By when git last committed their files, else by when these were written."""
    import time

    from recctl.naming.ages import find_times, read_git_state

    places = {entry.facts.path: entry.facts.location for entry in entries}
    times = find_times({*places.values()}, project.root, read_git_state(project.root))
    now = time.time()

    def name(entry: IndexEntry) -> str:
        written = times.get(places[entry.facts.path])
        if written is None:
            return ""
        return next((name for days, name in _AGES if now - written < days * 86_400), _OLDEST)

    members = _group(entries, name)
    return tuple(
        sum_up(age, members[age]) for age in (*(name for _, name in _AGES), _OLDEST) if age in members
    )


_AGES = ((7, "a week"), (30, "a month"), (91, "three months"), (365, "a year"), (730, "two years"))
_OLDEST = "longer ago"


def _list_conditions(entries: Sequence[IndexEntry]) -> list[tuple[ListedGroup, str]]:
    states = Counter(entry.state for entry in entries)
    found = [
        (sum_up(state.value, [entry for entry in entries if entry.state is state]), f"state={state.value}")
        for state in states
        if state.value not in _FINE
    ]
    failed = [entry for entry in entries if entry.has_failed]
    if failed:
        found.append((sum_up("failed", failed), "failed=yes"))
    same = _group(entries, lambda entry: f"{entry.method} {entry.url} {entry.body} {entry.test_id}")
    repeated = [entry for alike in same.values() for entry in alike[1:]]
    if repeated:
        found.append((sum_up("with a repeated request", repeated), ""))
    return sorted(found, key=lambda item: (-item[0].recordings, item[0].value))


_FINE = ("current", "by-test", "not-applicable")
