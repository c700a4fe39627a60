"""How old recordings are: since git's last commit of them, or since they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl import git
from recctl.errors import RecctlError
from recctl.evidence.protection import relate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from recctl.evidence.protection import GitState
    from recctl.naming.facts import Facts


def find_times(all_facts: Iterable[Facts], root: Path, state: GitState | None) -> dict[str, int]:
    """When recordings were last changed, by path, in seconds: committed, where git has them as they are.

    Those that are gone by now are left out. Raises RecctlError when git can't tell.
    """
    files = {facts.path: relate(facts, root) for facts in all_facts}
    committed: dict[str, int] = {}
    if state is not None:
        known = [file for file in files.values() if file is not None and state.has_at_head(file)]
        try:
            committed = git.list_commit_times(root, known)
        except git.GitError as error:
            raise RecctlError(f"git can't tell how old recordings are: {error}") from None
    times = {}
    for facts in all_facts:
        time = committed.get(files[facts.path] or "")
        if time is None:
            try:
                time = int(facts.location.stat().st_mtime)
            except OSError:
                continue
        times[facts.path] = time
    return times
