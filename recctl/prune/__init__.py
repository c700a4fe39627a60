"""Which recordings can go, and the proof: facts about names, tests and runs, weighed file by file.

`examine` judges, `removal.remove` deletes by a plan. Nothing is condemned on a guess: evidence that is
incomplete is refused, what is protected stays, and what only lacks its name is left to `rehash`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.naming.ages import find_times, read_git_state
from recctl.naming.facts import NameStatus
from recctl.naming.filters import select_facts
from recctl.naming.orphans import Orphans, find_orphans
from recctl.naming.survey import survey, take_files
from recctl.prune.proofs import (
    group_turns,
    prove_duplicate,
    prove_outdated,
    prove_superseded,
    prove_twins,
    prove_uncollected,
    prove_unused,
)
from recctl.prune.protection import find_protection
from recctl.prune.unplayed import find_unplayed
from recctl.prune.verdicts import Grade, Inquiry, Proof, PruneReport, PruneVerdict, name_counted
from recctl.testsuite.collected import combine, find_missing_families

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from recctl.input.sources import Selection
    from recctl.naming.ages import GitState
    from recctl.naming.facts import Facts
    from recctl.project import Project
    from recctl.prune.conversations import Quote
    from recctl.prune.proofs import Found
    from recctl.prune.unplayed import Unplayed
    from recctl.testsuite.collected import Collected
    from recctl.testsuite.track import Tracked

__all__ = ["Grade", "Inquiry", "PruneReport", "PruneVerdict", "examine"]


def examine(project: Project, selection: Selection, inquiry: Inquiry) -> PruneReport:
    """Judge the selected recordings.

    Raises RecctlError when there is nothing to judge them by, when the evidence is incomplete, and when more
    of them would go than may.
    """
    _require_lists(inquiry)
    if any(target.spec is not None for target in selection.targets):
        raise RecctlError("a file of a revision can't be pruned", "name files that are here")
    surveyed = survey(project, selection, with_digests=inquiry.removes)
    files = (*take_files(surveyed.all_facts), *surveyed.companions)
    all_facts = sorted(files, key=lambda facts: facts.path)
    twins = [*prove_twins(all_facts)]
    _require_evidence(all_facts, inquiry, has_twins=bool(twins))
    state = read_git_state(project.root) if all_facts else None
    orphans = find_orphans(all_facts, project.root)
    unplayed: Mapping[str, Unplayed] = {}
    if inquiry.tracked is not None and not inquiry.tracked.troubles:
        unplayed = find_unplayed(surveyed.all_facts, inquiry.tracked, project)
    proofs = _weigh(all_facts, inquiry, twins, orphans, unplayed, project, state)
    parts = {target.file for target in selection.targets if target.number is not None}
    spared = _spare_files([facts for facts in all_facts if facts.path in parts], proofs)
    wanted = {facts.path for facts in all_facts}
    if inquiry.filter is not None:
        wanted = {facts.path for facts in select_facts(all_facts, inquiry.filter, project, state)}
    verdicts = [
        verdict
        for facts in all_facts
        if facts.path in wanted
        for verdict in _judge_with_singles(facts, proofs, orphans, unplayed, inquiry, project, state)
    ]
    numbers = Counter(facts.path for facts in surveyed.all_facts)
    _require_share(verdicts, {facts.path: max(1, numbers[facts.path]) for facts in all_facts}, inquiry)
    return PruneReport(
        verdicts=_describe_quotes(verdicts, all_facts, project) if inquiry.at_length else tuple(verdicts),
        examined=len(all_facts),
        taken=inquiry.grades,
        remarks=(*_remark(all_facts, inquiry, orphans), *map(_remark_on_part, spared)),
        errors=surveyed.errors,
    )


# --- what is refused ----------------------------------------------------------------------------------------

_EVIDENCE = (
    "a scheme (configured, or --scheme) shows what was replaced, --collected FILE what is not collected, "
    "--tracked FILE what is not used, --grade orphan whose test is gone"
)


def _require_lists(inquiry: Inquiry) -> None:
    """Refuse grades without the list that they go by, and runs that did not get through."""
    if Grade.STRANDED in inquiry.grades:
        raise RecctlError("stranded recordings are never pruned", "recctl rehash gives them their names back")
    if Grade.UNCOLLECTED in inquiry.grades and not inquiry.lists:
        raise RecctlError(
            "--grade uncollected goes by a list of tests",
            "pytest --collect-only -q > FILE makes one; name it with --collected FILE",
        )
    by_run = [grade for grade in (Grade.UNUSED, Grade.UNPLAYED) if grade in inquiry.grades]
    if by_run and inquiry.tracked is None:
        raise RecctlError(
            f"--grade {by_run[0]} goes by a run of the tests",
            "recctl track -o FILE -- pytest makes one; name it with --tracked FILE",
        )
    if Grade.UNPLAYED in inquiry.grades:
        _require_heard(inquiry.tracked)
    if inquiry.tracked is not None and not inquiry.tracked.complete:
        reason = f"the run of the tests is not complete: {inquiry.tracked.reason}"
        raise RecctlError(reason, "only a complete run shows what is not used; track the tests again")


def _require_heard(tracked: Tracked | None) -> None:
    """Refuse a run in which it was not seen, or not all of it, what was played."""
    if tracked is None or not tracked.complete:
        return
    if tracked.troubles:
        message = f"not all that was played could be seen: {tracked.troubles[0]}"
        raise RecctlError(message, "only a run of which all was seen shows what is not played")
    if not tracked.recorders:
        raise RecctlError(
            "no recorder was heard in the tracked run: what was played is not known",
            "recctl track hears vcrpy, in Python processes that inherit its environment",
        )


def _require_evidence(all_facts: Sequence[Facts], inquiry: Inquiry, *, has_twins: bool) -> None:
    """Refuse where nothing is at hand to judge by, or what is at hand is about other tests."""
    if not all_facts:
        return
    has_scheme = any(facts.is_held for facts in all_facts)
    has_cassettes = any(facts.is_named_by_test for facts in all_facts)
    has_list = bool(inquiry.lists) or inquiry.tracked is not None
    needs_scheme = {Grade.REPLACED, Grade.SUPERSEDED, Grade.DUPLICATE}.intersection(inquiry.grades)
    has_others = has_list or has_cassettes or has_twins
    if not has_scheme and needs_scheme and not (inquiry.default and has_others):
        if inquiry.default:
            raise RecctlError("no scheme is set, and no list of tests is named", _EVIDENCE)
        named = ", ".join(grade for grade in inquiry.grades if grade in needs_scheme)
        raise RecctlError(
            f"--grade {named} needs to know the hash scheme", "set scheme, or name it: --scheme"
        )
    test_ids = {facts.test_id for facts in all_facts if facts.test_id is not None}
    in_doubt = {facts.test_id for facts in all_facts if facts.test_id is not None and facts.is_test_open}
    for listed in inquiry.lists:
        may_know = partial(listed.may_know, in_any=True)
        if not (any(map(listed.knows, test_ids)) or any(map(may_know, in_doubt))):
            raise RecctlError(
                f"{listed.names[0]}: knows none of the {len(test_ids):,} tests that recordings name",
                "collect the tests from the folder that test ids start at, or leave this list out",
            )
    if inquiry.tracked is not None and inquiry.tracked.passed.isdisjoint(test_ids):
        raise RecctlError(
            "none of the tests that recordings name passed in the tracked run",
            "track the tests from the folder that test ids start at",
        )


def _require_share(verdicts: Sequence[PruneVerdict], sizes: Mapping[str, int], inquiry: Inquiry) -> None:
    """Refuse when so many would go that the evidence is more likely to be wrong than the recordings.

    `sizes` tell how many recordings each file holds: they are counted where single ones would go.
    """
    stale = [verdict for verdict in verdicts if verdict.stale]
    noun, max_share = name_counted(verdicts), inquiry.max_share
    if any(verdict.facts.number is not None for verdict in stale):
        noun, examined = "recording", sum(sizes.values())
    else:
        sizes, examined = dict.fromkeys(sizes, 1), len(sizes)
    counted: Counter[str] = Counter()
    for verdict in stale:
        is_single = verdict.facts.number is not None
        counted[str(verdict.grade)] += 1 if is_single else sizes[verdict.facts.path]
    if 100 * counted.total() <= max_share * examined:
        return
    grades = ", ".join(f"{number:,} {grade}" for grade, number in sorted(counted.items()))
    share = 100 * counted.total() // examined
    raise RecctlError(
        f"{counted.total():,} of {show_count(examined, noun)} would go ({share} %; {grades}), "
        f"more than {max_share} %",
        "look at them with --max-share 100, and allow it with --max-share when the evidence is right",
    )


# --- what the evidence comes to -----------------------------------------------------------------------------


_ONE_COPY = 3600
"""Files that are copied together differ by seconds in age, which says nothing; git's commits do say it."""


