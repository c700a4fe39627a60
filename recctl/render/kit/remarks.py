"""Remarks: the lines of a summary, each with its number."""

from __future__ import annotations

from typing import NamedTuple


class Remark(NamedTuple):
    """A line of a summary: how many recordings, what is said of them, and its style.

    A remark without a number explains the one before it.
    """

    number: int | None
    text: str
    style: str = ""


def name_recordings(number: int) -> str:
    """What a number of recordings is called; the number stands apart, in a column."""
    return "recording" if number == 1 else "recordings"
