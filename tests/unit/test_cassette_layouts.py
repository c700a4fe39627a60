"""Files of several exchanges, laid out as nobody's are: what every layout is read, located and edited by."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.cassettes import find_head, make_format
from recctl.recordings.cassettes.layout import CassetteLayout, KeptBody, Reader, Side, at, pairs
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source

if TYPE_CHECKING:
    from recctl.recordings.formats import Format
    from recctl.recordings.source import Source

FILE = """\
---
# the first of them
ask:
  verb: POST
  to: /v1/chat
  with:
  - name: accept
    value: '*/*'
  - name: x-tag
    value: one
  - name: x-tag
    value: two
  said: '{"model": "small"}'
tell:
  code: 200
  with: []
  said64: |
    eyJpZCI6
    IDF9
---
---
ask: {verb: GET, to: /v1/models, with: []}
tell:
  code: 404
  with: []
  said: gone
"""


def find_body(side: dict[str, Any]) -> KeptBody:
    return KeptBody(("said64",), "base64") if "said64" in side else KeptBody(("said",))


def refuse_item(item: Any) -> str | None:
    return None if isinstance(item, dict) and {"ask", "tell"} <= item.keys() else "it has no 'ask' and 'tell'"


def lay_out(items: str = "", **more: Any) -> Format:
    ways = (("said64",), ("said",))
    asked = {"method": at("verb"), "url": at("to"), "headers": pairs("with")}
    layout = CassetteLayout(
        "made-up",
        Side("ask", asked, find_body, ways),
        Side("tell", {"status": at("code"), "headers": pairs("with")}, find_body, ways),
        refuse_item,
        "move it elsewhere",
        "record it again",
        Reader("Asker", takes_last=False, tags="Asker"),
        items=items,
        **more,
    )
    return make_format(layout, folder="cassettes", suffixes=(".yaml",), claims=lambda *_: True)


FORMAT = lay_out()
GIVEN = source(FILE.encode(), "x.yaml")


def read(given: Source = GIVEN) -> list[Recording]:
    recordings = FORMAT.read(given)
    assert all(isinstance(recording, Recording) for recording in recordings)
    return [recording for recording in recordings if isinstance(recording, Recording)]


def edit(changes: dict[int, dict[str, Any] | None]) -> str:
    edited = FORMAT.edit(GIVEN, changes)
    assert edited is not None
    return edited.decode()


def test_each_document_is_an_exchange_but_for_those_that_say_nothing() -> None:
    first, second = read()
    assert first.document == {
        "request": {
            "method": "POST",
            "url": "/v1/chat",
            "headers": {"accept": "*/*", "x-tag": ["one", "two"]},
            "body": {"model": "small"},
            "endpoint": "/v1/chat",
            "model": "small",
        },
        "response": {"status": 200, "headers": {}, "body": {"id": 1}, "is_streaming": False},
    }
    assert (str(second.key), second.response["body"]) == ("tests/recordings/x.yaml#2", "gone")


@pytest.mark.parametrize(
    ("index", "pointer", "position"),
    [
        (0, "", (3, 1)),
        (0, "/request/url", (5, 7)),
        (0, "/request/headers/accept", (8, 12)),
        (0, "/request/headers/x-tag/1", (12, 12)),
        (0, "/request/headers/x-tag/2", (7, 3)),
        (0, "/request/body/model", (13, 9)),
        (0, "/response/body/id", (17, 11)),
        (0, "/response/status", (15, 9)),
        (1, "", (22, 1)),
        (1, "/response/body", (26, 9)),
    ],
)
def test_a_value_is_found_in_its_own_document(index: int, pointer: str, position: tuple[int, int]) -> None:
    assert FORMAT.locate(GIVEN, index, [pointer]) == {pointer: position}


def test_an_exchange_takes_up_its_document() -> None:
    starts = [FILE.index("ask:"), FILE.index("---\n---"), FILE.index("ask: {"), len(FILE)]
    assert FORMAT.measure(GIVEN) == (starts[1] - starts[0], starts[3] - starts[2])


def test_headers_in_pairs_are_changed_added_and_removed_where_they_stand() -> None:
    document = copy.deepcopy(read()[0].document)
    headers = document["request"]["headers"]
    headers["x-tag"][0] = "first"
    assert edit({0: document}) == FILE.replace("value: one", "value: first")
    headers["x-tag"], headers["x-new"] = "only", "it's"
    gone, added = "one\n  - name: x-tag\n    value: two", "only\n  - name: x-new\n    value: 'it''s'"
    assert edit({0: document}) == FILE.replace(gone, added)


def test_a_body_in_base64_is_written_as_that_in_lines_as_long() -> None:
    document = copy.deepcopy(read()[0].document)
    document["response"]["body"]["id"] = 12
    assert edit({0: document}) == FILE.replace("eyJpZCI6\n    IDF9", "eyJpZCI6\n    IDEyfQ==")


def test_a_document_goes_with_the_line_between_it_and_the_next() -> None:
    text = FILE.replace("---\n---\n", "---\n")
    given = source(text.encode(), "x.yaml")
    first, end = text.index("ask:"), text.index("\n---\nask")
    second = text.index("ask: {")
    assert FORMAT.edit(given, {0: None}) == (text[:first] + text[second:]).encode()
    assert FORMAT.edit(given, {1: None}) == (text[:end] + "\n").encode()
    assert FORMAT.edit(given, {0: None, 1: None}) is None


def test_what_follows_from_a_change_is_stored_with_it() -> None:
    def complete(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        assert before["tell"]["code"] == 404
        return {**after, "tell": {**after["tell"], "with": [{"name": "was", "value": "404"}]}}

    document = copy.deepcopy(read()[1].document)
    document["response"]["status"] = 410
    edited = lay_out(complete=complete).edit(GIVEN, {1: document})
    assert edited is not None
    assert edited.decode() == FILE.replace(
        "404\n  with: []", "410\n  with: [{'name': 'was', 'value': '404'}]"
    )


def test_a_bad_document_is_told_in_its_place_and_of_what_is_odd_by_whom_it_is_refused() -> None:
    given = source(
        FILE.replace("  code: 404", "  code: 1\n  code: !odd 404").encode() + b"---\nask: 1\n", "x.yaml"
    )
    items = FORMAT.read(given)
    bad = items[2]
    assert isinstance(bad, LoadError)
    assert (bad.message, bad.number, bad.position) == (
        "not an exchange: it has no 'ask' and 'tell'",
        3,
        (29, 1),
    )
    assert [(defect.message, defect.is_read) for defect in FORMAT.inspect(given, items)[1]] == [
        ("the key 'code' occurs a second time in its mapping; Asker does not load the file", False),
        ("Asker does not load a file with the tag !odd", False),
    ]


def test_a_list_of_exchanges_is_found_by_its_key() -> None:
    given = source(b"items:\n- ask: {verb: GET, to: /, with: []}\n  tell: {code: 200, said: hi}\n", "x.yaml")
    (recording,) = lay_out("items").read(given)
    assert isinstance(recording, Recording)
    assert (recording.response["body"], recording.as_written) == ("hi", True)
    (refused,) = lay_out("items").read(GIVEN._replace(content=b"ask: 1\n"))
    assert isinstance(refused, LoadError)
    assert refused.message == "not a cassette: a mapping, but without 'items'"


@pytest.mark.parametrize(("place", "is_sound"), [("long: 0123456789abcdef", False), ("short: 0123", True)])
def test_what_stands_beside_an_exchange_is_looked_at_for_long_words(place: str, *, is_sound: bool) -> None:
    _, second = read(source(f"{FILE}  {place}\n".encode(), "x.yaml"))
    assert second.as_written is is_sound


def test_a_head_is_inflated_and_freed_of_what_an_editor_added() -> None:
    assert find_head(lambda: b"\xef\xbb\xbfask:\r\n") == b"ask:\n"
    assert find_head(lambda: b"\x1f\x8bdamaged") == b""


def test_what_comes_last_goes_and_leaves_the_blank_lines_of_a_block_before_it() -> None:
    kept = (
        "items:\n- ask: {verb: GET, to: /, with: []}\n  tell:\n    code: 200\n    said: |+\n      data: x\n\n"
    )
    given = source(f"{kept}- ask: {{verb: GET, to: /, with: []}}\n  tell: {{code: 200}}\n".encode(), "x.yaml")
    assert lay_out("items").edit(given, {1: None}) == kept.encode()
