"""recctl as a process: what users and scripts see of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: Mapping[str, str] = {}
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a process left behind; bytes are decoded as UTF-8, and would fail if they were not."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs `recctl` with these arguments in a folder, without colours or settings of the caller's."""

    def __call__(
        self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> Outcome: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_process(
        *arguments: str, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> Outcome:
        kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-m", "recctl", *arguments],
            input=stdin,
            cwd=cwd or tmp_path,
            env={**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1", **env},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Outcome(finished.returncode, finished.stdout.decode(), finished.stderr.decode())

    return run_process
