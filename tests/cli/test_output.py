"""What `-o` and `--write-baseline` may replace: what recctl wrote itself, and nothing that anybody reads."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from recctl.recordings.formats.ogx import serialise
from recctl.testsuite.track import Tracked, dump_tracked
from tests.builders import record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

RECORDING = serialise(record([])).decode()
CASSETTE = """\
interactions:
- request: {method: POST, uri: "https://api.openai.com/v1/chat/completions", body: "{}", headers: {}}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: "{}"}}
version: 1
"""
TRACKED = dump_tracked(Tracked(True, None, frozenset(), {}, frozenset(), {}))
BASELINE = json.dumps({"version": "recctl.baseline.v2", "findings": []})
KEPT = {
    "tests/recordings/neighbour.json": RECORDING,
    "tests/recordings/broken.json": "{",
    "recording.txt": RECORDING,
    "RECORDING.JSON": RECORDING,
    "tests/cassettes/test_x.yaml": CASSETTE,
    "tests/test_x.py": "def test_x(): ...",
    "pyproject.toml": "[tool.recctl]",
    "other/recctl.toml": "# empty",
    "package.json": "{}",
    "report.json": '{"pytest": "report"}',
    "junit.xml": '<?xml version="1.0"?><testsuites><testsuite name="pytest"/></testsuites>',
    "track.json": TRACKED,
    "baseline.json": BASELINE,
    "baseline": BASELINE,
    ".gitignore": "*.log",
    ".git/config": "[core]",
    ".recctl/track.json": TRACKED,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, content in KEPT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "tests/recordings/named.json").write_text(RECORDING)
    return tmp_path


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_result_is_not_written_over(run: Run, project: Path, name: str) -> None:
    (project / "link").symlink_to(name)
    for written in (name, "link"):
        outcome = run("undo", "--list", "-o", written)
        assert (outcome.code, outcome.out) == (2, "")
        (error, hint) = outcome.err.splitlines()[-2:]
        assert error.startswith(f"error: {written}: ")
        assert hint in (
            "hint: remove it, or name another file",
            "hint: name another file with -o",
            "hint: name the file that it leads to",
        )
        assert (project / name).read_text() == KEPT[name]
        assert (project / "link").is_symlink()


@pytest.mark.parametrize(
    "command",
    [
        "validate tests/recordings/named.json -o tests/recordings/neighbour.json",
        "validate tests/recordings/named.json -o tests/recordings/broken.json",
        "show tests/recordings/named.json -o tests/recordings/neighbour.json",
        "diff tests/recordings/named.json tests/recordings/named.json -o tests/cassettes/test_x.yaml",
        "prune --scheme ogx-2026-04 -o tests/test_x.py",
        "rehash --check -o tests/test_x.py",
    ],
)
def test_nothing_is_looked_at_before_that_is_known(run: Run, project: Path, command: str) -> None:
    *words, name = command.split()
    outcome = run(*words, name)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {name}: is there already, and is no earlier result of recctl\n"
        "hint: remove it, or name another file\n"
    )
    assert (project / name).read_text() == KEPT[name]


@pytest.mark.parametrize("output_format", ["json", "jsonl", "sarif", "junit", "github", "concise", "text"])
def test_results_of_an_earlier_run_are(run: Run, project: Path, output_format: str) -> None:
    ending = {"junit": "xml", "github": "log", "concise": "log", "text": "txt"}.get(
        output_format, output_format
    )
    words = ["validate", "tests/recordings/broken.json", "--format", output_format, "-o", f"out.{ending}"]
    first = run(*words)
    content = (project / f"out.{ending}").read_bytes()
    assert content
    second = run(*words)
    assert (first.code, second.code) == (1, 1)
    assert (project / f"out.{ending}").read_bytes() == content


@pytest.mark.parametrize(
    "command",
    [
        "show tests/recordings/named.json --format json",
        "schema recording",
        "rules --format json",
        "config --format json",
    ],
)
def test_so_are_those_of_other_commands(run: Run, project: Path, command: str) -> None:
    for _ in range(2):
        assert run(*command.split(), "-o", "out.json").code == 0
    assert (project / "out.json").stat().st_size


def test_an_empty_file_is_there_to_be_written(run: Run, project: Path) -> None:
    (project / "empty.json").touch()
    assert run("rules", "--format", "json", "-o", "empty.json").code == 0


@pytest.mark.parametrize("name", [name for name in KEPT if not name.startswith("baseline")])
def test_a_baseline_replaces_a_baseline_alone(run: Run, project: Path, name: str) -> None:
    named = "tests/recordings/named.json"
    assert run("validate", named, "--write-baseline", name).code == 2
    assert (project / name).read_text() == KEPT[name]


@pytest.mark.parametrize("name", ["baseline", "baseline.json", "new", "new.json"])
def test_a_baseline_may_be_written_anew(run: Run, project: Path, name: str) -> None:
    for _ in range(2):
        assert run("validate", "tests/recordings/broken.json", "--write-baseline", name).code == 0
    assert json.loads((project / name).read_bytes())["findings"]


def test_what_was_tracked_replaces_what_was_tracked_alone(run: Run, project: Path) -> None:
    command = ["--", "true"] if shutil.which("true") else ["--", "git", "version"]
    assert run("track", "-o", "track.json", *command).code == 0
    assert run("track", "-o", ".recctl/track.json", *command).code == 0
    for name in ("baseline.json", "report.json", "tests/test_x.py"):
        outcome = run("track", "-o", name, *command)
        assert outcome.err == (
            f"error: {name}: is there already, and is no track file\nhint: remove it, or name another file\n"
        )
        assert (project / name).read_text() == KEPT[name]
    outcome = run("track", "combine", "track.json", "-o", "track.json")
    assert outcome.err.startswith("error: track.json: is one of the files that are read\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "error: no file is named for what is to be written\nhint: name one that can be written\n"),
        (".", "error: .: is a directory\nhint: name a file that can be written\n"),
        ("/", "error: /: is a directory\nhint: name a file that can be written\n"),
        ("no/file", "error: no/file: no such file or directory\nhint: name a file that can be written\n"),
        (
            "pyproject.toml/x",
            "error: pyproject.toml/x: not a directory\nhint: name a file that can be written\n",
        ),
    ],
)
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("option", ["-o", "--write-baseline"])
def test_what_names_no_file_is_one_clear_line(run: Run, name: str, message: str, option: str) -> None:
    outcome = run("validate", "tests/recordings/named.json", option, name)
    assert (outcome.code, outcome.err) == (2, message)


def test_what_has_another_name_stays_by_that(run: Run, project: Path) -> None:
    (project / "report.txt").hardlink_to(project / "tests/test_x.py")
    outcome = run("rules", "-o", "report.txt")
    assert outcome.err == "report.txt: by its other names (hard links), the file stays as it was\n"
    assert (project / "report.txt").read_text() == run("rules").out
    assert (project / "tests/test_x.py").read_text() == KEPT["tests/test_x.py"]


# --- what --fix puts in the place of a recording ------------------------------------------------------------


def test_fix_tells_of_other_names_and_undo_takes_it_back(run: Run, project: Path) -> None:
    path = project / "tests/recordings/named.json"
    path.write_text(f"{RECORDING} ")
    (project / "other.json").hardlink_to(path)
    words = ["validate", "--fix", "--select", "formatting", "tests/recordings/named.json"]
    outcome = run(*words)
    assert outcome.err.startswith(
        "tests/recordings/named.json: by its other names (hard links), the file stays as it was\n"
        "fixed 1 file; `recctl undo 1` takes it back\n"
    )
    assert (path.read_text(), (project / "other.json").read_text()) == (RECORDING, f"{RECORDING} ")
    assert run("undo").code == 0
    assert path.read_text() == f"{RECORDING} "


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_owner_group_and_mode_stay(run: Run, project: Path) -> None:
    path = project / "tests/recordings/named.json"
    path.write_text(f"{RECORDING} ")
    os.chown(path, 1234, 4321)
    path.chmod(0o640)
    for words in (["validate", "--fix", str(path)], ["undo"]):
        run(*words)
        status = path.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 4321, 0o640)
    (project / "out.txt").write_text("old")
    os.chown(project / "out.txt", 1234, 4321)
    run("rules", "-o", "out.txt")
    assert (project / "out.txt").stat().st_uid == 1234
