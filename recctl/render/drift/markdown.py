"""Drift as GitHub's Markdown, for a comment on a pull request."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.render.changes.markdown import describe_lines
from recctl.render.drift import has_lines, summarise_drift, word_group, word_topic
from recctl.render.drift._table import count_drift
from recctl.render.drift.text import name_case
from recctl.render.kit.markdown import MOST_CHARACTERS, NOTICE_SIZE, code, describe_table, fit, fold
from recctl.render.kit.masking import mask_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.drift import DriftCase, DriftGroup, DriftReport
    from recctl.render.drift import DriftView

_MOST_FILES = 40
_MOST_ERRORS = 10


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """A headline, a table of what became of recordings, and each change with its words and its tests."""
    report = mask_texts(report, view.mask)  # before texts are taken apart word by word
    text = view.mask("\n\n".join(_describe_summary(report))) + "\n"
    yield text
    left = MOST_CHARACTERS - len(text) - NOTICE_SIZE
    hidden = 0
    for group in (*report.groups, *report.missed_groups):
        text = view.mask("\n" + "\n\n".join(_describe_group(group)) + "\n")
        if hidden or len(text) > left:
            hidden += 1
        else:
            yield text
            left -= len(text)
    if hidden:
        what = "change is" if hidden == 1 else "changes are"
        yield f"\n*{hidden:,} more {what} too long for a comment; `recctl drift` shows them.*\n"


def _describe_summary(report: DriftReport) -> Iterator[str]:
    remarks = [*summarise_drift(report)]
    new = len(report.drifted) + len(report.new_missed)
    headline = f"{remarks[0].number:,} {remarks[0].text}" if new else "no recording has drifted"
    yield f"### {headline}"
    if remarks:
        lines = (f"| {number:,} | {fit(text)} |" for number, text, _ in remarks)
        yield "\n".join(("| how many | what became of them |", "|---:|---|", *lines))
    table = count_drift(report, _MOST_FILES)
    if len(table.rows) > 1:
        yield "\n".join(describe_table(table))
    if report.remarks:
        yield "\n".join(f"- {code(remark)}" for remark in report.remarks)
    if report.errors:
        lines = (f"- {code(error.name)}: {code(error.message)}" for error in report.errors[:_MOST_ERRORS])
        more = len(report.errors) - _MOST_ERRORS
        rest = [f"- and {more:,} more"] if more > 0 else []
        yield "\n".join(("Files that can't be looked at:\n", *lines, *rest))


def _describe_group(group: DriftGroup) -> Iterator[str]:
    yield f"**{word_group(group, code)}**"
    for number, (topic, change) in enumerate(group.topics):
        told = f"in the same: {word_topic(topic, change, code)}"
        if has_lines(topic, change):
            yield from ([told] if number else [])
            yield describe_lines(change.left, change.right)
        elif number:
            yield told
    if group.remark:
        yield code(group.remark)
    by_test = groupby(group.cases, key=lambda case: case.tests)
    lines = [each for tests, cases in by_test for each in _describe_place(tests, [*cases])]
    what = show_count(len(group.tests), "test") if group.tests else "where"
    yield _fold_lines(what, lines)


def _describe_place(tests: Sequence[str], cases: Sequence[DriftCase]) -> Iterator[str]:
    """A test, or several, with what happened in it."""
    named = " ".join(map(code, tests))
    names = [name_case(case) for case in cases]
    told = ", ".join(
        f"{code(name)}, nearest is {code(nearest)}" if nearest else code(name)
        for name, nearest in names[:_MOST_NAMES]
    )
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    yield f"- {named}: {told}{more}" if named else f"- {told}{more}"


def _fold_lines(summary: str, lines: Sequence[str]) -> str:
    """A list, folded away below a summary; what is too much is counted."""
    kept: list[str] = []
    room = _MOST_OF_A_LIST
    for each in lines:
        room -= len(each)
        if room < 0:
            break
        kept.append(each)
    if len(kept) < len(lines):
        kept.append(f"- and {len(lines) - len(kept):,} more")
    return fold(summary, ["\n".join(kept)], "lists")


_MOST_NAMES = 3
_MOST_OF_A_LIST = 4000
