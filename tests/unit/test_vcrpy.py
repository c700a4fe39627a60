"""vcrpy's cassettes: what is read from each layout, what is refused, where values stand."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import vcr.serialize
from vcr.serializers import jsonserializer, yamlserializer

from recctl.recordings.cassettes import places
from recctl.recordings.formats.vcrpy import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import Key, LoadError, Recording
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.base.syntax import Position
    from recctl.recordings.cassettes.layout import CassetteLayout
    from recctl.recordings.formats import Defect

compress = partial(gzip.compress, mtime=0)

CHAT = """\
interactions:
- request:
    body: '{"model": "small", "messages": [{"role": "user", "content": "Hello"}]}'
    headers:
      Accept:
      - !!binary |
        YXBwbGljYXRpb24vanNvbg==
      Content-Type:
      - application/json
    method: POST
    uri: https://api.openai.com/v1/chat/completions?a=b
  response:
    body:
      string: '{"id": "chatcmpl-1", "object": "chat.completion", "choices": []}'
    headers:
      Content-Type:
      - application/json
      Set-Cookie:
      - a=1
      - b=2
    status:
      code: 200
      message: OK
version: 1
"""

COMPRESSED = compress(CHAT.encode())

EXCHANGE = """\
- request:
    body: {body}
    headers: {{Content-Type: [{sent}]}}
    method: POST
    uri: {uri}
  response:
    body:
      string: {reply}
    headers: {{Content-Type: [{kept}]}}
    status: {{code: 200, message: OK}}
"""


def exchange(
    reply: str = "''",
    kept: str = "text/plain",
    body: str = "null",
    sent: str = "text/plain",
    uri: str = "http://x/y",
) -> str:
    return EXCHANGE.format(reply=reply, kept=kept, body=body, sent=sent, uri=uri)


def cassette(*exchanges: str) -> str:
    return f"interactions:\n{''.join(exchanges)}version: 1\n"


def read(content: str | bytes, name: str = "x.yaml") -> tuple[Recording | LoadError, ...]:
    return FORMAT.read(source(content if isinstance(content, bytes) else content.encode(), name))


def read_one(content: str | bytes, name: str = "x.yaml") -> Recording:
    (recording,) = read(content, name)
    assert isinstance(recording, Recording), recording
    return recording


def read_error(content: str | bytes, name: str = "x.yaml") -> LoadError:
    (error,) = read(content, name)
    assert isinstance(error, LoadError), error
    return error


def binary(content: bytes) -> str:
    return f"!!binary {base64.b64encode(content).decode()}"


def test_an_exchange_is_a_document_as_any_recording_is() -> None:
    recording = read_one(CHAT)
    assert recording.document == {
        "request": {
            "method": "POST",
            "url": "https://api.openai.com/v1/chat/completions?a=b",
            "headers": {"Accept": ["application/json"], "Content-Type": ["application/json"]},
            "body": {"model": "small", "messages": [{"role": "user", "content": "Hello"}]},
            "endpoint": "/v1/chat/completions",
            "model": "small",
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": ["application/json"], "Set-Cookie": ["a=1", "b=2"]},
            "body": {"id": "chatcmpl-1", "object": "chat.completion", "choices": []},
            "is_streaming": False,
        },
    }
    assert recording.as_written
    assert recording.key == Key("tests/recordings/x.yaml", 1)


PARSED = """\
interactions:
- request:
    headers: {}
    method: POST
    parsed_body: {model: small, n: 1}
    uri: http://x/y
  response:
    headers: {}
    parsed_body:
      text: |
        two
        lines
    status: {code: 200, message: OK}
version: 1
"""


def test_bodies_that_a_serializer_parsed() -> None:
    recording = read_one(PARSED)
    assert recording.asked == {"model": "small", "n": 1}
    assert recording.body == {"text": "two\nlines\n"}


OF_HTTPX = """\
interactions:
- request: {body: '{}', headers: {}, method: POST, uri: 'http://x/y'}
  response:
    content: '{"text": "Hello"}'
    headers: {}
    http_version: HTTP/1.1
    status_code: 200
