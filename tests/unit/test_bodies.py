"""Bodies as rules and renderers read them: told by what they are, inflated so far, edited inside."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.bodies import decode_base64, encode_base64, read_body
from recctl.recordings.compression import Room, compress, open_data
from recctl.recordings.splicing.bodies import edit_body

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 100_000
VALUE = {"model": "small", "n": 1.5, "text": "café, said she " * 9}
TEXT = json.dumps(VALUE, ensure_ascii=False)


def deflate(data: bytes) -> bytes:
    """As HTTP's deflate is often sent: without zlib's header."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def zstd(data: bytes) -> bytes:
    """As it is sent piece by piece, without the size at the start."""
    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return compressor.compress(data) + compressor.flush()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": deflate,
    "br": brotli.compress,
    "zstd": zstd,
    "nothing": bytes,
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
    "br in gzip": lambda data: gzip.compress(brotli.compress(data)),
}
HEADERS = ("", "gzip", "br", "deflate", "zstd", "identity", "gzip, br")


def read(stored: Any, content_type: str = "application/json", encoding: str = "", size: int = SIZE) -> Any:
    return read_body(stored, content_type, Room(size), encoding).value


@pytest.mark.parametrize("encoding", HEADERS)
@pytest.mark.parametrize("way", WAYS)
def test_data_are_inflated_whatever_a_header_says(way: str, encoding: str) -> None:
    assert read(WAYS[way](TEXT.encode()), encoding=encoding) == VALUE


@pytest.mark.parametrize("way", [*WAYS])
def test_the_stream_and_the_lines_in_compressed_data_are_read(way: str) -> None:
    pack = WAYS[way]
    stream = read_body(pack(b'data: {"a": 1}\n\ndata: [DONE]\n\n'), "text/event-stream", Room(SIZE))
    assert stream == (['data: {"a": 1}', "", "data: [DONE]", ""], True)
    lines = read_body(pack(b'{"a": 1}\n{"a": 2}\n'), "application/x-ndjson", Room(SIZE))
    assert lines == ([{"a": 1}, {"a": 2}], True)


@pytest.mark.parametrize("way", [*WAYS])
def test_an_edit_inside_of_data_leaves_them_compressed_as_they_were(way: str) -> None:
    pack = WAYS[way]
    stored = pack(TEXT.encode())
    result = edit_body(stored, VALUE, {**VALUE, "model": "large"}, SIZE)
    assert result is not None
    opened = open_data(result.value, Room(SIZE))
    assert opened.content.decode() == TEXT.replace("small", "large")
    assert opened.ways == open_data(stored, Room(SIZE)).ways


def test_the_time_stamp_of_gzip_stays() -> None:
    result = edit_body(gzip.compress(b'{"a": 1}', mtime=7), {"a": 1}, {"a": 2}, SIZE)
    assert result is not None
    assert result.value[4:8] == b"\7\0\0\0"


BLANKS = b" " * SIZE


@pytest.mark.parametrize(
    ("stored", "encoding", "damage"),
    [
        (gzip.compress(TEXT.encode())[:-9], "gzip", "the compressed data are cut off"),
        (gzip.compress(TEXT.encode())[:5], "gzip", "the compressed data are cut off"),
        (gzip.compress(BLANKS + b" "), "gzip", "the compressed data hold more than 100 kB"),
        (gzip.compress(b"")[:-8] * 3 + b"!" * 30, "gzip", "the compressed data are damaged"),
        (gzip.compress(b"x") * 101, "gzip", "the compressed data have more than 100 parts"),
        (zstd(TEXT.encode())[:-9], "", "the compressed data are cut off"),
        (zstd(TEXT.encode())[:4], "zstd", "the compressed data are cut off"),
        (zstd(BLANKS + b" "), "", "the compressed data hold more than 100 kB"),
        (zstd(TEXT.encode())[:9] + b"\xff" * 99, "", "the compressed data are damaged"),
        (zstd(b"x") * 101, "", "the compressed data have more than 100 parts"),
        (brotli.compress(BLANKS + b" "), "br", "the compressed data hold more than 100 kB"),
        (deflate(BLANKS + b" "), "deflate", "the compressed data hold more than 100 kB"),
        (brotli.compress(TEXT.encode())[:-9], "br", "the data are damaged, or not br, as the header says"),
        (b"\xff" * 9, "deflate", "the data are damaged, or not deflate, as the header says"),
    ],
)  # fmt: skip
def test_what_can_not_be_inflated_says_why(stored: bytes, encoding: str, damage: str) -> None:
    described = {"bytes": len(stored), "type": "application/json", "damage": damage}
    assert read(stored, encoding=encoding) == described


@pytest.mark.parametrize("pack", [gzip.compress, zstd, brotli.compress, deflate, zlib.compress])
def test_data_may_be_as_large_as_there_is_room(pack: Callable[[bytes], bytes]) -> None:
    assert read(pack(BLANKS), "text/plain", "br") == BLANKS.decode()


