"""GitHub's workflow commands: a job that prints them has its findings shown beside the lines in question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.checks.finding import Severity
from recctl.render.findings import visible, word_with_hint
from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport
    from recctl.render.findings import FindingsView

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _IN_MESSAGES | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: CheckReport, view: FindingsView) -> Iterator[str]:
    """A command a finding, notes only when verbose, and one for each file that could not be looked at."""
    for finding in visible(report, view):
        properties = {"file": view.from_top(finding.path)}
        if finding.position is not None:
            properties["line"] = str(finding.position.line)
            properties["col"] = str(finding.position.column)
        properties["title"] = f"recctl ({finding.rule})"
        yield write_command(_COMMANDS[finding.severity], properties, word_with_hint(finding))
    for unread in report.errors:
        yield write_command(
            "error", {"file": view.from_top(unread.name), "title": "recctl"}, word_with_hint(unread)
        )


def write_command(name: str, properties: dict[str, str], message: str) -> str:
    """One command, on a line of its own."""
    listed = ",".join(f"{key}={_escape(value, _IN_PROPERTIES)}" for key, value in properties.items())
    return f"::{name} {listed}::{_escape(message, _IN_MESSAGES)}\n"


def _escape(text: str, table: dict[int, str]) -> str:
    """Text with GitHub's own escapes, which it takes back, and ours for what would act on a terminal."""
    return escape(text.translate(table))
