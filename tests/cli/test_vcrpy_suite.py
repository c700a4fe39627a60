"""A suite that vcrpy and pytest-recording record and replay, looked after by recctl in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

SUITE = """\
import json
import urllib.request

import pytest

URL = "http://127.0.0.1:{port}/v1/chat/completions"


def ask(question, stream=False):
    asked = {{"model": "small", "stream": stream, "messages": [{{"role": "user", "content": question}}]}}
    headers = {{"Content-Type": "application/json"}}
    request = urllib.request.Request(URL, json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request) as reply:
        return reply.read().decode()


@pytest.mark.vcr
@pytest.mark.parametrize("planet", ["Mars", "a/b"])
def test_planets(planet):
    assert "Answer to: Tell me" in ask(f"Tell me of {{planet}}.")
    assert "data: [DONE]" in ask("And of its moons?", stream=True)
"""
CASSETTES = "tests/cassettes/test_chat"


class Model(BaseHTTPRequestHandler):
    """Answers as a provider of chat completions does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = f"Answer to: {asked['messages'][-1]['content']}"
        kind = "text/event-stream" if asked["stream"] else "application/json"
        content = stream(answer) if asked["stream"] else json.dumps(complete(answer))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def complete(answer: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "small", "choices": [choice]}


def stream(answer: str) -> str:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "small"}
    choices = [
        {"index": 0, "delta": {"role": "assistant", "content": answer}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    events = [json.dumps({**head, "choices": [choice]}) for choice in choices]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])


def run_suite(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with a suite that has been recorded; nothing answers its requests any more."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests/test_chat.py").write_text(SUITE.format(port=server.server_port))
        recorded = run_suite(tmp_path, "--record-mode=once")
        assert recorded.returncode == 0, recorded.stdout
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return tmp_path


def test_a_recorded_suite_is_looked_after_and_still_replays(suite: Path, run: Run) -> None:
    names = sorted(path.name for path in (suite / CASSETTES).iterdir())
    assert names == ["test_planets[Mars].yaml", "test_planets[a-b].yaml"]
    checked = run("validate", cwd=suite)
    assert (checked.code, checked.out, checked.err) == (0, "", "checked 4 recordings: all sound\n")
    shown = json.loads(run("show", "tests", "--test", "test_planets", "--format", "json", cwd=suite).out)
    assert [recording["streamed"] for recording in shown["recordings"]] == [False, True] * 2
    said = shown["recordings"][0]["response"]["choices"][0]["message"]["content"]
    assert said == "Answer to: Tell me of Mars."
    assert run("diff", *(f"{CASSETTES}/{name}" for name in names), "--stat", cwd=suite).code == 1

    source = suite / "tests/test_chat.py"
    source.write_text(source.read_text().replace("def test_planets(", "def test_worlds("))
    lost = run_suite(suite, "--record-mode=none")
    assert lost.returncode == 1
    address = "tests/test_chat.py::test_"
    moved = run("mv", f"{address}planets", f"{address}worlds", "--apply", cwd=suite)
    assert moved.code == 0, moved.err
    replayed = run_suite(suite, "--record-mode=none", "--block-network")
    assert replayed.returncode == 0, replayed.stdout


def test_an_edited_cassette_is_what_vcrpy_plays(suite: Path, run: Run) -> None:
    edited = run("rehash", "--set", "/request/body/model", "large", "--apply", cwd=suite)
    assert edited.code == 0, edited.err
    shown = json.loads(run("show", "tests", "--format", "json", cwd=suite).out)
    assert {recording["request"]["model"] for recording in shown["recordings"]} == {"large"}
    assert run_suite(suite, "--record-mode=none", "--block-network").returncode == 0


FLAT = """\
import pytest


@pytest.fixture(scope="module")
def vcr_cassette_dir(request):
    return str(request.path.parent / "cassettes")


@pytest.fixture
def default_cassette_name(request):
    return "chat-" + request.node.name.replace("/", "-")
"""


def test_a_suite_with_names_of_its_own_is_looked_after_as_its_template_says(suite: Path, run: Run) -> None:
    (suite / "tests/conftest.py").write_text(FLAT)
    (suite / "recctl.toml").write_text('test-names = "chat-{function}[{params}]"\n')
    for path in (suite / CASSETTES).iterdir():
        path.rename(suite / "tests/cassettes" / f"chat-{path.name}")
    assert run_suite(suite, "--record-mode=none", "--block-network").returncode == 0
    assert run("validate", "tests", cwd=suite).err == "checked 4 recordings: all sound\n"

    source = suite / "tests/test_chat.py"
    source.write_text(source.read_text().replace("def test_planets(", "def test_worlds("))
    lost = json.loads(run("validate", "tests", "--format", "json", cwd=suite).out)["findings"]
    assert {finding["rule"] for finding in lost} == {"missing-test"}
    address = "tests/test_chat.py::test_"
    moved = run("mv", f"{address}planets[a/b]", f"{address}worlds[a/b]", "tests", "--apply", cwd=suite)
    assert moved.code == 0, moved.err
    assert run("mv", f"{address}planets", f"{address}worlds", "tests", "--apply", cwd=suite).code == 0
    replayed = run_suite(suite, "--record-mode=none", "--block-network")
    assert replayed.returncode == 0, replayed.stdout
