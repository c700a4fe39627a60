"""Writing files so that they are whole, and there when the machine has stopped."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


def write_file(path: Path, content: bytes, mode: int, *, sync: bool = True) -> None:
    """Write a file anew, never into one that has other names; without `sync`, `sync_files` is to follow.

    Raises OSError.
    """
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        os.chmod(path if sys.platform == "win32" else file.fileno(), mode)  # noqa: PTH101
        file.write(content)
        if sync or sys.platform == "win32":
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def replacing(path: Path, *, sync: bool = True, keeps_links: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which is at its place once it is whole; until then, what was there stays.

    It gets the mode and the owner of what it replaces. Written to as they are: pipes and devices, files that
    can't be replaced where they lie and, with `keeps_links`, files that have other names. Raises OSError.
    """
    status = _find_status(path)
    is_replaceable = status is None or (
        stat.S_ISREG(status.st_mode) and not (keeps_links and status.st_nlink > 1)
    )
    place = path.resolve() if is_replaceable else path  # what leads to a pipe may have no path
    draft = place.parent / f".recctl-{os.getpid()}"
    file = _open_draft(draft, status) if is_replaceable else None
    if file is None:
        yield from _write_in_place(place, status)
        return
    try:
        with file:
            if status is not None:
                keep_owner(draft, status)
                draft.chmod(stat.S_IMODE(status.st_mode))
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        _put_in_place(draft, place, status)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def _write_in_place(place: Path, status: os.stat_result | None) -> Iterator[BinaryIO]:
    """What is written to a file of several names is held back until it is whole."""
    if status is None or not stat.S_ISREG(status.st_mode):
        with place.open("wb") as file:
            yield file
        return
    whole = BytesIO()
    yield whole
    place.write_bytes(whole.getvalue())


def keep_owner(path: Path, status: os.stat_result) -> None:
    """Give a file the owner and the group of another one, as far as the system lets us."""
    if sys.platform == "win32":
        return
    own = path.lstat()
    if own.st_gid != status.st_gid:
        with suppress(OSError):
            os.lchown(path, -1, status.st_gid)
    if own.st_uid != status.st_uid:
        with suppress(OSError):
            os.lchown(path, status.st_uid, -1)


_IRREPLACEABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV)


def _find_status(path: Path) -> os.stat_result | None:
    """What the system knows of what a path leads to; None when there is nothing yet."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _open_draft(draft: Path, status: os.stat_result | None) -> BinaryIO | None:
    """A new file that is to replace one of that status; None where there can't be any beside that."""
    try:
        draft.unlink(missing_ok=True)
        return draft.open("xb")
    except OSError as error:
        if status is None or error.errno not in _IRREPLACEABLE:
            raise
        return None


def _put_in_place(draft: Path, place: Path, status: os.stat_result | None) -> None:
    try:
        draft.replace(place)
    except OSError as error:  # a file that is mounted, say
        if status is None or error.errno not in _IRREPLACEABLE:
            raise
        place.write_bytes(draft.read_bytes())
        draft.unlink()


def sync_files(paths: Collection[Path], folder: int | None = None) -> None:
    """Bring files down to the disk, many at a time, for which it takes little longer than for one.

    Paths may be relative to the descriptor of a folder. Raises OSError.
    """
    if sys.platform == "win32":  # there only who has written a file can sync it
        return
    if len(paths) < _MANY:
        for path in paths:
            _sync(path, folder)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_MANY) as pool:
        for _ in pool.map(partial(_sync, folder=folder), paths):
            pass


_MANY = 16


def sync_folder(folder: Path | int) -> None:
    """Bring the names in a folder down to the disk, where a system can be asked for that. Raises OSError."""
    if sys.platform == "win32":
        return
    try:
        if isinstance(folder, int):
            os.fsync(folder)
        else:
            _sync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def _sync(path: Path, folder: int | None = None) -> None:
    flags = os.O_RDONLY if folder is None else os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, dir_fd=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
