"""JUnit's XML, for CI systems that list tests: a test a file, and one for all sound files together.

A file fails for its errors. What does not fail a run does not fail a test either: warnings, and notes when
verbose, are a test's output. One failure tells all errors of a file, since Jenkins shows but one a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape as escape_markup

from recctl.base.amounts import show_count
from recctl.checks.finding import Severity
from recctl.render.findings import FindingsView, finding_line, visible, word_with_hint
from recctl.render.kit.terminal import escape, render_lines
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport, Finding
    from recctl.recordings.source import Unread


def render(report: CheckReport, view: FindingsView) -> Iterator[str]:
    """An XML document, in ASCII, whatever the encoding of the stream that it goes to."""
    by_file: dict[str, list[Finding]] = {}
    for finding in visible(report, view):
        by_file.setdefault(finding.path, []).append(finding)
    failing = sum(any(_fails(finding) for finding in findings) for findings in by_file.values())
    sound = report.checked - len(by_file)
    tests = len(by_file) + len(report.errors) + bool(sound)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    counts = f'tests="{tests}" failures="{failing}" errors="{len(report.errors)}" skipped="0"'
    yield f'  <testsuite name="recctl validate" {counts}>\n'
    for path, findings in by_file.items():
        yield _write_test(path, *_describe_findings(findings))
    for unread in report.errors:
        yield _write_test(unread.name, _describe_unread(unread))
    if sound:
        yield _write_test(show_count(sound, "sound recording"))
    yield "  </testsuite>\n</testsuites>\n"


def _fails(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def _describe_findings(findings: list[Finding]) -> Iterator[str]:
    """The parts of a file's test: its failure, its output."""
    errors = [finding for finding in findings if _fails(finding)]
    if errors:
        more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
        attributes = f'type="{errors[0].rule}" message="{_spell(errors[0].message)}{more}"'
        yield f"<failure {attributes}>{_list(errors)}</failure>"
    others = [finding for finding in findings if not _fails(finding)]
    if others:
        yield f"<system-out>{_list(others)}</system-out>"


def _describe_unread(unread: Unread) -> str:
    return f'<error type="unread" message="{_spell(unread.message)}">{_spell(word_with_hint(unread))}</error>'


def _write_test(name: str, *parts: str) -> str:
    opening = f'    <testcase classname="recctl.validate" name="{_spell(name)}"'
    if not parts:
        return f"{opening}/>\n"
    return "".join((f"{opening}>\n", *(f"      {part}\n" for part in parts), "    </testcase>\n"))


def _list(findings: list[Finding]) -> str:
    """Findings as text, a line each."""
    lines = render_lines((finding_line(finding, with_hint=True) for finding in findings), View())
    return "\n".join(_spell(text.removesuffix("\n")) for text in lines)


_ENTITIES = {'"': "&quot;", "\t": "&#9;", "\ufffe": "\\ufffe", "\uffff": "\\uffff"}
"""What to write beside XML's own three: for attributes, and for what XML 1.0 has no way to write."""


def _spell(text: str) -> str:
    """Text as XML holds it, in attributes and elements alike."""
    return escape_markup(escape(text), _ENTITIES).encode("ascii", "xmlcharrefreplace").decode()
