"""`recctl schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.base.errors import RecctlError, did_you_mean
from recctl.cli import options
from recctl.cli.output import write_output

EXAMPLES = (
    ("recctl schema", "of a recording"),
    ("recctl schema --list", "the names of all"),
    ("recctl schema outputs/validate", "of what a command prints"),
)


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="The schema to print: `recording`, `exchange` (of a cassette), `vcrpy` and others (as a "
            "recorder's file holds it), `outputs/validate` and others (what a command prints), or one that "
            "these refer to.",
        ),
    ] = "recording",
    list_names: Annotated[bool, typer.Option("--list", help="List the names of the schemas.")] = False,
    output: options.OutputFile = None,
) -> int:
    """Print a JSON Schema, of recordings or of a command's output."""
    from recctl.checks.schema import list_output_schemas, list_schemas, read_output_schema, read_schema

    names, outputs = list_schemas(), list_output_schemas()
    if list_names:
        write_output((f"{known}\n" for known in (*names, *outputs)), output)
        return 0
    if name not in (*names, *outputs):
        hint = did_you_mean(name, [*names, *outputs]) or "see recctl schema --list"
        raise RecctlError(f"unknown schema {name!r}", hint)
    write_output([read_output_schema(name) if name in outputs else read_schema(name)], output)
    return 0
