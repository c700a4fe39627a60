"""The evidence against recordings, each kind for itself; what it comes to is decided elsewhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recctl.evidence.verdicts import Grade, Proof
from recctl.standing import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from recctl.collected import Collected
    from recctl.standing import Standing, Turn
    from recctl.track import Tracked

Found = tuple[str, Proof]
"""The path of a recording, and a proof against it."""


def prove_outdated(standings: Sequence[Standing]) -> Iterator[Found]:
    """Replaced and stranded recordings, among those that are held to a scheme."""
    for standing in standings:
        if not standing.is_held or standing.status is not Status.OUTDATED:
            continue
        why = f"{standing.identity.given}, {standing.scheme} looks for another"
        if standing.replaced_by is not None:
            yield standing.path, Proof(Grade.REPLACED, f"{why}; {standing.replaced_by} has taken its place")
        else:
            reason = f"{why}, and nothing has taken its place: recctl rehash rescues it"
            yield standing.path, Proof(Grade.STRANDED, reason)


def prove_uncollected(standings: Sequence[Standing], collected: Collected) -> Iterator[Found]:
    """Recordings of tests that are on none of the lists."""
    where = ", ".join(collected.names)
    for standing in standings:
        if standing.test_id is not None and not collected.knows(standing.test_id):
            yield standing.path, Proof(Grade.UNCOLLECTED, f"{standing.test_id} is not in {where}")


def prove_unused(standings: Sequence[Standing], tracked: Tracked, root: Path) -> Iterator[Found]:
    """Recordings that nothing opened although their tests passed, and opened others of their own.

    What some other test is known to have opened says nothing of this one's server; what a server has opened
    may have been for any test.
    """
    by_test: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for standing in standings:
        if standing.test_id in tracked.passed and standing.location.is_relative_to(root):
            location = standing.location.relative_to(root).as_posix()
            by_test[standing.test_id].append((standing.path, location))
    attributed = frozenset[str]().union(*tracked.by_test.values())
    for test_id, recordings in by_test.items():
        own = tracked.by_test.get(test_id, frozenset()) | (tracked.opened - attributed)
        opened = sum(location in own for _, location in recordings)
        for path, location in recordings:
            if opened and location in tracked.unopened:
                reason = f"{test_id} passed, opened {opened:,} of its recordings, and not this one"
                yield path, Proof(Grade.UNUSED, reason)


def group_turns(standings: Sequence[Standing]) -> list[list[Standing]]:
    """The recordings of each turn that has several which the recorder finds; lists of models left out."""
    turns: defaultdict[tuple[str, Turn], list[Standing]] = defaultdict(list)
    for standing in standings:
        if standing.turn is not None and _is_found(standing) and not standing.is_model_list:
            turns[standing.folder, standing.turn].append(standing)
    return [members for members in turns.values() if len(members) > 1]


def prove_superseded(turns: list[list[Standing]], times: Mapping[str, int], *, slack: int) -> Iterator[Found]:
    """Recordings for whose turn there is one that is newer, by more than some seconds, and found as well."""
    for members in turns:
        dated = sorted((times[member.path], member.path) for member in members if member.path in times)
        for time, path in dated:
            latest, newest = dated[-1]
            if time + slack < latest:
                reason = f"{newest} is the same turn of {_show(latest)}, this one is of {_show(time)}"
                yield path, Proof(Grade.SUPERSEDED, reason)


def prove_duplicate(standings: Sequence[Standing]) -> Iterator[Found]:
    """Recordings of a request that another file records under the name that the recorder looks for."""
    found = {standing.path for standing in standings if _is_found(standing)}
    for standing in standings:
        loaded = sorted(found.intersection(standing.conflicts_with))
        if standing.is_held and loaded and standing.path not in found:
            reason = (
                f"{loaded[0]} records the same request, and has the name that {standing.scheme} looks for"
            )
            yield standing.path, Proof(Grade.DUPLICATE, reason)


def _is_found(standing: Standing) -> bool:
    """Whether today's recorder finds a recording under its name, in its folder."""
    return standing.is_held and standing.status is Status.CURRENT and standing.folder == standing.home


def _show(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"
