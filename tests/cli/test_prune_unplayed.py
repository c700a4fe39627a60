"""`recctl prune --grade unplayed`: single recordings that a run of the tests did not play."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from recctl.base.amounts import show_size
from recctl.changes.tree import Refusal
from recctl.input.sources import select
from recctl.project import Project
from recctl.prune import Grade, Inquiry, examine
from recctl.prune.removal import remove
from recctl.recordings.formats.vcrpy import FORMAT
from recctl.testsuite.track import dump_tracked
from tests.builders import source
from tests.tracking import URL, Suite, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.testsuite.track import Tracked
    from tests.cli.conftest import Run

GRADE = ("--grade", "unplayed", "--include-protected", "--tracked", "run.json", "--max-share", "100")
CHATS = "tests/cassettes/test_chat/test_chats.yaml"
IDLE = "tests/cassettes/test_chat/test_idles.yaml"


@pytest.fixture
def suite(run: Run, tmp_path: Any) -> Suite:  # noqa: ARG001  (its folder is the current one)
    """A suite of which one test plays the second of three recordings, and one nothing."""
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_chat.py").write_text("def test_chats(): ...\ndef test_idles(): ...\n")
    suite = Suite(tmp_path)
    suite.record("chats", ask("One"), ask("Two"), ask("Three"))
    suite.record("idles", ask("Four"))
    suite.play("chats", 2)
    return suite


def save(suite: Suite, tracked: Tracked | None = None) -> None:
    (suite.root / "run.json").write_text(dump_tracked(suite.end() if tracked is None else tracked))


def list_questions(suite: Suite, path: str = CHATS) -> list[str]:
    items: Any = FORMAT.read(source((suite.root / path).read_bytes(), path.rpartition("/")[2]))
    return [item.request["body"]["messages"][-1]["content"] for item in items]


def test_what_was_not_played_goes_out_of_its_file_and_comes_back(run: Run, suite: Suite) -> None:
    save(suite)
    before = {path: (suite.root / path).read_bytes() for path in (CHATS, IDLE)}
    lines = before[CHATS].decode().splitlines(keepends=True)
    size = sum(len(line) for line in (*lines[1:3], *lines[5:7])) - 2 * len("- ") + len(before[IDLE])
    told = show_size(size)

    dry = run("prune", *GRADE)
    assert (dry.code, dry.out) == (
        0,
        (
            "can go\n"
            f"  unplayed         3  {told:>8}  the tests of its file passed, and no complete run played it\n"
        ),
    )
    assert dry.err == (
        f"examined 2 files: 1 file and 2 recordings in 1 file can go ({told}); "
        "nothing was deleted: -v shows the proof for each, --apply moves them to the trash\n"
    )
    assert before == {path: (suite.root / path).read_bytes() for path in (CHATS, IDLE)}

    applied = run("prune", *GRADE, "--apply", "--format", "paths")
    assert (applied.code, applied.out) == (0, f"{CHATS}#1\n{CHATS}#3\n{IDLE}\n")
    assert applied.err == (
        "moved 1 file to the trash and took 2 recordings out of 1 file; `recctl undo 1` takes it back\n"
    )
    assert (suite.root / CHATS).read_text() == "".join((lines[0], *lines[3:5], lines[7]))
    assert not (suite.root / IDLE).exists()

    assert run("undo").code == 0
    assert before == {path: (suite.root / path).read_bytes() for path in (CHATS, IDLE)}


def test_each_is_told_with_its_number_and_the_reason(run: Run, suite: Suite) -> None:
    save(suite)
    test_id = "tests/test_chat.py::test_chats"
    reason = f"{test_id} passed, played 1 of its file's 3 recordings, and not this one"
    idle = "tests/test_chat.py::test_idles passed, loaded the file, and played nothing of it"
    assert [line for line in run("prune", "-v", *GRADE).out.splitlines() if line.startswith("    ")] == [
        f"    {CHATS}#1: {reason}",
        f"    {CHATS}#3: {reason}",
        f"    {IDLE}: {idle}",
    ]
    files = json.loads(run("prune", *GRADE, "--format", "json").out)["files"]
    assert [(file["path"], file["index"], file["stale"], file["grade"]) for file in files] == [
        (CHATS, None, False, None),
        (CHATS, 1, True, "unplayed"),
        (CHATS, 3, True, "unplayed"),
        (IDLE, None, True, "unplayed"),
    ]
    assert files[1] == {
        "path": CHATS,
        "index": 1,
        "test_id": test_id,
        "stale": True,
        "grade": "unplayed",
        "reason": reason,
        "protected": None,
        "bytes": files[2]["bytes"] - len("ree") + len("e"),
    }


def test_where_it_is_not_asked_for_it_is_told_how_to(run: Run, suite: Suite) -> None:
    save(suite)
    assert run("prune", "--tracked", "run.json").out == (
        "left alone\n"
        "  unplayed         3      2 kB  the tests of its file passed, and no complete run played it: "
        "--grade unplayed takes it\n"
    )


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".yaml.gz"])
def test_it_goes_by_what_a_file_holds_and_not_by_how(run: Run, suite: Suite, suffix: str) -> None:
    path = suite.root / "tests/cassettes/test_chat" / f"test_more{suffix}"
    text = (suite.root / CHATS).read_text()
    if suffix == ".json":
        text = json.dumps(yaml.safe_load(text), indent="\t")
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith(".gz") else text.encode())
    place, test_id = path.relative_to(suite.root).as_posix(), suite.test("more")
    suite.outcomes[test_id] = "passed"
    suite.loaded[place] = sha256(path.read_bytes()).hexdigest()
    suite.play("more", 3, path=place)
    tracked = suite.end()
    loaded_by_test = {**tracked.loaded_by_test, test_id: frozenset([place])}
    save(suite, tracked._replace(loaded_by_test=loaded_by_test, by_test=loaded_by_test))
    sizes = [
        file["bytes"]
        for file in json.loads(run("prune", *GRADE, place, "--format", "json").out)["files"]
        if file["stale"]
    ]
    assert len(sizes) == 2
    assert all(500 < size < 1500 for size in sizes)
    outcome = run("prune", *GRADE, place, "--apply")
    assert outcome.code == 0
    assert list_questions(suite, place) == ["Three"]


def test_of_a_file_that_was_asked_for_one_recording_no_other_goes(run: Run, suite: Suite) -> None:
    save(suite)
    outcome = run("prune", *GRADE, "--apply", "--format", "paths", f"{CHATS}#3", f"{CHATS}#2")
    assert (outcome.code, outcome.out) == (0, f"{CHATS}#3\n")
    assert list_questions(suite) == ["One", "Two"]


def test_a_file_of_which_a_part_was_named_never_goes_whole(run: Run, suite: Suite) -> None:
    (suite.root / "tests/test_chat.py").write_text("def test_idles(): ...\n")
    for place in (f"{CHATS}#1", CHATS):
        outcome = run("prune", "--include-protected", "--max-share", "100", "--format", "paths", place)
        whole = place == CHATS
        assert (outcome.code, outcome.out) == (0, f"{CHATS}\n" if whole else "")
    remark = f"{CHATS}: there is evidence against the whole file, of which only a part was named: it stays\n"
    assert run("prune", f"{CHATS}#1").err == f"{remark}examined 1 file: none can go\n"


def test_a_test_or_a_share_narrow_it_down(run: Run, suite: Suite) -> None:
    save(suite)
    outcome = run("prune", *GRADE, "--test", suite.test("idles"), "--format", "paths")
    assert (outcome.code, outcome.out) == (0, f"{IDLE}\n")
    outcome = run("prune", *GRADE, "--max-share", "70")
    assert outcome.code == 2
    assert outcome.err.startswith("error: 3 of 4 recordings would go (75 %; 3 unplayed), more than 70 %\n")


def test_what_is_protected_stays(run: Run, suite: Suite) -> None:
    save(suite)
    (suite.root / "recctl.toml").write_text('keep = ["test_chats.yaml"]\n')
    arguments = [word for word in GRADE if word != "--include-protected"]
    outcome = run("prune", *arguments, "--format", "paths")
    assert (outcome.code, outcome.out) == (0, f"{IDLE}\n")


NO_PROOF: dict[str, Callable[[Tracked], Tracked]] = {
    "its test was skipped in a job": lambda run: run._replace(
        outcomes=dict.fromkeys(run.outcomes, "skipped"), passed=frozenset()
    ),
    "another test that loaded it failed": lambda run: run._replace(
        outcomes={**run.outcomes, "t": "failed"},
        loaded_by_test={**run.loaded_by_test, "t": frozenset([CHATS, IDLE])},
    ),
    "another test opened it by itself": lambda run: run._replace(
        outcomes={**run.outcomes, "t": "passed"},
        passed=run.passed | {"t"},
        by_test={**run.by_test, "t": frozenset([CHATS, IDLE])},
    ),
    "a test that did not load it played it": lambda run: run._replace(
        outcomes={**run.outcomes, "t": "passed"},
        passed=run.passed | {"t"},
        plays=tuple(replace(run.plays[0], path=path, test_id="t") for path in run.loaded),
    ),
    "a test of the same source failed": lambda run: run._replace(
        outcomes={**run.outcomes, "tests/test_chat.py::test_t": "failed"}
    ),
    "nobody knows what was played": lambda run: run._replace(
        plays=tuple(replace(run.plays[0], path=path, number=None, result="unseen") for path in run.loaded)
    ),
    "it was another file then": lambda run: run._replace(loaded=dict.fromkeys(run.loaded, "0" * 64)),
    "it was not the same in all jobs": lambda run: run._replace(loaded=dict.fromkeys(run.loaded, "")),
    "its test started a Python that can't be heard": lambda run: run._replace(
        unheard_tests=frozenset(run.outcomes)
    ),
    "a job opened it unheard": lambda run: run._replace(unheard=frozenset(run.loaded)),
    "its own test did not load it": lambda run: run._replace(
        outcomes={**run.outcomes, "t": "passed"},
        passed=run.passed | {"t"},
        by_test={},
        loaded_by_test={"t": frozenset(run.loaded)},
    ),
}


@pytest.mark.parametrize("case", NO_PROOF)
def test_nothing_goes_without_proof(run: Run, suite: Suite, case: str) -> None:
    suite.record("other", ask("Five"))
    suite.play("other", 1)
    save(suite)
    assert run("prune", *GRADE, "--format", "paths").out == f"{CHATS}#1\n{CHATS}#3\n{IDLE}\n"
    tracked = NO_PROOF[case](suite.end())
    others = {**tracked.outcomes, suite.test("other"): "passed"}
    save(suite, tracked._replace(outcomes=others, passed=tracked.passed | {suite.test("other")}))
    outcome = run("prune", *GRADE, "--format", "paths")
    assert (outcome.code, outcome.out) == (0, "")


def test_where_a_request_found_no_recording_one_may_be_meant_for_it(run: Run, suite: Suite) -> None:
    suite.miss("chats", ask("One?"))
    save(suite)
    assert run("prune", *GRADE, "--format", "paths").out == f"{IDLE}\n"


REFUSED: dict[str, tuple[dict[str, Any] | None, str]] = {
    "no run": (
        None,
        (
            "--grade unplayed goes by a run of the tests\n"
            "hint: recctl track -o FILE -- pytest makes one; name it with --tracked FILE\n"
        ),
    ),
    "an incomplete one": (
        {"complete": False, "reason": "it was killed"},
        (
            "the run of the tests is not complete: it was killed\n"
            "hint: only a complete run shows what is not used; track the tests again\n"
        ),
    ),
    "one of which not all was seen": (
        {"troubles": ("vcrpy: listen failed",)},
        (
            "not all that was played could be seen: vcrpy: listen failed\n"
            "hint: only a run of which all was seen shows what is not played\n"
        ),
    ),
    "one without a recorder": (
        {"recorders": frozenset()},
        (
            "no recorder was heard in the tracked run: what was played is not known\n"
            "hint: recctl track hears vcrpy, in Python processes that inherit its environment\n"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_shows_nothing_is_refused(run: Run, suite: Suite, case: str) -> None:
    facts, message = REFUSED[case]
    if facts is not None:
        save(suite, suite.end()._replace(**facts))
    options = ("--tracked", "run.json") if facts is not None else ()
    outcome = run("prune", "--grade", "unplayed", *options)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}")


def test_jobs_count_together(run: Run, suite: Suite) -> None:
    save(suite)
    suite.play("chats", 3)
    suite.play("idles", 1)
    (suite.root / "other.json").write_text(dump_tracked(suite.end()))
    outcome = run("prune", *GRADE, "--tracked", "other.json", "--format", "paths")
    assert (outcome.code, outcome.out) == (0, f"{CHATS}#1\n")


def test_what_changed_after_it_was_judged_stays(suite: Suite) -> None:
    project = Project(suite.root)
    inquiry = Inquiry((Grade.UNPLAYED,), tracked=suite.end(), default=False, max_share=100)
    inquiry = inquiry._replace(include_protected=True)
    report = examine(project, select(project, [str(suite.root)]), inquiry)
    assert len(report.stale) == 3
    changed = (suite.root / CHATS).read_text().replace("One", "Eins")
    (suite.root / CHATS).write_text(changed)
    removed = remove(project, report.stale)
    assert (removed.taken_out, len(removed.applied.done)) == (0, 1)
    assert [held.refusal for held in removed.applied.held_back] == [Refusal(CHATS, "has changed since")]
    assert (suite.root / CHATS).read_text() == changed


SHARED = """
import pytest
import vcr

