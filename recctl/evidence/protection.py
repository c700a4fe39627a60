"""What is never deleted unless somebody insists, and what git knows of the files at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.errors import RecctlError
from recctl.evidence.orphans import find_test_base

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.naming.facts import Facts
    from recctl.project import Project


class GitState(NamedTuple):
    """What git knows below the root: the commit that is checked out, what is tracked, and what has changed.

    All paths are relative to the root.
    """

    head: str | None
    tracked: frozenset[str]
    modified: frozenset[str]

    def has_at_head(self, path: str) -> bool:
        """Whether HEAD has a file exactly as it is."""
        return self.head is not None and path in self.tracked and path not in self.modified


def read_git_state(root: Path) -> GitState | None:
    """What git knows below the root; None outside a repository. Raises RecctlError when git can't tell."""
    if git.find_top_level(root) is None:
        return None
    try:
        head, tracked = git.find_head(root), git.list_tracked(root)
        return GitState(head, tracked, git.list_modified(root) if head else tracked)
    except git.GitError as error:
        message = f"git can't tell which recordings have changed: {error}"
        raise RecctlError(
            message, "put that right; files that git does not have are not to be lost"
        ) from None


def find_protection(facts: Facts, project: Project, state: GitState | None) -> str | None:
    """Why a recording is protected, or None."""
    path = relate(facts, project.root)
    if path is None:
        return "it lies outside the root"
    if facts.test_id is None:
        return "it names no test"
    if facts.is_model_list:
        return "it is a list of models, which all tests share"
    if find_test_base(facts) is None:
        return "it does not lie in its test's folder, so others may share it"
    if project.is_kept(facts.location):
        return "the configuration keeps it"
    if state is not None:
        if path not in state.tracked:
            return "git does not have it"
        if path in state.modified:
            return "it has changes that are not committed"
    return None


def relate(facts: Facts, root: Path) -> str | None:
    """Where a recording lies, relative to the root; None outside of it."""
    base, path = f"{root.as_posix().rstrip('/')}/", f"{facts.folder}/{facts.identity.name}"
    return path.removeprefix(base) if path.startswith(base) else None
