"""What the commands share: their options, and the way from options to values."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from recctl.errors import RecctlError, suggest
from recctl.input.sources import LOOKED_FOR, STDIN, Selection, read_file_list, select, sift_list
from recctl.project import Project, find_project
from recctl.recordings.source import Unread
from recctl.render import FORMATS, View
from recctl.render.log import goes_to_log, make_line
from recctl.text.amounts import show_count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from typer.models import OptionInfo

    from recctl.changes.plan import Recovered
    from recctl.input.sides import Sides
    from recctl.input.sources import Target
    from recctl.project import Settings
    from recctl.recordings.recording import LoadError
    from recctl.schemes import Scheme


_Item = TypeVar("_Item")


class Color(StrEnum):
    """When to colour the output."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def format_option(kind: str) -> OptionInfo:
    """The option `--format` of a command whose results are of that kind."""
    names = list(FORMATS[kind])
    text = f"{', '.join(names[:-1])} or {names[-1]}."
    option: OptionInfo = typer.Option("--format", metavar="FORMAT", help=text, autocompletion=lambda: names)
    return option


def complete_scheme() -> list[str]:
    """The names of hash schemes, for the completion of shells."""
    from recctl.schemes import RELEASED

    return [scheme.name for scheme in RELEASED]


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATHS]...",
        help="Files, folders, REV:path for a file of a git revision, or - for standard input. "
        "Default: the configured paths, else the current folder.",
        show_default=False,
    ),
]
Places = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATHS]...",
        help="Files, folders, or the first digits of a hash. Default: the configured paths, else the "
        "current folder.",
        show_default=False,
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from", metavar="FILE", help="Read paths from FILE (- for standard input), one a line."
    ),
]
Nul = Annotated[bool, typer.Option("-0", help="Paths in --files-from end with NUL instead.")]
ForceExclude = Annotated[
    bool, typer.Option("--force-exclude", help="Leave out what `exclude` matches even when it is named.")
]
SchemeName = Annotated[
    str | None,
    typer.Option(
        "--scheme",
        metavar="NAME",
        help="The hash scheme that the recorder uses.",
        autocompletion=complete_scheme,
    ),
]
MaxSize = Annotated[
    str | None, typer.Option("--max-size", metavar="SIZE", help="Do not read files larger than this (64MB).")
]
Tests = Annotated[
    list[str] | None,
    typer.Option(
        "--test", metavar="ID", help="Only this test's: its id, or a part of it that ends at /, :: or [."
    ),
]
OutputFile = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Write the results to FILE.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Results only: no summary.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show more.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even when there are findings.")]
ColorChoice = Annotated[Color, typer.Option("--color", help="When to colour the output.")]
Config = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="Use this configuration file, no other.")
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Use no configuration file at all.")]


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
    from recctl.schemes import RELEASED

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


def make_view(color: Color, output: str | None, *, verbose: bool = False) -> View:
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
    return View(has_color, width, verbose, is_log=goes_to_log(output))


def make_mask(project: Project) -> Callable[[str], str]:
    """What masks the secrets in texts that are shared, from whatever part of the project they come."""
    from functools import partial

    from recctl.checks.secret import mask_secrets

    return partial(mask_secrets, settings=project.secrets_anywhere())


def write_output(pieces: Iterable[str], output: str | None, *, page: bool = False) -> None:
    """Write results to a file, or to standard output by any name; a reader that has had enough is no error.

    With `page`, what goes to a terminal goes through the user's pager.
    """
    if output in (None, STDIN, "/dev/stdout"):
        if page and sys.stdout.isatty() and _write_to_pager(pieces):
            return
        try:
            for piece in pieces:
                sys.stdout.write(piece)
            sys.stdout.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                from recctl.changes.disk import describe

                raise RecctlError(f"standard output can't be written: {describe(error)}") from None
        return
    from recctl.changes.disk import describe, replacing
    from recctl.cli.output import check_replaceable

    check_replaceable(output)
    try:
        if has_other_names(Path(output)):
            say(f"{output}: by its other names (hard links), the file stays as it was")
        with replacing(Path(output), keeps_links=False) as file:
            file.writelines(piece.encode("utf-8", "backslashreplace") for piece in pieces)
    except OSError as error:
        raise RecctlError(f"{output}: {describe(error)}", "name a file that can be written") from None


