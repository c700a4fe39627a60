"""The options that commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.cli.command import COMMON, SELECTING, SHOWING
from recctl.cli.completion import (
    complete_endpoints,
    complete_models,
    complete_paths,
    complete_providers,
    complete_tests,
)
from recctl.render import list_formats

if TYPE_CHECKING:
    from typer.models import OptionInfo


class Color(StrEnum):
    """When to colour the output."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def format_option(kind: str) -> OptionInfo:
    """The option `--format` of a command whose results are of that kind."""
    names = list_formats(kind)
    text = f"{', '.join(names[:-1])} or {names[-1]}."
    option: OptionInfo = typer.Option(
        "--format",
        metavar="FORMAT",
        help=text,
        autocompletion=lambda: [*names],
        rich_help_panel=SHOWING,
    )
    return option


def complete_scheme() -> list[str]:
    """The names of hash schemes, for the completion of shells."""
    from recctl.project.schemes import RELEASED

    return [scheme.name for scheme in RELEASED]


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATHS]...",
        help="Files, folders, REV:path for a file of a git revision, or - for standard input. "
        "Default: the configured paths, else the current folder.",
        show_default=False,
        autocompletion=complete_paths,
    ),
]
Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATHS]...",
        help="Files, folders, or the first digits of a hash. Default: the configured paths, else the "
        "current folder.",
        show_default=False,
        autocompletion=complete_paths,
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from",
        metavar="FILE",
        help="Read paths from FILE (- for standard input), one a line.",
        rich_help_panel=SELECTING,
    ),
]
Nul = Annotated[
    bool, typer.Option("-0", help="Paths in --files-from end with NUL instead.", rich_help_panel=SELECTING)
]
ForceExclude = Annotated[
    bool,
    typer.Option(
        "--force-exclude",
        help="Leave out what `exclude` matches even when it is named.",
        rich_help_panel=SELECTING,
    ),
]
SchemeName = Annotated[
    str | None,
    typer.Option(
        "--scheme",
        metavar="NAME",
        help="The hash scheme that the recorder uses.",
        autocompletion=complete_scheme,
        rich_help_panel=COMMON,
    ),
]
MaxSize = Annotated[
    str | None,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        help="Do not read files larger than this (64MB).",
        rich_help_panel=COMMON,
    ),
]
Tests = Annotated[
    list[str] | None,
    typer.Option(
        "--test",
        metavar="ID",
        help="Only this test's: its id, or a part of it that ends at /, :: or [.",
        autocompletion=complete_tests,
        rich_help_panel=SELECTING,
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Only this model's.",
        autocompletion=complete_models,
        rich_help_panel=SELECTING,
    ),
]
Endpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint",
        metavar="PATH",
        help="Only this endpoint's.",
        autocompletion=complete_endpoints,
        rich_help_panel=SELECTING,
    ),
]
Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Only this provider's.",
        autocompletion=complete_providers,
        rich_help_panel=SELECTING,
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than", metavar="AGE", help="Only what is older: 90d, 12h, 6w, 1y.", rich_help_panel=SELECTING
    ),
]
DryRun = Annotated[
    bool, typer.Option("-n", "--dry-run", help="Only show what would be done, which is the default.")
]
OutputFile = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write the results to FILE.", rich_help_panel=SHOWING
    ),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", help="Results only: no summary.", rich_help_panel=SHOWING)
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show more.", rich_help_panel=SHOWING)]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even when there are findings.")]
ColorChoice = Annotated[
    Color, typer.Option("--color", help="When to colour the output.", rich_help_panel=SHOWING)
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config", metavar="FILE", help="Use this configuration file, no other.", rich_help_panel=COMMON
    ),
]
Isolated = Annotated[
    bool, typer.Option("--isolated", help="Use no configuration file at all.", rich_help_panel=COMMON)
]
