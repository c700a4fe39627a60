"""Counts of recordings by test file, as a table."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from recctl.render.kit.terminal import Line, Span, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from enum import StrEnum


class Table(NamedTuple):
    """Counts by test file. `folder` is what all of them lie in; the rows' names go on from there."""

    folder: str
    columns: tuple[StrEnum, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def make_table(
    counted: Iterable[tuple[str, StrEnum]], columns: Iterable[StrEnum], most: int | None = None
) -> Table:
    """The table of what there is once of each pair of a file and a column; empty columns are left out.

    Rows beyond `most` are added up in a last one.
    """
    counts: defaultdict[str, Counter[StrEnum]] = defaultdict(Counter)
    for name, column in counted:
        counts[name][column] += 1
    filled = tuple(column for column in columns if any(each[column] for each in counts.values()))
    folder = _find_common_folder(counts)
    rows = [(name[len(folder) :], tuple(counts[name][each] for each in filled)) for name in sorted(counts)]
    if most is not None and len(rows) > most:
        rest = [numbers for _, numbers in rows[most - 1 :]]
        rows[most - 1 :] = [(f"{len(rest):,} more", tuple(map(sum, zip(*rest, strict=True))))]
    return Table(folder, filled, tuple(rows))


def find_file(test_id: str | None, path: str) -> str:
    """The test file that a recording belongs to; the folder that it lies in where no test is known."""
    test_file, separator, _ = (test_id or "").partition("::")
    return test_file if separator else f"{posixpath.dirname(path)}/"


def _find_common_folder(names: Iterable[str]) -> str:
    """The folder that all of these lie in, with a slash; nothing where there is none."""
    try:
        folder = posixpath.commonpath([posixpath.dirname(name) for name in names])
    except ValueError:  # there are none, or only some are absolute
        return ""
    return f"{folder.rstrip('/')}/" if folder else ""


def describe_table(table: Table, width: int | None) -> Iterator[Line]:
    """The table as lines of text, none longer than `width` where that can be.

    Heads take two lines where one would leave little for names.
    """
    heads: list[tuple[str, ...]] = [(column.value,) for column in table.columns]
    names = [table.folder or "test file", *(f"  {name}" for name, _ in table.rows)]
    numbers = [[f"{number:,}" if number else "" for number in counts] for _, counts in table.rows]
    widths = _measure(heads, numbers)
    most = max(map(len, names))
    if width is not None and most + sum(widths) > width:
        heads = [_break(column.value) for column in table.columns]
        widths = _measure(heads, numbers)
        most = max(_LEAST, min(most, width - sum(widths)))
    above = [[head[at] for head in heads] for at in range(len(heads[0]))] if heads else []
    for name, cells, style in (
        *(("", cells, "dim") for cells in above[:-1] if any(cells)),
        *zip(names, (*above[-1:], *numbers), ("dim", *("" for _ in numbers)), strict=True),
    ):
        shown = name if len(name) <= most else f"…{name[len(name) - most + 1 :]}"
        told = "".join(f"{cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
        yield line(Span(f"{shown:<{most}}{told}".rstrip(), style), is_whole=True)


def _measure(heads: Sequence[tuple[str, ...]], numbers: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column is, with the two cells before it."""
    rows = [*zip(*heads, strict=True), *numbers]
    return [2 + max(map(len, column)) for column in zip(*rows, strict=True)]


def _break(head: str) -> tuple[str, str]:
    """A head in two lines: its last word in the lower one."""
    found = _LAST_WORD.search(head)
    assert found is not None  # noqa: S101  (a head is no empty text)
    return head[: found.start()].rstrip(), found[0]


_LAST_WORD = re.compile(r"\w+\Z")
_LEAST = 16
