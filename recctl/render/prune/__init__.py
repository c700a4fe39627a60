"""Which recordings can go, and what that comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count, show_size
from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.changes.journal import Trash
    from recctl.prune import PruneReport
    from recctl.prune.removal import Removed
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[PruneReport, View], Iterator[str]]:
    """What shows evidence in a format. Raises RecctlError where there is no such format."""
    return load_renderer("prune", name)


def summarise_prune(report: PruneReport, *, verbose: bool = False) -> str:
    """What an examination comes to, in a line."""
    examined = show_count(report.examined, report.noun)
    if not report.stale:
        return f"examined {examined}: none can go"
    singles = report.stale_singles
    which = f"{len(report.stale_files):,}" if report.stale_files or not singles else ""
    if singles:
        files = len({verdict.facts.path for verdict in singles})
        among = f"{show_count(len(singles), 'recording')} in {show_count(files, 'file')}"
        which = f"{show_count(len(report.stale_files), 'file')} and {among}" if which else among
    which += f" can go ({show_size(report.stale_size)})"
    proof = "" if verbose else "-v shows the proof for each, "
    return f"examined {examined}: {which}; nothing was deleted: {proof}--apply moves them to the trash"


def summarise_removal(removed: Removed, report: PruneReport) -> str:
    """What a deletion comes to, in a line."""
    from recctl.changes.plan import Delete

    applied, taken_out = removed.applied, removed.taken_out
    if applied.run_id is None:
        return f"examined {show_count(report.examined, report.noun)}: nothing was deleted"
    steps = [step for group in applied.done for step in group]
    deleted = [step for step in steps if isinstance(step, Delete)]
    gone = sum(step.blob is not None for step in deleted)
    kept = len(deleted) - gone
    told = [f"moved {show_count(kept, report.noun)} to the trash"] if kept else []
    told += [f"deleted {show_count(gone, report.noun)} that git has"] if gone else []
    if taken_out:
        files = show_count(len(steps) - len(deleted), "file")
        told.append(f"took {show_count(taken_out, 'recording')} out of {files}")
    return f"{' and '.join(told)}; `recctl undo {applied.run_id}` takes it back"


def summarise_trash(trash: Trash, *, emptied: bool) -> str:
    """What emptying the trash comes to, in a line."""
    if not trash.runs:
        return "the trash is empty"
    copies, runs = show_count(trash.files, "copy", "copies"), show_count(len(trash.runs), "run")
    what = f"{copies} ({show_size(trash.size)}) of {runs}"
    if emptied:
        return f"threw away {what}, which can't be undone any more"
    return f"the trash holds {what}; --apply throws them away, and they can't be undone then"
