"""`recctl prune`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.errors import RecctlError, suggest
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import (
    make_filter,
    make_view,
    open_project,
    recover_interrupted,
    refuse_both,
    say_selected,
    select_paths,
)

if TYPE_CHECKING:
    from recctl.project import Project
    from recctl.prune import Inquiry, PruneReport
    from recctl.testsuite.track import Tracked

_Words = list[str] | None


def _list_grades() -> list[str]:
    """The grades that can be asked for, for the completion of shells, too."""
    from recctl.prune import Grade

    return [str(grade) for grade in Grade if grade is not Grade.STRANDED]


EXAMPLES = (
    ("recctl prune -v", "what can go, with the proof for each"),
    ("recctl prune --apply", "to the trash; recctl undo takes it back"),
    (
        "pytest --collect-only -q > tests.txt; recctl prune --collected tests.txt",
        "by the tests that pytest finds",
    ),
    (
        "recctl prune --grade unused --tracked .recctl/track.json",
        "by what a run has played, as recctl track saw it",
    ),
    ("recctl prune --empty-trash --apply", "make room"),
)


def command(
    paths: options.Places = None,
    grades: Annotated[
        _Words,
        typer.Option(
            "--grade",
            metavar="NAME",
            help="Take this grade; only those named are taken then.",
            autocompletion=_list_grades,
        ),
    ] = None,
    collected: Annotated[
        _Words,
        typer.Option("--collected", metavar="FILE", help="A list of the tests that there are; repeatable."),
    ] = None,
    tracked: Annotated[
        _Words, typer.Option("--tracked", metavar="FILE", help="What `recctl track` wrote; repeatable.")
    ] = None,
    include_protected: Annotated[
        bool, typer.Option("--include-protected", help="Take what is protected, too.")
    ] = False,
    max_share: Annotated[
        int,
        typer.Option(
            "--max-share",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Refuse when more of what is selected would go.",
        ),
    ] = 50,
    older_than: options.OlderThan = None,
    models: options.Models = None,
    endpoints: options.Endpoints = None,
    providers: options.Providers = None,
    tests: options.Tests = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when anything is stale.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Move it to the trash; `recctl undo` takes it back.")
    ] = False,
    dry_run: options.DryRun = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="With --apply: keep no copy of what git has as it is.")
    ] = False,
    empty_trash: Annotated[
        bool, typer.Option("--empty-trash", help="With --apply: throw away what is in the trash.")
    ] = False,
    output_format: Annotated[str, options.format_option("prune")] = "text",
    output: options.OutputFile = None,
    scheme: options.SchemeName = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    force_exclude: options.ForceExclude = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Find recordings that can go, with the proof for each.

    Says how many; -v names each file and the proof. Nothing is deleted without --apply.

    Taken are recordings that were replaced and those whose tests are gone, or the grades that are named:
    replaced, twin, orphan, uncollected, unused, unplayed, superseded, duplicate. PATHS narrow it down.

    Exits with 0; with 1 when --check finds something stale, --apply could not delete it all, or a file holds
    no recording; with 2 when something could not be opened or the evidence is incomplete.
    """
    from recctl.prune import examine
    from recctl.render.prune import find_renderer, summarise_prune

    if check and apply:
        raise RecctlError("--check only looks, --apply deletes", "leave one of them out")
    if delete and not apply:
        raise RecctlError("--delete says how --apply deletes", "name both")
    if empty_trash and (paths or files_from or grades or collected or tracked or check or delete):
        raise RecctlError("--empty-trash is about all of the trash", "name nothing else but --apply")
    render = find_renderer(output_format)
    refuse_both(apply=apply, dry_run=dry_run)
    project = open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    if empty_trash:
        return _empty_trash(project, apply=apply, quiet=quiet)
    wanted = make_filter(tests, models, endpoints, providers, older_than)
    inquiry = _make_inquiry(grades, collected, tracked)._replace(
        filter=None if wanted.is_empty else wanted,
        include_protected=include_protected,
        max_share=max_share,
        at_length=verbose or output_format == "json",
        removes=apply,
    )
    if apply:
        recover_interrupted(project.root, quiet=quiet)
    selection = select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude)
    check_output(output, project, selection.targets, files_from, *(collected or ()), *(tracked or ()))
    say_selected(selection, quiet=quiet, with_companions=True)
    report = examine(project, selection, inquiry)
    for remark in report.remarks:
        say(remark, quiet=quiet)
    write_output(render(report, make_view(color, output, verbose=verbose)), output, page=True)
    code = conclude(report.errors, fails=check and bool(report.stale))
    left = _apply(project, report, without_copy=delete, quiet=quiet) if apply else 0
    if not apply:
        say(summarise_prune(report, verbose=verbose), quiet=quiet)
    return code or int(left > 0)


def _make_inquiry(grades: _Words, collected: _Words, tracked: _Words) -> Inquiry:
    from recctl.prune import Grade, Inquiry
    from recctl.testsuite.collected import read_collected

    for name in grades or ():
        if name not in [*Grade]:
            raise RecctlError(f"unknown grade {name!r}", suggest(name, _list_grades()))
    inquiry = Inquiry(
        lists=tuple(read_collected(name) for name in collected or ()),
        tracked=_read_tracked(tracked) if tracked else None,
    )
    return inquiry._replace(grades=tuple(map(Grade, grades)), default=False) if grades else inquiry


def _read_tracked(names: list[str]) -> Tracked:
    from recctl.testsuite.track import combine, read_tracked

    return combine([read_tracked(Path(name)) for name in names])


def _apply(project: Project, report: PruneReport, *, without_copy: bool, quiet: bool) -> int:
    """Delete what is stale, and say what became of it. Gives how many files are left."""
    from recctl.input.sources import show_path
    from recctl.prune.removal import remove
    from recctl.render.prune import summarise_removal

    removed = remove(project, report.stale, without_copy=without_copy)
    for held in removed.applied.held_back:
        place = show_path(Path(os.path.abspath(project.root / held.refusal.path)))  # noqa: PTH100  (drops "..")
        say(f"not deleted: {place}: {held.refusal.reason}")
    say(summarise_removal(removed, report), quiet=quiet)
    return len(removed.applied.held_back)


def _empty_trash(project: Project, *, apply: bool, quiet: bool) -> int:
    """Throw away what runs have kept, or say how much that is."""
    from recctl.changes.plan import empty_trash, measure_trash
    from recctl.render.prune import summarise_trash

    if apply:
        recover_interrupted(project.root, quiet=quiet)
    trash = empty_trash(project.root) if apply else measure_trash(project.root)
    say(summarise_trash(trash, emptied=apply), quiet=quiet)
    return 0
