"""`recctl undo`: what it takes back, what it says, and how it exits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from recctl.base.digests import sha256
from recctl.changes.plan import Create, Delete, Plan, Rewrite, apply, empty_trash, list_foreign
from tests.builders import interrupt, record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the files `sub/a` and `sub/b`, one rewritten and one deleted by run 1, "prune"."""
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a").write_text("1")
    (tmp_path / "sub/b").write_text("2")
    group = (Rewrite("sub/a", sha256(b"1"), b"one"), Delete("sub/b", sha256(b"2")))
    apply(tmp_path, Plan("prune", (group,)))
    return tmp_path


def read(project: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (project / "sub").iterdir()}


def test_the_last_run_is_taken_back(run: Run, project: Path) -> None:
    outcome = run("undo", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "run 1 (prune, 2 files): undone\n")
    assert read(project) == {"a": "1", "b": "2"}
    again = run("undo", cwd=project)
    assert (again.code, again.out) == (2, "")
    assert again.err == (
        "error: there is no run to take back\n"
        "hint: recctl undo --list shows the runs and what became of them\n"
    )


def test_a_named_run_is_taken_back_from_anywhere_in_the_project(run: Run, project: Path) -> None:
    outcome = run("undo", "1", "-q", cwd=project / "sub")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert read(project) == {"a": "1", "b": "2"}


def test_what_has_changed_since_is_listed_and_nothing_is_taken_back(run: Run, project: Path) -> None:
    (project / "sub/a").write_text("edited")
    outcome = run("undo", cwd=project / "sub")
    assert (outcome.code, outcome.out) == (1, "a: has changed since\n")
    assert outcome.err == "run 1 (prune, 2 files): left as it is\n"
    assert read(project) == {"a": "edited"}


def test_runs_are_listed_oldest_first(run: Run, project: Path) -> None:
    run("undo", cwd=project)
    apply(project, Plan("validate", ((Delete("sub/a", sha256(b"1")),),)))
    outcome = run("undo", "--list", cwd=project)
    assert (outcome.code, outcome.err) == (0, "")
    assert [line.partition("  ")[2] for line in outcome.out.splitlines()] == [
        "run 1 (prune, 2 files): undone",
        "run 3 (validate, 1 file): applied",
    ]


def test_a_run_whose_copies_were_thrown_away_stands_and_the_list_says_so(run: Run, project: Path) -> None:
    apply(project, Plan("restore", ((Create("sub/c", b"3"),),)))
    empty_trash(project)
    listed = run("undo", "--list", cwd=project)
    assert [line.partition("  ")[2] for line in listed.out.splitlines()] == [
        "run 1 (prune, 2 files): applied, can't be undone: its copies were thrown away",
        "run 2 (restore, 1 file): applied",
    ]
    assert run("undo", cwd=project).err == "run 2 (restore, 1 file): undone\n"
    outcome = run("undo", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: run 1 can't be undone: its copies were thrown away by --empty-trash\n"
        "hint: recctl restore brings back what git has of deleted files\n"
    )
    document = json.loads(run("undo", "--list", "--format", "json", cwd=project).out)
    assert [entry["state"] for entry in document["runs"]] == ["emptied", "undone"]


def test_where_nothing_ever_ran_the_list_is_empty(run: Run, tmp_path: Path) -> None:
    outcome = run("undo", "--list")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert not any(tmp_path.iterdir())


def test_json_is_the_documented_shape(run: Run, project: Path) -> None:
    (project / "sub/b").write_text("mine")
    outcome = run("undo", "--format", "json", cwd=project)
    assert outcome.code == 1
    document = json.loads(outcome.out)
    assert document["runs"][0].pop("time").endswith("+00:00")
    assert document == {
        "version": "recctl.undo.v1",
        "runs": [
            {
                "run": "1",
                "command": "prune",
                "state": "applied",
                "paths": ["sub/a", "sub/b"],
                "refused": [{"path": "sub/b", "reason": "exists already"}],
            }
        ],
        "errors": [],
    }
    listed = json.loads(run("undo", "--list", "--format", "json", cwd=project).out)
    assert [(entry["run"], entry["state"], entry["refused"]) for entry in listed["runs"]] == [
        ("1", "applied", [])
    ]


