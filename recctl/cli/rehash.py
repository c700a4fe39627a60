"""`recctl rehash`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer._click.types import Tuple

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import (
    find_scheme,
    make_filter,
    make_view,
    note_failures,
    open_project,
    recover_interrupted,
    refuse_both,
    say_selected,
    select_paths,
)
from recctl.project import Rename

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.input.sources import Selection
    from recctl.project import Project
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.rehash import RehashReport
    from recctl.rehash.edits import Edits
    from recctl.rehash.leaving import StagedTests
    from recctl.rehash.orders import Orders
    from recctl.rehash.redaction import Redaction
    from recctl.render.kit.view import View


class Pair(NamedTuple):
    """Two words that an option takes, such as an old name and a new one."""

    first: str
    second: str


class _PairType(Tuple):
    """How two words are read; Typer itself has no options that take two and may be repeated."""

    def __init__(self) -> None:
        super().__init__([str, str])

    def convert(self, value: Any, param: Any, ctx: Any) -> Pair:
        return Pair(*super().convert(value, param, ctx))


def _pairs(name: str, metavar: str, text: str) -> Any:
    """An option that takes two words, and may be repeated."""
    return typer.Option(name, metavar=metavar, help=text, click_type=_PairType())


Apply = Annotated[bool, typer.Option("--apply", help="Do it; `recctl undo` takes it back.")]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="SCHEME",
        help="The hash scheme to go by. Default: the configured one.",
        autocompletion=options.complete_scheme,
    ),
]
Prefer = Annotated[
    list[str] | None,
    typer.Option(
        "--prefer", metavar="newest|PATH", help="Which to keep of those that would get the same name."
    ),
]
MergeIdentical = Annotated[
    bool,
    typer.Option(
        "--merge-identical", help="Keep one of those that would get the same name and reply the same."
    ),
]


EXAMPLES = (
    ("recctl rehash --check", "is all found as things are?"),
    ("recctl rehash --to ogx-2026-04 --apply", "after an upgrade of the recorder"),
    ("recctl rehash --set /request/body/model gpt-5", "when the tests ask another model"),
    ("recctl rehash --replace-url http://localhost:8000 https://api.example.org", "when the address changes"),
    ("recctl rehash --redact-from secrets.txt --apply", "take values out of all files"),
)


def command(
    paths: options.Places = None,
    check: Annotated[bool, typer.Option("--check", help="Only look: would recordings not be found?")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Let unexplained names fail --check, too.")
    ] = False,
    apply: Apply = False,
    dry_run: options.DryRun = False,
    to: To = None,
    include_replaced: Annotated[
        bool, typer.Option("--include-replaced", help="Move those that others have replaced, too.")
    ] = False,
    include_unexplained: Annotated[
        bool, typer.Option("--include-unexplained", help="Move those whose names nothing explains, too.")
    ] = False,
    include_without_test: Annotated[
        bool,
        typer.Option("--include-without-test", help="Move those that name no test, too."),
    ] = False,
    rename_test: Annotated[
        list[Pair] | None,
        _pairs(
            "--rename-test", "OLD NEW", "A test's id, or its beginning up to /, :: or [, and the new one."
        ),
    ] = None,
    rename_tests_from_git: Annotated[
        bool,
        typer.Option("--rename-tests-from-git", help="Follow the test files that are staged as renamed."),
    ] = False,
    set_values: Annotated[
        list[Pair] | None, _pairs("--set", "POINTER VALUE", "Give a part of the request this value.")
    ] = None,
    add_values: Annotated[
        list[Pair] | None,
        _pairs("--add", "POINTER VALUE", "The same, also of requests that do not have that part yet."),
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="POINTER", help="Take a part of the request out of it."),
    ] = None,
    replace_url: Annotated[
        list[Pair] | None,
        _pairs("--replace-url", "OLD NEW", "The beginning of urls up to a /, : or ?, and the new one."),
    ] = None,
    redact_from: Annotated[
        str | None,
        typer.Option("--redact-from", metavar="FILE", help="Redact the values that FILE lists, one a line."),
    ] = None,
    test_id: Annotated[
        str | None, typer.Option("--test-id", metavar="ID", help="The test of recordings that name none.")
    ] = None,
    test_ids: Annotated[
        str | None,
        typer.Option(
            "--test-ids",
            metavar="FILE",
            help="JSON, or lines of path, tab, id: the tests of such recordings, of which each gets one.",
        ),
    ] = None,
    prefer: Prefer = None,
    merge_identical: MergeIdentical = False,
    max_share: Annotated[
        int,
        typer.Option(
            "--max-share",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Refuse to --apply when more of what is selected would change.",
        ),
    ] = 100,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what each scheme hashes, and what comes of it.")
    ] = False,
    output_format: Annotated[str, options.format_option("rehash")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    tests: options.Tests = None,
    models: options.Models = None,
    endpoints: options.Endpoints = None,
    providers: options.Providers = None,
    older_than: options.OlderThan = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    force_exclude: options.ForceExclude = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes to use. Default: one a core.")
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Give recordings the names that today's recorder looks for.

    Shows what would be done; --apply does it. What was replaced by another recording, and what no scheme
    explains, stays unless it is included.

    Exits with 0, or with 1 when something is held back, when --check finds what only older schemes name and
    nothing has replaced (with --strict also what none explains), or when a file holds no recording, or with 2
    when one could not be opened.
    """
    from recctl.rehash.edits import Edits, parse_setting

    refuse_both(apply=apply, dry_run=dry_run)
    project = open_project(config, isolated=isolated, max_size=max_size)
    settings = [parse_setting(pointer, text) for pointer, text in set_values or ()]
    settings += (parse_setting(pointer, text, adds=True) for pointer, text in add_values or ())
    edits = Edits(
        tests=tuple(Rename(*pair) for pair in rename_test or ()),
        moved_files=find_staged_tests(project).renames if rename_tests_from_git else None,
        urls=tuple(Rename(*pair) for pair in replace_url or ()),
        settings=(*settings, *(parse_setting(pointer, None) for pointer in unset or ())),
        test_id=test_id,
        test_ids=_read_test_ids(test_ids) if test_ids is not None else {},
        redaction=_read_redaction(redact_from) if redact_from is not None else None,
    )
    orders = make_orders(project, edits, to, prefer, merge_identical=merge_identical)
    wanted = make_filter(None, models, endpoints, providers, older_than)
    orders = orders._replace(
        filter=None if wanted.is_empty else wanted,
        max_share=max_share,
        include_replaced=include_replaced,
        include_unexplained=include_unexplained,
        include_without_test=include_without_test,
    )
    if explain and orders.filter is not None:
        raise RecctlError("--explain takes no filter but --test", "name the recordings")
    if check and explain:
        raise RecctlError("--check and --explain can't be combined", "leave one of them out")
    if (check or explain) and (apply or edits != Edits() or orders.prefer or orders.merges):
        only = "--check" if check else "--explain"
        raise RecctlError(f"{only} only looks", "leave out what changes recordings")
    if strict and not check:
        raise RecctlError("--strict says when --check fails", "add --check")
    if apply:
        recover_interrupted(project.root, quiet=quiet)
    selection = select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude, tests=tests)
    check_output(output, project, selection.targets, files_from, redact_from, test_ids)
    say_selected(selection, quiet=quiet, with_companions=True)
    shown = Shown(output_format, output, make_view(color, output, verbose=verbose), quiet)
    if explain:
        return _explain(selection, shown)
    if check:
        return _check(project, selection, orders, shown, strict=strict, jobs=jobs)
    return carry_out(project, selection, orders, shown, applied=apply, jobs=jobs)


