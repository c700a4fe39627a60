"""rig's cassettes: what is read, what is refused and with which line, what an edit leaves as it was."""

from __future__ import annotations

import base64
import copy
import json
from functools import partial
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.syntax import Fault
from recctl.base.yaml_text import read_documents
from recctl.checks.schema import read_schema
from recctl.project import Place, Settings
from recctl.recordings.formats import find_format, is_claimed
from recctl.recordings.formats.rig import FORMAT, find_test, list_places
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source
from tests.builders import source
from tests.unit.test_vcrpy_hostile import ODD, STEPS, TEXTS, check_format

ASKED = """\
when:
  path: /v1/chat/completions
  method: POST
  query_param: []
  header:
  - name: content-type
    value: application/json
  - name: anthropic-version
    value: 2023-06-01
  body: '{"messages":[{"content":"Who''s there?","role":"user"}],"model":"small"}'
then:
  status: 200
  header:
  - name: content-type
    value: text/event-stream
  body: |+
    data: {"choices":[{"delta":{"content":"Hi"},"index":0}]}

    data: [DONE]

"""

LISTED = """\
when:
  path: /v1beta/models
  method: GET
  query_param:
  - name: key
    value: '[REDACTED]'
  - name: alt
    value: a b
  header: []
  body: null
then:
  status: 404
  header: []
  body: no such thing
"""

SPOKEN = """\
when:
  path: /v1/audio
  method: POST
  header:
  - name: content-type
    value: application/json
  body: eyJhIjogIlx1MDBlOSJ9
  body_encoding: base64
then:
  status: 200
  header:
  - name: content-type
    value: audio/mpeg
  body: SUQzBAD/
  body_encoding: base64
"""

FILE = f"{ASKED}---\n{LISTED}---\n{SPOKEN}"


def read(text: str = FILE) -> list[Recording]:
    items = load(source(text.encode(), "x.yaml"))
    assert all(isinstance(item, Recording) for item in items), items
    return [item for item in items if isinstance(item, Recording)]


def edit(changes: dict[int, dict[str, Any] | None], text: str = FILE) -> str:
    edited = FORMAT.edit(source(text.encode(), "x.yaml"), changes)
    assert edited is not None
    return edited.decode()


def refuse(text: str) -> list[tuple[str, int | None, tuple[int, int] | None]]:
    items = FORMAT.read(source(text.encode(), "x.yaml"))
    assert all(item.rule == "not-a-recording" for item in items if isinstance(item, LoadError))
    return [(item.message, item.number, item.position) for item in items if isinstance(item, LoadError)]


# --- reading ------------------------------------------------------------------------------------------------


def test_an_exchange_is_read_without_a_host_and_with_its_bodies_as_values() -> None:
    first, second, third = read()
    assert first.document["request"] == {
        "method": "POST",
        "url": "/v1/chat/completions",
        "headers": {"content-type": "application/json", "anthropic-version": "2023-06-01"},
        "body": {"messages": [{"content": "Who's there?", "role": "user"}], "model": "small"},
        "endpoint": "/v1/chat/completions",
        "model": "small",
    }
    assert first.is_streaming
    assert first.body[0] == 'data: {"choices":[{"delta":{"content":"Hi"},"index":0}]}'
    assert (second.url, second.endpoint) == ("/v1beta/models?key=[REDACTED]&alt=a+b", "/v1beta/models")
    assert second.response == {"status": 404, "headers": {}, "body": "no such thing", "is_streaming": False}
    assert (third.asked, third.body) == ({"a": "é"}, {"bytes": 6, "type": "audio/mpeg"})
    assert [str(each.key) for each in (first, third)] == [
        f"tests/recordings/x.yaml#{number}" for number in (1, 3)
    ]
    assert all(recording.as_written for recording in (first, second, third))


@pytest.mark.parametrize(
    ("text", "message", "number", "position"),
    [
        ("when: 1\nthen: {}\n", "not an exchange: its 'when' is a number, and no mapping", 1, (1, 1)),
        (f"{ASKED}---\n{LISTED.replace('then:', 'than:')}", "not an exchange: it has no 'then'", 2, (22, 1)),
        (ASKED.replace("path", "paths"), "not an exchange: its 'when' has no 'path'", 1, (1, 1)),
        (ASKED.replace("status", "state"), "not an exchange: its 'then' has no 'status'", 1, (1, 1)),
        (f"{ASKED}---\n- 1\n", "not an exchange: it is an array, and no mapping", 2, (22, 1)),
        ("---\n# nothing\n", "not a cassette: there is nothing in it", None, None),
    ],
)
def test_what_rig_would_not_load_is_told_where_it_stands(
    text: str, message: str, number: int | None, position: tuple[int, int] | None
) -> None:
    assert refuse(text) == [(message, number, position)]


