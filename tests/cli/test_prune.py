"""`recctl prune`: what it shows, takes and refuses, how it exits, and that nothing is ever lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.changes.plan import list_runs
from recctl.input.sources import LOOKED_FOR, select
from recctl.project import Project
from recctl.prune import Grade, Inquiry, examine
from recctl.render.kit.view import View
from recctl.render.prune.text import render
from recctl.testsuite.track import Tracked, dump_tracked
from tests.cli.conftest import CHECKOUT
from tests.names import AGAIN, ask, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FILE = "tests/test_a.py"
FOLDER = "tests/recordings"
SCHEME = "ogx-2026-04"


class Recordings:
    """A project with the test `test_x`: replaced and stranded, an orphan, two that are fine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "recctl.toml").write_text(f'scheme = "{SCHEME}"')
        (root / "tests").mkdir()
        (root / FILE).write_text("def test_x(): ...")
        self.replaced = self.put("Hello", "test_x[a]", old=True)
        self.current = self.put("Hello", "test_x[a]", body=AGAIN)
        self.stranded = self.put("Good morning", "test_x[b]", old=True)
        self.other = self.put("Hello", "test_x[c]")
        self.orphan = self.put("Hello", "test_y")

    def put(self, text: str, test: str, *, old: bool = False, body: dict[str, Any] | None = None) -> str:
        """Write a recording of this question for a test; gives its path."""
        document = ask(text, "Hello. " * 30, body, test_id=f"{FILE}::{test}")
        path = write(self.root / FOLDER, document, old_name(document) if old else None)
        return path.relative_to(self.root).as_posix()

    def show_size(self, *paths: str) -> str:
        return f"{sum((self.root / path).stat().st_size for path in paths) / 1000:.1f} kB"

    def read(self) -> dict[str, str]:
        """What lies where, but for what recctl keeps for itself."""
        return {
            path.relative_to(self.root).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in self.root.rglob("*")
            if path.is_file() and not {".recctl", ".git"} & {*path.relative_to(self.root).parts}
        }


@pytest.fixture
def project(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path)


RECORDER = "today's recorder can't find it, and"


def test_a_dry_run_is_a_table_by_grade_and_changes_nothing(run: Run, project: Recordings) -> None:
    before = project.read()
    outcome = run("prune")
    assert outcome.out == (
        "can go\n"
        f"  replaced         1    1.2 kB  {RECORDER} another of the same turn has taken its place\n"
        "  orphan           1    1.2 kB  its test no longer exists\n"
        "left alone\n"
        f"  stranded         1    1.2 kB  {RECORDER} nothing has taken its place: recctl rehash rescues it\n"
    )
    total = project.show_size(project.replaced, project.orphan)
    assert outcome.err == (
        f"examined 5 recordings: 2 can go ({total}); nothing was deleted: "
        "-v shows the proof for each, --apply moves them to the trash\n"
    )
    assert (outcome.code, project.read()) == (0, before)
    assert not (project.root / ".recctl").exists()


def test_verbose_gives_the_reason_for_each_file(run: Run, project: Recordings) -> None:
    (project.root / "recctl.toml").write_text(f'scheme = "{SCHEME}"\nkeep = ["{project.orphan}"]')
    why = f"ogx-2025-07 gives it this name, {SCHEME} looks for another"
    out = run("prune", "-v").out.splitlines()
    assert [line for line in out if line.startswith("    ")] == [
        f"    {project.replaced}: {why}; {project.current} has taken its place",
        f"    {project.stranded}: {why}, and nothing has taken its place: recctl rehash rescues it",
        f"    {project.orphan}: orphan: {FILE} has no function test_y; protected: the configuration keeps it",
    ]


def test_what_takes_a_protected_recording_of_another_grade_is_told(run: Run, project: Recordings) -> None:
    keep = f'scheme = "{SCHEME}"\nkeep = ["{project.orphan}"]'
    (project.root / "recctl.toml").write_text(keep)
    assert "  its test no longer exists: --grade orphan --include-protected takes it\n" in (
        run("prune", "--grade", "replaced").out
    )


