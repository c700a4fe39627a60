"""cassetter's cassettes: named after tests as vcrpy's are, with bodies that say what they are.

Mirrors version 1 of the format (`SPECIFICATION.md`), as cassetter 0.16 writes it in YAML. What it keeps of
gRPC and of WebSockets beside HTTP is not looked at; its TOML is not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.cassettes import find_head, make_format
from recctl.recordings.cassettes.layout import CassetteLayout, KeptBody, Reader, Side, at, require
from recctl.recordings.formats import Matching
from recctl.recordings.formats._cassetter_files import is_typed
from recctl.recordings.formats._vcrpy_names import FOLDER, find_test, is_companion, list_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.cassettes.layout import Stored


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts like a cassette whose bodies say what they are."""
    head = find_head(read)
    return re.search(_HEAD, head, re.MULTILINE) is not None and is_typed(head)


_HEAD = rb"^interactions:[ \t]*\n(?:[ \t]*(?:#.*)?\n)*[ \t]*-[ \t]+request:"


def _find_body(side: Stored) -> KeptBody:
    body = side.get("body")
    kind = body.get("type") if isinstance(body, dict) else None
    return KeptBody(("body", "content"), _FORMS.get(str(kind), "stored"))


_FORMS = {"json": "parsed", "binary": "hex"}
_BODY_WAYS = (("body", "content"), ("body",))


def _complete(before: Stored, after: Stored) -> Stored:
    """An exchange whose bodies say what they have become."""
    completed = dict(after)
    for side in ("request", "response"):
        old, new = before[side].get("body"), after[side].get("body")
        if new == old or not isinstance(new, dict):
            continue
        content, kind = new.get("content"), new.get("type")
        if kind in (None, "none") or (kind == "json" and isinstance(content, str)):
            kind = "none" if content is None else "text" if isinstance(content, str) else "json"
            completed[side] = {**after[side], "body": {**new, "type": kind}}
    return completed


FORMAT = make_format(
    CassetteLayout(
        "cassetter",
        Side(
            "request",
            {"method": at("method"), "url": at("uri"), "headers": at("headers")},
            _find_body,
            _BODY_WAYS,
        ),
        Side("response", {"headers": at("headers"), "status": at("status")}, _find_body, _BODY_WAYS),
        require("method", "uri"),
        "a cassette is a mapping with a list of 'interactions'; move other files elsewhere",
        "an exchange has a 'request' and a 'response'; cassetter does not load the file otherwise",
        Reader("cassetter", takes_last=False),
        items="interactions",
        complete=_complete,
        is_newer=True,
    ),
    folder=FOLDER,
    suffixes=(".yaml", ".yml"),
    claims=claims,
    is_companion=is_companion,
    find_test=find_test,
    list_places=list_places,
    matching=Matching(("method", "url"), in_order=True, once=True),
)
