"""`recctl drift`: what is told of a run in each format, which exit codes it calls for, and its baselines."""

from __future__ import annotations

import json
from copy import deepcopy
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.testsuite.track import Play, dump_tracked
from tests.builders import write
from tests.cli.conftest import CHECKOUT
from tests.tracking import Suite, ask, send, write_cassette

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

SNAPSHOTS = CHECKOUT / "tests/cli/snapshots"
TRACK = ".recctl/track.json"


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "recctl.toml").touch()
    return Suite(tmp_path)


def save(suite: Suite, name: str = TRACK, **facts: Any) -> None:
    """Write down a suite's run as `recctl track` does."""
    write(suite.root / name, dump_tracked(suite.end(**facts)))


def change(suite: Suite, name: str, **more: Any) -> None:
    """Let a test's only recording drift: other instructions, and `more` of the body."""
    body = ask(f"What is {name}?")
    suite.record(name, body)
    sent = deepcopy(body)
    sent["messages"][0]["content"] = "You are a helpful assistant. Answer in two short sentences."
    suite.play(name, 1, {**sent, **more})


def fill(suite: Suite) -> None:
    """A run in which something of each kind happened."""
    for name in ("blue", "green", "red"):
        change(suite, name, temperature=0.5)
    weather = ask("How is the weather?")
    suite.record("weather", weather, ask("And tomorrow?"), weather)
    renamed = json.loads(json.dumps(weather).replace("get_weather", "weather"))
    suite.play("weather", 1, renamed)
    suite.play("weather", 3)
    suite.record("seed", ask("Again?", seed=1))
    suite.play("seed", 1, ask("Again?", seed=2), times=2)
    suite.record("idle", ask("Anybody?"))
    suite.record("body", ask("Who?"))
    suite.play("body", result="unseen", reason="no body was seen")
    suite.record("skipped", ask("Why?"), is_run=False)
    suite.outcomes[suite.test("skipped")] = "skipped"
    suite.miss("weather", ask("How is the weather?", model="gpt-5"), times=3)
    suite.miss("gone", ask("Gone?"), reason="cassette_not_found")
    save(suite)


@pytest.mark.parametrize(
    ("snapshot", "options"),
    [
        ("drift.txt", []),
        ("drift-verbose.txt", ["-v"]),
        ("drift-stat.txt", ["--stat"]),
        ("drift.md", ["--format", "markdown"]),
        ("drift.json", ["--format", "json"]),
        ("drift-github.txt", ["--format", "github"]),
    ],
)
def test_the_whole_answer(suite: Suite, run: Run, snapshot: str, options: list[str]) -> None:
    fill(suite)
    outcome = run("drift", *options)
    assert outcome.code == 1
    assert outcome.out == (SNAPSHOTS / snapshot).read_text(encoding="utf-8")


SUMMARY = (
    "4 recordings have drifted, in 4 tests; 2 requests of 2 tests found no recording; "
    "1 recording differs in noise only, 1 is the same; "
    "1 recording was not played, though others of its file were; "
    "1 recording lies in a file of which nothing was played; "
    "1 recording lies in a file that nothing opened; 1 recording can't be judged\n"
)


def test_lists_are_for_commands(suite: Suite, run: Run) -> None:
    fill(suite)
    names = ["blue", "gone", "green", "red", "weather"]
    tests, paths = ([find(name) for name in names] for find in (suite.test, suite.path))
    for output_format, items in (("tests", tests), ("paths", paths)):
        outcome = run("drift", "--format", output_format)
        assert outcome.out == "".join(f"{item}\n" for item in items)
        assert outcome.err == SUMMARY
        outcome = run("drift", "--format", output_format, "-0", "-q")
        assert (outcome.out, outcome.err) == ("".join(f"{item}\0" for item in items), "")