version: 1
"""


def test_replies_that_httpx_got_below_vcrpy_5() -> None:
    recording = read_one(OF_HTTPX)
    assert (recording.body, recording.response["status"]) == ({"text": "Hello"}, 200)
    places = FORMAT.locate(recording.source, 0, ["/response/status", "/response/body/text"])
    assert [places[pointer].line for pointer in places] == [7, 4]
    document = copy.deepcopy(recording.document)
    document["response"] |= {"status": 201, "body": {"text": "Ho"}}
    changed = OF_HTTPX.replace("200", "201").replace("Hello", "Ho")
    assert FORMAT.edit(recording.source, {0: document}) == changed.encode()


def test_a_compressed_cassette_with_two_lists() -> None:
    text = (
        "requests:\n- {body: !!binary e30=, headers: {}, method: POST, uri: 'http://x/1'}\n"
        "- {body: null, headers: {}, method: GET, uri: 'http://x/2'}\n"
        "responses:\n- {body: {string: !!binary e30=}, headers: {}, status: {code: 200, message: OK}}\n"
    )
    first, second = read(compress(text.encode()), "x.yaml.gz")
    assert isinstance(first, Recording)
    assert (first.asked, first.body, first.url) == ({}, {}, "http://x/1")
    assert isinstance(second, LoadError)
    assert (second.message, second.number) == ("not an exchange: it has no 'response'", 2)
    assert second.position == (3, 3)


def test_what_vcrpy_writes_as_json() -> None:
    cassette = {
        "version": 1,
        "interactions": json.loads(json.dumps([_load(CHAT)["interactions"][0]], default=bytes.decode)),
    }
    written = jsonserializer.serialize(cassette)
    assert read_one(written, "x.json").document == read_one(CHAT).document


def _load(text: str) -> Any:
    return yamlserializer.deserialize(text)


STREAM = 'data: {"a": 1}\n\ndata: [DONE]\n\n'
LINES = ['data: {"a": 1}', "", "data: [DONE]", ""]


@pytest.mark.parametrize(
    ("stored", "kept", "body", "is_streaming"),
    [
        ("'{\"a\": [1.0]}'", "application/json", {"a": [1.0]}, False),
        ("'[{\"a\": 1}]'", "text/plain", [{"a": 1}], False),
        ("'{\"a\": 12345678901234567890123}'", "application/json", {"a": 12345678901234567890123}, False),
        ("'{\"a\": \"\\ud83d\"}'", "application/json", {"a": "\ud83d"}, False),
        ("'{\"a\": 1'", "application/json", '{"a": 1', False),
        ("'{\"a\": NaN}'", "application/json", '{"a": NaN}', False),
        ("'" + "[" * 300 + "]" * 300 + "'", "application/json", "[" * 300 + "]" * 300, False),
        ("'\"a\"'", "application/json", '"a"', False),
        ("OK", "text/plain", "OK", False),
        ("null", "text/plain", None, False),
        ("''", "text/plain", "", False),
        (json.dumps(STREAM), "text/event-stream; charset=utf-8", LINES, True),
        (json.dumps(STREAM), "text/plain", LINES, True),
        (json.dumps(STREAM.replace("\n", "\r\n")), "text/event-stream", LINES, True),
        (json.dumps(": ping\n\n" + STREAM), "text/event-stream", [": ping", "", *LINES], True),
        ('"data: x is the word"', "text/plain", "data: x is the word", False),
        ('"{\\"a\\": 1}\\n{\\"a\\": 2}\\n"', "application/x-ndjson", [{"a": 1}, {"a": 2}], True),
        ("'{\"a\": 1}'", "application/x-ndjson", [{"a": 1}], True),
        ('"{\\"a\\": 1}\\n{\\"a\\": 2}\\n"', "application/octet-stream", [{"a": 1}, {"a": 2}], True),
        ('"{\\"a\\": 1}\\n{\\"a\\"\\n"', "application/x-ndjson", [{"a": 1}, '{"a"'], True),
        ('"{\\"a\\": 1}\\nnone\\n"', "application/x-ndjson", '{"a": 1}\nnone\n', False),
        (binary(compress(b'{"a": 1}')), "application/json", {"a": 1}, False),
        (binary(b"\n         " * 99 + b'{"a": 1}'), "application/json", {"a": 1}, False),
        (binary(compress(STREAM.encode())), "text/event-stream", LINES, True),
        (binary(b'{"a": "\xc3\xa9"}'), "application/json", {"a": "é"}, False),
        (binary(b"\x89PNG\r\n\x1a\n\0"), "image/png", {"bytes": 9, "type": "image/png"}, False),
        (binary(b"\xff\xfe"), "", {"bytes": 2, "type": "binary"}, False),
        (binary(b""), "", "", False),
        (
            binary(compress(b"x" * 1000)[:-9]),
            "text/plain; charset=utf-8",
            {"bytes": 20, "type": "text/plain", "damage": "the compressed data are cut off"},
            False,
        ),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_bodies(stored: str, kept: str, body: Any, is_streaming: bool) -> None:
    recording = read_one(cassette(exchange(stored, kept or "''")))
    assert recording.body == body
    assert recording.is_streaming == is_streaming


def test_a_body_is_inflated_so_far_and_no_further() -> None:
    recording = read_one(cassette(exchange(binary(compress(b"x" * 64_000_001)), "text/plain")))
    assert recording.body["damage"] == "the compressed data hold more than 64 MB"


def test_bytes_inside_of_values_and_headers_are_texts() -> None:
    stored = PARSED.replace("n: 1", "n: !!binary w6k=").replace(
        "headers: {}", "headers: {A: [!!binary /w==]}", 1
    )
    recording = read_one(stored)
    assert recording.asked == {"model": "small", "n": "é"}
    assert recording.request["headers"] == {"A": ["ÿ"]}


@pytest.mark.parametrize(
    ("uri", "body", "model"),
    [
        ("https://x/v1/chat/completions", '\'{"model": "a"}\'', "a"),
        ("https://x/v1beta/models/gemini-2.0-flash:generateContent", "'{}'", "gemini-2.0-flash"),
        ("https://x/model/a.b-v1%3A0/converse-stream", "'{}'", "a.b-v1:0"),
        ("https://x/openai/deployments/mine/chat/completions?api-version=1", "'{}'", "mine"),
        ("https://x/v1/models/a", "null", None),
        ("https://[x", "null", None),
    ],
)  # fmt: skip
def test_the_model_that_was_asked(uri: str, body: str, model: str | None) -> None:
    assert read_one(cassette(exchange(body=body, uri=f"'{uri}'"))).request["model"] == model


def test_a_json_array_that_came_in_pieces_is_a_stream() -> None:
    uri = "https://x/v1beta/models/gemini:streamGenerateContent"
    assert read_one(cassette(exchange("'[{}]'", "application/json", uri=uri))).is_streaming


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# nothing\n", "not a cassette: there is nothing in it"),
        (
            "- request: {}\n  response: {}\n",
            "not a cassette: a list as vcrpy wrote it before 1.0, which it refuses now",
        ),
        ("[]", "not a cassette: a list, and no mapping"),
        ("text", "not a cassette: a string, and no mapping"),
        ("a: 1\n", "not a cassette: a mapping, but without 'interactions'"),
        ("interactions: {}\n", "not a cassette: its 'interactions' are an object, and no list"),
        (
            "interactions:\n- kind: text\n  data: a\n",
            "no HTTP was recorded here: its interactions hold 'kind' and 'data', and no 'request'",
        ),
        (
            f"interactions:\n- {'k' * 40}: 1\n",
            f"no HTTP was recorded here: its interactions hold '{'k' * 19}…', and no 'request'",
        ),
        (
            "interactions: [1]\n",
            "no HTTP was recorded here: its interactions hold no mappings, and no 'request'",
        ),
    ],
    ids=lambda value: value[:20],
)
def test_a_file_that_is_no_cassette(content: str, message: str) -> None:
    error = read_error(content)
    assert (error.rule, error.position, error.message, error.number) == (
        "not-a-recording",
        None,
        message,
        None,
    )


@pytest.mark.parametrize(
    ("content", "position", "message"),
    [
        (b"", (1, 1), "the file is empty"),
        (CHAT.encode() + b"---\n", (25, 1), "a second document begins here, and a cassette is one"),
        (COMPRESSED[:-12], None, "the compressed data are cut off"),
        (COMPRESSED.replace(b"\x08", b"\x07", 1), None, "the compressed data are damaged"),
        (compress(b"#" * 65_000_000), None, "the compressed data hold more than 64 MB"),
        (compress(b"") * 1_000_000, None, "the compressed data have more than 100 parts"),
    ],
    ids=["empty", "two documents", "cut off", "damaged", "a bomb", "many parts"],
)
def test_a_file_that_can_not_be_read(content: bytes, position: tuple[int, int] | None, message: str) -> None:
    error = read_error(content)
    assert (error.rule, error.position, error.message) == ("invalid-yaml", position, message)


@pytest.mark.parametrize("content", ["interactions: []\nversion: 1\n", "interactions:\nversion: 1\n"])
def test_an_empty_cassette_holds_nothing_and_is_no_error(content: str) -> None:
    assert read(content) == ()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("- 7\n", "not an exchange: it is a number, and no mapping"),
        ("- {request: {}}\n", "not an exchange: it has no 'response'"),
        ("- {request: [], response: {}}\n", "not an exchange: its 'request' is an array, and no mapping"),
        ("- {request: {method: GET}, response: {}}\n", "not an exchange: its request has no 'uri'"),
        ("- {request: {uri: x}, response: {}}\n", "not an exchange: its request has no 'method'"),
    ],
)
def test_a_bad_exchange_does_not_hide_the_others(item: str, message: str) -> None:
    first, bad, last = read(cassette(exchange(), item, exchange()))
    assert isinstance(bad, LoadError)
    assert (bad.message, bad.number, bad.position) == (message, 2, (12, 3))
    assert isinstance(first, Recording)
    assert isinstance(last, Recording)
    assert (first.index, last.index) == (0, 2)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("- {kind: message, direction: sent, data: {}}\n" * 3, "a session over a WebSocket, 3 messages"),
        ("- {request_sample: {}, response_sample: {}}\n", "1 call over gRPC, in xAI's protobuf"),
        ("- {request_stream: {}, response_stream: {}}\n" * 2, "2 calls over gRPC, in xAI's protobuf"),
    ],
)
def test_what_other_recorders_keep_is_told_for_what_it_is(items: str, message: str) -> None:
    (error,) = read(f"version: 1\ninteractions:\n{items}")
    assert isinstance(error, LoadError)
    assert (error.message, error.is_other) == (f"no HTTP was recorded here: it holds {message}", True)


def test_an_item_is_what_yaml_takes_for_one() -> None:
    """A line that looks like the start of an item may be part of a text."""
    text = cassette(exchange('"a\n- request:\n"'), exchange("OK"))
    first, second = read(text)
    assert isinstance(first, Recording)
    assert first.body == "a - request: "
    assert FORMAT.locate(first.source, 1, ["/response/body"]) == {"/response/body": (21, 15)}
    assert isinstance(second, Recording)


OBJECTS = """\
interactions:
- request:
    body: !!python/object/new:_io.BytesIO
      state: !!python/tuple [!!binary eyJhIjogMX0=, 0, null]
    headers:
      ? !!python/object/apply:multidict._multidict.istr [Accept]
      : [text/plain]
      A: [1]
      A: [2]
    method: !!python/unicode POST
    uri: http://x/y
  response:
    body: {}
    headers: {}
    status: {code: 204, message: ''}
