"""A server that a test starts plays recordings in a process of its own: drift tells what they are sent."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

SERVER = """\
from http.server import BaseHTTPRequestHandler, HTTPServer

import assistant
import vcr


OPTIONS = {"filter_headers": ["authorization"]}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with vcr.use_cassette("cassettes/served.yaml", record_mode="none", **OPTIONS):
            answer = assistant.make_title("Train or plane, from Rome to Naples?")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""

TESTS = """\
import subprocess
import sys
import urllib.request


def test_served():
    with subprocess.Popen([sys.executable, "server.py"], stdout=subprocess.PIPE) as process:
        address = f"http://127.0.0.1:{int(process.stdout.readline())}"
        try:
            assert urllib.request.urlopen(address).read() == b"Trains and planes"
        finally:
            process.kill()
"""


def test_what_a_server_sends_is_seen(tmp_path: Path, run: Run) -> None:
    example = CHECKOUT / "examples/drift"
    title = example / "cassettes/test_assistant/test_makes_a_title.yaml"
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "test_server.py").write_text(TESTS)
    shutil.copy(title, tmp_path / "cassettes/served.yaml")
    source = (example / "assistant.py").read_text()
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    told = {}
    for most in ("four", "three"):  # of another length: Python may take an equally long file for the old one
        (tmp_path / "assistant.py").write_text(source.replace("at most four words", f"at most {most} words"))
        assert run("track", "--", *suite, cwd=tmp_path).code == 0
        told[most] = run("drift", cwd=tmp_path).out
    assert told["four"] == "1 recording is the same\n"
    assert told["three"] == (
        "1 recording has drifted\n"
        "\n"
        "the system prompt changed in 1 recording\n"
        "    Give this conversation a title of at most [-four-]{+three+} words.\n"
        "  cassettes/served.yaml#1\n"
    )
