"""Cassettes of vcr for R: laid out as VCR for Ruby has it, written by R's yaml package.

Mirrors vcr 2.1 (`R/serialize-interaction.R`, `R/serialize-body.R`): the status is a number, or a mapping in
files of before 2.0, a header a text or several, and replies are kept as they were read, whatever
`content-encoding` says. Tests name their cassettes themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.cassettes import find_head, is_empty_or_in_conflict, make_format
from recctl.recordings.cassettes.layout import (
    CassetteLayout,
    Reader,
    Side,
    StoredPart,
    at,
    leave_out,
    require,
    upper,
)
from recctl.recordings.formats import Matching
from recctl.recordings.formats.vcr_ruby import BODY_WAYS, HINT, ITEM_HINT, find_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import Steps, Stored
    from recctl.recordings.recording import JSON

_FOLDER = "_vcr"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts as vcr writes a cassette, without the dashes of Psych, or says nothing there."""
    if _FOLDER in folders and is_empty_or_in_conflict(read):
        return True
    return re.match(_HEAD, find_head(read)) is not None


_HEAD = (
    rb"(?:[ \t]*(?:#.*)?\n|recorded_with:.*\n)*http_interactions:"
    rb'|\s*\{\s*"http_interactions"\s*:\s*\[\s*\{\s*"request"\s*:\s*\{\s*"method"\s*:\s*"[A-Z]+"'
)


class _Status(StoredPart):
    """A status, which is a number, or the text of one in a mapping."""

    def read(self, side: Stored) -> YAML:
        status = side.get("status")
        code = status.get("status_code", status.get("code")) if isinstance(status, dict) else status
        return int(code) if isinstance(code, str) and re.fullmatch("[0-9]{3}", code) else code

    def write(self, side: Stored, old: JSON, new: JSON) -> Stored | None:  # noqa: ARG002
        status = side.get("status")
        if not isinstance(status, dict):
            return {**side, "status": new}
        key = "status_code" if "status_code" in status else "code"
        return {**side, "status": {**status, key: str(new) if isinstance(status.get(key), str) else new}}

    def strip(self, side: Stored) -> Stored:
        status = side.get("status")
        key = "status_code" if isinstance(status, dict) and "status_code" in status else "code"
        return leave_out(side, ("status", key))

    def find_ways(self, inner: Steps, load: Callable[[], Stored]) -> Iterator[tuple[Steps, Steps]]:  # noqa: ARG002
        for way in (("status", "status_code"), ("status", "code"), ("status",)):
            yield way, inner


FORMAT = make_format(
    CassetteLayout(
        "vcr_r",
        Side(
            "request",
            {"method": upper("method"), "url": at("uri"), "headers": at("headers")},
            find_body,
            BODY_WAYS,
        ),
        Side("response", {"headers": at("headers"), "status": _Status()}, find_body, BODY_WAYS),
        require("method", "uri"),
        HINT,
        ITEM_HINT,
        Reader("R's yaml", takes_last=False),
        items="http_interactions",
        may_be_json=True,
    ),
    folder=_FOLDER,
    suffixes=(".yml", ".yaml", ".json"),
    claims=claims,
    matching=Matching(("method", "uri"), in_order=True, once=True),
    is_named_at_run_time=True,
)
