"""dd-apm-test-agent's recordings: a JSON file with one exchange, named after a hash of what was sent.

Mirrors `ddapm_test_agent/vcr_proxy.py` of dd-apm-test-agent 1.42 to 1.69: `json.dump(cassette, file,
indent=2)`, no newline at the end, bodies that are no text as `base64:` and their bytes. Before that its files
were vcrpy's, in YAML: it still opens one, makes a JSON file of the same name of it, and deletes it.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.recordings.formats import vcrpy
from recctl.recordings.json_files import make_format
from recctl.recordings.json_files.layout import (
    HEADERS,
    METHOD,
    PLACES,
    STATUS,
    URL,
    JsonLayout,
    StoredBody,
    find_missing,
)
from recctl.recordings.names import list_ends, read_proxied_name, spell_safely
from recctl.recordings.recording import JSON, LoadError, Recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.recordings.formats import Defect
    from recctl.recordings.source import Source
    from recctl.recordings.splicing.bodies import Stored

NAME = "ddapm"
_CASSETTES = vcrpy.FORMAT


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:
    """Whether a file starts like a recording; one that is named like one may be in conflict, or empty.

    A cassette of vcrpy's is one if it has the name that its url asks for.
    """
    head = read()
    if name.endswith(_OLD):
        return _is_named_like_one(name, folders) and _CASSETTES.claims(name, (), read) and _fits(name, head)
    if re.match(_WHOLE_HEAD, head) is not None:
        return True
    is_torn = not head.strip() or head.startswith(b"<<<<<<<")
    return _is_named_like_one(name, folders) and (is_torn or re.match(_HEAD, head) is not None)


_STRING = rb'"(?:[^"\\]|\\.)*+"'
_HEAD = rb'\s*+\{\s*+"request"\s*+:\s*+\{\s*+"method"\s*+:\s*+"[A-Za-z]++"\s*+,\s*+"url"\s*+:\s*+"'
_WHOLE_HEAD = (
    rb'%b(?:[^"\\]|\\.)*+"\s*+,\s*+"headers"\s*+:\s*+\{(?:\s*+%b\s*+:\s*+%b\s*+,?+)*+\s*+\}\s*+,\s*+"body"\s*+:\s*+"'
    % (_HEAD, _STRING, _STRING)
)


def _fits(name: str, content: bytes) -> bool:
    """Whether a name ends with the path of the url that a cassette has first, or with the end of that."""
    parsed, url = read_proxied_name(name), re.search(_URL, content)
    if parsed is None or url is None:
        return False
    path = url[1].decode("utf-8", "replace")
    return any(parsed.stem.endswith(spell_safely(f"/{end}")) for end in list_ends(path, len(parsed.stem)))


_URL = rb"(?m)^[ ]+uri: ['\"]?https?://[^/\s]+/([^\s'\"]+)"
_OLD = ".yaml"


def _is_named_like_one(name: str, folders: tuple[str, ...]) -> bool:
    """Whether a name is made of a path that begins with that of the folder, a method and eight digits."""
    parsed = read_proxied_name(name)
    if parsed is None:
        return False
    return not folders or f"_{spell_safely(folders[-1])}_" in f"_{parsed.stem}_"


def find_successor(name: str) -> str | None:
    """The JSON file that the recorder makes of one of its old files."""
    parsed = read_proxied_name(name)
    return name.removesuffix(_OLD) + ".json" if parsed is not None and parsed.suffix == _OLD else None


def _read_body(stored: JSON) -> Any:
    if isinstance(stored, str) and stored.startswith(_BASE64):
        try:
            return base64.b64decode(stored[len(_BASE64) :])
        except binascii.Error:
            return stored
    return stored


def _write_body(stored: JSON, body: Stored) -> JSON:  # noqa: ARG001  (it is a `StoredBody.write`)
    if isinstance(body.value, bytes):
        return _BASE64 + base64.b64encode(body.value).decode()
    return body.value


_BASE64 = "base64:"
_WANTED: dict[tuple[str, ...], type] = {
    ("request",): dict,
    ("response",): dict,
    METHOD: str,
    URL: str,
    HEADERS["request"]: dict,
    ("request", "body"): str,
    STATUS: dict,
    (*STATUS, "code"): int,
    HEADERS["response"]: dict,
    ("response", "body"): str,
}


def _find_sent(item: JSON) -> str:
    """The body of the request as the recorder hashes it."""
    body = _read_body(item["request"]["body"])
    if not isinstance(body, bytes):
        return str(body)
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


_LAYOUT = JsonLayout(
    NAME,
    "a recording",
    find_items=lambda _: None,
    find_defect=partial(find_missing, wanted=_WANTED),
    places={**PLACES, STATUS: (*STATUS, "code")},
    find_body=lambda _, side: StoredBody((side, "body"), _read_body, _write_body),
    find_sent=_find_sent,
    hint="a recording has a 'request' and a 'response'; the test agent does not load it otherwise",
)
_JSON = make_format(_LAYOUT, folder="vcr-cassettes", suffixes=(".json",), claims=claims)


def read(source: Source) -> tuple[Recording | LoadError, ...]:
    """The one exchange that a file holds, or why it holds none; several of an old one. Raises nothing."""
    if not _is_old(source):
        return _JSON.read(source)
    items = _CASSETTES.read(source)
    is_alone = len(items) == 1
    return tuple(
        replace(item, format=NAME, is_alone=is_alone) if isinstance(item, Recording) else item
        for item in items
    )


def _is_old(source: Source) -> bool:
    return source.place is not None and source.place.name.endswith(_OLD)


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:
    """What is wrong with how a file is written, without what the recorder does not mind in an old one."""
    if not _is_old(source):
        return _JSON.inspect(source, items)
    found = _CASSETTES.inspect(source, items)
    return {
        index: [defect for defect in defects if defect.rule not in _HARMLESS]
        for index, defects in found.items()
    }


_HARMLESS = ("unreadable-tag", "encoding-mismatch")
"""It builds Python's objects, and plays a reply without the header that says how it was compressed."""


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where values are in a file, as the format has it in which the file is written."""
    if _is_old(source):
        return _CASSETTES.locate(source, index, pointers)
    return _JSON.locate(source, index, pointers)


def edit(source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a changed file, as the format has it in which the file is written."""
    if _is_old(source):
        return _CASSETTES.edit(source, changes)
    return _JSON.edit(source, changes)


def measure(source: Source) -> tuple[int, ...]:
    """How many bytes a file takes up."""
    return (len(source.content),)


FORMAT = _JSON._replace(
    suffixes=(".json", _OLD),
    read=read,
    inspect=inspect,
    locate=locate,
    edit=edit,
    measure=measure,
    find_successor=find_successor,
    is_named_by_hash=True,
)
