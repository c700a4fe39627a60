"""The workflow of `examples/github-actions`, its steps run as GitHub would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

yaml = pytest.importorskip("yaml", reason="comes with pre-commit")

TEXT = (CHECKOUT / "examples/github-actions/recordings.yml").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
STEPS = {step.get("name"): step for step in WORKFLOW["jobs"]["diff"]["steps"]}

RUN_SCRIPT = """
const { calls, comments, script } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const note = (name) => async (call) => { calls.push({ name, ...call }); };
const issues = { listComments: "list", updateComment: note("update"), createComment: note("create") };
const github = { rest: { issues }, paginate: async () => comments };
const context = { repo: { owner: "o", repo: "r" }, issue: { number: 7 } };
const run = new Function("github", "context", "require", `return (async () => {${script}})()`);
run(github, context, require).then(() => console.log(JSON.stringify(calls)));
"""


def write_report(tmp_path: Path, git: Callable[..., str]) -> tuple[str, str]:
    """Run the step that compares, on a branch that changes a reply; gives the report and the summary."""
    path = tmp_path / "tests/recordings/0123456789ab.json"
    path.parent.mkdir(parents=True)
    revisions = []
    for word in ("Good morning", "Good evening"):
        path.write_bytes(serialise(record([chunk(delta(content=word, finish_reason="stop"))])))
        git("add", ".")
        git("commit", "-qm", word)
        revisions.append(git("rev-parse", "HEAD").strip())
    program = tmp_path / "bin" / "recctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recctl "$@"\n')
    program.chmod(0o755)
    runner = {"RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    env = {
        **os.environ,
        **runner,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "BASE": revisions[0],
        "HEAD": revisions[1],
    }
    subprocess.run(["bash", "-e", "-c", STEPS["compare"]["run"]], cwd=tmp_path, env=env, check=True)
    return (tmp_path / "report.md").read_text(), (tmp_path / "summary.md").read_text()


def comment(script: str, runner: Path, *comments: dict[str, Any], **variables: str) -> Any:
    """Run the step that comments, where there are comments already: what it calls of GitHub's."""
    given = {"calls": [], "comments": comments, "script": script}
    finished = subprocess.run(
        ["node", "-e", RUN_SCRIPT],
        input=json.dumps(given),
        env={**os.environ, **variables, "RUNNER_TEMP": str(runner)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(finished.stdout)


def test_report_and_summary_say_what_changed(tmp_path: Path, git: Callable[..., str]) -> None:
    report, summary = write_report(tmp_path, git)
    assert report.startswith("<!-- recctl diff -->\n")
    assert "morning" in report
    assert "evening" in report
    assert summary == report


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_there_is_one_comment_and_it_is_kept_up_to_date(tmp_path: Path) -> None:
    body = "<!-- recctl diff -->\nnews\n"
    (tmp_path / "report.md").write_text(body)
    script = STEPS["comment"]["with"]["script"]
    here = {"owner": "o", "repo": "r", "body": body}
    quoted = {"id": 1, "user": {"type": "User"}, "body": "<!-- recctl diff -->\nsays who?"}
    other = {"id": 2, "user": {"type": "Bot"}, "body": "coverage: 100 %"}
    old = {"id": 3, "user": {"type": "Bot"}, "body": "<!-- recctl diff -->\nold"}
    assert comment(script, tmp_path, quoted, other) == [{"name": "create", "issue_number": 7, **here}]
    assert comment(script, tmp_path, quoted, other, old) == [{"name": "update", "comment_id": 3, **here}]


def test_it_may_do_no_more_than_it_has_to() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["diff"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert "pull_request_target" not in TEXT
    used = re.findall("uses: (.*)", TEXT)
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
    assert not any("${{" in step.get("run", "") for step in STEPS.values())  # what others write is no program
    assert STEPS["comment"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
