"""What goes, as a plan: files into the trash, or just away where git has them; recordings out of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.changes.plan import Applied, Delete, HeldBack, Plan, Rewrite, apply
from recctl.changes.tree import Refusal
from recctl.input.sources import Target, read
from recctl.naming.ages import read_git_state
from recctl.prune.protection import relate
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.changes.plan import Step
    from recctl.naming.facts import Facts
    from recctl.project import Project
    from recctl.prune.verdicts import PruneVerdict


class Removed(NamedTuple):
    """What became of the plan, and how many recordings were taken out of files that stay."""

    applied: Applied
    taken_out: int


def remove(project: Project, verdicts: Sequence[PruneVerdict], *, without_copy: bool = False) -> Removed:
    """Delete files, and take recordings out of others, by one run that can be undone, each file on its own.

    They must have been examined by an inquiry that `removes`; what has changed since stays. Copies are kept
    in the trash, `without_copy` only of what git's HEAD does not have as it is, or what loses a part.
    Raises RecctlError as `plan.apply` does, and when git can't tell what it has.
    """
    state = read_git_state(project.root) if without_copy else None
    groups: list[tuple[Step]] = []
    held_back: list[HeldBack] = []
    by_file: dict[str, list[Facts]] = {}
    for verdict in verdicts:
        by_file.setdefault(verdict.facts.path, []).append(verdict.facts)
    for recordings in by_file.values():
        facts = recordings[0]
        path = relate(facts, project.root)
        if path is None:
            place = Path(os.path.relpath(facts.location, project.root)).as_posix()
            held_back.append(HeldBack((), Refusal(place, "lies outside the root")))
        elif any(each.number is None for each in recordings):
            has_blob = state is not None and state.has_at_head(path)
            blob = f"{state.head}:./{path}" if state is not None and has_blob else None
            groups.append((Delete(path, facts.digest or _UNKNOWN, blob),))
        else:
            step = _take_out(project, path, recordings)
            if isinstance(step, Refusal):
                held_back.append(HeldBack((), step))
            else:
                groups.append((step,))
    applied = apply(project.root, Plan("prune", tuple(groups))) if groups else Applied(None, (), ())
    changed = {step.path for group in applied.done for step in group if isinstance(step, Rewrite)}
    taken_out = sum(
        len(recordings)
        for recordings in by_file.values()
        if changed and relate(recordings[0], project.root) in changed
    )
    whole = Applied(applied.run_id, applied.done, (*held_back, *applied.held_back))
    return Removed(whole, taken_out)


def _take_out(project: Project, path: str, recordings: Sequence[Facts]) -> Rewrite | Refusal:
    """How a file comes to be without some of its recordings: all in one splice, the rest to the byte."""
    facts = recordings[0]
    source = read(Target(path, project.settings_for(facts.location), facts.location))
    if not isinstance(source, Source) or sha256(source.content) != facts.digest:
        return Refusal(path, "has changed since")
    gone = {each.number - 1: None for each in recordings if each.number is not None}
    content = attempt(path, load_format(facts.format).edit, source, gone)
    if not isinstance(content, bytes):
        return Refusal(path, "its recordings can't be taken out without a change to the others")
    return Rewrite(path, facts.digest, content)


_UNKNOWN = ""
"""The digest of what could not be read: no file has it."""