def has_other_names(path: Path) -> bool:
    """Whether a file is there that has several names (hard links)."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def check_output(
    output: str | None,
    project: Project,
    targets: Iterable[Target] = (),
    *others: str | None,
    kind: str | None = None,
) -> None:
    """Raises RecctlError when results would be written over what is read, or over what is no result.

    `others` are files that options name; `kind` is that of a document that is read again.
    """
    if output is None or output == STDIN:
        return
    from recctl.cli.output import check_replaceable

    with suppress(OSError):
        status = os.stat(output)  # noqa: PTH116  (for an empty name, too)
        looked_at = (target.path for target in targets if not target.spec)
        for path in (project.config, *looked_at, *(Path(other) for other in others if other)):
            with suppress(OSError):
                if path is not None and os.path.samestat(path.stat(), status):
                    raise RecctlError(f"{output}: is looked at itself", "name another file with -o")
    check_replaceable(output, kind)


def _write_to_pager(pieces: Iterable[str]) -> bool:
    """Write to the pager that the environment names; false when there is none to be had."""
    import signal
    import subprocess

    named = (os.environ.get(name) for name in ("RECCTL_PAGER", "GIT_PAGER", "PAGER"))
    command = _split_command(next((name for name in named if name is not None), "less"))
    if not command or command == ["cat"]:
        return False
    env = {"LESS": "FRX", "LV": "-c", **os.environ}
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=env)  # noqa: S603  (the user's own words)
    except OSError:
        return False
    assert pager.stdin is not None  # noqa: S101  (it is a pipe, as asked above)
    try:
        for piece in pieces:
            pager.stdin.write(piece.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        pass  # the reader has had enough
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the pager's as long as that runs
        with suppress(BrokenPipeError):
            pager.stdin.close()
        pager.wait()
        signal.signal(signal.SIGINT, before)
    return True


def _split_command(text: str) -> list[str]:
    """A command as a list of words, by way of a shell where it needs one, as git runs a pager."""
    import shlex

    if not _SHELL_MARKS.isdisjoint(text):
        return ["sh", "-c", text]
    try:
        return shlex.split(text)
    except ValueError:  # a quotation without its end
        return []


_SHELL_MARKS = frozenset("|&;<>()$`*?[#~=%")


def note_failures(items: Iterable[_Item], failures: list[LoadError | Unread]) -> Iterator[_Item]:
    """The items as they come; those that could not be looked at are added to `failures`."""
    from recctl.recordings.recording import LoadError

    for item in items:
        if isinstance(item, (LoadError, Unread)):
            failures.append(item)
        yield item


def say_unmatched(sides: Sides, *, quiet: bool) -> None:
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


def decide(failures: Collection[LoadError | Unread], *, fails: bool = False) -> int:
    """The exit code of a command that could not read all it was to read: 2 for what could not be opened."""
    if any(isinstance(failure, Unread) and not failure.too_large for failure in failures):
        return 2
    return int(fails or bool(failures))


def say(text: str, *, quiet: bool = False) -> None:
    """Tell the user something that is no result, on standard error."""
    if not quiet:
        with suppress(OSError):  # nobody is left to be told
            sys.stderr.write(f"{make_line(text)}\n")


def say_failure(failure: LoadError | Unread) -> None:
    """Tell, in one line, why a file was not looked at or holds no recording, and what to do."""
    if isinstance(failure, Unread):
        where = failure.name
    else:
        where = str(failure.key)
        if failure.position is not None:
            where = f"{failure.name}:{failure.position.line}:{failure.position.column}"
    say(f"error: {where}: {failure.message} ({failure.hint})")
