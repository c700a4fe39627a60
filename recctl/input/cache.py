"""What was made of files that have not changed since, so that it need not be made again.

A file is taken to be the same when its size, its times and its inode are; a file that changed so recently
that the clock could not tell another change is not remembered. A cache is one JSON file below `.recctl/`,
replaced as a whole, so that runs side by side don't disturb each other: the last one's stays. It is data,
never code, and only what this user has written here is read (see `changes.state`).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from recctl.base import __version__
from recctl.base.digests import blake2b
from recctl.changes.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.input.sources import Target

_CLOCK_TICK = 100_000_000  # nanoseconds; far above the 4 ms by which Linux's times of files advance


class FileCache:
    """Values by file, each as JSON has it, in `.recctl/cache/NAME` below `root`.

    `basis` is all that they depend on, beside the files and recctl itself. With `holds_tests`, they say which
    tests files are of, which the sources may decide: then nothing is remembered of such files.
    """

    def __init__(self, root: Path, name: str, basis: object, *, holds_tests: bool = True) -> None:
        self._state = StateFolder(root)
        self._holds_tests = holds_tests
        self._name = f"cache/{name}"
        self._basis = f"{__version__} {sys.version} {_describe_package()} {basis!r}"
        self._prefix = f"{root.as_posix().rstrip('/')}/"
        self._files: dict[str, Any] = self._read()
        self._is_changed = False

    def get(self, target: Target) -> Any:
        """The value of a file that is as it was when that was put here; None for none."""
        match self._files.get(self._find_place(target)):
            case [identity, value] if identity == self._identify(target):
                return value
        return None

    def get_former(self, target: Target) -> Any:
        """The value of a file, whatever has become of the file since; None for none."""
        match self._files.get(self._find_place(target)):
            case [_, value]:
                return value
        return None

    def list_all(self) -> Iterator[tuple[str, Any]]:
        """Every file's path from the root, and its value, whatever has become of the file since."""
        for place, entry in self._files.items():
            match entry:
                case [_, value]:
                    yield place, value

    def put(self, target: Target, value: Any) -> None:
        """Remember the value of a file, if that can be told from any later state of it."""
        identity, place = self._identify(target), self._find_place(target)
        if identity is None:
            return
        is_settled = time.time_ns() - max(identity[1], identity[2]) >= _CLOCK_TICK
        if is_settled or self.get(target) is not None:
            self._files[place] = [identity, value]
            self._is_changed = True

    def save(self) -> None:
        """Write the cache, if anything in it is new. That it can't be written is no reason to fail."""
        if not self._is_changed:
            return
        with suppress(OSError):
            self._state.write_signed(self._name, self._serialise(), sync=False)

    def _identify(self, target: Target) -> list[int] | None:
        """What changes when a file does; None for what is no whole file, or is not to be remembered."""
        if target.path is None or target.number is not None:
            return None
        if self._holds_tests and target.settings.test_names:
            return None
        return _identify(target.path)

    def _find_place(self, target: Target) -> str:
        """What a file is known by: its path from the root, so that it is the same from every folder."""
        return target.name if target.path is None else target.path.as_posix().removeprefix(self._prefix)

    def _read(self) -> dict[str, Any]:
        """The entries of a cache of this basis; empty when there is none, or one of another basis."""
        try:
            document = orjson.loads(self._state.read_signed(self._name) or b"")
            files = document["files"] if document["basis"] == self._basis else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return files if isinstance(files, dict) else {}

    def _serialise(self) -> bytes:
        """The cache as bytes; values that no UTF-8 can tell (with a lone surrogate) are left out."""
        document = {"basis": self._basis, "files": self._files}
        try:
            return orjson.dumps(document)
        except orjson.JSONEncodeError:
            told = {place: entry for place, entry in self._files.items() if _is_writable([place, entry])}
            return orjson.dumps({**document, "files": told})


def _describe_package() -> str:
    """What changes when recctl itself does: an upgrade, or an edited rule, scheme, or schema of a checkout.

    By the times and sizes of its files; reading them would take ten times as long. What is installed is not
    edited, and one of its files stands for all.
    """
    package = Path(__file__).parents[1]
    schemas = package.parent / "schemas"  # which a wheel has inside the package
    if not schemas.is_dir():
        status = Path(__file__).stat()
        return f"{status.st_mtime_ns} {status.st_ino}"
    found = [*_list_sources(package), *_list_sources(schemas)]
    return blake2b(repr(sorted(found)).encode()).hexdigest()


def _list_sources(folder: Path | str) -> Iterator[tuple[str, int, int]]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".py", ".json")):
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _list_sources(entry.path)


def _is_writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


def _identify(path: Path) -> list[int] | None:
    """What changes when a file does: size, times of its content and of its inode, and the inode."""
    try:
        status = os.stat(path)  # noqa: PTH116  (a third of the time of Path.stat, for every file)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
