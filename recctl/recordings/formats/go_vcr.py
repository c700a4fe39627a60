"""Cassettes of go-vcr: the exchanges of one test in a YAML file, named by the test where it asks for that.

Mirrors go-vcr 3 and 4 (`pkg/cassette/cassette.go`), whose files have version 2. Both lengths of a body,
`content_length` and that of its header, are kept as they came: what is true stays so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.project import Place
from recctl.recordings.cassettes import find_head, make_format
from recctl.recordings.cassettes.layout import CassetteLayout, KeptBody, Reader, Side, at, require
from recctl.recordings.cassettes.lengths import follow_length, measure_body
from recctl.recordings.formats import Matching, NamedTest

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.project import Settings
    from recctl.recordings.cassettes.layout import Stored

_FOLDER = "testdata"
_SUFFIX = ".yaml"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts as go-vcr writes a cassette."""
    return re.match(_HEAD, find_head(read)) is not None


_HEAD = (
    rb"(?:---[ \t]*\n|[ \t]*(?:#.*)?\n)*version:[ \t]*2[ \t]*\ninteractions:[ \t]*"
    rb"(?:\[\][ \t]*\n|\n[ \t]*-[ \t]+(?:id|request):|\Z)"
)


def _find_body(side: Stored) -> KeptBody:  # noqa: ARG001  (as a `Side` asks)
    return KeptBody(("body",))


def _complete(before: Stored, after: Stored) -> Stored:
    """An exchange whose lengths are those of changed bodies, where they were true before."""
    completed = dict(after)
    for key in ("request", "response"):
        side = follow_length(before[key], after[key], _find_body)
        length, now = measure_body(before[key], _find_body), measure_body(side, _find_body)
        if length != now and now is not None and side.get("content_length") == length:
            side = {**side, "content_length": now}
        completed[key] = side
    return completed


def find_test(place: Place, settings: Settings, is_there: Callable[[str], bool]) -> NamedTest | None:  # noqa: ARG001
    """The test whose name a file below `testdata` has: `PACKAGE::TestX/subtest`, as `t.Name()` gives it."""
    parts = place.folder.split("/")
    if _FOLDER not in parts or not place.name.endswith(_SUFFIX):
        return None
    above = len(parts) - 1 - parts[::-1].index(_FOLDER)
    names = [*parts[above + 1 :], place.name.removesuffix(_SUFFIX)]
    first = next((index for index, name in enumerate(names) if re.match(_TEST, name)), None)
    if first is None:
        return None
    package = "/".join(parts[:above]) or "."
    return NamedTest(f"{package}::{'/'.join(names[first:])}")


_TEST = r"Test(?![a-z])"
"""How Go's tests are called."""


def list_places(test_id: str, settings: Settings) -> tuple[Place, ...]:  # noqa: ARG001
    """Where the cassette of a test lies that is named by `t.Name()`."""
    package, _, name = test_id.partition("::")
    if not re.match(_TEST, name):
        return ()
    *folders, last = name.split("/")
    above = () if package == "." else (package,)
    return (Place("/".join((*above, _FOLDER, *folders)), last + _SUFFIX),)


FORMAT = make_format(
    CassetteLayout(
        "go_vcr",
        Side(
            "request",
            {"method": at("method"), "url": at("url"), "headers": at("headers")},
            _find_body,
            (("body",),),
        ),
        Side("response", {"headers": at("headers"), "status": at("code")}, _find_body, (("body",),)),
        require("method", "url"),
        "a cassette has a 'version' and a list of 'interactions'; move other files elsewhere",
        "an exchange has a 'request', with 'method' and 'url', and a 'response'",
        Reader("go-vcr", takes_last=False),
        items="interactions",
        complete=_complete,
    ),
    folder=_FOLDER,
    suffixes=(_SUFFIX,),
    claims=claims,
    find_test=find_test,
    list_places=list_places,
    start="Test",
    matching=Matching(("method", "url", "headers", "body"), in_order=True, once=True),
)
