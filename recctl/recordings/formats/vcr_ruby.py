"""Cassettes of VCR for Ruby: the exchanges of one test in a YAML file, written by Psych, played once each.

Mirrors VCR 6.4 (`lib/vcr/structs.rb`, `lib/vcr/cassette/serializers/`): bodies say their encoding, and are
base64 under `preserve_exact_body_bytes`. Psych's `!binary` is the same as `!!binary`. Files are named after
what a test is called when it runs, so no source tells which tests they are of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.cassettes import find_head, is_empty_or_in_conflict, make_format
from recctl.recordings.cassettes.layout import CassetteLayout, KeptBody, Reader, Side, at, require, upper
from recctl.recordings.cassettes.lengths import follow_length
from recctl.recordings.formats import Matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import Stored

_FOLDER = "vcr_cassettes"


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts as Psych writes a cassette, or lies among cassettes and says nothing."""
    if _FOLDER in folders and is_empty_or_in_conflict(read):
        return True
    return re.match(_HEAD, find_head(read)) is not None


_HEAD = (
    rb"(?:[ \t]*(?:#.*)?\n)*---[ \t]*\n(?:(?:[ \t]*|recorded_with:.*|#.*)\n)*http_interactions:"
    rb'|\s*\{\s*"http_interactions"\s*:\s*(?:\[\s*\]|\[\s*\{\s*"request"\s*:\s*\{\s*"method"\s*:\s*"[a-z]+")'
)


def find_body(side: Stored) -> KeptBody:
    """Where a request or a reply has its body: as text, in base64, or, as VCR 1 wrote it, by itself."""
    body = side.get("body")
    if isinstance(body, dict) and "base64_string" in body:
        return KeptBody(("body", "base64_string"), "base64")
    return KeptBody(("body", "string") if isinstance(body, (dict, type(None))) else ("body",))


BODY_WAYS = (("body", "base64_string"), ("body", "string"), ("body",))


def complete(before: Stored, after: Stored) -> Stored:
    """An exchange whose headers content-length are those of changed bodies, where they were true before.

    VCR has an option, `update_content_length_header`, for what it changes itself.
    """
    return {
        **after,
        **{side: follow_length(before[side], after[side], find_body) for side in ("request", "response")},
    }


def _read_binary(value: YAML) -> YAML:
    """The data that Psych makes of `!binary`."""
    from recctl.recordings.bodies import decode_base64  # which a walk needs not

    data = decode_base64(value) if isinstance(value, str) else None
    return value if data is None else data


HINT = "a cassette is a mapping with a list of 'http_interactions'; move other files elsewhere"
ITEM_HINT = "an exchange has a 'request', with 'method' and 'uri', and a 'response'"

FORMAT = make_format(
    CassetteLayout(
        "vcr_ruby",
        Side(
            "request",
            {"method": upper("method"), "url": at("uri"), "headers": at("headers")},
            find_body,
            BODY_WAYS,
        ),
        Side("response", {"headers": at("headers"), "status": at("status", "code")}, find_body, BODY_WAYS),
        require("method", "uri"),
        HINT,
        ITEM_HINT,
        Reader("Psych", takes_last=True),
        items="http_interactions",
        constructors={"!binary": _read_binary},
        complete=complete,
        may_be_json=True,
    ),
    folder=_FOLDER,
    suffixes=(".yml", ".yaml", ".yml.gz", ".json"),
    claims=claims,
    matching=Matching(("method", "uri"), in_order=True, once=True),
    is_named_at_run_time=True,
)
