"""What hooks and git wait for, in a repository of 3,000 recordings."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Ratio, python, recctl, time_calls
from tests.names import ask, write

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY = 3_000
_FOLDER = "tests/integration/inference/recordings"


def measure_hooks() -> Iterator[Ratio]:
    """One file among many, with nothing and with one recording staged, beside `import typer`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [_write_one(folder, number) for number in range(_MANY)]
        (folder / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
        _git(folder, "init", "-q")
        _git(folder, "add", ".")
        _git(folder, "commit", "-qm", "x")
        typer, one, staged, tests = time_calls(
            python("import typer"),
            recctl("validate", files[0], folder=folder),
            recctl("diff", "--staged", folder=folder),
            recctl("mv", "--staged", "--check", folder=folder),
            rounds=9,
        )
        among = f"among {_MANY:,} others / import typer"
        yield Ratio(f"validate a small sound file {among}", one / typer, 1.6)
        yield Ratio(f"diff --staged with nothing staged, {among}", staged / typer, 1.6)
        yield Ratio(f"mv --staged --check with nothing staged, {among}", tests / typer, 1.6)


def _write_one(folder: Path, number: int) -> str:
    test_id = f"tests/integration/inference/test_chat.py::test_{number}"
    document = ask(f"Question {number}", test_id=test_id)
    path = write(folder / _FOLDER, document)
    document["response"]["body"][0]["__data__"] |= {"id": f"rec-{path.name[:12]}", "created": 0}
    return write(folder / _FOLDER, document).relative_to(folder).as_posix()


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)
