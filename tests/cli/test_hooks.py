"""The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit on a real repository."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pre_commit") is None or not (CHECKOUT / ".git").exists(),
    reason="needs pre-commit, and a git checkout of recctl to try",
)


HOOKS = re.findall("^- id: (.*)$", (CHECKOUT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)


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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of sound recordings, all of them committed."""
    folder = tmp_path / "repository"
    shutil.copytree(CHECKOUT / "examples/good/tests", folder / "tests")
    (folder / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    (folder / "package.json").write_text("{}")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    return folder


class Try(Protocol):
    """Stages all there is, and tries a hook on it."""

    def __call__(self, hook: str, *arguments: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def try_hook(hooks: Path, repository: Path, tmp_path: Path) -> Try:
    def try_staged(hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        git(repository, "add", ".")
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook, *arguments]
        env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(CHECKOUT)}
        return subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)

    return try_staged


def find_recording(repository: Path, text: bytes) -> Path:
    """The one recording that holds a text."""
    (found,) = (path for path in repository.rglob("recordings/*.json") if text in path.read_bytes())
    return found


def test_every_hook_passes_sound_recordings(try_hook: Try) -> None:
    for hook in HOOKS:
        passed = try_hook(hook, "--all-files", "--hook-stage", "manual" if "prune" in hook else "pre-commit")
        assert passed.returncode == 0, passed.stdout
        assert "Passed" in passed.stdout


def test_the_hooks_are_those_of_the_manual() -> None:
    table = re.findall(
        r"^\| `(recctl-\w+)` \|", (CHECKOUT / "recctl/manual/hooks.md").read_text(), re.MULTILINE
    )
    assert table == HOOKS


def test_validate_stops_broken_recordings(repository: Path, try_hook: Try) -> None:
    victim = next((repository / "tests").rglob("*.json"))
    victim.write_bytes(victim.read_bytes()[:300])
    stopped = try_hook("recctl-validate")
    assert stopped.returncode == 1
    name = victim.relative_to(repository).as_posix()
    assert f"{name}:" in stopped.stdout
    assert "error[invalid-json]" in stopped.stdout


def test_show_tells_what_new_recordings_say_and_no_others(repository: Path, try_hook: Try) -> None:
    old = find_recording(repository, b"It is 7 degrees")
    content = old.read_bytes()
    old.write_bytes(content.replace(b"It is 7", b"It is 8"))
    unchanged = try_hook("recctl-show")
    assert unchanged.returncode == 0
    assert "It is" not in unchanged.stdout

    (old.parent / "new.json").write_bytes(content.replace(b"It is 7", b"It is 9"))
    git(repository, "mv", "tests/tools/recordings", "tests/recordings")
    told = try_hook("recctl-show")
    assert told.returncode == 0
    assert "\nassistant replies\n  It is 9 degrees and raining in Bergen.\n" in told.stdout
    assert "It is 8" not in told.stdout
    assert "8,849 metres" not in told.stdout  # moved, not new


def test_show_says_nothing_of_a_renamed_test_and_keeps_to_a_screen(repository: Path, try_hook: Try) -> None:
    for path in sorted(repository.rglob("recordings/*.json")):
        path.write_bytes(path.read_bytes().replace(b"::test_", b"::test_renamed_"))
        path.rename(path.with_name(f"renamed-{path.name}"))
    told = try_hook("recctl-show")
    assert told.returncode == 0
    assert "answered" not in told.stdout
    assert "assistant" not in told.stdout

    for path in sorted(repository.rglob("recordings/*.json")):
        path.write_bytes(path.read_bytes().replace(b'"content": "', b'"content": "Now '))
        path.rename(path.with_name(f"new-{path.name}"))
    told = try_hook("recctl-show")
    assert told.returncode == 0
    assert "\n  answered  Now " in told.stdout
    assert len(told.stdout.splitlines()) < 40  # pre-commit's own lines among them


def test_diff_tells_what_changes_and_stops_what_can_no_longer_be_found(
    repository: Path, try_hook: Try
) -> None:
    reworded = find_recording(repository, b"It is 7 degrees")
    reworded.write_bytes(reworded.read_bytes().replace(b"It is 7", b"It is 8"))
    told = try_hook("recctl-diff")
    assert told.returncode == 0
    assert f"{reworded.name}\n" in told.stdout
    assert "[-7-]{+8+} degrees" in told.stdout

    edited = find_recording(repository, b"test_chat.py::test_reply[stream=False]")
    edited.write_bytes(edited.read_bytes().replace(b"test_reply", b"test_answer"))
    stopped = try_hook("recctl-diff")
    assert stopped.returncode == 1
    assert (
        "1 recording can no longer be found: edited, renamed or moved without re-hashing\n" in stopped.stdout
    )


def test_tests_stops_what_leaves_recordings_behind(repository: Path, try_hook: Try) -> None:
    (repository / "tests/tools/test_weather.py").write_text("def test_it():\n    pass\n")
    recording = find_recording(repository, b"It is 7 degrees")
    recording.write_bytes(
        re.sub(rb'(?<="test_id": ")[^:]+', b"tests/tools/test_weather.py", recording.read_bytes())
    )
    assert try_hook("recctl-tests").returncode == 0
    git(repository, "commit", "-qm", "x")
    git(repository, "mv", "tests/tools/test_weather.py", "tests/tools/test_forecast.py")
    stopped = try_hook("recctl-tests")
    assert stopped.returncode == 1
    assert "1 recording belongs to tests/tools/test_weather.py, which is staged as " in stopped.stdout


def test_rehash_stops_names_that_only_an_older_scheme_gives(repository: Path, try_hook: Try) -> None:
    old = CHECKOUT / "examples/good/2025/recordings/responses/54eba2025b93.json"
    shutil.copy(old, repository / "tests/tools/recordings")
    stopped = try_hook("recctl-rehash")
    assert stopped.returncode == 1
    assert "tests/tools/recordings/54eba2025b93.json" in stopped.stdout
    assert "488e8016" not in stopped.stdout  # only what is committed is looked at


def test_prune_stops_a_push_of_what_nothing_needs_any_more(repository: Path, try_hook: Try) -> None:
    current = find_recording(repository, b"test_chat.py::test_reply[stream=False]")
    request = json.loads(current.read_bytes())["request"]
    hashed = {"method": "POST", "endpoint": "/v1/v1/chat/completions", "body": request["body"]}
    old_name = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()[:12]
    shutil.copy(current, current.with_name(f"{old_name}.json"))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "x")
    assert "No hook with id `recctl-prune` in stage `pre-commit`" in try_hook("recctl-prune").stdout
    stopped = try_hook("recctl-prune", "--hook-stage", "manual")
    assert stopped.returncode == 1
    assert "replaced" in stopped.stdout
