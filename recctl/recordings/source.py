"""Bytes to look at, and what stands where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from recctl.project import Place, Settings


class Source(NamedTuple):
    """Bytes to look at. `name` is how to show it, `place` where it lies (None for standard input).

    `number` is the one of its recordings that is wanted, from 1; None for all of them.
    """

    name: str
    content: bytes
    place: Place | None
    settings: Settings
    number: int | None = None


class Unread(NamedTuple):
    """A file that was not looked at, and why.

    `too_large` is true when only its size was in the way, `failed` when it was recctl's own fault.
    """

    name: str
    message: str
    hint: str
    too_large: bool = False
    failed: bool = False
