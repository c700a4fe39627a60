"""vcrpy's cassettes: the exchanges of one test in a YAML file, found by the test's name, played in order.

Mirrors vcrpy 9.4 (`vcr/serialize.py`, `vcr/serializers/`) and the layouts that projects made of it: JSON
bodies under `parsed_body` (pydantic-ai's serializer), compressed files with the two lists `requests` and
`responses` (langchain's), vcrpy's own JSON serializer. vcrpy 5 and older kept what httpx got in a layout of
its own, with `content` and `status_code`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.recordings.cassettes import find_head, is_empty_or_in_conflict, make_format
from recctl.recordings.cassettes.layout import CassetteLayout, KeptBody, Reader, Side, at, either, require
from recctl.recordings.formats import Defect, Matching
from recctl.recordings.formats._cassetter_files import CALLS, is_typed
from recctl.recordings.formats._vcrpy_names import FOLDER, find_test, is_companion, list_places
from recctl.recordings.formats._vcrpy_tags import CONSTRUCTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import Stored
    from recctl.recordings.recording import JSON


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts like a cassette, or lies among cassettes and says nothing, or is in conflict."""
    if FOLDER in folders and is_empty_or_in_conflict(read):
        return True
    head = find_head(read)
    is_cassette = (re.match(_JSON_HEAD, head) or re.search(_YAML_HEAD, head)) is not None
    return is_cassette and not is_typed(head)


_YAML_HEAD = rb"""(?mx)
         ^(?:interactions|requests):[ \t]*(?:\[\][ \t]*)?(?:\#.*)?\n
         (?:[ \t]*(?:\#.*)?\n)*                # blank lines, comments
         (?:[ \t]*-[ \t]+(?:request|response|body|headers|method|uri): | [^ \t\#-] | \Z)"""
_JSON_HEAD = rb'\s*\{\s*(?:"version"\s*:\s*1\s*,\s*)?"interactions"\s*:\s*\['


def _refuse(value: YAML) -> tuple[str, str] | None:
    """Why vcrpy refuses a file that it wrote itself, years ago."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "request" in value[0]:
        return (
            "a list as vcrpy wrote it before 1.0, which it refuses now",
            "convert it with vcrpy's migration script (python -m vcr.migration), or record it again",
        )
    return None


def _name_others(file: Stored) -> str | None:
    """What pydantic-ai's own recorders, and cassetter, keep in files that look like cassettes."""
    if any(file.get(key) for key in CALLS):
        return "what was not sent over HTTP, by cassetter"
    items = file.get("interactions") or ()
    keys = {key for item in items if isinstance(item, dict) for key in item}
    if {"kind", "direction"} <= keys:
        return f"a session over a WebSocket, {show_count(len(items), 'message')}"
    if keys and all(re.fullmatch(_CALL, key) for key in keys):
        return f"{show_count(len(items), 'call')} over gRPC, in xAI's protobuf"
    return None


_CALL = r"(?:request|response)_(?:sample|stream|[a-z_]+)"


def _find_request_body(request: Stored) -> KeptBody:
    return _PARSED if _PARSED.steps[0] in request else KeptBody(("body",))


def _find_reply_body(response: Stored) -> KeptBody:
    if _PARSED.steps[0] in response:
        return _PARSED
    if _OF_HTTPX.steps[0] in response and "body" not in response:
        return _OF_HTTPX
    is_wrapped = isinstance(response.get("body"), (dict, type(None)))
    return KeptBody(("body", "string") if is_wrapped else ("body",))


_PARSED = KeptBody(("parsed_body",), "parsed")
_OF_HTTPX = KeptBody(("content",))


def _find_defects(item: Stored) -> tuple[Defect, ...]:
    """What httpx would fail on, of a reply that says it is compressed."""
    from recctl.recordings.formats._vcrpy_encodings import find_mismatch  # which a walk needs not

    mismatch = find_mismatch(item["request"], item["response"])
    return () if mismatch is None else (mismatch,)


def _complete(before: Stored, after: Stored) -> Stored:
    """An exchange whose content-length is that of a changed body, where a serializer keeps it so.

    Who stores parsed bodies writes the length of what `json.dumps` makes of one, and would so again. vcrpy
    itself keeps the header as it was sent, whatever becomes of the body.
    """
    import json

    completed = dict(after)
    for side in ("request", "response"):
        old, new = before[side], after[side]
        headers = new.get("headers")
        if "parsed_body" not in old or not isinstance(headers, dict) or old.get("headers") != headers:
            continue
        try:
            length, now = (str(len(json.dumps(each["parsed_body"]))) for each in (old, new))
        except TypeError:  # bytes
            continue
        headers = {name: _replace_length(name, value, length, now) for name, value in headers.items()}
        completed[side] = {**new, "headers": headers}
    return completed


def _replace_length(name: str, value: JSON, length: str, now: str) -> JSON:
    if name.lower() != "content-length":
        return value
    return now if value == length else [now] if value == [length] else value


_HINT = "a cassette is a mapping with a list of 'interactions'; move other files elsewhere"
_ITEM_HINT = "an exchange has a 'request' and a 'response'; vcrpy does not load the file otherwise"

FORMAT = make_format(
    CassetteLayout(
        "vcrpy",
        Side(
            "request",
            {"method": at("method"), "url": at("uri"), "headers": at("headers")},
            _find_request_body,
            (("parsed_body",), ("body",)),
        ),
        Side(
            "response",
            {"headers": at("headers"), "status": either(at("status", "code"), at("status_code"))},
            _find_reply_body,
            (("parsed_body",), ("body", "string"), ("body",), ("content",)),
        ),
        require("method", "uri"),
        _HINT,
        _ITEM_HINT,
        Reader("vcrpy", takes_last=True, tags="vcrpy 9"),
        items="interactions",
        apart={"request": "requests", "response": "responses"},
        constructors=CONSTRUCTORS,
        refuse=_refuse,
        name_others=_name_others,
        find_defects=_find_defects,
        complete=_complete,
        may_be_json=True,
    ),
    folder=FOLDER,
    suffixes=(".yaml", ".yml", ".yaml.gz", ".yml.gz", ".json"),
    claims=claims,
    is_companion=is_companion,
    find_test=find_test,
    list_places=list_places,
    matching=Matching(("method", "scheme", "host", "port", "path", "query"), in_order=True, once=True),
)
