"""dd-apm-test-agent's recordings: what is read, how they are named, what an edit leaves as it was."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.naming.engine import identify
from recctl.project import Place, Settings
from recctl.project.schemes import parse_schemes
from recctl.recordings.formats import is_claimed
from recctl.recordings.formats.ddapm import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source
from tests.builders import RECORDING
from tests.unit.test_vcrpy_hostile import ODD

URL = "https://api.openai.com/v1/chat/completions"
BODY = '{"model": "small", "messages": [{"role": "user", "content": "Caf\u00e9?"}]}'
FOLDER = "tests/vcr-cassettes/openai"


def make(body: Any = BODY, reply: str = '{"id": "x"}', url: str = URL, **parts: Any) -> dict[str, Any]:
    """A file as the test agent writes it."""
    request = {"method": "POST", "url": url, "headers": {"Content-Type": "application/json"}, "body": body}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": "application/json"},
        "body": reply,
    }
    return {"request": {**request, **parts}, "response": response}


def write(file: dict[str, Any]) -> bytes:
    return json.dumps(file, indent=2).encode()


def source(content: bytes, name: str = "x.json", folder: str = FOLDER, **settings: Any) -> Source:
    return Source(f"{folder}/{name}", content, Place(folder, name), Settings(**settings))


def read(file: dict[str, Any], **given: Any) -> Recording:
    (recording,) = load(source(write(file), **given))
    assert isinstance(recording, Recording)
    return recording


# --- reading ------------------------------------------------------------------------------------------------


def test_an_exchange_is_read_with_its_bodies_as_values() -> None:
    recording = read(make())
    assert (recording.format, recording.index, str(recording.key)) == ("ddapm", 0, f"{FOLDER}/x.json")
    assert recording.document == {
        "request": {
            "method": "POST",
            "url": URL,
            "headers": {"Content-Type": "application/json"},
            "body": {"model": "small", "messages": [{"role": "user", "content": "Caf\u00e9?"}]},
            "endpoint": "/v1/chat/completions",
            "model": "small",
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": {"id": "x"},
            "is_streaming": False,
        },
    }


def test_a_reply_that_streamed_is_its_lines() -> None:
    assert read(make(reply="data: {}\n\ndata: [DONE]\n\n")).body == ["data: {}", "", "data: [DONE]", ""]


def test_a_body_in_base64_is_what_its_bytes_are() -> None:
    compressed = base64.b64encode(b"\x00\x01").decode()
    assert read(make(reply=f"base64:{compressed}")).body == {"bytes": 2, "type": "application/json"}
    assert read(make(reply="base64:A")).body == "base64:A"


@pytest.mark.parametrize(
    ("file", "message", "line"),
    [
        ({"request": {}}, "it has no 'response'", 1),
        ({"request": 1, "response": {}}, "its request is a number, and not an object", 2),
        (make(method=1), "its request method is a number, and not a string", 3),
        (make() | {"response": {"status": {"code": "200"}}}, "its response status code is a string", 12),
        (make() | {"response": {"status": {"code": 200}}}, "its response has no 'headers'", 10),
        (make(body={"a": 1}), "its request body is an object, and not a string", 8),
    ],
)
def test_what_the_recorder_does_not_load_is_refused_with_its_line(
    file: dict[str, Any], message: str, line: int
) -> None:
    (error,) = FORMAT.read(source(write(file)))
    assert isinstance(error, LoadError)
    assert (error.rule, error.number) == ("not-a-recording", None)
    assert error.message.startswith(f"not a recording: {message}")
    assert error.position is not None
    assert error.position.line == line


def test_what_is_no_json_is_refused_with_its_line() -> None:
    (error,) = FORMAT.read(source(write(make())[:-40]))
    assert isinstance(error, LoadError)
    assert (error.rule, error.message) == (
        "invalid-json",
        "the file ends before its value does: it is cut off",
    )


def test_a_key_that_stands_twice_is_told() -> None:
    content = write(make()).replace(b'"method": "POST"', b'"method": "GET", "method": "POST"')
    items = FORMAT.read(source(content))
    assert isinstance(items[0], Recording)
    assert not items[0].as_written
    ((index, (defect,)),) = FORMAT.inspect(source(content), items).items()
    assert (index, defect.rule, defect.is_read) == (0, "duplicate-key", True)
    assert defect.position is not None
    assert defect.position.line == 3


def test_values_are_found_where_they_stand_or_in_what_they_are_stored() -> None:
    lines = {
        pointer: position.line
        for pointer, position in FORMAT.locate(
            source(write(make())),
            0,
            [
                "",
                "/request/url",
                "/request/endpoint",
                "/request/model",
                "/request/headers/Content-Type",
                "/request/body/messages/0/content",
                "/response/status",
                "/response/body/id",
                "/response/nothing",
            ],
        ).items()
    }
    assert lines == {
        "": 1,
        "/request/url": 4,
        "/request/endpoint": 4,
        "/request/model": 8,
        "/request/headers/Content-Type": 6,
        "/request/body/messages/0/content": 8,
        "/response/status": 12,
        "/response/body/id": 18,
        "/response/nothing": 10,
    }


NAME = "openai_chat_completions_post_0123abcd.json"


@pytest.mark.parametrize(
    ("name", "folders", "content", "is_one"),
    [
        (NAME, ("cassettes", "openai"), write(make()), True),
        ("x.json", (), write(make()), True),
        ("x.json", (), json.dumps(make()).encode(), True),
        (NAME, ("cassettes", "openai"), write(make())[:90], True),
        (NAME, ("cassettes", "openai"), b"<<<<<<< ours\n{", True),
        (NAME, ("cassettes", "openai"), b"", True),
        (NAME, ("vcr", "mistral"), b"", False),
        (NAME, ("cassettes", "openai"), b'{"openapi": "3.1.0"}', False),
        ("x.json", (), b"", False),
        ("package.json", (), b'{"name": "x", "request": {"method": "POST"}}', False),
        ("pact.json", (), b'{"consumer": {}, "interactions": [{"request": {"method": "GET"}}]}', False),
    ],
)
def test_a_walk_takes_what_is_like_a_recording(
    name: str, folders: tuple[str, ...], content: bytes, *, is_one: bool
) -> None:
    assert is_claimed(name, folders, lambda: content) == is_one


def test_how_a_file_is_laid_out_does_not_matter() -> None:
    for content in (
        json.dumps(make()),
        json.dumps(make(), separators=(",", ":")),
        json.dumps(make(), indent=4),
    ):
        (recording,) = load(source(content.encode()))
        assert isinstance(recording, Recording)
        assert recording.format == "ddapm"


def test_the_headers_may_be_longer_than_what_a_walk_looks_at() -> None:
    content = write(make(headers={"Cookie": "a" * 9000}))
    assert is_claimed(NAME, ("cassettes", "openai"), lambda: content[:4096])
    (recording,) = load(source(content, NAME))
    assert isinstance(recording, Recording)
    assert recording.format == "ddapm"


def test_ogx_s_recordings_stay_ogx_s() -> None:
    (recording,) = load(source(RECORDING))
    assert isinstance(recording, Recording)
    assert recording.format == "ogx"


# --- names --------------------------------------------------------------------------------------------------


def name(path: str, body: Any, method: str = "POST", prefix: str = "") -> str:
    """The name that the recorder gives."""
    digest = sha256(f"{path}:{method}:{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
    safe = "".join(char if char.isalnum() or char in ".-" else "_" for char in prefix + path)
    return f"{safe}_{method.lower()}_{digest[:8]}.json"


@pytest.mark.parametrize(
    ("file", "provider", "expected"),
    [
        (make(), "openai", name("openai/chat/completions", json.loads(BODY))),
        (make(), "openai", name("openai/chat/completions", json.loads(BODY), prefix="test_a[1]_")),
        (make(url="https://x/v1/chat"), "own", name("own/v1/chat", json.loads(BODY))),
        (make(url="https://x/api/v1/chat"), "own", name("own/v1/chat", json.loads(BODY))),
        (make("", url="https://x/models?a=b/c", method="GET"), "o", name("o/models?a=b/c", {}, "GET")),
        (make("plain \u00e9"), "openai", name("openai/chat/completions", "plain \u00e9")),
        (make("[1, NaN]"), "openai", name("openai/chat/completions", [1, float("nan")])),
        (make('"a"'), "openai", name("openai/chat/completions", "a")),
        (make('{"a": 1}\n{"a": 2}'), "openai", name("openai/chat/completions", '{"a": 1}\n{"a": 2}')),
        (
            make("base64:" + base64.b64encode(b"--form-data-boundary-07\r\n\xff").decode()),
            "openai",
            name("openai/chat/completions", "--form-data-boundary-normalized\r\n\xff"),
        ),
        (make("base64:AAE="), "openai", name("openai/chat/completions", "\x00\x01")),
    ],
)
def test_the_scheme_gives_the_name_that_the_recorder_gives(
    file: dict[str, Any], provider: str, expected: str
) -> None:
    recording = read(file, name=expected, folder=f"vcr-cassettes/{provider}")
    identity = identify(recording, Place(f"vcr-cassettes/{provider}", expected))
    assert (identity.schemes, identity.wanted, identity.newest) == (("ddapm",), expected, "ddapm")


def test_an_edited_request_is_named_after_what_it_says_now() -> None:
    recording = read(make(), name=NAME)
    document = recording.document | {"request": recording.request | {"body": {"a": 1}}}
    identity = identify(recording.with_document(document), Place(FOLDER, NAME))
    assert (identity.schemes, identity.wanted) == ((), name("openai/chat/completions", {"a": 1}))


def test_what_a_recorder_is_told_to_mask_is_masked() -> None:
    (own,) = parse_schemes(
        {"own": {"extends": "ddapm", "mask": ["/body/metadata/id"], "replace": [["t=\\d+", "<normalized>"]]}},
        "recctl.toml",
    )
    sent = {"metadata": {"id": 7, "b": [{"id": 1}]}, "prompt": "t=1 t=22"}
    hashed = {"metadata": {"id": "<normalized>", "b": [{"id": 1}]}, "prompt": "<normalized> <normalized>"}
    wanted = name("openai/chat/completions", hashed)
    recording = read(make(json.dumps(sent)), name=wanted, schemes=(own,))
    identity = identify(recording, Place(FOLDER, wanted), own)
    assert (identity.schemes, identity.wanted) == (("own",), wanted)


def test_a_pattern_may_match_more_than_one_value_of_what_was_sent() -> None:
    (own,) = parse_schemes({"own": {"extends": "ddapm", "replace": [['"t":"[^"]+",', ""]]}}, "recctl.toml")
    wanted = name("openai/chat/completions", {"a": 1})
    recording = read(make('{"t":"12:00","a":1}'), name=wanted, schemes=(own,))
    assert identify(recording, Place(FOLDER, wanted), own).schemes == ("own",)


# --- edits --------------------------------------------------------------------------------------------------


def edit(file: bytes, **sides: dict[str, Any]) -> bytes | None:
    (recording,) = FORMAT.read(source(file))
    assert isinstance(recording, Recording)
    document = {side: recording.document[side] | sides.get(side, {}) for side in ("request", "response")}
    return FORMAT.edit(source(file), {0: document})


def test_an_edit_of_a_header_changes_nothing_else() -> None:
    file = write(make())
    assert edit(file, response={"headers": {"Content-Type": "text/plain"}}) == file.replace(
        b"application/json", b"text/plain"
    ).replace(b"text/plain", b"application/json", 1)


def test_a_header_that_goes_takes_its_line_along() -> None:
    file = write(make(headers={"A": "1", "Cookie": "a=1", "Z": "2"}))
    assert edit(file, request={"headers": {"A": "1", "Z": "2"}}) == file.replace(
        b'      "Cookie": "a=1",\n', b""
    )
    assert edit(file, request={"headers": {"A": "1"}}) == file.replace(
        b'"A": "1",\n      "Cookie": "a=1",\n      "Z": "2"', b'"A": "1"'
    )


def test_an_edit_of_a_body_keeps_the_spelling_of_the_rest() -> None:
    file = write(make()).replace(b'\\"small\\"', b"\\u0022\\u0073mall\\u0022")
    messages = [{"role": "user", "content": "Tea?"}]
    expected = file.replace(b"Caf\\\\u00e9", b"Tea").replace(b"Caf\\u00e9", b"Tea")
    assert edit(file, request={"body": {"model": "small", "messages": messages}}) == expected


def test_bytes_stay_in_base64() -> None:
    file = write(make(reply="base64:" + base64.b64encode(b'{"a": "\xc3\xa9"}').decode()))
    changed = edit(file, response={"body": {"a": "b"}})
    assert changed == write(make(reply="base64:" + base64.b64encode(b'{"a": "b"}').decode()))


def test_the_one_exchange_of_a_file_is_not_taken_out_of_it() -> None:
    assert FORMAT.edit(source(write(make())), {0: None}) is None


# --- what nobody wrote --------------------------------------------------------------------------------------

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["base64:AA==", "data: {}\n\n", '{"a": 1}', "https://[", "\ud800"]
)
MESSAGES = st.fixed_dictionaries(
    {"headers": st.dictionaries(TEXTS, TEXTS, max_size=2), "body": TEXTS},
    optional={
        "method": TEXTS,
        "url": TEXTS,
        "status": st.fixed_dictionaries({"code": st.integers()}) | TEXTS,
    },
)
FILES = st.fixed_dictionaries({"request": MESSAGES | ODD, "response": MESSAGES | ODD})


@given(FILES, st.text(max_size=12) | st.just(NAME))
def test_whatever_stands_in_a_file_nothing_is_raised(file: dict[str, Any], shown: str) -> None:
    content = json.dumps(file, default=str).encode()
    given = source(content, PurePosixPath(f"a{shown}").name or "a")
    (item,) = FORMAT.read(given)
    FORMAT.inspect(given, (item,))
    FORMAT.locate(given, 0, ["", "/request/body/a", "/response/status"])
    if isinstance(item, Recording) and given.place is not None:
        identify(item, given.place)
        assert FORMAT.edit(given, {0: item.document}) == content


# --- the files of before ------------------------------------------------------------------------------------

OLD = f"""\
interactions:
- request:
    body: '{BODY}'
    headers:
      ? !!python/object/apply:multidict._multidict.istr
      - Accept
      : - '*/*'
    method: POST
    uri: {URL}
  response:
    body:
      string: '{{"id": "x"}}'
    headers:
      content-encoding:
      - gzip
    status:
      code: 200
      message: OK
