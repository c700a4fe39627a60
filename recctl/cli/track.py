"""`recctl track`."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.command import Command
from recctl.cli.output import check_output, say, write_output
from recctl.cli.session import make_mask, open_project
from recctl.input.sources import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.project import Project
    from recctl.testsuite.track import Play, Tracked

_COMBINE = "combine"


class CommandClass(Command):
    """A command whose own options end where the command that it runs begins, with or without `--`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as always, but take what follows the first word as it is, unless files are to be combined."""
        ctx.allow_interspersed_args = False
        found, _, _ = self.make_parser(ctx).parse_args(list(args))
        ctx.allow_interspersed_args = _COMBINE in (found["words"] or ())[:1]
        return super().parse_args(ctx, args)


EXAMPLES = (
    ("recctl track -- pytest", "then recctl drift or recctl prune"),
    ("recctl track -o track-1.json -- pytest tests/unit", "one of several jobs"),
    ("recctl track combine track-*.json -o track.json", "what they saw together"),
)


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[--] COMMAND... | combine FILE...",
            help="What to run, or the files to combine.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write what was noted. Default: .recctl/track.json.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Run a command; note which recordings it plays, what it sends.

    What it does itself counts, and what every Python process below it does. Options of track come first:
    what follows the first other word belongs to the command. `recctl drift` and `recctl prune` go by this.

    Exits as the command does. `recctl track combine FILE...` makes one file of those of several jobs; it
    exits with 1 when one of their runs is not complete.
    """
    from recctl.changes.state import STATE_FOLDER
    from recctl.testsuite.track import LAST_RUN, Tracked, combine, read_tracked

    project = open_project(config, isolated=isolated)
    if output is not None and Path(os.path.abspath(output)) == project.root / STATE_FOLDER / LAST_RUN:  # noqa: PTH100
        output = None
    combined = words[1:] if words[0] == _COMBINE else []
    check_output(output, project, (), *combined, kind="track")
    if words[0] == _COMBINE:
        if not words[1:]:
            raise RecctlError("there is nothing to combine", "name files that recctl track has written")
        tracked = _mask(combine([read_tracked(Path(name)) for name in words[1:]]), project)
        _write(tracked, project.root, output)
        _say_summary(tracked, "", quiet=quiet)
        return int(not tracked.complete)
    from recctl.testsuite.track.run import require_program, run_tracked

    require_program(words[0])
    if output != STDIN:
        none = frozenset[str]()
        _write(Tracked(False, "the run has not ended", none, {}, none, {}), project.root, output)
    ended = run_tracked(project, words)
    tracked = _mask(ended.tracked, project)
    _write(tracked, project.root, output)
    where = f" in {show_count(ended.processes, 'process', 'processes')}"
    _say_summary(tracked, where, quiet=quiet)
    return ended.code


def _mask(tracked: Tracked, project: Project) -> Tracked:
    """The run without the secrets in what was sent, in what is kept and in what is said of them."""
    if not (any(map(_has_request, tracked.plays)) or tracked.missed or tracked.troubles):
        return tracked
    from recctl.render.kit.masking import mask_texts
    from recctl.testsuite.track.plays import join_equal

    mask = partial(mask_texts, mask=make_mask(project))
    plays = (
        replace(play, sent=mask(play.sent), kept=mask(play.kept), reason=mask(play.reason))
        if _has_request(play)
        else play
        for play in tracked.plays
    )
    missed = (replace(miss, sent=mask(miss.sent), reason=mask(miss.reason)) for miss in tracked.missed)
    troubles = tuple(sorted({mask(trouble) for trouble in tracked.troubles}))
    return tracked._replace(plays=join_equal(plays), missed=join_equal(missed), troubles=troubles)


def _has_request(play: Play) -> bool:
    """Whether anything of a request is told with a play."""
    return bool(play.sent or play.kept or play.reason)


def _write(tracked: Tracked, root: Path, output: str | None) -> None:
    """Write what was opened where it is wanted, whole or not at all."""
    from recctl.base.errors import describe_os_error
    from recctl.changes.disk import replacing
    from recctl.changes.state import STATE_FOLDER, StateFolder
    from recctl.render.kit.log import disarm_pieces, goes_to_log
    from recctl.testsuite.track import LAST_RUN, dump_tracked

    text = dump_tracked(tracked)
    if output == STDIN:
        write_output(disarm_pieces([text], "json") if goes_to_log(output) else [text], output)
        return
    path = root / STATE_FOLDER / LAST_RUN if output is None else Path(output)
    try:
        if output is None:
            StateFolder(root).write(LAST_RUN, text.encode())
        else:
            with replacing(path) as file:
                file.write(text.encode())
    except OSError as error:
        name = PurePath(os.path.relpath(path)).as_posix()
        raise RecctlError(
            f"{name}: {describe_os_error(error)}", "name a file that can be written with -o"
        ) from None


def _say_summary(tracked: Tracked, where: str, *, quiet: bool) -> None:
    """Say what was opened, how the tests went, and whether that is evidence."""
    from recctl.testsuite.track import OUTCOMES

    opened, files = len(tracked.opened), len(tracked.opened) + len(tracked.unopened)
    outcomes = Counter(tracked.outcomes.values())
    counted = ", ".join(f"{outcomes[outcome]:,} {outcome}" for outcome in OUTCOMES if outcomes[outcome])
    text = f"opened {opened:,} of {show_count(files, 'file')}{where}"
    say(f"{text}; {f'tests: {counted}' if counted else 'no test was seen'}", quiet=quiet)
    for line in _describe_plays(tracked):
        say(line, quiet=quiet)
    if not tracked.complete:
        say(f"this is no evidence against any recording: {tracked.reason}", quiet=quiet)


def _describe_plays(tracked: Tracked) -> Iterator[str]:
    """What recorders played and missed, and what of it could not be seen."""
    from recctl.testsuite.track import describe_troubles
    from recctl.testsuite.track.plays import DIFFERENT, UNSEEN

    played = {(play.path, play.number) for play in tracked.plays}
    played -= {(path, None) for path, number in played if number is not None}
    differing = {(play.path, play.number) for play in tracked.plays if play.result == DIFFERENT}
    unseen = sum(play.times for play in tracked.plays if play.result == UNSEEN)
    if tracked.plays or tracked.missed:
        times = sum(play.times for play in tracked.plays)
        told = [f"played {show_count(len(played), 'recording')} {show_count(times, 'time')}"]
        if differing:
            told.append(f"for {len(differing):,} of them another request was sent than the one that is kept")
        if missed := len(tracked.missed):
            told.append(f"{show_count(missed, 'request')} found no recording")
        yield f"{'; '.join(told)}{': recctl drift tells more' if told[1:] else ''}"
    if unseen:
        yield f"what was sent could not be seen in {show_count(unseen, 'play')}: recctl drift tells why"
    yield from describe_troubles(tracked)
