"""`recctl.rules.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.documents import dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Rule
    from recctl.render.kit.view import View


def render(rules: Iterable[Rule], _view: View) -> Iterator[str]:
    """`recctl.rules.v1`."""
    described = [
        {
            "name": rule.name,
            "severity": rule.severity.label,
            "summary": rule.summary,
            "why": rule.why,
            "fix": rule.fix,
            "bad": rule.bad,
            "good": rule.good,
            "always": rule.always,
            "kinds": [{"name": name, "example": example} for name, example in rule.kinds],
        }
        for rule in rules
    ]
    yield dump_document({"version": "recctl.rules.v1", "rules": described, "errors": []})
