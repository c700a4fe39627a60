"""`recctl undo`."""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from recctl.cli import options
from recctl.errors import RecctlError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.journal import Run
    from recctl.plan import Refusal

_FORMATS = ["text", "json"]


class _Outcome(NamedTuple):
    """What became of a run, and what stood in the way."""

    run: Run
    state: str
    refusals: tuple[Refusal, ...] = ()


def command(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run to take back. Default: the last one.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the runs, and what became of them.")] = False,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
    output: options.OutputFile = None,
    quiet: options.Quiet = False,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Take back what a command has changed: every byte restored, new files gone, old ones back.

    A run that was killed is taken back first; where no run is named, that is all. Exits with 0, or with 1
    when files have changed since: then all files of the run stay as they are.
    """
    from recctl.plan import list_runs
    from recctl.render.terminal import escape

    if output_format not in _FORMATS:
        raise RecctlError(f"unknown format {output_format!r}", did_you_mean(output_format, _FORMATS))
    root = options.open_project(config, isolated=isolated).root
    if listed:
        outcomes = [_Outcome(known, known.state) for known in list_runs(root)]
        texts = (f"{known.time}  {_name(known)}: {state}" for known, state, _ in outcomes)
    else:
        outcome = _undo(root, run)
        outcomes = [outcome]
        texts = (f"{_relative(root, refusal.path)}: {refusal.reason}" for refusal in outcome.refusals)
        told = "left as it is" if outcome.state == "applied" else outcome.state
        options.say(f"{_name(outcome.run)}: {told}", quiet=quiet)
    if output_format == "json":
        options.write_output(_dump(root, outcomes), output)
    else:
        options.write_output((f"{escape(text)}\n" for text in texts), output)
    return int(any(outcome.refusals for outcome in outcomes))


def _undo(root: Path, run_id: str | None) -> _Outcome:
    """Take back the run that was interrupted or, unless that is what was wanted, another one."""
    from recctl.plan import recover, undo

    recovered = recover(root)
    if recovered is not None:
        run = recovered.run
        if run.undoes is None and run_id in (None, run.run_id):
            return _Outcome(run, "rolled back", recovered.left)
        options.say(f"{_name(run)}: was interrupted, and rolled back")
    undone = undo(root, run_id)
    return _Outcome(undone.run, undone.run.state, undone.refusals)


def _name(run: Run) -> str:
    files = sum(change.before is not None for change in run.changes)
    return f"run {run.run_id} ({run.command}, {files:,} file{'' if files == 1 else 's'})"


def _relative(root: Path, path: str) -> str:
    return PurePath(os.path.relpath(root / path)).as_posix()


def _dump(root: Path, outcomes: list[_Outcome]) -> Iterator[str]:
    runs = [
        {
            "run": run.run_id,
            "command": run.command,
            "time": run.time,
            "state": state,
            "paths": [_relative(root, change.path) for change in run.changes],
            "refused": [{"path": _relative(root, path), "reason": reason} for path, reason in refusals],
        }
        for run, state, refusals in outcomes
    ]
    yield json.dumps({"version": "recctl.undo.v1", "runs": runs, "errors": []}, indent=2) + "\n"
