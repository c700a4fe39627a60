"""A test run as it is, and the same with `recctl track` before it."""

from __future__ import annotations

import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.bench.measure import Ratio, process, time_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


_PLAYED = 500

_PLAYING_SUITE = f"""
import json, urllib.request
import pytest

def ask(question):
    body = {{"model": "small", "messages": [{{"role": "user", "content": question}}]}}
    headers = {{"Content-Type": "application/json", "User-Agent": "tests/1.0"}}
    url = "http://127.0.0.1:9/v1/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as reply:
        return json.load(reply)["choices"]

@pytest.mark.vcr
@pytest.mark.parametrize("number", range({_PLAYED}))
def test_play(number):
    assert ask(f"question {{number}}")
    assert ask(f"and what follows from {{number}}?")
"""


def measure_track() -> Iterator[Ratio]:
    """What it costs to note what a suite opens, and what it plays and sends in place of what is kept."""
    what = f"track {_TESTS} tests that open a recording each, net / the tests alone"
    yield Ratio(what, _measure(_write_suite), 1.05)
    what = f"track {2 * _PLAYED:,} plays of {_PLAYED} tests by vcrpy, net / the tests alone"
    yield Ratio(what, _measure(_write_playing_suite), 1.05)


def _measure(write: Callable[[Path], None]) -> float:
    """What a suite costs when it is tracked, as a multiple of what it costs alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", name]
        recctl = [sys.executable, "-m", "recctl"]
        config, output = str(folder / "recctl.toml"), str(folder / "track")
        bare, tracked, version = time_calls(
            process(*suite),
            process(*recctl, "track", "--config", config, "-o", output, "--", *suite),
            process(*recctl, "--version"),
            rounds=15,
        )
    return (tracked - version) / bare


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


def _write_playing_suite(folder: Path) -> None:
    (folder / "recctl.toml").touch()
    (folder / "test_play.py").write_text(_PLAYING_SUITE)
    cassettes = folder / "cassettes/test_play"
    cassettes.mkdir(parents=True)
    for number in range(_PLAYED):
        asked = (f"question {number}", f"and what follows from {number}?")
        document = {"interactions": [*map(_make_exchange, asked)], "version": 1}
        text = yaml.dump(document, Dumper=yaml.CSafeDumper)
        (cassettes / f"test_play[{number}].yaml").write_text(text)


def _make_exchange(question: str) -> dict[str, Any]:
    """An exchange as vcrpy keeps it, of the size that one has on the average."""
    body = json.dumps({"model": "small", "messages": [{"role": "user", "content": question}]})
    headers = {
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": "application/json",
        "Host": "127.0.0.1:9",
        "User-Agent": "tests/1.0",
    }
    message = {"role": "assistant", "content": "word " * 400}
    reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return {
        "request": {
            "body": body,
            "headers": {name: [value] for name, value in headers.items()},
            "method": "POST",
            "uri": "http://127.0.0.1:9/v1/chat/completions",
        },
        "response": {
            "body": {"string": json.dumps(reply)},
            "headers": {"Content-Type": ["application/json"]},
            "status": {"code": 200, "message": "OK"},
        },
    }
