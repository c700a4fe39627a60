"""How severities look."""

from __future__ import annotations

from recctl.checks.finding import Severity

SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
