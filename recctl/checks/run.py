"""The one pass over all files: each is examined by itself, unless it is known, then all of them together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError, suggest
from recctl.base.parallel import map_files
from recctl.checks import conversation, identity
from recctl.checks.account import describe_once
from recctl.checks.conversation import check_repeated_calls, list_calls
from recctl.checks.file import INTERNAL_ERROR
from recctl.checks.finding import CheckReport
from recctl.checks.identity import (
    MISSING_TEST,
    check_missing_tests,
    check_names,
    check_twins,
    describe_schemes,
    detect_scheme,
)
from recctl.naming.facts import NameStatus
from recctl.naming.relations import relate
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recctl.checks.cache import Cache
    from recctl.checks.finding import Examined, Finding, Rule
    from recctl.input.sources import Selection, Target
    from recctl.naming.facts import Calls, Facts
    from recctl.naming.history import Past
    from recctl.project import Project, Settings

_FAMILIES = ("account", "content", "conversation", "file", "identity", "schema", "secret", "stream", "tools")

Watch = Callable[[int], None]


def _ignore(done: int) -> None:  # noqa: ARG001  (a Watch that does nothing)
    return


def list_rules() -> tuple[Rule, ...]:
    """All rules, by name."""
    families = (import_module(f"recctl.checks.{family}") for family in _FAMILIES)
    return tuple(sorted((rule for family in families for rule in family.RULES), key=lambda rule: rule.name))


def validate(
    project: Project,
    selection: Selection,
    *,
    jobs: int | None = None,
    cache: Cache | None = None,
    known: dict[str, Examined] | None = None,
    watch: Watch = _ignore,
) -> CheckReport:
    """Check all that was selected, one file at a time; the report is the same for any number of `jobs`.

    `jobs` is how many processes to use, one a core by default. `cache` knows files that have not changed, and
    learns of the others; `known` is the same by name, for this process alone. `watch` is told how many files
    are done. Raises RecctlError when the configuration names an unknown rule.
    """
    _check_rules(project)
    targets = selection.targets
    found = [(known or {}).get(t.name) or (cache.get(t) if cache else None) for t in targets]
    new = [number for number, examined in enumerate(found) if examined is None]
    results = zip(new, _examine_all(project, [targets[number] for number in new], jobs), strict=True)
    for done, (number, examined) in enumerate(results, len(targets) - len(new) + 1):
        found[number] = examined
        watch(done)
        if cache is not None and not any(f.rule == INTERNAL_ERROR.name for f in examined.findings):
            cache.put(targets[number], examined)
    examined_files = [examined for examined in found if examined is not None]
    if known is not None:
        known.update(zip((target.name for target in targets), examined_files, strict=True))
    findings = [finding for file in examined_files for finding in file.findings]
    all_facts = [facts for file in examined_files for facts in file.facts]
    neighbours = _survey_neighbours(project, selection, all_facts)
    all_facts = [*relate(all_facts, neighbours)]
    scheme = detect_scheme(all_facts)
    pasts, have_same_reply = _find_pasts(project, all_facts), _compare_replies(project, cache)
    findings += check_names(all_facts, neighbours, pasts, have_same_reply, scheme)
    findings += check_repeated_calls(all_facts, scheme, partial(_read_neighbours_calls, project, selection))
    if any(target.settings.applies(MISSING_TEST.name) for target in (*targets, *selection.companions)):
        findings += check_missing_tests((*all_facts, *_survey_companions(selection)), project.root)
    findings += check_twins(all_facts)
    settings = {target.file: target.settings for target in (*targets, *selection.companions)}
    errors = [*selection.unread, *(file.error for file in examined_files if file.error is not None)]
    return CheckReport(
        checked=sum(file.recordings for file in examined_files),
        ignored=selection.ignored,
        findings=tuple(
            sorted(
                describe_once(sorted((f for f in findings if _is_told(f, settings[f.path])), key=_order)),
                key=_order,
            )
        ),
        errors=tuple(sorted(errors, key=lambda error: error.name)),
        remark=describe_schemes(all_facts, scheme),
    )


_FEW_FILES = 2

_FEW = 8
"""How many replies are kept while they are compared: those of one name come one after the other."""

WORTH_CACHING = 50
"""How many files there must be for a cache to gain more than reading it costs."""


def _examine_all(project: Project, targets: list[Target], jobs: int | None) -> Iterator[Examined]:
    if targets:
        from recctl.checks.examine import examine  # with all that it takes; for known files, nothing is

        if len(targets) > _FEW_FILES:
            import_module("jsonschema_rs")  # a few small ones are read in less time without it
        if len(targets) > WORTH_CACHING:
            from recctl.checks.secret_finder import prepare

            prepare()  # once, before there are several processes that would each do so

        all_settings, rules = project.all_settings(), (*identity.RULES, *conversation.RULES)
        look = partial(
            examine,
            root=project.root,
            with_facts=any(settings.applies(rule.name) for settings in all_settings for rule in rules),
            # What has taken a recording's place is told only where its name is held to a scheme.
            with_turn=any(settings.scheme for settings in all_settings),
        )
        yield from map_files(look, targets, jobs)


def _survey_neighbours(project: Project, selection: Selection, all_facts: Sequence[Facts]) -> list[Facts]:
    """The facts about recordings beside those that were named, of the same tests, if they can matter."""
    in_doubt = {facts.test_id for facts in all_facts if not facts.is_beyond_doubt}
    if not (in_doubt and any(target.named for target in selection.targets)):
        return []
    from recctl.naming.survey import survey_neighbours

    return survey_neighbours(project, selection, in_doubt)


def _survey_companions(selection: Selection) -> Iterator[Facts]:
    """The facts about the files that hold no recording and go with those of tests."""
    if selection.companions:
        from recctl.naming.survey import find_companion

        found = map(find_companion, selection.companions)
        yield from (facts._replace(shown_test_id=facts.test_id) for facts in found if facts is not None)


def _read_neighbours_calls(
    project: Project, selection: Selection, test_ids: set[str | None]
) -> Iterator[tuple[str | None, Calls]]:
    """The tool calls of recordings of these tests beside those that were named."""
    if not any(target.named for target in selection.targets):
        return
    from recctl.naming.neighbours import read_neighbours
    from recctl.recordings.attempt import attempt
    from recctl.wire import read_exchange

    for recording in read_neighbours(project, selection, test_ids):
        exchange = attempt(recording.source.name, read_exchange, recording)
        if not isinstance(exchange, Unread):
            yield recording.test_id, list_calls(exchange)


def _compare_replies(project: Project, cache: Cache | None) -> Callable[[Facts, Facts], bool]:
    """What tells whether two recordings have the same reply; each is read once, and none before it has to."""

    @lru_cache(maxsize=_FEW)
    def find_digest(facts: Facts) -> str | None:
        target = facts.target(project)
        digest = cache.get_reply(target) if cache is not None else None
        if digest is None:
            from recctl.naming.replies import digest_reply

            digest = digest_reply(facts, project)
            if cache is not None and digest is not None:
                cache.put_reply(target, digest)
        return digest

    return lambda one, other: find_digest(one) == find_digest(other) is not None


def _find_pasts(project: Project, all_facts: Sequence[Facts]) -> Mapping[str, Past]:
    """What was found before, of the recordings whose names nothing explains: where that is to be judged."""
    unexplained = [facts for facts in all_facts if facts.is_held and facts.status is NameStatus.UNEXPLAINED]
    if not unexplained:
        return {}
    from recctl.naming.history import find_pasts

    return find_pasts(project, unexplained)


def _check_rules(project: Project) -> None:
    """Raises RecctlError when the configuration names a rule that there is not."""
    chosen = any(settings.select or settings.ignore for settings in project.all_settings())
    rules = [rule.name for rule in list_rules()] if chosen else []
    for settings in project.all_settings():
        for name in (*settings.select, *settings.ignore):
            if name not in rules:
                raise RecctlError(f"unknown rule {name!r}", suggest(name, rules))


def _is_told(finding: Finding, settings: Settings) -> bool:
    """Whether a finding is of a rule in force; --select does not silence that a file was not checked."""
    is_failure = finding.rule == INTERNAL_ERROR.name and finding.rule not in settings.ignore
    return is_failure or settings.applies(finding.rule)


def _order(finding: Finding) -> tuple[str, tuple[int, int], str, str]:
    return finding.path, finding.position or (0, 0), finding.rule, finding.message