def test_what_belongs_to_no_test_is_missing_from_the_list_of_tests(suite: Suite, run: Run) -> None:
    change(suite, "blue")
    path = "cassettes/served.yaml"
    cassette = write_cassette(suite.root / path, ask("One?"))
    suite.loaded[path] = sha256(cassette.read_bytes()).hexdigest()
    suite.plays.append(Play(path, 1, "", 1, "different", sent=send(ask("Two?"))))
    suite.miss("blue", ask("Three?"), test_id="", cassette=None)
    save(suite)
    outcome = run("drift", "--format", "tests")
    assert outcome.out == f"{suite.test('blue')}\n"
    assert outcome.err == (
        "2 recordings have drifted, in 1 test; 1 request found no recording\n"
        "2 of these came of no test that is known: --format paths has the files\n"
    )
    assert path in run("drift", "--format", "paths").out


def test_nothing_is_told_of_what_is_as_it_was(suite: Suite, run: Run) -> None:
    suite.record("one", ask("One?"))
    suite.play("one", 1)
    save(suite)
    outcome = run("drift")
    assert (outcome.code, outcome.out, outcome.err) == (0, "1 recording is the same\n", "")
    assert run("drift", "-q").out == ""
    assert run("drift", "--format", "tests", "-q").out == ""
    told = run("drift", "--format", "markdown").out
    assert told.startswith("### no recording has drifted\n")


def test_of_many_tests_the_first_are_listed(suite: Suite, run: Run) -> None:
    for number in range(12):
        change(suite, f"{number:02}")
    save(suite)
    lines = run("drift", "-q").out.splitlines()
    assert lines[0] == "the system prompt changed in 12 recordings of 12 tests"
    assert lines[-2:] == [f"    {suite.path('09')}#1", "  and 2 more tests; -v lists them"]
    assert len(run("drift", "-q", "-v").out.splitlines()) == len(lines) - 1 + 4


def test_a_comment_is_no_longer_than_github_takes(suite: Suite, run: Run) -> None:
    for number in range(60):
        text = " ".join(f"{word}-{number}" for word in range(400))
        suite.record(str(number), ask(text))
        suite.play(str(number), 1, ask(text[::-1]))
    save(suite)
    told = run("drift", "--format", "markdown").out
    assert len(told) <= 60_000
    assert told.endswith(" more changes are too long for a comment; `recctl drift` shows them.*\n")


