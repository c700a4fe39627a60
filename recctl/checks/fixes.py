"""Fixes: what a recording would be with the findings gone that can be mended without changing what it says.

No fix touches what a replay is found by: a request that the name is a hash of, a url.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.pointer import find_holder, split_pointer
from recctl.checks.account import ACCOUNT_ID, find_accounts, make_masks, mask_accounts
from recctl.checks.file import FORMATTING
from recctl.checks.stream import VOLATILE_FIELD, find_volatile_fields
from recctl.input.sources import read
from recctl.project import Place
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import DEFAULT_FORMAT, Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from recctl.checks.finding import CheckReport
    from recctl.input.sources import Target
    from recctl.recordings.recording import JSON, LoadError


class Fix(NamedTuple):
    """A file as it is and as it should be; `name` is how to show it."""

    name: str
    before: bytes
    after: bytes


class Fixable(NamedTuple):
    """A file with findings that can be mended; `rules` are those that it is to satisfy.

    `masks` are what is to take the place of the ids of accounts, in all files.
    """

    target: Target
    path: Path
    rules: frozenset[str]
    masks: dict[str, str]

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
        target, place = self.target, Place.of(self.path)
        source = Source(target.file, content, place, target.settings, target.number)
        return attempt(target.name, _mend, source, self.rules, self.masks)


def find_fixable(report: CheckReport, targets: Sequence[Target]) -> Iterator[Fixable]:
    """The files with findings that can be mended, in the order of `targets`."""
    rules: dict[str, set[str]] = {}
    for finding in report.findings:
        if finding.fixable:
            for path in (finding.path, *finding.also):
                rules.setdefault(path, set()).add(finding.rule)
    wanted = [target for target in targets if target.path is not None and target.file in rules]
    masks = make_masks(_list_accounts(each for each in wanted if ACCOUNT_ID.name in rules[each.file]))
    for target in wanted:
        if target.path is not None:
            yield Fixable(target, target.path, frozenset(rules[target.file]), masks)


def _list_accounts(targets: Iterable[Target]) -> Iterator[str]:
    """The ids of accounts that are in files."""
    for target in targets:
        source = read(target)
        items = attempt(target.name, load, source) if isinstance(source, Source) else ()
        for item in () if isinstance(items, Unread) else items:
            if isinstance(item, Recording):
                yield from (account.value for account in find_accounts(item))


def _mend(source: Source, rules: frozenset[str], masks: dict[str, str]) -> bytes | None:
    recording, *_ = items = load(source)
    is_of_ogx = isinstance(recording, Recording) and recording.format == DEFAULT_FORMAT
    if ACCOUNT_ID.name in rules and not is_of_ogx:
        return _mask(source, items, masks)
    if not isinstance(recording, Recording) or not recording.is_alone:
        return None
    if not (recording.as_written or FORMATTING.name in rules):
        return None  # to write it would do more than was asked
    document = recording.document
    if ACCOUNT_ID.name in rules:
        document = mask_accounts(recording, masks) or document
    if VOLATILE_FIELD.name in rules:
        document = copy.deepcopy(document)
        for pointer, value in find_volatile_fields(recording):
            holder, key = find_holder(document, split_pointer(pointer))
            holder[key] = value
    after = serialise(document)
    return None if after == source.content else after


def _mask(source: Source, items: tuple[Recording | LoadError, ...], masks: dict[str, str]) -> bytes | None:
    """The file with masks for its accounts, spliced in; all else stays as it is."""
    changes: dict[int, dict[str, JSON] | None] = {}
    form = None
    for item in items:
        if isinstance(item, Recording):
            document = mask_accounts(item, masks)
            if document is not None:
                form, changes[item.index] = load_format(item.format), document
    return None if form is None else form.edit(source._replace(number=None), changes)
