"""JSON documents for scripts. Their shapes are promises: a change to one is a change to its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.checks.finding import Severity
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport, Finding
    from recctl.render.findings import FindingsView


def render(report: CheckReport, _view: FindingsView) -> Iterator[str]:
    """`recctl.validate.v1`."""
    yield dump_document(describe_report(report))


def describe_report(report: CheckReport) -> dict[str, Any]:
    """A report as a `recctl.validate.v1` document."""
    return {
        "version": "recctl.validate.v1",
        "checked": report.checked,
        "ignored": report.ignored,
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {severity.label: report.tally(severity) for severity in Severity},
        "errors": [describe_error(error) for error in report.errors],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    line, column = finding.position or (None, None)
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "path": finding.path,
        "index": finding.number,
        "test_id": finding.test_id,
        "line": line,
        "column": column,
        "pointer": finding.pointer,
        "message": finding.message,
        "hint": finding.hint,
        "fixable": finding.fixable,
    }
