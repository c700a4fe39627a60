"""Files that are replaced once what replaces them is whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.errors import RecctlError
from recctl.changes.disk import replacing
from recctl.cli.output import write_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def list_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_results_that_end_half_way_leave_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    def make_pieces() -> Iterator[str]:
        yield "half of it" * 10_000
        raise error

    (tmp_path / "old").write_bytes(b"old")
    for name in ("old", "new"):
        with pytest.raises(error):
            write_output(make_pieces(), str(tmp_path / name))
        assert list_files(tmp_path) == {"old": b"old"}


def test_what_replaces_a_file_is_at_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert list_files(tmp_path) == {"out": b"new"}
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_to_no_file_yet_gives_that_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("out")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert list_files(tmp_path) == {"link": b"new", "out": b"new"}


def test_a_file_with_two_names_keeps_both(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old, and longer")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    write(tmp_path / "one")
    assert list_files(tmp_path) == {"one": b"new", "two": b"new"}
    assert (tmp_path / "one").samefile(tmp_path / "two")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that nothing can be put into, with a file that can be written."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "out").write_bytes(b"old, and longer")
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("nothing is denied to this user")
    yield folder
    folder.chmod(0o755)


def test_a_file_in_a_folder_that_cannot_be_written_is_written_as_it_is(locked: Path) -> None:
    write(locked / "out")
    assert list_files(locked) == {"out": b"new"}
    with pytest.raises(RecctlError, match="permission denied"):
        write_output(["new"], str(locked / "other"))


def deny(code: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV])
def test_a_file_that_cannot_be_replaced_is_written_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    (tmp_path / "out").write_bytes(b"old, and longer")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", deny(code))  # as for a file that is mounted
        write(tmp_path / "out")
        with pytest.raises(OSError, match=os.strerror(code)):
            write(tmp_path / "other")
    assert list_files(tmp_path) == {"out": b"new"}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", deny(code))  # as in a folder that can't be written
        write(tmp_path / "out", b"newer")
        with pytest.raises(OSError, match=os.strerror(code)):
            write(tmp_path / "other")
    assert list_files(tmp_path) == {"out": b"newer"}


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", deny(errno.ENOSPC))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write(tmp_path / "out")
    assert list_files(tmp_path) == {"out": b"old"}
