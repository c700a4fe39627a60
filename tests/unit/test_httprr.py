"""httprr's traces: what is read, what is refused and where, what an edit leaves as it was."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.project import Place, Settings
from recctl.recordings.formats import is_claimed
from recctl.recordings.formats.httprr import FORMAT
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from tests.builders import source as make_source

if TYPE_CHECKING:
    from recctl.recordings.source import Source

REQUEST = (
    b"POST https://api.openai.com/v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
    b'Content-Length: 15\r\nUser-Agent: httprr\n\r\n{"model": "s" }'
)
REPLY = (
    b"HTTP/2.0 200 OK\r\nContent-Length: 43\r\nContent-Type: text/event-stream\r\n"
    b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
    b'data: {"a": "caf\xc3\xa9"}\n\ndata: {"b": 2}\n\n: end\n'
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'b\r\n{"a": "x"}\n\r\n9\r\n{"b": 12}\r\n1\r\n\n\r\n0\r\n\r\n'
)
GET = b"GET https://x/models?a=b HTTP/1.1\r\nHost: x\r\nUser-Agent: httprr\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def trace(*exchanges: tuple[bytes, bytes]) -> bytes:
    pieces = [b"%d %d\n%b%b" % (len(asked), len(reply), asked, reply) for asked, reply in exchanges]
    return b"".join((b"httprr trace v1\n", *pieces))


TWO = trace((REQUEST, REPLY), (GET, CHUNKED))


def source(content: bytes, name: str = "TestX.httprr") -> Source:
    return make_source(content, name, "llms/testdata")


def documents(content: bytes) -> list[dict[str, Any]]:
    items = FORMAT.read(source(content))
    return [item.document for item in items if isinstance(item, Recording)]


# --- reading ------------------------------------------------------------------------------------------------


def test_exchanges_are_read_in_order_with_their_bodies() -> None:
    one, other = load(source(TWO))
    assert isinstance(one, Recording)
    assert isinstance(other, Recording)
    assert (one.format, str(one.key), str(other.key)) == (
        "httprr",
        "llms/testdata/TestX.httprr#1",
        "llms/testdata/TestX.httprr#2",
    )
    assert one.document == {
        "test_id": "llms::TestX",
        "request": {
            "method": "POST",
            "url": "https://api.openai.com/v1/chat/completions",
            "headers": {"Host": "api.openai.com", "Content-Length": "15", "User-Agent": "httprr"},
            "body": {"model": "s"},
            "endpoint": "/v1/chat/completions",
            "model": "s",
        },
        "response": {
            "status": 200,
            "headers": {
                "Content-Length": "43",
                "Content-Type": "text/event-stream",
                "Set-Cookie": ["a=1", "b=2"],
            },
            "body": ['data: {"a": "caf\u00e9"}', "", 'data: {"b": 2}', "", ": end"],
            "is_streaming": True,
        },
    }
    assert other.request["url"] == "https://x/models?a=b"
    assert other.response["body"] == [{"a": "x"}, {"b": 12}]


def test_compressed_traces_are_read_alike() -> None:
    assert documents(gzip.compress(TWO, mtime=0)) == documents(TWO)


def test_a_trace_may_have_lines_that_end_as_windows_has_it() -> None:
    content = re.sub(rb"^(httprr trace v1|[0-9]+ [0-9]+)\n", rb"\1\r\n", TWO, flags=re.MULTILINE)
    assert content.count(b"\r\n") == TWO.count(b"\r\n") + 3
    assert documents(content) == documents(TWO)


def test_a_trace_without_exchanges_holds_none() -> None:
    assert FORMAT.read(source(trace())) == ()
    assert FORMAT.measure(source(trace())) == ()


@pytest.mark.parametrize(
    ("content", "message", "line", "read"),
    [
        (b"", "not an httprr trace: it does not begin with the line 'httprr trace v1'", 1, 0),
        (b"<<<<<<< ours\n", "not an httprr trace: it does not begin with the line 'httprr trace v1'", 1, 0),
        (TWO[:-3], "not an httprr trace: the file ends 3 bytes before the exchange does", 19, 1),
        (TWO + b"7\n", "not an httprr trace: the lengths of a request and of a response should be", 38, 2),
        (trace((b"hello\r\n\r\n", REPLY)), "not an exchange: its request does not begin with a method", 3, 0),
        (trace((GET, b"")), "not an exchange: its response does not begin with a status", 7, 0),
        (gzip.compress(TWO)[:-9], "not an httprr trace: the compressed data are cut off", None, 0),
    ],
)
def test_what_is_refused_is_told_with_its_line(
    content: bytes, message: str, line: int | None, read: int
) -> None:
    items = FORMAT.read(source(content))
    errors = [item for item in items if isinstance(item, LoadError)]
    assert [(error.rule, error.message.startswith(message)) for error in errors] == [
        ("not-a-recording", True)
    ]
    assert (errors[0].position and errors[0].position.line, len(items) - 1) == (line, read)


def test_values_are_found_where_they_stand() -> None:
    lines = {
        pointer: tuple(position)
        for pointer, position in FORMAT.locate(
            source(TWO),
            0,
            [
                "",
                "/request/url",
                "/request/headers/User-Agent",
                "/request/body/model",
                "/response/status",
                "/response/headers/Set-Cookie",
                "/response/body/2",
                "/response/body/9",
            ],
        ).items()
    }
    assert lines == {
        "": (2, 1),
        "/request/url": (3, 1),
        "/request/headers/User-Agent": (6, 13),
        "/request/body/model": (8, 1),
        "/response/status": (8, 16),
        "/response/headers/Set-Cookie": (11, 13),
        "/response/body/2": (16, 1),
        "/response/body/9": (14, 1),
    }


def test_sizes_are_those_of_the_exchanges() -> None:
    assert sum(FORMAT.measure(source(TWO))) == len(TWO) - len(b"httprr trace v1\n")


@pytest.mark.parametrize(
    ("name", "content", "is_one"),
    [("a.httprr", b"", True), ("a.httprr.gz", b"\x1f\x8b", True), ("a.gz", b"httprr trace v1\n", False)],
)
def test_a_walk_takes_what_is_named_like_a_trace(name: str, content: bytes, *, is_one: bool) -> None:
    assert is_claimed(name, ("testdata",), lambda: content) == is_one


@pytest.mark.parametrize(
    ("folder", "name", "test_id"),
    [
        ("llms/openai/testdata", "TestX.httprr", "llms/openai::TestX"),
        ("llms/testdata", "TestX_y-sub-a.httprr.gz", "llms::TestX_y/sub-a"),
        ("testdata", "TestX.httprr", ".::TestX"),
        ("llms/testdata", "testing.httprr", None),
        ("llms/traces", "TestX.httprr", None),
    ],
)
def test_a_file_is_of_the_test_whose_name_it_has(folder: str, name: str, test_id: str | None) -> None:
    told = FORMAT.find_test(Place(folder, name), Settings(), lambda _: False)
    assert (told and told.test_id) == test_id


# --- edits --------------------------------------------------------------------------------------------------


def edit(content: bytes, index: int, side: str, **parts: Any) -> bytes | None:
    before = documents(content)[index]
    return FORMAT.edit(source(content), {index: {**before, side: {**before[side], **parts}}})


def test_an_edit_of_a_header_changes_it_and_the_lengths() -> None:
    headers = documents(TWO)[0]["response"]["headers"] | {"Set-Cookie": ["a=1", "MASKED"]}
    assert edit(TWO, 0, "response", headers=headers) == trace(
        (REQUEST, REPLY.replace(b"b=2", b"MASKED")), (GET, CHUNKED)
    )


def test_a_header_may_go_or_come() -> None:
    headers = {"Content-Length": "43", "Content-Type": "text/event-stream", "X-New": "1"}
    changed = REPLY.replace(b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", b"X-New: 1\r\n")
    assert edit(TWO, 0, "response", headers=headers) == trace((REQUEST, changed), (GET, CHUNKED))


def test_the_length_of_a_body_follows_in_its_header() -> None:
    assert edit(TWO, 0, "request", body={"model": "large"}) == trace(
        (REQUEST.replace(b'"s"', b'"large"').replace(b"15", b"19"), REPLY), (GET, CHUNKED)
    )


def test_chunks_keep_their_places() -> None:
    changed = CHUNKED.replace(b"9\r\n", b"c\r\n").replace(b"12}", b"12345}")
    assert edit(TWO, 1, "response", body=[{"a": "x"}, {"b": 12345}]) == trace(
        (REQUEST, REPLY), (GET, changed)
    )


def test_the_method_the_url_and_the_status_are_changed_in_their_lines() -> None:
    assert edit(TWO, 1, "request", method="HEAD", url="https://y/caf\u00e9") == trace(
        (REQUEST, REPLY),
        (GET.replace(b"GET https://x/models?a=b", "HEAD https://y/caf\u00e9".encode()), CHUNKED),
    )
    assert edit(TWO, 0, "response", status=404) == TWO.replace(b"HTTP/2.0 200", b"HTTP/2.0 404")
    assert edit(TWO, 0, "request", url="https://y/a b") is None


def test_an_exchange_that_goes_leaves_the_others_as_they_were() -> None:
    assert FORMAT.edit(source(TWO), {0: None}) == trace((GET, CHUNKED))
    assert FORMAT.edit(source(TWO), {0: None, 1: None}) == trace()


def test_a_compressed_trace_stays_compressed_with_its_time() -> None:
    changed = FORMAT.edit(source(gzip.compress(TWO, mtime=7)), {0: None})
    assert changed == gzip.compress(trace((GET, CHUNKED)), mtime=7)


def test_a_broken_trace_is_left_alone() -> None:
    assert FORMAT.edit(source(TWO[:-1]), {0: None}) is None


# --- what nobody wrote --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        REQUEST,
        REPLY,
        CHUNKED,
        GET,
        EMPTY,
        b"\r\n",
        b"1 1\n",
        b"HTTP/1.1 ",
        b"Transfer-Encoding: chunked\r\n",
        b":\n",
    ]
)
SIDES = st.binary(max_size=30) | st.lists(PIECES, max_size=4).map(b"".join)


@given(st.lists(st.tuples(SIDES, SIDES), max_size=3), st.binary(max_size=8))
def test_whatever_stands_in_a_file_nothing_is_raised(
    exchanges: list[tuple[bytes, bytes]], rest: bytes
) -> None:
    given = source(trace(*exchanges) + rest)
    items = FORMAT.read(given)
    json.dumps([item.document for item in items if isinstance(item, Recording)])
    FORMAT.measure(given)
    for index, item in enumerate(items):
        FORMAT.locate(given, index, ["", "/request/body/0/a", "/response/headers/A", "/response/body/3"])
        if isinstance(item, Recording):
            same = FORMAT.edit(given, {index: item.document})
            assert same in (given.content, None)
            assert same is not None or any(isinstance(each, LoadError) for each in items)
