"""`recctl show`."""

from __future__ import annotations

import sys
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import (
    make_mask,
    make_view,
    note_failures,
    open_project,
    say_selected,
    say_unmatched,
    select_paths,
)

if TYPE_CHECKING:
    from recctl.input.sources import Selection
    from recctl.project import Project
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


"""The formats that are made to be shared."""


class ExchangePart(StrEnum):
    """A side of an exchange, or both."""

    REQUEST = "request"
    RESPONSE = "response"
    BOTH = "both"


EXAMPLES = (
    ("recctl show 3f9a01b2", "a recording, by its first digits"),
    ("recctl show tests/cassettes/test_chat.yaml#2", "the second one of a cassette"),
    ("recctl show HEAD~1:tests/cassettes/test_chat.yaml", "as it was before"),
    ("recctl show --test test_chat.py --part response", "what the models said in a test"),
    ("recctl show --staged", "what a commit would add"),
)


def command(
    paths: options.Paths = None,
    part: Annotated[ExchangePart, typer.Option("--part", help="What to show.")] = ExchangePart.BOTH,
    chunks: Annotated[bool, typer.Option("--chunks", help="Chunk by chunk: what each one added.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="As it was recorded, nothing put together.")] = False,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Leave secrets in markdown and html as they are.")
    ] = False,
    staged: Annotated[bool, typer.Option("--staged", help="Show what is staged and not in HEAD.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Do not shorten long texts on a terminal.")] = False,
    output_format: Annotated[str, options.format_option("conversation")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    tests: options.Tests = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    force_exclude: options.ForceExclude = False,
    quiet: options.Quiet = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Show what was asked and what was said, streams put together.

    PATHS may also be the first digits of a recording's hash; with --staged they narrow it down. On a terminal
    the output goes through RECCTL_PAGER, GIT_PAGER or PAGER.

    Exits with 0, or 1 when a file holds no recording, or 2 when one could not be opened.
    """
    from recctl.input.sources import load_all
    from recctl.recordings.attempt import attempt
    from recctl.recordings.recording import Recording
    from recctl.render import extend_view
    from recctl.render.conversation import ConversationView, find_renderer
    from recctl.wire import read_exchange

    if (chunks or raw) and output_format != "text":
        raise RecctlError("--chunks and --raw are for --format text", "leave one of them out")
    contradictions = {
        "--chunks and --raw": chunks and raw,
        "--chunks and --part request": chunks and part is ExchangePart.REQUEST,
        "--staged and --files-from": staged and files_from is not None,
        "--staged and --test": staged and tests is not None,
    }
    contradiction = next((words for words, stand in contradictions.items() if stand), None)
    if contradiction is not None:
        raise RecctlError(f"{contradiction} can't be combined", "leave one of them out")
    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated, max_size=max_size)
    selection = (
        _select_staged(project, paths, quiet=quiet)
        if staged
        else select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude, tests=tests)
    )
    check_output(output, project, selection.targets, files_from)
    say_selected(selection, quiet=quiet)
    failures: list[LoadError | Unread] = []
    read = (
        attempt(str(item.key), read_exchange, item) if isinstance(item, Recording) else item
        for item in load_all(selection)
    )
    shown = note_failures(read, failures)
    first = [*islice(shown, 1)]
    basis = make_view(color, output)
    view = extend_view(
        basis,
        ConversationView,
        part=part,
        fold=basis.width is not None and not full,
        timeline=chunks,
        raw=raw,
        mask=str if unmask else make_mask(project),
        refuse=failures.append,
    )
    is_typed = any(target.path is None for target in selection.targets) and sys.stdin and sys.stdin.isatty()
    page = not is_typed  # a pager would read what is typed, too
    write_output(render(chain(first, shown), view), output, page=page and output_format != "html")
    code = conclude(failures)
    if (staged or files_from) and not (selection.targets or failures):
        say(f"no {'new recordings are staged' if staged else 'recordings are listed'}", quiet=quiet)
    elif selection.targets and not (first or failures):
        say("there is no exchange in what was named", quiet=quiet)
    return code


def _select_staged(project: Project, paths: list[str] | None, *, quiet: bool) -> Selection:
    """What is staged and was not in HEAD, under whatever name; words that match nothing are told."""
    from functools import partial

    from recctl.diff import list_new
    from recctl.git import BlobReader
    from recctl.input.revisions import find_compared_targets
    from recctl.input.sources import Selection, read

    sides = find_compared_targets(project, [], paths or [], staged=True)
    say_unmatched(sides, quiet=quiet)
    with BlobReader(Path.cwd()) as blobs:
        added = list_new(sides.left, sides.right, partial(read, blobs=blobs))
    return Selection(tuple(sorted(added, key=lambda target: target.name)), unread=sides.unread)
