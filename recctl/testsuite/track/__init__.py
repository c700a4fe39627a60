"""What a run of the tests opened, played and missed, and which tests passed in it: what `recctl track` notes.

`run` runs a command, `inside` is what the processes of the command load to take notes, `notes` reads these,
and `plays` has the values for what was played.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base import strict_json
from recctl.base.amounts import show_count, show_size
from recctl.base.errors import RecctlError
from recctl.testsuite.track.plays import (
    UNSEEN,
    Miss,
    Play,
    dump,
    join_equal,
    parse_miss,
    parse_play,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = [
    "LAST_RUN",
    "Miss",
    "Play",
    "Tracked",
    "combine",
    "describe_troubles",
    "dump_tracked",
    "list_tests",
    "read_tracked",
]

VERSION = "recctl.track.v2"
EARLIER = "recctl.track.v1"
"""The version that knew nothing of plays."""

LAST_RUN = "track.json"
"""The file below `.recctl/` that has the run which was tracked last."""

MOST_BYTES = 256_000_000
"""How large a file that is read may be: a run of 100,000 plays with a few hundred differing bodies fits."""

PASSED, SKIPPED, FAILED, ERROR = "passed", "skipped", "failed", "error"
OUTCOMES = (PASSED, SKIPPED, FAILED, ERROR)
"""What may become of a test, the worst last: that is what counts when a test ran more than once."""


_NOTHING: dict[str, Any] = {}


class Tracked(NamedTuple):
    """What a run opened and played. Paths are relative to the root, with `/`.

    `opened` are recordings that any Python process of the run opened, `unopened` those that were there when
    it began and that none opened: only these can be called unused, since what was added later was never put
    to the test. `by_test` has the tests, by id, that opened recordings in pytest's own process; what a
    server or a child opened meanwhile is in `opened` alone. What a test is known to have opened says nothing
    of other tests. `outcomes` has every test that ran, `passed` those whose setup, call and teardown passed.

    A run is complete when its command ended by itself and all of its pytest sessions got through their
    tests; `reason` says why one is not.

    `plays` and `missed` are what recorders that were listened to had to do: `recorders`, by their formats'
    names. `loaded` are the files that they loaded, with the SHA-256 of their bytes in hex, "" where that
    changed; `loaded_by_test` are those of each test. `unheard` are those of them that a process, or
    another run, opened without being heard to load them; `unheard_tests` have started a Python that can't be
    heard. `troubles` say what could not be seen. `days` are those on which it ran, as 2026-12-01.
    """

    complete: bool
    reason: str | None
    opened: frozenset[str]
    by_test: dict[str, frozenset[str]]
    passed: frozenset[str]
    outcomes: dict[str, str]
    unopened: frozenset[str] = frozenset()
    plays: tuple[Play, ...] = ()
    missed: tuple[Miss, ...] = ()
    loaded: dict[str, str] = _NOTHING
    loaded_by_test: dict[str, frozenset[str]] = _NOTHING
    troubles: tuple[str, ...] = ()
    recorders: frozenset[str] = frozenset()
    unheard: frozenset[str] = frozenset()
    unheard_tests: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()


def combine(runs: Sequence[Tracked]) -> Tracked:
    """Several runs as one: the processes of a test run, or the jobs of a CI matrix.

    What one of them opened was opened; what is unopened was there in all of them and opened in none. A test
    that did not pass wherever it ran (skipped here, passed there) has not passed. The whole is complete if
    each part is; of no parts, it is not. Of a file that was not the same in all of them, nothing was seen.
    """
    outcomes: dict[str, str] = {}
    loaded: dict[str, str] = {}
    differing: set[str] = set()
    for run in runs:
        differing.update(path for path, digest in run.loaded.items() if loaded.get(path, digest) != digest)
        loaded |= run.loaded
        for test, outcome in run.outcomes.items():
            outcomes[test] = max(outcome, outcomes.get(test, PASSED), key=OUTCOMES.index)
    reasons = sorted({run.reason or "it did not end" for run in runs if not run.complete})
    if not runs:
        reasons = ["there was no run"]
    opened = frozenset[str]().union(*(run.opened for run in runs))
    unheard = frozenset[str]().union(*((run.opened - run.loaded.keys()) | run.unheard for run in runs))
    plays = (_put_in_doubt(play) if play.path in differing else play for run in runs for play in run.plays)
    return Tracked(
        complete=not reasons,
        reason="; ".join(reasons) or None,
        opened=opened,
        by_test=_join_paths(run.by_test for run in runs),
        passed=_list_passed(outcomes),
        outcomes=outcomes,
        unopened=frozenset.intersection(*(run.unopened for run in runs)) - opened if runs else frozenset(),
        plays=join_equal(plays),
        missed=join_equal(miss for run in runs for miss in run.missed),
        loaded=loaded | dict.fromkeys(differing, ""),
        loaded_by_test=_join_paths(run.loaded_by_test for run in runs),
        troubles=tuple(sorted({trouble for run in runs for trouble in run.troubles})),
        recorders=frozenset[str]().union(*(run.recorders for run in runs)),
        unheard=unheard & loaded.keys(),
        unheard_tests=frozenset[str]().union(*(run.unheard_tests for run in runs)),
        days=frozenset[str]().union(*(run.days for run in runs)),
    )


def _join_paths(parts: Iterable[dict[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    joined: dict[str, frozenset[str]] = {}
    for part in parts:
        for test, paths in part.items():
            joined[test] = joined.get(test, frozenset()) | paths
    return joined


def list_tests(*by_test: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    """The tests of each file, given the files of each test."""
    tests: defaultdict[str, set[str]] = defaultdict(set)
    for each in by_test:
        for test, paths in each.items():
            for path in paths:
                tests[path].add(test)
    return dict(tests)


def describe_troubles(run: Tracked) -> Iterator[str]:
    """What could not be seen of a run, as sentences; of many such, a few."""
    for trouble in run.troubles[:_MOST_TROUBLES]:
        yield f"not all of the run could be seen: {trouble}"
    if len(run.troubles) > _MOST_TROUBLES:
        yield f"and {show_count(len(run.troubles) - _MOST_TROUBLES, 'more such trouble')}"


_MOST_TROUBLES = 3


def _put_in_doubt(play: Play) -> Play:
    """A play of a file that was not the same throughout."""
    reason = "the file was not the same in all runs"
    return Play(play.path, None, play.test_id, play.times, UNSEEN, reason)


def dump_tracked(run: Tracked) -> str:
    """A run as the JSON document that `read_tracked` reads."""
    tests = {
        test: {
            "outcome": run.outcomes.get(test),
            "opened": sorted(run.by_test.get(test, ())),
            **({"loaded": sorted(run.loaded_by_test[test])} if test in run.loaded_by_test else {}),
        }
        for test in sorted(run.outcomes.keys() | run.by_test.keys() | run.loaded_by_test.keys())
    }
    document = {
        "version": VERSION,
        "complete": run.complete,
        "reason": run.reason,
        "opened": sorted(run.opened),
        "unopened": sorted(run.unopened),
        "tests": tests,
        "recorders": sorted(run.recorders),
        "loaded": dict(sorted(run.loaded.items())),
        "unheard": sorted(run.unheard),
        "unheard_tests": sorted(run.unheard_tests),
        "days": sorted(run.days),
        "plays": [dump(play) for play in run.plays],
        "missed": [dump(miss) for miss in run.missed],
        "troubles": [*run.troubles],
        "errors": [],
    }
    return (
        "{\n"
        + ",\n".join(f" {json.dumps(key)}: {_write_lines(value)}" for key, value in document.items())
        + "\n}\n"
    )


def _write_lines(value: Any) -> str:
    """A value as JSON, each of its items on a line: `json`'s own indents take ten times as long."""
    if isinstance(value, dict) and value:
        return (
            "{\n  "
            + ",\n  ".join(f"{json.dumps(key)}: {json.dumps(each)}" for key, each in value.items())
            + "\n }"
        )
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
    return json.dumps(value)


