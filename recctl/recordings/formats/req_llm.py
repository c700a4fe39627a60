"""ReqLLM's fixtures: a JSON file with one exchange, of the provider, model and scenario that its path names.

Mirrors `test/support/transcript.ex` of req_llm, as of September 2026: what was sent in base64 and once more
as JSON (`canonical_json`, once a text of it); a reply as the JSON that it was, or in base64; a stream as
`chunks` in base64, the pieces in which it came. What goes over a WebSocket is no exchange, and passed over.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import read_at
from recctl.recordings.formats import HEAD_SIZE
from recctl.recordings.json_files import make_format
from recctl.recordings.json_files.layout import (
    METHOD,
    PLACES,
    STATUS,
    URL,
    JsonLayout,
    Steps,
    StoredBody,
    find_missing,
)
from recctl.recordings.splicing import splice_text, split_like

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.recording import JSON
    from recctl.recordings.splicing.bodies import Stored

_FOLDER = "fixtures"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts like a fixture: with bytes in base64, and JSON of what was sent or its folder."""
    content = read()
    if re.match(_HEAD, content) is None or re.search(_BASE64, content[:HEAD_SIZE]) is None:
        return False
    return b'"canonical_json"' in content or (_FOLDER in folders and b'"chunks"' in content)


_HEAD = rb'\s*\{\s*"(?:captured_at|chunks|model_spec|provider|request|response|streaming)"\s*:'
_BASE64 = rb'"b64"\s*:\s*"[A-Za-z0-9+/]'
_SENT = ("request", "body", "b64")
_CANONICAL = ("request", "canonical_json")
_CHUNKS = ("chunks",)


def _find_defect(item: JSON) -> tuple[str, Steps] | None:
    found = find_missing(item, {("request",): dict, ("response",): dict, METHOD: str, URL: str, STATUS: int})
    if found is None and "chunks" in item and _decode_pieces(item["chunks"]) is None:
        return "its chunks are no list of pieces in base64", _CHUNKS
    return found


def _find_body(item: JSON, side: str) -> StoredBody:
    if side == "request":
        if isinstance(read_at(item, _SENT), str):
            return StoredBody(_SENT, _read_base64, _write_base64, copies=(_CANONICAL,))
        return StoredBody(_CANONICAL)
    if "chunks" in item:
        return StoredBody(_CHUNKS, _read_pieces, _write_pieces)
    body = read_at(item, ("response", "body"))
    if isinstance(body, dict) and [*body] == ["b64"] and isinstance(body["b64"], str):
        return StoredBody(("response", "body", "b64"), _read_base64, _write_base64)
    return StoredBody(("response", "body"))


def _decode(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


def _read_base64(stored: JSON) -> Any:
    data = _decode(stored)
    return stored if data is None else data


def _write_base64(stored: JSON, body: Stored) -> JSON:  # noqa: ARG001  (it is a `StoredBody.write`)
    return base64.b64encode(body.value).decode() if isinstance(body.value, bytes) else body.value


def _decode_pieces(stored: JSON) -> list[bytes] | None:
    """The pieces of a stream; None where not all are base64."""
    chunks = stored if isinstance(stored, list) else [None]
    pieces = [_decode(chunk.get("b64")) if isinstance(chunk, dict) else None for chunk in chunks]
    known = [piece for piece in pieces if piece is not None]
    return known if len(known) == len(pieces) else None


def _read_pieces(stored: JSON) -> bytes:
    return b"".join(_decode_pieces(stored) or ())


def _write_pieces(stored: JSON, body: Stored) -> JSON:
    """The pieces of a changed stream; a piece that is kept as text, too, changes there as well."""
    pieces = [piece.decode("latin-1") for piece in _decode_pieces(stored) or ()]
    edits = splice_text("".join(pieces), body.value.decode("latin-1"))
    changed = [piece.encode("latin-1") for piece in split_like(pieces, edits)]
    written = []
    for chunk, piece, now in zip(stored, pieces, changed, strict=True):
        if now == piece.encode("latin-1"):
            written.append(chunk)
            continue
        text = {"decoded": now.decode("utf-8", "replace")} if "decoded" in chunk else {}
        written.append({**chunk, "b64": base64.b64encode(now).decode(), **text})
    return written


_LAYOUT = JsonLayout(
    "req_llm",
    "a fixture of ReqLLM",
    find_items=lambda _: None,
    find_defect=_find_defect,
    places=PLACES,
    find_body=_find_body,
    hint="a fixture has a 'request' and a 'response'; move other files elsewhere, or record it again",
)


FORMAT = make_format(
    _LAYOUT,
    folder="",  # all kinds of files lie below folders called `fixtures`
    suffixes=(".json",),
    claims=claims,
)
