"""`recctl track`: a small project with a recorder of its own, a server, and tests that open recordings."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recctl.testsuite.track import VERSION, combine, dump_tracked, read_tracked
from tests.cli.conftest import CHECKOUT
from tests.tracking import Suite, ask, send

if TYPE_CHECKING:
    from tests.cli.conftest import Run

RECORDER = """
import hashlib, json, pathlib, sys

FOLDER = pathlib.Path(__file__).parent / "recordings"

def replay(question):
    name = hashlib.sha256(question.encode()).hexdigest()
    with open(FOLDER / f"{name}.json") as file:
        return json.load(file)["response"]["body"]

if __name__ == "__main__":
    print(replay(sys.argv[1]))
"""

SERVER = """
import http.server
import recorder

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(recorder.replay(self.path[1:]).encode())

    def log_message(self, *arguments):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""

TESTS = """
import contextlib, pathlib, subprocess, sys, urllib.request
import pytest
import recorder

HERE = pathlib.Path(__file__).parent

@contextlib.contextmanager
def serving(**options):
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()

@pytest.fixture(scope="module")
def server():
    with serving() as address:
        yield address

@pytest.fixture
def greeting():
    yield recorder.replay("greeting")
    recorder.replay("farewell")

def ask(server, question):
    return urllib.request.urlopen(f"{server}/{question}").read()

@pytest.mark.parametrize("word", ["one", "two"])
def test_here(greeting, word):
    assert recorder.replay(word) == word

def test_child():
    subprocess.run([sys.executable, str(HERE / "recorder.py"), "child"], check=True)

def test_served(server):
    assert ask(server, "served") == b"served"

def test_out_of_sight():
    with serving(env={}) as server:
        assert ask(server, "hidden") == b"hidden"

@pytest.mark.skip
def test_skipped():
    recorder.replay("skipped")

def test_failed():
    recorder.replay("before the failure")
    assert not "a reason to go on"
    recorder.replay("after the failure")

@pytest.mark.xfail
def test_expected_to_fail():
    assert False

@pytest.fixture
def broken():
    yield
    assert False

def test_broken(broken):
    recorder.replay("broken")
"""

QUESTIONS = [
    *("one", "two", "greeting", "farewell", "child", "served", "hidden", "skipped"),
    *("before the failure", "after the failure", "broken", "nobody asks"),
]


def name(question: str) -> str:
    from hashlib import sha256

    return f"tests/recordings/{sha256(question.encode()).hexdigest()}.json"


def names(*questions: str) -> list[str]:
    return sorted(map(name, questions))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "tests/recordings").mkdir(parents=True)
    (tmp_path / "package.json").write_text("{}")
    for file, text in {"recorder.py": RECORDER, "server.py": SERVER, "test_all.py": TESTS}.items():
        (tmp_path / "tests" / file).write_text(text)
    for question in QUESTIONS:
        document = {"request": {}, "response": {"body": question}}
        (tmp_path / name(question)).write_text(json.dumps(document))
    return tmp_path


NAME = "name a file that recctl track -o FILE has written"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


def read(project: Path, file: str = ".recctl/track.json") -> Any:
    return json.loads((project / file).read_text())


