"""Conditions on recordings, as `--where` has them: `model~gpt-4o`, `tokens>4000`, `finish=length`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.errors import RecctlError
from recctl.inventory.columns import Column, find_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.inventory.columns import Value
    from recctl.inventory.entry import IndexEntry

TEXT = "text"
"""What stands for all that was said in a recording: conditions on it are for `recctl.inventory.search`."""


class Condition(NamedTuple):
    """A condition on a column; `wanted` is what it is compared with, as it was written."""

    column: Column
    sign: str
    wanted: str

    def holds(self, entry: IndexEntry) -> bool:
        """Whether it holds for a recording. What a column does not tell is equal to nothing."""
        value = self.column.read(entry)
        values = (value or (None,)) if isinstance(value, tuple) else (value,)
        is_negated = self.sign in _NEGATIONS
        found = any(_compare(each, _NEGATIONS.get(self.sign, self.sign), self) for each in values)
        return found is not is_negated


_NEGATIONS = {"!=": "=", "!~": "~"}
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_CONDITION = re.compile(r"\s*([a-z]+)\s*(!=|!~|>=|<=|=|~|>|<)\s*(.*?)\s*", re.DOTALL)


def parse_condition(text: str) -> Condition | str:
    """What a condition says; of one on all that was said, the words to search for. Raises RecctlError."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise RecctlError(
            f"{text!r} is no condition", "write it as model~gpt-4o, finish=length, tokens>4000 or text~word"
        )
    name, sign, wanted = found.groups()
    if name == TEXT:
        if sign != "~" or not wanted:
            raise RecctlError(f"{text!r}: all that was said can only be searched", "write it as text~word")
        return str(wanted)
    column = find_column(name)
    if sign in _ORDERS:
        _read_number(wanted, column)
    return Condition(column, sign, wanted)


def _compare(value: Value, sign: str, condition: Condition) -> bool:
    if sign in _ORDERS:
        number = value if isinstance(value, int) else None
        return number is not None and _ORDERS[sign](number, _read_number(condition.wanted, condition.column))
    shown = show_value(value)
    if sign == "~":
        return condition.wanted.casefold() in shown.casefold()
    if isinstance(value, int) and not isinstance(value, bool) and condition.wanted:
        return value == _read_number(condition.wanted, condition.column)
    return shown == condition.wanted


def show_value(value: Value) -> str:
    """A value as it is written in conditions, and in lists for programs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _read_number(text: str, column: Column) -> float:
    """A number, which for bytes may have a unit. Raises RecctlError."""
    found = _NUMBER.fullmatch(text)
    if found is None or (found[2] and not column.is_size):
        hint = "write it as 4000" + (", 20kB or 1.5MB" if column.is_size else "")
        raise RecctlError(f"{column.name}: {text!r} is no number", hint)
    return float(found[1]) * _UNITS[(found[2] or "").lower()]


_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmg]?b)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
