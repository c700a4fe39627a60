"""Recordings of files with several of which a run played others, or none at all: what single ones go by."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_count
from recctl.base.digests import sha256
from recctl.input.sources import Target, read
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.source import Source, Unread
from recctl.testsuite.track import ERROR, FAILED, list_tests

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recctl.naming.facts import Facts
    from recctl.project import Project
    from recctl.testsuite.track import Tracked


class Unplayed(NamedTuple):
    """What of a file was not played: the facts about each such recording, with its own size, and why.

    `is_all` says that it is all that the file holds.
    """

    recordings: tuple[Facts, ...]
    reason: str
    is_all: bool


class _Played(NamedTuple):
    """What is known of the files of a run, by path: who loaded, played, opened each, and what was played.

    `missing` are the files in which a request found no recording, `failed` the sources of failed tests.
    """

    loaders: dict[str, set[str]]
    players: dict[str, set[str]]
    openers: dict[str, set[str]]
    numbers: dict[str, set[int | None]]
    missing: frozenset[str]
    failed: frozenset[str]


def find_unplayed(all_facts: Iterable[Facts], tracked: Tracked, project: Project) -> dict[str, Unplayed]:
    """By path, what a complete run played nothing of, given the facts about each recording.

    Its file must be what it was in the run, be named after one test, and have been loaded and played by
    nothing but tests that passed, that one among them. Where it is not known which of its recordings was
    played, or a request found none, nothing is proven: that may be what one of them is for. Nor is it where
    other tests may be waiting for it: one of the same source failed, or more name the file than loaded it.
    """
    played = _sort(tracked)
    count_names = cache(_count_names)
    by_path: defaultdict[str, list[Facts]] = defaultdict(list)
    for facts in all_facts:
        if facts.is_named_by_test and not facts.is_test_open and facts.number is not None:
            by_path[facts.path].append(facts)
    found = {}
    for path, recordings in by_path.items():
        location = recordings[0].location
        if not location.is_relative_to(project.root):
            continue
        place = location.relative_to(project.root).as_posix()
        numbers = played.numbers.get(place, set())
        left = [facts for facts in recordings if facts.number not in numbers]
        test_id = recordings[0].test_id
        if left and test_id is not None and _is_proof(place, test_id, tracked, played):
            test_file = project.root / _get_test_file(test_id)
            names = count_names(test_file.parent, is_deep=test_file.parent != project.root)
            if names[location.name] + names[location.stem] > len(played.loaders[place]):
                continue
            unplayed = attempt(path, _measure, left, tracked.loaded[place], project)
            if unplayed is not None and not isinstance(unplayed, Unread):
                sized, total = unplayed
                reason = _describe(played.loaders[place], len(numbers), total)
                found[path] = Unplayed(sized, reason, is_all=len(sized) == total)
    return found


def _sort(tracked: Tracked) -> _Played:
    numbers: defaultdict[str, set[int | None]] = defaultdict(set)
    players: defaultdict[str, set[str]] = defaultdict(set)
    for play in tracked.plays:
        numbers[play.path].add(play.number)
        if play.test_id:
            players[play.path].add(play.test_id)
    missing = frozenset(miss.cassette for miss in tracked.missed if miss.cassette is not None)
    loaders, openers = list_tests(tracked.loaded_by_test), list_tests(tracked.by_test)
    failed = {
        _get_test_file(test) for test, outcome in tracked.outcomes.items() if outcome in (FAILED, ERROR)
    }
    return _Played(loaders, dict(players), openers, dict(numbers), missing, frozenset(failed))


def _get_test_file(test_id: str) -> str:
    return test_id.partition("::")[0]


_NAME = re.compile(rb"""["'/]([^"'/\\\s]+)["']""")


def _count_names(folder: Path, *, is_deep: bool) -> Counter[str]:
    """How often each word is the end of a text in quotes in the Python sources of a folder."""
    counted: Counter[bytes] = Counter()
    for path in sorted(folder.rglob("*.py") if is_deep else folder.glob("*.py")):
        with suppress(OSError):
            counted.update(_NAME.findall(path.read_bytes()))
    return Counter({name.decode(errors="replace"): number for name, number in counted.items()})


def _is_proof(place: str, test_id: str, tracked: Tracked, played: _Played) -> bool:
    """Whether all is known of what was played of a file, and its test passed."""
    loaders = played.loaders.get(place, set())
    return (
        test_id in loaders
        and loaders <= tracked.passed - tracked.unheard_tests
        and _get_test_file(test_id) not in played.failed
        and played.players.get(place, set()) <= loaders
        and played.openers.get(place, set()) <= loaders
        and bool(tracked.loaded.get(place))
        and place not in tracked.unheard
        and place not in played.missing
        and None not in played.numbers.get(place, set())
    )


def _measure(
    recordings: list[Facts], expected: str, project: Project
) -> tuple[tuple[Facts, ...], int] | None:
    """Recordings of a file with their sizes, and how many it holds; None where it is not what it was."""
    first = recordings[0]
    source = read(Target(first.path, project.settings_for(first.location), first.location))
    if not isinstance(source, Source) or sha256(source.content) != expected:
        return None
    sizes = dict(enumerate(load_format(first.format).measure(source), 1))
    sized = tuple(facts._replace(size=sizes[facts.number]) for facts in recordings if facts.number in sizes)
    return (sized, len(sizes)) if len(sized) == len(recordings) else None


def _describe(loaders: set[str], played: int, total: int) -> str:
    who = min(loaders) if len(loaders) == 1 else f"{len(loaders):,} tests"
    if not played:
        return f"{who} passed, loaded the file, and played nothing of it"
    return f"{who} passed, played {played:,} of its file's {show_count(total, 'recording')}, and not this one"
