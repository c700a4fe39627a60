"""Findings, what they come to, and the parts of their lines that formats share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.checks.finding import Severity
from recctl.render import load_renderer
from recctl.render.kit.severities import SEVERITY_STYLES
from recctl.render.kit.terminal import Line, Span
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.checks.finding import CheckReport, Finding, Rule
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


@dataclass(frozen=True, kw_only=True)
class FindingsView(View):
    """How findings are looked at: `list_rules` gives all that there are, for formats that tell of them.

    `narrowed` are the tests and paths that were named, as a shell takes them; None where what was looked at
    can't be named so, or not be fixed.
    """

    list_rules: Callable[[], tuple[Rule, ...]] = tuple
    narrowed: str | None = None


def find_renderer(name: str) -> Callable[[CheckReport, FindingsView], Iterator[str]]:
    """What shows findings in a format. Raises RecctlError where there is no such format."""
    return load_renderer("findings", name)


def summarise_findings(report: CheckReport, *, verbose: bool, known: int = 0) -> str:
    """What a validation comes to, in a line. `known` findings were left out, as a baseline has them."""
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
        text += f": {', '.join(counted) or ('nothing new' if known else 'all sound')}"
    if report.ignored:
        text += f"; {show_count(report.ignored, 'other JSON file')} ignored"
    return text


def count_rules(report: CheckReport) -> Iterator[str]:
    """How many findings each rule has, the gravest and most frequent first, a line each."""
    counted: dict[tuple[int, str, str], int] = {}
    for finding in report.findings:
        key = (-finding.severity, finding.severity.label, finding.rule)
        counted[key] = counted.get(key, 0) + 1
    order = sorted(counted.items(), key=lambda item: (item[0][0], -item[1], item[0][2]))
    yield from (f"{count:,} {rule} ({label})" for (_, label, rule), count in order)


def visible(report: CheckReport, view: View) -> list[Finding]:
    """The findings that people want to see: all, or all but notes."""
    return [finding for finding in report.findings if view.verbose or finding.severity is not Severity.NOTE]


def finding_line(finding: Finding, *, with_hint: bool = False, with_rule: bool = True) -> Line:
    """A finding on one line: where, which rule, what, and on demand what to do."""
    spans = [
        Span(_describe_place(finding), "bold", finding.path),
        Span(": "),
        *_describe_break(finding, with_rule=with_rule),
    ]
    if with_hint and finding.hint:
        spans.append(Span(f" ({finding.hint})", "dim"))
    return Line(tuple(spans))


def stack_finding(
    finding: Finding, *, with_hint: bool = False, with_rule: bool = True, indent: int = 0
) -> Iterator[Line]:
    """The same, one below the other, for a terminal: where, left whole to be clicked, what, the hint."""
    yield Line((Span(_describe_place(finding), "bold", finding.path),), indent, is_whole=True)
    yield Line(tuple(_describe_break(finding, with_rule=with_rule)), indent + 2)
    if with_hint and finding.hint:
        yield Line((Span(f"hint: {finding.hint}", "dim"),), indent + 2)


def _describe_place(finding: Finding) -> str:
    if finding.position is not None:
        return f"{finding.path}:{finding.position.line}:{finding.position.column}"
    return finding.path if finding.number is None else f"{finding.path}#{finding.number}"


def _describe_break(finding: Finding, *, with_rule: bool) -> Iterator[Span]:
    if with_rule:
        yield Span(finding.severity.label, SEVERITY_STYLES[finding.severity])
        yield Span(f"[{finding.rule}] ", "bold")
    yield Span(finding.message)


def word_with_hint(item: Finding | LoadError | Unread) -> str:
    """The message of a finding, or of a file that was not looked at, and what to do about it."""
    return f"{item.message} ({item.hint})" if item.hint else item.message
