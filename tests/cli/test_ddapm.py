"""A folder of dd-apm-test-agent's: names are told and put right, old files beside new ones can go."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CHECKOUT
from tests.unit.test_ddapm import BODY, make, name, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

SOUND = name("openai/chat/completions", json.loads(BODY))
WRONG = "test_hello_openai_chat_completions_post_00000000.json"
RIGHT = f"test_hello_{SOUND}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, of which one has the name of another request; the scheme is set."""
    folder = tmp_path / "vcr-cassettes/openai"
    folder.mkdir(parents=True)
    (tmp_path / "recctl.toml").write_text('scheme = "ddapm"\n')
    (folder / SOUND).write_bytes(write(make()))
    (folder / WRONG).write_bytes(write(make()))
    return folder


def test_a_name_that_the_recorder_does_not_look_for_is_told(run: Run, folder: Path) -> None:
    outcome = run("validate", "--format", "concise")
    assert outcome.out == (
        f"vcr-cassettes/openai/{WRONG}: warning[unexplained-hash] no hash scheme gives it this name\n"
    )
    assert folder.is_dir()


def test_rehash_keeps_the_prefix_and_the_content(run: Run, folder: Path) -> None:
    content = (folder / WRONG).read_bytes()
    assert run("rehash", "--include-unexplained", "--apply").code == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([SOUND, RIGHT])
    assert (folder / RIGHT).read_bytes() == content
    assert run("rehash", "--check", "--strict").code == 0


def test_who_masks_more_than_before_has_names_that_are_outdated(run: Run, folder: Path) -> None:
    (folder.parents[1] / "recctl.toml").write_text(
        'scheme = "ours"\n[schemes.ours]\nextends = "ddapm"\nmask = ["/body/model"]\n'
    )
    (folder / WRONG).unlink()
    wanted = name("openai/chat/completions", json.loads(BODY) | {"model": "<normalized>"})
    outcome = run("validate", "--format", "concise")
    assert outcome.out == (
        f"vcr-cassettes/openai/{SOUND}: error[outdated-hash] ddapm gives it this name, "
        f"ours looks for {wanted}\n"
    )
    assert run("rehash", "--check").code == 1
    assert run("rehash", "--apply").code == 0
    assert [path.name for path in folder.iterdir()] == [wanted]
    assert run("rehash", "--check").code == 0


def test_an_edited_request_gets_the_name_that_goes_with_it(run: Run, folder: Path) -> None:
    (folder / WRONG).unlink()
    before = (folder / SOUND).read_bytes()
    assert run("rehash", "--set", "/request/body/model", "large", "--apply").code == 0
    (path,) = folder.iterdir()
    assert path.name == name("openai/chat/completions", json.loads(BODY) | {"model": "large"})
    assert path.read_bytes() == before.replace(b"small", b"large")


def test_a_recording_is_found_by_the_first_digits_of_its_hash(run: Run, folder: Path) -> None:
    digits = SOUND.removesuffix(".json")[-8:]
    assert run("show", digits[:6], "--format", "brief").out.startswith(f"vcr-cassettes/openai/{SOUND}\n")
    assert folder.is_dir()


def test_a_file_that_no_scheme_names_is_changed_without_a_word_on_names(run: Run, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples/good/test", tmp_path / "test")
    outcome = run("rehash", "--set", "/request/body/model", "large", "--apply")
    assert outcome.out == (
        "edited: 1\n  test/support/fixtures/openai/gpt_4o_mini/streaming.json (/request/body/model)\n"
    )
    assert outcome.err == (
        "1 recording: 0 current, 0 outdated, 1 not applicable\ndone: edit 1; recctl undo 1 takes it back\n"
    )


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_an_old_file_beside_the_new_one_can_go(run: Run, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples/bad/orphaned-twin/tests", tmp_path / "tests")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    outcome = run("prune", "--format", "paths")
    (old,) = (tmp_path / "tests").rglob("*.yaml")
    assert outcome.out == f"{old.relative_to(tmp_path).as_posix()}\n"
    assert run("prune", "--apply").code == 0
    (left,) = (path for path in (tmp_path / "tests").rglob("*") if path.is_file())
    assert left.name == f"{old.stem}.json"
    assert run("validate", "--format", "concise").out == ""


def test_an_old_file_without_a_new_one_stays(run: Run, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples/bad/orphaned-twin/tests", tmp_path / "tests")
    (new,) = (tmp_path / "tests").rglob("*.json")
    new.write_text('{"snapshot": true}')
    assert run("validate", "--format", "concise").out == ""
    assert run("prune", "--grade", "twin", "--format", "paths").out == ""


def test_a_walk_passes_over_what_other_projects_keep_as_json(run: Run, folder: Path) -> None:
    for path, value in {
        "package.json": {"name": "x", "version": "1.0.0", "scripts": {"test": "jest"}},
        "openapi.json": {"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}},
        "trace.json": {"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": []}},
        "recordings.json": {"recordings": [{"title": "Blue", "year": 1971}]},
        "tsconfig.json": {"compilerOptions": {"target": "es2022"}},
        "meta.json": {"meta": {"title": "x"}, "data": []},
        "provider.json": {"provider": "aws", "model_spec": "x"},
        "users_post_0123abcd.json": {"id": 1, "body": "hello"},
    }.items():
        (folder / path).write_text(json.dumps(value, indent=2))
    outcome = run("validate", "--format", "json")
    report = json.loads(outcome.out)
    assert (report["checked"], report["ignored"]) == (2, 8)
