"""The texts that git was given for files, kept so that none is made twice.

git asks for one file at a time, each time of a new process. So this loads nothing that it does not take to
print a text that is kept.

Texts lie in the user's own state folder, `texts` in the folder that `recctl.changes.signature` has its key
in. No repository reaches it: it is private to the user, and one below the current folder, where git has its
work tree, is not used. A text is found by a hash of the file's content, of the end of its name, and of
recctl's own sources as they are, so that another recctl has other texts. What can't be read or written is
done without.
"""

from __future__ import annotations

import os
import sys
from stat import S_IFDIR, S_IFMT, S_IFREG
from time import time

MAX_SIZE = 64_000_000
"""How many bytes a file may have."""

_ROOM = 100_000_000
"""How many bytes are kept, about."""

_COUNTED = 10  # seconds
_OTHERS = 0o077
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  (pathlib is slow)


def read_text(path: str, content: bytes) -> bytes | None:
    """The text that is kept for a file with such a name and that content."""
    folder = _find_folder()
    if folder is None:
        return None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(f"{folder}/{_name(path, content)}", flags)
    except OSError:
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123
        return file.read() if _is_private(os.fstat(descriptor), S_IFREG) else None


def keep_text(path: str, content: bytes, text: bytes) -> bool:
    """Keep the text for a file with such a name and that content; tell whether that could be done."""
    folder, name = _find_folder(make=True), _name(path, content)
    if name.startswith("00"):  # now and then
        _trim(_ROOM)
    return folder is not None and _write(folder, name, text)


def count_misses() -> int:
    """How many texts have been missed in a row, this one included, each within seconds of the one before."""
    folder = _find_folder()
    if folder is None:
        return 0
    count = 0
    try:
        with open(f"{folder}/misses", "rb") as file:  # noqa: PTH123
            if time() - os.fstat(file.fileno()).st_mtime < _COUNTED:
                count = int(file.read(8))
    except (OSError, ValueError):
        pass
    _write(folder, "misses", b"%d" % (count + 1))
    return count + 1


def forget_texts() -> None:
    """Forget all texts."""
    _trim(0)


def _find_folder(*, make: bool = False) -> str | None:
    """The folder of the texts, if it is there and nobody else's."""
    base = _find_base()
    if base is None:
        return None
    folder = f"{base}/recctl/texts"
    try:
        if make:
            os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        is_ours = _is_private(os.stat(folder), S_IFDIR)  # noqa: PTH116
        is_below = os.path.realpath(folder).startswith(os.path.join(os.path.realpath(os.curdir), ""))  # noqa: PTH118
    except OSError:
        return None
    return folder if is_ours and not is_below else None


def _find_base() -> str | None:
    """Where a user's programs keep state; `recctl.changes.signature` says more."""
    if sys.platform == "win32":
        places = [os.environ.get("LOCALAPPDATA", "")]
    else:
        home = os.environ.get("HOME", "")
        places = [os.environ.get("XDG_STATE_HOME", ""), home and f"{home}/.local/state"]
    return next((place for place in places if os.path.isabs(place)), None)  # noqa: PTH117


def _trim(room: int) -> None:
    """Forget the oldest texts, until the others take no more bytes than that."""
    folder = _find_folder()
    if folder is None:
        return
    try:
        with os.scandir(folder) as entries:
            found = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries]
        for status, path in sorted(found, key=lambda item: -item[0].st_mtime_ns):
            room -= max(status.st_size, _BLOCK)
            if room < 0:
                os.unlink(path)  # noqa: PTH108
    except OSError:
        pass  # another process does the same


_BLOCK = 4096  # the room that a file takes at least, even an empty one


def _is_private(status: os.stat_result, kind: int) -> bool:
    """Whether a file or folder is what it should be, this user's, and closed to all others."""
    if S_IFMT(status.st_mode) != kind:
        return False
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & _OTHERS)


def _write(folder: str, name: str, content: bytes) -> bool:
    """Write a file, whole or not at all; tell whether that could be done."""
    draft = f"{folder}/{os.getpid()}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(draft, flags, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(draft, f"{folder}/{name}")  # noqa: PTH105
    except OSError:
        if os.path.lexists(draft):
            os.unlink(draft)  # noqa: PTH108
        return False
    return True


def _name(path: str, content: bytes) -> str:
    from _blake2 import blake2b

    hashed = blake2b(os.fsencode(os.path.splitext(path)[1]), digest_size=24, key=_identify_sources())  # noqa: PTH122
    hashed.update(b"\0")
    hashed.update(content)
    return str(hashed.hexdigest())


def _identify_sources() -> bytes:
    """What changes whenever a source of recctl does."""
    from _blake2 import blake2b

    sources = blake2b(digest_size=32)
    pending = [_PACKAGE]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    sources.update(b"%d %d " % (status.st_mtime_ns, status.st_size))
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    pending.append(entry.path)
    return bytes(sources.digest())


def print_text(path: str) -> bool:
    """Print the text that is kept for a file; tell whether there is one."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read(MAX_SIZE)
    except OSError:
        return False
    text = read_text(path, content)
    if text is None:
        return False
    sys.stdout.buffer.write(text)
    return True