version: 1
"""


def inspect(recording: Recording) -> list[Defect]:
    """What is wrong with how one of a file's recordings is written down."""
    found = FORMAT.inspect(recording.source, FORMAT.read(recording.source))
    return found.get(recording.index, [])


def test_python_objects_are_plain_values_and_told() -> None:
    recording = read_one(OBJECTS)
    assert recording.asked == {"a": 1}
    assert recording.request["headers"] == {"Accept": ["text/plain"], "A": [2]}
    assert (recording.request["method"], recording.body) == ("POST", None)
    tag, key = inspect(recording)
    assert (tag.rule, tag.position) == ("unreadable-tag", (6, 9))
    assert tag.message == (
        "vcrpy 9 does not load a file with the tag !!python/object/apply:multidict._multidict.istr"
    )
    assert (key.rule, key.position) == ("duplicate-key", (9, 7))
    assert key.message == "the key 'A' occurs a second time in its mapping; vcrpy takes the last"


def write_reply(
    body: str,
    encoding: str = "gzip",
    *,
    header: str = "Content-Encoding",
    client: str = "OpenAI/Python 1.0",
) -> str:
    return f"""\
interactions:
- request: {{body: null, headers: {{user-agent: [{client}]}}, method: GET, uri: http://x/y}}
  response:
    body: {{string: {body}}}
    headers: {{{header}: [{encoding}]}}
    status: {{code: 200, message: OK}}
"""


