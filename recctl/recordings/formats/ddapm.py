"""dd-apm-test-agent's recordings: a JSON file with one exchange, named after a hash of what was sent.

Mirrors `ddapm_test_agent/vcr_proxy.py` of dd-apm-test-agent 1.42 to 1.69: `json.dump(cassette, file,
indent=2)`, no newline at the end, bodies that are no text as `base64:` and their bytes. Before that its files
were vcrpy's: it still opens one, makes a JSON file of the same name of it, and deletes it.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.recordings.formats import Format
from recctl.recordings.formats import _json_files as json_files
from recctl.recordings.formats._json_files import HEADERS, METHOD, PLACES, STATUS, URL, Layout, StoredBody
from recctl.recordings.names import read_proxied_name, spell_safely

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recordings.recording import JSON
    from recctl.recordings.splicing.bodies import Stored

NAME = "ddapm"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:
    """Whether a file starts like a recording; one that is named like one may be in conflict, or empty."""
    head = read()
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


def _is_named_like_one(name: str, folders: tuple[str, ...]) -> bool:
    """Whether a name is made of a path that begins with that of the folder, a method and eight digits."""
    parsed = read_proxied_name(name)
    if parsed is None or parsed.suffix != ".json":
        return False
    return not folders or f"_{spell_safely(folders[-1])}_" in f"_{parsed.stem}_"


def find_successor(name: str) -> str | None:
    """The JSON file that the recorder makes of one of its old files."""
    parsed = read_proxied_name(name)
    return name.removesuffix(".yaml") + ".json" if parsed is not None and parsed.suffix == ".yaml" else None


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


_LAYOUT = Layout(
    NAME,
    "a recording",
    find_items=lambda _: None,
    find_defect=partial(json_files.find_missing, wanted=_WANTED),
    places={**PLACES, STATUS: (*STATUS, "code")},
    find_body=lambda _, side: StoredBody((side, "body"), _read_body, _write_body),
    find_sent=_find_sent,
    hint="a recording has a 'request' and a 'response'; the test agent does not load it otherwise",
)


FORMAT = Format(
    NAME,
    "vcr-cassettes",
    (".json",),
    claims,
    partial(json_files.read, _LAYOUT),
    json_files.inspect,
    partial(json_files.locate, _LAYOUT),
    partial(json_files.edit, _LAYOUT),
    find_successor=find_successor,
    is_named_by_hash=True,
)
