"""What was found in files that have not changed since, so that they need not be read again.

A file is taken to be the same when its size, its times and its inode are; a file that changed so recently
that the clock could not tell another change is not remembered. The cache is one JSON file, replaced as a
whole, so that runs side by side don't disturb each other: the last one's stays. It is data, never code, and
only what this user has written here is read (see `state`).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from recctl import __version__
from recctl.changes.state import State
from recctl.checks.finding import Examined, Finding, Severity
from recctl.naming.facts import Facts
from recctl.text.digests import blake2b

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.input.sources import Target

_NAME = "cache/validate"
_CLOCK_TICK = 100_000_000  # nanoseconds; far above the 4 ms by which Linux's times of files advance


class Cache:
    """Results by file, kept below `root`. `basis` is all that they depend on, beside the files."""

    def __init__(self, root: Path, basis: object) -> None:
        self._state = State(root)
        self._basis = f"{__version__} {sys.version} {_describe_package()} {basis!r}"
        self._files: dict[str, Any] = _read(self._state, self._basis)
        self._is_changed = False

    def get(self, target: Target) -> Examined | None:
        """What was found in a file when it was as it is now; None when that is not known."""
        match self._files.get(target.name):
            case [identity, dumped, _] if identity == _identify(target):
                return _restore(target.name, dumped)
        return None

    def put(self, target: Target, examined: Examined) -> None:
        """Remember what was found in a file, if it can be told from any later state of it."""
        identity = _identify(target)
        if identity is None or examined.error is not None:
            return
        if time.time_ns() - max(identity[1], identity[2]) < _CLOCK_TICK:
            return
        self._files[target.name] = [identity, _dump(examined), None]
        self._is_changed = True

    def get_reply(self, target: Target) -> str | None:
        """The digest of the reply in a file that is as it was when that was put here; None for none."""
        match self._files.get(target.name):
            case [identity, _, str(digest)] if identity == _identify(target):
                return digest
        return None

    def put_reply(self, target: Target, digest: str) -> None:
        """Remember the digest of the reply in a file whose result is known."""
        match self._files.get(target.name):
            case [identity, _, _] as entry if identity == _identify(target):
                entry[-1] = digest
                self._is_changed = True

    def save(self) -> None:
        """Write the cache, if anything in it is new. That it can't be written is no reason to fail."""
        if not self._is_changed:
            return
        content = _serialise(self._basis, self._files)
        with suppress(OSError):
            self._state.write_signed(_NAME, content, sync=False)


def _describe_package() -> str:
    """What changes when recctl itself does: an upgrade, or an edited rule, scheme, or schema of a checkout.

    By the times and sizes of its files; reading them would take ten times as long.
    """
    package = Path(__file__).parents[1]
    found = [*_list_sources(package), *_list_sources(package.parent / "schemas")]
    return blake2b(repr(sorted(found)).encode()).hexdigest()


def _list_sources(folder: Path | str) -> Iterator[tuple[str, int, int]]:
    with suppress(OSError), os.scandir(folder) as entries:  # a wheel has all of it inside the package
        for entry in entries:
            if entry.name.endswith((".py", ".json")):
                status = entry.stat()
                yield entry.path, status.st_mtime_ns, status.st_size
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _list_sources(entry.path)


def _read(state: State, basis: str) -> dict[str, Any]:
    """The entries of a cache of that basis; empty when there is none, or one of another basis."""
    try:
        document = orjson.loads(state.read_signed(_NAME) or b"")
        files = document["files"] if document["basis"] == basis else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files if isinstance(files, dict) else {}


def _serialise(basis: str, files: dict[str, Any]) -> bytes:
    """A cache as bytes; results that no UTF-8 can tell (with a lone surrogate) are left out."""
    try:
        return orjson.dumps({"basis": basis, "files": files})
    except orjson.JSONEncodeError:
        told = {name: entry for name, entry in files.items() if _is_writable([name, entry])}
        return orjson.dumps({"basis": basis, "files": told})


def _is_writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


def _identify(target: Target) -> list[int] | None:
    """What changes when a file does: size, times of its content and of its inode, and the inode."""
    if target.path is None or target.number is not None or target.settings.test_names:
        return None  # whose tests `test-names` tells, the sources decide, too
    try:
        status = os.stat(target.path)  # noqa: PTH116  (a third of the time of Path.stat, for every file)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _dump(examined: Examined) -> list[Any]:
    """A result without the path, which every finding, and what is known of a name, would repeat."""
    findings = [
        [*finding._replace(path="", position=None), finding.position and [*finding.position]]
        for finding in examined.findings
    ]
    return [findings, [facts.dump() for facts in examined.facts], examined.recordings]


def _restore(name: str, dumped: list[Any]) -> Examined | None:
    """A result as it was before `_dump`; None for what can't be one."""
    try:
        findings, all_facts, count = dumped
        return Examined(
            tuple([_restore_finding(name, values) for values in findings]),
            tuple([Facts.restore(name, values) for values in all_facts]),
            recordings=count,
        )
    except (ValueError, TypeError, IndexError):
        return None


def _restore_finding(name: str, values: list[Any]) -> Finding:
    *fields, place = values
    finding = Finding(*fields)
    finding = finding._replace(path=name, severity=Severity(finding.severity))
    if place is None:
        return finding
    from recctl.text.syntax import Position

    return finding._replace(position=Position(*place))
