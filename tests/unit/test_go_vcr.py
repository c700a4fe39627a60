"""Cassettes of go-vcr: read, named by their tests, changed with the lengths that were true."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from recctl.project import Place, Settings
from recctl.recordings.formats import find_format
from recctl.recordings.formats.go_vcr import FORMAT
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Callable

CASSETTE = r"""---
version: 2
interactions:
    - id: 0
      request:
        proto: HTTP/1.1
        proto_major: 1
        proto_minor: 1
        content_length: 32
        host: api.x.ai
        body: '{"model":"small","input":"it''s"}'
        form:
            a:
                - b
        headers:
            Content-Length:
                - "32"
        url: https://api.x.ai/v1/responses
        method: POST
      response:
        proto: HTTP/2.0
        proto_major: 2
        proto_minor: 0
        content_length: -1
        uncompressed: true
        body: |+
            data: {"type": "one"}

            data: [DONE]

        headers:
            Content-Type:
                - text/event-stream
        status: 200 OK
        code: 200
        duration: 5.004122125s
    - id: 1
      request:
        content_length: 0
        host: ""
        url: https://api.x.ai/v1/models
        method: GET
      response:
        content_length: 13
        body: "{\"id\":\"\U0001F44B\"}"
        headers: {}
        status: 200 OK
        code: 200
        duration: 1.5ms
    - id: 2
      request:
        content_length: 0
        host: ""
        url: https://api.x.ai/v1/sound
        method: GET
      response:
        content_length: 8
        body: !!binary eyJhIjogMX0=
        headers: {}
        status: 200 OK
        code: 200
        duration: 0s