def read_tracked(path: Path) -> Tracked:
    """What `recctl track` wrote to a file. Raises RecctlError for anything else, and what can't be read."""
    hint = "name a file that recctl track -o FILE has written"
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise RecctlError(f"{path}: is larger than {show_size(MOST_BYTES)}", hint)
        return _parse(strict_json.decode(content.decode()))
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", hint) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RecctlError(f"{path}: is not what recctl track writes ({VERSION})", hint) from None


def _parse(document: Any) -> Tracked:
    """A document as a run. Raises ValueError, KeyError, TypeError or AttributeError where it is none."""
    reason = document["reason"]
    if document["version"] not in (VERSION, EARLIER) or type(document["complete"]) is not bool:
        raise ValueError("not of this version")
    if not (isinstance(reason, str) or (reason is None and document["complete"])):
        raise ValueError("an incomplete run without a reason")
    outcomes, by_test, loaded_by_test = {}, {}, {}
    for test, facts in document["tests"].items():
        if opened := _parse_texts(facts["opened"]):
            by_test[test] = opened
        if loaded := _parse_texts(facts.get("loaded", [])):
            loaded_by_test[test] = loaded
        if facts["outcome"] is not None:
            outcomes[test] = OUTCOMES[OUTCOMES.index(facts["outcome"])]
    return Tracked(
        complete=document["complete"],
        reason=reason,
        opened=_parse_texts(document["opened"]),
        by_test=by_test,
        passed=_list_passed(outcomes),
        outcomes=outcomes,
        unopened=_parse_texts(document["unopened"]),
        plays=join_equal(map(parse_play, document.get("plays", []))),
        missed=join_equal(map(parse_miss, document.get("missed", []))),
        loaded=_parse_digests(document.get("loaded", {})),
        loaded_by_test=loaded_by_test,
        troubles=tuple(sorted(_parse_texts(document.get("troubles", [])))),
        recorders=_parse_texts(document.get("recorders", [])),
        unheard=_parse_texts(document.get("unheard", [])),
        unheard_tests=_parse_texts(document.get("unheard_tests", [])),
        days=_parse_days(document.get("days", [])),
    )


def _parse_digests(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(digest, str) for digest in value.values()):
        raise ValueError("no digests by path")
    return value


def _parse_days(value: Any) -> frozenset[str]:
    days = _parse_texts(value)
    if len(days) > _MOST_DAYS or not all(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day) for day in days):
        raise ValueError("no days")
    return days


_MOST_DAYS = 100


def _parse_texts(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise ValueError("not a list of texts")
    return frozenset(value)


def _list_passed(outcomes: dict[str, str]) -> frozenset[str]:
    return frozenset(test for test, outcome in outcomes.items() if outcome == PASSED)
