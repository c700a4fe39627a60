"""`recctl validate`: which rules, which findings, what is mended, what is remembered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from recctl.changes.state import StateFolder
from recctl.input import cache
from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FOLDER = "tests/inference/recordings"
BAD = CHECKOUT / "examples/bad"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one error, three warnings in two files, and a note."""
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    for rule in ("incomplete-stream", "formatting", "volatile-field", "recorded-error"):
        for path in (BAD / rule / FOLDER).glob("*.json"):
            copy = tmp_path / FOLDER / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return tmp_path


def rules_of(text: str) -> list[str]:
    return sorted({line.partition("[")[2].partition("]")[0] for line in text.splitlines() if "[" in line})


def test_every_finding_has_its_rule(run: Run, project: Path) -> None:
    outcome = run("validate", "-v", "--format", "concise", cwd=project)
    assert rules_of(outcome.out) == ["formatting", "incomplete-stream", "recorded-error", "volatile-field"]


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (("--select", "formatting"), ["formatting"]),
        (("--select", "formatting,incomplete-stream"), ["formatting", "incomplete-stream"]),
        (("--ignore", "formatting", "--ignore", "recorded-error"), ["incomplete-stream", "volatile-field"]),
        (("--severity", "error"), ["incomplete-stream"]),
        (("--severity", "warning"), ["formatting", "incomplete-stream", "volatile-field"]),
    ],
)
def test_rules_and_severities_can_be_chosen(
    run: Run, project: Path, arguments: tuple[str, ...], rules: list[str]
) -> None:
    outcome = run("validate", "-v", "--format", "concise", *arguments, cwd=project)
    assert rules_of(outcome.out) == rules


def test_to_ask_for_notes_is_to_see_them(run: Run, project: Path) -> None:
    for name in ("text", "concise"):
        asked = run("validate", "--severity", "note", "--format", name, cwd=project)
        assert asked == run("validate", "-v", "--format", name, cwd=project)
    assert run("validate", "--format", "concise", cwd=project).out != asked.out


