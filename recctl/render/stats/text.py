"""Statistics as text for people: bars."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count, show_size
from recctl.render.kit.columns import Cell, cut_end, cut_start, lay_out
from recctl.render.kit.terminal import Line, Span, line, render_lines
from recctl.render.stats import MOST_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.listing import ListedGroup
    from recctl.inventory.statistics import Chart, Statistics
    from recctl.render.kit.view import View

_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render(statistics: Statistics, view: View) -> Iterator[str]:
    """What there is, what deserves a look, and a chart for each thing that recordings differ in."""
    total = statistics.total
    told = [
        show_count(total.recordings, "recording"),
        show_count(statistics.files, "file"),
        show_size(total.size),
    ]
    if total.tokens:
        told.append(show_count(total.tokens, "token"))
    yield from render_lines([line(Span(", ".join(told), "bold"))], view.unbroken)
    for group, condition in statistics.conditions:
        command = f"  recctl list --where {condition}" if condition else ""
        text = line(f"{group.recordings:,} {group.value}", Span(command, "dim"), indent=2)
        yield from render_lines([text], view.unbroken)
    lines = _list_rows(statistics, view) if view.width is None else _draw_charts(statistics, view, view.width)
    yield from render_lines(lines, view.unbroken)


def _list_rows(statistics: Statistics, view: View) -> Iterator[Line]:
    """A line for each group, for programs: which chart it is of, and what it comes to."""
    rows = [
        (Cell(chart.title), *_describe_group(chart, group))
        for chart in statistics.charts
        for group in _select(chart, view)
    ]
    yield line()
    yield from lay_out((), rows, None)


def _draw_charts(statistics: Statistics, view: View, width: int) -> Iterator[Line]:
    """The charts, one below the other, with their columns at the same places."""
    tables: list[list[tuple[Cell, ...]]] = []
    for chart in statistics.charts:
        heads = (Cell(text, "dim") for text in (chart.title, "", "recordings", "size", "tokens"))
        most = max(group.recordings for group in chart.groups)
        rows = [
            (name, Cell(_draw_bar(group.recordings, most), "cyan", least=_BAR), *numbers)
            for group in _select(chart, view)
            for name, *numbers in (_describe_group(chart, group),)
        ]
        tables.append([tuple(heads), *rows])
    first, *rest = (row for table in tables for row in table)
    lines = lay_out(first, rest, width)
    for chart, table in zip(statistics.charts, tables, strict=True):
        yield line()
        yield from islice(lines, len(table))
        if len(table) <= len(chart.groups):
            yield line(Span(f"and {len(chart.groups) - len(table) + 1:,} more; -v shows them", "dim"))


def _select(chart: Chart, view: View) -> tuple[ListedGroup, ...]:
    return chart.groups if view.verbose else chart.groups[:MOST_GROUPS]


def _describe_group(chart: Chart, group: ListedGroup) -> tuple[Cell, ...]:
    return (
        _name(chart, group),
        Cell(f"{group.recordings:,}", is_number=True),
        Cell(show_size(group.size), is_number=True),
        Cell(f"{group.tokens:,}" if group.tokens else "", is_number=True),
    )


def _name(chart: Chart, group: ListedGroup) -> Cell:
    shorten = cut_start if chart.title == "test file" else cut_end
    return Cell(group.value or "(none)", "" if group.value else "dim", shorten=shorten, least=20)


def _draw_bar(number: int, most: int) -> str:
    """A bar whose length is a number's share of the highest, in eighths of a cell; never nothing."""
    eighths = max(1, round(8 * _BAR * number / most))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