@pytest.fixture(scope="module")
def shared():
    with vcr.use_cassette("CHATS", record_mode="none") as cassette:
        yield cassette

def test_chats(shared):
    pass

def test_idles(shared):
    pytest.skip("not today")
"""


def test_what_other_tests_had_too_may_be_theirs(run: Run, suite: Suite) -> None:
    (suite.root / "tests/test_chat.py").write_text(SHARED.replace("CHATS", CHATS))
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "tests"]
    assert run("track", "-o", "run.json", "--", sys.executable, *words).code == 0
    outcome = run("prune", *GRADE, CHATS, "--format", "paths")
    assert (outcome.code, outcome.out) == (0, "")
    told = json.loads(run("drift", CHATS, "--tracked", "run.json", "--format", "json").out)["recordings"]
    reason = "the cassette was open for several tests"
    assert {(each["status"], each["reason"]) for each in told} == {("unseen", reason)}


def test_what_another_test_names_may_be_for_that(run: Run, suite: Suite) -> None:
    save(suite)
    own = 'def test_chats(): vcr.use_cassette("tests/cassettes/test_chat/test_chats.yaml")\n'
    (suite.root / "tests/test_chat.py").write_text(f"{own}def test_idles(): ...\n")
    assert run("prune", *GRADE, CHATS, "--format", "paths").out == f"{CHATS}#1\n{CHATS}#3\n"
    for name in ("tests/cassettes/test_chat/test_chats.yaml", "test_chats.yaml", "test_chats"):
        (suite.root / "tests/test_more.py").write_text(f"@pytest.mark.default_cassette('{name}')\n")
        outcome = run("prune", *GRADE, CHATS, "--format", "paths")
        assert (outcome.code, outcome.out) == (0, "")


READS_ALONE = """
import subprocess, sys
import vcr