def test_what_each_process_and_each_test_opens_is_noted(run: Run, project: Path) -> None:
    outcome = run("track", "--", *PYTEST, "-p", "no:xdist", cwd=project)
    python = Path(sys.executable).name
    unheard = f"{python} without RECCTL_TRACK in its environment was started, which can't be heard"
    assert outcome.code == 1
    assert outcome.err == (
        "opened 8 of 12 files in 3 processes; tests: 5 passed, 2 skipped, 1 failed, 1 error\n"
        f"not all of the run could be seen: {unheard}\n"
    )
    module = "tests/test_all.py::"
    tracked = read(project)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in tracked.pop("days"))
    assert tracked == {
        "version": "recctl.track.v2",
        "complete": True,
        "reason": None,
        "opened": names(
            "one", "two", "greeting", "farewell", "child", "served", "before the failure", "broken"
        ),
        "unopened": names("hidden", "skipped", "after the failure", "nobody asks"),
        "tests": {
            f"{module}test_broken": {"outcome": "error", "opened": names("broken")},
            f"{module}test_child": {"outcome": "passed", "opened": []},
            f"{module}test_expected_to_fail": {"outcome": "skipped", "opened": []},
            f"{module}test_failed": {"outcome": "failed", "opened": names("before the failure")},
            f"{module}test_here[one]": {
                "outcome": "passed",
                "opened": names("one", "greeting", "farewell"),
            },
            f"{module}test_here[two]": {
                "outcome": "passed",
                "opened": names("two", "greeting", "farewell"),
            },
            f"{module}test_out_of_sight": {"outcome": "passed", "opened": []},
            f"{module}test_served": {"outcome": "passed", "opened": []},
            f"{module}test_skipped": {"outcome": "skipped", "opened": []},
        },
        "recorders": [],
        "loaded": {},
        "unheard": [],
        "unheard_tests": [f"{module}test_out_of_sight"],
        "plays": [],
        "missed": [],
        "troubles": [unheard],
        "errors": [],
    }


def test_the_workers_of_xdist_are_one_session(run: Run, project: Path) -> None:
    outcome = run("track", "--", *PYTEST, "-n", "1", "-k", "here or broken", cwd=project)
    assert (outcome.code, outcome.err) == (
        1,
        "opened 5 of 12 files in 1 process; tests: 2 passed, 1 error\n",
    )
    tests = read(project)["tests"]
    assert tests["tests/test_all.py::test_here[two]"] == {
        "outcome": "passed",
        "opened": names("two", "greeting", "farewell"),
    }


def test_jobs_are_combined_to_their_union(run: Run, project: Path) -> None:
    jobs = {"a.json": "here or served", "b.json": "child or served"}
    for file, choice in jobs.items():
        assert run("track", "-o", file, "--", *PYTEST, "-k", choice, cwd=project).code == 0
    outcome = run("track", "combine", *jobs, "-o", "all.json", cwd=project)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "opened 6 of 12 files; tests: 4 passed\n"
    assert read(project, "all.json")["opened"] == names(
        "one", "two", "greeting", "farewell", "child", "served"
    )
    printed = run("track", "combine", *jobs, "-o", "-", "-q", cwd=project)
    assert (printed.out, printed.err) == ((project / "all.json").read_text(), "")
    assert not (project / ".recctl").exists()


NESTED = """
import os, subprocess, sys
import recorder

def test_outer(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): assert False")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 1
    recorder.replay("one")
"""


def test_a_session_within_a_test_counts_for_nothing(run: Run, project: Path) -> None:
    (project / "tests/test_all.py").write_text(NESTED)
    outcome = run("track", "--", *PYTEST, cwd=project)
    assert (outcome.code, outcome.err) == (
        0,
        "opened 1 of 12 files in 1 process; tests: 1 passed\n",
    )
    assert list(read(project)["tests"]) == ["tests/test_all.py::test_outer"]


INCOMPLETE = {
    "-x": (1, "pytest stopped early: stopping after 1 failures"),
    "-k nothing": (5, "pytest collected no tests"),
    "--collect-only": (0, "pytest ran no tests"),
    "tests/none.py": (4, "pytest did not understand its command line"),
    "--unknown": (4, "the command ended with exit code 4"),
}


@pytest.mark.parametrize("arguments", INCOMPLETE)
def test_a_session_that_did_not_get_through_is_no_evidence(run: Run, project: Path, arguments: str) -> None:
    (project / "tests/test_all.py").write_text("def test_failed(): assert False\ndef test_passed(): pass\n")
    code, reason = INCOMPLETE[arguments]
    outcome = run("track", "--", *PYTEST, *arguments.split(), cwd=project)
    assert outcome.code == code
    assert outcome.err.endswith(f"\nthis is no evidence against any recording: {reason}\n")
    written = read(project)
    assert (written["complete"], written["reason"]) == (False, reason)


