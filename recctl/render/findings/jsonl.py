"""JSON lines, for what reads a stream: the report without its findings, then its findings, one a line.

Together they say what `recctl.validate.v1` says, with the same keys. From the first line a reader knows which
version it reads and what could not be looked at; `jq 'select(.rule)'` skips it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.render.findings.json import describe_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import CheckReport
    from recctl.render.findings import FindingsView

READ_AS = "json"


def render(report: CheckReport, _view: FindingsView) -> Iterator[str]:
    """`recctl.validate.v1`, in lines."""
    document = describe_report(report)
    findings = document.pop("findings")
    for value in (document, *findings):
        yield json.dumps(value) + "\n"
