"""`recctl drift`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.command import SELECTING
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, replace_file, say, write_output
from recctl.cli.session import choose_baseline, make_mask, make_view, open_project, say_selected, select_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.drift import DriftReport
    from recctl.input.sources import Selection
    from recctl.project import Project
    from recctl.recordings.http import SentRequest
    from recctl.testsuite.track import Tracked

_LISTS = ("tests", "paths")


EXAMPLES = (
    ("recctl track -- pytest; recctl drift", "what the last run says"),
    ("recctl drift --tracked track.json -v", "what another run says, in full"),
    ("recctl drift --format tests -0 | xargs -0r pytest --record-mode=rewrite", "record those again"),
    ("recctl drift --write-baseline drift.json", "start from today"),
)


def command(
    paths: options.Places = None,
    tracked: Annotated[
        list[str] | None,
        typer.Option(
            "--tracked",
            metavar="FILE",
            help="What `recctl track` wrote; repeatable. Default: .recctl/track.json.",
        ),
    ] = None,
    tests: options.Tests = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 for what was not played or opened, too."),
    ] = False,
    stat: Annotated[bool, typer.Option("--stat", help="A table by test file: --format stat.")] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="Leave out the drift that FILE knows. Default: the configured one; '' for none.",
        ),
    ] = None,
    write_baseline: Annotated[
        str | None, typer.Option("--write-baseline", metavar="FILE", help="Write all drift to FILE.")
    ] = None,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 even when there is drift.")
    ] = False,
    output_format: Annotated[str, options.format_option("drift")] = "text",
    output: options.OutputFile = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: Annotated[
        bool,
        typer.Option(
            "-0",
            help="Paths in --files-from, and the formats tests and paths, end with NUL instead.",
            rich_help_panel=SELECTING,
        ),
    ] = False,
    force_exclude: options.ForceExclude = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Tell whether recordings still match what the code sends.

    Goes by a run of the tests: `recctl track -- pytest`. Each recording is the same, differs in noise, or has
    drifted; or it was not played (unplayed), nothing of its file was (idle), or nothing opened that. Requests
    that found no recording are set against the nearest one. --format tests lists what to record again.

    Exits with 0 when nothing has drifted or was missed, 1 when something has or was, 2 when the run tells
    nothing or something could not be looked at.
    """
    from recctl.base.work_tree import find_top_level
    from recctl.cli.replacing import check_replaceable
    from recctl.drift.baseline import KIND
    from recctl.render import extend_view
    from recctl.render.drift import DriftView, find_renderer

    output_format = _choose_format(output_format, stat=stat)
    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated, max_size=max_size)
    baseline = choose_baseline(project, baseline, project.drift_baseline)
    run = _read_tracked(project, tracked)
    selection = select_paths(
        project, paths, files_from, nul=nul and files_from is not None, force_exclude=force_exclude
    )
    check_output(output, project, selection.targets, files_from, baseline, *(tracked or ()))
    check_replaceable(write_baseline, KIND)
    say_selected(selection, quiet=quiet)
    report = _examine(project, selection, run, tests or [])
    for remark in report.remarks:
        say(remark, quiet=quiet)
    if write_baseline is not None:
        say(_write_baseline(report, write_baseline), quiet=quiet)
        return conclude(report.errors, fails=False)
    if baseline is not None:
        report = _apply_baseline(report, baseline, quiet=quiet)
    basis = make_view(color, output, verbose=verbose, summary=not quiet)
    view = extend_view(basis, DriftView, nul=nul, top=find_top_level(Path.cwd()), mask=make_mask(project))
    write_output(render(report, view), output, page=output_format not in _LISTS)
    if output_format in (*_LISTS, "json", "github"):
        say(_summarise(report), quiet=quiet)
    if output_format == "tests" and report.without_test:
        what = f"{report.without_test:,} of these came of no test that is known"
        say(f"{what}: --format paths has the files", quiet=quiet)
    return conclude(report.errors, fails=not exit_zero and _has_drifted(report, strict=strict))


def _choose_format(output_format: str, *, stat: bool) -> str:
    if stat and output_format != "text":
        message = f"--stat and --format {output_format} can't be combined"
        raise RecctlError(message, "leave one of them out")
    return "stat" if stat else output_format


def _read_tracked(project: Project, names: list[str] | None) -> Tracked:
    """The runs that are named as one, or the last that was tracked here."""
    from recctl.changes.state import STATE_FOLDER, StateFolder
    from recctl.input.sources import show_path
    from recctl.testsuite.track import LAST_RUN, combine, read_tracked

    if names:
        return combine([read_tracked(Path(name)) for name in names])
    path = project.root / STATE_FOLDER / LAST_RUN
    if StateFolder(project.root).find_size(LAST_RUN) is None:  # or it is a link
        message = f"{show_path(path)} is not there: no run was tracked"
        raise RecctlError(message, "recctl track -- pytest makes it")
    if _came_with_repository(project.root):
        message = f"{show_path(path)} came with the repository, and is not of your run"
        raise RecctlError(message, "name it with --tracked to have it read all the same")
    return read_tracked(path)


def _came_with_repository(root: Path) -> bool:
    """Whether git knows files of the folder in which recctl keeps its own."""
    from recctl import git
    from recctl.changes.state import STATE_FOLDER

    try:
        return bool(git.list_tracked(root, f":(icase){STATE_FOLDER}"))
    except git.GitError:  # there is no repository
        return False


def _examine(project: Project, selection: Selection, run: Tracked, tests: list[str]) -> DriftReport:
    from recctl.drift import examine_drift
    from recctl.render.kit.progress import show_progress

    with show_progress(len(selection.targets)) as watch:
        return examine_drift(project, selection, run, mask=_make_mask(project), tests=tests, watch=watch)


def _make_mask(project: Project) -> Callable[[SentRequest], SentRequest]:
    """What takes secrets out of a request, as `recctl track` does."""
    from functools import partial

    from recctl.render.kit.masking import mask_texts

    return partial(mask_texts, mask=make_mask(project))


def _write_baseline(report: DriftReport, path: str) -> str:
    from recctl.base.amounts import show_count
    from recctl.drift.baseline import dump_known

    content, count = dump_known(report, Path(path).parent)
    replace_file(Path(path), content)
    return f"wrote {show_count(count, 'recording or request', 'recordings and requests')} to {path}"


def _apply_baseline(report: DriftReport, path: str, *, quiet: bool) -> DriftReport:
    from recctl.base.amounts import show_count
    from recctl.drift.baseline import leave_out_known

    report = leave_out_known(report, Path(path))
    if report.gone:
        verb = "is" if report.gone == 1 else "are"
        what = f"{show_count(report.gone, 'change')} in {path} {verb} no more"
        say(f"{what}: --write-baseline writes it anew", quiet=quiet)
    return report


def _summarise(report: DriftReport) -> str:
    from recctl.render.drift import summarise_drift

    told = "; ".join(f"{remark.number:,} {remark.text}" for remark in summarise_drift(report))
    return told or "there is nothing to judge"


def _has_drifted(report: DriftReport, *, strict: bool) -> bool:
    from recctl.drift import DriftStatus

    unused = (DriftStatus.UNPLAYED, DriftStatus.IDLE, DriftStatus.UNOPENED)
    return bool(report.drifted or report.new_missed) or (strict and any(map(report.select, unused)))
