"""Polly.JS's recordings: what is read, what is refused, what an edit leaves as it was."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.formats import is_claimed
from recctl.recordings.formats.polly import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source as make_source
from tests.unit.test_vcrpy_hostile import ODD


def entry(content: dict[str, Any], order: int = 0) -> dict[str, Any]:
    return {
        "_id": "0d4f6a1c8e2b4f6a9c8e0d4f6a1c8e2b",
        "_order": order,
        "cache": {},
        "request": {
            "bodySize": 14,
            "cookies": [],
            "headers": [
                {"_fromType": "array", "name": "accept", "value": "a"},
                {"_fromType": "array", "name": "accept", "value": "b"},
                {"name": "host", "value": "api.openai.com"},
            ],
            "headersSize": 100,
            "httpVersion": "HTTP/1.1",
            "method": "POST",
            "postData": {"mimeType": "application/json", "params": [], "text": '{"model": "s"}'},
            "queryString": [],
            "url": "https://api.openai.com/v1/chat/completions",
        },
        "response": {
            "bodySize": 10,
            "content": {"mimeType": "application/json", "size": 10, **content},
            "cookies": [],
            "headers": [{"name": "content-type", "value": "application/json"}],
            "headersSize": 100,
            "httpVersion": "HTTP/1.1",
            "redirectURL": "",
            "status": 200,
            "statusText": "OK",
        },
        "startedDateTime": "2026-02-01T10:00:00.000Z",
        "time": 12,
        "timings": {"blocked": -1, "wait": 12},
    }


REPLY = b'{"id": "x"}'
COMPRESSED = gzip.compress(REPLY, mtime=0)


def encode(*pieces: bytes) -> str:
    return json.dumps([base64.b64encode(piece).decode() for piece in pieces], separators=(",", ":"))


CREATOR = {"comment": "persister:fs", "name": "Polly.JS", "version": "6.0.6"}


def archive(*entries: Any) -> dict[str, Any]:
    log = {"_recordingName": "chat/says hello", "creator": CREATOR, "entries": [*entries], "pages": []}
    return {"log": log | {"version": "1.2"}}


PLAIN = entry({"text": REPLY.decode()})
ZIPPED = entry({"encoding": "base64", "text": encode(COMPRESSED[:9], COMPRESSED[9:])}, 1)
FILE: dict[str, Any] = archive(PLAIN, ZIPPED)


def write(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def source(content: bytes) -> Any:
    return make_source(content, "recording.har", "recordings/chat_123/says-hello_456")


def read(value: Any) -> list[Recording]:
    return [item for item in load(source(write(value))) if isinstance(item, Recording)]


def test_exchanges_are_read_with_headers_by_name_and_bodies_as_values() -> None:
    plain, zipped = read(FILE)
    assert (plain.format, str(zipped.key)) == ("polly", "recordings/chat_123/says-hello_456/recording.har#2")
    assert plain.test_id == "chat/says hello"
    assert plain.document == {
        "test_id": "chat/says hello",
        "request": {
            "method": "POST",
            "url": "https://api.openai.com/v1/chat/completions",
            "headers": {"accept": ["a", "b"], "host": "api.openai.com"},
            "body": {"model": "s"},
            "endpoint": "/v1/chat/completions",
            "model": "s",
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"id": "x"},
            "is_streaming": False,
        },
    }
    assert zipped.document == plain.document


def test_a_reply_may_have_no_text_or_be_bytes() -> None:
    assert [recording.body for recording in read(archive(entry({})))] == [None]
    picture = entry({"encoding": "base64", "text": base64.b64encode(b"\0\1").decode()})
    assert [recording.body for recording in read(archive(picture))] == [
        {"bytes": 2, "type": "application/json"}
    ]


@pytest.mark.parametrize(
    ("value", "message", "line", "number"),
    [
        ({"log": {}}, "not a recording of Polly.JS: its 'log' has no list of 'entries'", None, None),
        ([], "not a recording of Polly.JS: it is an array, and no object", None, None),
        (archive({**PLAIN, "response": {}}), "not an exchange: its response has no 'status'", 44, 1),
    ],
)
def test_what_is_refused_is_told_with_its_line(
    value: Any, message: str, line: int | None, number: int | None
) -> None:
    (error,) = FORMAT.read(source(write(value)))
    assert isinstance(error, LoadError)
    assert (error.message, error.number) == (message, number)
    assert (error.position and error.position.line) == line


BROWSER = {"log": {"version": "1.2", "creator": {"name": "Firefox", "version": "140.0"}, "entries": [PLAIN]}}


@pytest.mark.parametrize(
    ("name", "content", "is_one"),
    [
        ("recording.har", write(FILE), True),
        ("recording.har", b"", True),
        ("recording.har", b"<<<<<<< ours", True),
        ("recording.har", write(BROWSER), False),
        ("trace.har", b"", False),
    ],
)
def test_a_walk_takes_what_polly_made(name: str, content: bytes, *, is_one: bool) -> None:
    assert is_claimed(name, ("recordings",), lambda: content) == is_one


def test_an_archive_that_is_named_is_read_whoever_made_it() -> None:
    assert [recording.format for recording in read(BROWSER)] == ["polly"]


# --- as YAML ------------------------------------------------------------------------------------------------

AS_YAML = """\
log:
  _recordingName: chat
  creator:
    name: Polly.JS
    version: 6.0.6
  entries:
    - _id: 897d3731ab8e15a1549f29445eafd1e1
      _order: 0
      request:
        headers:
          - name: accept
            value: a
        method: POST
        postData:
          mimeType: application/json
          textJSON:
            model: s
            text: >-
              Blue, or

              green?
        url: https://x/v1/chat/completions
      response:
        content:
          mimeType: text/event-stream
          text: |
            data: {"a": 1}
            data: {"b": 2}
        headers: []
        status: 200
      startedDateTime: 2024-12-03T13:50:56.142Z
    - _id: 744ac84492fba82f361266614d76e69b
      request: {headers: [], method: GET, url: https://x/models}
      response: {status: 404, headers: []}
"""


def yaml_source(content: str) -> Any:
    return make_source(content.encode(), "recording.har.yaml", "agent/recordings/chat_123")


def test_the_same_is_read_from_yaml() -> None:
    assert is_claimed("recording.har.yaml", ("recordings",), AS_YAML.encode)
    one, other = load(yaml_source(AS_YAML))
    assert isinstance(one, Recording)
    assert isinstance(other, Recording)
    assert (one.format, one.request["body"]) == ("polly", {"model": "s", "text": "Blue, or\ngreen?"})
    assert (one.body, other.response["status"]) == (['data: {"a": 1}', 'data: {"b": 2}'], 404)
    places = FORMAT.locate(yaml_source(AS_YAML), 0, ["", "/request/body/text", "/response/body/1"])
    assert [position.line for position in places.values()] == [7, 18, 26]
    assert sum(FORMAT.measure(yaml_source(AS_YAML))) < len(AS_YAML)


def test_yaml_is_changed_in_its_lines() -> None:
    one, _ = load(yaml_source(AS_YAML))
    assert isinstance(one, Recording)
    document = copy.deepcopy(one.document)
    document["request"]["headers"]["accept"] = "MASKED"
    document["request"]["body"]["model"] = "large"
    document["response"]["body"][1] = 'data: {"b": 3}'
    changed = AS_YAML.replace("value: a", "value: MASKED").replace("model: s", "model: large")
    assert FORMAT.edit(yaml_source(AS_YAML), {0: document}) == changed.replace('"b": 2', '"b": 3').encode()


def test_an_entry_goes_from_yaml_with_its_lines() -> None:
    start = AS_YAML.index("    - _id: 744")
    assert FORMAT.edit(yaml_source(AS_YAML), {1: None}) == AS_YAML[:start].encode()


@pytest.mark.parametrize(
    ("content", "rule", "message"),
    [
        ("log: [", "invalid-yaml", "not YAML"),
        (
            "log: {}\n---\nlog: {}\n",
            "not-a-recording",
            "not a recording of Polly.JS: it is 2 documents, and not one",
        ),
        ("log: {}", "not-a-recording", "not a recording of Polly.JS: its 'log' has no list of 'entries'"),
    ],
)
def test_yaml_that_is_refused_is_told(content: str, rule: str, message: str) -> None:
    (error,) = FORMAT.read(yaml_source(content))
    assert isinstance(error, LoadError)
    assert (error.rule, error.message[: len(message)]) == (rule, message)


# --- edits --------------------------------------------------------------------------------------------------


def edit(index: int, side: str, **parts: Any) -> bytes | None:
    document = copy.deepcopy(read(FILE)[index].document)
    document[side].update(parts)
    return FORMAT.edit(source(write(FILE)), {index: document})


def change(index: int, side: str, **parts: Any) -> bytes:
    changed = copy.deepcopy(FILE)
    changed["log"]["entries"][index][side].update(parts)
    return write(changed)


def test_a_header_is_changed_and_keeps_what_else_it_has() -> None:
    before = PLAIN["request"]["headers"]
    assert edit(0, "request", headers={"accept": ["a", "MASKED"], "host": "api.openai.com"}) == change(
        0, "request", headers=[before[0], before[1] | {"value": "MASKED"}, before[2]]
    )
    assert edit(0, "request", headers={"accept": "a"}) == change(0, "request", headers=before[:1])


def test_a_body_is_changed_in_its_text() -> None:
    post = PLAIN["request"]["postData"] | {"text": '{"model": "large"}'}
    assert edit(0, "request", body={"model": "large"}) == change(0, "request", postData=post)


def test_what_is_compressed_stays_so_in_one_piece() -> None:
    changed = edit(1, "response", body={"id": "MASKED"})
    assert changed is not None
    content = json.loads(changed)["log"]["entries"][1]["response"]["content"]
    (piece,) = json.loads(content["text"])
    assert gzip.decompress(base64.b64decode(piece)) == b'{"id": "MASKED"}'
    assert changed == change(1, "response", content=ZIPPED["response"]["content"] | {"text": content["text"]})


def test_an_entry_goes_with_its_lines() -> None:
    assert FORMAT.edit(source(write(FILE)), {0: None}) == write(archive(ZIPPED))
    assert FORMAT.edit(source(write(FILE)), {0: None, 1: None}) == write(archive())


# --- what nobody wrote --------------------------------------------------------------------------------------

PAIRS = st.lists(st.fixed_dictionaries({"name": st.sampled_from("ab"), "value": st.text(max_size=3)}) | ODD)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(["[]", "[1]", "AA==", encode(COMPRESSED)]) | ODD,
        "encoding": st.just("base64"),
    },
)
ENTRIES = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"method": st.text(max_size=3), "url": st.text(max_size=6), "headers": PAIRS},
            optional={"postData": CONTENTS | ODD},
        ),
        "response": st.fixed_dictionaries(
            {"status": st.integers(), "headers": PAIRS}, optional={"content": CONTENTS | ODD}
        ),
    }
)


@given(st.lists(ENTRIES | ODD, max_size=2))
def test_whatever_stands_in_a_file_nothing_is_raised(entries: list[Any]) -> None:
    content = json.dumps({"log": {"entries": entries}}, default=str).encode()
    items = FORMAT.read(source(content))
    FORMAT.inspect(source(content), items)
    FORMAT.measure(source(content))
    for index, item in enumerate(items):
        FORMAT.locate(source(content), index, ["", "/response/body/1", "/request/headers/a"])
        if isinstance(item, Recording):
            assert FORMAT.edit(source(content), {index: item.document}) == content
