"""What recctl keeps below `.recctl/`: no link is followed there, and only what it wrote is believed."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.changes import signature
from recctl.changes.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "cache/inner/file"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root that has some state, and beside it a folder `outside` that has nothing to do with it."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    StateFolder(root).write_signed(NAME, b"ours")
    shutil.copytree(root / ".recctl", outside)
    (outside / "file").write_bytes(b"theirs")
    return root


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ACTIONS: dict[str, Callable[[StateFolder], object]] = {
    "read_signed": lambda state: state.read_signed(NAME),
    "write_signed": lambda state: state.write_signed(NAME, b"new"),
    "read": lambda state: state.read(NAME),
    "write": lambda state: state.write(NAME, b"new"),
    "create": lambda state: state.create("cache/inner/new", b"new", 0o644),
    "find_size": lambda state: state.find_size(NAME),
    "list": lambda state: state.list("cache/inner"),
    "make_folder": lambda state: state.make_folder("cache/inner/folder"),
    "remove": lambda state: state.remove(NAME),
    "remove_folder": lambda state: state.remove_folder("cache/inner"),
    "open_lock": lambda state: state.open_lock().close(),
    "sync_files": lambda state: state.sync_files("cache/inner", ["file"]),
    "sync_folder": lambda state: state.sync_folder("cache/inner", and_above=True),
}


def test_all_that_can_be_done_is_tried_below() -> None:
    public = {name for name in vars(StateFolder) if not name.startswith("_")}
    assert public == {*ACTIONS, "exists", "require_key"}


@pytest.mark.parametrize("linked", [".recctl", ".recctl/cache", ".recctl/cache/inner"])
@pytest.mark.parametrize("action", ACTIONS)
def test_no_link_to_a_folder_is_followed(root: Path, linked: str, action: str) -> None:
    outside = root.parent / "outside"
    before = read_all(outside)
    steps = linked.split("/")[1:]
    shutil.rmtree(root / linked)
    (root / linked).symlink_to(outside.joinpath(*steps))
    if action in {"read_signed", "find_size"}:
        assert ACTIONS[action](StateFolder(root)) is None
    elif action != "open_lock" or linked == ".recctl":
        with pytest.raises(OSError, match="is a link") as caught:
            ACTIONS[action](StateFolder(root))
        assert caught.value.filename == str(root / linked)
    assert read_all(outside) == before
    assert (root / linked).is_symlink()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.fchdir(here)
    os.close(here)


THINGS: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to(path.parents[3] / "outside/file"),
    "a link to nothing": lambda path: path.symlink_to(path.parents[3] / "outside/new"),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a hard link": lambda path: path.hardlink_to(root_of(path).parent / "outside/file"),
    "a pipe": make_pipe,
    "a socket": make_socket,
    "a folder": lambda path: path.mkdir(),
}


def root_of(path: Path) -> Path:
    return next(folder.parent for folder in path.parents if folder.name == ".recctl")


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("action", ["read_signed", "write_signed", "read", "write", "find_size", "remove"])
def test_what_is_no_file_of_ours_is_not_read_and_never_written_to(
    root: Path, thing: str, action: str
) -> None:
    outside = root.parent / "outside"
    before = read_all(outside)
    path = root / ".recctl" / NAME
    path.unlink()
    THINGS[thing](path)
    with suppress(OSError):
        found = ACTIONS[action](StateFolder(root))
        assert found in (None, len(b"theirs")) or (thing, found) == ("a hard link", b"theirs")
    assert read_all(outside) == before


@pytest.mark.parametrize("name", ["lock", ".gitignore"])
@pytest.mark.parametrize("thing", THINGS)
def test_lock_and_ignore_file_may_be_anything(root: Path, name: str, thing: str) -> None:
    outside = root.parent / "outside"
    before = read_all(outside)
    path = root / ".recctl" / name
    path.unlink(missing_ok=True)
    THINGS[thing](path)
    with suppress(OSError):
        StateFolder(root).open_lock().close()
    assert read_all(outside) == before
    if name == ".gitignore" and thing != "a folder":
        assert not path.is_symlink()
        assert path.read_bytes() == b"*\n"


def test_a_draft_that_somebody_has_laid_out_is_not_written_through(root: Path) -> None:
    outside = root.parent / "outside/file"
    draft = root / f".recctl/{NAME}.{os.getpid()}.tmp"
    draft.symlink_to(outside)
    StateFolder(root).write(NAME, b"new")
    assert (StateFolder(root).read(NAME), outside.read_bytes()) == (b"new", b"theirs")
    assert not draft.is_symlink()


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = root.parent / "outside"
    before = read_all(outside)
    swapped = root / ".recctl/cache"
    open_file = os.open

    def swap(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "cache" and not swapped.is_symlink():
            swapped.rename(root / "moved")
            swapped.symlink_to(outside / "cache")
        return open_file(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(OSError, match="cache"):
        StateFolder(root).write(NAME, b"new")
    assert swapped.is_symlink()
    assert read_all(outside) == before


@pytest.mark.parametrize("has_descriptors", [True, False])
def test_what_was_written_is_read_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_descriptors: bool
) -> None:
    monkeypatch.setattr("recctl.changes.state._HAS_DESCRIPTORS", has_descriptors)
    state = StateFolder(tmp_path)
    assert not state.exists()
    assert (state.read_signed("a/b"), state.list("a"), state.find_size("a/b")) == (None, [], None)
    state.write_signed("a/b", b"1")
    state.write_signed("a/b", b"2")
    state.create("a/c", b"3", 0o640)
    state.make_folder("a/d")
    state.sync_files("a", ["b", "c"])
    state.sync_folder("a", and_above=True)
    assert (state.read_signed("a/b"), state.read("a/c"), state.find_size("a/c")) == (b"2", b"3", 1)
    assert state.list("a") == ["b", "c", "d"]
    assert stat.S_IMODE((tmp_path / ".recctl/a/b").stat().st_mode) == 0o600
    state.remove("a/c")
    state.remove_folder("a")
    with state.open_lock():
        assert sorted(path.name for path in (tmp_path / ".recctl").iterdir()) == [".gitignore", "lock"]
    assert (tmp_path / ".recctl/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("linked", [".recctl", ".recctl/cache", ".recctl/cache/inner"])
def test_links_are_not_followed_where_folders_cannot_be_held_open(
    root: Path, monkeypatch: pytest.MonkeyPatch, linked: str
) -> None:
    monkeypatch.setattr("recctl.changes.state._HAS_DESCRIPTORS", False)
    test_no_link_to_a_folder_is_followed(root, linked, "write")


# --- whose it is --------------------------------------------------------------------------------------------


def test_what_is_ours_is_so_under_its_name_and_in_its_place_alone(root: Path) -> None:
    state = StateFolder(root)
    assert state.read_signed(NAME) == b"ours"
    content = state.read(NAME)
    state.write("other", content)
    assert state.read_signed("other") is None
    moved = root.rename(root.with_name("moved"))
    assert StateFolder(moved).read_signed(NAME) is None
    assert StateFolder(moved.rename(root)).read_signed(NAME) == b"ours"
    root.with_name("link").symlink_to(root)
    assert StateFolder(root.with_name("link")).read_signed(NAME) == b"ours"


@given(number=st.integers(0), value=st.integers(1, 255))
def test_one_changed_byte_is_enough(
    tmp_path_factory: pytest.TempPathFactory, number: int, value: int
) -> None:
    state = StateFolder(tmp_path_factory.getbasetemp() / "flipped")
    state.root.mkdir(exist_ok=True)
    state.write_signed("flipped", b"ours", sync=False)
    content = bytearray(state.read("flipped"))
    content[number % len(content)] ^= value
    state.write("flipped", bytes(content), sync=False)
    assert state.read_signed("flipped") is None


@pytest.mark.parametrize("content", [b"", b"recctl-state-1 ", b"recctl-state-1 \n", b"recctl-state-1 00\nx"])
def test_what_is_cut_off_is_nobodys(root: Path, content: bytes) -> None:
    StateFolder(root).write(NAME, content)
    assert StateFolder(root).read_signed(NAME) is None


def test_what_is_far_too_large_is_not_read(root: Path) -> None:
    with (root / ".recctl" / NAME).open("r+b") as file:
        file.truncate(1 << 40)
    assert StateFolder(root).read_signed(NAME) is None


# --- the key ------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


def test_the_key_is_made_once_for_its_user_alone(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert signature.find_key(root) is None
    key = signature.make_key(root)
    assert (len(key), signature.make_key(root), signature.find_key(root)) == (32, key, key)
    path = home / "recctl/key"
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (key, 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [*path.parent.iterdir()] == [path]


def link_elsewhere(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def become_pipe(path: Path) -> None:
    path.unlink()
    make_pipe(path)


SPOILT: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:31]),
    "too long": lambda path: path.write_bytes(path.read_bytes() * 2),
    "readable by others": lambda path: path.chmod(0o640),
    "a link": link_elsewhere,
    "a pipe": become_pipe,
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_key_that_may_be_known_to_others_gives_way_to_a_new_one(
    home: Path, tmp_path: Path, what: str
) -> None:
    key = signature.make_key(tmp_path / "root")
    SPOILT[what](home / "recctl/key")
    assert signature.find_key(tmp_path / "root") is None
    new = signature.make_key(tmp_path / "root")
    assert new != key
    assert signature.find_key(tmp_path / "root") == new


def test_a_key_in_the_project_itself_is_none(home: Path, tmp_path: Path) -> None:
    signature.make_key(tmp_path / "root")
    assert signature.find_key(tmp_path) is None
    with pytest.raises(OSError, match="lies in the project itself"):
        signature.make_key(home)


def test_a_folder_that_others_may_write_to_keeps_no_key(home: Path, tmp_path: Path) -> None:
    (home / "recctl").mkdir()
    (home / "recctl").chmod(0o777)
    with pytest.raises(OSError, match="others can write to it"):
        signature.make_key(tmp_path / "root")
    assert not any((home / "recctl").iterdir())


def test_processes_that_begin_at_once_have_one_key(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process makes a key when this one has seen that there is none."""
    folder = home / "recctl"
    mkdir = type(folder).mkdir
    quick = os.urandom(32)

    def be_quicker(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        mkdir(path, mode, parents, exist_ok)
        (folder / "key").touch(mode=0o600)
        (folder / "key").write_bytes(quick)

    monkeypatch.setattr(type(folder), "mkdir", be_quicker)
    assert signature.make_key(tmp_path / "root") == quick


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_the_home_of_another_user_is_not_ours(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under sudo, which may keep HOME: root leaves no files there that the user can't read."""
    own = tmp_path / "own"
    own.mkdir()
    os.chown(home, 12345, 12345)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", lambda _: type("Entry", (), {"pw_dir": str(own)}))
    assert signature.make_key(tmp_path / "root")
    assert not any(home.iterdir())
    assert (own / ".local/state/recctl/key").is_file()
