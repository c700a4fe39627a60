"""The workflow `examples/github-actions/drift.yml`, its steps run as GitHub would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import CHECKOUT
from tests.cli.test_workflow import comment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

yaml = pytest.importorskip("yaml", reason="comes with pre-commit")

TEXT = (CHECKOUT / "examples/github-actions/drift.yml").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = {step["name"]: step for job in JOBS.values() for step in job["steps"] if "name" in step}
HEADING = "### 10 recordings have drifted, in 5 tests"


def run_step(name: str, folder: Path, runner: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the workflow where the project is checked out."""
    programs = runner / "bin"
    programs.mkdir(exist_ok=True)
    for program, module in (("recctl", "recctl"), ("pytest", "pytest -p no:xdist -p no:cacheprovider")):
        (programs / program).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (programs / program).chmod(0o755)
    files = {"GITHUB_STEP_SUMMARY": str(runner / "summary.md"), "GITHUB_OUTPUT": str(runner / "output")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **files, **variables, "RUNNER_TEMP": str(runner), "PATH": path}
    return subprocess.run(
        ["bash", "-e", "-c", STEPS[name]["run"]],
        cwd=folder,
        env={**env, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


def compare(tmp_path: Path, prompts: Sequence[str | None]) -> tuple[int, str, str]:
    """Track the example in a job for each prompt, then compare: exit code, report, and output of the step."""
    runner, checkout = tmp_path / "runner", tmp_path / "checkout"
    runner.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(CHECKOUT / "examples/drift", checkout, ignore=ignored)
    (checkout / "tracked").mkdir()
    source = checkout / "assistant.py"
    code = source.read_text()
    for prompt, python in zip(prompts, JOBS["track"]["strategy"]["matrix"]["python"], strict=True):
        source.write_text(code.replace("Never guess", prompt or "Never guess"))
        tracked = run_step("track", checkout, runner, PYTHON=python)
        assert tracked.returncode == 0, tracked.stderr
        artifact = f"tracked-{python}.json"
        (checkout / artifact).rename(checkout / "tracked" / artifact)  # by way of an artifact
    source.write_text(code)
    compared = run_step("compare", checkout, runner)
    report, output = runner / "report.md", runner / "output"
    if not report.exists():
        return compared.returncode, "", ""
    assert (runner / "summary.md").read_text() == report.read_text()
    return compared.returncode, report.read_text(), output.read_text()


def test_what_one_job_sends_otherwise_is_reported(tmp_path: Path) -> None:
    code, report, output = compare(tmp_path, (None, "Do not guess"))
    assert (code, output) == (0, "code=1\n")
    assert report.startswith(f"<!-- recctl drift -->\n{HEADING}\n")
    assert "\n- … up before you speak of it. Never guess a temperature.\n" in report
    assert "\n+ … up before you speak of it. Do not guess a temperature.\n" in report


def test_what_is_as_it_was_is_reported_so(tmp_path: Path) -> None:
    code, report, output = compare(tmp_path, (None, None))
    assert (code, output) == (0, "code=0\n")
    assert report.startswith("<!-- recctl drift -->\n### no recording has drifted\n")


def test_a_job_that_left_nothing_readable_fails_the_step(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "tracked").mkdir(parents=True)
    (checkout / "tracked/tracked-3.11.json").write_text("{}")
    compared = run_step("compare", checkout, tmp_path)
    assert compared.returncode == 1
    assert "tracked/tracked-3.11.json: is not what recctl track writes" in compared.stderr
    assert not (tmp_path / "output").exists()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_there_is_a_comment_from_the_first_drift_on(tmp_path: Path) -> None:
    body = "<!-- recctl drift -->\nnews\n"
    (tmp_path / "report.md").write_text(body)
    script = STEPS["comment"]["with"]["script"]
    here = {"owner": "o", "repo": "r", "body": body}
    old = {"id": 3, "user": {"type": "Bot"}, "body": "<!-- recctl drift -->\nold"}
    other = {"id": 2, "user": {"type": "Bot"}, "body": "<!-- recctl diff -->\nold"}
    updated = [{"name": "update", "comment_id": 3, **here}]
    assert comment(script, tmp_path, other, CODE="0") == []
    assert comment(script, tmp_path, other, CODE="1") == [{"name": "create", "issue_number": 7, **here}]
    assert comment(script, tmp_path, other, old, CODE="1") == updated
    assert comment(script, tmp_path, old, CODE="0") == updated


def test_it_may_do_no_more_than_it_has_to() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOBS["track"]["permissions"] == {"contents": "read"}  # it runs what others write
    assert JOBS["drift"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert "pull_request_target" not in TEXT
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in re.findall("uses: (.*)", TEXT))
    assert not any("${{" in step.get("run", "") for step in STEPS.values())  # what others write is no program
    assert STEPS["comment"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
