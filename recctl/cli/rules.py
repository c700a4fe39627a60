"""`recctl rules`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.base.errors import RecctlError, did_you_mean
from recctl.cli import options
from recctl.cli.completion import complete_rules
from recctl.cli.options import Color
from recctl.cli.output import write_output
from recctl.cli.session import make_view

EXAMPLES = (
    ("recctl rules", "all of them"),
    ("recctl rules incomplete-stream", "why one matters, and what to do"),
)


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RULE]", help="The rule to explain.", autocompletion=complete_rules),
    ] = None,
    output_format: Annotated[str, options.format_option("rules")] = "text",
    output: options.OutputFile = None,
    color: options.ColorChoice = Color.AUTO,
) -> int:
    """List what `validate` checks, or explain one rule."""
    from recctl.checks.run import list_rules
    from recctl.render.rules import find_renderer

    rules = list_rules()
    if name is not None:
        chosen = tuple(rule for rule in rules if rule.name == name)
        if not chosen:
            known = [rule.name for rule in rules]
            raise RecctlError(f"unknown rule {name!r}", did_you_mean(name, known) or "see recctl rules")
        rules = chosen
    view = make_view(color, output)
    write_output(find_renderer(output_format)(rules, view), output)
    return 0
