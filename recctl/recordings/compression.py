"""Compressed data: gzip, zstd, deflate and br, told by what they are, whatever a header says."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

GZIP = b"\x1f\x8b"
"""What data that gzip compressed begin with."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

_MOST_PARTS = 100
"""How many parts data may be compressed in, one after the other: what follows one is copied for the next."""

_MOST_LAYERS = 3
"""How often data may be compressed, such as a file that was compressed when it was sent compressed."""


_MOST_REFUSED = 8
"""How many data are inflated in vain: each may take as long as all that there is room for."""


class InflationError(ValueError):
    """Why compressed data can't be read; its text is the message."""


class BombError(InflationError):
    """Data for which there is no room."""


class MissingLibraryError(InflationError):
    """Compressed data that need a library which is not installed; the text says how to get it."""


class Room:
    """How many bytes data may become when they are inflated, all those of a file together.

    Some data may find no room, and others still do; after `_MOST_REFUSED` there is none for any.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = size
        self._refused = 0

    def refuse(self) -> BombError:
        """The error for data that have no room."""
        from recctl.base.amounts import show_size

        what = "the compressed data hold" if self.left == self.size else "the file's compressed bodies hold"
        self._refused += 1
        if self._refused == _MOST_REFUSED:
            self.left = 0
        return BombError(f"{what} more than {show_size(self.size)}")


class OpenedData(NamedTuple):
    """What data say once they are inflated.

    `ways` are how they were compressed, the outermost first; nothing for data that were not. Those that can't
    be read have `error`, and are as they were.
    """

    content: bytes
    ways: tuple[str, ...] = ()
    error: InflationError | None = None


def open_data(data: bytes, room: Room, content_type: str = "", encoding: str = "") -> OpenedData:
    """Inflate data that are compressed, as far as there is room.

    gzip and zstd are told by the first bytes. Data that are no text may be zlib's, deflate's without a header
    or br's: where `encoding`, the header content-encoding, says so, or they come out as a text. Those of
    images and sound are not tried for that.
    """
    content = data
    ways: list[str] = []
    while len(ways) < _MOST_LAYERS:
        try:
            found = _open_signed(content, room) or _open_unsigned(content, room, content_type, encoding)
        except InflationError as error:
            return OpenedData(data, error=error.with_traceback(None))  # whose frames hold what was inflated
        if found is None:
            break
        content = found.content
        ways.append(found.way)
        encoding = ""
    return OpenedData(content, tuple(ways))


def compress(content: bytes, opened: OpenedData, former: bytes) -> bytes:
    """Compress new content as that of `former` was, of which `opened` is what it said."""
    for way in reversed(opened.ways):
        if way == "gzip":  # with the time stamp that it had
            import gzip

            time = int.from_bytes(former[4:8], "little") if former.startswith(GZIP) else 0
            content = gzip.compress(content, mtime=time)
        else:
            content = _COMPRESSORS[way](content)
    return content


def inflate(data: bytes, max_size: int) -> bytes:
    """What gzip made data of. Raises InflationError where they are damaged, or hold more than `max_size`."""
    return _inflate_gzip(data, Room(max_size))


class _Layer(NamedTuple):
    content: bytes
    way: str


def _open_signed(data: bytes, room: Room) -> _Layer | None:
    """Inflate what begins as compressed data do; None for other data. Raises InflationError."""
    if data.startswith(GZIP):
        return _Layer(_inflate_gzip(data, room), "gzip")
    if data.startswith(_ZSTD):
        return _Layer(_inflate_zstd(data, room), "zstd")
    if data.startswith(_ZLIB):
        try:
            return _Layer(_inflate_zlib(data, room), "zlib")
        except InflationError:  # two bytes prove little
            return None
    return None


def _open_unsigned(data: bytes, room: Room, content_type: str, encoding: str) -> _Layer | None:
    """Inflate what may be compressed though nothing shows it; None if it is not. Raises InflationError."""
    if not data or is_text(data):
        return None
    named = {name.strip() for name in encoding.lower().split(",")}
    for way, name, inflate_data in _WITHOUT_SIGN:
        if name not in named and content_type.startswith(_MEDIA):
            continue
        left = room.left
        try:
            content = inflate_data(data, room)
        except (BombError, MissingLibraryError):
            if name in named:
                raise
            continue
        except InflationError:
            continue
        if name in named or (content and is_text(content)):
            return _Layer(content, way)
        room.left = left
    wanted = next((name for _, name, _ in _WITHOUT_SIGN if name in named), None)
    if wanted is not None and _TEXTUAL.search(content_type):
        raise InflationError(f"the data are damaged, or not {wanted}, as the header says")
    return None


_MEDIA = ("image/", "audio/", "video/", "font/")
_TEXTUAL = re.compile("^text/|json|event-stream|xml")


def has_sign(data: bytes) -> bool:
    """Whether data begin as gzip's or zstd's do."""
    return data.startswith((GZIP, _ZSTD))


def is_text(data: bytes) -> bool:
    """Whether data are a text in UTF-8, without the characters that none has."""
    if data.translate(None, _NOT_IN_TEXT) != data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_NOT_IN_TEXT = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


def _inflate_gzip(data: bytes, room: Room) -> bytes:
    return _inflate_parts(data, room, 31, GZIP)


def _inflate_zlib(data: bytes, room: Room) -> bytes:
    return _inflate_parts(data, room, 15)


def _inflate_raw(data: bytes, room: Room) -> bytes:
    return _inflate_parts(data, room, -15)


def _inflate_parts(data: bytes, room: Room, window: int, sign: bytes | None = None) -> bytes:
    """What zlib makes of data; several parts one after the other begin with a sign each."""
    pieces: list[bytes] = []
    size = 0
    while data:
        if len(pieces) == _MOST_PARTS:
            raise InflationError(f"the compressed data have more than {_MOST_PARTS} parts")
        decompressor = zlib.decompressobj(window)
        try:
            piece = decompressor.decompress(data, room.left - size + 1)
        except zlib.error:
            raise InflationError("the compressed data are damaged") from None
        size += len(piece)
        if size > room.left:
            raise room.refuse()
        if not decompressor.eof:
            raise InflationError("the compressed data are cut off")
        pieces.append(piece)
        data = decompressor.unused_data.lstrip(b"\0")  # padding; else the next part
        if sign is None and decompressor.unused_data:
            raise InflationError("the compressed data are damaged")
        if sign is not None and not data.startswith(sign):
            break
    room.left -= size
    return b"".join(pieces)


_INSTALL = "pip install 'recctl[{}]'"


def _inflate_zstd(data: bytes, room: Room) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise MissingLibraryError(_INSTALL.format("zstandard")) from None
    pieces: list[bytes] = []
    size = parts = 0
    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    while data.startswith(_ZSTD):
        parts += 1
        if parts > _MOST_PARTS:
            raise InflationError(f"the compressed data have more than {_MOST_PARTS} parts")
        part = reader.decompressobj()
        start = 0
        while start < len(data) and not part.eof:
            try:
                piece = part.decompress(data[start : start + _ZSTD_STEP])
            except zstandard.ZstdError:
                raise InflationError("the compressed data are damaged") from None
            start += _ZSTD_STEP
            size += len(piece)
            if size > room.left:
                raise room.refuse()
            pieces.append(piece)
        if not part.eof:
            raise InflationError("the compressed data are cut off")
        data = part.unused_data + data[start:]
    room.left -= size
    return b"".join(pieces)


_ZSTD_WINDOW = 2**23
"""How far back data may refer that go over HTTP (RFC 9659), in bytes."""

_ZSTD_STEP = 256
"""How many bytes are read at a time: four of them may stand for 128 KiB, and no bound can be given."""


def _inflate_br(data: bytes, room: Room) -> bytes:
    try:
        import brotli
    except ImportError:
        raise MissingLibraryError(_INSTALL.format("brotli")) from None
    reader = brotli.Decompressor()
    pieces: list[bytes] = []
    size, rest = 0, data
    while not reader.is_finished():
        try:
            piece = reader.process(rest, output_buffer_limit=room.left - size + 1)
        except brotli.error:
            raise InflationError("the compressed data are damaged") from None
        size += len(piece)
        if size > room.left:
            raise room.refuse()
        if not piece and not rest:
            raise InflationError("the compressed data are cut off")
        pieces.append(piece)
        rest = b""
    room.left -= size
    return b"".join(pieces)


_WITHOUT_SIGN: tuple[tuple[str, str, Callable[[bytes, Room], bytes]], ...] = (
    ("raw deflate", "deflate", _inflate_raw),
    ("br", "br", _inflate_br),
)
"""What nothing shows but that it can be inflated: each with the name that headers have for it."""


def _compress_raw(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def _compress_zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(content)


def _compress_br(content: bytes) -> bytes:
    import brotli

    written: bytes = brotli.compress(content)
    return written


_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "raw deflate": _compress_raw,
    "zstd": _compress_zstd,
    "br": _compress_br,
}
