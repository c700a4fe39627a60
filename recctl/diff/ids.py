"""Ids that were made up anew: told once for all the places that quote them, and the same otherwise."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from recctl.diff.comparison import Change
from recctl.diff.differences import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from recctl.recordings.recording import JSON

_UUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_PREFIX = "[A-Za-z]{2,16}[-_]"
_TAIL = "(?:(?=[A-Za-z]*[0-9][A-Za-z]*[0-9])[0-9A-Za-z]{8,}|(?=[0-9A-Za-z]*[a-z][A-Z])[0-9A-Za-z]{16,})"
_HEX = "(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,}"
ID = rf"(?<![0-9A-Za-z])(?:(?:{_PREFIX}){{0,3}}{_UUID}|(?:{_PREFIX}){{1,3}}{_TAIL}|{_HEX})(?![0-9A-Za-z])"
"""What ids look like: a UUID, a prefix with letters and digits as in `call_4R0Q9lrjqIvi`, or hex digits."""

_ID = re.compile(ID)
_UNDER_KEY = re.compile(rf"{_PREFIX}[-_0-9A-Za-z]+\Z")
"""What is an id for the key that it stands under, as `call_nhfpubt2`, in which nothing else tells it."""


def pair_ids(request: Iterable[Change], left: JSON, right: JSON, keys: Collection[str]) -> dict[str, str]:
    """Which ids of a request have others in their places now; `left` and `right` are the two requests.

    What stands under one of `keys` is an id, even where it hardly looks like one.

    Only those count that the other side has nowhere, and that have the same one everywhere: whoever quotes
    another document than before has changed something.
    """
    pairs: dict[str, set[str]] = {}
    for change in request:
        if isinstance(change.left, str) and isinstance(change.right, str):
            ours, theirs = (_find_ids(change.where, text, keys) for text in (change.left, change.right))
            if len(ours) == len(theirs):
                for one, other in zip(ours, theirs, strict=True):
                    pairs.setdefault(one, set()).add(other)
    if not pairs:
        return {}
    before, now = (_list_ids(side) for side in (left, right))
    found = {one: min(others) for one, others in pairs.items() if len(others) == 1}
    taken = Counter(found.values())
    return {
        one: other
        for one, other in found.items()
        if one not in now and other not in before and taken[other] == 1
    }


def _find_ids(where: str, text: str, keys: Collection[str]) -> list[str]:
    """The ids in a text, which is one itself where its key says so."""
    if where.rpartition("/")[2] in keys and _UNDER_KEY.match(text):
        return [text]
    return _ID.findall(text)


def _list_ids(request: JSON) -> set[str]:
    """All that may be ids in a request."""
    return {*_WORD.findall(canonical(request).decode("utf-8", "replace"))}


_WORD = re.compile(rf"{ID}|(?<![-_0-9A-Za-z])[A-Za-z][-_0-9A-Za-z]+")


def write_without_ids(value: JSON) -> str:
    """A value as JSON in which all ids are the same."""
    return _ID.sub("<id>", canonical(value).decode())


def replace_ids(text: str, ids: Mapping[str, str]) -> str:
    """A text with the ids of the left side replaced by those that are in their places."""
    return _match(tuple(ids)).sub(lambda found: ids[found[0]], text) if ids else text


@lru_cache(maxsize=16)
def _match(ids: tuple[str, ...]) -> re.Pattern[str]:
    """Finds these ids where they stand alone, the longest first."""
    ordered = sorted(ids, key=len, reverse=True)
    return re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, ordered))})(?![0-9A-Za-z])")


def describe_ids(changes: Sequence[Change], ids: Mapping[str, str]) -> list[Change]:
    """The changes of a request with those that are of nothing but ids told once for each id."""
    rest: list[Change] = []
    places: Counter[str] = Counter()
    first: dict[str, str] = {}
    for change in changes:
        quoted = _match(tuple(ids)).findall(change.left) if ids and _is_text(change) else []
        for name in quoted:
            places[name] += 1
            first.setdefault(name, change.where)
        if not (quoted and is_same_but_for(change, ids)):
            rest.append(change)
    told = (Change(first[name], "request", name, ids[name], "id", count) for name, count in places.items())
    return [*told, *rest]


def is_same_but_for(change: Change, ids: Mapping[str, str]) -> bool:
    """Whether two texts are the same once their ids are."""
    return bool(ids) and _is_text(change) and replace_ids(str(change.left), ids) == change.right


def _is_text(change: Change) -> bool:
    return isinstance(change.left, str) and isinstance(change.right, str)
