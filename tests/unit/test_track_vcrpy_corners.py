"""What `recctl track` hears of vcrpy where that is used in unusual ways, or is not what it says it is."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.project import Project
from recctl.testsuite.track import Play
from recctl.testsuite.track.run import run_tracked
from tests.builders import write

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.testsuite.track import Tracked

START = """
import http.client, json, os, sys, threading
import vcr

def post(body, path="/chat"):
    connection = http.client.HTTPConnection("localhost", 9)
    connection.request("POST", path, body=json.dumps(body))
    return connection.getresponse().read().decode()

recorder = vcr.VCR(record_mode="none")
"""


def keep(folder: Path, name: str, *bodies: Any) -> None:
    """Write a cassette with an exchange for each request's body."""
    response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}}
    request = {"method": "POST", "uri": "http://localhost:9/chat", "headers": {}}
    exchanges = [{"request": {**request, "body": json.dumps(body)}, "response": response} for body in bodies]
    write(folder / name, json.dumps({"interactions": exchanges, "version": 1}))


def run(folder: Path, code: str, start: str = START) -> Tracked:
    """Run a program. It says what it says, and ends as it does, when nobody listens."""
    write(folder / "program.py", start + code)
    command = ["env", "-C", str(folder), sys.executable, "program.py"]
    bare = subprocess.run(command, capture_output=True, text=True, check=False)
    script = f'"$@" > {folder}/said 2>&1'
    ended = run_tracked(Project(folder), ["sh", "-c", script, "sh", *command])
    assert (ended.code, (folder / "said").read_text()) == (bare.returncode, bare.stdout + bare.stderr)
    assert ended.code == 0, bare.stderr
    return ended.tracked


def list_plays(tracked: Tracked) -> list[tuple[str, int | None, int, str]]:
    return [(play.path, play.number, play.times, play.result) for play in tracked.plays]


# --- threads, processes, cassettes within cassettes ---------------------------------------------------------


def test_cassettes_within_cassettes_and_threads_are_told_apart(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    keep(tmp_path, "b.yaml", {"q": 1}, {"q": 2})
    tracked = run(
        tmp_path,
        """
with recorder.use_cassette("a.yaml"):
    with recorder.use_cassette("b.yaml"):
        post({"q": 1})
        thread = threading.Thread(target=post, args=({"q": 2},))
        thread.start()
        thread.join()
    post({"q": 1})
""",
    )
    expected = [("a.yaml", 1, 1, "same"), ("b.yaml", 1, 1, "same"), ("b.yaml", 2, 1, "same")]
    assert sorted(list_plays(tracked)) == expected
    assert tracked.troubles == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_what_a_child_by_fork_plays_of_its_parents_cassette_is_heard(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1}, {"q": 2})
    tracked = run(
        tmp_path,
        """
with recorder.use_cassette("a.yaml"):
    child = os.fork()
    if not child:
        post({"q": 1}), post({"q": 2})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
""",
    )
    assert list_plays(tracked) == [("a.yaml", 1, 1, "same"), ("a.yaml", 2, 1, "same")]
    assert tracked.loaded == {"a.yaml": sha256((tmp_path / "a.yaml").read_bytes()).hexdigest()}


