"""rig's cassettes: the exchanges of a scenario, each a YAML document of `when:` and `then:`, played in order.

Mirrors rig's `tests/common/cassettes.rs` of August 2026: a request is kept without its host, ids and times
are replaced (`msg_REDACTED_1`), bodies are text, or base64 where they are none, and a file is
`tests/cassettes/PROVIDER/SCENARIO.yaml`. serde_yaml writes the files, and refuses those in which a key stands
twice.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from recctl.project import Place
from recctl.recordings.cassettes import find_head, is_empty_or_in_conflict, make_format
from recctl.recordings.cassettes.layout import (
    CassetteLayout,
    KeptBody,
    Reader,
    Side,
    StoredPart,
    at,
    leave_out,
    pairs,
)
from recctl.recordings.formats import Matching, NamedTest
from recctl.recordings.recording import JSON, name_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.base.yaml_text import YAML
    from recctl.project import Settings
    from recctl.recordings.cassettes.layout import Steps, Stored

FOLDER = "cassettes"
_SUFFIX = ".yaml"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts with the request of an exchange, or lies among cassettes and says nothing."""
    if FOLDER in folders and is_empty_or_in_conflict(read):
        return True
    return re.match(_HEAD, find_head(read), re.VERBOSE) is not None


_HEAD = rb"""(?:[ \t]*(?:\#.*)?\n | ---[ \t]*\n)*       # blank lines, comments, the start of the document
         (?:when:[ \t]*(?:\#.*)?\n[ \t]+(?:path|method|query_param|header|body(?:_encoding)?):
           |then:[ \t]*(?:\#.*)?\n[ \t]+(?:status|header|body(?:_encoding)?):)"""


class _URL(StoredPart):
    """A URL without a host, kept as a path and a list of the query's parameters."""

    def read(self, side: Stored) -> YAML:
        parameters = side.get(_QUERY)
        pairs = (
            [each for each in parameters if isinstance(each, dict)] if isinstance(parameters, list) else []
        )
        query = "&".join(f"{_quote(each.get('name'))}={_quote(each.get('value'))}" for each in pairs)
        return f"{side['path']}?{query}" if query else side["path"]

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:
        if not isinstance(new, str):
            return None
        path, _, query = new.partition("?")
        changed = {**side, "path": path}
        if query != old.partition("?")[2]:
            from urllib.parse import parse_qsl  # which a walk needs not, as below

            found = parse_qsl(query, keep_blank_values=True)
            changed[_QUERY] = [{"name": name, "value": value} for name, value in found]
        return changed

    def strip(self, side: Stored) -> Stored:
        return pairs(_QUERY).strip(leave_out(side, ("path",)))

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:  # noqa: ARG002
        yield ("path",), ()


_QUERY = "query_param"


def _quote(value: YAML) -> str:
    from urllib.parse import quote_plus

    return quote_plus(value if isinstance(value, str) else "", safe="[]:/,@")


def _refuse_item(item: YAML) -> str | None:
    if not isinstance(item, dict):
        return f"it is {name_type(item)}, and no mapping"
    for side in ("when", "then"):
        if side not in item:
            return f"it has no {side!r}"
        if not isinstance(item[side], dict):
            return f"its {side!r} is {name_type(item[side])}, and no mapping"
    for key in ("path", "method"):
        if not isinstance(item["when"].get(key), str):
            return f"its 'when' has no {key!r}"
    return None if "status" in item["then"] else "its 'then' has no 'status'"


def _find_body(side: Stored) -> KeptBody:
    return KeptBody(("body",), "base64" if side.get("body_encoding") == "base64" else "stored")


_BODY_WAYS = (("body",),)
_HINT = "a cassette of rig's is a document of 'when' and 'then' for each exchange; move other files elsewhere"


def find_test(place: Place, settings: Settings, exists: Callable[[str], bool]) -> NamedTest | None:  # noqa: ARG001
    """The scenario that a cassette is named after, as one of the program that tests its provider.

    `tests/cassettes/openai/agent/smoke.yaml` is `tests/openai.rs::agent/smoke`. What a scenario has in place
    of a `_` in the file's name, no path tells.
    """
    parts = PurePosixPath(place.folder).parts
    if FOLDER not in parts or not place.name.endswith(_SUFFIX):
        return None
    start = len(parts) - parts[::-1].index(FOLDER)
    above, provider, segments = (
        PurePosixPath(*parts[: start - 1]),
        parts[start : start + 1],
        parts[start + 1 :],
    )
    if not provider:
        return None
    if above.name == _FIXTURES:
        above = above.parent / "tests"
    program = (above / f"{provider[0]}.rs").as_posix()
    return NamedTest(f"{program}::{'/'.join((*segments, place.name.removesuffix(_SUFFIX)))}")


_FIXTURES = "fixtures"
"""The folder beside that of the tests in which a crate may keep its cassettes."""


def list_places(test_id: str, settings: Settings) -> tuple[Place, ...]:  # noqa: ARG001
    """Where a scenario's cassette lies: by the tests that use it, or in a folder of fixtures beside these."""
    path, _, scenario = test_id.partition("::")
    program = PurePosixPath(path)
    if program.suffix != ".rs" or not scenario:
        return ()
    *segments, name = (re.sub(_REPLACED, "_", segment) for segment in scenario.split("/"))
    folders = (program.parent, program.parent.parent / _FIXTURES)
    return tuple(
        Place(PurePosixPath(folder, FOLDER, program.stem, *segments).as_posix(), f"{name}{_SUFFIX}")
        for folder in folders
    )


_REPLACED = r"[^A-Za-z0-9_-]"  # compiled where a test is asked for

FORMAT = make_format(
    CassetteLayout(
        "rig",
        Side(
            "when",
            {"method": at("method"), "url": _URL(), "headers": pairs("header")},
            _find_body,
            _BODY_WAYS,
        ),
        Side("then", {"headers": pairs("header"), "status": at("status")}, _find_body, _BODY_WAYS),
        _refuse_item,
        _HINT,
        "rig does not load the file otherwise",
        Reader("rig", takes_last=False, tags="rig"),
        is_newer=True,
    ),
    folder=FOLDER,
    suffixes=(_SUFFIX,),
    claims=claims,
    find_test=find_test,
    list_places=list_places,
    matching=Matching(("method", "path", "query", "headers", "body"), in_order=True, once=True),
)
