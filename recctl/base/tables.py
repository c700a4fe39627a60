"""A table of the configuration, read key by key: what each key may hold is told by a function for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.base.errors import RecctlError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TableKeyError(RecctlError):
    """What is wrong with a key of a table; `key` is that key."""

    def __init__(self, message: str, key: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.key = key


def parse_table(
    table: Mapping[str, Any], keys: Mapping[str, Callable[[Any], Any]], where: str
) -> dict[str, Any]:
    """A table with its keys as Python names, each value read by the function that `keys` gives for it.

    `where` says which table it is. Raises TableKeyError for an unknown key and for a value that its function
    refuses with a ValueError.
    """
    values = {}
    for key, value in table.items():
        if key not in keys:
            raise TableKeyError(f"{where}: unknown key {key!r}", key, did_you_mean(key, sorted(keys)))
        try:
            values[key.replace("-", "_")] = keys[key](value)
        except ValueError as error:
            raise TableKeyError(f"{where}: {key} {error}", key) from None
    return values


def parse_text(value: Any) -> str:
    """A string. Raises ValueError for anything else, as all of these functions do."""
    if not isinstance(value, str):
        raise ValueError("should be a string")
    return value


def parse_texts(value: Any) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("should be a list of strings")
    return tuple(value)


def parse_switch(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("should be true or false")
    return value
