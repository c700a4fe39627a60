"""`recctl undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recctl.cli import options
from recctl.cli.completion import complete_runs
from recctl.cli.options import Color
from recctl.cli.output import say, write_output
from recctl.cli.session import make_view, open_project, say_recovered

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.changes.journal import Outcome, Run
    from recctl.changes.tree import Refusal


EXAMPLES = (
    ("recctl undo", "take back the last run"),
    ("recctl undo --list", "the runs that there were"),
)


def command(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="The run to take back. Default: the last one.", autocompletion=complete_runs
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the runs, and what became of them.")] = False,
    output_format: Annotated[str, options.format_option("runs")] = "text",
    output: options.OutputFile = None,
    quiet: options.Quiet = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Take back what a command has changed.

    Every byte is restored: new files are gone, old ones back.

    A run that was killed is taken back first; where no run is named, that is all. Exits with 0, or with 1
    when files have changed since: then all files of the run stay as they are.
    """
    from recctl.changes.plan import list_runs
    from recctl.render import runs, undone
    from recctl.render.runs import name_run

    render = (runs if listed else undone).find_renderer(output_format)
    root = open_project(config, isolated=isolated).root
    _say_foreign(root, quiet=quiet)
    if listed:
        outcomes = [_describe(root, known, known.state) for known in list_runs(root)]
    else:
        outcome = _undo(root, run, quiet=quiet)
        outcomes = [outcome]
        told = "left as it is" if outcome.state == "applied" else outcome.state
        say(f"{name_run(outcome)}: {told}", quiet=quiet)
    write_output(render(outcomes, make_view(color, output)), output)
    return int(any(outcome.refused for outcome in outcomes))


def _say_foreign(root: Path, *, quiet: bool) -> None:
    """Say which runs are not believed."""
    from recctl.changes.plan import list_foreign

    if foreign := list_foreign(root):
        runs, pronoun = ("run", "it") if len(foreign) == 1 else ("runs", "they")
        were = "was" if len(foreign) == 1 else "were"
        names = ", ".join(foreign[:_NAMED])
        more = f" and {len(foreign) - _NAMED:,} more" if len(foreign) > _NAMED else ""
        kept = f"what {pronoun} kept is in .recctl/runs, and can be deleted"
        say(
            f"left out: {runs} {names}{more} {were} not made here by you, but by another user, in another "
            f"folder, by an older recctl, or {pronoun} came with the repository; {kept}",
            quiet=quiet,
        )


_NAMED = 5


def _undo(root: Path, run_id: str | None, *, quiet: bool) -> Outcome:
    """Take back the run that was interrupted or, unless that is what was wanted, another one."""
    from recctl.changes.plan import recover, undo

    recovered = recover(root)
    if recovered is not None:
        run = recovered.run
        if run.undoes is None and run_id in (None, run.run_id):
            return _describe(root, run, "rolled back", recovered.left)
        say_recovered(recovered, quiet=quiet)
    undone = undo(root, run_id)
    return _describe(root, undone.run, undone.run.state, undone.refusals)


def _describe(root: Path, run: Run, state: str, refusals: tuple[Refusal, ...] = ()) -> Outcome:
    from recctl.changes.journal import Outcome
    from recctl.input.sources import show_path

    changes = run.changes
    return Outcome(
        run_id=run.run_id,
        command=run.command,
        time=run.time,
        state=state,
        files=max(
            sum(change.before is not None for change in changes),
            sum(change.after is not None for change in changes),
        ),
        paths=tuple(show_path(root / change.path) for change in changes),
        refused=tuple((show_path(root / refusal.path), refusal.reason) for refusal in refusals),
    )