def test_chats():
    with vcr.use_cassette("CHATS", record_mode="none"):
        subprocess.run([sys.executable, "-c", "open('CHATS')"], check=True)
"""


def test_what_a_process_may_have_played_unheard_proves_nothing(run: Run, suite: Suite) -> None:
    (suite.root / "tests/test_chat.py").write_text(READS_ALONE.replace("CHATS", CHATS))
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "tests"]
    assert run("track", "-o", "run.json", "--", sys.executable, *words).code == 0
    written = json.loads((suite.root / "run.json").read_text())
    assert ([*written["loaded"]], written["unheard"]) == ([CHATS], [CHATS])
    outcome = run("prune", *GRADE, CHATS, "--format", "paths")
    assert (outcome.code, outcome.out) == (0, "")


VCRPY = """
import json, urllib.request
import pytest
import vcr

def ask(question):
    text = json.dumps({"messages": [question], "api_key": "KEY"})
    request = urllib.request.Request("URL", data=text.encode(), headers={"content-type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        return reply.read()

def test_chats():
    with vcr.use_cassette("CHATS", record_mode="none"):
        ask("One")

def test_idles():
    with vcr.use_cassette("IDLE", record_mode="none"):
        pass
"""


def test_what_a_run_with_vcrpy_leaves_is_evidence_and_holds_no_key(run: Run, suite: Suite) -> None:
    key = "sk" + "-proj-" + "aB3dE5fG7hJ9kL1mN0pQ2rS4tU6vW8xY0zA1bC2d"
    code = VCRPY
    for word, value in {"KEY": key, "URL": URL, "CHATS": CHATS, "IDLE": IDLE}.items():
        code = code.replace(f'"{word}"', f'"{value}"')
    (suite.root / "tests/test_chat.py").write_text(code)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "tests"]
    tracked = run("track", "-o", "run.json", "--", sys.executable, *words)
    assert (tracked.code, tracked.err) == (
        0,
        (
            "opened 2 of 2 files in 1 process; tests: 2 passed\n"
            "played 1 recording 1 time; for 1 of them another request was sent than the one that is kept: "
            "recctl drift tells more\n"
        ),
    )
    written = (suite.root / "run.json").read_text()
    assert key[8:] not in written
    assert '"api_key": "sk-p\\u2026[48 characters]"' in written
    outcome = run("prune", *GRADE, "--format", "paths")
    assert (outcome.code, outcome.out) == (0, f"{CHATS}#2\n{CHATS}#3\n{IDLE}\n")
