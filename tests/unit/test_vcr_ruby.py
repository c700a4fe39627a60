"""Cassettes of VCR for Ruby: what Psych writes is read, located and changed, and nothing else is touched."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.formats import find_format
from recctl.recordings.formats.vcr_ruby import FORMAT
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Callable

CASSETTE = r"""---
http_interactions:
- request:
    method: post
    uri: https://x/v1/chat
    body:
      encoding: UTF-8
      string: '{"model":"small","messages":[{"role":"user","content":"It''s
        folded here"}]}'
    headers:
      User-Agent:
      - &1 Faraday v2.14.3
      X-Tag:
      - !binary |-
        Y2Fmw6k=
  response:
    status:
      code: 200
      message: OK
    headers:
      Content-Length:
      - '9'
      Server:
      - *1
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        eyJpZCI6IDF9
  recorded_at: Mon, 08 Jun 2026 10:00:00 GMT
- request:
    method: get
    uri: https://x/v1/files
    body:
      encoding: US-ASCII
      string: ''
    headers: {}
  response:
    status:
      code: 404
      message:
    headers: {}
    body:
      encoding: ASCII-8BIT
      base64_string: |
        eyJkYXRhIjogW119
  recorded_at: Mon, 08 Jun 2026 10:00:01 GMT
- request:
    method: post
    uri: https://x/v1/chat
    body:
      encoding: UTF-8
      string: "{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":\"tab\\t
        \\u2028\"}]}"
    headers: {}
  response:
    status:
      code: 200
      message: OK
    headers: {}
    body:
      encoding: UTF-8
      string: |2+

          {"said": "indented",
           "n": 1}

  recorded_at: Mon, 08 Jun 2026 10:00:02 GMT
