"""Fixes: what a recording would be with the findings gone that can be mended without changing what it says.

No fix touches the request: the hash, and so the name, covers it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from recctl.attempt import attempt
from recctl.checks.file import FORMATTING
from recctl.checks.stream import VOLATILE_FIELD, find_volatile_fields
from recctl.pointer import split_pointer
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from recctl.checks.finding import Report
    from recctl.recordings.recording import JSON
    from recctl.sources import Target


class Fix(NamedTuple):
    """A file as it is and as it should be. `name` is how to show it; `rules` are those that it satisfies."""

    name: str
    path: Path
    before: bytes
    after: bytes
    rules: frozenset[str]


def find_fixes(report: Report, targets: Sequence[Target]) -> Iterator[Fix | Unread]:
    """The fixes for a report's findings, one for each file that has any, in the order of `targets`.

    An `Unread` stands for a file that recctl itself fails to mend.
    """
    rules: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.fixable:
            rules.setdefault(finding.path, set()).add(finding.rule)
    for target in targets:
        if target.path is None or target.file not in rules:
            continue
        fixes = attempt(target.name, _fix_file, target, target.path, frozenset(rules[target.file]))
        yield from (fixes,) if isinstance(fixes, Unread) else fixes


def _fix_file(target: Target, path: Path, rules: frozenset[str]) -> list[Fix]:
    source = read(target)
    loaded = load(source) if isinstance(source, Source) else ()
    return [fix for item in loaded if isinstance(item, Recording) for fix in _fix(item, path, rules)]


def _fix(recording: Recording, path: Path, rules: frozenset[str]) -> Iterator[Fix]:
    if not (recording.is_alone and (recording.as_written or FORMATTING.name in rules)):
        return  # to write it would do more than was asked
    document = recording.document
    if VOLATILE_FIELD.name in rules:
        document = copy.deepcopy(document)
        for pointer, value in find_volatile_fields(recording):
            _set(document, pointer, value)
    after = serialise(document)
    if after != recording.source.content:
        yield Fix(recording.source.name, path, recording.source.content, after, rules)


def _set(document: JSON, pointer: str, value: JSON) -> None:
    """Set a value that a pointer names."""
    *steps, last = split_pointer(pointer)
    for step in steps:
        document = document[int(step) if isinstance(document, list) else step]
    document[last] = value