def test_a_key_that_stands_twice_breaks_the_file_for_rig() -> None:
    given = source(ASKED.replace("  status: 200", "  status: 200\n  status: 500").encode(), "x.yaml")
    ((defect,),) = FORMAT.inspect(given, FORMAT.read(given)).values()
    assert (defect.message, defect.position, defect.is_read) == (
        "the key 'status' occurs a second time in its mapping; rig does not load the file",
        (13, 3),
        False,
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (FILE, True),
        (f"# edited by hand\n---\n{ASKED}", True),
        (ASKED.replace("\n", "\r\n"), True),
        ("then:\n  status: 200\nwhen:\n  path: /\n", True),
        ("when: always\nthen: deploy\n", False),
        ("when:\n  branch: main\nthen:\n  run: deploy\n", False),
        ("- when:\n  path: /\n", False),
        ("interactions:\n- request:\n    method: GET\n", False),
        ("jobs:\n  when:\n  path: /\n", False),
    ],
)
def test_a_file_is_told_from_other_yaml_by_how_it_begins(text: str, *, is_one: bool) -> None:
    content = text.encode()
    assert FORMAT.claims("x.yaml", (), partial(bytes, content)) is is_one
    assert (find_format("x.yaml", content).name == "rig") is is_one


def test_an_empty_file_among_cassettes_is_looked_at() -> None:
    assert is_claimed("x.yaml", ("tests", "cassettes", "openai"), bytes)
    assert not is_claimed("x.yaml", ("tests", "openai"), bytes)


# --- places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "pointer", "position"),
    [
        (0, "/request/url", (2, 9)),
        (0, "/request/method", (3, 11)),
        (0, "/request/headers/anthropic-version", (9, 12)),
        (0, "/request/body/messages/0/content", (10, 9)),
        (0, "/request/model", (10, 9)),
        (0, "/response/body/2", (16, 9)),
        (1, "", (22, 1)),
        (1, "/request/url", (23, 9)),
        (1, "/response/status", (33, 11)),
        (2, "/response/headers/content-type", (49, 12)),
    ],
)
def test_where_a_value_stands(index: int, pointer: str, position: tuple[int, int]) -> None:
    assert FORMAT.locate(source(FILE.encode(), "x.yaml"), index, [pointer]) == {pointer: position}


def test_the_sizes_of_the_exchanges_are_those_of_their_documents() -> None:
    assert FORMAT.measure(source(FILE.encode(), "x.yaml")) == (len(ASKED), len(LISTED), len(SPOKEN))


# --- edits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "steps", "value", "before", "after"),
    [
        (0, ("request", "body", "messages", 0, "content"), "It's me", "Who''s there?", "It''s me"),
        (0, ("request", "body", "model"), "große", '"model":"small"', '"model":"gro\\u00dfe"'),
        (0, ("response", "body", 2), "data: [OVER]", "[DONE]", "[OVER]"),
        (0, ("request", "headers", "anthropic-version"), "2023-06-02", "2023-06-01", "2023-06-02"),
        (0, ("request", "url"), "/v2/chat", "/v1/chat/completions", "/v2/chat"),
        (1, ("request", "url"), "/v1beta/models?key=k%26&alt=a+b", "'[REDACTED]'", "'k&'"),
        (1, ("response", "status"), 410, "status: 404", "status: 410"),
        (1, ("response", "body"), "gone", "no such thing", "gone"),
        (2, ("request", "body", "a"), "e", "eyJhIjogIlx1MDBlOSJ9", "eyJhIjogImUifQ=="),
    ],
)
def test_an_edit_changes_what_it_must_and_no_other_byte(
    index: int, steps: tuple[str | int, ...], value: Any, before: str, after: str
) -> None:
    document = copy.deepcopy(read()[index].document)
    *way, last = steps
    holder = document
    for step in way:
        holder = holder[step]  # type: ignore[index]
    holder[last] = value  # type: ignore[index]
    assert FILE.count(before) == 1
    assert edit({index: document}) == FILE.replace(before, after)


def test_exchanges_go_with_the_line_between_them() -> None:
    assert edit({0: None}) == f"{LISTED}---\n{SPOKEN}"
    assert edit({1: None}) == f"{ASKED}---\n{SPOKEN}"
    assert edit({1: None, 2: None}) == ASKED