class Shown(NamedTuple):
    """How results are shown, and where."""

    output_format: str
    output: str | None
    view: View
    quiet: bool


def make_orders(
    project: Project, edits: Edits, to: str | None, prefer: list[str] | None, *, merge_identical: bool
) -> Orders:
    """What the options say is to be done. Raises RecctlError for a scheme that there is not."""
    from recctl.input.sources import show_path
    from recctl.rehash.orders import NEWEST, Orders

    return Orders(
        to=find_scheme(to, project.settings) if to is not None else None,
        edits=edits,
        prefer=tuple(
            word if word == NEWEST else show_path(Path(os.path.abspath(word)))  # noqa: PTH100  (keeps links)
            for word in prefer or ()
        ),
        merges=merge_identical,
    )


def carry_out(
    project: Project,
    selection: Selection,
    orders: Orders,
    shown: Shown,
    *,
    applied: bool,
    jobs: int | None = None,
) -> int:
    """Do what is to be done, or only show it; gives the exit code. Raises RecctlError as `rehash` does."""
    from recctl.rehash import Action
    from recctl.rehash.moving import rehash
    from recctl.render.rehash import describe_left, find_renderer

    find_renderer(shown.output_format)  # before anything is changed
    report = rehash(project, selection, orders, applied=applied, jobs=jobs)
    _show(report, shown)
    for text in describe_left(report):
        say(text, quiet=shown.quiet)
    if orders.edits.redaction is not None:
        for text in _describe_unfound(
            orders.edits.redaction, found=any(entry.action for entry in report.entries)
        ):
            say(text, quiet=shown.quiet)
    if applied and orders.edits.redaction is not None and report.run_id is not None:
        text = "what was redacted stays in git's history, and in .recctl/ until recctl prune --empty-trash"
        say(text, quiet=shown.quiet)
    if report.run_id is not None and orders.to is not None and project.settings.scheme != orders.to.name:
        where = project.config.name if project.config is not None else "recctl.toml"
        say(f'set scheme = "{orders.to.name}" in {where}, by which they are found now', quiet=shown.quiet)
    return conclude(report.errors, fails=report.count_actions(Action.HOLD_BACK) > 0)


