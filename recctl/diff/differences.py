"""Differences between two JSON values that belong together, and what belongs together in two lists."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import orjson

from recctl.base.pointer import join_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from recctl.recordings.recording import JSON

_MISSING = object()

_Item = TypeVar("_Item")


class Difference(NamedTuple):
    """A place, as the steps that lead to it, where two values differ; None is nothing, or null.

    Indexes of lists are those of the right value where something stands there, else of the left one.
    """

    steps: tuple[str | int, ...]
    left: JSON
    right: JSON

    @property
    def pointer(self) -> str:
        """The steps as a JSON pointer."""
        return join_pointer(self.steps)

    @property
    def path(self) -> str:
        """The steps as people write them."""
        return ".".join(map(str, self.steps))


def canonical(value: JSON) -> bytes:
    """A text that two values share when they are the same JSON: neither 1 and 1.0 nor 1 and true are."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # big integers, lone surrogates
        return json.dumps(value, sort_keys=True).encode("ascii")


def fingerprint(value: JSON) -> bytes:
    """Sixteen bytes that two values share when they are the same JSON."""
    return hashlib.blake2b(canonical(value), digest_size=16).digest()


def find_differences(left: JSON, right: JSON) -> list[Difference]:
    """Every place where two values differ, in the order of their keys.

    Objects are compared key by key, lists so that one item more or less is one difference.
    """
    try:
        return [*_find(left, right, ())]
    except RecursionError:
        return [Difference((), left, right)]


def _find(left: JSON, right: JSON, steps: tuple[str | int, ...]) -> Iterator[Difference]:
    if canonical(left) == canonical(right):
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for key in (*left, *(key for key in right if key not in left)):
            one, other = left.get(key, _MISSING), right.get(key, _MISSING)
            if one is _MISSING or other is _MISSING:
                yield Difference((*steps, key), left.get(key), right.get(key))
            else:
                yield from _find(one, other, (*steps, key))
    elif isinstance(left, list) and isinstance(right, list) and _count(left) * _count(right) <= _MANY:
        for found in _find_in_lists(left, right) or [Difference((), left, right)]:
            yield found._replace(steps=(*steps, *found.steps))
    else:
        yield Difference(steps, left, right)


_MANY = 1_000_000
"""Up to how many pairs of values two lists are aligned; beyond that they are told as a whole."""


def _count(value: JSON) -> int:
    """How many values a value holds, itself included."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return 1 + sum(map(_count, value))


def _find_in_lists(left: list[JSON], right: list[JSON]) -> list[Difference]:
    """Differences by DeepDiff, which takes 0.15 s to import; none where it can't tell 0.0 from -0.0."""
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    tree = DeepDiff(left, right, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    found = []
    for level in (level for levels in tree.values() for level in levels):
        is_gone = level.t2 is notpresent
        steps = tuple(level.path(output_format="list", use_t2=not is_gone))
        one = None if level.t1 is notpresent else level.t1
        found.append(Difference(steps, one, None if is_gone else level.t2))
    return sorted(found, key=lambda difference: _order(difference.steps))


def _order(steps: tuple[str | int, ...]) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (-1, step) for step in steps]


Aligned = tuple[int | None, int | None]
"""The positions of two items that belong together, or of one that is alone."""


def align(left: list[JSON], right: list[JSON], identify: Callable[[JSON], object]) -> list[Aligned]:
    """Which items of two lists belong together, in order.

    Those that are the same; between them, those that `identify` gives the same value for. An item that was
    put in between shifts nothing.
    """
    pairs: list[Aligned] = []
    ours, theirs = [*map(canonical, left)], [*map(canonical, right)]
    for left_span, right_span, is_equal in _match(ours, theirs):
        if is_equal:
            pairs += zip(left_span, right_span, strict=True)
        else:
            pairs += _align_changed(
                left_span,
                right_span,
                [repr(identify(left[i])) for i in left_span],
                [repr(identify(right[j])) for j in right_span],
            )
    return pairs


def _align_changed(
    left_span: range, right_span: range, ours: list[str], theirs: list[str]
) -> Iterator[Aligned]:
    """Align items none of which stand unchanged on the other side, by what they are."""
    for left_part, right_part, is_equal in _match(ours, theirs):
        if is_equal:
            yield from ((left_span[i], right_span[j]) for i, j in zip(left_part, right_part, strict=True))
        else:
            yield from ((left_span[i], None) for i in left_part)
            yield from ((None, right_span[j]) for j in right_part)


def _match(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[tuple[range, range, bool]]:
    """Spans of two lists, in turn equal and not; equal starts and ends are found quickly."""
    shorter = min(len(left), len(right))
    start = next((i for i in range(shorter) if left[i] != right[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if left[-1 - i] != right[-1 - i]), rest)
    yield range(start), range(start), True
    left_end, right_end = len(left) - end, len(right) - end
    ours, theirs = left[start:left_end], right[start:right_end]
    if len(ours) * len(theirs) > _MANY:
        yield range(start, left_end), range(start, right_end), False
    else:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            yield range(start + i1, start + i2), range(start + j1, start + j2), tag == "equal"
    yield range(left_end, len(left)), range(right_end, len(right)), True


def pair_by_name(left: list[JSON], right: list[JSON], identify: Callable[[JSON], object]) -> list[Aligned]:
    """Which items of two lists have the same name, whatever their order: in that of the right list."""
    waiting: defaultdict[str, list[int]] = defaultdict(list)
    for position in reversed(range(len(left))):
        waiting[repr(identify(left[position]))].append(position)
    pairs: list[Aligned] = []
    for position, item in enumerate(right):
        same_name = waiting[repr(identify(item))]
        pairs.append((same_name.pop() if same_name else None, position))
    gone = sorted(position for positions in waiting.values() for position in positions)
    return [*pairs, *((position, None) for position in gone)]


def take_pairs(
    left: list[_Item], right: list[_Item], identify: Callable[[_Item], object]
) -> list[tuple[_Item, _Item]]:
    """Pair the items that are identified alike, in the order of the right list, and take them out of both."""
    found = pair_by_name(left, right, identify)
    pairs = [(left[i], right[j]) for i, j in found if i is not None and j is not None]
    alone = [left[i] for i, j in found if i is not None and j is None]
    right[:] = [right[j] for i, j in found if i is None and j is not None]
    left[:] = alone
    return pairs


def find_rising(numbers: Sequence[int]) -> list[int]:
    """The places, in order, of numbers in a row that rise: as many as can be."""
    tails: list[int] = []  # of the rising rows of each length, where the one ends that ends lowest
    before: list[int | None] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number, key=numbers.__getitem__)
        before.append(tails[length - 1] if length else None)
        tails[length : length + 1] = [place]
    rising: list[int] = []
    last = tails[-1] if tails else None
    while last is not None:
        rising.append(last)
        last = before[last]
    return rising[::-1]


def generalise(pointer: str) -> str:
    """A JSON pointer with a star for each index of a list, to tell what is the same in many places."""
    return _INDEX.sub("/*", pointer)


_INDEX = re.compile(r"/[0-9]+(?=/|\Z)")