def _weigh(
    all_facts: Sequence[Facts],
    inquiry: Inquiry,
    twins: Iterable[Found],
    orphans: Orphans,
    unplayed: Mapping[str, Unplayed],
    project: Project,
    state: GitState | None,
) -> dict[str, list[Proof]]:
    """All evidence against each recording, the strongest first."""
    turns = group_turns(all_facts)
    times = find_times([facts.location for turn in turns for facts in turn], project.root, state)
    found: list[Iterable[Found]] = [
        prove_outdated(all_facts),
        twins,
        ((path, Proof(Grade.ORPHAN, reason)) for path, reason in orphans.proofs.items()),
        prove_superseded(turns, times, slack=_ONE_COPY if state is None else 0),
        prove_duplicate(all_facts),
    ]
    if inquiry.lists:
        found.append(prove_uncollected(all_facts, combine(inquiry.lists)))
    if inquiry.tracked is not None:
        found.append(prove_unused(all_facts, inquiry.tracked, project.root))
    found.append(
        (path, Proof(Grade.UNPLAYED, every.reason)) for path, every in unplayed.items() if every.is_all
    )
    proofs: defaultdict[str, list[Proof]] = defaultdict(list)
    for kind in found:
        for path, proof in kind:
            proofs[path].append(proof)
    strength = list(Grade).index
    for against in proofs.values():
        against.sort(key=lambda proof: strength(proof.grade))
    return proofs


