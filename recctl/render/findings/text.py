"""Text for people, on a terminal or in a pipe."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.checks.finding import EXCERPT_REACH, Severity
from recctl.checks.identity import OUTDATED_HASH
from recctl.render.findings import finding_line, stack_finding, visible
from recctl.render.kit.severities import SEVERITY_STYLES
from recctl.render.kit.terminal import Line, Span, escape, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.base.syntax import Position
    from recctl.checks.finding import CheckReport, Finding
    from recctl.render.findings import FindingsView

MOST_LISTED = 50
"""How many findings are listed one by one; more are grouped by rule."""

MOST_ON_A_TERMINAL = 12
"""The same on a terminal, where that many fill a screen."""

_EXAMPLES = 3

_EXCERPT_WIDTH = 100
_LEAST_EXCERPT = 20

_INDENT = 2


def render(report: CheckReport, view: FindingsView) -> Iterator[str]:
    """Findings, each with the place in its file; when there are many, by rule and test.

    What `recctl prune` takes away is one line, unless all is wanted. In a pipe a finding is one line, too; on
    a terminal its place stands above it, what to do below.
    """
    findings = visible(report, view)
    most = MOST_LISTED if view.width is None else MOST_ON_A_TERMINAL
    replaced = [finding for finding in findings if _is_replaced(finding)]
    if len(replaced) > 1 and not view.verbose:
        findings = [finding for finding in findings if not _is_replaced(finding)]
    else:
        replaced = []
    if len(findings) <= most:
        described = (_describe_finding(finding, view.width) for finding in findings)
        yield from render_lines(chain.from_iterable(described), view)
    else:
        yield from render_lines(_group_findings(findings, view), view)
    if replaced:
        yield from render_lines([_sum_up_replaced(replaced)], view)


def _is_replaced(finding: Finding) -> bool:
    """Whether a finding tells that another recording has taken the place of one."""
    return finding.rule == OUTDATED_HASH.name and finding.severity is Severity.WARNING


def _sum_up_replaced(findings: list[Finding]) -> Line:
    return line(
        Span(Severity.WARNING.label, SEVERITY_STYLES[Severity.WARNING]),
        Span(f"[{OUTDATED_HASH.name}]", "bold"),
        f" {show_count(len(findings), 'recording')} have older names, and others have taken their places: "
        "recctl prune takes them away",
        Span(" (-v lists them)", "dim"),
    )


def _describe_finding(finding: Finding, width: int | None) -> Iterator[Line]:
    if width is None:
        yield finding_line(finding, with_hint=True)
    else:
        yield from stack_finding(finding, with_hint=True)
    excerpt = finding.excerpt or ""
    if finding.position is not None and excerpt and not excerpt.isspace():
        yield from _point_at(excerpt, finding.position, SEVERITY_STYLES[finding.severity], width)


def _point_at(excerpt: str, position: Position, style: str, width: int | None) -> Iterator[Line]:
    """The line of a finding, cut to what is near its column, and a caret below the column."""
    split = min(position.column - 1, EXCERPT_REACH)
    before, after = _escape_wide(excerpt[:split]), _escape_wide(excerpt[split:])
    text = before + after
    gutter = f"{position.line} |"
    indent = _INDENT if width is None else 2 * _INDENT
    room = _EXCERPT_WIDTH
    if width is not None:
        room = max(_LEAST_EXCERPT, min(room, width - indent - len(gutter) - 1))
    start = max(0, min(len(before) - room // 2, len(text) - room))
    shown = text[start : start + room]
    if start > 0:
        shown = "…" + shown[1:]
    if start + room < len(text):
        shown = shown[:-1] + "…"
    yield line(Span(gutter, "dim"), f" {shown}", indent=indent, is_whole=True)
    blank = f"{'|':>{len(gutter)}}"
    pointer = " " * (1 + len(before) - start)
    yield line(Span(blank, "dim"), pointer, Span("^", style), indent=indent, is_whole=True)


def _escape_wide(text: str) -> str:
    """Text that takes one cell a character: whatever takes none or two is escaped, tabs are spaces."""
    text = escape(text).replace("\t", " ")
    if text.isascii():
        return text
    from unicodedata import category, east_asian_width

    return "".join(
        character.encode("unicode_escape").decode()
        if east_asian_width(character) in "WF" or category(character) in ("Mn", "Me", "Cf")
        else character
        for character in text
    )


def _group_findings(findings: list[Finding], view: FindingsView) -> Iterator[Line]:
    """Each rule with how many break it and how many can be fixed, and an example of each of a few tests."""
    narrowed = view.narrowed
    by_rule = sorted(findings, key=lambda finding: (-finding.severity, finding.rule))
    for (severity, rule), group in groupby(by_rule, key=lambda finding: (-finding.severity, finding.rule)):
        members = list(group)
        by_test = _sort_by_test(members)
        style = SEVERITY_STYLES[Severity(-severity)]
        yield line(
            Span(Severity(-severity).label, style),
            Span(f"[{rule}]", "bold"),
            f" {show_count(len(members), 'finding')}{_count_places(by_test)}",
        )
        fixable = sum(finding.fixable for finding in members)
        if fixable:
            share = "all" if fixable == len(members) else f"{fixable:,} of them"
            told = [Span(f"{share} can be fixed", "dim")]
            if narrowed is not None:
                command = f"recctl validate --select {rule} --fix{narrowed}"
                told += [Span(": ", "dim"), Span(command, "bold")]
            yield line(*told, indent=2, is_whole=True)
        hints = {finding.hint for finding in members}
        shared = hints.pop() if len(hints) == 1 < len(members) else None
        if shared and (not fixable or narrowed is None):
            yield line(Span(f"hint: {shared}", "dim"), indent=2)
        for test_id, found in by_test[:_EXAMPLES]:
            if test_id is not None:
                count = f"  {len(found):,} findings" if len(found) > 1 else ""
                yield line(Span(test_id, "cyan"), Span(count, "dim"), indent=2)
            with_hint = shared is None and (not found[0].fixable or narrowed is None)
            indent = _INDENT if test_id is None else 2 * _INDENT
            if view.width is None:
                example = finding_line(found[0], with_hint=with_hint, with_rule=False)
                yield example._replace(indent=indent)
            else:
                yield from stack_finding(found[0], with_hint=with_hint, with_rule=False, indent=indent)
        if len(by_test) > _EXAMPLES:
            left = by_test[_EXAMPLES:]
            more = sum(len(found) for _, found in left)
            yield line(Span(f"and {more:,} more{_count_places(left)}", "dim"), indent=2)
    yield line(Span("--format concise lists them all", "dim"))


def _sort_by_test(findings: list[Finding]) -> list[tuple[str | None, list[Finding]]]:
    """Findings of each test, most first; what is of no known test stands alone, at the end."""
    by_test: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.test_id is not None:
            by_test.setdefault(finding.test_id, []).append(finding)
    sorted_tests = sorted(by_test.items(), key=lambda item: -len(item[1]))
    return [*sorted_tests, *((None, [finding]) for finding in findings if finding.test_id is None)]


def _count_places(by_test: list[tuple[str | None, list[Finding]]]) -> str:
    tests = sum(test is not None for test, _ in by_test)
    return f" in {show_count(tests, 'test')}" if tests else ""
