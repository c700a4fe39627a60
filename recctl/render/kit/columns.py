"""Tables of words and numbers: a line a row, as wide as a terminal, or with tabs for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.render.kit.terminal import Line, Span, escape, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def cut_end(text: str, width: int) -> str:
    """How a text begins."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def cut_start(text: str, width: int) -> str:
    """How a text ends."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"


def cut_middle(text: str, width: int) -> str:
    """How a text begins and ends."""
    if len(text) <= width:
        return text
    ending = (width - 1) // 2
    return f"{text[: width - 1 - ending]}…{text[len(text) - ending :]}"


def shorten_test(test_id: str, width: int) -> str:
    """A test's id: its file if there is room for that, its name, how its parameters begin and end."""
    if len(test_id) <= width:
        return test_id
    path, _, rest = test_id.partition("[")[0].rpartition("::")
    short = test_id[len(test_id.partition("[")[0]) - len(rest) :]
    longer = f"{path.rpartition('/')[2]}::{short}"
    if path and len(longer) <= width:
        return longer
    if len(short) <= width:
        return short
    room = width - len(rest)
    if room < _FEWEST:
        return cut_middle(rest, width)
    return rest + cut_middle(short[len(rest) :], room)


_FEWEST = 12
"""How many cells the parameters of a test have at least, if any of them are told."""


class Cell(NamedTuple):
    """A cell: its text, on one line, and its style. Numbers stand on the right.

    `shorten` makes it fit into so many cells; its column has at least `least` where others can give way.
    `link` is as in `Span`.
    """

    text: str
    style: str = ""
    is_number: bool = False
    shorten: Callable[[str, int], str] = cut_end
    least: int = 8
    link: str = ""


_GAP = "  "


def lay_out(heads: Sequence[Cell], rows: Sequence[Sequence[Cell]], width: int | None) -> Iterator[Line]:
    """The table with its heads, line by line: within `width`, wide columns are cut, and empty ones left out.

    Without a width, what comes is for programs: the rows alone, all of their cells, whole, tabs between them.
    """
    if width is None:
        for row in rows:
            yield line("\t".join(" ".join(cell.text.split()) for cell in row), is_whole=True)
        return
    shown = [at for at in range(len(heads)) if any(row[at].text for row in rows)]
    table = [[heads[at] for at in shown], *([_escape(row[at]) for at in shown] for row in rows)]
    widths = [max(len(row[at].text) for row in table) for at in range(len(shown))]
    least = [max(row[at].least for row in table) for at in range(len(shown))]
    widths = _fit(widths, least, width - len(_GAP) * (len(shown) - 1))
    numbers = [any(row[at].is_number for row in table) for at in range(len(shown))]
    for row in table:
        spans: list[Span | str] = []
        for at, cell in enumerate(row):
            text = cell.shorten(cell.text, widths[at])
            is_last = at == len(row) - 1
            padded = text.rjust(widths[at]) if numbers[at] else text if is_last else text.ljust(widths[at])
            spans += [_GAP] if at else []
            spans.append(Span(padded, "dim" if row is table[0] else cell.style, cell.link))
        yield line(*spans, is_whole=True)


def _escape(cell: Cell) -> Cell:
    return cell._replace(text=escape(" ".join(cell.text.split())))


def _fit(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that come to no more than the room, if that can be: the widest gives way first."""
    fitted = list(widths)
    for _ in range(sum(widths) - room):
        able = [at for at, each in enumerate(fitted) if each > least[at]]
        if not able:
            break
        fitted[max(able, key=lambda at: fitted[at] - least[at])] -= 1
    return fitted
