"""Giving recordings other names, folders and contents, by one plan."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.changes.journal import relative
from recctl.changes.plan import Create, Delete, Group, Move, Plan, Rewrite, apply, preview
from recctl.input.sources import show_path
from recctl.naming.survey import Survey, survey_neighbours, survey_with, take_files
from recctl.recordings.source import Unread
from recctl.rehash import Action, RehashedRecording, RehashReport, describe, narrow
from recctl.rehash.collisions import Collision, find_collisions
from recctl.rehash.drafts import draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from recctl.changes.plan import Applied, Step
    from recctl.input.sources import Selection
    from recctl.project import Project, Rename
    from recctl.rehash.edits import Edits, Setting
    from recctl.rehash.orders import Orders
    from recctl.rehash.proposals import Proposal


def rehash(
    project: Project, selection: Selection, orders: Orders, *, applied: bool, jobs: int | None = None
) -> RehashReport:
    """Give the selected recordings the names and folders that the orders say, or (not `applied`) only say so.

    Raises RecctlError when an edit fits no recording, or would leave none, when a recording is preferred that
    nothing collides with, when more would change than may, and as `select_facts` and `plan.apply` do.
    """
    look = partial(draft, root=project.root, orders=orders, keeps_content=applied)
    surveyed, drafts = survey_with(project, selection, look, to=orders.to, jobs=jobs)
    everything = surveyed
    surveyed = narrow(project, surveyed, orders)
    targets = {target.file for target in (*selection.companions, *selection.targets)}
    met: set[Rename | Setting] = set()
    proposed, errors = [], [*surveyed.errors]
    for facts in (*take_files(surveyed.all_facts), *surveyed.companions):
        drafted = drafts[facts.path]
        met |= drafted.met
        if orders.edits.redaction is not None:
            orders.edits.redaction.found |= drafted.hidden
        proposal = drafted.settle(facts)
        if isinstance(proposal, Unread):
            errors.append(proposal)
        elif proposal is not None:
            proposed.append(proposal)
    if surveyed.all_facts or not surveyed.errors:  # else those say what is wrong
        _check_met(orders.edits, met)
        _check_test_ids(orders.edits, targets)
    refused = {proposal.facts.path: proposal.refusal for proposal in proposed if proposal.refusal}
    refused.update(_find_quoted(project, selection, everything, proposed))
    proposals = [proposal for proposal in proposed if proposal.facts.path not in refused]
    collisions = find_collisions(project, proposals, orders)
    units, held = _make_units(proposals, collisions, {p.facts.location for p in proposed})
    refused.update(held)
    if applied:
        _require_share(units, surveyed, orders.max_share)
    plan = Plan("rehash", tuple(_make_groups(project.root, units)))
    outcome = apply(project.root, plan) if applied else preview(project.root, plan)
    surveyed = surveyed._replace(errors=tuple(errors))
    found = _conclude(project, surveyed, proposed, collisions, refused, outcome, applied=applied)
    return found._replace(is_narrow=orders.edits.changes_requests)


def _check_met(edits: Edits, met: set[Rename | Setting]) -> None:
    for rename in edits.tests:
        if rename not in met:
            message = f"no recording that was looked at is of a test {rename.old}"
            raise RecctlError(message, "give the id from its beginning, up to a /, a :: or a [")
    for rename in edits.urls:
        if rename not in met:
            raise RecctlError(f"no recording that was looked at has a url that begins with {rename.old}")
    for setting in edits.settings:
        if setting not in met:
            message = f"{setting.pointer} names nothing in the recordings that were looked at"
            raise RecctlError(message, _ADD if setting.text is not None and not setting.adds else None)


_ADD = "--add in place of --set gives them what they do not have"


def _check_test_ids(edits: Edits, targets: Iterable[str]) -> None:
    names = {name for target in targets for name in (target, posixpath.basename(target))}
    if edits.test_ids and names.isdisjoint(edits.test_ids):
        message = "none of the recordings that were looked at is among those to be given a test's id"
        raise RecctlError(message, "write their paths as they are shown, or their names")


# --- what can be done, in which groups ----------------------------------------------------------------------


class _Unit(NamedTuple):
    """What is done about one wanted name: who gets it, and who goes for that."""

    location: Path
    proposal: Proposal | None
    losers: tuple[tuple[Path, str], ...] = ()

    @property
    def leaves(self) -> set[Path]:
        """The places that this gives up."""
        places = {path for path, _ in self.losers}
        if self.proposal is not None and self.proposal.moves:
            places.add(self.proposal.facts.location)
        return places

    @property
    def takes_a_place(self) -> bool:
        """Whether a recording goes where it is not yet."""
        return self.proposal is not None and self.proposal.facts.location != self.location


def _make_units(
    proposals: Sequence[Proposal], collisions: Sequence[Collision], occupied: set[Path]
) -> tuple[list[_Unit], dict[str, str]]:
    """What can be done, by wanted name, and the recordings that are held back, each with the reason."""
    units, held = [], {}
    contested = {collision.location: collision for collision in collisions}
    for collision in collisions:
        if collision.kept is not None:
            losers = tuple(
                (member.location, member.expected)
                for member in collision.members
                if member is not collision.kept
            )
            units.append(_Unit(collision.location, collision.kept.proposal, losers))
            continue
        for member in collision.members:
            if member.proposal is not None:
                others = [other.path for other in collision.members[: _NAMED + 1] if other is not member]
                rest = len(collision.members) - 1 - len(others[:_NAMED])
                more = f" and {show_count(rest, 'more recording')}" if rest else ""
                held[member.path] = f"would get the same name as {', '.join(others[:_NAMED])}{more}"
    units += [_Unit(p.location, p) for p in proposals if p.location not in contested]
    staying = occupied.difference(*(unit.leaves for unit in units))
    wanting = {unit.location: unit for unit in units if unit.takes_a_place}
    stuck = [wanting.pop(place) for place in [*wanting] if place in staying]
    for unit in stuck:  # which grows: the place of one that is stuck is not given up
        stuck += [wanting.pop(place) for place in sorted(unit.leaves & occupied) if place in wanting]
    held |= {
        unit.proposal.facts.path: f"would get the name of {show_path(unit.location)}, which stays"
        for unit in stuck
        if unit.proposal is not None
    }
    places = {unit.location for unit in stuck}
    return [unit for unit in units if unit.location not in places], held


_NAMED = 3
"""How many others are named: each of a thousand would name a thousand."""


def _require_share(units: Sequence[_Unit], surveyed: Survey, max_share: int) -> None:
    """Refuse to change more of the files that were selected than a user allows."""
    selected = {facts.location for facts in surveyed.all_facts}
    changed = {place for unit in units for place in unit.leaves}
    changed |= {unit.proposal.facts.location for unit in units if unit.proposal is not None}
    changed &= selected
    if 100 * len(changed) > max_share * len(selected):
        share = 100 * len(changed) // len(selected)
        message = f"{len(changed):,} of {show_count(len(selected), 'file')} would change ({share} %)"
        raise RecctlError(f"{message}, more than {max_share} %", "look at them without --apply first")


def _make_groups(root: Path, units: Sequence[_Unit]) -> Iterator[Group]:
    """Units that give their places to one another, together; all others each on its own."""
    leaver = {place: number for number, unit in enumerate(units) for place in unit.leaves}
    groups = list(range(len(units)))

    def find(number: int) -> int:
        while groups[number] != number:
            groups[number] = groups[groups[number]]
            number = groups[number]
        return number

    for number, unit in enumerate(units):
        if unit.location in leaver:
            groups[find(number)] = find(leaver[unit.location])
    steps: dict[int, list[Step]] = {}
    for number, unit in enumerate(units):
        steps.setdefault(find(number), []).extend(_make_steps(root, unit))
    yield from (tuple(group) for group in steps.values())


def _make_steps(root: Path, unit: _Unit) -> Iterator[Step]:
    yield from (Delete(relative(root, path), expected) for path, expected in unit.losers)
    proposal = unit.proposal
    if proposal is None:
        return
    path, content = relative(root, proposal.facts.location), proposal.content
    if proposal.moves:
        yield Move(path, proposal.expected, relative(root, proposal.location), content)
    elif content is not None:
        yield Rewrite(path, proposal.expected, content)
    yield from (Create(relative(root, place), copy) for place, copy in proposal.copies)


def _find_quoted(
    project: Project, selection: Selection, surveyed: Survey, proposals: Iterable[Proposal]
) -> Iterator[tuple[str, str]]:
    """The recordings whose reply's id would change while the request of another one quotes it."""
    changing = {proposal.ids[0]: proposal for proposal in proposals if proposal.ids is not None}
    if not changing:
        return
    neighbours = survey_neighbours(project, selection, None)
    for facts in (*surveyed.all_facts, *neighbours):
        for quoted in sorted(changing.keys() & {*facts.quoted}):
            reason = f"its reply's id {quoted} would change, and the request of {facts.path} quotes it"
            yield changing[quoted].facts.path, reason


