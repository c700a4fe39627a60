"""What a cassette holds besides its exchanges, as recctl reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.text.yaml_text import YAML


def holds_more(value: YAML) -> bool:
    """Whether a long word, as secrets are, stands in a cassette where no recording has it."""
    return any(_LONG_WORD.search(repr(rest)) for rest in _list_rest(value) if rest)


_LONG_WORD = re.compile(r"[^\s'\"]{16}")


def _list_rest(value: YAML) -> Iterator[YAML]:
    """What of a cassette is in none of its recordings, as objects without what is."""
    if not isinstance(value, dict):
        return
    yield _leave_out(value, ("interactions", "requests", "responses", "version"))
    items = value.get("interactions")
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        yield _leave_out(item, ("request", "response"))
        for side in (item.get("request"), item.get("response")):
            if isinstance(side, dict):
                body, status = side.get("body"), side.get("status")
                yield _leave_out(side, _READ)
                yield _leave_out(body, ("string",)) if isinstance(body, dict) else None
                yield _leave_out(status, ("code",)) if isinstance(status, dict) else None
                yield body if "parsed_body" in side else None


_READ = ("method", "uri", "headers", "body", "parsed_body", "status")


def _leave_out(mapping: dict[str, YAML], keys: tuple[str, ...]) -> dict[str, YAML]:
    return {key: value for key, value in mapping.items() if key not in keys}
