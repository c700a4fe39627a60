"""`recctl restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recctl.cli import options
from recctl.cli.options import Color

if TYPE_CHECKING:
    from recctl.restore import Restoration


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS]...",
            help="Files that are gone, folders to fill again, or the first digits of a recording's hash.",
            show_default=False,
        ),
    ] = None,
    tests: options.Tests = None,
    apply: Annotated[bool, typer.Option("--apply", help="Bring them back; else only show them.")] = False,
    output_format: Annotated[str, options.format_option("restoration")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    quiet: options.Quiet = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Bring back recordings that are gone, from the trash or from git.

    A recording comes back as it was when it was last removed; what is there now is never overwritten.

    Exits with 0, or 1 when something is not to be found or in the way, or 2 when it can't be read.
    """
    from recctl.input.sources import read_file_list
    from recctl.render import renderer
    from recctl.render.ways_back_text import summarise_restoration
    from recctl.restore import restore

    render = renderer("restoration", output_format)
    project = options.open_project(config, isolated=isolated, max_size=max_size)
    options.check_output(output, project, (), files_from)
    words = [*(paths or ()), *(read_file_list(files_from, nul=nul) if files_from is not None else ())]
    if apply:
        options.recover_interrupted(project.root, quiet=quiet)
    restoration = restore(project, words, tests or (), write=apply)
    options.write_output(render(restoration, options.make_view(color, output)), output)
    for error in restoration.errors:
        options.say_failure(error)
    if restoration.is_shallow:
        text = "this clone lacks older history, where more may be found: git fetch --unshallow gets it"
        options.say(text, quiet=quiet)
    summary = summarise_restoration(restoration)
    if summary is not None:
        options.say(summary, quiet=quiet)
    return 2 if restoration.errors else int(_lacks_any(restoration))


def _lacks_any(restoration: Restoration) -> bool:
    """Whether something that was asked for does not come back."""
    from recctl.restore import Status

    return any(lost.status not in (Status.RESTORED, Status.RESTORABLE) for lost in restoration.files)
