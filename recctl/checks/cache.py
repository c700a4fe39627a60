"""What was found in files that have not changed since, so that they need not be checked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.checks.finding import Examined, Finding, Severity
from recctl.input.cache import FileCache
from recctl.naming.facts import Facts

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.input.sources import Target


class Cache:
    """Results by file, kept below `root`. `basis` is all that they depend on, beside the files."""

    def __init__(self, root: Path, basis: object) -> None:
        self._files = FileCache(root, "validate", basis)

    def get(self, target: Target) -> Examined | None:
        """What was found in a file when it was as it is now; None when that is not known."""
        match self._files.get(target):
            case [dumped, _]:
                return _restore(target.name, dumped)
        return None

    def put(self, target: Target, examined: Examined) -> None:
        """Remember what was found in a file, if it can be told from any later state of it."""
        if examined.error is None:
            self._files.put(target, [_dump(examined), None])

    def get_reply(self, target: Target) -> str | None:
        """The digest of the reply in a file that is as it was when that was put here; None for none."""
        match self._files.get(target):
            case [_, str(digest)]:
                return digest
        return None

    def put_reply(self, target: Target, digest: str) -> None:
        """Remember the digest of the reply in a file whose result is known."""
        match self._files.get(target):
            case [dumped, _]:
                self._files.put(target, [dumped, digest])

    def save(self) -> None:
        """Write the cache, if anything in it is new. That it can't be written is no reason to fail."""
        self._files.save()


def _dump(examined: Examined) -> list[Any]:
    """A result without the path, which every finding, and what is known of a name, would repeat.

    That the same is found in other files is told of no file by itself.
    """
    findings = []
    for finding in examined.findings:
        *fields, _also = finding._replace(path="", position=None)
        findings.append([*fields, finding.position and [*finding.position]])
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
    from recctl.base.syntax import Position

    return finding._replace(position=Position(*place))
