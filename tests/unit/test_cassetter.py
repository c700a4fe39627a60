"""cassetter's cassettes: bodies that say what they are, told from vcrpy's files in the same folders."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import jsonschema_rs
import pytest

from recctl.base.syntax import Fault
from recctl.base.yaml_text import read_documents
from recctl.checks.schema import read_schema
from recctl.recordings.formats import find_format
from recctl.recordings.formats.cassetter import FORMAT
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source

REPLY = gzip.compress(b'{"id": "chatcmpl-1"}', mtime=0).hex()
CASSETTE = f"""\
version: 1
interactions:
- request:
    method: POST
    uri: https://x/v1/chat/completions
    headers:
      accept:
      - "*/*"
      x-answer:
      - no
    body:
      type: json
      content:
        messages:
        - content: Hello
          role: user
        model: small
  response:
    status: 200
    headers:
      content-encoding:
      - gzip
    body:
      type: binary
      content: >-
        {REPLY[:20]}
        {REPLY[20:]}
  recorded_at: 2026-07-01T10:00:00Z
- request:
    method: GET
    uri: https://x/v1/files
    headers: {{}}
    body:
      type: none
  response:
    status: 404
    headers: {{}}
    body:
      type: text
      content: |
        not found
  recorded_at: 2026-07-01T10:00:01Z
"""


def read(content: str = CASSETTE) -> list[Recording]:
    items = FORMAT.read(source(content.encode(), "x.yaml"))
    assert all(isinstance(item, Recording) for item in items), items
    return [item for item in items if isinstance(item, Recording)]


def edit(index: int, change: Any) -> str | None:
    document = copy.deepcopy(read()[index].document)
    change(document)
    content = FORMAT.edit(source(CASSETTE.encode(), "x.yaml"), {index: document})
    return None if content is None else content.decode()


def test_bodies_are_what_they_say() -> None:
    first, second = read()
    assert (first.request["method"], first.url) == ("POST", "https://x/v1/chat/completions")
    assert first.asked == {"messages": [{"content": "Hello", "role": "user"}], "model": "small"}
    assert first.body == {"id": "chatcmpl-1"}
    assert (second.request["body"], second.response["status"], second.body) == (None, 404, "not found\n")


def test_words_are_read_as_yaml_1_2_has_them() -> None:
    assert read()[0].request["headers"]["x-answer"] == ["no"]


def test_the_schema_holds() -> None:
    validator = jsonschema_rs.validator_for(json.loads(read_schema("cassetter")))
    for content, is_one in ((CASSETTE, True), (CASSETTE.replace("type: binary", "type: bytes"), False)):
        documents = read_documents(content.encode(), max_size=10_000, is_newer=True)
        assert not isinstance(documents, Fault)
        assert validator.is_valid(documents[0].value) is is_one


VCRPY = """\
interactions:
- request:
    body: '{"type": "json"}'
    headers: {}
    method: POST
    uri: https://x
  response:
    body:
      string: '{}'
    headers: {}
    status: {code: 200, message: OK}
version: 1
"""
OTHERS = """\
version: 1
interactions: []
ws_interactions:
- uri: wss://x/v1/realtime
  frames: []
"""


@pytest.mark.parametrize(("content", "name"), [(CASSETTE, "cassetter"), (VCRPY, "vcrpy")])
def test_its_files_are_told_from_those_of_vcrpy(content: str, name: str) -> None:
    for path in ("x.yaml", "tests/cassettes/test_chat/test_a.yaml"):
        assert find_format(path, content.encode()).name == name


def test_what_was_not_sent_over_http_is_told_to_be_that() -> None:
    (item,) = find_format("x.yaml", OTHERS.encode()).read(source(OTHERS.encode(), "x.yaml"))
    assert isinstance(item, LoadError)
    assert item.is_other
    assert item.message == "no HTTP was recorded here: it holds what was not sent over HTTP, by cassetter"


def test_a_value_of_a_body_is_changed_where_it_stands() -> None:
    def ask(document: Any) -> None:
        document["request"]["body"]["messages"][0]["content"] = "Bye"

    assert edit(0, ask) == CASSETTE.replace("content: Hello", "content: Bye")


def test_a_text_is_changed_where_it_stands() -> None:
    def reword(document: Any) -> None:
        document["response"]["body"] = "gone\n"

    assert edit(1, reword) == CASSETTE.replace("        not found\n", "        gone\n")


def test_what_is_in_hexadecimal_is_changed_in_it() -> None:
    def rename(document: Any) -> None:
        document["response"]["body"]["id"] = "chatcmpl-2"

    changed = edit(0, rename)
    assert changed is not None
    assert read(changed)[0].body == {"id": "chatcmpl-2"}
    kept = [line for line in changed.split("\n") if line not in CASSETTE.split("\n")]
    assert len(kept) == 1
    assert gzip.decompress(bytes.fromhex(kept[0].split(":")[-1].strip(" '\""))) == b'{"id": "chatcmpl-2"}'


def test_an_exchange_is_removed_with_all_that_is_its_own() -> None:
    content = FORMAT.edit(source(CASSETTE.encode(), "x.yaml"), {1: None})
    assert content is not None
    assert content.decode() == CASSETTE[: CASSETTE.index("- request:\n    method: GET")]


@pytest.mark.parametrize(
    ("old", "new", "message", "line"),
    [
        ("    method: POST\n", "", "its request has no 'method'", 3),
        (
            "    method: POST\n",
            "    method: POST\n    method: GET\n",
            "the key 'method' occurs a second time",
            5,
        ),
        ("version: 1\n", "version: 1\n\tx: 1\n", "a tab", 2),
    ],
)
def test_what_is_none_is_told_with_its_place(old: str, new: str, message: str, line: int) -> None:
    given = source(CASSETTE.replace(old, new, 1).encode(), "x.yaml")
    items = FORMAT.read(given)
    told = [(item.message, item.position) for item in items if isinstance(item, LoadError)]
    told += [
        (each.message, each.position) for found in FORMAT.inspect(given, items).values() for each in found
    ]
    ((found, position),) = told
    assert message in found
    assert position is not None
    assert position.line == line


def test_a_body_that_is_no_hexadecimal_is_a_text() -> None:
    assert read(CASSETTE.replace(REPLY[:20], "zz"))[0].body is not None
