"""`recctl restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, say, say_failure, write_output
from recctl.cli.session import make_view, open_project, recover_interrupted, refuse_both

if TYPE_CHECKING:
    from recctl.inventory.restore import Restoration


EXAMPLES = (
    ("recctl restore tests/recordings/3f9a01b2.json", "what it would bring back"),
    ("recctl restore 3f9a01b2 --apply", "by the first digits"),
    ("recctl restore --test test_chat.py --apply", "all of a test"),
)


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
    dry_run: options.DryRun = False,
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
    from recctl.inventory.restore import restore
    from recctl.render.restoration import find_renderer, summarise_restoration

    render = find_renderer(output_format)
    refuse_both(apply=apply, dry_run=dry_run)
    project = open_project(config, isolated=isolated, max_size=max_size)
    check_output(output, project, (), files_from)
    words = [*(paths or ()), *(read_file_list(files_from, nul=nul) if files_from is not None else ())]
    if apply:
        recover_interrupted(project.root, quiet=quiet)
    restoration = restore(project, words, tests or (), write=apply)
    write_output(render(restoration, make_view(color, output)), output, page=True)
    for error in restoration.errors:
        say_failure(error)
    if restoration.is_shallow:
        text = "this clone lacks older history, where more may be found: git fetch --unshallow gets it"
        say(text, quiet=quiet)
    summary = summarise_restoration(restoration)
    if summary is not None:
        say(summary, quiet=quiet)
    return 2 if restoration.errors else int(_lacks_any(restoration))


def _lacks_any(restoration: Restoration) -> bool:
    """Whether something that was asked for does not come back."""
    from recctl.inventory.restore import RestoreStatus

    return any(
        lost.status not in (RestoreStatus.RESTORED, RestoreStatus.RESTORABLE) for lost in restoration.files
    )
