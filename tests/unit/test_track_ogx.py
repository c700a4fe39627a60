"""What `recctl track` hears of OGX's recorder: here one of our own that looks recordings up as that does."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.project import Project
from recctl.recordings.http import SentRequest
from recctl.testsuite.track import Miss, Play
from recctl.testsuite.track.run import run_tracked
from tests.builders import write

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.testsuite.track import Tracked

RECORDER = """
import json, os
from hashlib import sha256
from pathlib import Path

_current_mode = os.environ.get("MODE", "replay")

def get_test_context():
    return "tests/test_chat.py::test_" + os.environ["NAME"]

def hash_of(value):
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

def normalize_inference_request(method, url, headers, body):
    path = url.partition("//")[2].partition("/")[2]
    body = {key: value for key, value in body.items() if key != "stream_options"}
    return hash_of({"method": method.upper(), "endpoint": path, "body": body})

def normalize_tool_request(provider_name, tool_name, kwargs):
    return hash_of({"provider": provider_name, "tool_name": tool_name, "kwargs": kwargs})

class ResponseStorage:
    def find_recording(self, request_hash):
        path = "tests/recordings/" + request_hash + ".json"
        if not os.path.exists(path):
            return None
        with open(path) as file:
            return json.load(file)

    def _model_list_responses(self, short_hash):
        found = []
        for path in sorted(Path("tests/recordings").glob(f"models-{short_hash}-*.json")):
            with open(path) as file:
                found.append(json.load(file))
        return found

def list_models():
    name = normalize_inference_request("post", "http://here/v1/models", {}, {})
    return len(ResponseStorage()._model_list_responses(name[:12]))

def send(body, host="here"):
    name = normalize_inference_request("post", f"http://{host}/v1/chat/completions", {}, body)
    return answer(name)

def call(provider, tool, **kwargs):
    return answer(normalize_tool_request(provider, tool, kwargs))

def answer(name):
    recording = ResponseStorage().find_recording(name)
    if not recording and _current_mode == "replay":
        raise RuntimeError("Recording not found for request hash: " + name)
    return recording and recording["response"]["body"]
