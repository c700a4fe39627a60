"""How recctl changes files: what a plan may do, what a killed run leaves, and the way back."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager, suppress
from itertools import count, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.digests import sha256
from recctl.base.errors import InterruptError, RecctlError
from recctl.changes.plan import (
    Create,
    Delete,
    Group,
    Mend,
    Move,
    Plan,
    Rewrite,
    Step,
    apply,
    empty_trash,
    list_foreign,
    list_runs,
    measure_trash,
    preview,
    recover,
    undo,
)
from recctl.changes.state import StateFolder
from tests.depth import take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.changes.plan import Applied

CHECKOUT = Path(__file__).resolve().parents[2]

Snapshot = dict[str, tuple[bytes, int] | None]
"""A tree without what recctl keeps for itself: content and permissions by path, None for a folder."""


# --- building trees and plans -------------------------------------------------------------------------------


def fill(root: Path, **texts: str) -> None:
    """Write files: `fill(root, a="1")` writes "1" into `a`."""
    root.mkdir(exist_ok=True)
    for name, text in texts.items():
        (root / name).write_text(text)


def snapshot(root: Path) -> Snapshot:
    paths = (path for path in root.rglob("*") if not {".recctl", ".git"} & set(path.parts))
    return {
        path.relative_to(root).as_posix(): None
        if path.is_dir()
        else (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in paths
    }


def texts(root: Path) -> dict[str, str]:
    return {path: file[0].decode() for path, file in snapshot(root).items() if file is not None}


def move(path: str, new_path: str, was: str, text: str | None = None) -> Move:
    return Move(path, sha256(was.encode()), new_path, None if text is None else text.encode())


def rewrite(path: str, was: str, text: str) -> Rewrite:
    return Rewrite(path, sha256(was.encode()), text.encode())


def delete(path: str, was: str, blob: str | None = None) -> Delete:
    return Delete(path, sha256(was.encode()), blob)


def mend(path: str) -> Mend:
    return Mend(path, lambda content: content + b"!")


def create(path: str, text: str) -> Create:
    return Create(path, text.encode())


def run(root: Path, *groups: Group) -> Applied:
    return apply(root, Plan("test", groups))


def refusals(applied: Applied) -> list[str]:
    return [f"{held.refusal.path} {held.refusal.reason}" for held in applied.held_back]


EVERYTHING: tuple[Group, ...] = (
    (move("a", "b", "1", text="one"), move("b", "a", "2")),
    (move("c", "d", "3"), move("d", "new/folder/d", "4")),
    (rewrite("e", "5", "five"), delete("f", "6"), create("new/file", "new")),
    (move("g", "taken", "7"), rewrite("h", "8", "eight")),
    (move("i", "c", "9", text="nine"),),
)
"""A plan with one of each: a swap, a chain, new folders, a collision, a name that another group gives up."""


def fill_for_everything(root: Path) -> None:
    fill(root, a="1", b="2", c="3", d="4", e="5", f="6", g="7", h="8", i="9", taken="0")
    (root / "a").chmod(0o600)


AFTER_EVERYTHING = {
    "a": "2",
    "b": "one",
    "c": "nine",
    "d": "3",
    "e": "five",
    "g": "7",
    "h": "8",
    "new/file": "new",
    "new/folder/d": "4",
    "taken": "0",
}


def test_files_move_change_and_go(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    applied = run(tmp_path, *EVERYTHING)
    assert texts(tmp_path) == AFTER_EVERYTHING
    assert applied.done == (*EVERYTHING[:3], EVERYTHING[4])
    assert refusals(applied) == ["taken exists already"]


def test_a_new_file_takes_a_name_that_its_group_gives_up(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    before = snapshot(tmp_path)
    run(tmp_path, (move("a", "c", "1"), create("a", "new")), (delete("b", "2"),), (create("b", "new"),))
    assert texts(tmp_path) == {"a": "new", "b": "new", "c": "1"}
    assert undo(tmp_path).refusals == ()
    assert snapshot(tmp_path) == before


def test_a_new_file_that_was_edited_is_not_taken_back(tmp_path: Path) -> None:
    run(tmp_path, (create("new/a", "1"),))
    fill(tmp_path / "new", a="edited")
    assert undo(tmp_path).refusals == (("new/a", "has changed since"),)
    assert texts(tmp_path) == {"new/a": "edited"}


def test_a_file_is_mended_as_it_is_found(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    step, idle = mend("a"), Mend("b", lambda _: None)
    applied = run(tmp_path, (step,), (idle,), (mend("gone"),))
    assert (applied.done, refusals(applied)) == (((step,),), ["gone is gone"])
    assert texts(tmp_path) == {"a": "1!", "b": "2"}
    assert undo(tmp_path).refusals == ()
    assert texts(tmp_path) == {"a": "1", "b": "2"}
    assert run(tmp_path, (idle,)).run_id is None


def test_permissions_stay_with_the_file(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3")
    for number, name in enumerate("abc"):
        (tmp_path / name).chmod(0o640 | number)
    made = Create("d", b"4", mode=0o755)
    run(tmp_path, (move("a", "A/a", "1"), move("b", "B", "2", text="two"), rewrite("c", "3", "three"), made))
    assert {path: file and file[1] for path, file in snapshot(tmp_path).items()} == {
        "A": None,
        "A/a": 0o640,
        "B": 0o641,
        "c": 0o642,
        "d": 0o755,
    }


def test_names_need_not_be_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff")
    fill(tmp_path, **{name: "1"})
    before = snapshot(tmp_path)
    run(tmp_path, (move(name, f"{name}/{name}", "1"),), (move(name, f"new/{name}", "1"),))
    assert texts(tmp_path) == {f"new/{name}": "1"}
    undo(tmp_path)
    assert snapshot(tmp_path) == before


def test_a_file_that_only_moves_stays_the_same_file(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    before = (tmp_path / "a").stat()
    run(tmp_path, (move("a", "b", "1"),))
    after = (tmp_path / "b").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)


def test_a_file_that_moves_to_a_free_name_is_always_there(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    seen: list[set[str]] = []
    with intercepted(lambda _: seen.append(texts(tmp_path).keys() & {"a", "b"})):
        run(tmp_path, (move("a", "b", "1"),))
    assert set() not in seen
    assert {"a", "b"} in seen


def test_files_of_the_same_content_stay_two(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3")
    run(tmp_path, (move("a", "A", "1"), rewrite("b", "2", "1"), move("c", "C", "3", text="1")))
    assert {path.name: path.stat().st_nlink for path in tmp_path.iterdir() if path.is_file()} == {
        "A": 1,
        "b": 1,
        "C": 1,
    }


def test_other_names_of_a_rewritten_file_keep_their_content(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    (tmp_path / "other").hardlink_to(tmp_path / "a")
    run(tmp_path, (rewrite("a", "1", "one"),))
    assert texts(tmp_path) == {"a": "one", "other": "1"}


def test_all_works_on_a_file_system_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    fill_for_everything(tmp_path / "with")
    fill_for_everything(tmp_path / "without")
    run(tmp_path / "with", *EVERYTHING)
    monkeypatch.setattr(os, "link", refuse)
    run(tmp_path / "without", *EVERYTHING)
    assert snapshot(tmp_path / "without") == snapshot(tmp_path / "with")


def test_a_preview_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    before = snapshot(tmp_path)
    shown = preview(tmp_path, Plan("test", EVERYTHING))
    assert (snapshot(tmp_path), (tmp_path / ".recctl").exists()) == (before, False)
    applied = run(tmp_path, *EVERYTHING)
    assert (shown.done, shown.held_back) == (applied.done, applied.held_back)


def test_nothing_to_do_leaves_no_run(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    assert run(tmp_path, (delete("a", "other"),)).run_id is None
    assert list_runs(tmp_path) == ()


# --- what is held back --------------------------------------------------------------------------------------

HELD_BACK: dict[str, tuple[Group, str]] = {
    "a file that changed": ((rewrite("a", "other", "x"),), "a has changed since"),
    "a file that went": ((delete("gone", "1"),), "gone is gone"),
    "a name that is taken": ((move("a", "b", "1"),), "b exists already"),
    "a name that is a folder's": ((move("a", "folder", "1"),), "folder is a link or no file"),
    "a folder below a file": ((move("a", "b/a", "1"),), "b/a b is a link or no folder"),
    "two files for one name": ((move("a", "x", "1"), move("b", "x", "2")), "x would name two files"),
    "names that differ in case": ((move("a", "x", "1"), move("b", "X", "2")), "X would name two files"),
    "names that differ in encoding": (
        (move("a", "\u00e9", "1"), move("b", "e\u0301", "2")),
        "e\u0301 would name two files",
    ),
    "two steps for one file": ((rewrite("a", "1", "x"), delete("a", "1")), "a is changed twice"),
    "a file onto one that is rewritten": (
        (move("a", "b", "1"), rewrite("b", "2", "x")),
        "b exists already",
    ),
    "a linked file": ((rewrite("link", "1", "x"),), "link is a link or no file"),
    "a file in a linked folder": ((delete("linked/c", "3"),), "linked/c linked is a link or no folder"),
    "a name in a linked folder": ((move("a", "linked/a", "1"),), "linked/a linked is a link or no folder"),
    "a new file where one is": ((create("b", "1"),), "b exists already"),
    "a new file where a link is": ((create("link", "1"),), "link is a link or no file"),
    "a new file in a linked folder": (
        (create("linked/new", "1"),),
        "linked/new linked is a link or no folder",
    ),
    "two new files of one name": ((create("x", "1"), create("X", "2")), "X would name two files"),
    "a new file and one that moves": ((move("a", "x", "1"), create("x", "2")), "x would name two files"),
    "a name too long": ((move("a", "x" * 300, "1"),), f"{'x' * 300} file name too long"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD_BACK)
def test_a_group_that_cannot_be_done_is_held_back_and_no_other(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    fill(tmp_path / "outside", c="3")
    fill(root, a="1", b="2", free="0")
    (root / "folder").mkdir()
    (root / "link").symlink_to("a")
    (root / "linked").symlink_to(tmp_path / "outside")
    before = snapshot(root)
    group, reason = HELD_BACK[kind]
    applied = run(root, group, (move("free", "moved", "0"),))
    assert refusals(applied) == [reason]
    assert applied.held_back[0].group is group
    moved = {("moved" if path == "free" else path): file for path, file in before.items()}
    assert snapshot(root) == moved
    assert texts(tmp_path / "outside") == {"c": "3"}


OUTSIDE = ["../x", "a/../../x", "/x", "./x", "x/", "x//y", "", ".", "..", "x\0y", "\ud800"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_root(tmp_path: Path, path: str) -> None:
    fill(tmp_path, a="1")
    reason = f"{path} is not a path below the root"
    groups = (move("a", path, "1"),), (delete(path, "1"),), (create(path, "1"),)
    assert refusals(run(tmp_path, *groups)) == [reason, reason, reason]
    assert texts(tmp_path) == {"a": "1"}


@pytest.mark.parametrize(
    "path", [".git/hooks/x", ".GIT/config", "sub/.git/x", ".recctl/runs/1/manifest.json"]
)
def test_what_belongs_to_git_and_to_recctl_is_left_alone(tmp_path: Path, path: str) -> None:
    fill(tmp_path, a="1")
    reason = f"{path} belongs to git or to recctl itself"
    assert refusals(run(tmp_path, (move("a", path, "1"),), (create(path, "1"),))) == [reason, reason]


def test_a_read_only_folder_is_seen_before_anything_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, a="1", b="2")
    frozen = tmp_path / "frozen"
    fill(frozen, c="3")
    frozen.chmod(0o555)
    if os.access(frozen, os.W_OK):  # this user may write to any folder
        monkeypatch.setattr(os, "access", lambda path, _: path != frozen)
    applied = run(tmp_path, (rewrite("b", "2", "x"), move("a", "frozen/a", "1")), (delete("frozen/c", "3"),))
    frozen.chmod(0o755)
    assert refusals(applied) == [f"frozen/{name} its folder is read-only" for name in "ac"]
    assert texts(tmp_path) == {"a": "1", "b": "2", "frozen/c": "3"}


def test_a_name_that_the_file_system_takes_for_another_exists_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ignore_case(path: Path) -> Path:
        names = {found.name.casefold(): found.name for found in path.parent.iterdir()}
        return path.with_name(names.get(path.name.casefold(), path.name))

    lstat, read_bytes = Path.lstat, Path.read_bytes
    monkeypatch.setattr(Path, "lstat", lambda path: lstat(ignore_case(path)))
    monkeypatch.setattr(Path, "read_bytes", lambda path: read_bytes(ignore_case(path)))
    fill(tmp_path, a="1", b="2")
    applied = run(tmp_path, (move("b", "A", "2"),), (create("A", "3"),), (move("a", "A", "1"),))
    assert refusals(applied) == ["A exists already"] * 3
    assert texts(tmp_path) == {"a": "1", "b": "2"}


def test_a_name_is_given_up_only_by_a_group_that_is_done(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3")
    stuck, depends = (move("b", "c", "2"),), (move("a", "b", "1"),)
    assert refusals(run(tmp_path, stuck, depends)) == ["c exists already", "b exists already"]
    free = (move("b", "d", "2"),)
    assert refusals(run(tmp_path, depends, free)) == ["b exists already"]
    assert texts(tmp_path) == {"a": "1", "c": "3", "d": "2"}


def test_each_file_and_each_new_name_occur_in_one_group_only(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3")
    applied = run(
        tmp_path, (move("a", "x", "1"),), (delete("a", "1"),), (move("b", "X", "2"), delete("c", "3"))
    )
    assert refusals(applied) == ["a is changed twice", "X would name two files"]
    assert texts(tmp_path) == {"x": "1", "b": "2", "c": "3"}


def test_a_file_that_changes_while_copies_are_made_is_held_back(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    with intercepted(meddling("chmod", tmp_path, b="edited")):
        applied = run(tmp_path, (delete("a", "1"),), (delete("b", "2"),))
    assert refusals(applied) == ["b has changed since"]
    assert texts(tmp_path) == {"b": "edited"}
    assert undo(tmp_path).refusals == ()
    assert texts(tmp_path) == {"a": "1", "b": "edited"}


@pytest.mark.parametrize("age", [0, 3600])
@pytest.mark.parametrize("keeps_time", [False, True])
@pytest.mark.parametrize("step", ["rewrite", "delete", "move"])
def test_an_edit_of_the_same_length_is_seen_before_it_would_be_lost(
    tmp_path: Path, step: str, age: int, keeps_time: bool
) -> None:
    """Whether or not what was read was old enough to be told from it, and even where times are put back."""
    fill(tmp_path, a="1", b="2")
    time = (tmp_path / "b").stat().st_mtime_ns - age * 10**9
    os.utime(tmp_path / "b", ns=(time, time))

    def edit(call: Call) -> None:
        if call.name == "link" and call.arguments[0] == tmp_path / "a":  # copies are made by then
            (tmp_path / "b").write_text("3")
            if keeps_time:
                os.utime(tmp_path / "b", ns=(time, time))

    steps: dict[str, Step] = {
        "rewrite": rewrite("b", "2", "x"),
        "delete": delete("b", "2"),
        "move": move("b", "c", "2"),
    }
    with intercepted(edit):
        applied = run(tmp_path, (move("a", "A", "1"),), (steps[step],))
    assert refusals(applied) == ["b has changed since"]
    assert texts(tmp_path) == {"A": "1", "b": "3"}


def test_a_file_that_changes_while_the_run_begins_is_held_back(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    with intercepted(meddling("link", tmp_path, b="edited")):
        applied = run(tmp_path, (move("a", "c", "1"),), (rewrite("b", "2", "x"),))
    assert refusals(applied) == ["b has changed since"]
    assert texts(tmp_path) == {"b": "edited", "c": "1"}
    assert undo(tmp_path).refusals == ()
    assert texts(tmp_path) == {"a": "1", "b": "edited"}


@pytest.mark.parametrize("has_links", [True, False])
def test_a_name_that_is_taken_at_the_last_moment_is_not_overwritten(tmp_path: Path, has_links: bool) -> None:
    def take(call: Call) -> None:
        if call.name == "link":
            if call.arguments[1] == tmp_path / "c":
                fill(tmp_path, c="mine")
            if not has_links:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    fill(tmp_path, a="1", b="2")
    with intercepted(take):
        applied = run(tmp_path, (rewrite("b", "2", "x"), move("a", "c", "1")))
    assert refusals(applied) == ["c exists already"]
    assert texts(tmp_path) == {"a": "1", "b": "2", "c": "mine"}


# --- what stops a run: failing calls, full disks, other processes -------------------------------------------

LAST_CALL = 1
"""The last call of a run brings its outcome down to the disk: the run is over by then."""

CALLS = ("chmod", "fsync", "link", "mkdir", "rename", "replace", "rmdir", "unlink")
"""What `recctl` asks of the system when it changes something; the writing itself comes after a chmod."""


class Call(NamedTuple):
    number: int
    name: str
    arguments: tuple[Any, ...]


@contextmanager
def intercepted(before: Callable[[Call], object]) -> Iterator[None]:
    """Have `before` called with each such call, before it is made.

    Nothing is synced: the files of a test need not survive a power cut.
    """
    numbers = count()

    def wrap(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            before(Call(next(numbers), name, tuple(locate(arguments, options))))
            return None if name == "fsync" else function(*arguments, **options)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrap(name, getattr(os, name)))
        yield


def locate(arguments: Sequence[Any], options: dict[str, Any]) -> Iterator[Any]:
    """Arguments of a call, with whole paths for those that are relative to the descriptor of a folder."""
    folders = [options.get("dir_fd", options.get("src_dir_fd")), options.get("dst_dir_fd")]
    for argument, folder in zip_longest(arguments, folders[: len(arguments)]):
        if folder is None:
            yield argument
        else:
            yield Path(Path(f"/proc/self/fd/{folder}").readlink(), argument)


def failing(number: int, code: int, *, for_good: bool = False) -> Callable[[Call], None]:
    """For `intercepted`: the call of that number fails, and with `for_good` all later ones."""

    def fail(call: Call) -> None:
        if call.number == number or (for_good and call.number > number):
            raise OSError(code, os.strerror(code))

    return fail


def meddling(name: str, root: Path, **texts: str) -> Callable[[Call], None]:
    """For `intercepted`: before each call of that name, somebody else writes files."""
    return lambda call: fill(root, **texts) if call.name == name else None


def count_calls(tmp_path: Path, action: Callable[[Path], object]) -> int:
    """How many calls it takes to do something to the tree of `fill_for_everything`."""
    calls: list[Call] = []
    with TemporaryDirectory(dir=tmp_path) as folder:
        fill_for_everything(Path(folder))
        with intercepted(calls.append):
            action(Path(folder))
    return len(calls)


def expected(before: Snapshot, applied: Applied) -> dict[str, str]:
    """What a tree should hold after the groups that were done, each taken as if at once."""
    tree = {path: file[0].decode() for path, file in before.items() if file is not None}
    for group in applied.done:
        old = {step.path: tree.pop(step.path) for step in group if not isinstance(step, Create)}
        for step in group:
            if isinstance(step, Mend):
                tree[step.path] = (step.make(old[step.path].encode()) or b"").decode()
            elif not isinstance(step, Delete):
                path = step.new_path if isinstance(step, Move) else step.path
                tree[path] = old[step.path] if step.content is None else step.content.decode()
    return tree


def test_a_call_that_fails_stops_its_group_or_the_run_but_halves_nothing(tmp_path: Path) -> None:
    seen = set()
    for number in range(count_calls(tmp_path, lambda root: run(root, *EVERYTHING))):
        root = tmp_path / str(number)
        fill_for_everything(root)
        before = snapshot(root)
        try:
            with intercepted(failing(number, errno.EIO)):
                applied = run(root, *EVERYTHING)
        except RecctlError:
            assert snapshot(root) == before
        else:
            assert texts(root) == expected(before, applied)
            seen.update(refusals(applied))
        assert recover(root) is None
    assert {"b input/output error", "new/folder/d input/output error", "f input/output error"} <= seen


def test_a_full_disk_is_one_clear_error_and_changes_nothing(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING)) - LAST_CALL
    for number in take(range(calls), every=5):
        root = tmp_path / str(number)
        fill_for_everything(root)
        before = snapshot(root)
        with intercepted(failing(number, errno.ENOSPC, for_good=True)), pytest.raises(RecctlError) as caught:
            run(root, *EVERYTHING)
        assert "no space left on device" in caught.value.message
        recover(root)
        assert snapshot(root) == before
        run(root, *EVERYTHING)
        assert texts(root) == AFTER_EVERYTHING


def test_what_fails_after_the_outcome_is_too_late_to_stop_the_run(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING))
    fill_for_everything(tmp_path)
    with intercepted(failing(calls - LAST_CALL, errno.ENOSPC, for_good=True)):
        run(tmp_path, *EVERYTHING)
    assert texts(tmp_path) == AFTER_EVERYTHING
    assert recover(tmp_path) is None


def test_a_disk_that_fills_up_shows_before_anything_moves_and_stops_all_groups(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    before = snapshot(tmp_path)

    def fill_up(call: Call) -> None:
        if call.name == "fsync" and len(list(tmp_path.glob("**/.recctl-*"))) == 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with intercepted(fill_up), pytest.raises(RecctlError, match="no space left on device"):
        run(tmp_path, *EVERYTHING)
    assert snapshot(tmp_path) == before
    assert [known.state for known in list_runs(tmp_path)] == ["rolled back"]


def test_only_the_outcome_is_written_after_the_first_file_has_moved(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    before = snapshot(tmp_path)
    unmoved: list[bool] = []

    def watch(call: Call) -> None:
        if call.name == "chmod":
            unmoved.append(without_drafts(snapshot(tmp_path)) == before)

    with intercepted(watch):
        run(tmp_path, *EVERYTHING)
    assert unmoved == [True] * (len(unmoved) - 1) + [False]


def test_a_power_cut_finds_all_that_counts_on_the_disk(tmp_path: Path) -> None:
    """Content is synced before it gets its name, the journal before files move, names before the outcome."""
    fill_for_everything(tmp_path)
    contents = {path.stat().st_ino for path in tmp_path.iterdir()}
    changed: dict[int, Path] = {}
    touched: list[Path] = []

    def watch(call: Call) -> None:
        match call.name, call.arguments:
            case "fsync", [descriptor]:
                contents.add(os.fstat(descriptor).st_ino)
                changed.pop(os.fstat(descriptor).st_ino, None)
            case "link" | "replace", [source, target] if target.name != ".gitignore":
                assert source.stat().st_ino in contents
                put(target)
            case "mkdir", [folder, _] if folder.parent.is_dir() and not folder.is_dir():
                put(folder)

    def put(path: Path) -> None:
        if ".recctl" not in path.parts:
            assert touched or not changed
            touched.append(path)
        if path.name == "outcome" and touched:
            assert not changed
        changed[path.parent.stat().st_ino] = path.parent

    with intercepted(watch):
        run(tmp_path, *EVERYTHING)
    assert not changed


def test_many_files_are_synced_like_few(tmp_path: Path) -> None:
    files = {f"{number:02}": str(number) for number in range(40)}
    fill(tmp_path, **files)
    before = snapshot(tmp_path)
    synced: set[int] = set()
    with intercepted(
        lambda call: synced.add(os.fstat(call.arguments[0]).st_ino) if call.name == "fsync" else 0
    ):
        run(tmp_path, *((rewrite(name, text, f"{text}!"),) for name, text in files.items()))
    kept = (tmp_path / ".recctl/runs/1/before").iterdir()
    assert {path.stat().st_ino for path in (*kept, *(tmp_path / name for name in files))} <= synced
    undo(tmp_path)
    assert snapshot(tmp_path) == before


def test_one_of_many_files_that_cannot_be_synced_stops_the_run(tmp_path: Path) -> None:
    files = {f"{number:02}": str(number) for number in range(40)}
    fill(tmp_path, **files)
    before = snapshot(tmp_path)

    def fill_up(call: Call) -> None:
        if call.name == "fsync" and os.fstat(call.arguments[0]).st_size == len("30 is new"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with intercepted(fill_up), pytest.raises(RecctlError, match="no space left on device"):
        run(tmp_path, *((rewrite(name, text, f"{text} is new"),) for name, text in files.items()))
    assert snapshot(tmp_path) == before
    assert [known.state for known in list_runs(tmp_path)] == ["rolled back"]


def without_drafts(tree: Snapshot) -> Snapshot:
    """A tree as people see it: hidden files and empty folders are not there."""
    return {path: file for path, file in tree.items() if file is not None and ".recctl-" not in path}


def test_one_process_at_a_time_changes_files(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    code = "import sys; from pathlib import Path; from recctl.changes.journal import open_journal\n"
    code += "with open_journal(Path()): print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        for action in (lambda: run(tmp_path), lambda: recover(tmp_path), lambda: undo(tmp_path)):
            with pytest.raises(RecctlError) as caught:
                action()
            assert caught.value.message == "another recctl is changing files here"
        other.kill()
    run(tmp_path, (move("a", "b", "1"),))
    assert texts(tmp_path) == {"b": "1"}


# --- what a killed run leaves -------------------------------------------------------------------------------


class KilledError(BaseException):
    """Stands for the end of the process."""


def kill_at(number: int, action: Callable[..., object], *arguments: Any) -> bool:
    """Do something, but die before the call of that number. Whether it came to that."""

    def die(call: Call) -> None:
        if call.number == number:
            raise KilledError

    try:
        with intercepted(die):
            action(*arguments)
    except KilledError:
        return True
    return False


def assert_old_or_new(root: Path, before: Snapshot) -> None:
    """Each path has what it had, or what it was to have; and no content is gone.

    One path is given up by a group and taken by a later one: there may be nothing in between.
    """
    now = texts(root)
    old = {path: file[0].decode() for path, file in before.items() if file is not None}
    visible = {path: text for path, text in now.items() if ".recctl-" not in path}
    for path in {*old, *AFTER_EVERYTHING, *visible} - ({"c"} - {*visible}):
        assert visible.get(path) in (old.get(path), AFTER_EVERYTHING.get(path))
    kept = [path.read_text() for path in root.glob(".recctl/runs/1/before/*")]
    assert set(old.values()) <= {*now.values(), *kept}


def test_a_run_killed_at_any_call_is_taken_back_by_the_next(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING))
    for number in take(range(calls), every=5):
        root = tmp_path / str(number)
        fill_for_everything(root)
        before = snapshot(root)
        assert kill_at(number, run, root, *EVERYTHING)
        assert_old_or_new(root, before)
        recovered = recover(root)
        is_finished = texts(root) == AFTER_EVERYTHING
        assert is_finished or snapshot(root) == before
        assert recovered is None or (recovered.run.command, recovered.left) == ("test", ())
        assert recover(root) is None
        if not is_finished:
            run(root, *EVERYTHING)
        assert undo(root).refusals == ()
        assert snapshot(root) == before


def test_a_recovery_killed_at_any_call_can_be_called_again(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING)) - LAST_CALL
    for number in take(range(calls - 1, 0, -13), every=3):
        for second in count():
            root = tmp_path / f"{number}-{second}"
            fill_for_everything(root)
            before = snapshot(root)
            kill_at(number, run, root, *EVERYTHING)
            was_killed = kill_at(second, recover, root)
            assert_old_or_new(root, before)
            recover(root)
            assert snapshot(root) == before
            if not was_killed:
                break


def test_an_undo_killed_at_any_call_leaves_the_run_standing_or_undone(tmp_path: Path) -> None:
    def apply_and_undo(root: Path) -> None:
        run(root, *EVERYTHING)
        undo(root)

    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING))
    more = count_calls(tmp_path, apply_and_undo) - calls
    for number in take(range(more), every=5):
        root = tmp_path / str(number)
        fill_for_everything(root)
        before = snapshot(root)
        run(root, *EVERYTHING)
        assert kill_at(number, undo, root)
        assert_old_or_new(root, before)
        recover(root)
        (known,) = list_runs(root)
        assert known.undone == (snapshot(root) == before)
        if not known.undone:
            assert texts(root) == AFTER_EVERYTHING
            undo(root)
        assert snapshot(root) == before


@pytest.mark.parametrize("number", range(45, 85, 8))
def test_a_process_that_is_really_killed_leaves_nothing_that_cannot_be_taken_back(
    tmp_path: Path, number: int
) -> None:
    fill_for_everything(tmp_path)
    before = snapshot(tmp_path)
    code = f"""
