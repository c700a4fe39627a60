"""Real recordings come back from the trash and from git's history, to the byte."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recctl.base.digests import sha256
from recctl.changes.plan import Delete, Plan, apply
from recctl.inventory.restore import RestoreStatus, restore
from recctl.project import Project
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.corpus


def copy(source: Path, target: Path) -> None:
    """Copy a folder that may be read-only to one that can be changed."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    for path in (target, *target.rglob("*/")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def read(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("tests/**/*.json")}


def test_a_tree_that_was_deleted_in_every_way_is_whole_again(
    git: Callable[..., str], shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    copy(shared / "corpus/ogx/tests", tmp_path / "tests")
    git("add", ".")
    git("commit", "-qm", "x")
    before = read(tmp_path)
    paths = sorted(before)
    for path in paths[0::3]:
        (tmp_path / path).unlink()
    git("commit", "-qam", "y")
    removed = git("rev-parse", "HEAD").strip()
    for path in paths[1::3]:
        (tmp_path / path).unlink()
    steps = (Delete(path, sha256(before[path])) for path in paths[2::3])
    apply(tmp_path, Plan("prune", tuple((step,) for step in steps)))
    assert read(tmp_path) == {}

    restoration = restore(Project(tmp_path), ["."], [], write=True)
    assert {lost.status for lost in restoration.files} == {RestoreStatus.RESTORED}
    assert Counter(lost.origin for lost in restoration.files) == {
        removed: len(paths[0::3]),
        "HEAD": len(paths[1::3]),
        "trash": len(paths[2::3]),
    }
    assert read(tmp_path) == before


def test_every_test_finds_its_own_recordings(
    git: Callable[..., str], shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as it had where a recorder looks for them, by the id alone."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    folder = Path("tests/integration/inference/recordings")
    copy(shared / "corpus/ogx" / folder, tmp_path / folder)
    project = Project(tmp_path)
    owners: Counter[str] = Counter()
    for path in (tmp_path / folder).iterdir():
        (recording,) = load(Source(path.name, path.read_bytes(), None, project.settings))
        assert isinstance(recording, Recording)
        if recording.test_id is not None and recording.test_id.startswith(
            "tests/integration/inference/test_"
        ):
            owners[recording.test_id] += 1
    assert len(owners) > 10
    git("add", ".")
    git("commit", "-qm", "x")
    git("rm", "-rq", "tests")
    git("commit", "-qm", "y")
    for test_id, count in sorted(owners.items())[::10]:
        restoration = restore(project, [], [test_id], write=False)
        assert [lost.test_id for lost in restoration.files] == [test_id] * count
