"""Text for people: runs, what became of them, and what comes back from the trash and from git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.terminal import Span, line, render_lines
from recctl.restore import HEAD, TRASH, Status
from recctl.text.amounts import show_count, show_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render import View
    from recctl.render.terminal import Line
    from recctl.restore import Lost, Restoration

_STATES = {"emptied": "applied, can't be undone: its copies were thrown away"}

_STYLES = {
    Status.RESTORABLE: "bold cyan",
    Status.RESTORED: "bold green",
    Status.HELD_BACK: "bold yellow",
    Status.EXISTS: "bold yellow",
    Status.NOT_FOUND: "bold red",
}


def render_runs(outcomes: Iterable[Outcome], view: View) -> Iterator[str]:
    """Runs, a line each."""
    lines = (line(f"{run.time}  {name_run(run)}: {_STATES.get(run.state, run.state)}") for run in outcomes)
    yield from render_lines(lines, view._replace(width=None))


def render_undone(outcomes: Iterable[Outcome], view: View) -> Iterator[str]:
    """What stays as it is of runs that were to be taken back, a line for each file."""
    lines = (line(f"{path}: {reason}") for run in outcomes for path, reason in run.refused)
    yield from render_lines(lines, view._replace(width=None))


def name_run(run: Outcome) -> str:
    """A run as people speak of it."""
    return f"run {run.run_id} ({run.command}, {show_count(run.files, 'file')})"


def render_restoration(restoration: Restoration, view: View) -> Iterator[str]:
    """What was asked for, a line each: what becomes of it, how large it is, from where, of which test."""
    files = restoration.files
    width = max((len(lost.status) for lost in files), default=0)
    sizes = ["" if lost.size is None else show_size(lost.size) for lost in files]
    room = max(map(len, sizes), default=0)
    lines = (_tell_lost(lost, width, size.rjust(room)) for lost, size in zip(files, sizes, strict=True))
    yield from render_lines(lines, view._replace(width=None))


def _tell_lost(lost: Lost, width: int, size: str) -> Line:
    told = ", ".join(filter(None, (lost.reason, _origin(lost.origin), lost.test_id)))
    return line(
        Span(lost.status, _STYLES[lost.status]),
        " " * (width - len(lost.status) + 2),
        f"{size}  " if size else "",
        Span(lost.path, "bold"),
        Span(f"  {told}", "dim"),
    )


def _origin(origin: str | None) -> str:
    if origin is None:
        return ""
    return {TRASH: "from the trash", HEAD: "from HEAD"}.get(origin, f"removed in {origin[:12]}")


def summarise_restoration(restoration: Restoration) -> str | None:
    """What it comes to, in a line; None when nothing was found."""
    counted = {status: [lost for lost in restoration.files if lost.status is status] for status in Status}
    back, possible = counted[Status.RESTORED], counted[Status.RESTORABLE]
    if back:
        return f"restored {_sum(back)}; `recctl undo {restoration.run_id}` takes it back"
    return f"{_sum(possible)} can be restored; --apply does it" if possible else None


def _sum(files: list[Lost]) -> str:
    size = sum(lost.size or 0 for lost in files)
    noun = "file" if any(lost.may_hold_several for lost in files) else "recording"
    return f"{show_count(len(files), noun)} ({show_size(size)})"
