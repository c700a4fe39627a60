"""Text for people, on a terminal or in a pipe."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from recctl.checks.finding import Severity
from recctl.render.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Finding, Report, Rule
    from recctl.render import View

_SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}

MOST_LISTED = 50
"""How many findings are listed one by one; more are grouped by rule."""

_EXAMPLES = 3


def render_findings(report: Report, view: View) -> Iterator[str]:
    """Findings, a line each; when there are many, by rule with examples."""
    findings = visible(report, view)
    unbroken = view._replace(width=None)
    if len(findings) <= MOST_LISTED:
        yield from render_lines((finding_line(finding, with_hint=True) for finding in findings), unbroken)
    else:
        yield from render_lines(_group_findings(findings), unbroken)


def visible(report: Report, view: View) -> list[Finding]:
    """The findings that people want to see: all, or all but notes."""
    return [finding for finding in report.findings if view.verbose or finding.severity is not Severity.NOTE]


def finding_line(finding: Finding, *, with_hint: bool = False) -> Line:
    """A finding on one line: where, what, and (on demand) what to do."""
    where = finding.path
    if finding.position is not None:
        where += f":{finding.position.line}:{finding.position.column}"
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


def _group_findings(findings: list[Finding]) -> Iterator[Line]:
    by_rule = sorted(findings, key=lambda finding: (-finding.severity, finding.rule))
    for (severity, rule), group in groupby(by_rule, key=lambda finding: (-finding.severity, finding.rule)):
        members = list(group)
        style = _SEVERITY_STYLES[Severity(-severity)]
        yield line(
            Span(Severity(-severity).label, style),
            Span(f"[{rule}]", "bold"),
            f" {_count(members, 'finding')}",
        )
        for finding in members[:_EXAMPLES]:
            yield finding_line(finding, with_hint=True)._replace(indent=2)
        if len(members) > _EXAMPLES:
            yield line(Span(f"and {len(members) - _EXAMPLES:,} more", "dim"), indent=2)
    yield line(Span("--format concise lists them all", "dim"))


def summarise_findings(report: Report, *, verbose: bool) -> str:
    """What a validation comes to, in a line."""
    counted = [
        _count(report.count(severity), severity.label)
        for severity in (Severity.ERROR, Severity.WARNING)
        if report.count(severity)
    ]
    notes = report.count(Severity.NOTE)
    if notes:
        counted.append(_count(notes, "note") + ("" if verbose else " (-v shows them)"))
    text = f"checked {_count(report.checked, 'recording')}"
    if counted or report.checked:
        text += f": {', '.join(counted) or 'all sound'}"
    if report.ignored:
        text += f"; {_count(report.ignored, 'other JSON file')} ignored"
    return text


def _count(things: int | list[Any], name: str) -> str:
    number = things if isinstance(things, int) else len(things)
    return f"{number:,} {name}{'' if number == 1 else 's'}"


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


def _explain_rule(rule: Rule) -> Iterator[Line]:
    yield line(Span(rule.name, "bold"), " (", Span(rule.severity.label, _SEVERITY_STYLES[rule.severity]), ")")
    for text in (rule.summary, rule.why, rule.fix):
        yield line()
        yield line(text)
