"""Ids that were made up anew: told once for all the places that quote them, and the same otherwise."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from recctl.compare.comparison import Change
from recctl.compare.differences import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recctl.recordings.recording import JSON

_UUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_PREFIX = "[A-Za-z]{2,16}[-_]"
_TAIL = "(?:(?=[A-Za-z]*[0-9][A-Za-z]*[0-9])[0-9A-Za-z]{8,}|(?=[0-9A-Za-z]*[a-z][A-Z])[0-9A-Za-z]{16,})"
_HEX = "(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,}"
ID = rf"(?<![0-9A-Za-z])(?:(?:{_PREFIX}){{0,3}}{_UUID}|(?:{_PREFIX}){{1,3}}{_TAIL}|{_HEX})(?![0-9A-Za-z])"
"""What ids look like: a UUID, a prefix with letters and digits as in `call_4R0Q9lrjqIvi`, or hex digits."""

_ID = re.compile(ID)


def pair_ids(request: Iterable[Change], left: JSON, right: JSON) -> dict[str, str]:
    """Which ids of a request have others in their places now; `left` and `right` are the two requests.

    Only those count that the other side has nowhere, and that have the same one everywhere: whoever quotes
    another document than before has changed something.
    """
    pairs: dict[str, set[str]] = {}
    for change in request:
        if isinstance(change.left, str) and isinstance(change.right, str):
            ours, theirs = _ID.findall(change.left), _ID.findall(change.right)
            if len(ours) == len(theirs):
                for one, other in zip(ours, theirs, strict=True):
                    pairs.setdefault(one, set()).add(other)
    if not pairs:
        return {}
    before, now = ({*_ID.findall(canonical(side).decode("utf-8", "replace"))} for side in (left, right))
    found = {one: min(others) for one, others in pairs.items() if len(others) == 1}
    taken = Counter(found.values())
    return {
        one: other
        for one, other in found.items()
        if one not in now and other not in before and taken[other] == 1
    }


def replace_ids(text: str, ids: Mapping[str, str]) -> str:
    """A text with the ids of the left side replaced by those that stand in their places."""
    return _ID.sub(lambda found: ids.get(found[0], found[0]), text) if ids else text


def tell_ids(changes: Sequence[Change], ids: Mapping[str, str]) -> list[Change]:
    """The changes of a request with those that are of nothing but ids told once for each id."""
    rest: list[Change] = []
    places: Counter[str] = Counter()
    first: dict[str, str] = {}
    for change in changes:
        quoted = [name for name in _ID.findall(change.left) if name in ids] if _is_text(change) else []
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
