"""ReqLLM's fixtures: what is read, what is refused, what an edit leaves as it was."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.formats import is_claimed, list_places
from recctl.recordings.formats.req_llm import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source as make_source
from tests.unit.test_vcrpy_hostile import ODD


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def make(reply: Any, **parts: Any) -> dict[str, Any]:
    sent = {"max_tokens": 50, "model": "claude"}
    return {
        "model_spec": "anthropic:claude",
        "provider": "anthropic",
        "request": {
            "body": {"b64": encode(json.dumps(sent, separators=(",", ":")).encode())},
            "canonical_json": sent,
            "headers": {"content-type": ["application/json"], "x-api-key": "[REDACTED:x-api-key]"},
            "method": "post",
            "url": "https://api.anthropic.com/v1/messages",
        },
        "response": {"body": reply, "headers": {"content-type": ["application/json"]}, "status": 200},
        "streaming": False,
        **parts,
    }


PLAIN = make({"id": "msg_1", "content": []})
PIECES = [b'event: a\ndata: {"t": "caf\xc3', b'\xa9"}\n\n', b'event: b\ndata: {"u": 1}\n\n']
STREAM = make(None, chunks=[{"b64": encode(piece)} for piece in PIECES], streaming=True)


def write(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def source(content: bytes) -> Any:
    return make_source(content, "basic.json", "test/support/fixtures/anthropic/claude")


def read(value: Any) -> Recording:
    (item,) = load(source(write(value)))
    assert isinstance(item, Recording)
    return item


def test_an_exchange_is_read_with_its_bodies_as_values() -> None:
    recording = read(PLAIN)
    assert (recording.format, str(recording.key)) == (
        "req_llm",
        "test/support/fixtures/anthropic/claude/basic.json",
    )
    assert recording.document == {
        "request": {
            "method": "post",
            "url": "https://api.anthropic.com/v1/messages",
            "headers": {"content-type": ["application/json"], "x-api-key": "[REDACTED:x-api-key]"},
            "body": {"max_tokens": 50, "model": "claude"},
            "endpoint": "/v1/messages",
            "model": "claude",
        },
        "response": {
            "status": 200,
            "headers": {"content-type": ["application/json"]},
            "body": {"id": "msg_1", "content": []},
            "is_streaming": False,
        },
    }


def test_a_stream_is_read_from_the_pieces_in_which_it_came() -> None:
    recording = read(STREAM)
    assert recording.is_streaming
    assert recording.body == ["event: a", 'data: {"t": "caf\u00e9"}', "", "event: b", 'data: {"u": 1}', ""]


def test_a_reply_may_be_bytes() -> None:
    assert read(make({"b64": encode(b"\0\1")})).body == {"bytes": 2, "type": "application/json"}


def test_a_request_may_be_json_alone() -> None:
    request = {key: value for key, value in PLAIN["request"].items() if key != "body"}
    (recording,) = FORMAT.read(source(write(PLAIN | {"request": request})))
    assert isinstance(recording, Recording)
    assert recording.request["body"] == {"max_tokens": 50, "model": "claude"}


@pytest.mark.parametrize(
    ("value", "message", "line"),
    [
        ([], "not a fixture of ReqLLM: it is an array, and not an object", 1),
        (
            STREAM | {"chunks": [{"b64": "?"}]},
            "not a fixture of ReqLLM: its chunks are no list of pieces",
            31,
        ),
        (
            PLAIN | {"response": {"status": "200"}},
            "not a fixture of ReqLLM: its response status is a string",
            22,
        ),
    ],
)
def test_what_is_refused_is_told_with_its_line(value: Any, message: str, line: int) -> None:
    (error,) = FORMAT.read(source(write(value)))
    assert isinstance(error, LoadError)
    assert error.message.startswith(message)
    assert error.position is not None
    assert error.position.line == line


WEBSOCKET = {"format": "responses_websocket_v1", "request": {"url": "wss://x"}, "frames": []}


@pytest.mark.parametrize(
    ("content", "folders", "is_one"),
    [
        (write(PLAIN), (), True),
        (write({"request": PLAIN["request"], "response": PLAIN["response"]}), (), True),
        (write({"captured_at": "2026", **STREAM}), ("test", "fixtures"), True),
        (write({"chunks": STREAM["chunks"]})[:60], ("fixtures",), True),
        (write({"chunks": [{"text": "a"}]}), ("fixtures",), False),
        (write(WEBSOCKET), ("fixtures",), False),
        (b'{"provider": "aws", "b64": ""}', ("fixtures",), False),
    ],
)
def test_a_walk_takes_what_starts_like_one(content: bytes, folders: tuple[str, ...], *, is_one: bool) -> None:
    assert is_claimed("x.json", folders, lambda: content) == is_one


def test_no_hook_runs_on_all_that_is_called_a_fixture() -> None:
    assert {place.folder for place in list_places()}.isdisjoint({"", "fixtures"})


def test_a_fixture_that_starts_like_ogx_s_recordings_is_none() -> None:
    assert read({"request": PLAIN["request"], "response": PLAIN["response"]}).format == "req_llm"


def test_values_are_found_where_they_are_stored() -> None:
    content = write(STREAM)
    lines = content.decode().splitlines()
    pointers = ["/request/body/model", "/response/body/1", "/response/headers/content-type/0"]
    positions = FORMAT.locate(source(content), 0, pointers)
    assert {pointer: lines[position.line - 1].strip()[:8] for pointer, position in positions.items()} == {
        "/request/body/model": '"b64": "',
        "/response/body/1": "{",
        "/response/headers/content-type/0": '"applica',
    }


# --- edits --------------------------------------------------------------------------------------------------


def edit(value: Any, side: str, **parts: Any) -> bytes | None:
    document = copy.deepcopy(read(value).document)
    document[side].update(parts)
    return FORMAT.edit(source(write(value)), {0: document})


@pytest.mark.parametrize(
    "canonical", [{"max_tokens": 50, "model": "claude"}, '{"max_tokens":50,"model":"claude"}']
)
def test_what_was_sent_changes_in_both_places(canonical: Any) -> None:
    before, after = copy.deepcopy(PLAIN), copy.deepcopy(PLAIN)
    before["request"]["canonical_json"] = canonical
    is_text = isinstance(canonical, str)
    after["request"]["canonical_json"] = (
        canonical.replace("claude", "other") if is_text else canonical | {"model": "other"}
    )
    after["request"]["body"]["b64"] = encode(b'{"max_tokens":50,"model":"other"}')
    assert edit(before, "request", body={"max_tokens": 50, "model": "other"}) == write(after)


def test_a_stream_keeps_its_pieces_and_their_texts() -> None:
    before, after = copy.deepcopy(STREAM), copy.deepcopy(STREAM)
    before["chunks"][2]["decoded"] = PIECES[2].decode()
    after["chunks"][2] = {
        "b64": encode(PIECES[2].replace(b"1", b"23")),
        "decoded": PIECES[2].decode().replace("1", "23"),
    }
    body = [line.replace('"u": 1', '"u": 23') for line in read(before).body]
    assert edit(before, "response", body=body) == write(after)


def test_a_header_and_a_reply_are_changed_alone() -> None:
    assert edit(PLAIN, "response", headers={"content-type": ["x"]}) == write(
        PLAIN | {"response": PLAIN["response"] | {"headers": {"content-type": ["x"]}}}
    )
    assert edit(PLAIN, "response", body={"id": "MASKED", "content": []}) == write(PLAIN).replace(
        b"msg_1", b"MASKED"
    )


# --- what nobody wrote --------------------------------------------------------------------------------------

TEXTS = st.text(max_size=6) | st.sampled_from([encode(b"{}"), encode(b"\x1f\x8b"), "====", "\ud800"])
BODIES = ODD | st.fixed_dictionaries({"b64": TEXTS | ODD})
FILES = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"method": TEXTS, "url": TEXTS}, optional={"body": BODIES, "canonical_json": ODD | TEXTS}
        ),
        "response": st.fixed_dictionaries(
            {"status": st.integers()}, optional={"body": BODIES, "headers": ODD}
        ),
    },
    optional={"chunks": st.lists(BODIES, max_size=3) | ODD},
)


@given(FILES)
def test_whatever_stands_in_a_file_nothing_is_raised(value: Any) -> None:
    content = json.dumps(value, default=str).encode()
    (item,) = FORMAT.read(source(content))
    FORMAT.inspect(source(content), (item,))
    FORMAT.locate(source(content), 0, ["", "/request/body/a", "/response/body/1"])
    if isinstance(item, Recording):
        assert FORMAT.edit(source(content), {0: item.document}) == content
