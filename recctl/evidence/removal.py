"""Recordings that go, as a plan: into the trash, or out of the tree where git has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.evidence.protection import relate
from recctl.naming.ages import read_git_state
from recctl.plan import Applied, Delete, HeldBack, Plan, apply
from recctl.tree import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.evidence.verdicts import Verdict
    from recctl.project import Project


def remove(project: Project, verdicts: Sequence[Verdict], *, without_copy: bool = False) -> Applied:
    """Delete recordings by one run that can be undone, each on its own; what has changed since stays.

    They must have been examined by an inquiry that `removes`. Copies are kept in the trash, `without_copy`
    only of what git's HEAD does not have as it is.
    Raises RecctlError as `plan.apply` does, and when git can't tell what it has.
    """
    state = read_git_state(project.root) if without_copy else None
    groups, held_back = [], []
    for verdict in verdicts:
        path = relate(verdict.facts, project.root)
        if path is None:
            place = Path(os.path.relpath(verdict.facts.location, project.root)).as_posix()
            held_back.append(HeldBack((), Refusal(place, "lies outside the root")))
            continue
        has_blob = state is not None and state.has_at_head(path)
        blob = f"{state.head}:./{path}" if state is not None and has_blob else None
        groups.append((Delete(path, verdict.facts.digest or _UNKNOWN, blob),))
    applied = apply(project.root, Plan("prune", tuple(groups))) if groups else Applied(None, (), ())
    return Applied(applied.run_id, applied.done, (*held_back, *applied.held_back))


_UNKNOWN = ""
"""The digest of what could not be read: no file has it."""
