"""What the words of a command line set against each other; tests/cli/test_diff.py has the whole of it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.git import BlobReader, list_index
from recctl.input.revisions import ComparedTargets, find_compared_targets
from recctl.input.sources import read
from recctl.input.walk import walk
from recctl.project import Override, Place, Project, Settings
from recctl.recordings.source import Source
from tests.depth import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

HASH = "0123456789ab"


@pytest.fixture
def history(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository whose files were changed once; one of each kind that is, or is not, walked."""
    names = (
        "tests/recordings/a.json",
        "tests/recordings/old/b.json",
        "tests/recordings/c.txt",
        "tests/.hidden/recordings/d.json",
        f"elsewhere/{HASH}.json",
        "elsewhere/like.json",
        "elsewhere/settings.json",
    )
    for state in ("before", "after"):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            is_like = name.endswith("like.json")
            (tmp_path / name).write_text(f'{{"request": {{}}, "{state}": 1}}' if is_like else state)
        git("add", ".")
        git("commit", "-qm", state)
    return tmp_path


def names(sides: ComparedTargets) -> list[str]:
    """The names on both sides, which are the same here."""
    left, right = ([target.name for target in side] for side in (sides.left, sides.right))
    assert left == right
    return left


WALKED = [
    "elsewhere/0123456789ab.json",
    "elsewhere/like.json",
    "tests/recordings/a.json",
    "tests/recordings/old/b.json",
]


def test_files_of_a_revision_count_as_they_would_in_a_walk(history: Path) -> None:
    project = Project(history)
    assert names(find_compared_targets(project, ["HEAD~1", "HEAD"])) == WALKED
    assert sorted(path.relative_to(history).as_posix() for path in walk(project, history).files) == WALKED


def test_what_is_only_like_a_recording_by_its_start_counts_where_it_changed(history: Path) -> None:
    assert names(find_compared_targets(Project(history), ["HEAD"])) == [WALKED[0], *WALKED[2:]]


def test_no_file_of_the_repository_is_read_where_neither_recordings_nor_configuration_are_staged(
    history: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(BlobReader, "read", lambda _, spec, __: asked.append(spec))
    project = Project(history)
    (history / "other.txt").write_text("x")
    git("add", ".")
    sides = find_compared_targets(project, [], staged=True, follow_config=True)
    assert (len(sides.left), sides.are_equal, asked) == (3, True, [])
    (history / "recctl.toml").write_text('scheme = "ogx-2026-04"')
    git("add", ".")
    assert find_compared_targets(project, [], staged=True, follow_config=True).are_equal
    assert asked == ["HEAD:recctl.toml", "HEAD:pyproject.toml", ":recctl.toml", ":pyproject.toml"]


def test_where_nothing_is_staged_no_file_is_looked_at(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Mock(side_effect=list_index)
    monkeypatch.setattr("recctl.git.list_index", listed)
    for revision in ([], ["HEAD"]):
        assert find_compared_targets(Project(history), revision, staged=True) == ComparedTargets(
            (), (), is_unstaged=True
        )
    assert not listed.called
    sides = find_compared_targets(Project(history), ["HEAD~1"], staged=True)
    assert (sides.is_unstaged, listed.called) == (False, True)


def test_exclude_and_paths_of_the_configuration_hold_for_revisions(history: Path) -> None:
    project = Project(history, exclude=("old/",), paths=("tests",))
    assert names(find_compared_targets(project, ["HEAD~1", "HEAD"])) == ["tests/recordings/a.json"]
    assert names(find_compared_targets(project, ["HEAD~1", "HEAD"], ["elsewhere"])) == WALKED[:2]


def test_a_project_below_the_top_of_a_repository_sees_its_own_files(history: Path) -> None:
    assert names(find_compared_targets(Project(history / "tests"), ["HEAD~1", "HEAD"])) == WALKED[2:]


def test_a_file_of_a_revision_has_its_settings_its_place_and_its_content(history: Path) -> None:
    project = Project(history, overrides=(Override(("a.json",), {"scheme": "ogx-2025-07"}),))
    sides = find_compared_targets(project, ["HEAD~1", "HEAD"], ["tests/recordings/a.json"])
    folder = (history / "tests" / "recordings").as_posix()
    for (target,), content in ((sides.left, b"before"), (sides.right, b"after")):
        place, in_force = Place(folder, "a.json"), Settings("ogx-2025-07", root=history.as_posix())
        assert read(target) == Source("tests/recordings/a.json", content, place, in_force)
        assert target.key == "tests/recordings/a.json"


def test_the_same_content_has_the_same_blob(history: Path) -> None:
    same = find_compared_targets(Project(history), ["HEAD"])
    assert same.left == same.right
    other = find_compared_targets(Project(history), ["HEAD~1"])
    assert not {target.blob for target in other.left} & {target.blob for target in other.right}


def test_files_of_two_folders_are_the_same_by_their_place_in_them(history: Path) -> None:
    sides = find_compared_targets(Project(history), ["HEAD~1:tests", "tests"])
    assert [target.name for target in sides.left] == [
        "HEAD~1:tests/recordings/a.json",
        "HEAD~1:tests/recordings/old/b.json",
    ]
    assert [target.key for target in sides.left] == [target.key for target in sides.right]


def test_two_recordings_are_compared_outright(history: Path) -> None:
    sides = find_compared_targets(
        Project(history), ["HEAD~1:tests/recordings/a.json", "tests/recordings/old/b.json"]
    )
    assert sides.outright
    assert (len(sides.left), len(sides.right)) == (1, 1)


def test_the_start_of_a_hash_names_a_recording(history: Path) -> None:
    sides = find_compared_targets(Project(history), ["01234", "tests/recordings/a.json"])
    assert [target.name for target in sides.left] == [f"elsewhere/{HASH}.json"]


def test_the_start_of_a_hash_that_is_a_commit_as_well_is_asked_about(
    history: Path, git: Callable[..., str]
) -> None:
    git("tag", "01234")
    with pytest.raises(RecctlError) as caught:
        find_compared_targets(Project(history), ["01234"])
    assert caught.value.message == "'01234' is a revision and the start of a recording's name"
    assert caught.value.hint == "write '01234 --' for the revision, more digits for the recording"


WORDS = st.sampled_from(
    ["HEAD", "HEAD~1", "..", "...", "tests", "HEAD:", ":", "-", "--help", "~", "^{tree}", "@{", "/", ".", " "]
)
ANYTHING = st.lists(st.one_of(WORDS, st.binary(max_size=3).map(os.fsdecode)), max_size=3).map("".join)


@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(ANYTHING, max_size=3), st.one_of(st.none(), st.lists(ANYTHING, max_size=2)), st.booleans())
def test_any_words_at_all_mean_something_or_are_refused(
    history: Path, words: Sequence[str], paths: Sequence[str] | None, staged: bool
) -> None:
    with suppress(RecctlError):
        assert isinstance(
            find_compared_targets(Project(history), words, paths, staged=staged), ComparedTargets
        )
