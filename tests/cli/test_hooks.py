"""The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit on a real repository."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pre_commit") is None or not (CHECKOUT / ".git").exists(),
    reason="needs pre-commit, and a git checkout of recctl to try",
)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """A copy of the project as a repository of its own whose hooks need no installation."""
    copy = tmp_path / "hooks"
    copy.mkdir()
    shutil.copy(CHECKOUT / ".pre-commit-hooks.yaml", copy)
    text = (copy / ".pre-commit-hooks.yaml").read_text()
    text = text.replace("language: python", "language: system")
    text = text.replace("entry: recctl", f"entry: {sys.executable} -m recctl")
    (copy / ".pre-commit-hooks.yaml").write_text(text)
    git(copy, "init", "-q")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "x")
    return copy


def try_hook(hooks: Path, repository: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "recctl-validate", "--all-files"]
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)


def test_the_hook_passes_sound_recordings_and_stops_broken_ones(hooks: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(CHECKOUT / "examples/good/tests", repository / "tests")
    (repository / "package.json").write_text("{}")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    passed = try_hook(hooks, repository, tmp_path)
    assert passed.returncode == 0, passed.stdout
    assert "recctl validate" in passed.stdout
    assert "Passed" in passed.stdout

    victim = next((repository / "tests").rglob("*.json"))
    victim.write_bytes(victim.read_bytes()[:300])
    git(repository, "add", ".")
    stopped = try_hook(hooks, repository, tmp_path)
    assert stopped.returncode == 1
    name = victim.relative_to(repository).as_posix()
    assert f"{name}:" in stopped.stdout
    assert "error[invalid-json]" in stopped.stdout
