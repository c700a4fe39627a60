"""`recctl stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import make_filter, make_view, open_project, say_selected, select_paths

if TYPE_CHECKING:
    from recctl.input.sources import Selection
    from recctl.inventory.index import RecordingIndex
    from recctl.project import Project


EXAMPLES = (
    ("recctl stats", "all that is configured, or lies here"),
    ("recctl stats tests/unit", "of a folder"),
    ("recctl stats --provider openai --older-than 1y", "of what was recorded long ago"),
    ("recctl stats --format json", "for a program"),
)


def command(
    paths: options.Paths = None,
    tests: options.Tests = None,
    models: options.Models = None,
    endpoints: options.Endpoints = None,
    providers: options.Providers = None,
    older_than: options.OlderThan = None,
    output_format: Annotated[str, options.format_option("stats")] = "text",
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
    """Count recordings by model, provider, endpoint, test file, age.

    Exits with 0, 1 when a file holds no recording, 2 when one could not be opened.
    """
    from recctl.inventory.listing import filter_entries
    from recctl.inventory.statistics import compute_statistics
    from recctl.render.stats import find_renderer

    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    selection = select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude)
    check_output(output, project, selection.targets, files_from)
    say_selected(selection, quiet=quiet)
    wanted = make_filter(tests, models, endpoints, providers, older_than)
    index = _read_index(project, selection)
    entries = filter_entries(project, index.entries, wanted)
    statistics = compute_statistics(project, entries, index.errors)
    if entries:
        view = make_view(color, output, verbose=verbose)
        write_output(render(statistics, view), output, page=output_format == "text")
    elif selection.targets:
        nothing = "no recording fits" if index.entries else "there is no recording in what was named"
        say(nothing, quiet=quiet)
    return conclude(index.errors)


def _read_index(project: Project, selection: Selection) -> RecordingIndex:
    from recctl.inventory.index import read_index
    from recctl.render.kit.progress import show_progress

    with show_progress(len(selection.targets)) as watch:
        return read_index(project, selection, watch=watch)
