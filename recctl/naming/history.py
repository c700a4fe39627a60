"""What the names of recordings were before they were edited or renamed, going by git."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.base.work_tree import find_top_level
from recctl.input.sources import Target, read
from recctl.naming.facts import NameStatus
from recctl.naming.survey import find_facts
from recctl.recordings.load import load_one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.git import Version
    from recctl.naming.facts import Facts
    from recctl.project import Project


class Past(NamedTuple):
    """What took a recording's name away from it: an edit, or that it was renamed from `old_path`.

    `commit` did it; None for what is not committed.
    """

    commit: str | None
    old_path: str | None = None

    def describe(self, name: str) -> str:
        """The same in words, of a file that is called `name` now."""
        who = "a change that is not committed"
        if self.commit is not None:
            who = f"commit {self.commit[:_DIGITS]}"
        if self.old_path is None:
            return f"{who} edited it"
        old_name = self.old_path.rpartition("/")[2]
        return f"{who} renamed it from {self.old_path if old_name == name else old_name}"


_DIGITS = 12


def find_pasts(project: Project, all_facts: Iterable[Facts]) -> dict[str, Past]:
    """What took their names away from recordings that their scheme found before, by path.

    Those that git knows nothing of, or has never known under such a name, are left out. Where git can't
    tell, all are.
    """
    root = project.root
    if find_top_level(root) is None:
        return {}
    by_file = {
        facts.location.relative_to(root).as_posix(): facts
        for facts in all_facts
        if facts.location.is_relative_to(root)
    }
    pasts: dict[str, Past] = {}
    try:
        with git.BlobReader(root) as blobs:
            for version in git.list_versions(root, by_file):
                facts = by_file[version.path]
                if facts.path not in pasts and _was_found(project, version, blobs):
                    pasts[facts.path] = Past(version.commit, version.renamed_from)
    except (git.GitError, OSError):
        return {}
    return pasts


def _was_found(project: Project, version: Version, blobs: git.BlobReader) -> bool:
    """Whether its scheme gave a recording the name that it had before a change."""
    path = Path(project.root, version.renamed_from or version.path)
    target = Target(version.path, project.settings_for(path), path=path, spec=version.blob)
    recording = load_one(read(target, blobs))
    return recording is not None and find_facts(recording, project.root).status is NameStatus.CURRENT