def test_all_bodies_of_a_file_share_its_room() -> None:
    room, stored = Room(SIZE), gzip.compress(BLANKS[:60_000])
    assert read_body(stored, "text/plain", room).value == " " * 60_000
    assert read_body(stored, "text/plain", room).value == {
        "bytes": len(stored),
        "type": "text/plain",
        "damage": "the file's compressed bodies hold more than 100 kB",
    }


def test_after_many_bombs_nothing_is_inflated() -> None:
    bomb, small = gzip.compress(BLANKS + b" "), gzip.compress(b"small")
    room = Room(SIZE)
    for _ in range(7):
        opened = open_data(bomb, room)
        assert opened.error is not None
        assert opened.error.__traceback__ is None, "it would keep what was inflated"
    assert open_data(small, room).content == b"small"
    assert open_data(bomb, room).error is not None
    assert str(open_data(small, room).error) == "the file's compressed bodies hold more than 100 kB"


@pytest.mark.parametrize(
    ("module", "stored", "encoding", "needs"),
    [
        ("brotli", brotli.compress(TEXT.encode()), "br", "pip install 'recctl[brotli]'"),
        ("zstandard", zstd(TEXT.encode()), "", "pip install 'recctl[zstandard]'"),
    ],
)
def test_a_library_that_is_missing_is_named(
    module: str, stored: bytes, encoding: str, needs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert read(stored, encoding=encoding) == {
        "bytes": len(stored),
        "type": "application/json",
        "needs": needs,
    }
    unknown = {"bytes": 3, "type": "application/json"}
    assert read(b"\xff\xfe\xfd") == unknown, "what may be anything is not said to need one"


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize("encoding", HEADERS)
@pytest.mark.parametrize("content_type", ["image/png", "application/pdf", "application/octet-stream", ""])
def test_other_data_are_described(content_type: str, encoding: str) -> None:
    assert read(PNG, content_type, encoding) == {"bytes": len(PNG), "type": content_type or "binary"}


def test_an_image_that_was_sent_compressed_is_described_as_itself() -> None:
    assert read(brotli.compress(PNG), "image/png", "br") == {"bytes": len(PNG), "type": "image/png"}
    assert read(gzip.compress(PNG), "image/png") == {"bytes": len(PNG), "type": "image/png"}


@pytest.mark.parametrize("way", ["gzip", "zstd", "nothing"])
@pytest.mark.parametrize("width", [0, 60])
def test_a_text_may_be_base64(way: str, width: int) -> None:
    data = WAYS[way](TEXT.encode())
    stored = base64.b64encode(data).decode() + "\n"
    if width:
        stored = "\n".join(stored[start : start + width] for start in range(0, len(stored), width))
    assert read(stored) == VALUE
    result = edit_body(stored, VALUE, {**VALUE, "model": "large"}, SIZE)
    assert result is not None
    assert read(result.value) == {**VALUE, "model": "large"}
    assert max(map(len, result.value.splitlines())) == (width or len(result.value) - 1)


@pytest.mark.parametrize(
    "text",
    [
        "eyJhIjogMX0.eyJhIjogMX0.c2ln",
        "eyes and ears",
        "eyJhbGciOiJIUzI1NiJ9x",
        "Welcome",
        "H4sIAAAAAAAAA",
        "WyJh",
    ],
)
def test_other_texts_are_what_they_are(text: str) -> None:
    assert read(text, "text/plain") == text


@given(st.binary(max_size=200), st.sampled_from(["standard", "url", "bare"]), st.sampled_from([0, 20, 76]))
def test_base64_is_written_as_it_was(data: bytes, alphabet: str, width: int) -> None:
    text = (base64.b64encode if alphabet == "standard" else base64.urlsafe_b64encode)(data).decode()
    text = text.rstrip("=") if alphabet == "bare" else text
    if width:
        text = "\n".join(text[start : start + width] for start in range(0, len(text), width)) + "\n"
    assert decode_base64(text) == data
    assert encode_base64(data, text) == text


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\x78\x9c", b"\x0b"]),
    st.sampled_from(HEADERS),
    st.sampled_from(["application/json", "image/png", "text/event-stream", ""]),
)
def test_any_data_are_read_or_described(data: bytes, sign: bytes, encoding: str, content_type: str) -> None:
    room = Room(1_000)
    body = read_body(sign + data, content_type, room, encoding)
    assert 0 <= room.left <= room.size
    json.dumps(body.value)
    opened = open_data(sign + data, Room(1_000), content_type, encoding)
    if opened.error is None:
        again = open_data(compress(opened.content, opened, sign + data), Room(1_000), content_type, encoding)
        assert again.content == opened.content


@given(st.text(max_size=300), st.sampled_from(HEADERS))
def test_any_text_is_read(text: str, encoding: str) -> None:
    json.dumps(read(text, encoding=encoding))


@given(st.data(), st.sampled_from([*WAYS]))
def test_damage_anywhere_is_told_or_read(data: st.DataObject, way: str) -> None:
    stored = bytearray(WAYS[way](TEXT.encode()))
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] ^= data.draw(st.integers(1, 255))
    json.dumps(read(bytes(stored[: data.draw(st.integers(0, len(stored)))]), encoding=way))
