"""JSON pointers (RFC 6901), and the steps that they consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The keys that a pointer leads through."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def join_pointer(steps: Iterable[str | int]) -> str:
    """The pointer that leads through some keys and indexes."""
    return "".join(f"/{escape_pointer(str(step))}" for step in steps)


def escape_pointer(key: str) -> str:
    """A key as one step of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def read_at(value: Any, keys: Iterable[str]) -> Any:
    """What the keys of objects within each other lead to; None where they lead nowhere."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def put_at(value: Any, keys: Sequence[str], new: Any) -> Any:
    """The value with another one where keys lead, all else as it is; objects are made on the way."""
    if not keys:
        return new
    holder = value if isinstance(value, dict) else {}
    return {**holder, keys[0]: put_at(holder.get(keys[0]), keys[1:], new)}


def find_holder(value: Any, steps: Sequence[str | int]) -> tuple[Any, str | int]:
    """The object or the list that holds what steps lead to, and the key or the index that it has there.

    Raises LookupError where the steps before the last lead nowhere.
    """
    *above, last = steps
    for step in above:
        value = value[int(step) if isinstance(value, list) else step]
    return value, int(last) if isinstance(value, list) else last
