"""What recordings are to each other: which replaces which, and which want one name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from recctl.naming.facts import Conflict, Facts, NameStatus, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def relate(all_facts: Iterable[Facts], neighbours: Iterable[Facts]) -> Iterator[Facts]:
    """The facts, with what replaces each recording and which others want its name.

    `neighbours` are the recordings beside those, which may do either.
    """
    all_facts = tuple(all_facts)
    left_behind = {
        facts.turn.test_id
        for facts in all_facts
        if facts.turn is not None and facts.status is NameStatus.OUTDATED
    }
    successors: dict[Turn, str] = {}
    rivals: defaultdict[tuple[str, str], list[Facts]] = defaultdict(list)
    for facts in sorted((*all_facts, *neighbours), key=lambda facts: facts.path):
        if facts.turn is not None and facts.turn.test_id in left_behind and facts.is_found:
            successors.setdefault(facts.turn.place, facts.path)
        if facts.identity.wanted is not None:
            rivals[facts.expected_folder, facts.identity.wanted].append(facts)
    conflicts = {place: _meet(members) for place, members in rivals.items() if len(members) > 1}
    for facts in all_facts:
        replaced_by = None
        if facts.status is NameStatus.OUTDATED and facts.turn is not None:
            replaced_by = successors.get(facts.turn.place)
        conflict = conflicts.get((facts.expected_folder, facts.identity.wanted or ""))
        if (replaced_by, conflict) == (facts.replaced_by, facts.conflict):
            yield facts
        else:
            yield facts._replace(replaced_by=replaced_by, conflict=conflict)


def _meet(members: list[Facts]) -> Conflict:
    """What several recordings that want one name are to each other.

    The recorder may look for lists of models by two names, of which one is no longer given.
    """
    found = [facts for facts in members if facts.is_held and facts.is_found]
    found.sort(key=lambda facts: facts.identity.name != facts.identity.wanted)
    return Conflict(tuple(facts.path for facts in members), found[0].path if found else None)
