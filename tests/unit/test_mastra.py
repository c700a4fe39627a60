"""Mastra's recordings: what is read, what is refused, what an edit leaves as it was."""

from __future__ import annotations

import copy
import json
from hashlib import md5
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.formats import is_claimed
from recctl.recordings.formats.mastra import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source as make_source
from tests.unit.test_vcrpy_hostile import ODD

URL = "https://api.openai.com/v1/chat/completions"


def hash_of(url: str, body: Any) -> str:
    """The hash that the recorder gives."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return md5(f"{url}:{text}".encode(), usedforsecurity=False).hexdigest()[:16]


def exchange(sent: Any, **response: Any) -> dict[str, Any]:
    return {
        "hash": hash_of(URL, sent),
        "request": {"url": URL, "method": "POST", "body": sent, "timestamp": 1779916106026},
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": {"content-type": "application/json"},
            "isStreaming": "chunks" in response,
            **response,
        },
    }


META = {
    "name": "core-agent",
    "testFile": "src/agent/agent.e2e.test.ts",
    "testName": "agent > says hello",
    "createdAt": "2026-05-27T21:06:54.272Z",
}
STREAM = exchange(
    {"model": "s", "n": 1},
    headers={"content-type": "text/event-stream"},
    chunks=['data: {"a": "caf', '\u00e9"}\n\ndata:', ' {"b": 2}\n\n'],
    chunkTimings=[1, 2, 3],
)
PLAIN = exchange({"model": "t"}, body={"id": "x"})
FILE: dict[str, Any] = {"meta": META, "recordings": [STREAM, PLAIN]}


def write(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def source(content: bytes) -> Any:
    return make_source(content, "core-agent.json", "packages/core/__recordings__")


def read(value: Any) -> list[Recording]:
    items = load(source(write(value)))
    assert all(isinstance(item, Recording) for item in items)
    return [item for item in items if isinstance(item, Recording)]


# --- reading ------------------------------------------------------------------------------------------------


def test_exchanges_are_read_with_the_test_that_the_file_names() -> None:
    stream, plain = read(FILE)
    assert (stream.format, str(plain.key)) == ("mastra", "packages/core/__recordings__/core-agent.json#2")
    assert stream.test_id == plain.test_id == "src/agent/agent.e2e.test.ts::agent > says hello"
    assert stream.request == {
        "method": "POST",
        "url": URL,
        "headers": {},
        "body": {"model": "s", "n": 1},
        "endpoint": "/v1/chat/completions",
        "model": "s",
    }
    assert stream.response["body"] == ['data: {"a": "caf\u00e9"}', "", 'data: {"b": 2}', ""]
    assert (stream.is_streaming, plain.is_streaming, plain.response["body"]) == (True, False, {"id": "x"})
    assert stream.as_written


def test_a_file_of_before_is_the_list_alone() -> None:
    assert [recording.document for recording in read([STREAM, PLAIN])] == [
        {key: value for key, value in recording.document.items() if key != "test_id"}
        for recording in read(FILE)
    ]


def test_the_folders_of_somebody_s_machine_are_no_test() -> None:
    (recording, _) = read(FILE | {"meta": META | {"testFile": "/Users/me/mastra/a.test.ts"}})
    assert recording.test_id == "agent > says hello"


@pytest.mark.parametrize(
    ("value", "message", "line", "number"),
    [
        (7, "not a file of Mastra's recordings: it is a number, and no object", None, None),
        ({"meta": {}}, "not a file of Mastra's recordings: it has no list of 'recordings'", None, None),
        ({"recordings": [PLAIN, {"hash": "x"}]}, "not an exchange: it has no 'request'", 25, 2),
        ([{**PLAIN, "response": []}], "not an exchange: its response is an array, and not an object", 12, 1),
    ],
)
def test_what_is_refused_is_told_with_its_line(
    value: Any, message: str, line: int | None, number: int | None
) -> None:
    (error,) = (item for item in FORMAT.read(source(write(value))) if isinstance(item, LoadError))
    assert (error.message, error.number) == (message, number)
    assert (error.position and error.position.line) == line


def test_of_very_many_bad_exchanges_the_last_are_told_in_one() -> None:
    items = load(source(write([PLAIN, *[7] * 5000])))
    assert [(item.number, item.total) for item in items if isinstance(item, LoadError)][98:] == [
        (100, 1),
        (101, 1),
        (102, 4900),
    ]


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (write(FILE), True),
        (write([PLAIN]), True),
        (json.dumps(FILE).encode(), True),
        (b'{"meta": {"title": "x"}, "recordings": [{"title": "Blue"}]}', False),
        (b'[{"hash": "abc", "request": {}}]', False),
        (b'{"recordings": []}', False),
    ],
)
def test_a_walk_takes_what_starts_like_one(content: bytes, *, is_one: bool) -> None:
    assert is_claimed("x.json", (), lambda: content[:4096]) == is_one


def test_values_are_found_where_they_stand_and_sizes_are_those_of_the_exchanges() -> None:
    content = write(FILE)
    positions = FORMAT.locate(
        source(content), 0, ["", "/request/body/n", "/response/body/2", "/response/status"]
    )
    lines = content.decode().splitlines()
    assert {pointer: lines[position.line - 1].strip() for pointer, position in positions.items()} == {
        "": "{",
        "/request/body/n": '"n": 1',
        "/response/body/2": '" {\\"b\\": 2}\\n\\n"',
        "/response/status": '"status": 200,',
    }
    one, other = FORMAT.measure(source(content))
    assert content[-other - 6 :].startswith(b'{\n      "hash"')
    assert one > other


# --- edits --------------------------------------------------------------------------------------------------


def edit(index: int, side: str, **parts: Any) -> bytes | None:
    document = copy.deepcopy(read(FILE)[index].document)
    document[side].update(parts)
    return FORMAT.edit(source(write(FILE)), {index: document})


def test_a_stream_keeps_its_pieces() -> None:
    changed = copy.deepcopy(FILE)
    changed["recordings"][0]["response"]["chunks"] = ['data: {"a": "tea', '"}\n\ndata:', ' {"b": 3}\n\n']
    body = ['data: {"a": "tea"}', "", 'data: {"b": 3}', ""]
    assert edit(0, "response", body=body) == write(changed)


def test_the_hash_follows_the_request() -> None:
    changed = copy.deepcopy(FILE)
    changed["recordings"][1] = exchange({"model": "large"}, body={"id": "x"})
    assert edit(1, "request", body={"model": "large"}) == write(changed)


def test_a_header_is_changed_alone() -> None:
    assert edit(1, "response", headers={"content-type": "x"}) == write(FILE).replace(
        b"application/json", b"x"
    )


def test_an_exchange_goes_with_its_lines() -> None:
    assert FORMAT.edit(source(write(FILE)), {0: None}) == write(FILE | {"recordings": [PLAIN]})
    assert FORMAT.edit(source(write(FILE)), {1: None}) == write(FILE | {"recordings": [STREAM]})
    assert FORMAT.edit(source(write([STREAM, PLAIN])), {0: None}) == write([PLAIN])


# --- what nobody wrote --------------------------------------------------------------------------------------

MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "url": st.text(max_size=8),
        "method": st.text(max_size=4),
        "status": st.integers(0, 999) | ODD,
        "headers": st.dictionaries(st.text(max_size=3), st.text(max_size=3)) | ODD,
        "body": ODD,
        "chunks": st.lists(st.text(max_size=4), max_size=3) | ODD,
    },
)
FILES = st.lists(st.fixed_dictionaries({"request": MESSAGES, "response": MESSAGES | ODD}), max_size=3)


@given(FILES | ODD)
def test_whatever_stands_in_a_file_nothing_is_raised(value: Any) -> None:
    content = json.dumps({"recordings": value}, default=str).encode()
    items = FORMAT.read(source(content))
    FORMAT.inspect(source(content), items)
    FORMAT.measure(source(content))
    for index, item in enumerate(items):
        FORMAT.locate(source(content), index, ["", "/response/body/1", "/request/headers/a"])
        if isinstance(item, Recording):
            assert FORMAT.edit(source(content), {index: item.document}) == content
