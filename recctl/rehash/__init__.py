"""Recordings that keep their replies when the request, the test or the recorder moves.

`report` tells where recordings stand; `recctl.rehash.moving` does something about it, or tells what it would.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from recctl.input.sources import load_all, show_path
from recctl.naming.engine import explain
from recctl.naming.engine.causes import explain_name
from recctl.naming.facts import Facts, NameStatus
from recctl.naming.survey import survey
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.recording import Recording
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.input.sources import Selection
    from recctl.naming.engine import Explanation
    from recctl.naming.survey import Survey
    from recctl.project import Project
    from recctl.recordings.recording import Key, LoadError
    from recctl.rehash.collisions import Collision
    from recctl.rehash.orders import Orders


class Action(StrEnum):
    """What becomes of a recording: it gets another name or folder, other content, or goes; or can't."""

    MOVE = "move"
    EDIT = "edit"
    DELETE = "delete"
    HOLD_BACK = "hold-back"


class RehashedRecording(NamedTuple):
    """One recording in a report: where it stands, and why; what becomes of it (None: nothing), and why.

    `new_path` is where it goes or would belong, None when that is where it is. `changes` are pointers to what
    changes in it, `copies` the paths of copies for other tests.
    """

    facts: Facts
    reason: str
    new_path: str | None = None
    action: Action | None = None
    remark: str | None = None
    changes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


class RehashReport(NamedTuple):
    """Where recordings stand and, unless it was only looked, what becomes of them.

    `collisions` are those among what was to be moved. `is_applied` is true when it was done, as `run_id`.
    `deleted` are files beside the recordings looked at that go, too. `old_indexes` are what an older recorder
    left beside recordings that move. `is_narrow` is true when it was about edited recordings and no others.
    """

    entries: tuple[RehashedRecording, ...]
    errors: tuple[Unread | LoadError, ...] = ()
    collisions: tuple[Collision, ...] = ()
    is_applied: bool = False
    run_id: str | None = None
    deleted: tuple[str, ...] = ()
    old_indexes: tuple[str, ...] = ()
    is_narrow: bool = False

    def count(self, status: NameStatus) -> int:
        """How many recordings stand so."""
        return sum(entry.facts.status is status for entry in self.entries)

    def count_actions(self, action: Action) -> int:
        """How many recordings this becomes of."""
        return sum(entry.action is action for entry in self.entries)

    @property
    def contested(self) -> dict[Path, list[Facts]]:
        """The names that several recordings would get, with those recordings."""
        wanting: dict[Path, list[Facts]] = {}
        for entry in self.entries:
            if entry.facts.conflicts_with and entry.facts.destination is not None:
                wanting.setdefault(entry.facts.destination, []).append(entry.facts)
        return wanting

    def find_failures(self, *, strict: bool) -> list[RehashedRecording]:
        """The recordings that fail a check: stranded ones and, if it is strict, unexplained ones.

        Those for which nobody has set a scheme never do.
        """
        failing = {NameStatus.OUTDATED} | ({NameStatus.UNEXPLAINED} if strict else set())
        return [
            entry
            for entry in self.entries
            if entry.facts.is_held and entry.facts.status in failing and entry.facts.replaced_by is None
        ]


class Explained(NamedTuple):
    """How every scheme names one recording, and the likely cause of a name that none of them gives."""

    key: Key
    explanations: tuple[Explanation, ...]
    cause: str | None


def explain_all(selection: Selection) -> Iterator[Explained | LoadError | Unread]:
    """What each scheme makes of the selected recordings, one after the other."""
    for item in load_all(selection):
        if isinstance(item, Recording):
            yield attempt(item.source.name, _explain_recording, item)
        else:
            yield item


def _explain_recording(recording: Recording) -> Explained | Unread:
    source = recording.source
    key, place, settings = recording.key, source.place, source.settings
    if place is None:
        hint = "name the file: where it lies decides what it is called"
        return Unread(source.name, "standard input has no name", hint)
    if not load_format(recording.format).is_named_by_hash:
        return Explained(key, (), "no scheme names it: files of its format are not named after a hash")
    explanations = explain(recording, place, settings)
    is_explained = any(explanation.matches for explanation in explanations)
    cause = None if is_explained else explain_name(recording, place, settings.renames)
    return Explained(key, explanations, cause)


def report(project: Project, selection: Selection, orders: Orders, jobs: int | None = None) -> RehashReport:
    """Where the selected recordings stand; nothing is looked for that could be done about it."""
    surveyed = narrow(project, survey(project, selection, to=orders.to, jobs=jobs), orders)
    entries = (describe(facts) for facts in surveyed.all_facts)
    return RehashReport(tuple(entries), surveyed.errors)


def narrow(project: Project, surveyed: Survey, orders: Orders) -> Survey:
    """What is known of the recordings that the orders' filter lets through. Raises RecctlError for none."""
    if orders.filter is None:
        return surveyed
    from recctl.naming.ages import read_git_state
    from recctl.naming.filters import select_facts

    state = read_git_state(project.root) if orders.filter.min_age is not None else None
    wanted = {facts.path for facts in select_facts(surveyed.all_facts, orders.filter, project, state)}
    all_facts = tuple(facts for facts in surveyed.all_facts if facts.path in wanted)
    return surveyed._replace(all_facts=all_facts, companions=())


def describe(facts: Facts) -> RehashedRecording:
    """A recording as it stands, with a sentence on why, and nothing done about it."""
    if facts.status in (
        NameStatus.CURRENT,
        NameStatus.AHEAD,
    ):  # a model list may have the name of another week
        return RehashedRecording(facts, _explain(facts), None)
    destination = facts.destination
    is_elsewhere = destination is not None and destination != facts.location
    new_path = show_path(destination) if destination is not None and is_elsewhere else None
    return RehashedRecording(facts, _explain(facts), new_path)


def _explain(facts: Facts) -> str:
    identity, scheme = facts.identity, facts.scheme
    match facts.status:
        case NameStatus.NOT_APPLICABLE:
            return identity.unjudged or "it can't be judged"
        case NameStatus.CURRENT:
            return f"{scheme} gives it this name"
        case NameStatus.UNEXPLAINED:
            return facts.cause or "no hash scheme gives it this name"
        case NameStatus.AHEAD:
            return f"{identity.given}, which is newer than {scheme}"
    reason = f"{identity.given}, {scheme} looks for {identity.wanted}"
    return f"{reason}; {facts.replaced_by} has replaced it" if facts.replaced_by else reason
