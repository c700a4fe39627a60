"""Text for people: which recordings can go, by grade of evidence, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_size
from recctl.naming.facts import NameStatus
from recctl.prune.verdicts import MEANINGS, Grade
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.prune import PruneReport, PruneVerdict
    from recctl.render.kit.view import View


class _Row(NamedTuple):
    """A line of the table: a word, what it means, and the verdicts that it counts."""

    word: str
    meaning: str
    verdicts: Sequence[PruneVerdict]


def render(report: PruneReport, view: View) -> Iterator[str]:
    """A table by grade, what goes first; with -v, each file and its reason below its row."""
    goes, stays = _arrange(report)
    lines = []
    for title, rows in (("can go", goes), ("left alone", stays)):
        if rows:
            lines.append(line(Span(title, "bold")))
            for row in rows:
                lines += _describe_row(row, title == "can go", view)
    yield from render_lines(lines, view.unbroken)


def _arrange(report: PruneReport) -> tuple[list[_Row], list[_Row]]:
    """The rows of what goes, and of what there is something to say about but stays."""
    goes, stays = [], []
    for grade in Grade:
        graded = [verdict for verdict in report.verdicts if verdict.grade is grade]
        if stale := [verdict for verdict in graded if verdict.stale]:
            goes.append(_Row(grade, MEANINGS[grade], stale))
        left = [verdict for verdict in graded if not verdict.stale and not _is_spared(verdict, report)]
        ways: dict[str, list[PruneVerdict]] = {}
        for verdict in left:
            ways.setdefault(_describe_way(verdict), []).append(verdict)
        stays += [_Row(grade, f"{MEANINGS[grade]}: {way}", ways[way]) for way in sorted(ways)]
    if spared := [verdict for verdict in report.verdicts if _is_spared(verdict, report)]:
        meaning = "there is evidence against it, but it is protected: --include-protected takes it"
        stays.append(_Row("protected", meaning, spared))
    if in_doubt := [verdict for verdict in report.verdicts if verdict.in_doubt]:
        stays.append(_Row("in doubt", "its test is not where it should be, but may exist", in_doubt))
    if unexplained := [verdict for verdict in report.verdicts if _is_unexplained(verdict)]:
        stays.append(_Row("unexplained", "no scheme gives it its name, which proves nothing", unexplained))
    return goes, stays


def _is_spared(verdict: PruneVerdict, report: PruneReport) -> bool:
    """Whether only its protection keeps a recording."""
    return verdict.protected is not None and verdict.grade in report.taken


def _describe_way(verdict: PruneVerdict) -> str:
    """What to do about a recording that there is evidence against, but of a grade that is not taken."""
    if verdict.grade is Grade.STRANDED:
        return "recctl rehash rescues it"
    insisting = "" if verdict.protected is None else " --include-protected"
    return f"--grade {verdict.grade}{insisting} takes it"


def _is_unexplained(verdict: PruneVerdict) -> bool:
    facts = verdict.facts
    return verdict.grade is None and facts.is_held and facts.status is NameStatus.UNEXPLAINED


def _describe_row(row: _Row, is_stale: bool, view: View) -> Iterator[Line]:
    word, meaning, verdicts = row
    size = show_size(sum(verdict.facts.size for verdict in verdicts))
    first, *others = _break(meaning, view.width)
    yield line(
        Span(f"{word:<12}", "bold red" if is_stale else "bold cyan"),
        f"{len(verdicts):>6,}  {size:>8}  ",
        Span(first, "dim"),
        indent=2,
    )
    for other in others:
        yield line(Span(other, "dim"), indent=_MEANING)
    for verdict in verdicts if view.verbose else ():
        reason = verdict.reason
        if verdict.protected is not None:
            grade = f"{verdict.grade}: " if verdict.grade is not None else ""
            reason = f"{grade}{reason}; protected: {verdict.protected}"
        yield line(Span(str(verdict.facts.key), "bold", verdict.facts.path), f": {reason}", indent=4)


_MEANING = 32
"""The column in which the meanings begin."""


def _break(meaning: str, width: int | None) -> list[str]:
    """A meaning in lines that fit beside the figures, if the terminal leaves room for that."""
    if width is None or width < 2 * _MEANING:
        return [meaning]
    from textwrap import wrap

    return wrap(meaning, width - _MEANING)
