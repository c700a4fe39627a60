"""What a commit leaves behind: recordings of test files that it renames or deletes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.folders import find_start
from recctl.naming.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.input.sources import Selection
    from recctl.naming.facts import Facts
    from recctl.project import Project, Rename


class LeftBehind(NamedTuple):
    """How many recordings name a test file that is staged under another name (None: as deleted)."""

    file: str
    new_file: str | None
    recordings: int


class StagedTests(NamedTuple):
    """The test files that are staged as renamed and as deleted, as ids of tests begin with them."""

    renames: tuple[Rename, ...]
    deleted: tuple[str, ...]


def find_left_behind(project: Project, selection: Selection, staged: StagedTests) -> tuple[LeftBehind, ...]:
    """The recordings that still name what is staged under another name or as deleted, by test file."""
    surveyed = survey(project, selection)
    named = Counter(
        _find_test_file(facts, project.root) for facts in (*surveyed.all_facts, *surveyed.companions)
    )
    files: list[tuple[str, str | None]] = [(rename.old, rename.new) for rename in staged.renames]
    files += [(file, None) for file in staged.deleted]
    return tuple(LeftBehind(old, new, named[old]) for old, new in sorted(files) if named[old])


def _find_test_file(facts: Facts, root: Path) -> str:
    """The file of a recording's test as seen from the root, wherever the ids of tests begin."""
    file = (facts.test_id or "").partition("::")[0]
    start = find_start(facts.folder, root, facts.test_id)
    return f"{start}/{file}" if start else file
