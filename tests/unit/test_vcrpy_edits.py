"""Changes of vcrpy's cassettes: what must change does, and not a byte besides."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.formats.vcrpy import FORMAT
from recctl.recordings.recording import Recording
from tests.builders import source

TWO = """\
# kept by hand
interactions:
- request:
    body: '{"model":  "small", "messages": [{"role": "user", "content":
      "It''s  me"}], "n": 1.50}'   # odd spaces
    headers:
      Accept:
      - !!binary |
        YXBwbGljYXRpb24vanNvbg==
      Cookie:
      - a=1
      - b=2
      User-Agent: [one, two]
    method: POST
    uri: https://x/y
  response:
    body:
      string: |
        data: {"a": "b"}

        data: [DONE]

    headers:
      Content-Type:
      - text/event-stream
    status: {code: 200, message: OK}

- request: {body: null, headers: {}, method: GET, uri: 'https://x/z'}   # flow
  response:
    body:
      string: "caf\\xE9 \\
        \\ au lait"
    headers: {}
    status:
      code: 404
      message: Not Found
version: 1   # the end
"""


def edit(content: str | bytes, changes: dict[int, Any], name: str = "x.yaml") -> bytes | None:
    """The bytes after documents were changed: each value is a function that changes one in place, or None."""
    raw = content if isinstance(content, bytes) else content.encode()
    given = source(raw, name)
    recordings = FORMAT.read(given)
    documents: dict[int, Any] = {}
    for index, change in changes.items():
        recording = recordings[index]
        assert isinstance(recording, Recording)
        documents[index] = None if change is None else copy.deepcopy(recording.document)
        if change is not None:
            change(documents[index])
    return FORMAT.edit(given, documents)


def put(*steps: str | int, value: Any) -> Any:
    def change(document: Any) -> None:
        *above, last = steps
        for step in above:
            document = document[step]
        document[last] = value

    return change


def drop(*steps: str | int) -> Any:
    def change(document: Any) -> None:
        *above, last = steps
        for step in above:
            document = document[step]
        del document[last]

    return change


def add(*steps: str | int, value: Any) -> Any:
    def change(document: Any) -> None:
        for step in steps:
            document = document[step]
        document.append(value)

    return change


REQUEST, RESPONSE = "request", "response"

LENGTHS = """\
interactions:
- request:
    headers:
      content-length: ['{asked}']
    method: POST
    parsed_body: {{model: small}}
    uri: https://x/y
  response:
    headers:
      Content-Length: '{replied}'
    parsed_body: {{text: Hello}}
    status: {{code: 200, message: OK}}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((18, 17), (20, 15)),
        ((17, 16), (17, 16)),  # as it was sent, in another spelling
    ],
)
def test_a_length_that_a_serializer_writes_follows_the_body(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    def change(document: Any) -> None:
        document["request"]["body"]["model"] = "smaller"
        document["response"]["body"]["text"] = "Hey"

    written = edit(LENGTHS.format(asked=before[0], replied=before[1]), {0: change})
    expected = LENGTHS.format(asked=after[0], replied=after[1])
    assert written == expected.replace("small}", "smaller}").replace("Hello", "Hey").encode()


def test_a_length_that_vcrpy_has_kept_stays_as_it_was_sent() -> None:
    text = TWO.replace("      User-Agent:", "      Content-Length: ['85']\n      User-Agent:")
    written = edit(text, {0: put("request", "body", "model", value="smaller")})
    assert written == text.replace('"small"', '"smaller"').encode()


@pytest.mark.parametrize(
    ("index", "change", "before", "after"),
    [
        (0, put(REQUEST, "method", value="PUT"), "method: POST", "method: PUT"),
        (0, put(REQUEST, "url", value="https://x/<y>"), "uri: https://x/y", "uri: 'https://x/<y>'"),
        (1, put(REQUEST, "url", value="https://x/it's"), "uri: 'https://x/z'", "uri: 'https://x/it''s'"),
        (0, put(RESPONSE, "status", value=500), "{code: 200,", "{code: 500,"),
        (1, put(RESPONSE, "status", value=500), "code: 404", "code: 500"),
        (0, put(REQUEST, "headers", "Cookie", 0, value="X"), "- a=1", "- X"),
        (0, put(REQUEST, "headers", "Cookie", 0, value="no"), "- a=1", "- 'no'"),
        (0, put(REQUEST, "headers", "Cookie", 0, value="<a: b>"), "- a=1", "- '<a: b>'"),
        (0, put(REQUEST, "headers", "User-Agent", 0, value="1"), "[one, two]", "['1', two]"),
        (0, put(REQUEST, "headers", "User-Agent", value=["two"]), "[one, two]", "['two']"),
        (0, drop(REQUEST, "headers", "Cookie", 0), "- a=1\n      - b=2", "- b=2"),
        (0, drop(REQUEST, "headers", "Cookie", 1), "- a=1\n      - b=2", "- a=1"),
        (0, put(REQUEST, "headers", "Cookie", value=[]), "Cookie:\n      - a=1\n      - b=2", "Cookie: []"),
        (0, add(REQUEST, "headers", "Cookie", value="c"), "- b=2", "- b=2\n      - 'c'"),
        (0, put(REQUEST, "headers", "New", value=["a"]), "[one, two]", "[one, two]\n      'New': ['a']"),
        (0, drop(REQUEST, "headers", "User-Agent"), "\n      User-Agent: [one, two]", ""),
        (0, drop(REQUEST, "headers", "Cookie"), "      Cookie:\n      - a=1\n      - b=2\n", ""),
        (0, put(REQUEST, "headers", "Accept", 0, value="text"), "YXBwbGljYXRpb24vanNvbg==", "dGV4dA=="),
        (1, put(REQUEST, "headers", "A", value=["b"]), "headers: {}, ", "headers: {'A': ['b']}, "),
        (0, put(REQUEST, "body", "model", value="big"), '"small"', '"big"'),
        (0, put(REQUEST, "body", "messages", 0, "content", value="It's you"), "''s  me", "''s you"),
        (0, put(REQUEST, "body", "n", value=2), "1.50", "2"),
        (0, put(RESPONSE, "body", 0, value='data: {"a": "c"}'), '{"a": "b"}', '{"a": "c"}'),
        (0, put(RESPONSE, "body", 1, value=": ping"), '"b"}\n\n', '"b"}\n        : ping\n'),
        (1, put(RESPONSE, "body", value="café noir"), "\\ au lait", "noir"),
        (1, put(RESPONSE, "body", value="cafè  au lait"), "\\xE9", "\\xe8"),
        (1, put(RESPONSE, "body", value="café  au lait 😀\n"), 'lait"', 'lait \\U0001f600\\n"'),
        (1, put(REQUEST, "body", value="a"), "body: null", "body: 'a'"),
        (1, put(REQUEST, "body", value={"a": 1}), "body: null", "body: '{\"a\": 1}'"),
    ],
)  # fmt: skip
def test_only_what_must_change_does(index: int, change: Any, before: str, after: str) -> None:
    assert TWO.count(before) == 1
    edited = edit(TWO, {index: change})
    assert edited is not None
    assert edited.decode() == TWO.replace(before, after)


def test_exchanges_that_go() -> None:
    first = TWO[: TWO.index("- request: {body")]
    second = TWO[: TWO.index("- request:\n")] + TWO[TWO.index("- request: {body") :]
    assert edit(TWO, {0: None}) == second.encode()
    rest = "version: 1   # the end\n"
    assert edit(TWO, {1: None}) == f"{first.rstrip()}\n{rest}".encode()
    assert edit(TWO, {0: None, 1: None}) == f"# kept by hand\ninteractions: []\n{rest}".encode()


def test_several_exchanges_of_a_file_at_once() -> None:
    edited = edit(TWO, {0: None, 1: put(REQUEST, "method", value="HEAD")})
    assert edited is not None
    assert edited == edit(TWO.replace("method: GET", "method: HEAD"), {0: None})


def test_a_compressed_body_is_compressed_again() -> None:
    stored = yaml.dump({"string": gzip.compress(b'{"a": "secret"}', mtime=7)}, Dumper=yaml.CDumper)
    content = TWO.replace("    body:\n      string: |\n", "    body:\n", 1)
    block = content[content.index('        data: {"a"') : content.index("    headers:\n      Content-Type")]
    content = content.replace(block, "".join(f"      {line}\n" for line in stored.splitlines()))
    content = content.replace("text/event-stream", "application/json")
    edited = edit(content, {0: put(RESPONSE, "body", "a", value="x")})
    assert edited is not None
    again = yaml.load(edited, Loader=yaml.CSafeLoader)["interactions"][0]["response"]["body"]["string"]
    assert gzip.decompress(again) == b'{"a": "x"}'
    assert again[4:8] == b"\7\0\0\0"


def test_a_compressed_file_is_compressed_again() -> None:
    text = (
        "requests:\n- {body: !!binary eyJhIjogMX0=, headers: {}, method: POST, uri: 'http://x/1'}\n"
        "- {body: null, headers: {}, method: GET, uri: 'http://x/2'}\n"
        "responses:\n- {body: {string: a}, headers: {}, status: {code: 200, message: OK}}\n"
        "- {body: {string: b}, headers: {}, status: {code: 200, message: OK}}\n"
    )
    edited = edit(gzip.compress(text.encode(), mtime=7), {0: put(REQUEST, "body", "a", value=2)}, "x.yaml.gz")
    assert edited is not None
    assert gzip.decompress(edited).decode() == text.replace("eyJhIjogMX0=", "eyJhIjogMn0=")
    edited = edit(gzip.compress(text.encode(), mtime=7), {0: None}, "x.yaml.gz")
    assert edited is not None
    assert yaml.safe_load(gzip.decompress(edited)) == {
        name: items[1:] for name, items in yaml.safe_load(text).items()
    }


def test_a_cassette_that_is_json() -> None:
    exchange = {
        "request": {"body": '{"a":"b"}', "headers": {}, "method": "POST", "uri": "http://x/y"},
        "response": {
            "body": {"string": "é"},
            "headers": {"A": ["b"]},
            "status": {"code": 200, "message": ""},
        },
    }
    text = json.dumps({"version": 1, "interactions": [exchange, exchange]}, indent=4) + "\n"
    edited = edit(text, {1: put(REQUEST, "body", "a", value="c")}, "x.json")
    assert edited == '\\"c\\"'.join(text.rsplit('\\"b\\"', 1)).encode()
    edited = edit(text, {0: None}, "x.json")
    assert edited == (json.dumps({"version": 1, "interactions": [exchange]}, indent=4) + "\n").encode()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_ends_of_lines_and_byte_order_marks_stay(ending: str, mark: str) -> None:
    content = mark + TWO.replace("\n", ending)
    edited = edit(content, {0: put(REQUEST, "method", value="PUT"), 1: put(RESPONSE, "status", value=1)})
    assert edited is not None
    assert edited.decode() == content.replace("POST", "PUT").replace("404", "1")


def test_what_can_not_be_stored_is_not_written() -> None:
    assert edit(TWO, {0: put(REQUEST, "url", value=None)}) is None
    assert edit(TWO, {0: put(RESPONSE, "body", value=None)}) is None
    assert FORMAT.edit(source(b"interactions: 7\n", "x.yaml"), {0: None}) is None


def test_what_aliases_repeat_is_not_changed_elsewhere() -> None:
    content = TWO.replace("headers: {}\n    status:", "headers: *h\n    status:").replace(
        "    headers:\n      Content-Type:\n", "    headers: &h\n      Content-Type:\n"
    )
    assert isinstance(FORMAT.read(source(content.encode(), "x.yaml"))[1], Recording)
    assert edit(content, {0: put(RESPONSE, "headers", "Content-Type", 0, value="x")}) is None
    assert edit(content, {1: put(RESPONSE, "status", value=1)}) == content.replace("404", "1").encode()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "it's",
        "a: b",
        "- a",
        "# c",
        " a ",
        "a\n\n b\n",
        "yes",
        "1",
        "~",
        "",
        "a\\b",
        "{[",
        "é\u2028😀",
        "\ufeff",
    ]
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)