import os, pathlib, signal
from tests.unit.test_plan import EVERYTHING, intercepted, run
with intercepted(lambda call: call.number == {number} and os.kill(os.getpid(), signal.SIGKILL)):
    run(pathlib.Path(), *EVERYTHING)
"""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    finished = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False)
    assert finished.returncode == -signal.SIGKILL
    assert_old_or_new(tmp_path, before)
    with pytest.raises(RecctlError, match="run 1 was interrupted"):
        run(tmp_path, *EVERYTHING)
    assert recover(tmp_path)
    assert snapshot(tmp_path) == before


@contextmanager
def interrupted_at(*numbers: int) -> Iterator[None]:
    """Press Ctrl-C before each call of those numbers."""

    def interrupt(call: Call) -> None:
        if call.number in numbers:
            raise KeyboardInterrupt

    with intercepted(interrupt):
        yield


def test_a_run_interrupted_at_any_call_is_taken_back_at_once(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING))
    told = set()
    for number in range(calls):
        root = tmp_path / str(number)
        fill_for_everything(root)
        before = snapshot(root)
        with pytest.raises((KeyboardInterrupt, InterruptError)) as caught, interrupted_at(number):
            run(root, *EVERYTHING)
        assert recover(root) is None
        is_finished = texts(root) == AFTER_EVERYTHING
        assert is_finished == (number >= calls - LAST_CALL)
        assert is_finished or snapshot(root) == before
        told.add((caught.type, str(caught.value)))
        assert [known.state for known in list_runs(root)] in (
            [],
            ["applied" if is_finished else "rolled back"],
        )
    assert told == {
        (KeyboardInterrupt, ""),
        (InterruptError, "what was changed is taken back"),
        (InterruptError, "run 1 is done, `recctl undo 1` takes it back"),
    }


def test_an_interrupted_run_tells_what_it_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")

    def interrupt(call: Call) -> None:
        if call.name == "replace" and Path(str(call.arguments[1])).name == "b":
            (tmp_path / "a").write_text("edited")
            raise KeyboardInterrupt

    with pytest.raises(InterruptError) as caught, intercepted(interrupt):
        run(tmp_path, (rewrite("a", "1", "x"), rewrite("b", "2", "y")))
    assert str(caught.value) == "what was changed is taken back"
    assert caught.value.others == ("left as it is: a: has changed since, and was left as it is",)
    assert texts(tmp_path) == {"a": "edited", "b": "2"}


def test_an_undo_interrupted_when_it_is_done_says_so(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    run(tmp_path, (rewrite("a", "1", "x"),))

    def interrupt(_: Call) -> None:
        if (
            texts(tmp_path) == {"a": "1"}
            and b'"done": [' in (tmp_path / ".recctl/runs/2/outcome").read_bytes()
        ):
            raise KeyboardInterrupt

    with pytest.raises(InterruptError, match=r"^run 1 is taken back$"), intercepted(interrupt):
        undo(tmp_path)
    assert texts(tmp_path) == {"a": "1"}


def test_a_run_interrupted_twice_is_taken_back_by_the_next(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, lambda root: run(root, *EVERYTHING)) - LAST_CALL
    for number in take(range(calls - 1, 40, -13), every=3):
        for second in range(number + 1, number + calls):
            root = tmp_path / f"{number}-{second}"
            fill_for_everything(root)
            before = snapshot(root)
            kinds = (KeyboardInterrupt, InterruptError)
            with pytest.raises(kinds) as caught, interrupted_at(number, second):
                run(root, *EVERYTHING)
            assert_old_or_new(root, before)
            recover(root)
            assert snapshot(root) == before
            if caught.type is InterruptError:
                break
        else:
            pytest.fail("taking it back has no end")


def test_a_killed_run_must_be_recovered_before_the_next(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    kill_at(60, run, tmp_path, *EVERYTHING)
    for action in (lambda: run(tmp_path, (delete("e", "5"),)), lambda: undo(tmp_path)):
        with pytest.raises(RecctlError) as caught:
            action()
        assert (caught.value.message, caught.value.hint) == (
            "run 1 was interrupted",
            "recctl undo takes it back",
        )
    (known,) = list_runs(tmp_path)
    assert (known.run_id, known.state) == ("1", "interrupted")


def test_a_run_killed_before_it_touched_anything_leaves_nothing_to_say(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    kill_at(10, run, tmp_path, *EVERYTHING)
    assert recover(tmp_path) is None
    assert list_runs(tmp_path) == ()
    assert not any((tmp_path / ".recctl/runs").iterdir())


def test_a_run_that_was_taken_back_keeps_no_copies_and_cannot_be_undone(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    kill_before_outcome(tmp_path, (rewrite("a", "1", "x"),))
    recover(tmp_path)
    with pytest.raises(RecctlError, match="run 1 has been taken back already"):
        undo(tmp_path, "1")
    assert not (tmp_path / ".recctl/runs/1/before").exists()


def test_recovery_leaves_alone_what_somebody_has_changed_since(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3")
    kill_before_outcome(tmp_path, (rewrite("a", "1", "x"), move("b", "d", "2"), delete("c", "3")))
    fill(tmp_path, a="edited")
    recovered = recover(tmp_path)
    assert recovered is not None
    assert recovered.left == (("a", "has changed since, and was left as it is"),)
    assert texts(tmp_path) == {"a": "edited", "b": "2", "c": "3"}
    assert (tmp_path / ".recctl/runs/1/before" / sha256(b"1")).read_text() == "1"
    assert recover(tmp_path) is None


def test_a_recovery_that_is_not_possible_now_is_possible_later(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    kill_before_outcome(tmp_path, (move("a", "b", "1"),))
    (tmp_path / "a").mkdir()
    with pytest.raises(RecctlError) as caught:
        recover(tmp_path)
    assert caught.value.message == "a: is a link or no file, and so can't be put back"
    assert caught.value.hint == "put that right, then recctl undo takes run 1 back"
    (tmp_path / "a").rmdir()
    assert recover(tmp_path)
    assert texts(tmp_path) == {"a": "1"}


def kill_before_outcome(root: Path, *groups: Group) -> None:
    """A run that does all that it should, but is killed before it can say so."""
    with intercepted(die_before_outcome), pytest.raises(KilledError):
        run(root, *groups)


def die_before_outcome(call: Call) -> None:
    match call.name, call.arguments:
        case "replace", [_, Path(name="outcome") as outcome] if outcome.with_name("manifest").exists():
            raise KilledError


def test_recovery_where_nothing_ever_ran_makes_no_folder(tmp_path: Path) -> None:
    assert recover(tmp_path) is None
    assert not (tmp_path / ".recctl").exists()


# --- undo ---------------------------------------------------------------------------------------------------


def test_undo_restores_every_byte_and_permission_and_removes_what_is_new(tmp_path: Path) -> None:
    fill_for_everything(tmp_path)
    before = snapshot(tmp_path)
    run(tmp_path, *EVERYTHING)
    undone = undo(tmp_path)
    assert (undone.run.run_id, undone.run.command, undone.run.state, undone.refusals) == (
        "1",
        "test",
        "undone",
        (),
    )
    assert snapshot(tmp_path) == before


def test_undo_takes_back_the_last_run_that_stands_then_the_one_before(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    run(tmp_path, (rewrite("a", "1", "2"),))
    run(tmp_path, (rewrite("a", "2", "3"),))
    assert (undo(tmp_path).run.run_id, texts(tmp_path)) == ("2", {"a": "2"})
    assert (undo(tmp_path).run.run_id, texts(tmp_path)) == ("1", {"a": "1"})
    with pytest.raises(RecctlError, match="there is no run to take back"):
        undo(tmp_path)


def test_a_named_run_is_undone_when_later_ones_have_left_its_files_alone(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="1")
    run(tmp_path, (rewrite("a", "1", "2"),))
    run(tmp_path, (rewrite("b", "1", "2"),))
    run(tmp_path, (rewrite("b", "2", "3"),))
    assert undo(tmp_path, "2").refusals == (("b", "has changed since"),)
    undo(tmp_path, "1")
    assert texts(tmp_path) == {"a": "1", "b": "3"}


@pytest.mark.parametrize(("run_id", "why"), [("1", "has been taken back already"), ("7", "is not known")])
def test_a_run_is_undone_once(tmp_path: Path, run_id: str, why: str) -> None:
    fill(tmp_path, a="1")
    run(tmp_path, (delete("a", "1"),))
    undo(tmp_path, "1")
    with pytest.raises(RecctlError, match=f"run {run_id} {why}"):
        undo(tmp_path, run_id)


def test_where_nothing_ever_ran_there_is_nothing_to_undo(tmp_path: Path) -> None:
    with pytest.raises(RecctlError, match="there is no run to take back"):
        undo(tmp_path)
    assert not (tmp_path / ".recctl").exists()


def test_undo_does_all_or_nothing(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2", c="3", d="4")
    run(
        tmp_path,
        (rewrite("a", "1", "x"),),
        (move("b", "new/b", "2"),),
        (delete("c", "3"),),
        (delete("d", "4"),),
    )
    fill(tmp_path / "new", b="edited")
    fill(tmp_path, c="recorded again")
    (tmp_path / "d").symlink_to("a")
    before = snapshot(tmp_path)
    undone = undo(tmp_path)
    assert undone.refusals == (
        ("new/b", "has changed since"),
        ("c", "exists already"),
        ("d", "is a link or no file"),
    )
    assert undone.run.state == "applied"
    assert snapshot(tmp_path) == before


def test_undo_removes_the_folders_that_the_run_made_if_nothing_else_is_in_them(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    run(tmp_path, (move("a", "x/y/z/a", "1"), move("b", "v/w/b", "2")))
    fill(tmp_path / "v", mine="!")
    undo(tmp_path)
    assert snapshot(tmp_path).keys() == {"a", "b", "v", "v/mine"}


def test_undo_makes_folders_again_that_were_removed_when_they_had_become_empty(tmp_path: Path) -> None:
    fill(tmp_path / "old", a="1")
    before = snapshot(tmp_path)
    run(tmp_path, (move("old/a", "new/a", "1"),))
    (tmp_path / "old").rmdir()
    after = snapshot(tmp_path)
    with intercepted(die_before_outcome), pytest.raises(KilledError):
        undo(tmp_path)
    recover(tmp_path)
    assert snapshot(tmp_path) == after
    undo(tmp_path)
    assert snapshot(tmp_path) == before


def test_undo_refuses_when_its_pre_images_are_gone_or_damaged(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    run(tmp_path, (delete("a", "1"), rewrite("b", "2", "x")))
    kept = tmp_path / ".recctl/runs/1/before" / sha256(b"1")
    kept.write_text("damaged")
    assert undo(tmp_path).refusals == (("a", "its copy is damaged"),)
    kept.unlink()
    assert undo(tmp_path).refusals == (("a", "no such file or directory"),)
    assert texts(tmp_path) == {"b": "x"}


# --- the trash ----------------------------------------------------------------------------------------------


def test_an_emptied_trash_gives_its_space_back_and_its_runs_stand_for_good(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="22", c="333")
    run(tmp_path, (delete("a", "1"),))
    undo(tmp_path)
    run(tmp_path, (delete("b", "22"), rewrite("c", "333", "x")))
    trash = measure_trash(tmp_path)
    assert ([known.run_id for known in trash.runs], trash.files, trash.size) == (["1", "3"], 3, 6)
    assert empty_trash(tmp_path) == trash
    assert [path.name for path in tmp_path.glob(".recctl/runs/*/before/*")] == []
    assert measure_trash(tmp_path) == empty_trash(tmp_path) == ((), 0, 0)
    assert [known.state for known in list_runs(tmp_path)] == ["undone", "emptied"]
    for run_id in (None, "3"):
        with pytest.raises(RecctlError) as caught:
            undo(tmp_path, run_id)
        assert caught.value.message == "run 3 can't be undone: its copies were thrown away by --empty-trash"
        assert caught.value.hint == "recctl restore brings back what git has of deleted files"
    assert texts(tmp_path) == {"a": "1", "c": "x"}


def test_what_needs_no_copies_can_be_undone_from_an_emptied_trash(tmp_path: Path) -> None:
    run(tmp_path, (create("a", "1"),))
    empty_trash(tmp_path)
    undo(tmp_path)
    assert texts(tmp_path) == {}


def test_emptying_the_trash_can_be_killed_at_any_call_and_done_again(tmp_path: Path) -> None:
    for number in count():
        root = tmp_path / str(number)
        fill(root, a="1", b="2")
        run(root, (delete("a", "1"), delete("b", "2")))
        was_killed = kill_at(number, empty_trash, root)
        (known,) = list_runs(root)
        kept = len(list(root.glob(".recctl/runs/1/before/*")))
        assert known.state == "emptied" if kept < 2 else known.state in ("applied", "emptied")
        assert (measure_trash(root).files, recover(root)) == (kept, None)
        empty_trash(root)
        assert measure_trash(root).files == 0
        if not was_killed:
            break


def test_the_copies_of_an_interrupted_run_are_no_trash(tmp_path: Path) -> None:
    fill(tmp_path, a="1")
    kill_before_outcome(tmp_path, (delete("a", "1"),))
    assert measure_trash(tmp_path).files == 0
    with pytest.raises(RecctlError, match="run 1 was interrupted"):
        empty_trash(tmp_path)
    recover(tmp_path)
    assert texts(tmp_path) == {"a": "1"}


def test_where_nothing_ever_ran_the_trash_is_empty(tmp_path: Path) -> None:
    assert measure_trash(tmp_path) == empty_trash(tmp_path) == ((), 0, 0)
    assert not (tmp_path / ".recctl").exists()


# --- the journal --------------------------------------------------------------------------------------------


def test_the_manifest_knows_every_file_before_and_after(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    (tmp_path / "b").chmod(0o600)
    run(tmp_path, (move("a", "new/a", "1"), delete("b", "2")))
    manifest = read_manifest(tmp_path)
    assert manifest["command"] == "test"
    assert manifest["folders"] == ["new"]
    one = {"digest": sha256(b"1"), "mode": 0o644, "blob": None}
    two = {"digest": sha256(b"2"), "mode": 0o600, "blob": None}
    assert manifest["groups"] == [
        [
            {"path": "a", "before": one, "after": None},
            {"path": "b", "before": two, "after": None},
            {"path": "new/a", "before": None, "after": one},
        ]
    ]
    kept = tmp_path / ".recctl/runs/1/before"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {sha256(b"1"): "1", sha256(b"2"): "2"}


def test_runs_are_listed_with_what_became_of_them(tmp_path: Path) -> None:
    fill(tmp_path, a="1", b="2")
    run(tmp_path, (delete("a", "1"),))
    undo(tmp_path)
    run(tmp_path, (delete("b", "2"),), (delete("a", "other"),))
    kill_before_outcome(tmp_path, (delete("a", "1"),))
    assert [(known.run_id, known.state) for known in list_runs(tmp_path)] == [
        ("1", "undone"),
        ("3", "applied"),
        ("4", "interrupted"),
    ]
    recover(tmp_path)
    assert [known.state for known in list_runs(tmp_path)] == ["undone", "applied", "rolled back"]


def read_manifest(root: Path) -> Any:
    """The manifest of run 1, as anybody can read it."""
    return json.loads((root / ".recctl/runs/1/manifest").read_bytes().partition(b"\n")[2])


DAMAGED = ["", "[]", "{}", '{"groups": 7}', '{"groups": [[{"path": 1}]]}', "[" * 100_000]


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("name", ["manifest", "outcome"])
@pytest.mark.parametrize("content", DAMAGED)
def test_a_run_whose_journal_is_damaged_is_not_believed(
    tmp_path: Path, content: str, name: str, is_signed: bool
) -> None:
    fill(tmp_path, a="1", b="2")
    run(tmp_path, (delete("a", "1"),))
    write = StateFolder(tmp_path).write_signed if is_signed else StateFolder(tmp_path).write
    write(f"runs/1/{name}", content.encode())
    assert (list_runs(tmp_path), list_foreign(tmp_path)) == ((), ("1",))
    assert recover(tmp_path) is None
    with pytest.raises(
        RecctlError, match="run 1 was not made here by you, and can't be taken back"
    ) as caught:
        undo(tmp_path, "1")
    assert caught.value.hint == "what it may have kept of files is in .recctl/runs/1/before"
    assert run(tmp_path, (delete("b", "2"),)).run_id == "2"
    assert measure_trash(tmp_path).files == empty_trash(tmp_path).files == 1
    assert (tmp_path / ".recctl/runs/1/before" / sha256(b"1")).read_text() == "1"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([sha256(b"1"), "a", "../a"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(data=st.data())
def test_no_value_of_the_wrong_type_in_a_journal_is_more_than_a_run_that_is_not_believed(
    data: st.DataObject,
) -> None:
    with planted({"a": "1"}) as (root, _):
        run(root, (rewrite("a", "1", "2"), move("a", "b", "1")), (create("new/c", "3"),))
        state = StateFolder(root)
        name = data.draw(st.sampled_from(["runs/1/manifest", "runs/1/outcome"]))
        document = json.loads(state.read_signed(name) or b"")
        place: Any = document
        while isinstance(place, dict | list) and place:
            steps = [*place] if isinstance(place, dict) else [*range(len(place))]
            step = data.draw(st.sampled_from(steps))
            if not isinstance(place[step], dict | list) or not place[step] or data.draw(st.booleans()):
                place[step] = data.draw(JSON_VALUES)
                break
            place = place[step]
        state.write_signed(name, json.dumps(document).encode())
        for action in (list_runs, list_foreign, recover, undo, measure_trash, empty_trash):
            with suppress(RecctlError):
                action(root)
        assert not (root.parent / "a").exists()


@pytest.fixture
def forged(tmp_path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A root with an interrupted run, and its manifest to be forged; beside it a file and an empty folder."""
    root = tmp_path / "root"
    fill(root, a="1")
    fill(tmp_path, outside="1")
    (tmp_path / "empty").mkdir()
    kill_before_outcome(root, (rewrite("a", "1", "2"),))
    yield root, read_manifest(root)
    assert (tmp_path / "outside").read_text() == "1"
    assert (tmp_path / "empty").is_dir()


