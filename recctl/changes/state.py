"""`.recctl/`, the folder in which recctl keeps what it needs between runs: journal, trash, caches.

It lies in a tree that others write to, and nothing in it is trusted. `StateFolder` is the only way in:

- No link is followed, neither for the folder itself nor below it: each folder is opened from the one above
  (where a system can't do that, it is looked at first). What should be a file is a regular file: nothing
  waits for a pipe. A file is never written to: another one takes its place.
- `read_signed` gives only what this user has written with `write_signed`, on this machine, below this root
  and by this name (see `signature`); anything else is as if it were not there.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.changes import signature
from recctl.changes.disk import sync_files, sync_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

STATE_FOLDER = ".recctl"
"""Its name, below the root of a project."""

_HEADER = b"recctl-state-1 "
_LARGEST = 1 << 28
"""In bytes; what is larger was not written by `write_signed`."""

_PRIVATE = 0o600
_NOT_OURS = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EINVAL,
    errno.EFBIG,
    errno.EACCES,
    errno.EPERM,
)
"""By which the system tells that there is no file by a name, another kind of thing, or somebody else's."""

_HAS_DESCRIPTORS = (
    os.listdir in os.supports_fd
    and {
        os.open,
        os.mkdir,
        os.stat,
        os.unlink,
        os.rmdir,
        os.rename,
    }
    <= os.supports_dir_fd
)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_LINK_TAGS = (0xA000000C, 0xA0000003)
"""By which Windows tells links and junctions: IO_REPARSE_TAG_SYMLINK and IO_REPARSE_TAG_MOUNT_POINT."""


class _Folder(NamedTuple):
    """A folder that is known to be one; `descriptor` is None where it can't be held open."""

    path: Path
    descriptor: int | None

    def at(self, name: str) -> str:
        """How to name what is in it, beside its descriptor."""
        return name if self.descriptor is not None else str(self.path / name)

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Let errors name what is in it by the whole path."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path / name)) from None

    def look(self, name: str) -> os.stat_result | None:
        """What the system knows of a name in it, a link being a link; None for nothing."""
        try:
            return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def list(self) -> list[str]:
        """The names in it, sorted."""
        return sorted(os.listdir(self.path if self.descriptor is None else self.descriptor))  # noqa: PTH208

    def make(self, name: str) -> None:
        """Make a folder in it."""
        with self._naming(name):
            os.mkdir(self.at(name), dir_fd=self.descriptor)

    @contextmanager
    def enter(self, name: str) -> Iterator[_Folder]:
        """A folder in it, which must be no link."""
        path = self.path / name
        with self._naming(name):
            _require_folder(self.look(name))
            flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
            inner = None if self.descriptor is None else os.open(name, flags, dir_fd=self.descriptor)
        try:
            yield _Folder(path, inner)
        finally:
            if inner is not None:
                os.close(inner)

    def open(self, name: str, flags: int, mode: int = 0o666) -> FileIO:
        """A regular file in it. Waits for nothing."""
        with self._naming(name):
            _require_file(self.look(name))
            descriptor = os.open(self.at(name), flags | _NO_LINK | _AT_ONCE, mode, dir_fd=self.descriptor)
            try:
                _require_file(os.fstat(descriptor))
                return FileIO(descriptor, "r" if flags == os.O_RDONLY else "w")
            except BaseException:
                os.close(descriptor)
                raise

    def create(self, name: str, content: bytes, mode: int | None, *, sync: bool) -> None:
        """Write a file that is not there yet; `mode` is what the system gives by default."""
        with self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file, self._naming(name):
            if mode is not None:
                os.chmod(self.at(name) if self.descriptor is None else file.fileno(), mode)  # noqa: PTH101
            _write_all(file, content)
            if sync:
                os.fsync(file.fileno())

    def replace(self, name: str, content: bytes, mode: int | None, *, sync: bool) -> None:
        """Let a new file take a name in it once it is whole."""
        draft = f"{name}.{os.getpid()}.tmp"
        if self.look(draft) is not None:
            self.remove(draft)
        try:
            self.create(draft, content, mode, sync=sync)
            with self._naming(name):
                places = {"src_dir_fd": self.descriptor, "dst_dir_fd": self.descriptor}
                os.replace(self.at(draft), self.at(name), **places)  # noqa: PTH105  (Path takes no descriptors)
        except (OSError, KeyboardInterrupt):
            with suppress(OSError):
                self.remove(draft)
            raise

    def remove(self, name: str) -> None:
        """Remove a file from it, or a link."""
        with self._naming(name):
            os.unlink(self.at(name), dir_fd=self.descriptor)


