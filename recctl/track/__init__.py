"""Which recordings a run of the tests opened, and which tests passed in it: what `recctl track` writes down.

`run` runs a command and takes the notes, `inside` is what the processes of the command load to write them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.errors import RecctlError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VERSION = "recctl.track.v1"
PASSED, SKIPPED, FAILED, ERROR = "passed", "skipped", "failed", "error"
OUTCOMES = (PASSED, SKIPPED, FAILED, ERROR)
"""What may become of a test, the worst last: that is what counts when a test ran more than once."""


class Tracked(NamedTuple):
    """What a run opened. Paths are relative to the root, with `/`.

    `opened` are recordings that any Python process of the run opened, `unopened` those that were there when
    it began and that none opened: only these can be called unused, since what was added later was never put
    to the test. `by_test` has the tests, by id, that opened recordings in pytest's own process; what a
    server or a child opened meanwhile is in `opened` alone. What a test is known to have opened says nothing
    of other tests. `outcomes` has every test that ran, `passed` those whose setup, call and teardown passed.

    A run is complete when its command ended by itself and all of its pytest sessions got through their
    tests; `reason` says why one is not.
    """

    complete: bool
    reason: str | None
    opened: frozenset[str]
    by_test: dict[str, frozenset[str]]
    passed: frozenset[str]
    outcomes: dict[str, str]
    unopened: frozenset[str] = frozenset()


def combine(runs: Sequence[Tracked]) -> Tracked:
    """Several runs as one: the processes of a test run, or the jobs of a CI matrix.

    What one of them opened was opened; what is unopened was there in all of them and opened in none. A test
    that did not pass wherever it ran (skipped here, passed there) has not passed. The whole is complete if
    each part is; of no parts, it is not.
    """
    by_test: dict[str, frozenset[str]] = {}
    outcomes: dict[str, str] = {}
    for run in runs:
        for test, opened in run.by_test.items():
            by_test[test] = by_test.get(test, frozenset()) | opened
        for test, outcome in run.outcomes.items():
            outcomes[test] = max(outcome, outcomes.get(test, PASSED), key=OUTCOMES.index)
    reasons = sorted({run.reason or "it did not end" for run in runs if not run.complete})
    if not runs:
        reasons = ["there was no run"]
    opened = frozenset[str]().union(*(run.opened for run in runs))
    return Tracked(
        complete=not reasons,
        reason="; ".join(reasons) or None,
        opened=opened,
        by_test=by_test,
        passed=_list_passed(outcomes),
        outcomes=outcomes,
        unopened=frozenset.intersection(*(run.unopened for run in runs)) - opened if runs else frozenset(),
    )


def dump_tracked(run: Tracked) -> str:
    """A run as the JSON document that `read_tracked` reads."""
    tests = {
        test: {"outcome": run.outcomes.get(test), "opened": sorted(run.by_test.get(test, ()))}
        for test in sorted(run.outcomes.keys() | run.by_test.keys())
    }
    document = {
        "version": VERSION,
        "complete": run.complete,
        "reason": run.reason,
        "opened": sorted(run.opened),
        "unopened": sorted(run.unopened),
        "tests": tests,
        "errors": [],
    }
    return json.dumps(document, indent=1) + "\n"


def read_tracked(path: Path) -> Tracked:
    """What `recctl track` wrote to a file. Raises RecctlError for anything else, and what can't be read."""
    hint = "name a file that recctl track -o FILE has written"
    try:
        return _parse(json.loads(path.read_bytes()))
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", hint) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RecctlError(f"{path}: is not what recctl track writes ({VERSION})", hint) from None


def _parse(document: Any) -> Tracked:
    """A document as a run. Raises ValueError, KeyError, TypeError or AttributeError where it is none."""
    reason = document["reason"]
    if document["version"] != VERSION or type(document["complete"]) is not bool:
        raise ValueError("not of this version")
    if not (isinstance(reason, str) or (reason is None and document["complete"])):
        raise ValueError("an incomplete run without a reason")
    outcomes, by_test = {}, {}
    for test, facts in document["tests"].items():
        if opened := _parse_paths(facts["opened"]):
            by_test[test] = opened
        if facts["outcome"] is not None:
            outcomes[test] = OUTCOMES[OUTCOMES.index(facts["outcome"])]
    return Tracked(
        complete=document["complete"],
        reason=reason,
        opened=_parse_paths(document["opened"]),
        by_test=by_test,
        passed=_list_passed(outcomes),
        outcomes=outcomes,
        unopened=_parse_paths(document["unopened"]),
    )


def _parse_paths(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        raise ValueError("not a list of paths")
    return frozenset(value)


def _list_passed(outcomes: dict[str, str]) -> frozenset[str]:
    return frozenset(test for test, outcome in outcomes.items() if outcome == PASSED)
