"""From options to values: the project, what was selected of it, and how results are looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError, suggest
from recctl.cli.options import Color
from recctl.cli.output import say
from recctl.input.sources import LOOKED_FOR, STDIN, Selection, read_file_list, select, sift_list
from recctl.project import Project, find_project
from recctl.recordings.source import Unread
from recctl.render.kit.log import goes_to_log
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.changes.plan import Recovered
    from recctl.input.revisions import ComparedTargets
    from recctl.naming.filters import Filter
    from recctl.project import SecretSettings, Settings
    from recctl.project.schemes import Scheme
    from recctl.recordings.recording import LoadError

_Item = TypeVar("_Item")


def open_project(
    config: str | None,
    *,
    isolated: bool,
    scheme: str | None = None,
    max_size: str | None = None,
) -> Project:
    """The project of the current folder, with what the command line sets for all of it.

    Raises RecctlError for a configuration that can't be read, and where a scheme is wanted that there is not.
    """
    from recctl.project import parse_size

    project = find_project(Path.cwd(), Path(config) if config else None, isolated=isolated)
    changes: dict[str, str | int] = {}
    if scheme is not None:
        changes["scheme"] = scheme
    if max_size is not None:
        try:
            changes["max_size"] = parse_size(max_size)
        except ValueError as error:
            raise RecctlError(f"--max-size {error}") from None
    project = project.with_settings(**changes) if changes else project
    for settings in project.all_settings():
        if settings.scheme is not None:
            find_scheme(settings.scheme, settings)
    return project


def find_scheme(name: str, settings: Settings) -> Scheme:
    """The scheme of that name. Raises RecctlError when there is none."""
    from recctl.project.schemes import RELEASED

    known = {scheme.name: scheme for scheme in (*RELEASED, *settings.schemes)}
    if name not in known:
        raise RecctlError(f"unknown scheme {name!r}", suggest(name, [*known]))
    return known[name]


def select_paths(
    project: Project,
    paths: list[str] | None,
    files_from: str | None,
    *,
    nul: bool,
    force_exclude: bool = False,
    tests: list[str] | None = None,
) -> Selection:
    """What the paths on the command line, or in a list, or in the configuration stand for.

    With `tests`, only what holds recordings of these. Raises RecctlError for one that nothing is of.
    """
    named, gone = list(paths or ()), 0
    if files_from is not None:
        if files_from == STDIN and STDIN in named:
            raise RecctlError(
                "standard input can't be both a list of files and a recording", "name one as a file"
            )
        listed, gone = sift_list(project, read_file_list(files_from, nul=nul))
        named += listed
    elif not named:
        named = [str(project.root / path) for path in project.paths] or ["."]
    selection = select(project, named, force_exclude=force_exclude)._replace(gone=gone)
    if not tests or not selection.targets:
        return selection
    from recctl.naming.neighbours import keep_tests

    return keep_tests(selection, tests)


def refuse_both(*, apply: bool, dry_run: bool) -> None:
    """Raises RecctlError where something is to be done and only to be shown."""
    if apply and dry_run:
        raise RecctlError("--apply and --dry-run can't be combined", "leave one of them out")


def make_filter(
    tests: list[str] | None,
    models: list[str] | None,
    endpoints: list[str] | None,
    providers: list[str] | None,
    older_than: str | None,
) -> Filter:
    """Which recordings are looked at, by the options that say so. Raises RecctlError for what is no age."""
    from recctl.naming.filters import Filter, parse_age

    try:
        age = None if older_than is None else parse_age(older_than)
    except ValueError as error:
        raise RecctlError(f"--older-than {error}") from None
    return Filter(age, *(tuple(words or ()) for words in (tests, models, endpoints, providers)))


def say_selected(selection: Selection, *, quiet: bool, with_companions: bool = False) -> None:
    """Tell what of a list is not there, and what was looked for where folders hold no recording at all.

    `with_companions` is for commands to which the files that belong to recordings are something, too.
    """
    if selection.gone:
        verb = "is" if selection.gone == 1 else "are"
        say(f"{show_count(selection.gone, 'listed file')} {verb} not there, and passed over", quiet=quiet)
    found = selection.targets or selection.unread or (with_companions and selection.companions)
    if selection.folders and not found:
        say(f"no recordings found in {', '.join(selection.folders)}", quiet=quiet)
        say(f"hint: {LOOKED_FOR}", quiet=quiet)


def make_view(
    color: Color, output: str | None, *, verbose: bool = False, summary: bool = True, nul: bool = False
) -> View:
    """How to show results: what the options say, else the environment, else what standard output is."""
    is_terminal = output is None and sys.stdout.isatty()
    if color is Color.AUTO:
        has_color = bool(os.environ.get("FORCE_COLOR")) or (is_terminal and os.environ.get("TERM") != "dumb")
        has_color = has_color and not os.environ.get("NO_COLOR") and output is None
    else:
        has_color = color is Color.ALWAYS
    width = None
    if is_terminal:
        from shutil import get_terminal_size

        width = get_terminal_size().columns
    return View(
        color=has_color,
        width=width,
        verbose=verbose,
        summary=summary,
        nul=nul,
        is_log=goes_to_log(output),
        has_links=is_terminal and has_color,
    )


def choose_baseline(project: Project, named: str | None, configured: str | None) -> str | None:
    """The file of what is known: the one that is named, else the configured one; none where "" is named."""
    if named is not None or configured is None:
        return named or None
    from recctl.input.sources import show_path

    return show_path(project.root / configured)


def make_mask(project: Project) -> Callable[[str], str]:
    """What masks the secrets in texts that are shared, from whatever part of the project they come."""
    from functools import partial

    return partial(_mask_secrets, settings=project.secrets_anywhere())


def _mask_secrets(text: str, settings: SecretSettings) -> str:
    from recctl.checks.secret import mask_secrets  # which most outputs have no use for

    return mask_secrets(text, settings)


def note_failures(items: Iterable[_Item], failures: list[LoadError | Unread]) -> Iterator[_Item]:
    """The items as they come; those that could not be looked at are added to `failures`."""
    from recctl.recordings.recording import LoadError

    for item in items:
        if isinstance(item, (LoadError, Unread)):
            failures.append(item)
        yield item


def say_unmatched(sides: ComparedTargets, *, quiet: bool) -> None:
    """Tell the words that were to narrow a comparison down and match nothing."""
    for word in sides.unmatched:
        say(f"{word}: matches no recording", quiet=quiet)


def recover_interrupted(root: Path, *, quiet: bool) -> None:
    """Take back what a killed run has left half done, before a command that changes files reads any.

    Raises RecctlError as `plan.recover` does.
    """
    from recctl.changes.plan import recover

    recovered = recover(root)
    if recovered is not None:
        say_recovered(recovered, quiet=quiet)


def say_recovered(recovered: Recovered, *, quiet: bool) -> None:
    """Tell that an interrupted run was taken back, and (always) what of it was not."""
    say(f"took back run {recovered.run.run_id}, which was interrupted", quiet=quiet)
    for refusal in recovered.left:
        say(f"left as it is: {refusal.path}: {refusal.reason}")
