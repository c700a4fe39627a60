"""Suites that replay with what `recctl track` does not know, or knows otherwise: what drift says of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

SUITE = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
NOTHING_HEARD = "error: no recorder was heard in this run: nobody can tell what was sent\nhint: "
OPENED = "opened 2 of 6 files in 1 process; tests: 1 passed, 1 skipped, 1 failed\n"
WITHOUT_VCRPY = ("-p", "no:recording")
KNOWN = (
    "recctl track hears vcrpy and OGX's recorder, in Python processes that inherit its environment; "
    "what an older recctl tracked tells of neither\n"
)
TAPE = """\
import yaml

class Cassette:
    def __init__(self, path):
        with open(path) as file:
            self.interactions = yaml.safe_load(file)["interactions"]
"""
TESTS = """\
import importlib
import pytest

FOLDER = "cassettes/test_assistant"
MODULE = "{module}"

def count(name):
    return len(importlib.import_module(MODULE).Cassette(f"{{FOLDER}}/{{name}}.yaml").interactions)

def test_streams():
    assert count("test_streams") == 1

def test_makes_a_title():
    assert count("test_makes_a_title") == 2

@pytest.mark.skip
def test_skipped():
    assert count("test_skipped")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    shutil.copytree(CHECKOUT / "examples/drift/cassettes", tmp_path / "cassettes")
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def track(suite: Path, run: Run, *options: str) -> str:
    """Run the suite without and with track: it comes out the same; what track says."""

    def cut(text: str) -> list[str]:
        return text.rpartition(" in ")[0].splitlines()  # all but how long it took

    bare = subprocess.run([*SUITE, *options], cwd=suite, capture_output=True, text=True, check=False)
    tracked = run("track", "--", *SUITE, *options, cwd=suite)
    assert (tracked.code, cut(tracked.out)) == (bare.returncode, cut(bare.stdout))
    return tracked.err


def test_a_recorder_that_track_does_not_know(suite: Path, run: Run) -> None:
    (suite / "tape.py").write_text(TAPE)
    (suite / "test_tape.py").write_text(TESTS.format(module="tape"))
    assert track(suite, run, *WITHOUT_VCRPY) == OPENED
    drift = run("drift", cwd=suite)
    assert (drift.code, drift.out, drift.err) == (2, "", NOTHING_HEARD + KNOWN)


def test_a_vcrpy_that_is_another_one(suite: Path, run: Run) -> None:
    (suite / "vcr").mkdir()
    (suite / "vcr/__init__.py").touch()
    (suite / "vcr/cassette.py").write_text(TAPE)
    (suite / "test_tape.py").write_text(TESTS.format(module="vcr.cassette"))
    lacking = "vcr.cassette can't be listened to: it has no requests_match\n"
    assert track(suite, run, *WITHOUT_VCRPY) == f"{OPENED}not all of the run could be seen: {lacking}"
    drift = run("drift", cwd=suite)
    assert (drift.code, drift.out, drift.err) == (2, "", f"{NOTHING_HEARD}in the run: {lacking}")


def test_what_is_read_beside_vcrpy(suite: Path, run: Run) -> None:
    for name in ("assistant.py", "conftest.py", "model.py", "test_assistant.py"):
        shutil.copy(CHECKOUT / "examples/drift" / name, suite)
    (suite / "tape.py").write_text(TAPE)
    (suite / "test_tape.py").write_text(TESTS.format(module="tape"))
    assert track(suite, run, "-k", "test_tape or test_answers_without_tools") == (
        "opened 3 of 6 files in 1 process; tests: 2 passed, 1 skipped, 1 failed\nplayed 1 recording 1 time\n"
    )
    drift = run("drift", "-v", "--test", "test_streams", cwd=suite)
    assert (drift.code, drift.out) == (0, UNHEARD)


UNHEARD = """\
1 recording can't be judged

1 recording can't be judged: the file was opened, but no recorder was heard to load it
  test_assistant.py::test_streams
    cassettes/test_assistant/test_streams.yaml#1
"""