def test_what_the_file_can_not_hold_is_not_written() -> None:
    document = copy.deepcopy(read()[0].document)
    document["request"]["headers"] = ["accept"]
    given = source(FILE.encode(), "x.yaml")
    assert FORMAT.edit(given, {0: document}) is None
    assert FORMAT.edit(given, {0: None, 1: None, 2: None}) is None


@given(TEXTS | st.text(max_size=20), st.sampled_from(["request", "response"]))
def test_any_text_can_be_said_in_a_body(text: str, side: str) -> None:
    document = copy.deepcopy(read()[1].document)
    document[side]["body"] = text
    edited = FORMAT.edit(source(FILE.encode(), "x.yaml"), {1: document})
    if edited is not None:
        documents = [*yaml.load_all(edited, Loader=yaml.CSafeLoader)]
        assert documents[1][{"request": "when", "response": "then"}[side]]["body"] == text
        assert edited.startswith(ASKED.encode())
        assert edited.endswith(SPOKEN.encode())


PARTS = {"header": ODD, "query_param": ODD, "body_encoding": ODD | st.just("base64"), "body": ODD | TEXTS}
WHEN = st.fixed_dictionaries({"path": TEXTS, "method": TEXTS}, optional=PARTS)
THEN = st.fixed_dictionaries({"status": ODD}, optional=PARTS)
DOCUMENTS = st.lists(st.fixed_dictionaries({"when": WHEN, "then": THEN}) | ODD, min_size=1, max_size=3)


@given(DOCUMENTS, st.lists(STEPS, max_size=4))
def test_any_values(values: list[Any], steps: list[str]) -> None:
    content = yaml.dump_all(values, Dumper=yaml.CSafeDumper, sort_keys=False).encode()
    check_format(FORMAT, content, "x.yaml", steps)


@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    content = FILE.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    put = data.draw(
        st.sampled_from([b"", content[end : end + 30], b"---\n", b"...\n", b"&a ", b"*a ", b"\0", b"\t"])
    )
    check_format(FORMAT, content[:start] + put + content[end:], "x.yaml", ["request", "headers", "accept"])


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "name", "test_id"),
    [
        ("tests/cassettes/openai/agent", "smoke.yaml", "tests/openai.rs::agent/smoke"),
        ("tests/cassettes/openai", "smoke.yaml", "tests/openai.rs::smoke"),
        ("cassettes/xai/a/b", "c-d_1.yaml", "xai.rs::a/b/c-d_1"),
        ("crates/x/fixtures/cassettes/xai/a", "b.yaml", "crates/x/tests/xai.rs::a/b"),
        ("tests/cassettes", "smoke.yaml", None),
        ("tests/openai", "smoke.yaml", None),
    ],
)
def test_a_file_is_named_after_a_scenario_of_its_provider(
    folder: str, name: str, test_id: str | None
) -> None:
    told = find_test(Place(folder, name), Settings(), lambda _: False)
    assert (told and told.test_id) == test_id
    if test_id is not None:
        assert Place(folder, name) in list_places(test_id, Settings())


def test_what_a_file_can_not_be_called_is_replaced() -> None:
    first, _ = list_places("tests/openai.rs::o1 mini/says: «hi»", Settings())
    assert first == Place("tests/cassettes/openai/o1_mini", "says___hi_.yaml")
    assert list_places("tests/test_x.py::test_y", Settings()) == ()


def test_a_recording_has_the_name_of_its_scenario() -> None:
    place = Place("tests/cassettes/openai/agent", "smoke.yaml")
    first, *_ = load(Source("tests/cassettes/openai/agent/smoke.yaml", FILE.encode(), place, Settings()))
    assert isinstance(first, Recording)
    assert first.test_id == "tests/openai.rs::agent/smoke"


# --- the schema ---------------------------------------------------------------------------------------------


def test_the_schema_holds_for_what_rig_writes() -> None:
    validator = jsonschema_rs.validator_for(json.loads(read_schema("rig")))
    found = read_documents(FILE.encode(), max_size=10_000)
    assert not isinstance(found, Fault)
    first, second, third = (document.value for document in found)
    assert all(map(validator.is_valid, (first, second, third)))
    without_reply, without_number = (
        {"when": first["when"]},
        {**first, "then": {"status": "200", "body": None}},
    )
    assert not any(map(validator.is_valid, (without_reply, without_number, {"interactions": []})))


def test_base64_of_no_text_is_described_with_its_size() -> None:
    data = bytes(range(256))
    text = SPOKEN.replace("SUQzBAD/", base64.b64encode(data).decode())
    assert read(text)[0].body == {"bytes": 256, "type": "audio/mpeg"}