def test_vcrpy_that_was_there_before_us_is_listened_to(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    early = "import os\nfolder = os.environ.pop('RECCTL_TRACK', '')\n" + START
    code = """
import importlib.util
if importlib.util.find_spec("recctl_track"):
    import recctl_track
    os.environ["RECCTL_TRACK"] = folder
    recctl_track.install()
with recorder.use_cassette("a.yaml"):
    post({"q": 1})
"""
    # A Python whose site does not run our sitecustomize gets to us by the plugin, after its own imports.
    write(tmp_path / "sitecustomize.py", "")
    tracked = run(tmp_path, code, start="import sys\nsys.path.append(sys.path[0])\n" + early)
    assert list_plays(tracked) == [("a.yaml", 1, 1, "same")]


# --- what is not in the file --------------------------------------------------------------------------------

NEW = """
def make(path):
    request = vcr.request.Request("POST", "http://localhost:9" + path, b"{}", {})
    return request, {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b"new"}}

"""


def test_what_was_recorded_by_this_run_is_no_play_of_a_recording(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    tracked = run(
        tmp_path,
        NEW
        + """
for name in "a.yaml", "none.yaml":
    with vcr.use_cassette(name, record_mode="new_episodes", allow_playback_repeats=True) as cassette:
        cassette.append(*make("/new"))
        cassette.dirty = False
        cassette.rewound = True
        assert post({}, "/new") == "new"
""",
    )
    assert (list_plays(tracked), tracked.troubles) == ([], ())


def test_a_cassette_that_grew_in_the_run_is_not_the_one_that_was_played(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    tracked = run(
        tmp_path,
        NEW
        + """
with vcr.use_cassette("a.yaml", record_mode="new_episodes") as cassette:
    post({"q": 1})
    cassette.append(*make("/new"))
""",
    )
    reason = "the file has changed since it was loaded"
    assert tracked.plays == (Play("a.yaml", None, "", 1, "unseen", reason),)


def test_exchanges_that_a_persister_makes_are_unseen(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    tracked = run(
        tmp_path,
        """
from copy import deepcopy
from vcr.persisters.filesystem import FilesystemPersister

class Copying(FilesystemPersister):
    @classmethod
    def load_cassette(cls, path, serializer):
        return deepcopy(super().load_cassette(path, serializer)[:2])

recorder.register_persister(Copying)
with recorder.use_cassette("a.yaml"):
    post({"q": 1})
""",
    )
    reason = "which recording of the file was played is not known"
    assert tracked.plays == (Play("a.yaml", None, "", 1, "unseen", reason),)


# --- serializers and matchers -------------------------------------------------------------------------------


def test_a_serializer_that_fails_leaves_the_play_unseen(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    tracked = run(
        tmp_path,
        """
class ReadOnly:
    deserialize = staticmethod(vcr.serializers.yamlserializer.deserialize)

    @staticmethod
    def serialize(data):
        raise ValueError("never")

recorder.register_serializer("readonly", ReadOnly)
with recorder.use_cassette("a.yaml", serializer="readonly"):
    assert post({"q": 2}) == "{}"
""",
    )
    reason = "the cassette's serializer failed on the request"
    assert tracked.plays == (Play("a.yaml", 1, "", 1, "unseen", reason),)
    assert tracked.troubles == ("vcrpy: the serializer failed: ValueError('never')",)


def test_a_matcher_that_breaks_on_another_value_equalises_nothing(tmp_path: Path) -> None:
    """It reads the roles of all messages: one more is a difference, though it does not say so."""
    keep(tmp_path, "a.yaml", {"model": 1, "messages": [{"role": "user"}]})
    tracked = run(
        tmp_path,
        """
def by_role(sent, kept):
    last = [[message["role"] for message in json.loads(side.body)["messages"]][-1] for side in (sent, kept)]
    assert last[0] == last[1]

recorder.register_matcher("by_role", by_role)
with recorder.use_cassette("a.yaml", match_on=["method", "by_role"]):
    post({"model": 2, "messages": [{"role": "system"}, {"role": "user"}]})
""",
    )
    (play,) = tracked.plays
    assert (play.result, [each for each in play.equalised if "body" in each]) == ("different", [])


def test_a_body_of_an_unknown_kind_is_unseen_and_stays_as_it_is(tmp_path: Path) -> None:
    keep(tmp_path, "a.yaml", {"q": 1})
    tracked = run(
        tmp_path,
        """
class Odd:
    pass

def change(request):
    request.body = Odd()
    return request

with recorder.use_cassette("a.yaml", before_record_request=change) as cassette:
    assert post({"q": 1}) == "{}"
    assert vars(cassette.requests[0].body) == {}
""",
    )
    (play,) = tracked.plays
    assert (play.number, play.result) == (1, "unseen")


# --- another vcrpy ------------------------------------------------------------------------------------------


def test_a_vcrpy_that_lacks_something_is_left_alone_and_told(tmp_path: Path) -> None:
    write(tmp_path / "vcr/__init__.py", "")
    write(tmp_path / "vcr/cassette.py", "class Cassette:\n    def _load(self):\n        return 1\n")
    code = (
        "from vcr.cassette import Cassette\nprint(Cassette._load.__code__.co_filename, Cassette()._load())\n"
    )
    tracked = run(tmp_path, code, start="")
    (trouble,) = tracked.troubles
    assert trouble == "vcr.cassette can't be listened to: it has no requests_match"
    assert (tracked.recorders, tracked.complete) == (frozenset(), True)


def test_a_vcrpy_whose_functions_take_something_else_works_as_ever(tmp_path: Path) -> None:
    write(tmp_path / "vcr/__init__.py", "")
    write(
        tmp_path / "vcr/cassette.py",
        """
def requests_match(*, pair):
    return pair[0] == pair[1]

class Cassette:
    def _load(self, *, now):
        self.append(1, 2, 3, last=4)
        return now

    def append(self, *arguments, last):
        self.items = [*arguments, last]

    def filter_request(self):
        return True

    def play_response(self):
        return requests_match(pair=(1, 1)), self.filter_request()

    def responses_of(self, *, request):
        return [request]

    def _save(self, *, now):
        return now
""",
    )
    code = """
from vcr.cassette import Cassette
cassette = Cassette()
print(cassette._load(now=5), cassette.items, cassette.play_response())
print(cassette.responses_of(request=6), cassette._save(now=7))
"""
    tracked = run(tmp_path, code, start="")
    assert (list_plays(tracked), tracked.missed) == ([], ())
    assert tracked.troubles
    assert all(trouble.startswith("vcrpy: ") for trouble in tracked.troubles)


def test_modules_keep_their_loaders_and_functions_their_names(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
import inspect
for module in vcr.serialize, vcr.cassette, vcr.errors:
    print(type(module.__loader__), sorted(vars(module.__loader__)), type(module.__spec__.loader))
for name, function in inspect.getmembers(vcr.cassette.Cassette, inspect.isfunction):
    print(name, function.__name__, function.__doc__, *inspect.signature(function).parameters)
""",
    )
