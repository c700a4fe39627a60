"""A file is read at most twice in a command that changes it: to understand it, and when it is changed.

Once more only where its clock can't vouch for it (it was written within the last two seconds), and where
several recordings want one name: these are read to be compared with each other.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.names import AGAIN, ask, current_name, old_name, write
from tests.reads import counted_reads

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tests.cli.conftest import Run

FOLDER = "tests/recordings"
CASSETTE = """\
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: https://example.org/
  response:
    body:
      string: Hello
    headers: {}
    status:
      code: 200
      message: OK
version: 1
"""


class Project:
    """Recordings of tests that are there and of one that is gone, one of them stranded, and a cassette."""

    def __init__(self, root: Path, run: Run) -> None:
        self.root, self._run = root, run
        (root / "recctl.toml").write_text('scheme = "ogx-2026-04"')
        (root / "tests").mkdir()
        (root / "tests/test_a.py").write_text("def test_x(): ...\ndef test_y(): ...")
        self.sound = self.put("Hello", "test_x")
        self.stranded = self.put("Bye", "test_x", is_old=True)
        self.replaced = self.put("What?", "test_y", is_old=True)
        self.put("What?", "test_y", body=AGAIN)
        self.orphan = self.put("Hello", "test_z")
        self.cassette = "tests/cassettes/test_a/test_x.yaml"
        (root / self.cassette).parent.mkdir(parents=True)
        (root / self.cassette).write_text(CASSETTE)
        self.age()

    def put(self, text: str, test: str, *, is_old: bool = False, body: dict[str, Any] | None = None) -> str:
        document = ask(text, body=body, test_id=f"tests/test_a.py::{test}")
        path = write(self.root / FOLDER, document, old_name(document) if is_old else current_name(document))
        return path.relative_to(self.root).as_posix()

    def age(self) -> None:
        """Let all files be an hour old."""
        for path in self.root.rglob("*"):
            if path.is_file() and ".recctl" not in path.parts:
                time = path.stat().st_mtime - 3600
                os.utime(path, (time, time))

    def run(self, *arguments: str) -> Counter[str]:
        """Run recctl in this process; gives how often it has read each file."""
        with counted_reads(self.root) as reads:
            outcome = self._run(*arguments, "--quiet")
        assert outcome.code == 0, outcome
        return reads


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Project:
    return Project(tmp_path, run)


def is_recording(path: str) -> bool:
    return path.startswith("tests/") and path.endswith((".json", ".yaml"))


def find_most(reads: Counter[str]) -> int:
    """How often the file was read that was read most, what recctl keeps for itself left out."""
    return max(number for path, number in reads.items() if is_recording(path))


def test_a_file_that_the_recorder_finds_is_checked_without_a_look_at_its_neighbours(project: Project) -> None:
    """Those of its test are read where one of them may have taken its place."""
    assert project.stranded not in project.run("validate", project.sound)
    assert project.sound in project.run("validate", "--exit-zero", project.stranded)


def test_rehash_reads_what_moves_twice_and_all_else_once(project: Project) -> None:
    reads = project.run("rehash", "--apply", "--jobs", "1")
    assert {path: number for path, number in reads.items() if is_recording(path) and number > 1} == {
        project.stranded: 2
    }
    assert reads[project.sound] == reads[project.cassette] == 1


def test_edits_take_no_more_reading(project: Project) -> None:
    reads = project.run("rehash", "--apply", "--jobs", "1", "--set", "/request/body/model", "large")
    assert find_most(reads) == reads[project.sound] == reads[project.stranded] == 2


def test_mv_reads_what_moves_twice(project: Project) -> None:
    reads = project.run("mv", "tests/test_a.py", "tests/test_b.py", "--apply")
    assert find_most(reads) == reads[project.sound] == reads[project.cassette] == 2


def test_prune_reads_what_goes_twice(project: Project) -> None:
    reads = project.run("prune", "--apply")
    assert find_most(reads) == reads[project.orphan] == reads[project.replaced] == 2
    assert reads[project.sound] == 1


def test_fixes_are_made_from_what_is_read_when_they_are_applied(project: Project) -> None:
    """What the file has become is read as well, once: the report is about that."""
    path = project.root / project.sound
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    project.age()
    reads = project.run("validate", "--fix", "--jobs", "1", "--select", "formatting")
    assert {path for path, number in reads.items() if is_recording(path) and number > 1} == {project.sound}
    assert reads[project.sound] == 2 + 1


def test_undo_reads_once_what_is_there_and_once_what_was_kept(project: Project) -> None:
    project.run("prune", "--apply")
    project.run("rehash", "--apply")
    project.age()
    reads = project.run("undo", "2")
    assert {path: number for path, number in reads.items() if is_recording(path)} == {
        project.stranded.replace(old_name(STRANDED), current_name(STRANDED)): 1
    }


STRANDED = ask("Bye", test_id="tests/test_a.py::test_x")


def test_restore_reads_nothing_that_is_there(project: Project) -> None:
    project.run("prune", "--apply")
    reads = project.run("restore", "tests", "--apply")
    assert not any(map(is_recording, reads))


def test_what_was_just_written_is_read_once_more_before_it_goes(project: Project) -> None:
    (project.root / project.orphan).touch()
    reads = project.run("prune", "--apply")
    assert (reads[project.orphan], reads[project.replaced]) == (3, 2)