recorded_with: VCR 6.4.0
"""


def read(content: str | bytes = CASSETTE) -> list[Recording]:
    items = FORMAT.read(source(content if isinstance(content, bytes) else content.encode(), "x.yml"))
    assert all(isinstance(item, Recording) for item in items), items
    return [item for item in items if isinstance(item, Recording)]


def read_error(content: str) -> LoadError:
    (item,) = FORMAT.read(source(content.encode(), "x.yml"))
    assert isinstance(item, LoadError)
    return item


def edit(index: int, change: Callable[[Any], object], content: str = CASSETTE) -> str | None:
    document = copy.deepcopy(read(content)[index].document)
    change(document)
    written = FORMAT.edit(source(content.encode(), "x.yml"), {index: document})
    return None if written is None else written.decode()


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
            "url": "https://x/v1/chat",
            "headers": {"User-Agent": ["Faraday v2.14.3"], "X-Tag": ["café"]},
            "body": {"model": "small", "messages": [{"role": "user", "content": "It's folded here"}]},
            "endpoint": "/v1/chat",
            "model": "small",
        },
        "response": {
            "status": 200,
            "headers": {"Content-Length": ["9"], "Server": ["Faraday v2.14.3"]},
            "body": {"id": 1},
            "is_streaming": False,
        },
    }
    assert first.format == "vcr_ruby"
    assert (second.request["method"], second.request["body"], second.body) == ("GET", "", {"data": []})
    assert third.asked["messages"][0]["content"] == "tab\t \u2028"
    assert third.body == {"said": "indented", "n": 1}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("just text", "just text"),
        ("", None),
        ("null", None),
        ("{encoding: UTF-8, string: text}", "text"),
        ("{encoding: UTF-8, string: }", None),
        ("{encoding: ASCII-8BIT, base64_string: \"eyJhIjog\\nMX0=\\n\"}", {"a": 1}),
        ("{encoding: ASCII-8BIT, base64_string: '!'}", "!"),
        ("{encoding: ASCII-8BIT, string: !binary '/9j/AA=='}", {"bytes": 4, "type": "binary"}),
        ("{encoding: ASCII-8BIT, string: !binary '!'}", "!"),
        ("{encoding: UTF-8, string: !ruby/string:Faraday::Text text}", "text"),
    ],
)  # fmt: skip
def test_bodies_of_all_ages(body: str, said: Any) -> None:
    text = CASSETTE[: CASSETTE.index("- request:\n    method: get")]
    start, end = text.rindex("    body:\n"), text.index("  recorded_at")
    (recording,) = read(f"{text[:start]}    body: {body}\n{text[end:]}")
    assert recording.body == said


def test_tags_of_rubys_are_no_fault_and_a_key_that_stands_twice_is_worth_a_look() -> None:
    text = CASSETTE.replace("message: OK", "message: !ruby/symbol OK\n      code: 201", 1)
    given = source(text.encode(), "x.yml")
    ((index, (defect,)),) = FORMAT.inspect(given, FORMAT.read(given)).items()
    assert (index, defect.rule, defect.is_read) == (0, "duplicate-key", True)
    assert defect.message == "the key 'code' occurs a second time in its mapping; Psych takes the last"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("---\nhttp_interactions: none\n",
         "not a cassette: its 'http_interactions' are a string, and no list"),
        ("---\n- 1\n", "not a cassette: a list, and no mapping"),
        ("---\nhttp_interactions:\n- request: {method: get}\n  response: {}\n",
         "not an exchange: its request has no 'uri'"),
        ("---\nhttp_interactions:\n- request: {method: get, uri: x}\n",
         "not an exchange: it has no 'response'"),
        ("---\nhttp_interactions:\n- {request: 1, response: {}}\n",
         "not an exchange: its 'request' is a number, and no mapping"),
        ("---\nhttp_interactions:\n- request:\n    method: 'get\n",
         "not YAML: the text that begins here does not end; the file may be cut off"),
    ],
)  # fmt: skip
def test_what_is_no_cassette_says_why(content: str, message: str) -> None:
    assert read_error(content).message == message


def test_values_are_found_where_they_are_stored() -> None:
    pointers = [
        "",
        "/request/method",
        "/request/url",
        "/request/headers/User-Agent/0",
        "/request/body/messages/0",
        "/response/status",
        "/response/body/id",
        "/response/headers/Server",
    ]
    found = FORMAT.locate(source(CASSETTE.encode(), "x.yml"), 0, pointers)
    assert [found[pointer][0] for pointer in pointers] == [3, 4, 5, 12, 8, 18, 27, 24]
    assert FORMAT.locate(source(CASSETTE.encode(), "x.yml"), 1, ["/response/body/data"]) == {
        "/response/body/data": (44, 22)
    }


SAID = ("request", "body", "messages", 0, "content")


@pytest.mark.parametrize(
    ("index", "change", "before", "after"),
    [
        (0, put("request", "method", value="PUT"), "method: post", "method: put"),
        (0, put("request", "url", value="https://x/y"), "uri: https://x/v1/chat", "uri: https://x/y"),
        (0, put(*SAID, value="It's unfolded"), "folded here", "unfolded"),
        (0, put("request", "body", "model", value="l"), '"model":"small"', '"model":"l"'),
        (0, put("request", "headers", "X-Tag", 0, value="é"), "Y2Fmw6k=", "w6k="),
        (0, put("request", "headers", "X-Tag", value=[]), "\n      - !binary |-\n        Y2Fmw6k=", " []"),
        (0, put("response", "status", value=500), "code: 200", "code: 500"),
        (0, put("response", "body", "id", value=2), "eyJpZCI6IDF9", "eyJpZCI6IDJ9"),
        (1, put("response", "body", "data", value=[1]), "eyJkYXRhIjogW119\n", "eyJkYXRhIjogWzFdfQ==\n"),
        (2, put(*SAID, value="\n\u2028"), r"tab\\t\n        \\u2028", r"\\n\\u2028"),
        (2, put("response", "body", "n", value=2), '"n": 1', '"n": 2'),
        (2, put("response", "body", "said", value="twice"), '"indented"', '"twice"'),
    ],
)  # fmt: skip
def test_an_edit_leaves_every_other_byte(
    index: int, change: Callable[[Any], object], before: str, after: str
) -> None:
    written = edit(index, change)
    assert written is not None
    place = CASSETTE.split("- request:\n")
    place[index + 1] = place[index + 1].replace(before.replace(r"\n ", "\n "), after, 1)
    assert written == "- request:\n".join(place)


def test_a_length_that_was_true_stays_true() -> None:
    written = edit(0, put("response", "body", "id", value=1000))
    assert written is not None
    assert "Content-Length:\n      - '12'" in written
    false = CASSETTE.replace("- '9'", "- '10'")
    written = edit(0, put("response", "body", "id", value=1000), false)
    assert written is not None
    assert "Content-Length:\n      - '10'" in written


def test_exchanges_are_taken_away() -> None:
    written = FORMAT.edit(source(CASSETTE.encode(), "x.yml"), {1: None})
    assert written is not None
    first, second, *rest = CASSETTE.split("- request:\n")[1:]
    assert written.decode() == CASSETTE.replace(f"- request:\n{second}", "")
    assert [recording.url for recording in read(written)] == ["https://x/v1/chat"] * 2
    assert (first, len(rest)) == (CASSETTE.split("- request:\n")[1], 1)


def test_its_json_is_read_and_changed() -> None:
    body = {"encoding": "ASCII-8BIT", "base64_string": base64.b64encode(b'{"a": 1}').decode() + "\n"}
    item = {
        "request": {"method": "get", "uri": "https://x", "body": {"string": ""}, "headers": {}},
        "response": {"status": {"code": 200, "message": None}, "headers": {}, "body": body},
        "recorded_at": "Mon, 08 Jun 2026 10:00:00 GMT",
    }
    text = json.dumps({"http_interactions": [item], "recorded_with": "VCR 6.4.0"}, separators=(",", ":"))
    given = source(text.encode(), "x.json")
    assert find_format("x.json", given.content) is FORMAT
    (recording,) = FORMAT.read(given)
    assert isinstance(recording, Recording)
    assert recording.body == {"a": 1}
    document = copy.deepcopy(recording.document)
    document["response"]["body"]["a"] = 2
    written = FORMAT.edit(given, {0: document})
    assert written == text.replace("eyJhIjogMX0=", "eyJhIjogMn0=").encode()


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (CASSETTE, True),
        ("# kept by hand\n---\nhttp_interactions: []\nrecorded_with: VCR 6.4.0\n", True),
        ("---\nrecorded_with: VCR 6.4.0\nhttp_interactions:\n- request:\n", True),
        ("---\r\nhttp_interactions:\r\n", True),
        ("http_interactions:\n- request:\n    method: POST\n", False),
        ("---\ninteractions:\n- request:\n", False),
        ("---\nname: http_interactions\n", False),
        ('{"http_interactions":[{"request":{"method":"post","uri":"', True),
        ('{"http_interactions": [{"request": {"method": "POST"', False),
    ],
)
def test_what_a_walk_takes_for_one(content: str, is_one: bool) -> None:
    assert FORMAT.claims("x.yml", (), content.encode) == is_one


def test_an_empty_file_among_cassettes_is_one() -> None:
    assert FORMAT.claims("x.yml", ("spec", "vcr_cassettes"), bytes)
    assert not FORMAT.claims("x.yml", ("spec",), bytes)
