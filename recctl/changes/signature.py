"""What this user has written on this machine, told from what came with a repository.

Each user has a random key, in a folder that no repository reaches:

- `$XDG_STATE_HOME/recctl/key`, by default `~/.local/state/recctl/key`;
- on Windows `%LOCALAPPDATA%\\recctl\\key`.

What is signed with it is bound to a folder and to a name in it. Copied to another folder, or read by another
user, on another machine or in a container with a home of its own, it is nobody's. The signature is keyed
BLAKE2b, which is made for that (RFC 7693, section 2.9).
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.digests import blake2b

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 32
"""How long a key is, and how long a signature, in bytes."""

_NAME = "key"


def sign(key: bytes, root: Path, name: str, content: bytes) -> bytes:
    """The signature of what is to be called so below a folder."""
    signature = blake2b(key=key, digest_size=SIZE, person=b"recctl-state-1")
    for part in (os.fsencode(os.path.realpath(root)), name.encode()):
        signature.update(len(part).to_bytes(8, "big"))
        signature.update(part)
    signature.update(content)
    return signature.digest()


def find_key(root: Path) -> bytes | None:
    """The user's key; None when there is none yet, or somebody else could have written it."""
    try:
        return _read_key(_find_folder(root))
    except OSError:
        return None


def make_key(root: Path) -> bytes:
    """The user's key, made if there is none. Raises OSError where no key can be kept."""
    folder = _find_folder(root)
    if key := _read_key(folder):
        return key
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(folder)
    with _locked(folder):
        if key := _read_key(folder):  # another process was quicker
            return key
        _write_key(folder)
        key = _read_key(folder)
    if key is None:
        raise PermissionError(1, "others can read it or write to it", str(folder / _NAME))
    return key


def _find_folder(root: Path) -> Path:
    """Where the key is kept. Raises OSError where this user has no such place."""
    for base in _list_bases():
        folder = base / "recctl"
        if _is_within(folder, root):
            raise PermissionError(1, "lies in the project itself", str(folder))
        if _can_be_ours(folder):
            return folder
    raise FileNotFoundError(2, "this user has no home folder", "XDG_STATE_HOME")


def _list_bases() -> Iterator[Path]:
    """Where programs keep state, by the XDG base directory specification; the first that is ours is meant."""
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", ""))
        yield local if local.is_absolute() else Path.home() / "AppData/Local"
        return
    for variable, below in (("XDG_STATE_HOME", "."), ("HOME", ".local/state")):
        place = Path(os.environ.get(variable, ""))
        if place.is_absolute():
            yield place / below
    import pwd

    with suppress(KeyError):  # a container may run as a user that nobody has heard of
        yield Path(pwd.getpwuid(os.geteuid()).pw_dir, ".local/state")


def _is_within(folder: Path, root: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root))


def _can_be_ours(folder: Path) -> bool:
    """Whether what there is of a folder belongs to us or to the system; `sudo` keeps another user's HOME."""
    if sys.platform == "win32":
        return True
    for place in (folder, *folder.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            return place.stat().st_uid in (0, os.geteuid())
    return False


def _read_key(folder: Path) -> bytes | None:
    """The key in a folder, if it is a file of ours that nobody else can read or write to, and whole."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(folder / _NAME, flags)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_private(status):
            return None
        key = os.read(descriptor, SIZE + 1)
    finally:
        os.close(descriptor)
    return key if len(key) == SIZE else None


def _is_private(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _require_private(folder: Path) -> None:
    if sys.platform == "win32":
        return
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(1, "others can write to it", str(folder))


def _write_key(folder: Path) -> None:
    """Let a new key take its place, whole. What an older one has signed is nobody's from then on."""
    draft = folder / f"{_NAME}.{os.getpid()}"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(descriptor, os.urandom(SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        with suppress(FileExistsError):  # on Windows, where there is no lock, another process was quicker
            draft.rename(folder / _NAME)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes from making a key meanwhile, where the system can; then bring it to the disk."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's file system may have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
