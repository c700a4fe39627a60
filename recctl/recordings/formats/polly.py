"""Polly.JS's recordings: the exchanges of a test in an HTTP archive, `recording.har`.

Mirrors `@pollyjs/persister` and `@pollyjs/adapter-node-http` 6.0: HAR 1.2, in which an entry is known by
`_id`, a hash of what Polly was told to look at of its request, and `_order`, its number among those of the
same hash. What Node got compressed is a list of its pieces in base64, as text. Cody keeps the same in YAML,
and JSON that was sent as a value, `textJSON`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import read_at
from recctl.recordings.formats import HEAD_SIZE, Matching
from recctl.recordings.json_files import make_format
from recctl.recordings.json_files.layout import (
    HEADERS,
    METHOD,
    PLACES,
    STATUS,
    URL,
    JsonLayout,
    Steps,
    StoredBody,
    find_missing,
)
from recctl.recordings.recording import name_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.recording import JSON
    from recctl.recordings.splicing.bodies import Stored


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:
    """Whether a file is an archive that Polly made; one of its name may be in conflict, or empty.

    Browsers and other programs make archives, too.
    """
    head = read()[:HEAD_SIZE]
    if name.startswith(_NAME) and folders and (not head.strip() or head.startswith(b"<<<<<<<")):
        return True
    return re.match(_HEAD, head) is not None and re.search(_CREATOR, head) is not None


_NAME = "recording.har"
_HEAD = rb'\s*\{\s*"log"\s*:\s*\{|log:\s*\n'
_CREATOR = rb"""name["']?\s*:\s*["']?Polly\.JS\b"""


def _find_items(value: JSON) -> Steps | str | None:
    if not isinstance(value, dict):
        return f"it is {name_type(value)}, and no object"
    return _ENTRIES if isinstance(read_at(value, _ENTRIES), list) else "its 'log' has no list of 'entries'"


_ENTRIES = ("log", "entries")


def _read_headers(stored: JSON) -> JSON:
    """Headers by name; the values of one that is there several times are a list."""
    found: dict[str, list[JSON]] = {}
    for pair in stored if isinstance(stored, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("name"), str):
            found.setdefault(pair["name"], []).append(pair.get("value"))
    return {name: values if values[1:] else values[0] for name, values in found.items()}


def _write_headers(stored: JSON, headers: JSON) -> JSON:
    """Pairs of names and values, each with all else that it has."""
    left = {name: deque(value if isinstance(value, list) else [value]) for name, value in headers.items()}
    written = []
    for pair in stored if isinstance(stored, list) else ():
        values = left.get(pair.get("name")) if isinstance(pair, dict) else None
        if values:
            written.append({**pair, "value": values.popleft()})
    return written + [{"name": name, "value": value} for name, values in left.items() for value in values]


def _find_body(item: JSON, side: str) -> StoredBody:
    if side == "request":
        data = read_at(item, ("request", "postData"))
        has_value = isinstance(data, dict) and "textJSON" in data
        return StoredBody(("request", "postData", "textJSON" if has_value else "text"))
    if read_at(item, ("response", "content", "encoding")) == "base64":
        return StoredBody(_CONTENT, _read_base64, _write_base64)
    return StoredBody(_CONTENT)


_CONTENT = ("response", "content", "text")


def _read_base64(stored: JSON) -> Any:
    """The bytes that a text is base64 of, or all the items of a list that it says; else the text."""
    try:
        pieces = json.loads(stored) if isinstance(stored, str) and stored.startswith("[") else [stored]
        return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return stored


def _write_base64(stored: JSON, body: Stored) -> JSON:
    """A text for other bytes, which are one piece now if they came in several."""
    if not isinstance(body.value, bytes):
        return body.value
    encoded = base64.b64encode(body.value).decode()
    return json.dumps([encoded]) if stored.startswith("[") else encoded


def _find_test_id(value: JSON) -> str | None:
    """The name of the recording, which test runners make of that of the test and those around it."""
    name = read_at(value, ("log", "_recordingName"))
    return name if isinstance(name, str) and name else None


_WANTED: dict[Steps, type] = {
    ("request",): dict,
    ("response",): dict,
    METHOD: str,
    URL: str,
    STATUS: int,
    HEADERS["request"]: list,
    HEADERS["response"]: list,
}
_LAYOUT = JsonLayout(
    "polly",
    "a recording of Polly.JS",
    _find_items,
    partial(find_missing, wanted=_WANTED),
    PLACES,
    _find_body,
    _read_headers,
    _write_headers,
    find_test_id=_find_test_id,
    known=(
        ("_id",),
        ("startedDateTime",),
        ("request", "queryString"),
        ("log", "creator"),
        ("log", "_recordingName"),
    ),
    hint="an entry has a 'request' and a 'response', as HAR has them; record it again",
)


FORMAT = make_format(
    _LAYOUT,
    folder="recordings",
    suffixes=(".har", ".har.yaml", ".har.yml"),
    claims=claims,
    matching=Matching(("method", "url", "headers", "body"), in_order=True, once=True),
)
