"""What became of recordings, counted by test file."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from recctl.compare import Verdict
from recctl.render.terminal import Line, Span, line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recctl.compare import Pair


class Fate(StrEnum):
    """What became of a recording, as the columns of the table have it, in their order."""

    AGAIN = "re-recorded"
    REWORDED = "reworded"
    TOOLS = "tools"
    FAILED = "failed"
    ENDED = "ended"
    MODELS = "models"
    REQUEST = "request only"
    FOLLOWED = "followed"
    MOVED = "moved"
    NOISE = "noise"
    ADDED = "added"
    REMOVED = "removed"


_FATES = {
    Verdict.ERROR: Fate.FAILED,
    Verdict.TOOL_CALLS: Fate.TOOLS,
    Verdict.FINISH_REASON: Fate.ENDED,
    Verdict.WORDING: Fate.REWORDED,
    Verdict.MODELS: Fate.MODELS,
    Verdict.REQUEST: Fate.REQUEST,
    Verdict.NOISE: Fate.NOISE,
    Verdict.IDENTICAL: Fate.MOVED,
    Verdict.ADDED: Fate.ADDED,
    Verdict.REMOVED: Fate.REMOVED,
}


def find_fate(pair: Pair) -> Fate:
    """What became of a recording: its verdict, unless it was made again as another one, or only renamed."""
    if pair.is_made_again:
        return Fate.AGAIN
    is_renamed = all(pair.is_renaming(change) for change in pair.changes if change.kind == "request")
    if pair.verdict is Verdict.REQUEST and pair.follows and is_renamed:
        return Fate.FOLLOWED
    return _FATES[pair.verdict]


class Table(NamedTuple):
    """Counts by test file. `folder` is what all of them lie in; the rows' names go on from there."""

    folder: str
    fates: tuple[Fate, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def count_by_file(pairs: Iterable[Pair], most: int | None = None) -> Table:
    """The table of a comparison; rows beyond `most` are added up in a last one."""
    counts: defaultdict[str, Counter[Fate]] = defaultdict(Counter)
    for pair in pairs:
        counts[_find_file(pair)][find_fate(pair)] += 1
    fates = tuple(fate for fate in Fate if any(counted[fate] for counted in counts.values()))
    folder = _find_common_folder(counts)
    rows = [(name[len(folder) :], tuple(counts[name][fate] for fate in fates)) for name in sorted(counts)]
    if most is not None and len(rows) > most:
        rest = [numbers for _, numbers in rows[most - 1 :]]
        rows[most - 1 :] = [(f"{len(rest):,} more", tuple(map(sum, zip(*rest, strict=True))))]
    return Table(folder, fates, tuple(rows))


def _find_common_folder(names: Iterable[str]) -> str:
    """The folder that all of these lie in, with a slash; nothing where there is none."""
    try:
        folder = posixpath.commonpath([posixpath.dirname(name) for name in names])
    except ValueError:  # there are none, or only some are absolute
        return ""
    return f"{folder.rstrip('/')}/" if folder else ""


def _find_file(pair: Pair) -> str:
    """The test file that a recording belongs to; the folder that it lies in where no test is known."""
    side = pair.right or pair.left
    assert side is not None  # noqa: S101  (a pair has at least one side)
    path, separator, _ = (side.test_id or "").partition("::")
    return path if separator else f"{posixpath.dirname(side.name)}/"


def tell_table(table: Table, width: int | None) -> Iterator[Line]:
    """The table as lines of text, none longer than `width` where that can be.

    Heads take two lines where one would leave little for names.
    """
    heads: list[tuple[str, ...]] = [(fate.value,) for fate in table.fates]
    names = [table.folder or "test file", *(f"  {name}" for name, _ in table.rows)]
    numbers = [[f"{number:,}" if number else "" for number in counts] for _, counts in table.rows]
    widths = _measure(heads, numbers)
    most = max(map(len, names))
    if width is not None and most + sum(widths) > width:
        heads = [_break(fate.value) for fate in table.fates]
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
