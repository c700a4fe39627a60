"""Notes that processes leave of what recorders did: held against the files, and never taken on trust."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recctl.project import Project
from recctl.recordings.http import SentRequest
from recctl.testsuite.track import Miss, Play, Tracked, dump_tracked, notes, read_tracked
from recctl.testsuite.track.notes import Heard, read_notes
from recctl.testsuite.track.plays import join_equal
from tests.tracking import URL, ask, write_cassette

if TYPE_CHECKING:
    from pathlib import Path


PATH = "tests/cassettes/test_chat/test_x.yaml"
TEST = "tests/test_chat.py::test_x"
CHANGED = "the file has changed since it was loaded"


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """A cassette of two recordings."""
    return write_cassette(tmp_path / PATH, ask("One"), ask("Two"))


def hash_text(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def load(cassette: Path, **facts: Any) -> dict[str, Any]:
    digest = hash_text(cassette.read_text())
    note = {"event": "load", "load": 0, "test": TEST, "path": str(cassette), "digest": digest, "count": 2}
    return {**note, **facts}


def play(index: int | None = 0, result: str = "same", **facts: Any) -> dict[str, Any]:
    return {"event": "play", "load": 0, "index": index, "test": TEST, "result": result, **facts}


def send(body: Any, **facts: Any) -> dict[str, Any]:
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return {"method": "POST", "url": URL, "headers": ["B", "A", "B"], "body": text, **facts}


def hear(cassette: Path, *notes: dict[str, Any] | bytes) -> Heard:
    lines = (note if isinstance(note, bytes) else json.dumps(note).encode() + b"\n" for note in notes)
    root = cassette.parents[3]

    def find(path: str) -> str | None:
        return PATH if path == str(root / PATH) else None

    return read_notes([b"".join(lines)], Project(root), find)


def test_what_was_loaded_and_played_is_told(cassette: Path) -> None:
    heard = hear(cassette, {"event": "listen", "recorder": "vcrpy"}, load(cassette), play(1), play(1))
    assert heard == Heard(
        plays=[Play(PATH, 2, TEST, 1, "same")] * 2,
        missed=[],
        loaded={PATH: sha256(cassette.read_bytes()).hexdigest()},
        loaded_by_test={TEST: {PATH}},
        troubles=set(),
        recorders={"vcrpy"},
        is_whole=True,
        unheard_tests=set(),
        by_process=(frozenset([PATH]),),
    )


def test_a_file_that_is_loaded_again_and_again_is_read_once(
    cassette: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested = []

    def digest_and_count(content: bytes) -> str:
        digested.append(content)
        return sha256(content).hexdigest()

    monkeypatch.setattr(notes, "sha256", digest_and_count)
    hear(cassette, *(load(cassette, load=number) for number in range(5)))
    assert digested == [cassette.read_bytes()]


def test_notes_that_were_held_back_come_in_lists(cassette: Path) -> None:
    held = json.dumps([load(cassette), play(0), play(1)]).encode() + b"\n"
    heard = hear(cassette, {"event": "hold"}, held, {"event": "release"})
    assert [each.number for each in heard.plays] == [1, 2]
    assert heard.is_whole


def test_notes_that_were_held_back_and_never_came_are_missing(cassette: Path) -> None:
    heard = hear(cassette, {"event": "hold"}, load(cassette), play(0))
    assert [each.number for each in heard.plays] == [1]
    assert not heard.is_whole


def test_of_what_another_process_loaded_a_play_is_trouble(cassette: Path) -> None:
    heard = hear(cassette, play())
    assert (heard.plays, heard.is_whole) == ([], True)
    assert heard.troubles == {"a process played recordings that another one had loaded"}


def test_files_that_are_none_of_ours_are_passed_over(cassette: Path) -> None:
    heard = hear(cassette, load(cassette, path="/elsewhere.yaml"), play())
    assert (heard.plays, heard.loaded, heard.troubles, heard.is_whole) == ([], {}, set(), True)


@pytest.mark.parametrize("ending", [b"\r\n", b"\r", b"\n"])
def test_text_is_the_same_however_its_lines_end(cassette: Path, ending: bytes) -> None:
    digest = hash_text(cassette.read_text())
    cassette.write_bytes(cassette.read_bytes().replace(b"\n", ending))
    heard = hear(cassette, load(cassette, digest=digest), play())
    assert heard.plays == [Play(PATH, 1, TEST, 1, "same")]
    assert heard.loaded == {PATH: sha256(cassette.read_bytes()).hexdigest()}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"digest": "0" * 64}, CHANGED),
        ({"digest": None, "count": 3}, "the file holds another number of recordings now"),
    ],
)
def test_of_a_file_that_is_another_now_nothing_was_seen(
    cassette: Path, facts: dict[str, Any], reason: str
) -> None:
    heard = hear(cassette, load(cassette, **facts), play())
    assert heard.plays == [Play(PATH, None, TEST, 1, "unseen", reason)]
    assert heard.loaded == {PATH: ""}


@pytest.mark.parametrize("digests", [("", "0" * 64), ("0" * 64, "")])
def test_a_file_that_was_loaded_twice_is_another_if_one_was(cassette: Path, digests: tuple[str, str]) -> None:
    loads = (load(cassette, **({"digest": digest} if digest else {})) for digest in digests)
    assert hear(cassette, *loads).loaded == {PATH: ""}


def test_a_file_that_is_gone_was_not_seen(cassette: Path) -> None:
    note = load(cassette)
    cassette.unlink()
    heard = hear(cassette, note, play())
    assert heard.plays == [Play(PATH, None, TEST, 1, "unseen", "the file can't be read any more")]


def test_without_a_digest_the_request_tells_which_recording_it_is(cassette: Path) -> None:
    kept = send(ask("One"))
    note = load(cassette, digest=None)
    assert hear(cassette, note, play(kept=kept)).plays == [Play(PATH, 1, TEST, 1, "same")]
    reason = "which of its recordings was played is not known"
    assert hear(cassette, note, play(1, kept=kept)).plays == [Play(PATH, None, TEST, 1, "unseen", reason)]


def test_what_is_kept_is_told_only_where_the_file_says_something_else(cassette: Path) -> None:
    sent = send(ask("Three"))
    differing = (play(0, "different", sent=sent, kept=send(ask(kept))) for kept in ("One", "one"))
    first, second = hear(cassette, load(cassette), *differing).plays
    assert (first.sent, first.kept) == (SentRequest("POST", URL, ("A", "B"), ask("Three")), None)
    assert second.kept == SentRequest("POST", URL, ("A", "B"), ask("one"))


def test_a_body_is_what_the_format_would_read(cassette: Path) -> None:
    data = b64encode(b"\xff\x00").decode()
    bodies = [None, "plain", "[1]", "{", ""]
    misses = [
        {"event": "miss", "miss": 0, "test": "", "cassette": None, "sent": send(body), "recorder": "vcrpy"}
        for body in bodies
    ]
    misses.append({**misses[0], "sent": send(data, base64=True)})
    told = [miss.sent.body for miss in hear(cassette, *misses).missed]
    assert told == [None, "plain", [1], "{", "", {"bytes": 2, "type": "binary"}]


def test_what_is_missed_has_its_reason_and_its_cassette_from_the_root_on(cassette: Path) -> None:
    root = cassette.parents[3]
    places = [str(cassette), f"{root}/tests/none.yaml", "/elsewhere.yaml", None]
    notes: list[dict[str, Any]] = [
        {
            "event": "miss",
            "miss": number,
            "test": TEST,
            "cassette": place,
            "sent": send(None),
            "recorder": "vcrpy",
        }
        for number, place in enumerate(places)
    ]
    notes.append({"event": "reason", "miss": 1, "reason": "no_match"})
    sent = SentRequest("POST", URL, ("A", "B"))
    assert hear(cassette, *notes).missed == [
        Miss(TEST, PATH, sent, None, 1, "vcrpy"),
        Miss(TEST, "tests/none.yaml", sent, "no_match", 1, "vcrpy"),
        Miss(TEST, "/elsewhere.yaml", sent, None, 1, "vcrpy"),
        Miss(TEST, None, sent, None, 1, "vcrpy"),
    ]


ODD: dict[str, Any] = {
    "no JSON": b"{\n",
    "no text": b"\xff\n",
    "half a line": b'{"event": "trouble", "message": "x"}',
    "too deep": b"[" * 100_000 + b"\n",
    "no object": b"[]\n",
    "no event": {},
    "an event that is none": {"event": "x"},
    "an event that can't be one": {"event": []},
    "a load of nothing": {"event": "load"},
    "a trouble without a message": {"event": "trouble", "message": 1},
    "a recording before the first": play(-1),
    "a recording that is no number": play() | {"index": "1"},
    "a recording that is a truth": play() | {"index": True},
    "a recording far out": play(10**30),
    "a load that can't be one": play(load=[]),
    "no such result": play(0, "well"),
    "a difference from nothing": play(0, "different", sent=None, kept=None),
    "a body that is no text": play(0, "different", sent=send(None) | {"body": 1}, kept=send(None)),
    "data that is none": play(0, "different", sent=send("é", base64=True), kept=send(None)),
    "a reason for no miss": {"event": "reason", "miss": 5, "reason": "x"},
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_not_as_it_should_be_damages_the_notes_and_no_more(cassette: Path, case: str) -> None:
    if case == "half a line":
        heard = hear(cassette, load(cassette), play(), ODD[case])
    else:
        heard = hear(cassette, load(cassette), ODD[case], play())
    assert not heard.is_whole
    assert heard.plays == [Play(PATH, 1, TEST, 1, "same")]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["load", "play", "miss"]),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
    max_leaves=3,
)
KEYS = (
    "load",
    "index",
    "test",
    "result",
    "sent",
    "kept",
    "path",
    "digest",
    "count",
    "miss",
    "reason",
    "message",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    event=st.sampled_from(["listen", "load", "play", "miss", "reason", "trouble"]),
    facts=st.dictionaries(st.sampled_from([*KEYS, "cassette", "recorder"]), VALUES),
)
def test_whatever_a_line_says_it_can_be_written_and_read(
    cassette: Path, event: str, facts: dict[str, Any]
) -> None:
    base = play(0, "different", sent=send("1"), kept=send("2")) if event == "play" else load(cassette)
    heard = hear(cassette, load(cassette), {**base, **facts, "event": event})
    run = Tracked(True, None, frozenset(), {}, frozenset(), {}, plays=join_equal(heard.plays))
    run = run._replace(missed=join_equal(heard.missed), troubles=tuple(sorted(heard.troubles)))
    file = cassette.with_name("track")
    file.write_text(dump_tracked(run))
    assert read_tracked(file) == run
