"""Comparisons as GitHub's Markdown, for a comment on a pull request.

What was recorded is in fenced blocks and in code, where it neither formats, links, mentions nor loads
anything.
"""

from __future__ import annotations

from html import escape as escape_html
from itertools import groupby
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.diff import PairVerdict
from recctl.render import ignore, render_whole
from recctl.render.changes.markdown import describe_values
from recctl.render.comparison import (
    count_ids,
    describe_change,
    describe_models,
    is_listed,
    is_lost,
    list_told,
    only_shares,
    summarise,
)
from recctl.render.comparison._table import count_by_file
from recctl.render.comparison.name_only import show_name
from recctl.render.comparison.text import title
from recctl.render.kit.markdown import MOST_CHARACTERS, NOTICE_SIZE, code, describe_table, fit, fold
from recctl.render.kit.masking import mask_texts
from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from recctl.diff import Change, ComparedPair, Comparison
    from recctl.render.comparison import ComparisonView

_MOST_OF_A_LIST = 10
_MOST_FILES = 40
_MOST_ERRORS = 10


def render(comparison: Comparison, view: ComparisonView) -> Iterator[str]:
    """A headline, a table of verdicts, and what changed, folded away by test."""
    comparison = mask_texts(comparison, view.mask)  # before texts are taken apart word by word
    shared = {each.change.gist for each in comparison.shared}
    text = view.mask("\n\n".join(_describe_summary(comparison))) + "\n"
    yield text
    left = MOST_CHARACTERS - len(text) - NOTICE_SIZE
    told = [pair for pair in comparison.pairs if is_listed(pair) and not only_shares(pair, shared)]
    groups = [[*pairs] for _, pairs in groupby(_bring_together(told), key=title)]
    hidden = 0
    for pairs in groups:
        text = "".join(_render_test(pairs, shared, view))
        if hidden or len(text) > left:
            hidden += len(pairs)
        else:
            yield text
            left -= len(text)
    if hidden:
        yield f"\n*{hidden:,} more changed than fit into a comment; `recctl diff` shows them.*\n"


def _render_test(pairs: list[ComparedPair], shared: Container[object], view: ComparisonView) -> Iterator[str]:
    """What changed in a test; where that can't be shown as a whole, what can be of each of its recordings."""

    def render(pairs: list[ComparedPair]) -> Iterator[str]:
        yield view.mask("\n" + _describe_test(pairs, shared))

    whole = render_whole(show_name(pairs[0]), ignore, render, pairs)
    yield from whole
    for pair in () if whole else pairs:
        yield from render_whole(show_name(pair), view.refuse, render, [pair])


def _bring_together(pairs: list[ComparedPair]) -> list[ComparedPair]:
    """The pairs of a test side by side, in the order of their first."""
    order: dict[str, int] = {}
    for pair in pairs:
        order.setdefault(title(pair), len(order))
    return sorted(pairs, key=lambda pair: order[title(pair)])


def _describe_summary(comparison: Comparison) -> Iterator[str]:
    remarks = [remark for remark in summarise(comparison, code) if remark.number is not None]
    headline = f"{remarks[0].number:,} {remarks[0].text}" if remarks else "no recordings to compare"
    yield f"### {headline}"
    lines = [f"| {number:,} | {fit(text)} |" for number, text, _ in remarks]
    if lines:
        yield "\n".join(("| how many | what became of them |", "|---:|---|", *lines))
    counts = [*_describe_counts(comparison)]
    if counts:
        yield "\n".join(counts)
    errors = [*_list_errors(comparison)]
    if errors:
        yield "\n".join(("Files that can't be compared:\n", *errors))
    shared = [each for each in comparison.shared if not each.change.places]
    if shared:
        listed = (f"- {describe_change(each.change, code)} in {each.count:,}" for each in shared)
        yield "\n".join(("The same change in several requests:\n", *_cut_list(listed, "such changes")))
        values = (f"in {each.count:,}: {_describe_change(each.change)}" for each in shared)
        yield fold("the same changes with their values", values, "such changes")
    ids = [
        f"- {code(left)} is {code(right)} in {show_count(places, 'place')}, {show_count(requests, 'request')}"
        for left, right, requests, places in count_ids(comparison.pairs)
    ]
    if ids:
        yield "\n".join(("Ids that others took the places of:\n", *_cut_list(ids, "ids")))


def _cut_list(lines: Iterable[str], what: str) -> Iterator[str]:
    """The first few lines of a list, and how many there are beyond these."""
    every = [*lines]
    yield from every[:_MOST_OF_A_LIST]
    if len(every) > _MOST_OF_A_LIST:
        yield f"- and {len(every) - _MOST_OF_A_LIST:,} more {what}"


def _describe_counts(comparison: Comparison) -> Iterator[str]:
    """The table of what became of recordings, by test file."""
    told = [pair for pair in comparison.pairs if is_listed(pair) or pair.verdict is PairVerdict.NOISE]
    if len(told) > 1:
        yield from describe_table(count_by_file(told, _MOST_FILES))


def _list_errors(comparison: Comparison) -> Iterator[str]:
    """The files that can't be compared, and why."""
    errors = comparison.errors + comparison.past_errors
    for error in errors[:_MOST_ERRORS]:
        yield f"- {code(error.name)}: {code(error.message)}"
    if len(errors) > _MOST_ERRORS:
        yield f"- and {len(errors) - _MOST_ERRORS:,} more"


def _describe_test(pairs: list[ComparedPair], shared: Container[object]) -> str:
    """What changed in a test, folded away below its name."""
    verdicts = ", ".join(dict.fromkeys(pair.verdict.value for pair in pairs))
    flags = ", can no longer be found" if any(map(is_lost, pairs)) else ""
    name = escape_html(escape(title(pairs[0])))
    told = ("\n\n".join(_describe_pair(pair, shared)) for pair in pairs)
    return fold(f"{verdicts}{flags}: <code>{name}</code>", told, "in this test") + "\n"


def _describe_pair(pair: ComparedPair, shared: Container[object]) -> Iterator[str]:
    names = dict.fromkeys(side.name for side in (pair.left, pair.right) if side is not None)
    facts = [pair.verdict.value, " → ".join(map(code, names))]
    if pair.paired_by and len(names) > 1:
        facts.append(pair.paired_by)
    if pair.superseded:
        facts.append("the old one is still there")
    if pair.follows is not None:
        facts.append(f"follows {code(pair.follows.old)} to {code(pair.follows.new)}")
    if is_lost(pair):
        facts.append("**can no longer be found**")
    yield " · ".join(facts)
    for name, text in (("asked", pair.asked), ("answered", pair.answered)):
        if text:
            yield f"{name}: {code(text)}"
    told = list_told(pair, shared)
    for change in told:
        yield _describe_change(pair.replace_ids(change))
    if len(told) < len(pair.changes):
        yield f"and {show_count(len(pair.changes) - len(told), 'change')} of the request shown above"


def _describe_change(change: Change) -> str:
    kind = {"request": "request ", "noise": "noise "}.get(change.kind, "")
    name = f"{kind}{code(change.label or change.where)}"
    if change.kind == "model-list" and isinstance(change.left or change.right, list):
        return describe_models(change, code)
    return describe_values(name, change.left, change.right)