def test_a_session_that_broke_off_is_no_evidence_whatever_its_script_says(run: Run, project: Path) -> None:
    (project / "tests/test_all.py").write_text("import os\ndef test_broken_off(): os._exit(0)\n")
    outcome = run("track", "--", *PYTEST, cwd=project)
    assert (outcome.code, read(project)["reason"]) == (0, "a pytest session did not end")


def test_any_command_is_run_as_it_is(run: Run, project: Path) -> None:
    program = "import sys; print(sys.stdin.read(), sys.argv[1:]); sys.exit(7)"
    outcome = run("track", "--", sys.executable, "-c", program, "-q", "--", stdin=b"in", cwd=project)
    assert (outcome.code, outcome.out) == (7, "in ['-q', '--']\n")
    assert outcome.err == (
        "opened 0 of 12 files in 0 processes; no test was seen\n"
        "this is no evidence against any recording: the command ended with exit code 7\n"
    )


@pytest.mark.parametrize("separator", [[], ["--"]])
def test_options_behind_the_command_are_its_own(run: Run, project: Path, separator: list[str]) -> None:
    script = "import sys; print(sys.argv[1:])"
    words = ["-q", "-o", "addopts=", "-h", "-k", "one", "--config", "x", "--", "--isolated"]
    command = [sys.executable, "-c", script, *words]
    outcome = run("track", "-o", "all.json", *separator, *command, cwd=project)
    assert (outcome.code, outcome.out) == (0, f"{words}\n")
    assert outcome.err == "opened 0 of 12 files in 0 processes; no test was seen\n"
    assert read(project, "all.json")["complete"]
    assert not (project / "addopts=").exists()