def forge(root: Path, manifest: dict[str, Any]) -> None:
    """Sign what no run has written."""
    StateFolder(root).write_signed("runs/1/manifest", json.dumps(manifest).encode())


def test_a_forged_manifest_reads_and_changes_nothing_outside(forged: tuple[Path, dict[str, Any]]) -> None:
    root, manifest = forged
    change = manifest["groups"][0][0]
    change |= {"after": change["before"], "path": "../outside", "before": None}
    forge(root, manifest)
    with pytest.raises(RecctlError, match=r"\.\./outside: is not a path below the root"):
        recover(root)


def test_a_forged_digest_is_none(forged: tuple[Path, dict[str, Any]]) -> None:
    root, manifest = forged
    manifest["groups"][0][0]["before"]["digest"] = "../../../../../outside"
    forge(root, manifest)
    assert (recover(root), list_foreign(root)) == (None, ("1",))


def test_a_forged_manifest_removes_no_folder_outside(forged: tuple[Path, dict[str, Any]]) -> None:
    root, manifest = forged
    forge(root, {**manifest, "folders": ["../empty"]})
    assert recover(root)


def test_nothing_is_made_that_runs_as_somebody_else(forged: tuple[Path, dict[str, Any]]) -> None:
    root, manifest = forged
    manifest["groups"][0][0]["before"]["mode"] = 0o6755
    forge(root, manifest)
    assert recover(root)
    assert snapshot(root) == {"a": (b"1", 0o755)}
    run(root, (Create("b", b"2", mode=0o6755),))
    assert snapshot(root) == {"a": (b"1", 0o755), "b": (b"2", 0o755)}