"""


def read(content: str | bytes = CASSETTE) -> list[Recording]:
    items = FORMAT.read(source(content if isinstance(content, bytes) else content.encode(), "x.yaml"))
    assert all(isinstance(item, Recording) for item in items), items
    return [item for item in items if isinstance(item, Recording)]


def edit(index: int, change: Callable[[Any], object]) -> str:
    document = copy.deepcopy(read()[index].document)
    change(document)
    written = FORMAT.edit(source(CASSETTE.encode(), "x.yaml"), {index: document})
    assert written is not None
    return written.decode()


def put(*steps: str | int, value: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for step in steps[:-1]:
            document = document[step]
        document[steps[-1]] = value

    return change


def test_an_exchange_is_read() -> None:
    first, second, third = read()
    assert first.document == {
        "request": {
            "method": "POST",
            "url": "https://api.x.ai/v1/responses",
            "headers": {"Content-Length": ["32"]},
            "body": {"model": "small", "input": "it's"},
            "endpoint": "/v1/responses",
            "model": "small",
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": ["text/event-stream"]},
            "body": ['data: {"type": "one"}', "", "data: [DONE]", ""],
            "is_streaming": True,
        },
    }
    assert (second.request["body"], second.request["headers"], second.body) == (None, {}, {"id": "👋"})
    assert third.body == {"a": 1}


@pytest.mark.parametrize(
    ("index", "change", "changes"),
    [
        (0, put("request", "method", value="PUT"), {"POST": "PUT"}),
        (0, put("request", "body", "input", value="it"), {"it''s": "it", "32": "30"}),
        (0, put("response", "body", 0, value="data: {}"), {'data: {"type": "one"}': "data: {}"}),
        (0, put("response", "status", value=500), {"code: 200": "code: 500"}),
        (1, put("response", "body", "id", value="é👋"), {r"\U0001F44B": r"\xe9\U0001F44B", ": 13": ": 15"}),
        (2, put("response", "body", "a", value=10), {"eyJhIjogMX0=": "eyJhIjogMTB9", ": 8": ": 9"}),
    ],
)  # fmt: skip
def test_an_edit_leaves_every_other_byte(
    index: int, change: Callable[[Any], object], changes: dict[str, str]
) -> None:
    head, *items = CASSETTE.split("    - id: ")
    for before, after in changes.items():
        assert before in items[index]
        items[index] = items[index].replace(before, after)
    assert edit(index, change) == "    - id: ".join((head, *items))


def test_values_are_found_where_they_are_stored() -> None:
    given = source(CASSETTE.encode(), "x.yaml")
    pointers = ["", "/request/body/model", "/request/url", "/response/status", "/response/body/2"]
    assert [FORMAT.locate(given, 0, pointers)[pointer][0] for pointer in pointers] == [4, 11, 18, 35, 26]


def test_a_key_that_stands_twice_is_an_error() -> None:
    given = source(
        CASSETTE.replace("      host: api.x.ai\n", "      host: a\n        host: b\n").encode(), "x.yaml"
    )
    ((_, (defect,)),) = FORMAT.inspect(given, FORMAT.read(given)).items()
    assert (defect.rule, defect.is_read) == ("duplicate-key", False)
    assert (
        defect.message == "the key 'host' occurs a second time in its mapping; go-vcr does not load the file"
    )


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("1", "not an exchange: it is a number, and no mapping"),
        ("{request: {}}", "not an exchange: it has no 'response'"),
        ("{request: [], response: {}}", "not an exchange: its 'request' is an array, and no mapping"),
        ("{request: {method: GET}, response: {}}", "not an exchange: its request has no 'url'"),
    ],
)
def test_what_is_no_exchange_says_why(item: str, message: str) -> None:
    text = f"version: 2\ninteractions:\n- {item}\n- {{request: {{method: GET, url: x}}, response: {{}}}}\n"
    error, recording = FORMAT.read(source(text.encode(), "x.yaml"))
    assert isinstance(error, LoadError)
    assert isinstance(recording, Recording)
    assert error.message == message


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (CASSETTE, True),
        ("version: 2\ninteractions: []\n", True),
        ("---\nversion: 2\ninteractions:\n- id: 0\n", True),
        ("---\nversion: 1\ninteractions:\n- request:\n", False),
        ("interactions:\n- request:\n    body: a\nversion: 2\n", False),
        ("version: 2\njobs: []\n", False),
    ],
)
def test_what_a_walk_takes_for_one(content: str, is_one: bool) -> None:
    assert FORMAT.claims("x.yaml", (), content.encode) == is_one
    if is_one and "[]" not in content:
        assert find_format("x.yaml", content.encode()) is FORMAT


@pytest.mark.parametrize(
    ("folder", "name", "test_id"),
    [
        ("llm/testdata", "TestChat.yaml", "llm::TestChat"),
        ("llm/testdata/TestChat/gpt-4o", "says_hi.yaml", "llm::TestChat/gpt-4o/says_hi"),
        ("testdata/fixtures/Test_x", "a.yaml", ".::Test_x/a"),
        ("a/testdata/b/testdata/TestX", "y.yaml", "a/testdata/b::TestX/y"),
        ("llm/testdata", "Testing.yaml", None),
        ("llm/testdata", "chat.yaml", None),
        ("llm/fixtures", "TestChat.yaml", None),
    ],
)
def test_a_file_is_named_after_its_test(folder: str, name: str, test_id: str | None) -> None:
    found = FORMAT.find_test(Place(folder, name), Settings(), lambda _: False)
    assert (found and found.test_id) == test_id


@pytest.mark.parametrize(
    ("test_id", "places"),
    [
        ("llm::TestChat", (Place("llm/testdata", "TestChat.yaml"),)),
        ("a/b::TestChat/gpt/hi", (Place("a/b/testdata/TestChat/gpt", "hi.yaml"),)),
        (".::TestChat/hi", (Place("testdata/TestChat", "hi.yaml"),)),
        ("llm::helper", ()),
        ("llm", ()),
    ],
)
def test_where_the_file_of_a_test_lies(test_id: str, places: tuple[Place, ...]) -> None:
    assert FORMAT.list_places(test_id, Settings()) == places
    for place in places:
        found = FORMAT.find_test(place, Settings(), lambda _: False)
        assert found is not None
        assert found.test_id == test_id
