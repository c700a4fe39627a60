"""`recctl schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.cli import options
from recctl.cli.output import write_output
from recctl.errors import RecctlError, did_you_mean


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="The schema to print: `recording`, `exchange` (of a cassette), `vcrpy` and others (as a "
            "recorder's file holds it), or one that these refer to.",
        ),
    ] = "recording",
    list_names: Annotated[bool, typer.Option("--list", help="List the names of the schemas.")] = False,
    output: options.OutputFile = None,
) -> int:
    """Print the JSON Schema that recordings are held to."""
    from recctl.checks.schema import list_schemas, read_schema

    names = list_schemas()
    if list_names:
        write_output((f"{known}\n" for known in names), output)
        return 0
    if name not in names:
        hint = did_you_mean(name, list(names)) or "see recctl schema --list"
        raise RecctlError(f"unknown schema {name!r}", hint)
    write_output([read_schema(name)], output)
    return 0
