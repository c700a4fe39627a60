"""`recctl diff`."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.command import Command
from recctl.cli.completion import complete_revisions
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import make_mask, make_view, open_project, say_selected, say_unmatched

if TYPE_CHECKING:
    from recctl.diff import Comparison
    from recctl.input.revisions import ComparedTargets
    from recctl.recordings.source import Unread
    from recctl.render.kit.view import View

_SEPARATOR = "--"


class CommandClass(Command):
    """A command that gets to see `--`, which parts revisions from paths."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as always; the first `--` is what the parser takes out, so that it stands there twice."""
        if _SEPARATOR in args:
            position = args.index(_SEPARATOR)
            args = [*args[:position], _SEPARATOR, *args[position:]]
        return super().parse_args(ctx, args)


EXAMPLES = (
    ("recctl diff", "the work tree against the index"),
    ("recctl diff main...HEAD --stat", "a branch, a line a recording"),
    ("recctl diff --staged -- tests/unit", "what is staged in a folder"),
    ("recctl diff old.yaml new.yaml", "two files"),
    ("recctl diff :2:FILE :3:FILE", "ours against theirs in a conflict"),
    ("recctl diff main --format markdown -o diff.md", "for a comment on a pull request"),
)


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SIDES]... [-- PATHS...]",
            help="Two recordings, two folders, or up to two revisions. Default: the work tree against the "
            "index.",
            show_default=False,
            autocompletion=complete_revisions,
        ),
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", "--cached", help="What is staged, against HEAD or a revision.")
    ] = False,
    noise: Annotated[bool, typer.Option("--noise", help="Show noise, too: ids, times, usage.")] = False,
    stat: Annotated[bool, typer.Option("--stat", help="A line for each recording: --format stat.")] = False,
    name_only: Annotated[bool, typer.Option("--name-only", help="Paths only: --format name-only.")] = False,
    tests: options.Tests = None,
    exit_noise: Annotated[bool, typer.Option("--exit-noise", help="Exit with 1 for noise, too.")] = False,
    exit_lost: Annotated[
        bool,
        typer.Option("--exit-lost", help="Exit with 1 only for recordings that can no longer be found."),
    ] = False,
    exit_zero: options.ExitZero = False,
    unmask: Annotated[bool, typer.Option("--unmask", help="Leave secrets in markdown as they are.")] = False,
    output_format: Annotated[str, options.format_option("comparison")] = "text",
    output: options.OutputFile = None,
    scheme: options.SchemeName = None,
    max_size: options.MaxSize = None,
    quiet: options.Quiet = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Tell what changed in recordings: in substance, noise apart.

    Two recordings or folders (REV:path for those of a revision), or as in git: no revision, REV, REV REV,
    REV..REV, REV...REV. What is in the work tree counts whether git knows it or not. PATHS, or the first
    digits of hashes, narrow it down. On a terminal the output goes through RECCTL_PAGER, GIT_PAGER or PAGER.

    Exits with 0 when nothing changed but noise, 1 when something did or can no longer be found, 2 when
    something could not be looked at.
    """
    from recctl.input.revisions import find_compared_targets
    from recctl.input.sources import Selection

    output_format = _choose_format(output_format, stat=stat, name_only=name_only)
    project = open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    before, paths = _split(words or [])
    follow_config = not (scheme or config or isolated)
    sides = find_compared_targets(project, before, paths, staged=staged, follow_config=follow_config)
    say_unmatched(sides, quiet=quiet)
    if sides.is_unstaged:
        say("nothing is staged", quiet=quiet)
        if output_format == "text" and output is None:
            return 0
    from recctl.render import extend_view
    from recctl.render.comparison import ComparisonView, find_renderer

    render = find_renderer(output_format)
    check_output(output, project, sides.left + sides.right)
    comparison = _compare(sides, keep_noise=noise)
    if tests:
        comparison = _keep_tests(comparison, sides, tests)
    refused: list[Unread] = []
    view = extend_view(
        _make_view(color, output, quiet=quiet),
        ComparisonView,
        mask=str if unmask else make_mask(project),
        refuse=refused.append,
    )
    write_output(render(comparison, view), output, page=True)
    comparison = comparison._replace(errors=(*comparison.errors, *refused))
    unread = conclude(comparison.errors + comparison.past_errors)
    if not (sides.is_unstaged or sides.left or sides.right or sides.unmatched or comparison.errors):
        say_selected(Selection((), folders=(".",)), quiet=quiet)
    elif tests and not comparison.pairs:
        say("nothing has changed in recordings of that test", quiet=quiet)
    code = _decide(comparison, unread, exit_noise=exit_noise, exit_lost=exit_lost)
    if sides.unmatched and not (sides.left or sides.right):
        code = 2  # what is asked about is not there
    return 0 if exit_zero and code == 1 else code


def _choose_format(output_format: str, **short: bool) -> str:
    """The one format that is asked for. Raises RecctlError when there are several."""
    names = [name.replace("_", "-") for name, is_wanted in short.items() if is_wanted]
    wanted = [f"--{name}" for name in names] + ([f"--format {output_format}"] * (output_format != "text"))
    if len(wanted) > 1:
        raise RecctlError(f"{' and '.join(wanted)} can't be combined", "leave one of them out")
    return names[0] if names else output_format


def _split(words: list[str]) -> tuple[list[str], list[str] | None]:
    """What stands before `--`, and what behind; None where there is none."""
    if _SEPARATOR not in words:
        return words, None
    position = words.index(_SEPARATOR)
    return words[:position], words[position + 1 :]


def _compare(sides: ComparedTargets, *, keep_noise: bool) -> Comparison:
    from recctl.diff import Comparison

    if sides.are_equal:
        from recctl.recordings.formats import may_hold_several

        files = sum(may_hold_several(target.key or target.name) for target in sides.left)
        return Comparison((), len(sides.left) - files, (), sides.unread, identical_files=files)
    from recctl.diff import compare_outright, compare_sets, find_scheme_changes
    from recctl.git import BlobReader
    from recctl.input.sources import read
    from recctl.recordings.attempt import attempt
    from recctl.recordings.source import Unread
    from recctl.render.kit.progress import show_progress

    with BlobReader(Path.cwd()) as blobs:
        read_target = partial(read, blobs=blobs)
        if sides.outright:
            left, right = sides.left[0], sides.right[0]
            compare = partial(compare_outright, keep_noise=keep_noise)
            compared = attempt(right.name, compare, left, right, read_target)
            return Comparison((), 0, (), (compared,)) if isinstance(compared, Unread) else compared
        with show_progress(max(len(sides.left), len(sides.right))) as watch:
            comparison = compare_sets(
                sides.left, sides.right, read_target, keep_noise=keep_noise, watch=watch
            )
        schemes = find_scheme_changes(sides.right, sides.past_settings, read_target)
    return comparison._replace(errors=(*sides.unread, *comparison.errors), scheme_changes=schemes)


def _keep_tests(comparison: Comparison, sides: ComparedTargets, words: list[str]) -> Comparison:
    """What is said of some tests; what others share with them is told where it happened.

    Raises RecctlError for a word that means no test of either side, changed or not.
    """
    from recctl.project import check_tests, is_of_test

    told = [
        {side.test_id or "" for side in (pair.left, pair.right) if side is not None}
        for pair in comparison.pairs
    ]
    unknown = [word for word in words if not any(is_of_test(each, word) for ids in told for each in ids)]
    if unknown:
        check_tests(unknown, _list_tests(sides))
    pairs = tuple(
        pair
        for pair, ids in zip(comparison.pairs, told, strict=True)
        if any(is_of_test(test_id, word) for test_id in ids for word in words)
    )
    return comparison._replace(pairs=pairs, identical=0, identical_files=0, shared=())


def _list_tests(sides: ComparedTargets) -> set[str]:
    """The tests that recordings of either side belong to."""
    from recctl.git import BlobReader
    from recctl.input.sources import read
    from recctl.recordings.load import load
    from recctl.recordings.recording import Recording
    from recctl.recordings.source import Source

    with BlobReader(Path.cwd()) as blobs:
        sources = (read(target, blobs) for target in sides.left + sides.right)
        items = (item for source in sources if isinstance(source, Source) for item in load(source))
        return {item.test_id for item in items if isinstance(item, Recording) and item.test_id}


def _make_view(color: Color, output: str | None, *, quiet: bool) -> View:
    """How to show it; whoever sets COLUMNS has a pipe as wide as that."""
    view = make_view(color, output, summary=not quiet)
    columns = os.environ.get("COLUMNS", "")
    if view.width is None and output is None and re.fullmatch("[1-9][0-9]{0,5}", columns):
        view = replace(view, width=int(columns))
    return view


def _decide(comparison: Comparison, unread: int, *, exit_noise: bool, exit_lost: bool) -> int:
    """The exit code that a comparison calls for, given that for what could not be read, which wins.

    Where a scheme is set for the first time, what it does not name was not found before, either.
    """
    from recctl.diff import PairVerdict

    left_behind = any(change.old and change.left_behind for change in comparison.scheme_changes)
    has_lost = left_behind or any(pair.name == "lost" for pair in comparison.pairs)
    if exit_lost and unread < 2:
        return int(bool(comparison.errors) or has_lost)
    if unread:
        return unread
    quiet = {PairVerdict.IDENTICAL} if exit_noise else {PairVerdict.IDENTICAL, PairVerdict.NOISE}
    return int(has_lost or any(pair.verdict not in quiet for pair in comparison.pairs))
