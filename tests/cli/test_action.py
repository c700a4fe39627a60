"""The action for GitHub: its last step runs what its input says, and ends as that does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the action is for Linux and macOS")

ACTION: dict[str, Any] = yaml.safe_load((CHECKOUT / ".github/actions/recctl/action.yml").read_text())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("config --isolated --format json", 0, '"version": "recctl.config.v1"'),
        ("list 'no such folder'", 123, "no such folder"),  # xargs has this code for any that is not 0
    ],
)
def test_the_arguments_are_read_as_a_shell_reads_them(
    arguments: str, code: int, said: str, tmp_path: Path
) -> None:
    program = tmp_path / "recctl/bin/recctl"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recctl "$@"\n')
    program.chmod(0o755)
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ACTION["runs"]["steps"][-1]["run"]],
        env={
            **os.environ,
            "RUNNER_TEMP": str(tmp_path),
            "ARGUMENTS": arguments,
            "PYTHONPATH": str(CHECKOUT),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == code
    assert said in finished.stdout + finished.stderr


def test_every_input_is_used() -> None:
    text = (CHECKOUT / ".github/actions/recctl/action.yml").read_text()
    assert all(f"${{{{ inputs.{name} }}}}" in text for name in ACTION["inputs"])
    assert ACTION["inputs"]["arguments"]["default"] == "validate --format github"
