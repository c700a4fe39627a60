"""What `recctl track` hears of vcrpy: loads, plays and misses, in a suite that does all that suites do."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import recctl.testsuite.track
from recctl.project import Project
from recctl.recordings.http import SentRequest
from recctl.testsuite.track import Miss, Play
from recctl.testsuite.track.run import run_tracked

if TYPE_CHECKING:
    from recctl.testsuite.track import Tracked

INSIDE = Path(recctl.testsuite.track.__file__).parent / "inside"
URL = "http://127.0.0.1:9"

CONFTEST = '''
import gzip, json, re
import pytest, yaml
from vcr.request import Request

class Folding:
    """As a suite's own serializer does: what people type is kept as ASCII."""
    @staticmethod
    def serialize(data):
        return json.dumps(data).replace("\\\\u2014", "--")
    deserialize = staticmethod(json.loads)

class Zipped:
    """Called by its own persister with requests, and not with what vcrpy makes of them."""
    @staticmethod
    def serialize(data):
        data["requests"] = [vars(r) and r._to_dict() for r in data["requests"]]
        return gzip.compress(yaml.safe_dump(data).encode())
    @staticmethod
    def deserialize(data):
        data = yaml.safe_load(gzip.decompress(data))
        data["requests"] = [Request(**r) for r in data["requests"]]
        return data

class Persister:
    @staticmethod
    def load_cassette(path, serializer):
        with open(path, "rb") as file:
            data = serializer.deserialize(file.read())
        return data["requests"], data["responses"]

def is_same_region(one, other):
    assert one.uri.replace("eu.", "us.") == other.uri.replace("eu.", "us.")

def has_same_clock_but_for_digits(one, other):
    one, other = (re.sub("[0-9]", "#", json.loads(each.body)["clock"]) for each in (one, other))
    assert one == other

def pytest_recording_configure(config, vcr):
    vcr.register_serializer("json", Folding)
    vcr.register_matcher("region", is_same_region)
    vcr.register_matcher("clock", has_same_clock_but_for_digits)