version: 1
"""
OLD_NAME = name("openai/chat/completions", json.loads(BODY)).replace(".json", ".yaml")


def test_a_cassette_of_that_name_is_an_old_file_and_named_alike() -> None:
    (recording,) = items = load(source(OLD.encode(), OLD_NAME))
    assert isinstance(recording, Recording)
    assert (recording.format, str(recording.key)) == ("ddapm", f"{FOLDER}/{OLD_NAME}")
    assert identify(recording, Place(FOLDER, OLD_NAME)).wanted == OLD_NAME
    assert identify(recording, Place(FOLDER, OLD_NAME)).schemes == ("ddapm",)
    assert FORMAT.inspect(source(OLD.encode(), OLD_NAME), items) == {0: []}


@pytest.mark.parametrize("other", ["test_chat.yaml", "test_chat_post_0123abcd.yaml", "openai_0123abcd.yaml"])
def test_a_cassette_of_another_name_is_vcrpy_s(other: str) -> None:
    (recording,) = load(source(OLD.encode(), other))
    assert isinstance(recording, Recording)
    assert recording.format == "vcrpy"


def test_an_old_file_is_changed_as_a_cassette_is() -> None:
    given = source(OLD.encode(), OLD_NAME)
    (recording,) = FORMAT.read(given)
    assert isinstance(recording, Recording)
    document = recording.document | {"request": recording.request | {"url": "https://y/z"}}
    assert FORMAT.edit(given, {0: document}) == OLD.replace(URL, "https://y/z").encode()
    assert FORMAT.locate(given, 0, ["/request/url"])["/request/url"].line == 9


def test_what_is_no_yaml_and_has_no_such_name_is_told_as_vcrpy_tells_it() -> None:
    (error,) = load(source(b"a: b", "x.yaml"))
    assert isinstance(error, LoadError)
    assert error.message == "not a cassette: a mapping, but without 'interactions'"
