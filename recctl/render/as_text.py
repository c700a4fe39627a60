"""Text for people, on a terminal or in a pipe."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain, groupby
from typing import TYPE_CHECKING

from recctl.checks.finding import EXCERPT_REACH, Severity
from recctl.checks.identity import OUTDATED_HASH
from recctl.render.terminal import Line, Span, escape, line, render_lines
from recctl.text.amounts import show_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Finding, Report, Rule
    from recctl.project import ConfigValue
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render import View
    from recctl.text.syntax import Position

_SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}

MOST_LISTED = 50
"""How many findings are listed one by one; more are grouped by rule."""

_EXAMPLES = 3

_EXCERPT_WIDTH = 100


def render_findings(report: Report, view: View) -> Iterator[str]:
    """Findings, each with the place in its file; when there are many, by rule with examples.

    What `recctl prune` takes away is one line, unless all is wanted.
    """
    findings = visible(report, view)
    unbroken = view._replace(width=None)
    replaced = [finding for finding in findings if _is_replaced(finding)]
    if len(replaced) > 1 and not view.verbose:
        findings = [finding for finding in findings if not _is_replaced(finding)]
    else:
        replaced = []
    if len(findings) <= MOST_LISTED:
        yield from render_lines(chain.from_iterable(map(_tell_finding, findings)), unbroken)
    else:
        yield from render_lines(_group_findings(findings), unbroken)
    if replaced:
        yield from render_lines([_sum_up_replaced(replaced)], unbroken)


def _is_replaced(finding: Finding) -> bool:
    """Whether a finding tells that another recording has taken the place of one."""
    return finding.rule == OUTDATED_HASH.name and finding.severity is Severity.WARNING


def _sum_up_replaced(findings: list[Finding]) -> Line:
    return line(
        Span(Severity.WARNING.label, _SEVERITY_STYLES[Severity.WARNING]),
        Span(f"[{OUTDATED_HASH.name}]", "bold"),
        f" {show_count(len(findings), 'recording')} have older names, and others have taken their places: "
        "recctl prune takes them away",
        Span(" (-v lists them)", "dim"),
    )


def visible(report: Report, view: View) -> list[Finding]:
    """The findings that people want to see: all, or all but notes."""
    return [finding for finding in report.findings if view.verbose or finding.severity is not Severity.NOTE]


def finding_line(finding: Finding, *, with_hint: bool = False) -> Line:
    """A finding on one line: where, what, and (on demand) what to do."""
    where = finding.path
    if finding.position is not None:
        where += f":{finding.position.line}:{finding.position.column}"
    elif finding.number is not None:
        where += f"#{finding.number}"
    spans = [
        Span(where, "bold"),
        Span(": "),
        Span(finding.severity.label, _SEVERITY_STYLES[finding.severity]),
        Span(f"[{finding.rule}] ", "bold"),
        Span(finding.message),
    ]
    if with_hint and finding.hint:
        spans.append(Span(f" ({finding.hint})", "dim"))
    return Line(tuple(spans))


def word_with_hint(item: Finding | LoadError | Unread) -> str:
    """The message of a finding, or of a file that was not looked at, and what to do about it."""
    return f"{item.message} ({item.hint})" if item.hint else item.message


def _tell_finding(finding: Finding) -> Iterator[Line]:
    yield finding_line(finding, with_hint=True)
    excerpt = finding.excerpt or ""
    if finding.position is not None and excerpt and not excerpt.isspace():
        yield from _point_at(excerpt, finding.position, _SEVERITY_STYLES[finding.severity])


def _point_at(excerpt: str, position: Position, style: str) -> Iterator[Line]:
    """The line of a finding, cut to what is near its column, and a caret below the column."""
    split = min(position.column - 1, EXCERPT_REACH)
    before, after = _escape_wide(excerpt[:split]), _escape_wide(excerpt[split:])
    text = before + after
    start = max(0, min(len(before) - _EXCERPT_WIDTH // 2, len(text) - _EXCERPT_WIDTH))
    shown = text[start : start + _EXCERPT_WIDTH]
    if start > 0:
        shown = "…" + shown[1:]
    if start + _EXCERPT_WIDTH < len(text):
        shown = shown[:-1] + "…"
    gutter = f"{position.line} |"
    yield line(Span(gutter, "dim"), f" {shown}", indent=2)
    blank = f"{'|':>{len(gutter)}}"
    yield line(Span(blank, "dim"), " " * (1 + len(before) - start), Span("^", style), indent=2)


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


def _group_findings(findings: list[Finding]) -> Iterator[Line]:
    by_rule = sorted(findings, key=lambda finding: (-finding.severity, finding.rule))
    for (severity, rule), group in groupby(by_rule, key=lambda finding: (-finding.severity, finding.rule)):
        members = list(group)
        style = _SEVERITY_STYLES[Severity(-severity)]
        yield line(
            Span(Severity(-severity).label, style),
            Span(f"[{rule}]", "bold"),
            f" {show_count(len(members), 'finding')}",
        )
        for finding in members[:_EXAMPLES]:
            yield finding_line(finding, with_hint=True)._replace(indent=2)
        if len(members) > _EXAMPLES:
            yield line(Span(f"and {len(members) - _EXAMPLES:,} more", "dim"), indent=2)
    yield line(Span("--format concise lists them all", "dim"))


def render_statistics(report: Report, view: View) -> Iterator[str]:
    """How many findings each rule has, the gravest and most frequent first."""
    counted = Counter((finding.severity, finding.rule) for finding in visible(report, view))
    ordered = sorted(counted.items(), key=lambda item: (-item[0][0], -item[1], item[0][1]))
    for (severity, rule), count in ordered:
        label = Span(f"{severity.label:<8}", _SEVERITY_STYLES[severity])
        yield from render_lines([line(f"{count:>7,}  ", label, Span(rule, "bold"))], view)


def summarise_findings(report: Report, *, verbose: bool) -> str:
    """What a validation comes to, in a line."""
    counted = [
        show_count(report.tally(severity), severity.label)
        for severity in (Severity.ERROR, Severity.WARNING)
        if report.tally(severity)
    ]
    notes = report.tally(Severity.NOTE)
    if notes:
        counted.append(show_count(notes, "note") + ("" if verbose else " (-v shows them)"))
    text = f"checked {show_count(report.checked, 'recording')}"
    if counted or report.checked:
        text += f": {', '.join(counted) or 'all sound'}"
    if report.ignored:
        text += f"; {show_count(report.ignored, 'other JSON file')} ignored"
    return text


def render_rules(rules: Iterable[Rule], view: View) -> Iterator[str]:
    """One rule at length, or several in a table."""
    rules = list(rules)
    if len(rules) == 1:
        yield from render_lines(_explain_rule(rules[0]), view)
        return
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        name, severity = rule.name.ljust(width), rule.severity.label.ljust(len("warning"))
        spans = (
            Span(name, "bold"),
            "  ",
            Span(severity, _SEVERITY_STYLES[rule.severity]),
            f"  {rule.summary}",
        )
        yield from render_lines([line(*spans)], view)


def render_config(values: Iterable[ConfigValue], view: View) -> Iterator[str]:
    """What is in force, a line each, and where it comes from."""
    values = list(values)
    width = max(len(value.key) for value in values)
    for key, value, origin in values:
        shown = json.dumps(value, ensure_ascii=False)
        spans = (Span(key.ljust(width), "bold"), " = ", shown, Span(f"  ({origin})", "dim"))
        yield from render_lines([line(*spans)], view._replace(width=None))


def _explain_rule(rule: Rule) -> Iterator[Line]:
    yield line(Span(rule.name, "bold"), " (", Span(rule.severity.label, _SEVERITY_STYLES[rule.severity]), ")")
    for text in (rule.summary, rule.why, rule.fix):
        yield line()
        yield line(text)
    yield line()
    yield line(Span("bad:  ", "bold"), rule.bad)
    yield line(Span("good: ", "bold"), rule.good)
    if rule.kinds:
        yield line()
        yield line("It knows:")
        width = max(len(name) for name, _ in rule.kinds)
        for name, example in rule.kinds:
            yield line(f"{name:<{width}}  {example}", indent=2, hang=width + 2)