class StateFolder:
    """What recctl keeps for one root. Names are relative to `.recctl/`, with `/`.

    All methods raise OSError; where nothing else is said, FileNotFoundError for what is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._key: bytes | None = None

    def exists(self) -> bool:
        """Whether anything has the name of the folder."""
        return os.path.lexists(self.root / STATE_FOLDER)

    def read_signed(self, name: str) -> bytes | None:
        """What this user wrote by this name, and nobody else; None for anything else, and for nothing."""
        try:
            content = self.read(name, _LARGEST)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            return None
        if not content.startswith(_HEADER):
            return None
        self._key = self._key or signature.find_key(self.root)
        if self._key is None:
            return None
        head, _, signed = content.partition(b"\n")
        from _operator import _compare_digest as compare_digest  # hmac, which hands it on, loads OpenSSL

        expected = signature.sign(self._key, self.root, name, signed).hex().encode()
        return signed if compare_digest(head.removeprefix(_HEADER), expected) else None

    def write_signed(self, name: str, content: bytes, *, sync: bool = True) -> None:
        """Write what `read_signed` reads, whole or not at all; that takes a place for the user's key."""
        signed = signature.sign(self.require_key(), self.root, name, content).hex().encode()
        self.write(name, b"%b%b\n%b" % (_HEADER, signed, content), _PRIVATE, sync=sync)

    def require_key(self) -> bytes:
        """The key that `write_signed` takes, made if there is none. Raises OSError where none can be kept."""
        self._key = self._key or signature.make_key(self.root)
        return self._key

    def read(self, name: str, limit: int | None = None) -> bytes:
        """A file as it lies there, whoever wrote it. Raises OSError for more bytes than `limit`."""
        folder, name = _split(name)
        with self._enter(folder) as place, place.open(name, os.O_RDONLY) as file:
            if limit is not None and os.fstat(file.fileno()).st_size > limit:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(place.path / name))
            return file.readall()

    def write(self, name: str, content: bytes, mode: int | None = None, *, sync: bool = True) -> None:
        """Write a file, whole or not at all, and make the folders that it takes."""
        folder, name = _split(name)
        with self._enter(folder, make=True) as place:
            place.replace(name, content, mode, sync=sync)

    def create(self, name: str, content: bytes, mode: int) -> None:
        """Write a file that `sync_files` is to bring down to the disk. Raises FileExistsError, too."""
        folder, name = _split(name)
        with self._enter(folder, make=True) as place:
            place.create(name, content, mode, sync=False)

    def find_size(self, name: str) -> int | None:
        """The size of a file in bytes; None where there is no regular file of that name."""
        folder, name = _split(name)
        try:
            with self._enter(folder) as place:
                status = place.look(name)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            return None
        return status.st_size if status is not None and stat.S_ISREG(status.st_mode) else None

    def list(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none where there is no folder."""
        try:
            with self._enter(folder) as place:
                return place.list()
        except FileNotFoundError:
            return []

    def make_folder(self, folder: str) -> None:
        """Make a folder, and those above it that are not there yet. Raises FileExistsError."""
        above, name = _split(folder)
        with self._enter(above, make=True) as place:
            place.make(name)

    def remove(self, name: str) -> None:
        """Remove a file, or a link."""
        folder, name = _split(name)
        with self._enter(folder) as place:
            place.remove(name)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; what links in it lead to stays."""
        above, name = _split(folder)
        with self._enter(above) as place, place.enter(name):
            shutil.rmtree(place.at(name), dir_fd=place.descriptor)

    def open_lock(self) -> FileIO:
        """A file to lock, which nobody reads or writes."""
        with self._enter("", make=True) as place:
            return place.open("lock", os.O_RDWR | os.O_CREAT)

    def sync_files(self, folder: str, names: Collection[str]) -> None:
        """Bring files in a folder down to the disk."""
        with self._enter(folder) as place:
            sync_files([Path(place.at(name)) for name in names], place.descriptor)

    def sync_folder(self, folder: str, *, and_above: bool = False) -> None:
        """Bring the names in a folder down to the disk, and those in the folders above it up to the root."""
        above = (*(path.as_posix() for path in PurePath(folder).parents[:-1]), "") if and_above else ()
        for inner in (folder, *above):
            with self._enter(inner) as place:
                sync_folder(place.path if place.descriptor is None else place.descriptor)
        if and_above:
            sync_folder(self.root)

    @contextmanager
    def _enter(self, folder: str, *, make: bool = False) -> Iterator[_Folder]:
        """A folder below `.recctl/`, or that itself by an empty name."""
        with ExitStack() as stack:
            place = stack.enter_context(_open_root(self.root))
            for number, name in enumerate((STATE_FOLDER, *filter(None, folder.split("/")))):
                if make and place.look(name) is None:
                    with suppress(FileExistsError):
                        place.make(name)
                place = stack.enter_context(place.enter(name))
                if make and not number:
                    _ignore_in_git(place)
            yield place


@contextmanager
def _open_root(root: Path) -> Iterator[_Folder]:
    if not _HAS_DESCRIPTORS:
        yield _Folder(root, None)
        return
    descriptor = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        yield _Folder(root, descriptor)
    finally:
        os.close(descriptor)


def _ignore_in_git(place: _Folder) -> None:
    name, content = ".gitignore", b"*\n"
    with suppress(OSError), place.open(name, os.O_RDONLY) as file:
        if file.read(len(content) + 1) == content:
            return
    place.replace(name, content, None, sync=False)


def _require_folder(status: os.stat_result | None) -> None:
    if status is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", None) in _LINK_TAGS:
        raise OSError(errno.ELOOP, "is a link")
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "is no folder")


def _require_file(status: os.stat_result | None) -> None:
    if status is None:
        return
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "is a link")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file")


def _write_all(file: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _split(name: str) -> tuple[str, str]:
    folder, _, last = name.rpartition("/")
    return folder, last
