"""`recctl find`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.completion import complete_recordings, complete_tests
from recctl.cli.options import Color
from recctl.cli.output import check_output, say, say_failure, write_output
from recctl.cli.session import make_mask, make_view, open_project, say_selected, select_paths

if TYPE_CHECKING:
    from recctl.input.sources import Selection
    from recctl.inventory.answer import Findings
    from recctl.inventory.words import Wish
    from recctl.project import Project
    from recctl.recordings.http import SentRequest


EXAMPLES = (
    ("recctl find 3f9a01b2", "by the first digits of a hash"),
    ("recctl find test_chat.py::test_reply", "by a test"),
    ('recctl find "No recorded response found for request hash: 3f9a01b2"', "by what the recorder said"),
    ("pytest 2>&1 | recctl find -", "all that a run has missed"),
    ("recctl find --request body.json --endpoint /v1/chat/completions", "by what would be sent"),
)


def command(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHAT]",
            help="A hash or its first digits, a test's id or a part of it, a recorder's error message, a "
            "cassette, a log (- for standard input), or what `recctl track` wrote.",
            show_default=False,
            autocompletion=complete_recordings,
        ),
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATHS]...",
            help="Where to look: files and folders. Default: the configured paths, else the current folder.",
            show_default=False,
        ),
    ] = None,
    request: Annotated[
        str | None,
        typer.Option(
            "--request",
            metavar="FILE",
            help="Look for a request (- for standard input): a recording, or JSON with method, url, body and "
            "test_id, or a body alone with --endpoint.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="Where the body of --request goes.")
    ] = None,
    test: Annotated[
        str | None,
        typer.Option("--test", metavar="ID", help="The test that sends it.", autocompletion=complete_tests),
    ] = None,
    nearest: Annotated[
        int | None,
        typer.Option(
            "--nearest",
            metavar="N",
            help="How many of the nearest to show. Default: 3, or 1 that differs in a word.",
            min=1,
            max=50,
        ),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep an index.")] = False,
    output_format: Annotated[str, options.format_option("answers")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Tell where a recording is, or why it was not found.

    If it is not there, these are the nearest ones, with the fields of the request that differ, which of them
    the recorder does not see, since when it is so by git, and the command that helps.

    Exits with 0 when all is there, 1 when something is not, 2 when nobody can tell what is meant.
    """
    from recctl.render.answers import find_renderer, summarise_answers

    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated, max_size=max_size)
    if request is not None and what is not None:
        paths, what = [what, *(paths or [])], None
    wishes = _read_wishes(project, what, request, endpoint, test)
    selection = select_paths(project, paths, None, nul=False)
    check_output(output, project, selection.targets, request)
    say_selected(selection, quiet=quiet)
    findings = _find(project, selection, wishes, most=nearest, is_kept=not no_cache)
    view = make_view(color, output, verbose=verbose)
    write_output(render(findings, view), output, page=True)
    for error in findings.errors if verbose else ():
        say_failure(error)
    if findings.errors and not verbose:
        what = f"{show_count(len(findings.errors), 'file')} could not be looked into"
        say(f"{what}; -v says why", quiet=quiet)
    say(summarise_answers(findings), quiet=quiet)
    return int(not all(answer.is_found for answer in findings.answers))


def _read_wishes(
    project: Project, what: str | None, request: str | None, endpoint: str | None, test: str | None
) -> list[Wish]:
    """What is looked for. Raises RecctlError where nothing is, or too much."""
    if request is not None:
        from recctl.inventory.requests import read_requests

        return [*read_requests(project, request, endpoint=endpoint, test=test)]
    if endpoint is not None:
        raise RecctlError("--endpoint is for the body that --request names", "add --request FILE")
    if not (what or test):
        hint = "name a hash, a test, an error message, - for a log, or --request FILE"
        raise RecctlError("nothing is looked for", hint)
    from recctl.inventory.words import read_word

    return read_word(project, what or test or "", test if what else None)


def _find(
    project: Project, selection: Selection, wishes: list[Wish], *, most: int | None, is_kept: bool
) -> Findings:
    from recctl.inventory.find import find
    from recctl.inventory.index import read_index
    from recctl.render.kit.progress import show_progress

    with show_progress(len(selection.targets)) as watch:
        index = read_index(project, selection, is_kept=is_kept, watch=watch)
    return find(project, index, wishes, most=most, mask=partial(_mask, project))


def _mask(project: Project, sent: SentRequest) -> SentRequest:
    """Take secrets out of a request, as `recctl track` does."""
    from recctl.render.kit.masking import mask_texts

    return mask_texts(sent, make_mask(project))
