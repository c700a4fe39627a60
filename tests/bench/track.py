"""A test run as it is, and the same with `recctl track` before it."""

from __future__ import annotations

import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Ratio, process, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = 600
_SIZE = 28_000  # bytes: what a recording has on the average

_SUITE = f"""
import json, pathlib
from hashlib import sha256
import pytest

FOLDER = pathlib.Path(__file__).parent / "recordings"

@pytest.mark.parametrize("number", range({_TESTS}))
def test_replay(number):
    request = {{"model": "small", "messages": [{{"role": "user", "content": f"question {{number}}"}}]}}
    name = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    with open(FOLDER / f"{{name}}.json") as file:
        recording = json.load(file)
    assert recording["request"]["body"] == request
    assert recording["response"]["body"]
"""


def measure_track() -> Iterator[Ratio]:
    """What it costs to note what a suite opens that replays one recording in each of its tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_suite(folder)
        suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", name]
        config = str(folder / "recctl.toml")
        track = [
            sys.executable,
            "-m",
            "recctl",
            "track",
            "--config",
            config,
            "-o",
            str(folder / "track"),
            "--",
        ]
        bare, tracked, version = time_calls(
            process(*suite),
            process(*track, *suite),
            process(sys.executable, "-m", "recctl", "--version"),
            rounds=15,
        )
    what = f"track {_TESTS} tests that open a recording each, net / the tests alone"
    yield Ratio(what, (tracked - version) / bare, 1.05)


def _write_suite(folder: Path) -> None:
    (folder / "recctl.toml").touch()
    (folder / "test_replay.py").write_text(_SUITE)
    (folder / "recordings").mkdir()
    for number in range(_TESTS):
        request = {"model": "small", "messages": [{"role": "user", "content": f"question {number}"}]}
        name = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        chunk = {"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
        count = _SIZE // len(json.dumps(chunk, indent=2))
        document = {"request": {"body": request}, "response": {"body": [chunk] * count, "is_streaming": True}}
        (folder / f"recordings/{name}.json").write_text(json.dumps(document, indent=2) + "\n")
