"""What a run opened: read, written, combined; and what is in sight in a process below it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.project import Project
from recctl.recordings.http import SentRequest
from recctl.testsuite.track import OUTCOMES, PASSED, Miss, Play, Tracked, combine, dump_tracked, read_tracked
from recctl.testsuite.track.plays import RESULTS, join_equal
from recctl.testsuite.track.run import Ended, run_tracked

if TYPE_CHECKING:
    from collections.abc import Iterable


def make(
    opened: Iterable[str] = (),
    unopened: Iterable[str] = (),
    outcomes: dict[str, str] | None = None,
    by_test: dict[str, frozenset[str]] | None = None,
    reason: str | None = None,
    plays: Iterable[Play] = (),
    missed: Iterable[Miss] = (),
    loaded: dict[str, str] | None = None,
    loaded_by_test: dict[str, frozenset[str]] | None = None,
    troubles: Iterable[str] = (),
    recorders: Iterable[str] = (),
    unheard: Iterable[str] = (),
    unheard_tests: Iterable[str] = (),
    days: Iterable[str] = (),
) -> Tracked:
    outcomes = outcomes or {}
    return Tracked(
        complete=reason is None,
        reason=reason,
        opened=frozenset(opened),
        by_test=by_test or {},
        passed=frozenset(test for test, outcome in outcomes.items() if outcome == PASSED),
        outcomes=outcomes,
        unopened=frozenset(unopened),
        plays=join_equal(plays),
        missed=join_equal(missed),
        loaded=loaded or {},
        loaded_by_test=loaded_by_test or {},
        troubles=tuple(sorted(set(troubles))),
        recorders=frozenset(recorders),
        unheard=frozenset(unheard),
        unheard_tests=frozenset(unheard_tests),
        days=frozenset(days),
    )


# --- combining ----------------------------------------------------------------------------------------------


def test_opened_anywhere_is_opened_and_unopened_is_what_all_had_and_none_opened() -> None:
    one = make(opened="a", unopened="bcd", by_test={"t": frozenset("a")})
    two = make(opened="ab", unopened="c", by_test={"t": frozenset("b"), "u": frozenset("a")})
    assert combine([one, two]) == make(
        opened="ab", unopened="c", by_test={"t": frozenset("ab"), "u": frozenset("a")}
    )


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        (("passed", "passed"), "passed"),
        (("passed", "skipped"), "skipped"),
        (("skipped", "failed"), "failed"),
        (("error", "failed"), "error"),
    ],
)
def test_the_worst_outcome_counts(outcomes: tuple[str, str], whole: str) -> None:
    for ordered in (outcomes, outcomes[::-1]):
        combined = combine([make(outcomes={"t": outcome}) for outcome in ordered])
        assert combined == make(outcomes={"t": whole})


def test_a_test_that_only_one_job_ran_is_judged_by_that_job() -> None:
    combined = combine([make(outcomes={"t": "passed"}), make(outcomes={"u": "failed"})])
    assert combined.passed == {"t"}


def test_the_whole_is_complete_if_each_part_is() -> None:
    broken = [make(reason="the second"), make(), make(reason="the first"), make(reason="the second")]
    assert combine(broken)[:2] == (False, "the first; the second")
    assert combine([make(), make()])[:2] == (True, None)
    assert combine([])[:2] == (False, "there was no run")


# --- reading and writing ------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec=None), max_size=5)  # lone surrogates too
PATHS = st.frozensets(TEXTS, max_size=4)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda values: st.lists(values, max_size=2) | st.dictionaries(TEXTS, values, max_size=2),
    max_leaves=4,
)
REQUESTS = st.builds(SentRequest, TEXTS, TEXTS, st.lists(TEXTS, max_size=2).map(tuple), BODIES)
NUMBERS = st.integers(1, 3)
PLAYS = st.builds(
    Play,
    path=TEXTS,
    number=st.none() | NUMBERS,
    test_id=TEXTS,
    times=NUMBERS,
    result=st.sampled_from(RESULTS),
    reason=st.none() | TEXTS,
    sent=st.none() | REQUESTS,
    kept=st.none() | REQUESTS,
    equalised=st.lists(TEXTS, max_size=2).map(tuple),
)
MISSES = st.builds(
    Miss,
    TEXTS,
    cassette=st.none() | TEXTS,
    sent=REQUESTS,
    reason=st.none() | TEXTS,
    times=NUMBERS,
    recorder=TEXTS,
)
RUNS = st.builds(
    make,
    opened=PATHS,
    unopened=PATHS,
    outcomes=st.dictionaries(TEXTS, st.sampled_from(OUTCOMES), max_size=4),
    by_test=st.dictionaries(TEXTS, PATHS.filter(bool), max_size=4),
    reason=st.none() | TEXTS,
    plays=st.lists(PLAYS, max_size=3),
    missed=st.lists(MISSES, max_size=2),
    loaded=st.dictionaries(TEXTS, TEXTS, max_size=3),
    loaded_by_test=st.dictionaries(TEXTS, PATHS.filter(bool), max_size=3),
    troubles=st.lists(TEXTS, max_size=2),
    recorders=st.lists(TEXTS, max_size=2),
    unheard=PATHS,
    unheard_tests=PATHS,
    days=st.sets(st.dates().map(str)),
)


@given(RUNS)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, run: Tracked) -> None:
    file = tmp_path_factory.getbasetemp() / "round-trip.json"
    file.write_text(dump_tracked(run), encoding="ascii")
    assert read_tracked(file) == run


@given(st.lists(RUNS, min_size=1, max_size=3))
def test_neither_order_nor_repetition_matter(runs: list[Tracked]) -> None:
    once, again = combine(runs), combine([combine(runs), *runs])
    assert combine(runs[::-1]) == once
    counted = again._replace(reason=once.reason, plays=forget_times(again), missed=forget_times(again))
    assert counted == once._replace(plays=forget_times(once), missed=forget_times(once))


def forget_times(run: Tracked) -> tuple[Any, ...]:
    items: tuple[Any, ...] = (*run.plays, *run.missed)
    return tuple(replace(item, times=1) for item in items)


def test_what_was_played_alike_is_counted() -> None:
    play = Play("a.yaml", 1, "t", 2, "same")
    combined = combine([make(plays=[play, replace(play, times=1)]), make(plays=[replace(play, test_id="u")])])
    assert combined.plays == (replace(play, times=3), replace(play, test_id="u"))


def test_of_a_file_that_was_not_the_same_in_all_jobs_nothing_was_seen() -> None:
    play = Play("a.yaml", 1, "t", 1, "same")
    combined = combine([make(plays=[play], loaded={"a.yaml": digest}) for digest in ("1", "2")])
    reason = "the file was not the same in all runs"
    assert combined.plays == (Play("a.yaml", None, "t", 2, "unseen", reason),)
    assert combined.loaded == {"a.yaml": ""}


def test_a_file_that_a_job_opened_unheard_is_told_apart() -> None:
    heard = make(opened="ab", loaded={"a": "1"}, recorders=["vcrpy"])
    assert combine([heard, heard]).unheard == frozenset()
    joined = combine([heard, make(opened="a")])  # by a recctl that knew nothing of plays, say
    assert joined.unheard == {"a"}
    assert combine([joined, heard]).unheard == {"a"}


def test_a_file_of_the_version_before_is_read(tmp_path: Path) -> None:
    earlier = {
        "version": "recctl.track.v1",
        "complete": True,
        "reason": None,
        "opened": ["a"],
        "unopened": [],
        "tests": {"t": {"outcome": "passed", "opened": ["a"]}},
        "errors": [],
    }
    (tmp_path / "track.json").write_text(json.dumps(earlier))
    expected = make(opened="a", outcomes={"t": "passed"}, by_test={"t": frozenset("a")})
    assert read_tracked(tmp_path / "track.json") == expected


GOOD = json.loads(dump_tracked(make(outcomes={"t": "passed"})))
PLAYED = {"path": "a", "index": 1, "test_id": "t", "times": 1, "result": "same"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"null",
        b"[" * 100_000,
        json.dumps({**GOOD, "version": "recctl.track.v3"}).encode(),
        json.dumps({**GOOD, "complete": 1}).encode(),
        json.dumps({**GOOD, "complete": False}).encode(),
        json.dumps({**GOOD, "reason": 1}).encode(),
        json.dumps({**GOOD, "opened": {"a": 1}}).encode(),
        json.dumps({**GOOD, "unopened": [1]}).encode(),
        json.dumps({**GOOD, "tests": []}).encode(),
        *(
            json.dumps({**GOOD, "plays": [{**PLAYED, **odd}]}).encode()
            for odd in (
                {"index": 0},
                {"index": True},
                {"times": "2"},
                {"result": "well"},
                {"sent": 5},
                {"path": 1},
            )
        ),
        json.dumps({**GOOD, "plays": [[]]}).encode(),
        json.dumps({**GOOD, "missed": [{"test_id": "t", "times": 1, "recorder": "vcrpy"}]}).encode(),
        json.dumps({**GOOD, "loaded": {"a": 1}}).encode(),
        json.dumps({**GOOD, "troubles": 1}).encode(),
        json.dumps({**GOOD, "tests": {"t": None}}).encode(),
        json.dumps({**GOOD, "tests": {"t": {"outcome": "fine", "opened": []}}}).encode(),
        json.dumps({key: value for key, value in GOOD.items() if key != "unopened"}).encode(),
    ],
)
def test_anything_else_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "track.json"
    file.write_bytes(content)
    with pytest.raises(RecctlError, match=r"track\.json: is not what recctl track writes"):
        read_tracked(file)


def test_a_file_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recctl.testsuite.track.MOST_BYTES", 1_000)
    (tmp_path / "track.json").write_text(" " * 1_001)
    with pytest.raises(RecctlError, match=r"track\.json: is larger than 1 kB"):
        read_tracked(tmp_path / "track.json")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecctlError, match="No such file or directory"):
        read_tracked(tmp_path / "track.json")


# --- what is in sight ---------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with the recordings a, b and c, as the current folder."""
    (tmp_path / "recordings").mkdir()
    for name in "abc":
        (tmp_path / f"recordings/{name}.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def run_program(project: Project, program: str, *options: str) -> Ended:
    (project.root / "program.py").write_text(program)
    return run_tracked(project, [sys.executable, *options, "program.py"])


WAYS = {
    "a relative path": "open('recordings/a.json')",
    "an absolute path": "import os; open(os.path.abspath('recordings/a.json'))",
    "a path with dots": "open('recordings/../recordings/./a.json')",
    "pathlib": "import pathlib; pathlib.Path('recordings/a.json').read_bytes()",
    "bytes": "open(b'recordings/a.json')",
    "FileIO": "import io, pathlib; io.FileIO(pathlib.Path('recordings/a.json'))",
    "os.open": "import os; os.open('recordings/a.json', os.O_RDONLY)",
    "another folder": "import os; os.chdir('recordings'); open('a.json')",
    "a link": "import os; os.symlink('recordings/a.json', 'link.json'); open('link.json')",
    "a linked folder": "import os; os.symlink('recordings', 'linked'); open('linked/a.json')",
    "a copy": "import shutil; shutil.copy('recordings/a.json', 'copy')",
    "a thread": (
        "import threading\n"
        "thread = threading.Thread(target=open, args=['recordings/a.json']); thread.start(); thread.join()"
    ),
    "fork": "import os\nif not os.fork(): open('recordings/a.json'); os._exit(0)\nos.wait()",
    "exec": (
        "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'open(\"recordings/a.json\")'])"
    ),
    "multiprocessing": (
        "import multiprocessing, os\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        pool.apply(os.open, ['recordings/a.json', os.O_RDONLY])"
    ),
    "a process that kills itself": (
        "import os, subprocess, sys\n"
        "dies = 'import os; open(\"recordings/a.json\"); os.kill(os.getpid(), 9)'\n"
        "subprocess.run([sys.executable, '-c', dies])"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_recording_is_seen_however_it_is_opened(project: Project, way: str) -> None:
    ended = run_program(project, WAYS[way])
    assert ended.code == 0
    assert ended.tracked._replace(days=frozenset()) == make(
        opened=["recordings/a.json"], unopened=["recordings/b.json", "recordings/c.json"]
    )


PYTHON = Path(sys.executable).name
UNHEARD = {
    "isolated": ("[sys.executable, '-I', '-c', '']", f"{PYTHON} -I"),
    "without its environment": ("[sys.executable, '-uE', '-c', '']", f"{PYTHON} -E"),
    "without site": ("[sys.executable, '-W', 'ignore', '-S', '-c', '']", f"{PYTHON} -S"),
    "with another environment": (
        "[sys.executable, '-c', ''], env={}",
        f"{PYTHON} without RECCTL_TRACK in its environment",
    ),
    "with more in its environment": ("[sys.executable, '-c', ''], env={**os.environ, 'MORE': '1'}", None),
    "with words that begin alike": ("[sys.executable, '-WIgnore', '-c', '', '-I']", None),
    "in a shell": ("'true -I', shell=True", None),
}


@pytest.mark.parametrize("way", UNHEARD)
def test_a_python_that_cannot_be_heard_is_told(project: Project, way: str) -> None:
    words, told = UNHEARD[way]
    ended = run_program(project, f"import os, subprocess, sys\nsubprocess.run({words}, check=True)")
    assert ended.code == 0
    assert ended.tracked.troubles == (() if told is None else (f"{told} was started, which can't be heard",))


UNDISTURBED = {
    "opening what is no path": "import os; open(os.open('program.py', os.O_RDONLY)).close()",
    "a path that can't be": "try: open('a\\0.json')\nexcept ValueError: pass",
    "a path that is not there": "try: open('recordings/none.json')\nexcept OSError: pass",
    "a folder that is gone": (
        "import os\nos.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "try: open('a.json')\nexcept OSError: pass"
    ),
    "notes that can't be written": (
        "import os, shutil; shutil.rmtree(os.environ['RECCTL_TRACK']); open('recordings/a.json')"
    ),
    "a folder for notes that is wrong": (
        "import os, subprocess, sys\n"
        "environment = {**os.environ, 'RECCTL_TRACK': 'nowhere'}\n"
        "subprocess.run([sys.executable, '-c', 'open(\"recordings/a.json\")'], env=environment, check=True)"
    ),
    "an audit hook that forbids others": (
        "import os, subprocess, sys\n"
        "forbid = 'import sys; sys.addaudithook(print); print(sys.path)'\n"
        "subprocess.run([sys.executable, '-c', forbid], check=True, stdout=subprocess.DEVNULL)"
    ),
}


@pytest.mark.parametrize("case", UNDISTURBED)
def test_a_program_is_not_disturbed(project: Project, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    ended = run_program(project, UNDISTURBED[case], "-W", "error::DeprecationWarning")
    assert (ended.code, ended.tracked.opened) == (0, frozenset())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_out_of_sight_is_not_disturbed(project: Project, option: str) -> None:
    ended = run_program(project, "open('recordings/a.json')", option)
    assert (ended.code, ended.processes, ended.tracked.opened) == (0, 0, frozenset())


SEES = """
import sys, sitecustomize
open('recordings/a.json')
print(sitecustomize.__file__.split("/")[-2:], sys.path[-1], "inside" in str(sys.path))
"""


def test_the_sitecustomize_of_the_project_has_its_turn(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (project.root / "theirs").mkdir()
    (project.root / "theirs/sitecustomize.py").write_text("import sys; print('theirs'); sys.path += ['last']")
    monkeypatch.setenv("PYTHONPATH", "theirs")
    ended = run_program(project, SEES)
    assert (ended.code, ended.tracked.opened) == (0, frozenset({"recordings/a.json"}))
    assert capfd.readouterr() == ("theirs\n['theirs', 'sitecustomize.py'] last False\n", "")


def test_a_sitecustomize_that_fails_says_so_as_ever(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (project.root / "sitecustomize.py").write_text("import no_such_module")
    monkeypatch.setenv("PYTHONPATH", ".")
    ended = run_program(project, "open('recordings/a.json')")
    assert (ended.code, ended.tracked.opened) == (0, frozenset({"recordings/a.json"}))
    assert capfd.readouterr().err == (
        "Error in sitecustomize; set PYTHONVERBOSE for traceback:\n"
        "ModuleNotFoundError: No module named 'no_such_module'\n"
    )


LISTS_WHAT_IS_LOADED = """
import os, sys
open("recordings/a.json")
with open("noted" if "RECCTL_TRACK" in os.environ else "bare", "w") as file:
    print(*sys.modules, file=file)
"""


def test_taking_notes_loads_nothing_else(project: Project) -> None:
    run_program(project, LISTS_WHAT_IS_LOADED)
    subprocess.run([sys.executable, "program.py"], check=True, cwd=project.root)
    noted, bare = ({*(project.root / file).read_text().split()} for file in ("noted", "bare"))
    assert "recctl_track" in noted
    assert noted - bare <= {"recctl_track", "sitecustomize"}


@pytest.mark.parametrize("content", [r"a\0b.json", r"a\0b\0", r"a.json\0", r"\xff\0b.json\0"])
def test_damaged_notes_are_no_evidence(project: Project, content: str) -> None:
    program = f"import os; open(os.environ['RECCTL_TRACK'] + '/1-a.opened', 'wb').write(b'{content}')"
    ended = run_program(project, program)
    assert (ended.code, ended.tracked.reason) == (0, "the notes of a process are damaged")


def test_what_is_recorded_in_the_run_is_neither_opened_nor_unopened(project: Project) -> None:
    ended = run_program(project, "open('recordings/new.json', 'w').close()")
    assert ended.tracked._replace(days=frozenset()) == make(
        unopened=[f"recordings/{name}.json" for name in "abc"]
    )


def test_the_way_to_the_root_may_lead_through_a_link(project: Project) -> None:
    link = project.root.with_name(f"{project.root.name}-link")
    link.symlink_to(project.root)
    ended = run_tracked(Project(link), [sys.executable, "-c", "open('recordings/a.json')"])
    assert ended.tracked.opened == {"recordings/a.json"}


def test_a_killed_command_ends_as_in_a_shell(project: Project) -> None:
    ended = run_program(project, "import os; open('recordings/a.json'); os.kill(os.getpid(), 9)")
    assert (ended.code, ended.tracked.reason) == (137, "the command was killed by SIGKILL")
    assert ended.tracked.opened == {"recordings/a.json"}


def test_what_cannot_be_started_is_told(project: Project) -> None:
    (project.root / "script").write_text("neither a program nor a script that says by what to run it")
    (project.root / "script").chmod(0o755)
    with pytest.raises(RecctlError, match="script: can't be run: exec format error"):
        run_tracked(project, ["./script"])