WAITING = """
import signal, sys
import recorder
recorder.replay("one")
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (signal.SIGINT, 130, "the command was interrupted"),
        (signal.SIGTERM, 143, "the command was killed by SIGTERM"),
    ],
)
def test_signals_are_passed_on(project: Path, number: signal.Signals, code: int, reason: str) -> None:
    (project / "tests/waiting.py").write_text(WAITING)
    command = [sys.executable, "-m", "recctl", "track", "--", sys.executable, "tests/waiting.py"]
    with subprocess.Popen(
        command,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert read(project)["reason"] == "the run has not ended"
        process.send_signal(number)
        assert process.wait(30) == code
    written = read(project)
    assert (written["reason"], written["opened"]) == (reason, names("one"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--", "no-such-program"],
            "no-such-program: there is no such program\nhint: check its name, or give its path",
        ),
        (["--", "./tests"], "./tests: can't be run: is a folder\nhint: name a program"),
        (
            ["tests/recorder.py"],
            "tests/recorder.py: can't be run: permission denied\nhint: chmod +x makes a program of it",
        ),
        (["combine"], "there is nothing to combine\nhint: name files that recctl track has written"),
        (
            ["combine", "recctl.toml"],
            f"recctl.toml: is not what recctl track writes ({VERSION})\nhint: {NAME}",
        ),
        (
            ["-o", "no/file", "--", sys.executable, "-c", "print('this is not to run')"],
            "no/file: no such file or directory\nhint: name a file that can be written with -o",
        ),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_runs(
    run: Run, project: Path, arguments: list[str], message: str
) -> None:
    outcome = run("track", *arguments, cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n")


@pytest.mark.parametrize(
    ("first", "why"), [("#!/no/such/python", "no such file or directory"), ("", "exec format error")]
)
def test_a_script_that_cannot_be_started_is_told(run: Run, project: Path, first: str, why: str) -> None:
    (project / "script").write_text(f"{first}\n")
    (project / "script").chmod(0o755)
    outcome = run("track", "./script", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: ./script: can't be run: {why}\n"
        "hint: if it is a script, its first line should be #! and a program that is there\n"
    )


def test_a_combination_with_an_incomplete_run_is_written_and_exits_with_1(run: Run, project: Path) -> None:
    run("track", "-o", "a.json", "--", sys.executable, "-c", "raise SystemExit(3)", cwd=project)
    run("track", "-o", "b.json", "--", sys.executable, "tests/recorder.py", "one", cwd=project)
    outcome = run("track", "combine", "a.json", "b.json", cwd=project)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "opened 1 of 12 files; no test was seen\n"
        "this is no evidence against any recording: the command ended with exit code 3\n"
    )
    whole = combine([read_tracked(project / file) for file in ("a.json", "b.json")])
    assert (project / ".recctl/track.json").read_text() == dump_tracked(whole)


def test_where_plugins_are_not_looked_for_ours_can_be_named(run: Run, project: Path) -> None:
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "here"]
    unseen = run("track", "--", *command, cwd=project, env=environment)
    assert unseen.err == "opened 4 of 12 files in 1 process; no test was seen\n"
    named = run("track", "--", *command, "-p", "recctl_track_pytest", cwd=project, env=environment)
    assert named.err == "opened 4 of 12 files in 1 process; tests: 2 passed\n"


# --- what recorders did -------------------------------------------------------------------------------------

KEY = "sk" + "-proj-" + "aB3dE5fG7hJ9kL1mN0pQ2rS4tU6vW8xY0zA1bC2d"
DEEP: Any = "x"
for _ in range(249):  # with what it is in, as deep as bodies are read
    DEEP = {"in": DEEP}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """A suite of two tests: one sends a key, the other misses."""
    (tmp_path / "recctl.toml").touch()
    suite = Suite(tmp_path)
    suite.record("greets", ask("Hello"), ask("Bye"))
    suite.record("asks", ask("What?"))
    suite.play("greets", 1)
    suite.play("greets", 1)
    suite.play("greets", 2, ask(f"My key is {KEY}"), kept=send(ask(f"Its key is {KEY}")))
    suite.play("asks", None, result="unseen", reason=f"{KEY} can't be read")
    suite.miss("asks", ask("Why?", api_key=KEY, metadata=DEEP))
    return suite


def test_what_was_played_and_missed_is_told_without_secrets(run: Run, suite: Suite) -> None:
    tracked = suite.end(troubles=(f"{KEY} is odd", "b", "c", "d"))
    (suite.root / "job.json").write_text(dump_tracked(tracked))
    assert KEY in (suite.root / "job.json").read_text()
    outcome = run("track", "combine", "job.json", "-o", "all.json", cwd=suite.root)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        "opened 2 of 2 files; tests: 2 passed\n"
        "played 3 recordings 4 times; for 1 of them another request was sent than the one that is kept; "
        "1 request found no recording: recctl drift tells more\n"
        "what was sent could not be seen in 1 play: recctl drift tells why\n"
        "not all of the run could be seen: b\n"
        "not all of the run could be seen: c\n"
        "not all of the run could be seen: d\n"
        "and 1 more such trouble\n"
    )
    assert KEY[8:] not in (suite.root / "all.json").read_text()
    whole = read_tracked(suite.root / "all.json")
    assert (whole.loaded, whole.passed) == (tracked.loaded, tracked.passed)
    (different,) = (play for play in whole.plays if play.sent is not None)
    assert different.sent == send(ask("My key is sk-p…[48 characters]"))
    assert different.kept == send(ask("Its key is sk-p…[48 characters]"))
    (miss,) = whole.missed
    assert miss.sent == send(ask("Why?", api_key="sk-p…[48 characters]", metadata=DEEP))


def test_masking_once_more_changes_nothing(run: Run, suite: Suite) -> None:
    (suite.root / "0.json").write_text(dump_tracked(suite.end()))
    for number in (0, 1):
        run("track", "combine", f"{number}.json", "-o", f"{number + 1}.json", cwd=suite.root)
    assert (suite.root / "1.json").read_bytes() == (suite.root / "2.json").read_bytes()
