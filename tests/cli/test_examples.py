"""The examples do what their folders say: `good` is silent, each folder of `bad` breaks its rule alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from recctl.checks.run import list_rules
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from tests.cli.conftest import Run

IN_FORCE = {rule.name for rule in list_rules() if rule.always}
RULES = {rule.name: rule.severity.label for rule in list_rules()}


def test_good_examples_are_silent(run: Run) -> None:
    outcome = run("validate", "examples/good", "--strict", "--verbose", cwd=CHECKOUT)
    assert (outcome.code, outcome.out) == (0, "")


def test_good_examples_can_be_shown(run: Run) -> None:
    outcome = run("show", "examples/good", "--format", "json", cwd=CHECKOUT)
    assert (outcome.code, outcome.err) == (0, "")
    shown = json.loads(outcome.out)["recordings"]
    assert [recording["path"] for recording in shown if recording["wire"] == "unknown"] == []


def test_a_rule_is_explained_with_what_breaks_it_and_what_does_not(run: Run) -> None:
    outcome = run("rules", "unknown-tool")
    assert outcome.out.splitlines() == [
        "unknown-tool (warning)",
        "",
        "A tool is called that the request did not offer.",
        "",
        "The client has nothing to run. The request was edited afterwards, or the model made up a name.",
        "",
        "Look whether the test means it; else record it again.",
        "",
        "bad:  a call of get_time, where only get_weather was offered",
        "good: a call of get_weather",
    ]


def test_the_rule_of_secrets_lists_the_kinds_that_it_knows(run: Run) -> None:
    outcome = run("rules", "secret")
    assert "\nIt knows:\n" in outcome.out
    assert "\n  an Anthropic API key       sk-ant-api03-…\n" in outcome.out
    (rule,) = json.loads(run("rules", "secret", "--format", "json").out)["rules"]
    assert {"name": "an Anthropic API key", "example": "sk-ant-api03-…"} in rule["kinds"]
    assert outcome.out.count("\n  ") == len(rule["kinds"])


def test_every_rule_tells_what_breaks_it_and_what_does_not(run: Run) -> None:
    rules = json.loads(run("rules", "--format", "json").out)["rules"]
    told = {rule["name"]: (rule["bad"], rule["good"]) for rule in rules}
    assert told.keys() == RULES.keys()
    assert [name for name, (bad, good) in told.items() if not (bad and good and bad != good)] == []


def test_every_rule_has_a_bad_example() -> None:
    assert {folder.name for folder in (CHECKOUT / "examples/bad").iterdir()} == {*EXAMPLES}


# Fake keys are put together when the tests run (tests/unit/test_secret.py): hosts block pushes with one.
# What recctl itself fails on is mended once it is known (tests/cli/test_internal_errors.py).
EXAMPLES = sorted(RULES.keys() - {"secret", "internal-error"})


@pytest.mark.parametrize("rule", EXAMPLES)
def test_bad_examples_break_their_rule_and_no_other(run: Run, rule: str) -> None:
    selected = () if rule in IN_FORCE else ("--select", rule)
    outcome = run("validate", f"examples/bad/{rule}", "--format", "json", *selected, cwd=CHECKOUT)
    report = json.loads(outcome.out)
    assert {(finding["rule"], finding["severity"]) for finding in report["findings"]} == {(rule, RULES[rule])}
    assert outcome.code == (1 if RULES[rule] == "error" else 0)


def test_a_rule_that_has_to_be_selected_says_nothing_otherwise(run: Run) -> None:
    assert RULES.keys() - IN_FORCE == {"moved-cache-prefix"}
    outcome = run("validate", "examples/bad/moved-cache-prefix", "--strict", cwd=CHECKOUT)
    assert (outcome.code, outcome.out) == (0, "")


NOT_ONE = ("duplicate-recording", "empty-cassette", "moved-cache-prefix", "orphaned-twin", "unanswerable")
"""The rules that two recordings break together, or the lack of any."""


@pytest.mark.parametrize("rule", [rule for rule in EXAMPLES if rule not in NOT_ONE])
def test_every_bad_file_is_one(run: Run, rule: str) -> None:
    outcome = run("validate", f"examples/bad/{rule}", "--format", "json", cwd=CHECKOUT)
    report = json.loads(outcome.out)
    assert len({finding["path"] for finding in report["findings"]}) == report["checked"]