def as_yaml(data: bytes) -> str:
    return f"!!binary {base64.b64encode(data).decode()}"


PLAIN = "'{\"a\": 1}'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (write_reply(PLAIN), "the reply is not gzip, as its header says: httpx can't read it"),
        (write_reply(PLAIN, "Deflate"), "the reply is not deflate, as its header says: httpx can't read it"),
        (write_reply("!!binary AAEC"), "the reply is not gzip, as its header says: httpx can't read it"),
        (write_reply(as_yaml(compress(b"{}"))), None),
        (write_reply(as_yaml(zlib.compress(b"{}")), "deflate"), None),
        (write_reply(as_yaml(zlib.compress(b"{}")[2:-4]), "deflate"), None),
        (write_reply("''"), None),
        (write_reply(PLAIN, "br"), None),  # httpx decompresses it with a library that may not be there
        (write_reply(PLAIN, "identity"), None),
        (write_reply(PLAIN, header="X-Encoding"), None),
        (write_reply(PLAIN, client="python-requests/2.32.3"), None),
        (write_reply(PLAIN, client="Boto3/1.0 md/Botocore#1.0"), None),
        (write_reply(PLAIN, client="Python/3.11 aiohttp/3.9.5"), None),
    ],
)
def test_a_reply_that_is_not_compressed_as_it_says_is_told(text: str, message: str | None) -> None:
    recording = read_one(text)
    assert recording.as_written == (message is None)
    found = [(defect.rule, defect.message, defect.pointer) for defect in inspect(recording)]
    pointer = "/response/headers/Content-Encoding"
    assert found == ([] if message is None else [("encoding-mismatch", message, pointer)])


