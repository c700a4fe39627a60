"""The evidence against recordings, each kind for itself; what it comes to is decided elsewhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recctl.naming.facts import NameStatus
from recctl.naming.twins import find_twins
from recctl.prune.verdicts import Grade, Proof

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from recctl.naming.facts import Facts, Turn
    from recctl.testsuite.collected import Collected
    from recctl.testsuite.track import Tracked

Found = tuple[str, Proof]
"""The path of a recording, and a proof against it."""


def prove_outdated(all_facts: Sequence[Facts]) -> Iterator[Found]:
    """Replaced and stranded recordings, among those that are held to a scheme."""
    for facts in all_facts:
        if not facts.is_held or facts.status is not NameStatus.OUTDATED:
            continue
        why = f"{facts.identity.given}, {facts.scheme} looks for another"
        if facts.replaced_by is not None:
            yield facts.path, Proof(Grade.REPLACED, f"{why}; {facts.replaced_by} has taken its place")
        else:
            reason = f"{why}, and nothing has taken its place: recctl rehash rescues it"
            yield facts.path, Proof(Grade.STRANDED, reason)


def prove_twins(all_facts: Sequence[Facts]) -> Iterator[Found]:
    """Files that their recorder has left behind, beside those that took their places."""
    for path, name in find_twins(all_facts).items():
        yield path, Proof(Grade.TWIN, f"{name} has taken its place, and lies beside it")


def prove_uncollected(all_facts: Sequence[Facts], collected: Collected) -> Iterator[Found]:
    """Recordings of tests that are on none of the lists."""
    where = ", ".join(collected.names)
    for facts in all_facts:
        if facts.test_id is None or collected.knows(facts.test_id):
            continue
        in_any = facts.is_test_open
        if not (facts.is_named_by_test and collected.may_know(facts.test_id, in_any=in_any)):
            yield facts.path, Proof(Grade.UNCOLLECTED, f"{facts.test_id} is not in {where}")


def prove_unused(all_facts: Sequence[Facts], tracked: Tracked, root: Path) -> Iterator[Found]:
    """Recordings that nothing opened although their tests passed, and opened others of their own.

    What some other test is known to have opened says nothing of this one's server; what a server has opened
    may have been for any test.
    """
    by_test: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for facts in all_facts:
        if facts.is_test_open:
            continue  # it may be for a test that did not run
        if facts.test_id in tracked.passed - tracked.unheard_tests and facts.location.is_relative_to(root):
            location = facts.location.relative_to(root).as_posix()
            by_test[facts.test_id].append((facts.path, location))
    attributed = frozenset[str]().union(*tracked.by_test.values())
    for test_id, recordings in by_test.items():
        own = tracked.by_test.get(test_id, frozenset()) | (tracked.opened - attributed)
        opened = sum(location in own for _, location in recordings)
        for path, location in recordings:
            if opened and location in tracked.unopened:
                reason = f"{test_id} passed, opened {opened:,} of its recordings, and not this one"
                yield path, Proof(Grade.UNUSED, reason)


def group_turns(all_facts: Sequence[Facts]) -> list[list[Facts]]:
    """The recordings of each turn that has several which the recorder finds; lists of models left out.

    What tools answered counts, too: these are recordings that tests may well play.
    """
    turns: defaultdict[tuple[str, Turn], list[Facts]] = defaultdict(list)
    for facts in all_facts:
        if facts.turn is not None and facts.is_held and facts.is_found and not facts.is_model_list:
            turns[facts.folder, facts.turn].append(facts)
    return [members for members in turns.values() if len(members) > 1]


def prove_superseded(turns: list[list[Facts]], times: Mapping[Path, float], *, slack: int) -> Iterator[Found]:
    """Recordings for whose turn there is one that is newer, by more than some seconds, and found as well."""
    for members in turns:
        dated = sorted((times[m.location], m.path) for m in members if m.location in times)
        for time, path in dated:
            latest, newest = dated[-1]
            if time + slack < latest:
                reason = f"{newest} is the same turn of {_show(latest)}, this one is of {_show(time)}"
                yield path, Proof(Grade.SUPERSEDED, reason)


def prove_duplicate(all_facts: Sequence[Facts]) -> Iterator[Found]:
    """Recordings of a request that another file records under the name that the recorder looks for."""
    for facts in all_facts:
        found = facts.duplicate_of
        if found is not None:
            reason = f"{found} records the same request, and has the name that {facts.scheme} looks for"
            yield facts.path, Proof(Grade.DUPLICATE, reason)


def _show(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"