def test_an_unknown_rule_is_refused(run: Run, project: Path) -> None:
    outcome = run("validate", "--select", "formating", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: unknown rule 'formating'\nhint: did you mean 'formatting'?\n"


def test_statistics_count_by_rule(run: Run, project: Path) -> None:
    outcome = run("validate", "-v", "--statistics", cwd=project)
    assert outcome.out == (
        "      1  error   incomplete-stream\n"
        "      2  warning volatile-field\n"
        "      1  warning formatting\n"
        "      1  note    recorded-error\n"
    )


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".recctl" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_diff_shows_what_fix_would_do_and_changes_nothing(run: Run, project: Path) -> None:
    before = snapshot(project)
    outcome = run("validate", "--diff", "--select", "volatile-field", cwd=project)
    assert outcome.code == 1
    assert '-        "created": 1754088894,\n+        "created": 0,\n' in outcome.out
    assert '-        "id": "chatcmpl-7",\n+        "id": "rec-a969023fd436",\n' in outcome.out
    assert snapshot(project) == before


def test_fix_mends_what_can_be_mended_and_undo_takes_it_back(run: Run, project: Path) -> None:
    before = snapshot(project)
    outcome = run("validate", "--fix", "--format", "concise", "-v", cwd=project)
    assert outcome.code == 1
    assert rules_of(outcome.out) == ["incomplete-stream", "recorded-error"]
    assert "fixed 2 files; `recctl undo " in outcome.err
    after = snapshot(project)
    changed = [name for name in before if after[name] != before[name]]
    assert len(changed) == 2
    for name in changed:  # what the hash covers stays as it was
        assert json.loads(after[name])["request"] == json.loads(before[name])["request"]
    assert run("validate", "--diff", cwd=project).code == 0
    assert run("undo", cwd=project).code == 0
    assert snapshot(project) == before


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_only_files_that_are_here_can_be_fixed(run: Run, project: Path, option: str) -> None:
    message = "standard input can't be fixed\nhint: name the file"
    outcome = run("validate", option, "-", stdin=b"{}", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n")


def test_a_file_of_a_revision_cannot_be_fixed(run: Run, tmp_path: Path, git: Callable[..., str]) -> None:
    (tmp_path / "x.json").write_bytes(serialise(record([])))
    git("add", ".")
    git("commit", "-qm", "one")
    message = "HEAD:x.json: is a file of a revision, and can't be fixed\nhint: leave out the revision"
    outcome = run("validate", "--fix", "HEAD:x.json")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\n")


def test_fix_leaves_what_lies_outside_the_project_and_says_so(run: Run, project: Path) -> None:
    inside = project / "inside"
    inside.mkdir()
    (inside / "recctl.toml").touch()
    before = snapshot(project)
    outcome = run("validate", "--fix", "--select", "formatting", f"../{FOLDER}", cwd=inside)
    (refused,) = (line for line in outcome.err.splitlines() if line.startswith("not fixed: "))
    assert refused.startswith(f"not fixed: ../{FOLDER}/")
    assert refused.endswith(".json: is not a path below the root")
    assert snapshot(project).items() >= before.items()


def test_a_baseline_lets_a_folder_with_a_past_adopt_recctl(run: Run, project: Path) -> None:
    written = run("validate", "--write-baseline", "known.json", cwd=project)
    assert (written.code, written.out, written.err) == (0, "", "wrote 5 findings to known.json\n")
    known = run("validate", "--strict", "-v", "--baseline", "known.json", cwd=project)
    assert (known.code, known.out) == (0, "")
    assert known.err.endswith("5 findings are known to known.json\n")

    new = project / FOLDER / "new.json"
    new.write_bytes(b"")
    outcome = run("validate", "--baseline", "known.json", "--format", "concise", cwd=project)
    assert (outcome.code, rules_of(outcome.out)) == (1, ["invalid-json"])


def test_a_baseline_survives_moved_lines_and_tells_what_is_fixed(run: Run, project: Path) -> None:
    run("validate", "--write-baseline", "known.json", cwd=project)
    (name,) = [path.name for path in (BAD / "incomplete-stream" / FOLDER).iterdir()]
    path = project / FOLDER / name
    path.write_bytes(path.read_bytes().replace(b"{", b"\n{", 1))
    moved = run("validate", "--baseline", "known.json", "--select", "incomplete-stream", cwd=project)
    assert (moved.code, moved.out) == (0, "")
    run("validate", "--fix", "-q", cwd=project)
    fixed = run("validate", "--baseline", "known.json", cwd=project)
    assert "3 more there are fixed and can go: recctl validate --write-baseline known.json" in fixed.err


def test_a_baseline_knows_findings_from_every_folder(run: Run, project: Path) -> None:
    (name,) = [path.name for path in (BAD / "incomplete-stream" / FOLDER).iterdir()]
    (project / FOLDER / "copy.json").write_bytes((project / FOLDER / name).read_bytes())
    run("validate", "--write-baseline", "known.json", cwd=project)
    inside = project / "tests/inference"
    known = run("validate", "--strict", "--baseline", "../../known.json", "-q", cwd=inside)
    assert (known.code, known.out, known.err) == (0, "", "")


def test_a_baseline_can_forget_what_is_deleted(run: Run, project: Path) -> None:
    run("validate", "--write-baseline", "known.json", cwd=project)
    (name,) = [path.name for path in (BAD / "incomplete-stream" / FOLDER).iterdir()]
    (project / FOLDER / name).unlink()
    outcome = run("validate", "--baseline", "known.json", "--select", "recorded-error", cwd=project)
    assert outcome.err.endswith(
        "1 finding is known to known.json; 1 more there is fixed and can go: "
        "recctl validate --write-baseline known.json\n"
    )


@pytest.mark.parametrize(
    "arguments", [("--select", "recorded-error"), ("--ignore", "formatting,volatile-field,incomplete-stream")]
)
def test_of_rules_that_are_not_in_force_nothing_counts_as_fixed(
    run: Run, project: Path, arguments: tuple[str, ...]
) -> None:
    run("validate", "--write-baseline", "known.json", cwd=project)
    outcome = run("validate", "--baseline", "known.json", *arguments, cwd=project)
    assert outcome.err.endswith("\n1 finding is known to known.json\n")


def test_of_files_that_cannot_be_read_nothing_counts_as_fixed(run: Run, project: Path) -> None:
    run("validate", "--write-baseline", "known.json", cwd=project)
    for path in (project / FOLDER).iterdir():
        path.unlink()
        path.symlink_to(path.name)
    outcome = run(
        "validate", "--baseline", "known.json", *map(str, (project / FOLDER).iterdir()), cwd=project
    )
    assert outcome.code == 2
    assert "can go" not in outcome.err


KEYS = [
    "gh" + "p_" + end
    for end in ("Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi", "Zq7rB4xKt9mWc2vNy6hJd8gLf3sPz5aQe1uT")
]


@pytest.mark.parametrize("text", [" ".join(KEYS), KEYS[1]])
def test_a_baseline_hides_no_secret_beside_or_in_place_of_a_known_one(
    run: Run, tmp_path: Path, text: str
) -> None:
    path = tmp_path / FOLDER / "0123456789ab.json"
    path.parent.mkdir(parents=True)
    select = ("--select", "secret", "--format", "concise")

    def say(text: str) -> None:
        path.write_bytes(serialise(record([chunk(delta(content=text))])))

    say(KEYS[0])
    run("validate", *select, "--write-baseline", "known.json", cwd=tmp_path)
    assert run("validate", *select, "--baseline", "known.json", cwd=tmp_path).code == 0
    assert not any(key[5:13] in (tmp_path / "known.json").read_text() for key in KEYS)
    say(text)
    outcome = run("validate", *select, "--baseline", "known.json", cwd=tmp_path)
    assert (outcome.code, rules_of(outcome.out), len(outcome.out.splitlines())) == (1, ["secret"], 1)


def test_of_an_older_baseline_all_but_the_secrets_is_known(run: Run, project: Path) -> None:
    (project / FOLDER / "0123456789ab.json").write_bytes(
        serialise(record([chunk(delta(content=KEYS[0], finish_reason="stop"))]))
    )
    run("validate", "--write-baseline", "known.json", cwd=project)
    text = (project / "known.json").read_text()
    (project / "known.json").write_text(text.replace("recctl.baseline.v2", "recctl.baseline.v1"))
    outcome = run("validate", "--baseline", "known.json", "--format", "concise", cwd=project)
    assert (outcome.code, rules_of(outcome.out)) == (1, ["secret"])
    assert "can go" not in outcome.err


def remember(**finding: object) -> str:
    known = {"path": "x.json", "rule": "schema", "at": "/x", **finding}
    return json.dumps({"version": "recctl.baseline.v2", "findings": [known]})


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[" * 100_000,
        '{"version": "recctl.baseline.v2"}',
        '{"version": "recctl.baseline.v2", "findings": 5}',
        '{"version": "recctl.baseline.v2", "findings": ["x"]}',
        remember(path=5),
        remember(path=["x"]),
        remember(rule=None),
        remember(at={}),
    ],
)
def test_a_baseline_that_is_none_is_refused(run: Run, project: Path, text: str) -> None:
    (project / "known.json").write_text(text)
    outcome = run("validate", "--baseline", "known.json", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: known.json: not a baseline\n"
        "hint: write it anew: recctl validate --write-baseline known.json\n"
    )


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "\ud83d", "", "../" * 2000])
def test_a_baseline_may_know_of_paths_that_there_cannot_be(run: Run, project: Path, path: str) -> None:
    (project / "known.json").write_text(remember(path=path))
    outcome = run("validate", "--baseline", "known.json", "--select", "schema", cwd=project)
    assert outcome.code == 0
    assert "0 findings are known to known.json" in outcome.err