def test_what_is_odd_is_told_of_its_own_exchange() -> None:
    odd = exchange().replace("method:", "method: GET\n    method:")
    recordings = read(cassette(exchange(), odd, exchange()) + "version: 1\n")
    told = [inspect(each) for each in recordings if isinstance(each, Recording)]
    assert [[defect.position for defect in each] for each in told] == [[(34, 1)], [(16, 5)], []]


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_of_very_many_bad_exchanges_the_last_are_told_in_one_line(name: str) -> None:
    lines = ",\n".join(
        ['{"request": {"uri": "x", "method": "GET"}, "response": {}}', *['{"request": 1}'] * 1000]
    )
    given = source(f'{{"interactions": [\n{lines}]}}'.encode(), name)
    found = load(given)
    assert len(found) == 102
    assert [str(item.key) for item in found[:3]] == [
        f"tests/recordings/{name}#{number}" for number in (1, 2, 3)
    ]
    last = found[-1]
    assert isinstance(last, LoadError)
    assert (last.message, last.position, last.total) == (
        "900 more from here on are no exchanges",
        (103, 1),
        900,
    )
    for number in (50, 102, 900):
        (one,) = load(given._replace(number=number))
        assert isinstance(one, LoadError)
        assert (one.message, one.position, one.number) == (
            "not an exchange: its 'request' is a number, and no mapping",
            (number + 1, 1),
            number,
        )


def test_an_odd_file_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = exchange().replace("method:", "method: GET\n    method:")
    given = source(cassette(*[odd] * 25).encode(), "x.yaml")
    items, seen = FORMAT.read(given), []
    find_oddities = places.find_oddities

    def count(
        layout: CassetteLayout, content: bytes, *arguments: Any, **options: Any
    ) -> Iterator[places.CassetteOddity]:
        seen.append(content)
        return find_oddities(layout, content, *arguments, **options)

    monkeypatch.setattr(places, "find_oddities", count)
    assert [*FORMAT.inspect(given, items)] == [*range(25)]
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("content", "name", "position"),
    [
        (f"{cassette(exchange())}interactions:\n{exchange()}", "x.yaml", (13, 1)),
        (f"{cassette(exchange())}interactions: []\n", "x.yaml", (13, 1)),
        ('{"interactions": [],\n "interactions": []}', "x.json", (2, 2)),
    ],
    ids=["full", "empty", "json"],
)
def test_a_second_list_of_exchanges_is_told(content: str, name: str, position: Position) -> None:
    given = source(content.encode(), name)
    ((defect,),) = FORMAT.inspect(given, FORMAT.read(given)).values()
    assert (defect.rule, defect.position, defect.is_read) == ("duplicate-key", position, True)
    assert defect.message == (
        "a second 'interactions' begins here, and hides what the first holds: vcrpy takes the last"
    )


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("", (2, 3)),
        ("/request", (3, 5)),
        ("/request/method", (10, 13)),
        ("/request/url", (11, 10)),
        ("/request/endpoint", (11, 10)),
        ("/request/model", (3, 11)),
        ("/request/body/messages/0/content", (3, 11)),
        ("/request/headers/Content-Type/0", (9, 9)),
        ("/request/headers/Nothing/0", (5, 7)),
        ("/response/status", (22, 13)),
        ("/response/body", (14, 15)),
        ("/response/body/id", (14, 15)),
        ("/response/is_streaming", (14, 15)),
        ("/response/headers/Set-Cookie/1", (20, 9)),
        ("/test_id", (2, 3)),
    ],
)
def test_where_a_value_stands(pointer: str, position: Position) -> None:
    assert FORMAT.locate(source(CHAT.encode(), "x.yaml"), 0, [pointer]) == {pointer: position}