def test_after_a_killed_run_undo_takes_that_back_and_no_other(run: Run, project: Path) -> None:
    apply(project, Plan("rehash", ((Rewrite("sub/a", sha256(b"one"), b"eins"),),)))
    interrupt(project)
    outcome = run("undo", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "run 2 (rehash, 1 file): rolled back\n")
    assert read(project) == {"a": "one"}
    assert run("undo", cwd=project).err == "run 1 (prune, 2 files): undone\n"


def test_a_run_that_is_interrupted_takes_itself_back_and_says_so(run: Run, project: Path) -> None:
    (project / "recordings").mkdir()
    contents = {name: f"{json.dumps(record([]))} ".encode() for name in ("1.json", "2.json")}
    for name, content in contents.items():
        (project / "recordings" / name).write_bytes(content)
    script = (
        "import os, signal, sys; sys.argv = ['recctl', 'validate', '--fix', '-q', 'recordings']\n"
        "from tests.unit.test_plan import intercepted\n"
        "from recctl.__main__ import run\n"
        "def interrupt(call):\n"
        "    if call.name == 'replace' and str(call.arguments[1]).endswith('2.json'):\n"
        "        assert open('recordings/1.json').read().startswith('{\\n')\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "with intercepted(interrupt): run()"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout) == (130, "")
    assert finished.stderr == "interrupted; what was changed is taken back\n"
    assert {path.name: path.read_bytes() for path in (project / "recordings").iterdir()} == contents
    assert run("undo", cwd=project).err == "run 1 (prune, 2 files): undone\n"


def test_a_named_run_is_taken_back_after_a_killed_one(run: Run, project: Path) -> None:
    apply(project, Plan("rehash", ((Rewrite("sub/a", sha256(b"one"), b"eins"),),)))
    interrupt(project)
    outcome = run("undo", "1", cwd=project)
    assert outcome.err == "took back run 2, which was interrupted\nrun 1 (prune, 2 files): undone\n"
    assert read(project) == {"a": "1", "b": "2"}


def test_a_killed_undo_is_done_again(run: Run, project: Path) -> None:
    run("undo", cwd=project)
    interrupt(project)
    outcome = run("undo", cwd=project)
    assert outcome.err == "took back run 2, which was interrupted\nrun 1 (prune, 2 files): undone\n"
    assert read(project) == {"a": "1", "b": "2"}


def test_a_file_edited_after_the_kill_is_left_and_told(run: Run, project: Path) -> None:
    interrupt(project)
    (project / "sub/a").write_text("edited")
    outcome = run("undo", cwd=project)
    assert (outcome.code, outcome.out) == (1, "sub/a: has changed since, and was left as it is\n")
    assert outcome.err == "run 1 (prune, 2 files): rolled back\n"
    assert read(project) == {"a": "edited", "b": "2"}


def test_runs_that_were_not_made_here_by_the_user_are_told_and_left_alone(run: Run, project: Path) -> None:
    """By git, by an older recctl that did not sign, and by the user, in another folder."""
    runs = project / ".recctl/runs"
    manifest = b'{"groups": [[{"path": "sub/a", "before": null, "after": null}]]}'
    for name in ("2/manifest.json", "3/manifest", "3/outcome"):
        (runs / name).parent.mkdir(exist_ok=True)
        (runs / name).write_bytes(manifest)
    shutil.copytree(project, project / "copy")
    listed = run("undo", "--list", cwd=project)
    assert (listed.code, listed.out.partition("  ")[2]) == (0, "run 1 (prune, 2 files): applied\n")
    told = (
        "left out: runs 2, 3 were not made here by you, but by another user, in another folder, by an older "
        "recctl, or they came with the repository; what they kept is in .recctl/runs, and can be deleted\n"
    )
    assert listed.err == told
    document = json.loads(run("undo", "--list", "--format", "json", cwd=project).out)
    assert [entry["run"] for entry in document["runs"]] == ["1"]
    named = run("undo", "3", cwd=project)
    assert (named.code, named.out) == (2, "")
    assert named.err == (
        f"{told}error: run 3 was not made here by you, and can't be taken back\n"
        "hint: what it may have kept of files is in .recctl/runs/3/before\n"
    )
    copied = run("undo", cwd=project / "copy")
    assert (copied.code, copied.out) == (2, "")
    assert copied.err == (
        f"{told.replace('2, 3', '1, 2, 3')}error: there is no run to take back\n"
        "hint: recctl undo --list shows the runs and what became of them\n"
    )
    outcome = run("undo", cwd=project)
    assert (outcome.code, outcome.err) == (0, f"{told}run 1 (prune, 2 files): undone\n")
    assert read(project) == {"a": "1", "b": "2"}


def test_what_git_tracks_is_no_run_of_ours(run: Run, project: Path, git: Callable[..., str]) -> None:
    git("add", "-f", ".recctl")
    (project / "sub/c").write_text("3")
    apply(project / "sub", Plan("prune", ((Delete("c", sha256(b"3")),),)))
    git("add", "-f", "sub/.recctl")
    for folder in (project, project / "sub"):
        outcome = run("undo", "--config", str(project / "recctl.toml"), cwd=folder)
        assert outcome.code == 2
        assert outcome.err.startswith("left out: run 1 was not made here by you")
    assert list_foreign(project / "sub") == ("1",)
    assert (project / "sub/a").read_text() == "one"


def test_what_lies_in_place_of_a_run_is_told(run: Run, project: Path) -> None:
    for number in range(2, 10):
        (project / f".recctl/runs/{number}").symlink_to(project)
    (project / ".recctl/runs/10").touch()
    outcome = run("undo", cwd=project)
    assert outcome.code == 0
    assert outcome.err.startswith("left out: runs 2, 3, 4, 5, 6 and 4 more were not made here by you")
    assert read(project) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("place", ["/dev/null/state", "{project}/state"])
def test_without_a_place_for_the_key_nothing_is_changed(run: Run, project: Path, place: str) -> None:
    (project / "recordings").mkdir()
    path = project / "recordings/1.json"
    path.write_text(f"{json.dumps(record([]))} ")
    before = path.read_bytes()
    env = {"XDG_STATE_HOME": place.format(project=project)}
    outcome = run("validate", "--fix", cwd=project, env=env)
    assert outcome.code == 2
    assert "error: no journal can be kept, and so nothing is changed: " in outcome.err
    assert outcome.err.endswith(
        "hint: set XDG_STATE_HOME to a folder of your own outside the project that can be written\n"
    )
    assert path.read_bytes() == before
    assert run("undo", "--list", cwd=project, env=env).code == 0


def test_strange_names_cannot_act_on_a_terminal(run: Run, project: Path) -> None:
    (project / "\x1b[31m").write_text("1")
    apply(project, Plan("prune", ((Delete("\x1b[31m", sha256(b"1")),),)))
    (project / "\x1b[31m").write_text("2")
    assert run("undo", cwd=project).out == "\\x1b[31m: exists already\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["7"],
            "error: run 7 is not known\nhint: recctl undo --list shows the runs and what became of them\n",
        ),
        (["--format", "jsn"], "error: unknown format 'jsn'\nhint: did you mean 'json'?\n"),
    ],
)
def test_what_cannot_be_meant_is_an_error(
    run: Run, project: Path, arguments: list[str], message: str
) -> None:
    outcome = run("undo", *arguments, cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message)
