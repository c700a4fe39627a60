"""JSON pointers (RFC 6901), and the steps that they consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The keys that a pointer leads through."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def join_pointer(steps: Iterable[str | int]) -> str:
    """The pointer that leads through some keys and indexes."""
    return "".join(f"/{escape_pointer(str(step))}" for step in steps)


def escape_pointer(key: str) -> str:
    """A key as one step of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")
