"""Rules as text for people: one at length, or several in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.severities import SEVERITY_STYLES
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Rule
    from recctl.render.kit.view import View


def render(rules: Iterable[Rule], view: View) -> Iterator[str]:
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
            Span(severity, SEVERITY_STYLES[rule.severity]),
            f"  {rule.summary}",
        )
        yield from render_lines([line(*spans)], view)


def _explain_rule(rule: Rule) -> Iterator[Line]:
    yield line(Span(rule.name, "bold"), " (", Span(rule.severity.label, SEVERITY_STYLES[rule.severity]), ")")
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
