"""What got another name from one recording to the next: a test, its file or folder, a parameter, a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.diff.comparison import FoundRename

if TYPE_CHECKING:
    from recctl.diff.comparison import ComparedSide


def find_rename(left: ComparedSide, right: ComparedSide) -> FoundRename | None:
    """What was renamed, in as few words as tell it; None where nothing was, or one side knows no test."""
    is_other_model = left.model != right.model and bool(left.model and right.model)
    if left.test_id == right.test_id or None in (left.test_id, right.test_id):
        is_one_test = left.test_id == right.test_id and left.test_id is not None
        return (
            FoundRename(str(left.model), str(right.model), True) if is_other_model and is_one_test else None
        )
    before, now = _split(left.test_id or ""), _split(right.test_id or "")
    changed = [one != other for one, other in zip(before, now, strict=True)]
    if changed == [False, False, True]:
        if is_other_model and before[2].replace(str(left.model), str(right.model)) == now[2]:
            return FoundRename(str(left.model), str(right.model), True)
        return FoundRename(*_shorten(before[2], now[2]), True)
    if changed == [True, False, False]:
        return FoundRename(*_shorten_paths(before[0], now[0]), is_other_model)
    if changed == [False, True, False]:
        return FoundRename(before[1], now[1], is_other_model)
    if not changed[0]:
        return FoundRename("".join(before[1:]), "".join(now[1:]), is_other_model)
    return FoundRename(str(left.test_id), str(right.test_id), is_other_model)


def _split(test_id: str) -> tuple[str, str, str]:
    """The file of a test, its name with its class, and its parameters."""
    test, bracket, parameters = test_id.partition("[")
    path, _, name = test.partition("::")
    return path, name, bracket + parameters


def _shorten_paths(left: str, right: str) -> tuple[str, str]:
    """The names of two files in one folder; or their folders, where the names are the same."""
    folder, _, name = left.rpartition("/")
    other_folder, _, other_name = right.rpartition("/")
    if folder == other_folder:
        return name, other_name
    if name == other_name:
        return f"{folder}/", f"{other_folder}/"
    return left, right


def _shorten(left: str, right: str) -> tuple[str, str]:
    """What differs between the parameters of two tests, up to where a value begins or ends."""
    before, now = _PART.findall(left), _PART.findall(right)
    start = 0
    while start < min(len(before), len(now)) - 1 and before[start] == now[start]:
        start += 1
    while start and before[start - 1] not in _OPENINGS:
        start -= 1
    end = 0
    while end < min(len(before), len(now)) - start - 1 and before[-1 - end] == now[-1 - end]:
        end += 1
    one, other = ("".join(parts[start : len(parts) - end]) for parts in (before, now))
    return one, other


_PART = re.compile(r"[-=:/,\[\]]|[^-=:/,\[\]]+")
_OPENINGS = frozenset("[=:/,")