# --- what is told of it -------------------------------------------------------------------------------------


def _conclude(
    project: Project,
    surveyed: Survey,
    proposed: Sequence[Proposal],
    collisions: tuple[Collision, ...],
    refused: Mapping[str, str],
    outcome: Applied,
    *,
    applied: bool,
) -> RehashReport:
    def show(path: str) -> str:
        return show_path(project.root / path)

    done = {show(step.path): step for group in outcome.done for step in group}
    held = {
        show(step.path): (
            held.refusal.reason
            if held.refusal.path == step.path
            else f"{show(held.refusal.path)} {held.refusal.reason}"
        )
        for held in outcome.held_back
        for step in held.group
        if not isinstance(step, Create)
    }
    proposals = {proposal.facts.path: proposal for proposal in proposed}
    choices = {
        member.path: f"{collision.kept.path} is kept: {collision.why}"
        for collision in collisions
        if collision.kept is not None
        for member in collision.members
    }
    entries, told = [], set()
    companions = [facts for facts in surveyed.companions if facts.path in proposals]
    for facts in sorted((*surveyed.all_facts, *companions), key=lambda facts: facts.path):
        entry, path = describe(facts), show_path(facts.location)
        told.add(path)
        reason, step = refused.get(facts.path) or held.get(path), done.get(path)
        if reason is not None:
            entry = entry._replace(action=Action.HOLD_BACK, remark=reason)
        elif step is not None:
            entry = _describe_step(entry, step, proposals.get(facts.path), choices.get(facts.path))
        entries.append(entry)
    moved = {entry.facts.location.parent for entry in entries if entry.action is Action.MOVE}
    return RehashReport(
        tuple(entries),
        surveyed.errors,
        collisions,
        is_applied=applied,
        run_id=outcome.run_id,
        deleted=tuple(
            sorted(path for path, step in done.items() if isinstance(step, Delete) and path not in told)
        ),
        old_indexes=tuple(sorted({show_path(index) for folder in moved for index in _find_indexes(folder)})),
    )


def _describe_step(
    entry: RehashedRecording, step: Step, proposal: Proposal | None, choice: str | None
) -> RehashedRecording:
    """What becomes of a recording by a step of the plan."""
    if isinstance(step, Delete) or proposal is None:
        return entry._replace(action=Action.DELETE, new_path=None, remark=choice)
    changes = proposal.list_changes(entry.facts.number)
    if not (proposal.moves or changes):
        return entry
    return entry._replace(
        action=Action.MOVE if proposal.moves else Action.EDIT,
        new_path=show_path(proposal.location) if proposal.moves else None,
        remark=choice or proposal.remark,
        changes=changes,
        copies=tuple(show_path(place) for place, _ in proposal.copies),
    )


def _find_indexes(folder: Path) -> list[Path]:
    """The database that the first recorders kept beside, or above, their folder of responses."""
    places = (folder / "index.sqlite", folder.parent / "index.sqlite")
    return [place for place in places if place.is_file()]