def test_paths_begin_at_the_current_folder(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    outcome = run("drift", "--format", "paths", "-q", cwd=suite.root / "tests/cassettes")
    assert outcome.out == "test_chat/test_one.yaml\n"


# --- exit codes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["unplayed", "idle", "unopened"])
def test_what_was_not_played_fails_with_strict_alone(suite: Suite, run: Run, status: str) -> None:
    suite.record("one", ask("a"), *([ask("b")] if status == "unplayed" else []))
    suite.play("one", 1)
    if status != "unplayed":
        suite.record("two", ask("c"), is_run=status == "idle")
    save(suite)
    assert run("drift").code == 0
    assert run("drift", "--strict").code == 1
    assert run("drift", "--strict", "--exit-zero").code == 0


def test_a_run_that_is_not_complete_proves_nothing(suite: Suite, run: Run) -> None:
    suite.record("one", ask("a"), ask("b"))
    suite.play("one", 1)
    save(suite, reason="pytest stopped early: 1 failed")
    outcome = run("drift", "--strict")
    assert outcome.code == 0
    assert outcome.out == (
        "1 recording is the same\n1 recording can't be judged\n-v lists these last ones, and says why\n"
    )
    assert outcome.err == (
        "the run is not complete, and no evidence against what was not played in it: "
        "pytest stopped early: 1 failed\n"
    )


def test_exit_zero_is_for_comments(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    assert [run("drift", *options).code for options in ([], ["--exit-zero"])] == [1, 0]


def test_a_file_that_can_not_be_opened_wins(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    outcome = run("drift", "tests", "nowhere.yaml", "--exit-zero")
    assert outcome.code == 2
    assert "error: nowhere.yaml: can't be opened: no such file or directory" in outcome.err


# --- what it goes by ----------------------------------------------------------------------------------------


def test_without_a_run_there_is_nothing_to_say(suite: Suite, run: Run) -> None:
    change(suite, "one")
    outcome = run("drift")
    assert (outcome.code, outcome.err) == (
        2,
        "error: .recctl/track.json is not there: no run was tracked\nhint: recctl track -- pytest makes it\n",
    )


def test_a_run_that_came_with_the_repository_is_not_believed(
    suite: Suite, run: Run, git: Callable[..., str]
) -> None:
    change(suite, "one")
    save(suite)
    git("add", "-f", TRACK)
    outcome = run("drift")
    assert (outcome.code, outcome.err) == (
        2,
        (
            "error: .recctl/track.json came with the repository, and is not of your run\n"
            "hint: name it with --tracked to have it read all the same\n"
        ),
    )
    assert run("drift", "--tracked", TRACK).code == 1
    git("rm", "-q", "--cached", TRACK)
    assert run("drift").code == 1


def test_no_link_is_taken_for_a_run(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite, "elsewhere.json")
    (suite.root / ".recctl").mkdir()
    (suite.root / TRACK).symlink_to(suite.root / "elsewhere.json")
    assert "is not there: no run was tracked" in run("drift").err


def test_a_run_without_recorders_is_refused(suite: Suite, run: Run) -> None:
    suite.record("one", ask("a"))
    save(suite, recorders=frozenset())
    outcome = run("drift")
    assert outcome.code == 2
    assert outcome.err.startswith(
        "error: no recorder was heard in this run: nobody can tell what was sent\nhint: recctl track hears"
    )


def test_the_runs_of_several_jobs_are_one(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite, "a.json")
    suite.plays.clear()
    change(suite, "two")
    save(suite, "b.json")
    outcome = run("drift", "--tracked", "a.json", "--tracked", "b.json", "--format", "tests", "-q")
    assert outcome.out == f"{suite.test('one')}\n{suite.test('two')}\n"


def test_files_of_a_revision_were_not_played(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    outcome = run("drift", "-", stdin=b"{}")
    assert (outcome.code, outcome.err) == (
        2,
        "error: only files that are here were played by a run\nhint: name files or folders\n",
    )


def test_stat_is_a_format(run: Run) -> None:
    outcome = run("drift", "--stat", "--format", "json")
    assert (outcome.code, outcome.err) == (
        2,
        "error: --stat and --format json can't be combined\nhint: leave one of them out\n",
    )


def test_a_test_is_named_by_a_part_of_its_id(suite: Suite, run: Run) -> None:
    fill(suite)
    assert run("drift", "--test", "test_red", "--format", "tests", "-q").out == f"{suite.test('red')}\n"
    outcome = run("drift", "--test", "test_rde")
    assert (outcome.code, outcome.err) == (
        2,
        "error: no recording is of test 'test_rde'\nhint: did you mean 'test_red'?\n",
    )


def test_no_secret_is_shown(suite: Suite, run: Run) -> None:
    key = "sk-" + "proj-" + "Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi"
    suite.record("one", ask("a"))
    suite.play("one", 1, ask("a", password=key))
    suite.miss("one", None, sent=send(None, f"https://example.org/?key={key}"))
    save(suite)
    for output_format in ("text", "markdown", "json", "github"):
        outcome = run("drift", "-q", "--format", output_format)
        assert "password" in outcome.out
        assert key not in outcome.out


def test_a_secret_that_is_kept_has_not_drifted(suite: Suite, run: Run) -> None:
    key = "sk-" + "proj-" + "Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi"
    suite.record("one", ask("a", password=key))
    suite.play("one", 1, ask("a", password=key, seed=1, temperature=1))
    save(suite)
    (recording,) = json.loads(run("drift", "--format", "json").out)["recordings"]
    assert [change["label"] for change in recording["changes"]] == ["seed", "temperature"]


def test_nothing_that_was_sent_acts_on_a_terminal(suite: Suite, run: Run) -> None:
    hostile = "\x1b]0;title\x07\x1b[2J \u202e [red]red[/red]\n::error::x"
    suite.record("one", ask("a"))
    suite.play("one", 1, ask(hostile, **{hostile: hostile}))
    suite.miss("one", ask("a"), reason=hostile)
    save(suite, troubles=(hostile,))
    for options in (
        [],
        ["-v"],
        ["--stat"],
        *(["--format", name] for name in ("markdown", "github", "tests")),
    ):
        outcome = run("drift", *options)
        assert outcome.code == 1
        for text in (outcome.out, outcome.err):
            assert not {"\x1b", "\u202e"}.intersection(text)
            assert "\n::error::x" not in text


# --- baselines ----------------------------------------------------------------------------------------------


def test_a_suite_can_start_today_and_let_nothing_more_in(suite: Suite, run: Run) -> None:
    for name in ("one", "two"):
        change(suite, name)
    suite.miss("two", ask("Else?"))
    save(suite)
    outcome = run("drift", "--write-baseline", "known.json")
    assert (outcome.code, outcome.err) == (0, "wrote 3 recordings and requests to known.json\n")
    outcome = run("drift", "--baseline", "known.json")
    assert (outcome.code, outcome.out, outcome.err) == (0, "3 known to the baseline\n", "")
    change(suite, "three")
    save(suite)
    outcome = run("drift", "--baseline", "known.json", "--format", "tests", "-q")
    assert (outcome.code, outcome.out) == (1, f"{suite.test('three')}\n")


def test_what_goes_on_to_drift_is_new(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    run("drift", "--write-baseline", "known.json")
    suite.plays.clear()
    change(suite, "one", temperature=1)
    save(suite)
    outcome = run("drift", "--baseline", "known.json", "-q")
    assert (outcome.code, outcome.out) == (
        1,
        (
            "parameter temperature was added (1) in 1 recording of 1 test\n"
            f"  {suite.test('one')}\n    {suite.path('one')}#1\n"
        ),
    )


def test_what_a_baseline_could_forget_is_told(suite: Suite, run: Run) -> None:
    for name in ("one", "two"):
        change(suite, name)
    suite.miss("one", ask("Else?"))
    save(suite)
    run("drift", "--write-baseline", "known.json")
    suite.plays = [play for play in suite.plays if play.path == suite.path("two")]
    suite.missed.clear()
    suite.play("one", 1)
    save(suite)
    outcome = run("drift", "--baseline", "known.json")
    assert (outcome.code, outcome.err) == (
        0,
        "2 changes in known.json are no more: --write-baseline writes it anew\n",
    )
    assert run("drift", "--baseline", "known.json", suite.path("two")).err == ""


def test_a_baseline_is_written_over_a_baseline_alone(suite: Suite, run: Run) -> None:
    change(suite, "one")
    save(suite)
    write(suite.root / "other.json", '{"version": "recctl.baseline.v2", "findings": []}')
    outcome = run("drift", "--write-baseline", "other.json")
    assert (outcome.code, outcome.err) == (
        2,
        (
            "error: other.json: is there already, and is no drift baseline file\n"
            "hint: remove it, or name another file\n"
        ),
    )
    assert run("drift", "--write-baseline", "known.json").code == 0
    assert run("drift", "--write-baseline", "known.json").code == 0
    outcome = run("drift", "-o", "known.json", "--format", "json")
    assert (outcome.code, outcome.err) == (
        2,
        (
            "error: known.json: is there already, and is a drift baseline file\n"
            "hint: remove it, or name another file\n"
        ),
    )


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"version": "recctl.baseline.v2"}', '{"version": "recctl.drift_baseline.v1", "drift": [1]}'],
)
def test_what_is_no_baseline_is_said_to_be_none(suite: Suite, run: Run, content: str) -> None:
    change(suite, "one")
    save(suite)
    write(suite.root / "known.json", content)
    outcome = run("drift", "--baseline", "known.json")
    assert outcome.code == 2
    assert outcome.err == (
        "error: known.json: not a baseline of drift\n"
        "hint: write it anew: recctl drift --write-baseline known.json\n"
    )