def test_where_a_value_of_a_parsed_body_stands() -> None:
    pointers = ["/request/body/n", "/request/model", "/response/body/text", "/response/body/missing"]
    places = FORMAT.locate(source(PARSED.encode(), "x.yaml"), 0, pointers)
    assert [*places.values()] == [(5, 36), (5, 26), (10, 13), (10, 7)]


def test_where_a_value_stands_in_json() -> None:
    written = (
        '{"interactions": [\n{"request":\n {"uri": "x", "method": "GET",\n  "body": "{}"}, "response": {}}]}'
    )
    pointers = ["", "/request/url", "/request/body/a/b", "/response/body"]
    places = FORMAT.locate(source(written.encode(), "x.json"), 0, pointers)
    assert [*places.values()] == [(2, 1), (3, 10), (4, 11), (4, 30)]


def test_a_key_that_stands_twice_in_json() -> None:
    side = '"request": {"uri": "x", "method": "GET", "headers": {}, "headers": {}}, "response": {}'
    (recording, other) = read(f'{{"interactions": [{{{side}}},\n{{{side}}}]}}', "x.json")
    assert isinstance(recording, Recording)
    assert [defect.position for defect in inspect(recording)] == [(1, 76)]
    assert isinstance(other, Recording)
    assert [defect.position for defect in inspect(other)] == [(2, 58)]


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (CHAT, True),
        (CHAT.replace("\n", "\r\n"), True),
        ("\ufeff" + CHAT, True),
        ("# by hand\n---\nversion: 1\ninteractions: # two\n\n  # one\n  - request:\n", True),
        ("interactions: []\nversion: 1\n", True),
        ("interactions:\n<<<<<<< HEAD\n- request:\n", True),
        (compress(b"requests:\n- body: null\n"), True),
        (compress(b"a: 1\n"), False),
        (b"\x1f\x8bx", False),
        ('{"version": 1, "interactions": [', True),
        ("interactions:\n- kind: text\n", False),
        ("version: 2\ninteractions:\n- id: 0\n  request:\n", False),
        ("http_interactions:\n- request:\n", False),
        ("jobs:\n  interactions:\n", False),
        ("requests:\n- name: a\n", False),
        ("", True),
        ("<<<<<<< HEAD\n", True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_a_walk_takes_for_a_cassette(content: str | bytes, is_one: bool) -> None:
    head = content if isinstance(content, bytes) else content.encode()
    name = "x.yaml.gz" if head.startswith(b"\x1f\x8b") else "x.yaml"
    assert FORMAT.claims(name, ("tests", "cassettes"), lambda: head) == is_one


def test_a_long_line_is_no_matter() -> None:
    recording = read_one(cassette(exchange(json.dumps("x" * 5_000_000))))
    assert len(recording.body) == 5_000_000


@pytest.mark.parametrize("text", [CHAT, cassette(exchange(), exchange("OK"))], ids=["one", "two"])
def test_vcrpy_reads_the_same_exchanges(text: str) -> None:
    requests, responses = vcr.serialize.deserialize(text, yamlserializer)
    recordings = [each for each in read(text) if isinstance(each, Recording)]
    assert [(each.request["method"], each.url) for each in recordings] == [
        (each.method, each.uri) for each in requests
    ]
    assert [each.response["status"] for each in recordings] == [each["status"]["code"] for each in responses]


def test_a_tag_that_is_repeated_is_told_once_for_an_exchange() -> None:
    header = "      {}: [!!python/object/apply:multidict._multidict.istr [x]]\n"
    headers = "".join(header.format(name) for name in "abc")
    recording = read_one(OBJECTS.replace("    headers:\n", f"    headers:\n{headers}", 1))
    told = [defect.message for defect in inspect(recording) if defect.rule == "unreadable-tag"]
    assert len(told) == 1
    assert told[0].endswith("istr (and in 3 more places)")