def _check(
    project: Project,
    selection: Selection,
    orders: Orders,
    shown: Shown,
    *,
    strict: bool,
    jobs: int | None,
) -> int:
    from recctl.rehash import report

    found = report(project, selection, orders, jobs)
    _show(found, shown)
    return conclude(found.errors, fails=bool(found.find_failures(strict=strict)))


def _show(report: RehashReport, shown: Shown) -> None:
    from recctl.render.rehash import find_renderer, summarise_rehash

    write_output(find_renderer(shown.output_format)(report, shown.view), shown.output, page=True)
    for text in summarise_rehash(report):
        say(text, quiet=shown.quiet)


def _explain(selection: Selection, shown: Shown) -> int:
    """Print how schemes name the selected recordings, one after the other."""
    from recctl.rehash import explain_all
    from recctl.render.explanations import find_renderer

    failures: list[LoadError | Unread] = []
    explained = note_failures(explain_all(selection), failures)
    write_output(find_renderer(shown.output_format)(explained, shown.view), shown.output)
    return conclude(failures)


def find_staged_tests(project: Project) -> StagedTests:
    """What is staged of the sources of tests. Raises RecctlError where git can't tell."""
    from recctl.git import GitError, list_staged_deletions, list_staged_renames
    from recctl.rehash.leaving import StagedTests

    try:
        renames = list_staged_renames(project.root)
        deleted = list_staged_deletions(project.root)
    except GitError as error:
        raise RecctlError(f"git can't tell what is staged: {error}", "run it in a repository") from None
    return StagedTests(
        tuple(Rename(old, new) for old, new in renames if old.endswith(_SOURCES) and new.endswith(_SOURCES)),
        tuple(file for file in deleted if file.endswith(_SOURCES)),
    )


_SOURCES = (".py", ".go", ".rs")


def _describe_unfound(redaction: Redaction, *, found: bool) -> Iterator[str]:
    """Which values no recording holds, by their numbers: what they are is not to be printed."""
    if not found:
        yield "no recording that was looked at holds what is to be redacted"
        return
    for number in redaction.list_unfound():
        yield f"value {number} of those to redact is in no recording that was looked at"


def _read_redaction(path: str) -> Redaction:
    from recctl.rehash.redaction import Redaction

    values = [line.removesuffix("\r") for line in _read_text(path).split("\n")]
    if not any(values):
        raise RecctlError(f"{path}: lists nothing", "write the values to redact into it, one a line")
    return Redaction(value for value in values if value)


def _read_test_ids(path: str) -> dict[str, tuple[str, ...]]:
    """The ids of recordings' tests, by path or name: from a JSON object, or lines of a path, a tab, an id.

    A recording that several tests use has a list of them in JSON, or as many lines.
    """
    import json

    text = _read_text(path)
    hint = "write a JSON object, or lines of a path, a tab and an id"
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError) as error:
        raise RecctlError(f"{path}: not JSON: {error}", hint) from None
    if found is None:
        found = {}
        lines = (line.removesuffix("\r") for line in text.split("\n") if line.strip())
        for name, _, test_id in (line.partition("\t") for line in lines):
            found.setdefault(name, []).append(test_id)
    test_ids = {key: value if isinstance(value, list) else [value] for key, value in found.items()}
    for key, ids in test_ids.items():
        if not ids or not all(isinstance(test_id, str) and test_id for test_id in ids):
            raise RecctlError(f"{path}: there is no test id for {key!r}", hint)
    return {key: tuple(dict.fromkeys(ids)) for key, ids in test_ids.items()}


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", "name a file that can be read") from None
    except ValueError:  # bytes that are no text, a NUL in the path
        raise RecctlError(f"{path}: is not UTF-8 text", "save it as UTF-8") from None