'''

TESTS = """
import json, threading, urllib.request
import pytest, vcr
from conftest import Persister, Zipped

def ask(body, url="http://127.0.0.1:9/chat", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "suite", **headers}
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request) as reply:
        return reply.read()

@pytest.mark.vcr
def test_same():
    assert ask({"a": "1"}) == b"1"
    assert ask({"a": "2"}) == b"2"

@pytest.mark.vcr
def test_drifted():
    assert ask({"a": "1", "b": "new"}) == b"1"

@pytest.mark.vcr
def test_order():
    assert ask({"b": 2, "a": 1}) == b"1"

@pytest.mark.vcr
def test_spaces():
    assert ask(b'{"a":1}') == b"1"

@pytest.mark.vcr
def test_user_agent():
    assert ask({"a": "1"}, **{"User-Agent": "another"}) == b"1"

@pytest.mark.vcr(allow_playback_repeats=True)
def test_repeated():
    assert ask({"a": "1"}) == ask({"a": "1"}) == b"1"

@pytest.mark.vcr
def test_missed():
    for _ in range(2):
        with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
            ask({"a": "1"}, "http://127.0.0.1:9/other")

@pytest.mark.vcr(before_record_request=lambda request: None if request.path == "/token" else request)
def test_filtered_away():
    with pytest.raises(OSError):
        ask({"secret": 1}, "http://127.0.0.1:9/token")
    assert ask({"a": "1"}) == b"1"

CALLS = []

def count(request):
    CALLS.append(request)
    return request

@pytest.mark.vcr(before_record_request=count)
def test_filters_run_as_often_as_without():
    ask({"a": "1"})
    assert len(CALLS) == 4

@pytest.mark.vcr(serializer="json")
def test_folded():
    assert ask('{"a": "yes \\u2014 no"}'.encode()) == b"1"

@pytest.mark.vcr(match_on=["method", "region"])
def test_region():
    assert ask({"a": "1"}, "http://eu.localhost:9/chat") == b"1"

@pytest.mark.vcr(match_on=["uri", "clock"])
def test_clock():
    assert ask({"seed": 1, "clock": "12:00", "prompt": "new"}) == b"1"

@pytest.mark.vcr("extra.yaml")
def test_extra():
    assert ask({"a": "9"}, "http://127.0.0.1:9/extra") == b"1"
    assert ask({"a": "1"}) == b"1"

def drop(request, response):
    return None if b"1" in request.body else (request, response)

@pytest.mark.vcr(after_load_interaction=drop)
def test_dropped():
    assert ask({"a": "2"}) == b"2"

def test_zipped():
    my = vcr.VCR(record_mode="none")
    my.register_serializer("yaml.gz", Zipped)
    my.register_persister(Persister)
    with my.use_cassette("cassettes/test_suite/zipped.yaml.gz", serializer="yaml.gz"):
        assert ask({"a": "1"}) == b"1"
        assert ask({"a": "changed"}) == b"2"

@pytest.mark.vcr
def test_in_a_thread():
    thread = threading.Thread(target=ask, args=({"a": "1"},))
    thread.start()
    thread.join()

@pytest.mark.vcr
def test_without_a_body():
    with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:9/chat", method="POST")) as reply:
        assert reply.read() == b"1"

@pytest.mark.vcr(record_mode="new_episodes")
def test_failing():
    assert ask({"a": "1"}) == b"2"
"""


def exchange(body: str | None, reply: str, path: str = "/chat", host: str = "127.0.0.1") -> dict[str, Any]:
    headers = {"Content-Type": ["application/json"], "User-Agent": ["suite"], "Connection": ["close"]}
    told = {} if body is None else {"Content-Length": [str(len(body))]}
    return {
        "request": {
            "method": "POST",
            "uri": f"http://{host}:9{path}",
            "body": body,
            "headers": {**headers, **told, "Host": [f"{host}:9"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Length": [str(len(reply))]},
            "body": {"string": reply},
        },
    }


ONE, TWO = exchange('{"a": "1"}', "1"), exchange('{"a": "2"}', "2")
CASSETTES = {
    "test_same": [ONE, TWO],
    "test_drifted": [ONE],
    "test_order": [exchange('{"a": 1, "b": 2}', "1")],
    "test_spaces": [exchange('{"a": 1}', "1")],
    "test_user_agent": [ONE],
    "test_repeated": [ONE],
    "test_missed": [ONE],
    "test_filtered_away": [exchange("{}", "0", "/token"), ONE],
    "test_filters_run_as_often_as_without": [ONE],
    "test_region": [exchange('{"a": "1"}', "1", host="us.localhost")],
    "test_clock": [exchange('{"seed": 1, "clock": "11:00", "prompt": "old"}', "1")],
    "test_extra": [ONE],
    "extra": [TWO, exchange('{"a": "9"}', "1", "/extra")],
    "test_dropped": [ONE, TWO],
    "test_in_a_thread": [ONE],
    "test_without_a_body": [exchange(None, "1")],
    "test_failing": [ONE],
}
SUITE = "test_suite.py::"
LENGTH = ("/headers/content-length",)
FOLDER = "cassettes/test_suite/"
COMMAND = (
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:randomly",
)


def write_suite(folder: Path) -> None:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_suite.py").write_text(TESTS)
    cassettes = folder / FOLDER
    cassettes.mkdir(parents=True)
    for name, exchanges in CASSETTES.items():
        text = yaml.safe_dump({"interactions": exchanges, "version": 1})
        (cassettes / f"{name}.yaml").write_text(text)
    folded = {"version": 1, "interactions": [exchange('{"a": "yes -- no"}', "1")]}
    (cassettes / "test_folded.json").write_text(json.dumps(folded))
    import gzip

    lists = {
        "requests": [each["request"] for each in (ONE, TWO)],
        "responses": [
            {**each["response"], "body": {"string": each["response"]["body"]["string"].encode()}}
            for each in (ONE, TWO)
        ],
    }
    (cassettes / "zipped.yaml.gz").write_bytes(gzip.compress(yaml.safe_dump(lists).encode()))


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    """What is heard of the suite. Its outcomes are those that it has without us."""
    folder = tmp_path_factory.mktemp("suite")
    write_suite(folder)
    command = ["env", "-C", str(folder), *COMMAND]
    bare = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[-1]
    assert bare.startswith("1 failed, 17 passed")
    ended = run_tracked(Project(folder), command)
    outcomes = list(ended.tracked.outcomes.values())
    assert (ended.code, outcomes.count("passed"), outcomes.count("failed")) == (1, 17, 1)
    return ended.tracked


def play(test: str, number: int | None = 1, result: str = "same", **told: Any) -> Play:
    return Play(
        f"{FOLDER}{told.pop('file', test + '.yaml')}",
        number,
        SUITE + test,
        told.pop("times", 1),
        result,
        **told,
    )


def sent(body: Any, url: str = f"{URL}/chat") -> SentRequest:
    names = ("connection", "content-length", "content-type", "host", "user-agent")
    return SentRequest("POST", url, names, body)


def test_nothing_went_wrong(tracked: Tracked) -> None:
    assert (tracked.troubles, sorted(tracked.recorders), tracked.complete) == ((), ["vcrpy"], True)


def plays_of(tracked: Tracked, test: str) -> list[Play]:
    return [play for play in tracked.plays if play.test_id == SUITE + test]


def test_what_was_sent_as_it_is_kept_is_the_same(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_same") == [play("test_same"), play("test_same", 2)]
    assert plays_of(tracked, "test_spaces") == [play("test_spaces", equalised=LENGTH)]
    assert plays_of(tracked, "test_in_a_thread") == [play("test_in_a_thread")]


def test_what_differs_is_told_in_full(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_drifted") == [
        play("test_drifted", result="different", sent=sent({"a": "1", "b": "new"}), equalised=LENGTH)
    ]


def test_another_order_of_keys_is_left_to_judge(tracked: Tracked) -> None:
    (only,) = plays_of(tracked, "test_order")
    assert (only.result, only.sent, only.equalised) == ("different", sent({"a": 1, "b": 2}), ())


def test_headers_that_differ_are_named(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_user_agent") == [
        play("test_user_agent", equalised=("/headers/user-agent",))
    ]


def test_a_repeated_play_is_counted(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_repeated") == [play("test_repeated", times=2)]


def test_misses_are_told_with_the_reason_that_vcrpy_gives(tracked: Tracked) -> None:
    missed = Miss(
        SUITE + "test_missed",
        f"{FOLDER}test_missed.yaml",
        sent({"a": "1"}, f"{URL}/other"),
        "no_match",
        2,
        "vcrpy",
    )
    assert [*tracked.missed] == [missed]  # and none of what a filter keeps away from the cassette


def test_a_filter_moves_places_but_not_numbers(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_filtered_away") == [play("test_filtered_away", 2)]
    assert plays_of(tracked, "test_dropped") == [play("test_dropped", 2)]


def test_what_the_serializer_folds_is_the_same(tracked: Tracked) -> None:
    (only,) = plays_of(tracked, "test_folded")
    assert (only.path, only.result) == (f"{FOLDER}test_folded.json", "same")


def test_what_a_matcher_makes_equal_is_named(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_region") == [play("test_region", equalised=("/headers/host", "/url"))]
    (clock,) = plays_of(tracked, "test_clock")
    assert (clock.result, clock.equalised) == ("different", ("/body/clock",))


def test_extra_cassettes_are_told_apart(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_extra") == [play("test_extra", 2, file="extra.yaml"), play("test_extra")]


def test_a_persister_of_its_own_is_seen_through_its_file(tracked: Tracked) -> None:
    one, two = plays_of(tracked, "test_zipped")
    assert (one.path, one.number, one.result) == (f"{FOLDER}zipped.yaml.gz", 1, "same")
    assert (two.number, two.result, two.sent) == (2, "different", sent({"a": "changed"}))


def test_a_request_whose_body_nobody_saw_is_unseen(tracked: Tracked) -> None:
    reason = "no body was seen (aiohttp's json=, with vcrpy before 9.4, has none)"
    assert plays_of(tracked, "test_without_a_body") == [
        play("test_without_a_body", result="unseen", reason=reason)
    ]


def test_a_failing_test_has_played_all_the_same(tracked: Tracked) -> None:
    assert plays_of(tracked, "test_failing") == [play("test_failing")]


@pytest.mark.parametrize("path", sorted(INSIDE.glob("*.py")), ids=lambda path: path.name)
def test_what_runs_elsewhere_is_python_3_8(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 8))
