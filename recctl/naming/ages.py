"""How old recordings are: since git's last commit of them, or since they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base.errors import RecctlError
from recctl.base.work_tree import find_top_level

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


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
    if find_top_level(root) is None:
        return None
    try:
        head, tracked = git.find_head(root), git.list_tracked(root)
        return GitState(head, tracked, git.list_modified(root) if head else tracked)
    except git.GitError as error:
        message = f"git can't tell which recordings have changed: {error}"
        raise RecctlError(
            message, "put that right; files that git does not have are not to be lost"
        ) from None


def find_times(places: Collection[Path], root: Path, state: GitState | None) -> dict[Path, float]:
    """When files were last changed, in seconds: committed, where git has them as they are.

    Those that are gone by now are left out. Raises RecctlError when git can't tell.
    """
    base = f"{root.as_posix().rstrip('/')}/"
    names = {place: place.as_posix().removeprefix(base) for place in places}
    committed: dict[str, int] = {}
    if state is not None:
        try:
            committed = git.list_commit_times(root, filter(state.has_at_head, names.values()))
        except git.GitError as error:
            raise RecctlError(f"git can't tell how old recordings are: {error}") from None
    times: dict[Path, float] = {}
    for place, name in names.items():
        if name in committed:
            times[place] = committed[name]
            continue
        try:
            times[place] = place.stat().st_mtime
        except OSError:
            continue
    return times
