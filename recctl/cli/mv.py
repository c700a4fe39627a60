"""`recctl mv`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output
from recctl.cli.rehash import Apply, MergeIdentical, Prefer, Shown, To, carry_out, make_orders
from recctl.cli.session import (
    make_view,
    open_project,
    recover_interrupted,
    refuse_both,
    say_selected,
    select_paths,
)
from recctl.project import Rename


def command(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A test's id, or its beginning up to a /, a :: or a [.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What stands there now.")],
    paths: options.Places = None,
    apply: Apply = False,
    dry_run: options.DryRun = False,
    to: To = None,
    prefer: Prefer = None,
    merge_identical: MergeIdentical = False,
    output_format: Annotated[str, options.format_option("rehash")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Let recordings follow a test, or a file or folder of tests.

    The short form of `recctl rehash --rename-test OLD NEW`: shows what would be done, --apply does it.

    Exits with 0, or with 1 when something is held back, or with 2 when no recording is of such a test.
    """
    from recctl.rehash.edits import Edits

    refuse_both(apply=apply, dry_run=dry_run)
    project = open_project(config, isolated=isolated, max_size=max_size)
    edits = Edits(tests=(Rename(old, new),))
    orders = make_orders(project, edits, to, prefer, merge_identical=merge_identical)
    if apply:
        recover_interrupted(project.root, quiet=quiet)
    selection = select_paths(project, paths, files_from, nul=nul)
    check_output(output, project, selection.targets, files_from)
    say_selected(selection, quiet=quiet, with_companions=True)
    shown = Shown(output_format, output, make_view(color, output, verbose=verbose), quiet)
    return carry_out(project, selection, orders, shown, applied=apply)
