"""What lies below a root, and what of it may be touched: nothing behind a link, of git or of recctl."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.base.errors import describe_os_error
from recctl.changes.journal import PERMISSIONS, FileState
from recctl.changes.state import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE = {STATE_FOLDER, ".git"}
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class Refusal(NamedTuple):
    """Why a file was not changed."""

    path: str
    reason: str


class RefusedError(Exception):
    """Raised for what can't be touched."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.refusal = Refusal(path, reason)


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Turn what the file system denies into a refusal; a full disk passes, since it stops the whole run."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise
        raise RefusedError(path, describe_os_error(error)) from None


def locate(root: Path, path: str) -> Path:
    """Where a path lies, if that is below the root, not behind a link, in a folder that can be changed.

    Raises RefusedError.
    """
    place, folder = find_place(root, path)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusedError(path, "its folder is read-only")
    return place


def find_place(root: Path, path: str) -> tuple[Path, Path]:
    """Where a path lies, if that is below the root and not behind a link; and its last folder so far.

    Raises RefusedError.
    """
    pure = PurePath(path)
    try:
        is_plain = pure.as_posix() == os.fsdecode(os.fsencode(path)) and "\0" not in path
    except UnicodeEncodeError:
        is_plain = False
    if not is_plain or pure.anchor or not pure.parts or ".." in pure.parts:
        raise RefusedError(path, "is not a path below the root")
    if any(part.casefold() in _PRIVATE for part in pure.parts):
        raise RefusedError(path, "belongs to git or to recctl itself")
    folder = root
    for part in pure.parts[:-1]:
        inner = folder / part
        if not os.path.lexists(inner):
            break
        if inner.is_symlink() or not inner.is_dir():
            raise RefusedError(path, f"{part} is a link or no folder")
        folder = inner
    return root / path, folder


_UNCERTAIN = 2_000_000_000
"""Nanoseconds: the coarsest clock by which a file system tells when a file was written, that of FAT."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the system told of a file when it was read: which one it was, its size, when it was last changed.

    It is `certain` when any later write shows. A file that was written just before it was read may be
    written again within one tick of the clock, and look the same; who meets such a one has to read it again.
    """

    place: tuple[int, int]
    size: int
    written: int
    changed: int
    certain: bool

    @classmethod
    def of(cls, status: os.stat_result) -> Sight:
        """What a status tells now."""
        return cls(
            (status.st_dev, status.st_ino),
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            time.time_ns() - status.st_mtime_ns > _UNCERTAIN,
        )

    def is_still(self, path: Path) -> bool:
        """Whether a file is certainly as it was."""
        return self.certain and self._matches(path) is not None

    def follow_link(self, path: Path) -> Sight:
        """The same, after the file has got another name, which the system takes for a change, too."""
        now = self._matches(path, has_changed=True)
        return self if now is None else replace(self, changed=now.changed)

    def _matches(self, path: Path, *, has_changed: bool = False) -> Sight | None:
        """What is seen of a file now, if it is the same."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with suppress(OSError):
            descriptor = os.open(path, flags)  # a server is asked then, and not what is remembered of it
            try:
                status = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            now = replace(Sight.of(status), certain=self.certain)
            if stat.S_ISREG(status.st_mode) and self == (
                replace(now, changed=self.changed) if has_changed else now
            ):
                return now
        return None


class Found(NamedTuple):
    """What lies at a path: what is known of it, its content, and what was seen of it meanwhile."""

    file: FileState
    content: bytes
    sight: Sight


def look(root: Path, path: str) -> Found | None:
    """Read what lies at a path. Raises RefusedError for links, folders and what can't be read."""
    place = locate(root, path)
    with refusing(path):
        try:
            _require_file(place, path)
            with place.open("rb") as file:
                status = os.fstat(file.fileno())
                sight, content = Sight.of(status), file.read()
            return Found(FileState(sha256(content), status.st_mode & PERMISSIONS), content, sight)
        except FileNotFoundError:
            return None


def exists(root: Path, path: str) -> bool:
    """Whether a file lies at a path. Raises RefusedError for links and folders."""
    place = locate(root, path)
    with refusing(path):
        try:
            _require_file(place, path)
        except FileNotFoundError:
            return False
    return True


def _require_file(place: Path, path: str) -> None:
    if not stat.S_ISREG(place.lstat().st_mode):
        raise RefusedError(path, "is a link or no file")