def test_on_a_terminal_the_meanings_are_broken_beside_the_figures(project: Recordings) -> None:
    opened = Project(project.root).with_settings(scheme=SCHEME)
    paths = [str(project.root)]
    report = examine(opened, select(opened, paths), Inquiry(grades=(Grade.ORPHAN,), default=False))
    assert "".join(render(report, View(width=80))) == (
        "can go\n"
        "  orphan           1    1.2 kB  its test no longer exists\n"
        "left alone\n"
        "  replaced         1    1.2 kB  today's recorder can't find it, and another of\n"
        "                                the same turn has taken its place: --grade\n"
        "                                replaced takes it\n"
        "  stranded         1    1.2 kB  today's recorder can't find it, and nothing has\n"
        "                                taken its place: recctl rehash rescues it\n"
    )
    assert max(map(len, "".join(render(report, View(width=40))).splitlines())) > 80


def test_json_is_the_documented_shape(run: Run, project: Recordings) -> None:
    (project.root / FOLDER / "broken.json").write_text("{")
    outcome = run("prune", "--format", "json", "--grade", "orphan", FOLDER)
    document = json.loads(outcome.out)
    (orphan,) = (file for file in document["files"] if file["stale"])
    assert orphan == {
        "path": project.orphan,
        "index": None,
        "test_id": "tests/test_a.py::test_y",
        "stale": True,
        "grade": "orphan",
        "reason": f"{FILE} has no function test_y",
        "protected": None,
        "bytes": (project.root / project.orphan).stat().st_size,
    }
    assert list(document) == ["version", "files", "summary", "errors"]
    assert document["version"] == "recctl.prune.v1"
    assert document["summary"] == {"examined": 5, "stale": 1, "protected": 0, "bytes": orphan["bytes"]}
    assert document["errors"] == [
        {"path": f"{FOLDER}/broken.json", "message": "the file ends before its value does: it is cut off"}
    ]
    assert {file["path"]: file["grade"] for file in document["files"]} == {
        project.replaced: "replaced",
        project.current: None,
        project.stranded: "stranded",
        project.other: None,
        project.orphan: "orphan",
    }
    assert outcome.code == 1


def test_paths_are_for_git_rm(run: Run, project: Recordings) -> None:
    outcome = run("prune", "--format", "paths", "-q")
    assert (outcome.out.splitlines(), outcome.err) == (sorted([project.replaced, project.orphan]), "")


@pytest.mark.usefixtures("project")
def test_check_fails_when_something_is_stale(run: Run) -> None:
    assert run("prune", "--check").code == 1
    assert run("prune", "--check", "--test", "test_x[c]").code == 0
    assert run("prune", "--apply").code == 0
    assert run("prune", "--check").code == 0


def test_apply_moves_to_the_trash_and_undo_brings_everything_back(run: Run, project: Recordings) -> None:
    before = project.read()
    outcome = run("prune", "--apply", "--format", "paths")
    gone = {project.replaced, project.orphan}
    assert (outcome.code, set(outcome.out.splitlines())) == (0, gone)
    assert outcome.err == "moved 2 recordings to the trash; `recctl undo 1` takes it back\n"
    assert before.keys() - project.read().keys() == gone
    assert run("prune").err == "examined 3 recordings: none can go\n"
    assert run("undo").code == 0
    assert project.read() == before


def test_what_rehash_would_rescue_is_all_that_is_left_for_it(run: Run, project: Recordings) -> None:
    run("prune", "--apply")
    report = json.loads(run("rehash", "--check", "--format", "json").out)
    outdated = [file["path"] for file in report["files"] if file["status"] == "outdated"]
    assert outdated == [project.stranded]


def test_delete_keeps_no_copy_of_what_git_has(run: Run, project: Recordings, git: Callable[..., str]) -> None:
    git("add", ".")
    git("commit", "-qm", "1")
    before = project.read()
    late = project.put("Late", "test_y")
    insisting = ("--include-protected", "--max-share", "60")
    outcome = run("prune", "--apply", "--delete", *insisting, "-q", "--format", "paths")
    assert set(outcome.out.splitlines()) == {project.replaced, project.orphan, late}
    copies = list((project.root / ".recctl").rglob("before/*"))
    assert len(copies) == 1, "only of what git does not have"
    assert run("undo").code == 0
    assert {path: content for path, content in project.read().items() if path != late} == before


