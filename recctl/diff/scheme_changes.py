"""What becomes of names where the configuration names another hash scheme than before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from recctl.diff.comparison import SchemeChange
from recctl.diff.recordings import describe_side
from recctl.recordings.attempt import attempt
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recctl.input.sources import Target
    from recctl.project import Settings


def find_scheme_changes(
    right: Sequence[Target], past_settings: Mapping[str, Settings], read: Callable[[Target], Source | Unread]
) -> tuple[SchemeChange, ...]:
    """How many recordings a change of scheme leaves behind; `past_settings` are those before, by key."""
    totals: Counter[tuple[str | None, str | None]] = Counter()
    left_behind: Counter[tuple[str | None, str | None]] = Counter()
    for target in right:
        past = past_settings.get(target.key)
        source = read(target) if past is not None else None
        if past is None or not isinstance(source, Source):
            continue
        counted = attempt(target.name, _count, source, past)
        if not isinstance(counted, Unread):
            change = (past.scheme, target.settings.scheme)
            totals[change] += counted[0]
            left_behind[change] += counted[1]
    ordered = sorted(totals, key=lambda change: (-left_behind[change], str(change)))
    return tuple(SchemeChange(*change, totals[change], left_behind[change]) for change in ordered)


def _count(source: Source, past: Settings) -> tuple[int, int]:
    """How many recordings a file holds, and of how many only the scheme before gives the name."""
    were_found, are_found = (
        [describe_side(item).found for item in load(each) if isinstance(item, Recording)]
        for each in (source._replace(settings=past), source)
    )
    pairs = [*zip(were_found, are_found, strict=True)]
    return len(pairs), pairs.count((True, False))
