"""`recctl restore`: what it brings back, what it says, and how it exits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from recctl.base.digests import sha256
from recctl.changes.plan import Delete, Plan, Rewrite, apply
from recctl.recordings.formats.ogx import serialise
from tests.builders import TEST_ID, interrupt, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

A, B = "recordings/aaaa00000000.json", "recordings/bbbb00000000.json"
CONTENT = serialise(record({"text": "Hi"}))
SIZE = f"{len(CONTENT)} B"


@pytest.fixture
def removed(git: Callable[..., str], tmp_path: Path) -> str:
    """A project whose recording A is in the trash; B was removed by the commit whose id this is."""
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "recordings").mkdir()
    for path in (A, B):
        (tmp_path / path).write_bytes(CONTENT)
    git("add", ".")
    git("commit", "-qm", "x")
    git("rm", "-q", B)
    git("commit", "-qm", "y")
    apply(tmp_path, Plan("prune", ((Delete(A, sha256(CONTENT)),),)))
    return git("rev-parse", "HEAD").strip()


def test_a_dry_run_shows_what_could_come_back_and_changes_nothing(
    run: Run, removed: str, tmp_path: Path
) -> None:
    outcome = run("restore", "recordings", "abcd")
    assert outcome.code == 1
    assert outcome.out == (
        "not-found          abcd  is neither in the trash nor in git's history\n"
        f"restorable  {SIZE}  {A}  from the trash, {TEST_ID}\n"
        f"restorable  {SIZE}  {B}  removed in {removed[:12]}, {TEST_ID}\n"
    )
    assert outcome.err == "2 recordings (1.1 kB) can be restored; --apply does it\n"
    assert list((tmp_path / "recordings").iterdir()) == []


def test_a_word_that_is_too_long_for_a_path_is_not_found(run: Run) -> None:
    outcome = run("restore", "a" * 5000)
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out == f"not-found  {'a' * 5000}  is neither in the trash nor in git's history\n"


def test_what_came_back_is_told_and_can_be_taken_back(
    run: Run, removed: str, tmp_path: Path, git: Callable[..., str]
) -> None:
    outcome = run("restore", "--test", TEST_ID.partition("[")[0], "recordings", "--apply")
    assert (outcome.code, outcome.err) == (
        0,
        "restored 2 recordings (1.1 kB); `recctl undo 2` takes it back\n",
    )
    assert outcome.out == (
        f"restored  {SIZE}  {A}  from the trash, {TEST_ID}\n"
        f"restored  {SIZE}  {B}  removed in {removed[:12]}, {TEST_ID}\n"
    )
    assert [(tmp_path / path).read_bytes() for path in (A, B)] == [CONTENT, CONTENT]
    again = run("restore", A, "--apply", "-q")
    assert (again.code, again.out, again.err) == (
        1,
        f"exists  {A}  is there, and is never overwritten\n",
        "",
    )
    assert run("undo").err == "run 2 (restore, 2 files): undone\n"
    assert git("status", "--porcelain") == f" D {A}\n"


def test_json_is_the_documented_shape(run: Run, removed: str) -> None:
    outcome = run("restore", "aaaa", "bbbb", "cccc", "--format", "json")
    assert outcome.code == 1
    known = {"test_id": TEST_ID, "bytes": len(CONTENT), "status": "restorable", "reason": None}
    unknown = {"test_id": None, "bytes": None, "status": "not-found"}
    assert json.loads(outcome.out) == {
        "version": "recctl.restore.v1",
        "files": [
            {"path": "cccc", "from": None, "reason": "is neither in the trash nor in git's history"}
            | unknown,
            {"path": A, "from": "trash"} | known,
            {"path": B, "from": removed} | known,
        ],
        "errors": [],
    }


@pytest.mark.usefixtures("removed")
def test_paths_are_for_other_commands_and_may_come_from_a_list(run: Run) -> None:
    outcome = run("restore", "--files-from", "-", "--format", "paths", stdin=f"{A}\n{B}\nnone\n".encode())
    assert (outcome.code, outcome.out) == (1, f"{A}\n{B}\n")


@pytest.mark.usefixtures("removed")
def test_a_killed_run_is_taken_back_first(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("1")
    apply(tmp_path, Plan("rehash", ((Rewrite("other", sha256(b"1"), b"2"),),)))
    interrupt(tmp_path)
    assert run("restore", A).err == f"1 recording ({SIZE}) can be restored; --apply does it\n"
    outcome = run("restore", A, "--apply")
    assert outcome.code == 0
    assert outcome.err == (
        "took back run 2, which was interrupted\n"
        f"restored 1 recording ({SIZE}); `recctl undo 3` takes it back\n"
    )
    assert (tmp_path / "other").read_text() == "1"


@pytest.mark.usefixtures("removed")
def test_a_shallow_clone_says_that_its_history_ends(
    run: Run, git: Callable[..., str], tmp_path: Path
) -> None:
    git("clone", "-q", "--depth", "1", f"file://{tmp_path}", "clone")
    outcome = run("restore", "recordings", cwd=tmp_path / "clone")
    assert (outcome.code, outcome.out) == (1, "not-found  recordings  nothing is gone from it\n")
    assert outcome.err == (
        "this clone lacks older history, where more may be found: git fetch --unshallow gets it\n"
    )


@pytest.mark.usefixtures("removed")
def test_what_cannot_be_read_wins(run: Run, tmp_path: Path) -> None:
    for copy in (tmp_path / ".recctl/runs/1/before").iterdir():
        copy.write_text("damaged")
    outcome = run("restore", A, "none", "--apply")
    assert (outcome.code, outcome.out) == (
        2,
        "not-found  none  is neither in the trash nor in git's history\n",
    )
    assert outcome.err == (f"error: {A}: its copy is damaged (git log may know an older removal of it)\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "error: nothing was named\nhint: name files, folders or hashes, or a test with --test\n",
        ),
        (["x", "--format", "path"], "error: unknown format 'path'\nhint: did you mean 'paths'?\n"),
        (["/"], "error: /: is no path below {root}\nhint: name what was in the project\n"),
    ],
)
@pytest.mark.usefixtures("removed")
def test_what_cannot_be_meant_is_an_error(
    run: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    outcome = run("restore", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message.format(root=tmp_path))


def test_a_repository_that_git_refuses_to_read_is_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")
    outcome = run("restore", "x")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: git's history can't be read: not a git repository")