def test_what_has_become_a_link_since_is_left_alone(tmp_path: Path) -> None:
    """As after a pull that puts a link in the place of a folder."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    fill(root)
    fill(root / "docs", a="1", b="2")
    kill_before_outcome(root, (rewrite("docs/a", "1", "x"), create("docs/new/c", "3")))
    (root / "docs").rename(outside)
    (root / "docs").symlink_to(outside)
    draft = outside / f".recctl-{sha256(b'docs/a')[:16]}"
    draft.write_text("mine")
    before = snapshot(outside)
    for action in (recover, undo):
        with pytest.raises(RecctlError):
            action(root)
        assert snapshot(outside) == before
    (root / "docs").unlink()
    draft.unlink()
    outside.rename(root / "docs")
    assert recover(root)
    assert texts(root) == {"docs/a": "1", "docs/b": "2"}


def test_a_draft_behind_a_link_is_not_cleared_away(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    fill(root, b="2")
    fill(root / "docs", a="1")
    fill(outside)
    draft = outside / f".recctl-{sha256(b'docs/a')[:16]}"
    draft.write_text("mine")

    def swap(call: Call) -> None:
        if call.name == "unlink" and call.arguments[0] == root / "b":
            (root / "docs").rename(tmp_path / "moved")
            (root / "docs").symlink_to(outside)

    with intercepted(swap):
        run(root, (delete("docs/a", "1"),), (delete("b", "2"),))
    assert draft.read_text() == "mine"


def test_a_state_folder_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    fill(tmp_path / "root", a="1")
    (tmp_path / "root/.recctl").symlink_to(tmp_path)
    with pytest.raises(RecctlError, match=r"\.recctl: is a link"):
        run(tmp_path / "root", (delete("a", "1"),))
    assert texts(tmp_path / "root") == {"a": "1"}


# --- git ----------------------------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose root holds the project `sub`, with everything committed."""
    git(tmp_path, "init", "-q")
    fill_for_everything(tmp_path / "sub")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path / "sub"


