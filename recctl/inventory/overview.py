"""What a folder without a configuration holds, and what its configuration should say."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.facts import NameStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.inventory.entry import IndexEntry


class Holding(NamedTuple):
    """How much there is of a format."""

    format: str
    files: int
    recordings: int


class Overview(NamedTuple):
    """What there is: formats, the one with most recordings first, and where.

    `paths` are the folders at the root that hold recordings; none where that is the root itself. `scheme` is
    the hash scheme that most files are named by, of those that are named after a hash (`hashed`); it names so
    many of them (`named`). None where there are none, or no scheme names any.
    """

    holdings: tuple[Holding, ...]
    paths: tuple[str, ...]
    scheme: str | None
    named: int
    hashed: int


_MOST_PATHS = 4


def look_over(entries: Sequence[IndexEntry]) -> Overview:
    """What these recordings of a project come to, for who has said nothing about it yet."""
    recordings = Counter(entry.facts.format for entry in entries)
    files = {name: {e.location for e in entries if e.facts.format == name} for name in recordings}
    tops = sorted({PurePosixPath(entry.location).parts[0] for entry in entries})
    is_below = all(len(PurePosixPath(entry.location).parts) > 1 for entry in entries)
    hashed = [
        entry.facts for entry in entries if not (entry.facts.is_named_by_test or entry.facts.holds_several)
    ]
    named = Counter(facts.scheme for facts in hashed if facts.status is NameStatus.CURRENT)
    scheme, count = max(named.items(), key=lambda item: (item[1], item[0])) if named else (None, 0)
    return Overview(
        tuple(Holding(name, len(files[name]), count) for name, count in recordings.most_common()),
        tuple(tops) if is_below and len(tops) <= _MOST_PATHS else (),
        scheme,
        count,
        len(hashed),
    )


def propose_settings(overview: Overview, baseline: str | None) -> dict[str, str | list[str]]:
    """What the configuration should say of what was found; `baseline` is the file of known findings."""
    settings: dict[str, str | list[str]] = {}
    if overview.paths:
        settings["paths"] = [*overview.paths]
    if overview.scheme is not None:
        settings["scheme"] = overview.scheme
    if baseline is not None:
        settings["baseline"] = baseline
    return settings
