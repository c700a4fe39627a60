"""What changed in the parts of a reply that no choice holds: vectors, lists of models, keys of providers."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from recctl.base.pointer import escape_pointer
from recctl.diff.comparison import Change
from recctl.diff.differences import canonical, find_differences
from recctl.diff.noise import (
    NEAR,
    find_noise,
    is_known_noise,
    is_nothing_but_noise,
    is_same_number,
    is_same_vector,
    measure_distance,
)
from recctl.wire.protocol import NO_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire import Exchange


def compare_extra(left: Exchange, right: Exchange) -> Iterator[Change]:
    """What has no place of its own: noise where it is known to be, else told."""
    ours, theirs = left.completion.extra, right.completion.extra
    entries = left.wire.entries if left.wire is right.wire else NO_ENTRIES
    if left.wire is right.wire:
        ours, theirs = (_leave_out(extra, entries.derived) for extra in (ours, theirs))
        yield from _compare_vectors(left, right)
        if isinstance(ours.get("ids"), list) and isinstance(theirs.get("ids"), list):
            before, now = (dict.fromkeys(map(str, extra["ids"])) for extra in (ours, theirs))
            ours, theirs = (_forget_models(extra, before.keys() ^ now.keys()) for extra in (ours, theirs))
            if entries.are_models:
                yield from _compare_lists([*before], [*now])
                ours, theirs = (_leave_out(extra, ("ids",)) for extra in (ours, theirs))
    kind, noise = "model-list" if entries.are_models else "other", find_noise(left, right)
    for key in (*ours, *(key for key in theirs if key not in ours)):
        yield from _compare_values(ours.get(key), theirs.get(key), key, kind, noise)
    yield from _compare_data(left, right)


def _compare_lists(left: list[str], right: list[str]) -> Iterator[Change]:
    """Which models a list names that the other does not; their order says nothing."""
    removed, added = (
        [name for name in one if name not in other] for one, other in ((left, set(right)), (right, set(left)))
    )
    if removed:
        yield Change("/response/extra/ids", "model-list", removed, None, "ids")
    if added:
        yield Change("/response/extra/ids", "model-list", None, added, "ids")
    if left != right and not (removed or added):
        yield Change("/response/extra/ids", "noise", left, right, "the order of ids")


def _leave_out(extra: dict[str, JSON], keys: tuple[str, ...]) -> dict[str, JSON]:
    return {key: value for key, value in extra.items() if key not in keys}


def _forget_models(extra: dict[str, JSON], names: set[str]) -> dict[str, JSON]:
    """Without what is known of some models, which the list of ids tells to be on one side alone."""
    models = extra.get("models")
    if not isinstance(models, dict):
        return extra
    return {**extra, "models": {name: told for name, told in models.items() if name not in names}}


def _compare_values(left: JSON, right: JSON, key: str, kind: str, noise: frozenset[str]) -> Iterator[Change]:
    where = f"/response/extra/{escape_pointer(key)}"
    if is_known_noise(where, noise):
        if canonical(left) != canonical(right):
            yield Change(where, "noise", left, right, key)
        return
    for difference in find_differences(left, right):
        one, other, place = difference.left, difference.right, where + difference.pointer
        is_noise = (
            is_known_noise(place, noise)
            or is_same_number(one, other)
            or is_nothing_but_noise(one, other, noise)
        )
        label = f"{key}.{difference.path}" if difference.steps else key
        yield Change(place, "noise" if is_noise else kind, one, other, label)


def _compare_vectors(left: Exchange, right: Exchange) -> Iterator[Change]:
    """What changed in embeddings: dimensions and cosine distances instead of numbers."""
    pairs = zip_longest(left.read_vectors(), right.read_vectors())
    for position, (one, other) in enumerate(pairs):
        if one == other:
            continue
        where, label = f"/response/extra/vectors/{position}", f"vector {position + 1}"
        if one is None or other is None:
            yield Change(where, "vector", _measure(one), _measure(other), label)
        else:
            distance = measure_distance(one, other)
            is_noise = is_same_vector(one, other) or (distance is not None and distance < NEAR)
            told = {"dimension": len(other), "cosine_distance": distance}
            yield Change(where, "noise" if is_noise else "vector", _measure(one), told, label)


def _measure(vector: list[float] | None) -> JSON:
    return None if vector is None else {"dimension": len(vector)}


def _compare_data(left: Exchange, right: Exchange) -> Iterator[Change]:
    """Whether data differs of which the assembled reply tells the size alone."""
    ours, theirs = [*left.list_data()], [*right.list_data()]
    if ours != theirs:
        before, now = (sum(map(len, data)) for data in (ours, theirs))
        yield Change("/response/extra/data", "other", before, now, "pictures, in base64 characters")