def _spare_files(parts: Sequence[Facts], proofs: dict[str, list[Proof]]) -> list[str]:
    """Leave out what speaks against whole files of which only a part was named; gives the paths of these."""
    spared = []
    for facts in parts:
        against = proofs.get(facts.path, [])
        of_part = [proof for proof in against if proof.grade is Grade.UNPLAYED]
        if facts.holds_several and len(of_part) < len(against):
            spared.append(facts.path)
            proofs[facts.path] = of_part
    return spared


def _remark_on_part(path: str) -> str:
    return f"{path}: there is evidence against the whole file, of which only a part was named: it stays"


def _judge_with_singles(
    facts: Facts,
    proofs: Mapping[str, list[Proof]],
    orphans: Orphans,
    unplayed: Mapping[str, Unplayed],
    inquiry: Inquiry,
    project: Project,
    state: GitState | None,
) -> Iterator[PruneVerdict]:
    """What the evidence comes to against a file and, if that stays, against single recordings in it."""
    doubt = orphans.doubts.get(facts.path)
    of_file = _judge(facts, proofs[facts.path], doubt, inquiry, project, state)
    yield of_file
    found = unplayed.get(facts.path)
    if found is None or found.is_all or of_file.stale:
        return
    proof = Proof(Grade.UNPLAYED, found.reason)
    for recording in found.recordings:
        yield _judge(recording, [proof], None, inquiry, project, state)


def _judge(
    facts: Facts,
    proofs: Sequence[Proof],
    doubt: str | None,
    inquiry: Inquiry,
    project: Project,
    state: GitState | None,
) -> PruneVerdict:
    """What the evidence against one recording comes to: what rehash can rescue is never taken."""
    asked_for = [proof for proof in proofs if proof.grade in inquiry.grades]
    is_twin = any(proof.grade is Grade.TWIN for proof in asked_for)
    protected = None
    if not inquiry.include_protected:
        protected = find_protection(facts, project, state, by_test=not is_twin)
    if not proofs:
        reason = doubt or _describe(facts)
        return PruneVerdict(facts, None, reason, protected, in_doubt=doubt is not None)
    is_stranded = any(proof.grade is Grade.STRANDED for proof in proofs)
    if is_stranded:
        decisive = next(proof for proof in proofs if proof.grade is Grade.STRANDED)
    else:
        decisive = (asked_for or proofs)[0]
    is_stale = bool(asked_for) and not is_stranded and protected is None
    return PruneVerdict(facts, decisive.grade, decisive.reason, protected, is_stale)


