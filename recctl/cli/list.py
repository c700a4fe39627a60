"""`recctl list`."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.command import SELECTING
from recctl.cli.options import Color
from recctl.cli.output import check_output, conclude, say, write_output
from recctl.cli.session import make_filter, make_mask, make_view, open_project, say_selected, select_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.input.sources import Selection, Target
    from recctl.inventory.columns import Column
    from recctl.inventory.conditions import Condition
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.listing import Listing
    from recctl.inventory.search import SearchHit
    from recctl.inventory.threads import Threads
    from recctl.naming.filters import Filter
    from recctl.project import Project
    from recctl.recordings.recording import Key
    from recctl.render.inventory import InventoryView
    from recctl.render.kit.view import View
    from recctl.render.page import Conversation


def _complete_column() -> list[str]:
    from recctl.inventory.columns import COLUMNS

    return [*COLUMNS]


EXAMPLES = (
    ("recctl list --where model~gpt-4o --sort -tokens", "the largest of a model"),
    ("recctl list --group-by model", "how many of each"),
    ("recctl list --where state=outdated -l", "paths of what is no longer found"),
    ("recctl list --tree --test tests/test_chat.py", "conversations, turn below turn"),
    ("recctl list --format html -o recordings.html", "all of it as one page"),
)


def command(
    paths: options.Paths = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            "-w",
            metavar="CONDITION",
            help="Only what fits: model~gpt-4o, finish=length, tokens>4000, state!=current, text~word (in "
            "all that was said). Repeatable.",
        ),
    ] = None,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            "--sort",
            metavar="COLUMNS",
            help="By these columns: a,b; -a from high to low.",
            autocompletion=_complete_column,
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="COLUMNS",
            help="Show these: a,b. `recctl help list` has all.",
            autocompletion=_complete_column,
        ),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            "--group-by",
            metavar="COLUMN",
            help="Count recordings by a column.",
            autocompletion=_complete_column,
        ),
    ] = None,
    tree: Annotated[
        bool, typer.Option("--tree", help="Show conversations: each turn below the one that it goes on from.")
    ] = False,
    only_paths: Annotated[bool, typer.Option("-l", help="Paths only: --format paths.")] = False,
    tests: options.Tests = None,
    models: options.Models = None,
    endpoints: options.Endpoints = None,
    providers: options.Providers = None,
    older_than: options.OlderThan = None,
    output_format: Annotated[str, options.format_option("inventory")] = "text",
    output: options.OutputFile = None,
    scheme: options.SchemeName = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: Annotated[
        bool,
        typer.Option(
            "-0",
            help="Paths in --files-from, and the format paths, end with NUL instead.",
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
    """List recordings: test, model, how the reply ends, what it took.

    What is known of recordings is kept in .recctl/, so that only new files are read. On a terminal the output
    goes through RECCTL_PAGER, GIT_PAGER or PAGER.

    Exits with 0, 1 when a file holds no recording, 2 when one could not be opened.
    """
    from recctl.render import threads as thread_formats
    from recctl.render.inventory import find_renderer, summarise_listing

    output_format = _choose_format(output_format, only_paths=only_paths)
    if tree and (columns or group_by or sort or only_paths):
        raise RecctlError("--tree has an order and columns of its own", "leave --sort and the like out")
    render_tree = thread_formats.find_renderer(output_format) if tree else None
    render = find_renderer(output_format)
    chosen = _Choice.read(where, sort, columns, group_by)
    project = open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    selection = select_paths(
        project, paths, files_from, nul=nul and files_from is not None, force_exclude=force_exclude
    )
    check_output(output, project, selection.targets, files_from)
    say_selected(selection, quiet=quiet)
    wanted = make_filter(tests, models, endpoints, providers, older_than)
    listing = _list(project, selection, wanted, chosen)
    page = output_format == "text"
    view = make_view(color, output, verbose=verbose, nul=nul)
    if render_tree is not None:
        threads = _read_threads(selection, listing)
        write_output(render_tree(threads, view), output, page=page)
        return conclude(threads.errors)
    write_output(render(listing, _make_view(project, selection, view)), output, page=page)
    if listing.entries:
        say(summarise_listing(listing), quiet=quiet)
    elif selection.targets:
        say("no recording fits", quiet=quiet)
    return conclude(listing.errors)


class _Choice(NamedTuple):
    """What is listed of the recordings that there are, and how."""

    conditions: tuple[Condition, ...]
    words: tuple[str, ...]
    order: tuple[tuple[Column, bool], ...]
    columns: tuple[Column, ...]
    grouped_by: Column | None

    @classmethod
    def read(
        cls,
        where: list[str] | None,
        sort: list[str] | None,
        columns: list[str] | None,
        group_by: str | None,
    ) -> _Choice:
        """What the options say. Raises RecctlError."""
        from recctl.inventory.columns import SHOWN, find_column
        from recctl.inventory.conditions import parse_condition

        conditions = [parse_condition(text) for text in where or ()]
        return cls(
            tuple(each for each in conditions if not isinstance(each, str)),
            tuple(each for each in conditions if isinstance(each, str)),
            tuple((find_column(name.removeprefix("-")), name.startswith("-")) for name in _split(sort)),
            tuple(find_column(name) for name in _split(columns) or SHOWN),
            find_column(group_by) if group_by is not None else None,
        )


def _split(words: list[str] | None) -> list[str]:
    return [name.strip() for word in words or () for name in word.split(",") if name.strip()]


def _choose_format(output_format: str, *, only_paths: bool) -> str:
    if only_paths and output_format != "text":
        raise RecctlError(f"-l and --format {output_format} can't be combined", "leave one of them out")
    return "paths" if only_paths else output_format


def _list(project: Project, selection: Selection, wanted: Filter, chosen: _Choice) -> Listing:
    """What fits, in its order."""
    from recctl.inventory.index import read_index
    from recctl.inventory.listing import Listing, filter_entries, sort_entries
    from recctl.render.kit.progress import show_progress

    with show_progress(len(selection.targets)) as watch:
        index = read_index(project, selection, watch=watch)
    let_through = filter_entries(project, index.entries, wanted)
    entries = [entry for entry in let_through if all(each.holds(entry) for each in chosen.conditions)]
    hits: dict[Key, tuple[SearchHit, ...]] = {}
    if chosen.words:
        from recctl.inventory.search import search_files

        paths = {entry.facts.path for entry in entries}
        hits = search_files([t for t in selection.targets if t.file in paths], chosen.words)
        entries = [entry for entry in entries if entry.key in hits]
    ordered = tuple(sort_entries(entries, chosen.order))
    return Listing(ordered, chosen.columns, chosen.grouped_by, hits, index.errors)


def _make_view(project: Project, selection: Selection, view: View) -> InventoryView:
    """The view, with what a page is made of."""
    from recctl.render import extend_view
    from recctl.render.inventory import InventoryView

    mask = make_mask(project)
    describe = partial(_describe_conversations, selection, mask)
    return extend_view(view, InventoryView, mask=mask, describe_conversations=describe)


def _describe_conversations(
    selection: Selection, mask: Callable[[str], str], entries: Sequence[IndexEntry]
) -> Iterator[Conversation]:
    """What a page shows of each recording, read from its file; of one that can't be read, why."""
    from recctl.base.parallel import map_files
    from recctl.render.page import Conversation

    targets = {target.file: target._replace(number=None) for target in selection.targets}
    by_file = groupby(entries, key=lambda entry: entry.facts.path)
    wanted = [(targets[path], [entry.key for entry in group]) for path, group in by_file]
    described = map_files(partial(_describe_file, mask=mask), wanted, None)
    for (_, keys), told in zip(wanted, described, strict=True):
        yield from (told.get(key) or Conversation(("it can't be shown",), ()) for key in keys)