def test_the_trash_is_emptied_on_demand(run: Run, project: Recordings) -> None:
    assert run("prune", "--empty-trash").err == "the trash is empty\n"
    total = project.show_size(project.replaced, project.orphan)
    run("prune", "--apply")
    assert run("prune", "--empty-trash").err == (
        f"the trash holds 2 copies ({total}) of 1 run; "
        "--apply throws them away, and they can't be undone then\n"
    )
    assert run("prune", "--empty-trash", "--apply").err == (
        f"threw away 2 copies ({total}) of 1 run, which can't be undone any more\n"
    )
    assert run("undo").code == 2


@pytest.mark.parametrize("more", [[FOLDER], ["--grade", "orphan"], ["--delete"], ["--collected", FILE]])
def test_what_is_said_of_a_part_of_the_trash_empties_none_of_it(
    run: Run, project: Recordings, more: list[str]
) -> None:
    before = project.read()
    run("prune", "--apply")
    outcome = run("prune", "--empty-trash", "--apply", *more)
    assert outcome.err.startswith("error: --empty-trash is about all of the trash\n")
    assert outcome.code == 2
    assert run("undo").code == 0
    assert project.read() == before


_DIES = """
import os, pathlib, signal, sys
left, remove = int(sys.argv.pop(1)), pathlib.Path.unlink
def unlink(path, missing_ok=False):
    global left
    if path.suffix == ".json" and path.parent.name == "recordings":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    remove(path, missing_ok=missing_ok)
pathlib.Path.unlink = unlink
from recctl.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("deletions", [0, 1])
def test_killed_half_way_every_recording_is_in_place_or_in_the_trash(
    run: Run, project: Recordings, deletions: int
) -> None:
    before = project.read()
    command = [sys.executable, "-c", _DIES, str(deletions), "prune", "--apply"]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    killed = subprocess.run(command, cwd=project.root, env=env, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    after = project.read()
    gone = {before[path] for path in before.keys() - after.keys()}
    assert len(gone) == deletions
    (interrupted,) = list_runs(project.root)
    assert {change.path for change in interrupted.changes} == {project.replaced, project.orphan}
    assert gone <= {path.name for path in (project.root / ".recctl/runs/1/before").iterdir()}

    again = run("prune", "--apply", "-q")
    assert again.code == 0
    assert before.keys() - project.read().keys() == {project.replaced, project.orphan}
    run("undo")
    assert project.read() == before


def test_lists_condemn_exactly_what_is_not_on_them(run: Run, project: Recordings) -> None:
    ids = [f"{FILE}::test_x[{parameter}]" for parameter in "ab"]
    (project.root / "list").write_text("\n".join((*ids, "", "2 tests collected in 0.10s", "")))
    outcome = run("prune", "--collected", "list", "--grade", "uncollected", "--format", "paths")
    assert set(outcome.out.splitlines()) == {project.other, project.orphan}
    warning = "c occurs in the test of 1 recording and in no list: was a part of the tests not collected?"
    assert outcome.err.splitlines()[0] == f"warning: {warning}"


def test_a_tracked_run_condemns_what_its_tests_did_not_open(run: Run, project: Recordings) -> None:
    unused, test_id = project.put("Bye", "test_x[a]"), f"{FILE}::test_x[a]"
    opened = frozenset([project.current])
    tracked = Tracked(
        True, None, opened, {test_id: opened}, frozenset(), {test_id: "passed"}, frozenset([unused])
    )
    (project.root / "run").write_text(dump_tracked(tracked))
    outcome = run("prune", "--tracked", "run", "--grade", "unused", "--format", "paths")
    assert (outcome.code, outcome.out) == (0, f"{unused}\n")
    (project.root / "run").write_text(dump_tracked(tracked._replace(complete=False, reason="it was killed")))
    outcome = run("prune", "--tracked", "run", "--grade", "unused", "--format", "paths")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: the run of the tests is not complete: it was killed\n")


def test_a_test_that_may_have_moved_is_told_with_what_to_do(run: Run, project: Recordings) -> None:
    (project.root / "tests/test_b.py").write_text("def test_y(): ...")
    outcome = run("prune", "-v")
    assert (
        "  in doubt         1    1.2 kB  its test is not where it should be, but may exist\n" in outcome.out
    )
    assert (
        f"    {project.orphan}: {FILE} has no function test_y, but tests/test_b.py has a test_y: if the test "
        f"moved, recctl mv {FILE}::test_y tests/test_b.py::test_y takes its recordings along\n"
    ) in outcome.out


def test_what_cannot_be_deleted_is_told_and_is_a_failure(run: Run, project: Recordings) -> None:
    inner = project.root / "inner"
    inner.mkdir()
    (project.root / "recctl.toml").rename(inner / "recctl.toml")
    arguments = ("--grade", "replaced", "--include-protected", f"../{FOLDER}")
    outcome = run("prune", "--apply", "-q", *arguments, cwd=inner)
    assert outcome.code == 1
    assert outcome.err == f"not deleted: ../{project.replaced}: lies outside the root\n"
    assert (project.root / project.replaced).exists()


@pytest.mark.usefixtures("project")
def test_without_scheme_and_list_it_says_what_would_give_evidence(run: Run) -> None:
    outcome = run("prune", "--isolated")
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        (
            "error: no scheme is set, and no list of tests is named\n"
            "hint: a scheme (configured, or --scheme) shows what was replaced, --collected FILE what is not "
            "collected, --tracked FILE what is not used, --grade orphan whose test is gone\n"
        ),
    )
    assert run("prune", "--isolated", "--scheme", SCHEME).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--grade", "orphans"], "error: unknown grade 'orphans'\nhint: did you mean 'orphan'?\n"),
        (
            ["--grade", "stranded"],
            "error: stranded recordings are never pruned\nhint: recctl rehash gives them their names back\n",
        ),
        (
            ["--scheme", "ogx-2026-40"],
            "error: unknown scheme 'ogx-2026-40'\nhint: did you mean 'ogx-2026-04'?\n",
        ),
        (["--older-than", "90"], "error: --older-than should be an age, such as 12h, 90d, 6w or 1y\n"),
        (["--format", "yaml"], "error: unknown format 'yaml'\nhint: known are text, json, paths\n"),
        (
            ["--check", "--apply"],
            "error: --check only looks, --apply deletes\nhint: leave one of them out\n",
        ),
        (["--delete"], "error: --delete says how --apply deletes\nhint: name both\n"),
        (
            ["--collected", "nowhere"],
            (
                "error: nowhere: no such file or directory\n"
                "hint: pytest --collect-only -q > FILE makes such a list\n"
            ),
        ),
        (
            ["--max-share", "10"],
            (
                "error: 2 of 5 recordings would go (40 %; 1 orphan, 1 replaced), more than 10 %\n"
                "hint: look at them with --max-share 100, and allow it with --max-share when the evidence is "
                "right\n"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error(
    run: Run, project: Recordings, arguments: list[str], message: str
) -> None:
    before = project.read()
    outcome = run("prune", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message)
    assert project.read() == before


def test_a_file_that_cannot_be_opened_is_an_error_and_the_rest_is_judged(
    run: Run, project: Recordings
) -> None:
    outcome = run("prune", "-q", "--format", "paths", FOLDER, "nowhere.json")
    assert outcome.out.splitlines() == sorted([project.replaced, project.orphan])
    assert outcome.err.startswith("error: nowhere.json: can't be opened")
    assert outcome.code == 2


def test_where_there_are_no_recordings_there_is_nothing_to_say(run: Run, tmp_path: Path) -> None:
    outcome = run("prune")
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        "",
        f"no recordings found in .\nhint: {LOOKED_FOR}\nexamined 0 recordings: none can go\n",
    )
    assert not [*tmp_path.iterdir()]


def test_what_a_recording_says_cannot_act_on_a_terminal(run: Run, project: Recordings) -> None:
    project.put("Hello", "test_x[\x1b[31mred]")
    (project.root / "list").write_text(f"{FILE}::test_x[a]\n1 test collected\n")
    outcome = run("prune", "-v", "--collected", "list", "--max-share", "100")
    assert "\x1b" not in outcome.out + outcome.err
    assert "test_x[\\x1b[31mred] is not in list" in outcome.out