@given(
    old=st.tuples(
        OBJECTS, st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), max_size=3), TEXTS
    ),
    new=st.tuples(
        OBJECTS, st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), max_size=3), TEXTS
    ),
    parsed=st.booleans(),
    style=st.sampled_from([None, "'", '"', "|", ">"]),
    allow_unicode=st.booleans(),
    width=st.sampled_from([20, 80, 10_000]),
)
def test_any_change_is_written_as_meant(
    old: Any, new: Any, parsed: bool, style: str | None, allow_unicode: bool, width: int
) -> None:
    body, headers, reply = old
    exchange = {
        "request": {
            **({"parsed_body": body} if parsed else {"body": json.dumps(body, indent=2)}),
            "headers": headers,
            "method": "POST",
            "uri": "http://x/y",
        },
        "response": {"body": {"string": reply}, "headers": {}, "status": {"code": 200, "message": "OK"}},
    }
    content = yaml.dump(
        {"interactions": [exchange, copy.deepcopy(exchange)], "version": 1},
        Dumper=yaml.CSafeDumper,
        default_style=style,
        allow_unicode=allow_unicode,
        width=width,
    ).encode()
    given = source(content, "x.yaml")
    first, second = FORMAT.read(given)
    assert isinstance(first, Recording)
    assert isinstance(second, Recording)
    document = copy.deepcopy(first.document)
    document["request"]["body"], document["request"]["headers"], document["response"]["body"] = new
    edited = FORMAT.edit(given, {0: document})
    assert edited is not None
    assert edited.endswith(b"version: 1\n" if style is None else content[-5:])
    after, untouched = FORMAT.read(given._replace(content=edited))
    assert isinstance(after, Recording)
    assert isinstance(untouched, Recording)
    assert (after.asked, after.request["headers"], after.body) == new
    assert untouched.document == second.document
