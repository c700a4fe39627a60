"""`recctl mv`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, write_output
from recctl.cli.rehash import (
    Apply,
    MergeIdentical,
    Prefer,
    Shown,
    To,
    carry_out,
    find_staged_tests,
    make_orders,
)
from recctl.cli.session import (
    make_view,
    open_project,
    recover_interrupted,
    refuse_both,
    say_selected,
    select_paths,
)
from recctl.project import Rename

if TYPE_CHECKING:
    from recctl.project import Project
    from recctl.rehash.leaving import StagedTests


EXAMPLES = (
    ("recctl mv tests/test_a.py::test_old tests/test_a.py::test_new", "a test; this only shows it"),
    ("recctl mv tests/old tests/new --apply", "a folder of tests"),
    ("git mv tests/test_a.py tests/test_b.py && recctl mv --staged --apply", "what git knows to be renamed"),
    ("recctl mv --staged --check", "does the commit leave some behind?"),
)


def command(
    old: Annotated[
        str | None,
        typer.Argument(metavar="OLD", help="A test's id, or its beginning up to a /, a :: or a [."),
    ] = None,
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="What it is called now.")] = None,
    paths: options.Places = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="Follow the test files that are staged as renamed.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="With --staged: does the commit leave recordings behind?")
    ] = False,
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

    The short form of `recctl rehash --rename-test OLD NEW`: shows what would be done, --apply does it. With
    --staged, what is staged as renamed is followed.

    Exits with 0, or with 1 when something is held back or, with --check, left behind, or with 2 when no
    recording is of such a test.
    """
    from recctl.rehash.edits import Edits

    refuse_both(apply=apply, dry_run=dry_run)
    if staged == (old is not None):
        raise RecctlError("what is renamed is not clear", "name OLD and NEW, or --staged")
    if old is not None and new is None:
        raise RecctlError(f"there is no new name for {old}", "name OLD and NEW")
    if check and (apply or not staged):
        raise RecctlError("--check looks at what is staged", "write recctl mv --staged --check")
    project = open_project(config, isolated=isolated, max_size=max_size)
    if check:
        return _check(project, find_staged_tests(project), quiet=quiet)
    if old is None or new is None:
        edits = Edits(moved_files=find_staged_tests(project).renames)
    else:
        edits = Edits(tests=(Rename(old, new),))
    orders = make_orders(project, edits, to, prefer, merge_identical=merge_identical)
    if apply:
        recover_interrupted(project.root, quiet=quiet)
    selection = select_paths(project, paths, files_from, nul=nul)
    check_output(output, project, selection.targets, files_from)
    say_selected(selection, quiet=quiet, with_companions=True)
    shown = Shown(output_format, output, make_view(color, output, verbose=verbose), quiet)
    return carry_out(project, selection, orders, shown, applied=apply)


def _check(project: Project, staged: StagedTests, *, quiet: bool) -> int:
    """Tell which recordings what is staged leaves behind, with what to do; 1 when there are any."""
    if not (staged.renames or staged.deleted):
        return 0
    from recctl.rehash.leaving import find_left_behind
    from recctl.render.kit.log import make_line
    from recctl.render.rehash import describe_left_behind

    selection = select_paths(project, None, None, nul=False)
    say_selected(selection, quiet=quiet, with_companions=True)
    left = find_left_behind(project, selection, staged)
    write_output((f"{make_line(text)}\n" for text in describe_left_behind(left)), None)
    return int(bool(left))
