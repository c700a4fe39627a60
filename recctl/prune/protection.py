"""What is never deleted unless somebody insists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.naming.orphans import find_test_base

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.naming.ages import GitState
    from recctl.naming.facts import Facts
    from recctl.project import Project


def find_protection(
    facts: Facts, project: Project, state: GitState | None, *, by_test: bool = True
) -> str | None:
    """Why a recording is protected, or None; unless `by_test`, its going harms no test that may share it."""
    path = relate(facts, project.root)
    if path is None:
        return "it lies outside the root"
    shared = _find_sharing(facts, project) if by_test else None
    if shared is not None:
        return shared
    if project.is_kept(facts.location):
        return "the configuration keeps it"
    if state is not None:
        if path not in state.tracked:
            return "git does not have it"
        if path in state.modified:
            return "it has changes that are not committed"
    return None


def _find_sharing(facts: Facts, project: Project) -> str | None:
    """Why tests may share a recording, whatever becomes of one of them; None where they don't."""
    if facts.test_id is None:
        return "it names no test"
    if facts.is_model_list:
        return "it is a list of models, which all tests share"
    if find_test_base(facts, project.root) is None:
        return "it does not lie in its test's folder, so others may share it"
    return None


def relate(facts: Facts, root: Path) -> str | None:
    """Where a recording lies, relative to the root; None outside of it."""
    base, path = f"{root.as_posix().rstrip('/')}/", f"{facts.folder}/{facts.identity.name}"
    return path.removeprefix(base) if path.startswith(base) else None
