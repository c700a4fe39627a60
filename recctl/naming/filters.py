"""Which recordings are looked at: by age and by what they say of themselves. No filter is evidence."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError, did_you_mean
from recctl.naming.ages import find_times
from recctl.project import check_tests, is_of_test
from recctl.recordings.load import begins_like, find_file_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from recctl.naming.ages import GitState
    from recctl.naming.facts import Facts
    from recctl.project import Project


class Filter(NamedTuple):
    """What recordings must be, each as far as it says anything; `min_age` counts in seconds."""

    min_age: int | None = None
    tests: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == _EVERYTHING


_EVERYTHING = Filter()


def parse_age(text: str) -> int:
    """An age in seconds, from a text like "90d" (h, d, w or y). Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,6}) ?([hdwy])", text)
    if match is None:
        raise ValueError("should be an age, such as 12h, 90d, 6w or 1y")
    return int(match[1]) * 3600 * {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}[match[2]]


def select_facts(
    all_facts: Sequence[Facts], wanted: Filter, project: Project, state: GitState | None
) -> list[Facts]:
    """What is known of the recordings that a filter lets through.

    Raises RecctlError for a word that none of them fits, and where none fits all that is wanted.
    """
    left = list(all_facts)
    if wanted.tests:
        meant = {word: [each for each in left if _is_of_test(each, word, project)] for word in wanted.tests}
        unknown = [word for word, found in meant.items() if not found]
        check_tests(unknown, {facts.test_id for facts in all_facts if facts.test_id is not None})
        paths = {facts.path for found in meant.values() for facts in found}
        left = [facts for facts in left if facts.path in paths]
    for what, words, list_words in (
        ("of model", wanted.models, _list_models),
        ("for endpoint", wanted.endpoints, _list_endpoints),
        ("by provider", wanted.providers, _list_providers),
    ):
        for word in words:
            if all_facts and not any(_fits(facts, word, list_words) for facts in all_facts):
                known = sorted({name for facts in all_facts for name in list_words(facts)})
                raise RecctlError(f"no recording is {what} {word!r}", _suggest(word, known))
        if words:
            left = [facts for facts in left if any(_fits(facts, word, list_words) for word in words)]
    if all_facts and not left:
        raise RecctlError("no recording fits all that is asked for", "leave one of the filters out")
    if wanted.min_age is not None:
        latest = time.time() - wanted.min_age
        times = find_times([facts.location for facts in left], project.root, state)
        left = [facts for facts in left if times.get(facts.location, latest) < latest]
    return left


def _is_of_test(facts: Facts, word: str, project: Project) -> bool:
    """Whether a word means a recording's test, or another one that its file's name may mean."""
    if is_of_test(facts.test_id, word) or begins_like(facts.location, word):
        return True
    may_be = facts.is_test_open or is_of_test(facts.test_id, word.partition("[")[0])
    if not (facts.is_named_by_test and may_be):
        return False
    found = find_file_tests(facts.location, project.settings_for(facts.location))
    return found is not None and found.may_be_of(word)


def _suggest(word: str, known: list[str]) -> str:
    """What to write instead: the nearest, or some of what there is."""
    more = f" and {len(known) - _TOLD:,} more" if len(known) > _TOLD else ""
    return did_you_mean(word, known) or f"known are {', '.join(known[:_TOLD])}{more}"


_TOLD = 10


def _fits(facts: Facts, word: str, list_words: Callable[[Facts], Iterable[str]]) -> bool:
    """Whether a word is one of a recording's; a provider's host may be cut before a dot."""
    return any(word == known for known in list_words(facts)) or (
        list_words is _list_providers and any(host.endswith(f".{word}") for host in facts.providers)
    )


def _list_models(facts: Facts) -> tuple[str, ...]:
    return () if facts.model is None else (facts.model,)


def _list_endpoints(facts: Facts) -> tuple[str, ...]:
    return (facts.endpoint,)


def _list_providers(facts: Facts) -> Iterable[str]:
    """The providers that a request or its url names, and those that stand before a slash in the test's id."""
    yield from facts.providers
    parameters = (facts.test_id or "").partition("[")[2]
    for found in _BEFORE_SLASH.finditer(parameters):
        words = found[1].split("-")
        yield from ("-".join(words[start:]) for start in range(len(words)))


_BEFORE_SLASH = re.compile(r"(?:^|[=:])([^=:/]+)/")
