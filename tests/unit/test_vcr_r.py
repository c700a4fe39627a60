"""Cassettes of vcr for R: statuses that are numbers, headers that are texts, bodies that were decoded."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from recctl.recordings.formats.vcr_r import FORMAT
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source

CASSETTE = """\
http_interactions:
- request:
    method: POST
    uri: https://x/v1/responses
    body:
      string: '{"model":"small","input":"Hello"}'
  response:
    status: 200
    headers:
      content-encoding: br
      set-cookie:
      - a=1
      - b=2
    body:
      string: |-
        {
          "id": 1
        }
  recorded_at: 2026-08-02 22:55:56
- request:
    method: get
    uri: https://x/v1/files
    body:
      encoding: ''
      string: ''
    headers:
      Accept: application/json
  response:
    status:
      status_code: '404'
      category: Client error
    headers: {}
    body:
      encoding: ''
      file: no
      base64_string: eyJkYXRhIjogW119
  recorded_at: 2018-03-21 22:55:56 GMT
recorded_with: VCR-vcr/2.1.0
"""


def read(content: str = CASSETTE) -> list[Recording]:
    items = FORMAT.read(source(content.encode(), "x.yml"))
    assert all(isinstance(item, Recording) for item in items), items
    return [item for item in items if isinstance(item, Recording)]


def edit(index: int, side: str, key: str, value: Any) -> str:
    document = copy.deepcopy(read()[index].document)
    document[side][key] = value
    written = FORMAT.edit(source(CASSETTE.encode(), "x.yml"), {index: document})
    assert written is not None
    return written.decode()


def test_an_exchange_is_read() -> None:
    first, second = read()
    assert first.request["headers"] == {}
    assert first.response == {
        "status": 200,
        "headers": {"content-encoding": "br", "set-cookie": ["a=1", "b=2"]},
        "body": {"id": 1},
        "is_streaming": False,
    }
    assert (second.request["method"], second.response["status"], second.body) == ("GET", 404, {"data": []})


@pytest.mark.parametrize(
    ("index", "side", "key", "value", "before", "after"),
    [
        (0, "response", "status", 500, "status: 200", "status: 500"),
        (1, "response", "status", 500, "status_code: '404'", "status_code: '500'"),
        (1, "request", "method", "PUT", "method: get", "method: put"),
        (0, "response", "headers", {"content-encoding": "br", "set-cookie": ["a=1", "<b>"]}, "b=2", "'<b>'"),
        (0, "response", "body", {"id": 20}, '"id": 1', '"id": 20'),
        (1, "response", "body", {"data": [1]}, "eyJkYXRhIjogW119", "eyJkYXRhIjogWzFdfQ=="),
    ],
)
def test_an_edit_leaves_every_other_byte(
    index: int, side: str, key: str, value: Any, before: str, after: str
) -> None:
    assert edit(index, side, key, value) == CASSETTE.replace(before, after)


def test_values_are_found_where_they_are_stored() -> None:
    given = source(CASSETTE.encode(), "x.yml")
    pointers = ["/response/status", "/response/headers/set-cookie/1", "/response/body/id", "/request/headers"]
    assert [FORMAT.locate(given, 0, pointers)[pointer][0] for pointer in pointers] == [8, 13, 15, 3]
    pointers = ["/response/status", "/response/body/data", "/request/headers/Accept"]
    assert [FORMAT.locate(given, 1, pointers)[pointer][0] for pointer in pointers] == [30, 36, 27]


def test_a_key_that_stands_twice_is_an_error() -> None:
    given = source(
        CASSETTE.replace("    status: 200\n", "    status: 200\n    status: 201\n").encode(), "x.yml"
    )
    ((_, (defect,)),) = FORMAT.inspect(given, FORMAT.read(given)).items()
    assert not defect.is_read
    assert defect.message.endswith("a second time in its mapping; R's yaml does not load the file")


def test_what_is_no_exchange_says_why() -> None:
    (error,) = FORMAT.read(source(b"http_interactions:\n- request: {method: GET, uri: x}\n", "x.yml"))
    assert isinstance(error, LoadError)
    assert error.message == "not an exchange: it has no 'response'"


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (CASSETTE, True),
        ("# kept\nhttp_interactions: []\n", True),
        ("---\nhttp_interactions:\n- request:\n", False),
        ("interactions:\n- request:\n", False),
        ('{"http_interactions": [{"request": {"method": "POST"', True),
        ('{"http_interactions":[{"request":{"method":"post"', False),
    ],
)
def test_what_a_walk_takes_for_one(content: str, is_one: bool) -> None:
    assert FORMAT.claims("x.yml", (), content.encode) == is_one


def test_an_empty_file_among_cassettes_is_one() -> None:
    assert FORMAT.claims("x.yml", ("tests", "testthat", "_vcr"), bytes)
    assert not FORMAT.claims("x.yml", ("tests",), bytes)