def _describe_file(wanted: tuple[Target, list[Key]], mask: Callable[[str], str]) -> dict[Key, Conversation]:
    from recctl.input.sources import read
    from recctl.recordings.attempt import attempt
    from recctl.recordings.load import load
    from recctl.recordings.recording import Recording
    from recctl.recordings.source import Unread
    from recctl.render.page.conversation import describe_conversation
    from recctl.wire import read_exchange

    target, keys = wanted
    source = read(target)
    told: dict[Key, Conversation] = {}
    for item in () if isinstance(source, Unread) else load(source):
        if isinstance(item, Recording) and item.key in keys:
            shown = attempt(str(item.key), lambda item=item: describe_conversation(read_exchange(item), mask))
            if not isinstance(shown, Unread):
                told[item.key] = shown
    return told


def _read_threads(selection: Selection, listing: Listing) -> Threads:
    """The conversations that the listed recordings make up."""
    from recctl.input.sources import Selection, load_all
    from recctl.inventory.threads import Threads, find_threads
    from recctl.recordings.attempt import attempt
    from recctl.recordings.recording import Recording
    from recctl.wire import Exchange, read_exchange

    keys = {entry.key for entry in listing.entries}
    paths = {entry.facts.path for entry in listing.entries}
    targets = tuple(target for target in selection.targets if target.file in paths)
    read = [
        attempt(str(item.key), read_exchange, item) if isinstance(item, Recording) else item
        for item in load_all(Selection(targets))
    ]
    exchanges = [item for item in read if isinstance(item, Exchange) and item.recording.key in keys]
    errors = tuple(item for item in read if not isinstance(item, Exchange))
    return Threads(find_threads(exchanges), (*listing.errors, *errors))