@pytest.fixture
def large(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with 300 more files, each with a finding of its own, remembered however new they are."""
    monkeypatch.setattr(cache, "_CLOCK_TICK", -(1 << 60))
    for number in range(300):
        path = project / "more/recordings" / f"{number:03}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"[" * (number + 1))
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return project


def test_the_report_is_the_same_for_any_number_of_jobs(run: Run, large: Path) -> None:
    reports = [
        run("validate", "--no-cache", "--format", "json", "--jobs", jobs, cwd=large).out for jobs in "124"
    ]
    assert len(json.loads(reports[0])["findings"]) == 305
    assert reports[0] == reports[1] == reports[2]


def test_a_warm_cache_gives_the_same_report_and_sees_every_change(run: Run, large: Path) -> None:
    cold = run("validate", "--format", "json", cwd=large)
    warm = run("validate", "--format", "json", cwd=large)
    assert warm.out == cold.out
    assert (large / ".recctl/.gitignore").read_text() == "*\n"
    victim = large / "more/recordings/000.json"
    victim.write_bytes(b"]")
    os.utime(victim, (1_700_000_000, 1_700_000_000))  # the same size and time as before
    changed = run("validate", "--format", "concise", "more/recordings", cwd=large)
    assert "more/recordings/000.json:1:1: error[invalid-json] not JSON: a value should be" in changed.out


def test_a_broken_cache_is_made_anew(run_process: Run, large: Path) -> None:
    cold = run_process("validate", "--format", "json", cwd=large)
    (large / ".recctl/cache/validate").write_bytes(b'{"basis": 1')
    assert run_process("validate", "--format", "json", cwd=large).out == cold.out


@pytest.mark.parametrize("entry", [5, [], [[1, 2, 3, 4]], [None, []]])
def test_an_entry_of_the_cache_that_is_none_is_not_known(
    run_process: Run, large: Path, entry: object
) -> None:
    cold = run_process("validate", "--format", "json", cwd=large)
    state = StateFolder(large)
    known = json.loads(state.read_signed("cache/validate") or b"")
    broken = {**known, "files": dict.fromkeys(known["files"], entry)}
    state.write_signed("cache/validate", json.dumps(broken).encode())
    again = run_process("validate", "--format", "json", cwd=large)
    assert (again.code, again.out) == (cold.code, cold.out)


def test_a_finding_that_utf_8_cannot_tell_is_no_reason_to_cache_nothing(
    run_process: Run, large: Path
) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "\ud83d", "arguments": "{"}}
    path = large / "more/recordings/x.json"
    path.write_bytes(serialise(record([chunk(delta(tool_calls=[call], finish_reason="stop"))])))
    cold = run_process("validate", "--format", "json", "more", cwd=large)
    assert "the arguments for '\\\\ud83d' are not JSON" in cold.out
    assert run_process("validate", "--format", "json", "more", cwd=large).out == cold.out
    assert b"more/recordings/299.json" in (large / ".recctl/cache/validate").read_bytes()


def test_fix_first_takes_back_what_a_killed_run_left(run: Run, project: Path) -> None:
    before = snapshot(project)
    script = (
        "import os, sys; from pathlib import Path\n"
        "from recctl.changes import execution, plan\n"
        "from recctl.base.digests import sha256\n"
        "root = Path('.').resolve(); name = sys.argv[1]; content = Path(name).read_bytes()\n"
        "steps = (plan.Rewrite(name, sha256(content), b'new'),)\n"
        "execution._switch = lambda *_: os._exit(9)\n"
        "plan.apply(root, plan.Plan('test', (steps,)))"
    )
    (name,) = [path.name for path in (BAD / "incomplete-stream" / FOLDER).iterdir()]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-c", script, f"{FOLDER}/{name}"]
    killed = subprocess.run(command, cwd=project, env=environment, check=False)
    assert killed.returncode == 9
    outcome = run("validate", "--fix", "--select", "incomplete-stream", cwd=project)
    assert outcome.err.startswith("took back run ")
    assert snapshot(project) == before
