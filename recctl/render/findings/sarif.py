"""SARIF 2.1.0, for code scanning: one run with all rules, its results, and the files not looked at."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from recctl.base import __version__
from recctl.render.findings import visible, word_with_hint
from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.base.syntax import Position
    from recctl.checks.finding import CheckReport, Finding, Rule
    from recctl.recordings.source import Unread
    from recctl.render.findings import FindingsView

READ_AS = "json"


_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://github.com/recctl/recctl"


def render(report: CheckReport, view: FindingsView) -> Iterator[str]:
    """A SARIF log; notes are results of it only when verbose."""
    rules = view.list_rules()
    indexes = {rule.name: index for index, rule in enumerate(rules)}
    driver = {
        "name": "recctl",
        "semanticVersion": __version__,
        "informationUri": _HOME,
        "rules": [_describe_rule(rule) for rule in rules],
    }
    invocation = {
        "executionSuccessful": not report.errors,
        "toolExecutionNotifications": [
            _describe_unread(unread._replace(name=view.from_top(unread.name))) for unread in report.errors
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [
            _describe_finding(finding._replace(path=view.from_top(finding.path)), indexes)
            for finding in visible(report, view)
        ],
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _describe_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity.label},
    }


def _describe_finding(finding: Finding, indexes: dict[str, int]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": indexes.get(finding.rule, -1),
        "level": finding.severity.label,
        "message": _word(finding),
        "locations": [_locate(finding.path, finding.position)],
        "partialFingerprints": {"recctlFinding/v1": _identify(finding)},
    }


def _describe_unread(unread: Unread) -> dict[str, Any]:
    return {"level": "error", "message": _word(unread), "locations": [_locate(unread.name)]}


def _word(item: Finding | Unread) -> dict[str, str]:
    """A message that viewers show as it is: nothing recorded becomes a link in it."""
    return {"text": escape(word_with_hint(item)).replace("](", "\\](")}


def _locate(path: str, position: Position | None = None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "artifactLocation": {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"},
    }
    if position is not None:
        location["region"] = {"startLine": position.line, "startColumn": position.column}
    return {"physicalLocation": location}


def _identify(finding: Finding) -> str:
    """What stays the same of a finding when lines move; as in a baseline."""
    return sha256(
        f"{finding.rule}\0{finding.path}\0{finding.at}".encode("utf-8", "surrogatepass")
    ).hexdigest()
