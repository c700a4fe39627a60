"""Mastra's recordings: the exchanges of a test, or of a file of tests, in a JSON file below `__recordings__`.

Mirrors `packages/_llm-recorder/src/llm-recorder.ts` of Mastra, as of May 2026: what a file is about under
`meta`, its exchanges under `recordings`, each known by a hash of its URL and its body. The pieces in which a
stream came are kept as they came, cut anywhere. Before `meta`, a file was the list alone.
"""

from __future__ import annotations

import json
import re
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
from recctl.recordings.splicing import splice_text, split_like

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.recording import JSON
    from recctl.recordings.splicing.bodies import Stored

FOLDER = "__recordings__"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts with what it is about and a recording, or with a recording of the older kind."""
    head = read()[:HEAD_SIZE]
    return re.match(_HEAD, head) is not None and (
        re.match(_LIST, head) is not None or re.search(_RECORDINGS, head) is not None
    )


_HEAD = rb'\s*(?:\{\s*"(?:meta|recordings)"\s*:\s*[\[{]|\[\s*\{)'
_ITEM = rb'\{\s*"hash"\s*:\s*"[0-9a-f]{16}"\s*,\s*"request"\s*:\s*\{'
_LIST = rb"\s*\[\s*" + _ITEM
_RECORDINGS = rb'"recordings"\s*:\s*\[\s*' + _ITEM


def _find_items(value: JSON) -> Steps | str | None:
    if isinstance(value, list):
        return ()
    if not isinstance(value, dict):
        return f"it is {name_type(value)}, and no object"
    if not isinstance(value.get("recordings"), list):
        return "it has no list of 'recordings'"
    return ("recordings",)


def _find_body(item: JSON, side: str) -> StoredBody:
    pieces = read_at(item, _CHUNKS)
    if side == "response" and isinstance(pieces, list) and all(isinstance(piece, str) for piece in pieces):
        return StoredBody(_CHUNKS, "".join, _write_pieces)
    return StoredBody((side, "body"))


def _write_pieces(stored: JSON, body: Stored) -> JSON:
    return split_like(stored, body.edits or splice_text("".join(stored), body.value))


_CHUNKS = ("response", "chunks")


def _find_test_id(value: JSON) -> str | None:
    """The id of the test, or of its file, as far as a file says; not the folders of whose machine it was."""
    file, test = read_at(value, ("meta", "testFile")), read_at(value, ("meta", "testName"))
    known = [file] if isinstance(file, str) and file and not file.startswith("/") and ":" not in file else []
    known += [test] if isinstance(test, str) and test else []
    return "::".join(known) or None


def _follow_hash(before: JSON, after: JSON) -> JSON:
    """An item whose hash is that of its changed request, if it was that of the former one."""
    if before["request"] == after["request"] or before.get("hash") != _hash(before["request"]):
        return after
    return {**after, "hash": _hash(after["request"])}


def _hash(request: JSON) -> str:
    """What the recorder looks for: the MD5 of a URL and of a body's JSON, its keys sorted."""
    from hashlib import md5  # which takes longer than all else that a walk loads of this format

    body = request.get("body")
    text = str(body) if isinstance(body, str) else _write_as_javascript(body)
    sent = f"{request['url']}:{text}".encode("utf-8", "surrogatepass")
    return md5(sent, usedforsecurity=False).hexdigest()[:16]


def _write_as_javascript(value: Any) -> str:
    return json.dumps(_unify_numbers(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _unify_numbers(value: Any) -> Any:
    """A value whose whole numbers have no decimals, as JavaScript writes them."""
    if isinstance(value, dict):
        return {key: _unify_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unify_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WANTED: dict[Steps, type] = {
    ("request",): dict,
    ("response",): dict,
    METHOD: str,
    URL: str,
    STATUS: int,
    HEADERS["response"]: dict,
}
_LAYOUT = JsonLayout(
    "mastra",
    "a file of Mastra's recordings",
    _find_items,
    partial(find_missing, wanted=_WANTED),
    PLACES,
    _find_body,
    find_test_id=_find_test_id,
    complete=_follow_hash,
    known=(
        ("hash",),
        ("request", "timestamp"),
        *(("meta", key) for key in ("name", "testFile", "testName", "createdAt", "updatedAt")),
    ),
    hint="a recording has a 'request' and a 'response'; record it again",
)


FORMAT = make_format(
    _LAYOUT,
    folder=FOLDER,
    suffixes=(".json",),
    claims=claims,
    matching=Matching(("url", "body"), in_order=True, once=False),
)