"""

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
URL = "http://here/v1/chat/completions"


def name_of(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def keep(folder: Path, request: dict[str, Any], hashed: Any) -> str:
    """Write a recording; returns its path from the root on."""
    path = f"tests/recordings/{name_of(hashed)}.json"
    recording = {"test_id": None, "request": request, "response": {"body": "hi", "is_streaming": False}}
    write(folder / path, json.dumps(recording, indent=2) + "\n")
    return path


def keep_chat(folder: Path, url: str = URL, body: Any = None) -> str:
    request = {"method": "POST", "url": url, "headers": {}, "body": body or BODY}
    return keep(folder, request, {"method": "POST", "endpoint": "v1/chat/completions", "body": BODY})


def run(folder: Path, code: str, module: str = "ogx.testing.api_recorder", mode: str = "replay") -> Tracked:
    """Run a program that imports the recorder. It ends as it does when nobody listens."""
    package, _, name = module.rpartition(".")
    write(folder / package.replace(".", "/") / f"{name}.py", RECORDER)
    write(folder / "program.py", f"from {package} import {name} as recorder\n{code}\n")
    command = ["env", "-C", str(folder), "NAME=it", f"MODE={mode}", sys.executable, "program.py"]
    bare = subprocess.run(command, capture_output=True, check=False)
    ended = run_tracked(Project(folder), command)
    assert ended.code == bare.returncode
    return ended.tracked


TEST = "tests/test_chat.py::test_it"


def sent(body: Any, url: str = URL) -> SentRequest:
    return SentRequest("POST", url, (), body)


@pytest.mark.parametrize(
    "module",
    [
        "ogx.testing.api_recorder",
        "llama_stack.testing.api_recorder",
        "llama_stack.testing.inference_recorder",
    ],
)
def test_a_recording_that_is_found_was_played_for_the_recorders_own_test(tmp_path: Path, module: str) -> None:
    path = keep_chat(tmp_path)
    tracked = run(tmp_path, f"assert recorder.send({BODY}) == 'hi'", module)
    assert tracked.plays == (Play(path, 1, TEST, 1, "same"),)
    assert (tracked.troubles, sorted(tracked.recorders), tracked.missed) == ((), ["ogx"], ())
    assert tracked.loaded == {path: sha256((tmp_path / path).read_bytes()).hexdigest()}


def test_what_the_hash_passes_over_is_equal(tmp_path: Path) -> None:
    path = keep_chat(tmp_path)
    body = {**BODY, "stream_options": {"include_usage": True}}
    (play,) = run(tmp_path, f"recorder.send({body}, 'there')").plays
    there = sent(body, "http://there/v1/chat/completions")
    assert play == Play(path, 1, TEST, 1, "different", sent=there, equalised=("/url", "/body"))


def test_a_file_that_was_edited_and_kept_its_name_differs(tmp_path: Path) -> None:
    path = keep_chat(tmp_path, body={**BODY, "model": "other"})
    (play,) = run(tmp_path, f"recorder.send({BODY})").plays
    assert play == Play(path, 1, TEST, 1, "different", sent=sent(BODY))


def test_a_recording_that_is_not_found_is_missed_in_replay_alone(tmp_path: Path) -> None:
    tracked = run(tmp_path, f"recorder.send({BODY})")
    assert tracked.missed == (Miss(TEST, None, sent(BODY), None, 1, "ogx"),)
    assert run(tmp_path, f"recorder.send({BODY})", mode="record-if-missing").missed == ()


def test_requests_to_tools_are_followed_too(tmp_path: Path) -> None:
    request = {"test_id": TEST, "provider": "tavily", "tool_name": "search", "kwargs": {"query": "rain"}}
    path = keep(tmp_path, request, {key: request[key] for key in ("provider", "tool_name", "kwargs")})
    calls = "recorder.call('tavily', 'search', query='rain')\nrecorder.call('tavily', 'search', query='sun')"
    tracked = run(tmp_path, calls)
    assert tracked.plays == (Play(path, 1, TEST, 1, "same"),)
    missed = SentRequest("POST", "tavily.search", (), {"query": "sun"})
    assert tracked.missed == (Miss(TEST, None, missed, None, 1, "ogx"),)


def test_of_lists_of_models_each_that_is_found_was_played(tmp_path: Path) -> None:
    request = {"method": "POST", "url": "http://here/v1/models", "headers": {}, "body": {}}
    name = name_of({"method": "POST", "endpoint": "v1/models", "body": {}})[:12]
    paths = [f"tests/recordings/models-{name}-{digest}.json" for digest in ("aaaaaaaa", "bbbbbbbb")]
    for path in paths:
        recording = {"request": request, "response": {"body": [], "is_streaming": False}}
        write(tmp_path / path, json.dumps(recording, indent=2) + "\n")
    tracked = run(tmp_path, "assert recorder.list_models() == 2")
    assert tracked.plays == tuple(Play(path, 1, TEST, 1, "same") for path in paths)
    assert tracked.troubles == ()


def test_another_recorder_of_that_name_is_left_alone_and_told(tmp_path: Path) -> None:
    write(tmp_path / "ogx/testing/api_recorder.py", "VALUE = 1\n")
    write(tmp_path / "program.py", "import ogx.testing.api_recorder as it\nassert it.VALUE\n")
    tracked = run_tracked(
        Project(tmp_path), ["env", "-C", str(tmp_path), sys.executable, "program.py"]
    ).tracked
    (trouble,) = tracked.troubles
    assert trouble == "ogx.testing.api_recorder can't be listened to: it has no ResponseStorage"
    assert (tracked.plays, tracked.recorders, tracked.complete) == ((), frozenset(), True)