def _describe(facts: Facts) -> str:
    """Why a recording is left in peace."""
    if facts.status is NameStatus.NOT_APPLICABLE:
        return facts.identity.unjudged or "its name can't be judged"
    if not facts.is_held:
        return "no evidence against it"
    if facts.status is NameStatus.UNEXPLAINED:
        return f"no scheme gives it this name, which proves nothing{_cause(facts)}"
    if facts.status is NameStatus.AHEAD:
        return f"{facts.identity.given}, which is newer than {facts.scheme}"
    return f"{facts.scheme} gives it this name"


def _cause(facts: Facts) -> str:
    return f": {facts.cause}" if facts.cause else ""


def _describe_quotes(
    verdicts: Sequence[PruneVerdict], all_facts: Sequence[Facts], project: Project
) -> tuple[PruneVerdict, ...]:
    """The verdicts, with what hangs on those that go."""
    from recctl.prune.conversations import find_quotes

    stale = {verdict.facts.path for verdict in verdicts if verdict.stale and verdict.facts.number is None}
    quotes = find_quotes(stale, all_facts, project) if stale else {}
    return tuple(
        verdict._replace(reason=f"{verdict.reason}; {_word_quotes(quotes[path], stale)}")
        if (path := verdict.facts.path) in quotes and verdict.facts.number is None
        else verdict
        for verdict in verdicts
    )


def _word_quotes(quotes: Sequence[Quote], stale: set[str]) -> str:
    """What hangs on a recording; what stays comes first."""
    first, *others = sorted(quotes, key=lambda quote: (quote.path in stale, quote.path))
    what = "its tool calls are" if first.is_call else "its reply is"
    fate = "goes, too" if first.path in stale else "stays"
    more = f" (and {len(others):,} more)" if others else ""
    return f"{what} quoted by {first.path}, which {fate}{more}"


def _remark(all_facts: Sequence[Facts], inquiry: Inquiry, orphans: Orphans) -> Iterator[str]:
    """What is to be known before the verdicts are read."""
    if inquiry.lists:
        yield from _remark_on_lists(all_facts, combine(inquiry.lists), orphans)
    if orphans.unjudged:
        count = show_count(orphans.unjudged, "recording")
        yield f"the tests of {count} are not below the root: whether they still exist can't be judged"
    unheld = sum(facts.is_named_by_hash and not facts.is_held for facts in all_facts)
    if unheld:
        count = show_count(unheld, "recording")
        yield f"no scheme is set for {count}: what was replaced among them can't be judged"
    if orphans.doubts:
        count = show_count(len(orphans.doubts), "recording")
        yield f"whether there still is a test can't be told for {count}: -v shows why"


def _remark_on_lists(all_facts: Sequence[Facts], collected: Collected, orphans: Orphans) -> Iterator[str]:
    """What lists of tests leave out that may have been forgotten."""
    unlisted = [
        facts.test_id
        for facts in all_facts
        if facts.test_id is not None
        and facts.path not in orphans.proofs
        and not collected.knows(facts.test_id)
    ]
    families = find_missing_families(collected, unlisted)
    for family in families[:_MOST_FAMILIES]:
        tests = "test" if family.members == 1 else "tests"
        whose = f"the {tests} of {show_count(family.members, 'recording')}"
        told = f"warning: {family.value} occurs in {whose} and in no list"
        yield f"{told}: was a part of the tests not collected?"
    if len(families) > _MOST_FAMILIES:
        yield f"warning: {len(families) - _MOST_FAMILIES:,} more such values occur in no list"
    for name in collected.unvouched:
        yield f"{name}: does not say how many tests there are; that it has all of them is taken on trust"
    if collected.deselected:
        yield f"warning: {collected.deselected:,} tests were deselected, and are on no list for that alone"


_MOST_FAMILIES = 5