def test_git_sees_renames_then_after_undo_nothing_but_the_ignored_journal(repository: Path) -> None:
    run(repository, (move("c", "new/c", "3"), move("e", "new/e", "5")))
    git(repository, "add", "-A")
    status = git(repository, "status", "--porcelain")
    assert status == "R  sub/c -> sub/new/c\nR  sub/e -> sub/new/e\n"
    git(repository, "reset", "-q")
    undo(repository)
    assert git(repository, "status", "--porcelain", "--ignored") == "!! sub/.recctl/\n"


def test_of_a_deleted_file_that_git_has_no_copy_is_kept(repository: Path) -> None:
    before = snapshot(repository)
    commit = git(repository, "rev-parse", "HEAD").strip()
    run(repository, (delete("e", "5", f"{commit}:./e"),), (delete("f", "6"),))
    kept = repository / ".recctl/runs/1/before"
    assert [path.read_text() for path in kept.iterdir()] == ["6"]
    assert undo(repository).refusals == ()
    assert snapshot(repository) == before


def test_an_interrupt_that_reaches_git_as_well_is_taken_back_with_its_help(repository: Path) -> None:
    before = snapshot(repository)
    code = """
import os, pathlib, signal
from tests.unit.test_plan import delete, intercepted, rewrite, run
def interrupt(call):
    if call.name == "replace" and str(call.arguments[1]) == "h":
        assert not os.path.exists("e")
        os.killpg(0, signal.SIGINT)
with intercepted(interrupt):
    run(pathlib.Path(), (delete("e", "5", "HEAD:./e"),), (rewrite("h", "8", "eight"),))
"""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert finished.stderr.endswith(b"InterruptError: what was changed is taken back\n")
    assert snapshot(repository) == before
    assert [known.state for known in list_runs(repository)] == ["rolled back"]


