"""Fixes: what a recording would be with the findings gone that can be mended without changing what it says.

No fix touches the request: the hash, and so the name, covers it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from recctl.checks.file import FORMATTING
from recctl.checks.stream import VOLATILE_FIELD, find_volatile_fields
from recctl.input.sources import read
from recctl.project import Place
from recctl.recordings.attempt import attempt
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.text.pointer import split_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from recctl.checks.finding import Report
    from recctl.input.sources import Target
    from recctl.recordings.recording import JSON


class Fix(NamedTuple):
    """A file as it is and as it should be; `name` is how to show it."""

    name: str
    before: bytes
    after: bytes


class Fixable(NamedTuple):
    """A file with findings that can be mended; `rules` are those that it is to satisfy."""

    target: Target
    path: Path
    rules: frozenset[str]

    def find_fix(self) -> Fix | Unread | None:
        """The fix for the file, which is read for that; as `mend`."""
        source = read(self.target)
        if isinstance(source, Unread):
            return None
        after = self.mend(source.content)
        if after is None or isinstance(after, Unread):
            return after
        return Fix(source.name, source.content, after)

    def mend(self, content: bytes) -> bytes | Unread | None:
        """What the file should be, if that is its content; None where nothing is to be done about it.

        An `Unread` says that recctl itself fails to mend it.
        """
        target, place = self.target, Place(self.path.parent.as_posix(), self.path.name)
        source = Source(target.file, content, place, target.settings, target.number)
        return attempt(target.name, _mend, source, self.rules)


def find_fixable(report: Report, targets: Sequence[Target]) -> Iterator[Fixable]:
    """The files with findings that can be mended, in the order of `targets`."""
    rules: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.fixable:
            rules.setdefault(finding.path, set()).add(finding.rule)
    for target in targets:
        if target.path is not None and target.file in rules:
            yield Fixable(target, target.path, frozenset(rules[target.file]))


def _mend(source: Source, rules: frozenset[str]) -> bytes | None:
    recording, *_ = load(source)
    if not isinstance(recording, Recording) or not recording.is_alone:
        return None
    if not (recording.as_written or FORMATTING.name in rules):
        return None  # to write it would do more than was asked
    document = recording.document
    if VOLATILE_FIELD.name in rules:
        document = copy.deepcopy(document)
        for pointer, value in find_volatile_fields(recording):
            _set(document, pointer, value)
    after = serialise(document)
    return None if after == source.content else after


def _set(document: JSON, pointer: str, value: JSON) -> None:
    """Set a value that a pointer names."""
    *steps, last = split_pointer(pointer)
    for step in steps:
        document = document[int(step) if isinstance(document, list) else step]
    document[last] = value
