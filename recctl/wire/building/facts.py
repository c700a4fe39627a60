"""What a person wants to know of a reply that is no message: its values in short, each on a line of text."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.base.digests import sha256
from recctl.wire.building.values import as_object, decode_base64, is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder

_LONGEST = 300
"""How long a fact may be; of a longer one, its beginning is told."""

_TIMES = range(10**9, 10**10)
"""Seconds since 1970 that are told as a time: those of the years 2001 to 2286."""

_SIZE_KEYS = frozenset({"bytes", "size", "size_bytes", "sizeBytes", "usage_bytes"})
_DATA = re.compile(
    r"(?:data:([\w.+-]+/[\w.+-]+);base64,)?"
    r"([A-Za-z0-9+/_-]{60,}+(?:[\r\n]+[A-Za-z0-9+/_-]++)*+={0,2})\s*"
)
_LEAST = 200
"""How many characters base64 data have at least: what is shorter may be an id, or a key."""


def describe_values(builder: ReplyBuilder, data: dict[str, JSON], keys: Iterable[str]) -> None:
    """Tell the values under some keys of an object, in this order, by the names of their keys."""
    for key in keys:
        value = data.get(key)
        if not is_nothing(value):
            text = describe(value, key)
            told = shorten(text)
            builder.add_fact(key, told, *([key] if told == text else []))


def describe(value: JSON, key: str = "", depth: int = 0) -> str:
    """A value in words: times and sizes, by their key, as people write them; objects and lists on a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return describe_data(value) or value
    if isinstance(value, int):
        if key.endswith(("_at", "created")) and value in _TIMES:
            return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return show_size(value) if key in _SIZE_KEYS and value >= 0 else f"{value:,}"
    if key == "tools" and isinstance(value, list):
        return ", ".join(map(_name_tool, value))
    if isinstance(value, dict) and depth < _DEEPEST:
        told = {name: inner for name, inner in value.items() if not is_nothing(inner)}
        return ", ".join(f"{name} {_describe_inside(inner, name, depth + 1)}" for name, inner in told.items())
    if isinstance(value, list) and depth < _DEEPEST:
        separator = "; " if any(isinstance(item, dict) for item in value) else ", "
        return separator.join(describe(item, key, depth + 1) for item in value)
    return json.dumps(value)


_DEEPEST = 8
"""How many objects and lists inside each other are told in words; what is deeper is told as JSON."""


def _name_tool(tool: JSON) -> str:
    """What a tool is called: by its name, or by its type where it is the provider's own."""
    told = as_object(tool)
    names = (as_object(told.get("function")).get("name"), told.get("name"), told.get("type"))
    return next((name for name in names if isinstance(name, str)), "?")


def _describe_inside(value: JSON, key: str, depth: int) -> str:
    text = describe(value, key, depth)
    return f"({text})" if isinstance(value, (dict, list)) and ("," in text or ";" in text) else text


def describe_data(text: str) -> str | None:
    """What base64 data are, in a URL or alone: their type and size. None for any other text."""
    found = _read_data(text)
    return describe_media(*found) if found else None


def _read_data(text: str) -> tuple[str, bytes] | None:
    """The type of base64 data, "" where none is told, and what they stand for; None for any other text."""
    match = _DATA.fullmatch(text) if len(text) >= _LEAST else None
    data = decode_base64(match[2]) if match else None
    return None if match is None or data is None else (match[1] or "", data)


def describe_media(kind: str, data: bytes) -> str:
    """What bytes are, by their type where it is told, else by how they begin; and how many."""
    magic = next((name for start, name in _MAGIC.items() if data.startswith(start)), "data")
    if data.startswith(b"RIFF"):
        magic = _RIFF.get(data[8:12], magic)
    measures = ""
    if (
        kind in ("", "image/png")
        and data.startswith(_PNG)
        and data[12:16] == b"IHDR"
        and len(data) >= _PNG_HEAD
    ):
        width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        measures = f" of {width} x {height}"
    return f"{kind or magic}{measures}, {show_size(len(data))}"


_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD = 24
_MAGIC = {
    _PNG: "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF": "application/pdf",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
    b"PK\x03\x04": "application/zip",
}
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp"}


def summarise_data(value: JSON) -> JSON:
    """A JSON value with base64 data, wherever they are in it, told by their type, size and a digest."""
    if isinstance(value, dict):
        return {key: summarise_data(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [summarise_data(inner) for inner in value]
    found = _read_data(value) if isinstance(value, str) else None
    return f"[{describe_media(*found)}, {sha256(found[1])[:_DIGITS]}]" if found else value


_DIGITS = 12


def shorten(text: str, longest: int = _LONGEST) -> str:
    """A text, or its beginning where it is longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