def test_a_copy_is_kept_after_all_when_git_has_something_else(repository: Path) -> None:
    run(repository, (delete("e", "5", "HEAD:./f"), delete("f", "6", "nowhere:f")))
    assert undo(repository).refusals == ()
    assert {"e": "5", "f": "6"}.items() <= texts(repository).items()


def test_undo_refuses_when_git_has_lost_what_it_was_to_keep(repository: Path) -> None:
    git(repository, "tag", "kept")
    run(repository, (delete("e", "5", "kept:./e"), delete("f", "6")))
    git(repository, "tag", "-d", "kept")
    assert undo(repository).refusals == (("e", "git no longer has its content (in kept)"),)
    assert "f" not in texts(repository)


def test_undo_refuses_in_a_clone_whose_history_does_not_go_back_far_enough(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD").strip()
    run(repository, (delete("e", "5", f"{commit}:./e"),))
    git(repository, "commit", "-qam", "pruned")
    top = repository.parent
    git(top, "clone", "-q", "--depth", "1", f"file://{top}", "shallow")
    (top / ".git").rename(top / "deep")
    (top / "shallow/.git").rename(top / ".git")
    assert undo(repository).refusals == (("e", f"git no longer has its content (in {commit[:12]})"),)
    assert "e" not in texts(repository)


def test_many_blobs_are_read_by_one_process(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        started.append(command)
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    before = snapshot(repository)
    run(
        repository,
        *((delete(path, text, f"HEAD:./{path}"),) for path, text in zip("abc", "123", strict=True)),
    )
    undo(repository)
    assert [command[-2:] for command in started if "cat-file" in command] == [["cat-file", "--batch"]] * 2
    assert snapshot(repository) == before


# --- any tree, any plan -------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "d/a", "d/b", "e/f/a"])
TEXTS = st.sampled_from(["", "1", "2", "3"])
TREES = st.dictionaries(NAMES, TEXTS, min_size=1)
Case = tuple[dict[str, str], tuple[Group, ...]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A tree, and a plan that does something to each of its files and to one that is gone."""
    tree = draw(TREES)
    paths = draw(st.permutations([*sorted(tree), "gone"]))
    groups = []
    while paths:
        size = draw(st.integers(1, 4))
        groups.append(tuple(draw(steps(path, tree.get(path, ""))) for path in paths[:size]))
        paths = paths[size:]
    return tree, tuple(groups)


def steps(path: str, was: str) -> st.SearchStrategy[Step]:
    return st.one_of(
        st.builds(create, NAMES, TEXTS),
        st.builds(move, st.just(path), NAMES, st.just(was), st.none() | TEXTS),
        st.builds(rewrite, st.just(path), st.just(was), TEXTS),
        st.builds(delete, st.just(path), st.just(was)),
        st.builds(mend, st.just(path)),
    )


@contextmanager
def planted(tree: dict[str, str]) -> Iterator[tuple[Path, Snapshot]]:
    with TemporaryDirectory() as folder, intercepted(lambda _: None):
        root = Path(folder)
        for path, text in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        yield root, snapshot(root)


@given(cases())
def test_groups_are_done_wholly_or_not_at_all_and_undo_is_exact(case: Case) -> None:
    with planted(case[0]) as (root, before):
        applied = run(root, *case[1])
        assert texts(root) == expected(before, applied)
        assert len(applied.done) + len(applied.held_back) == len(case[1])
        if applied.run_id is not None:
            assert undo(root).refusals == ()
        assert snapshot(root) == before


@given(TREES, st.data())
def test_files_can_change_places_in_any_way_at_all(tree: dict[str, str], data: st.DataObject) -> None:
    targets = data.draw(st.permutations(sorted({*tree, "new/a", "b2"})))
    group = tuple(
        move(path, target, text) for (path, text), target in zip(tree.items(), targets, strict=False)
    )
    with planted(tree) as (root, before):
        applied = run(root, group)
        assert applied.held_back == ()
        assert texts(root) == expected(before, applied)
        undo(root)
        assert snapshot(root) == before


@given(cases(), st.integers(0, 120))
def test_a_run_killed_anywhere_comes_to_all_or_nothing(case: Case, number: int) -> None:
    with planted(case[0]) as (root, before):
        finished = expected(before, preview(root, Plan("test", case[1])))
        kill_at(number, run, root, *case[1])
        recover(root)
        assert snapshot(root) == before or texts(root) == finished
        assert not any(".recctl-" in path for path in snapshot(root))
