"""Looks for every value of a recorded reply in what assembly made of it, wherever that put it.

The ledger (ledger.py) knows where each value belongs, for the protocols that it knows the words of. This
knows no protocol: a text must be told, or be a part of one that is, and a number as one or in a text.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recctl.wire.building.builder import FOLDED, FOLDED_IN_EVENTS, SUMMARISED, ReplyBuilder
from recctl.wire.building.envelopes import open_envelopes
from recctl.wire.building.sse import read_events
from recctl.wire.building.values import decode_base64, find_texts, is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.wire.completion import Completion

_FOLDED = {*FOLDED, *FOLDED_IN_EVENTS} - {"usage"}
_USAGE = re.compile(r"/(?:usage|usage_metadata|usageMetadata)/")


def find_missing(body: Any, completion: Completion) -> list[str]:
    """The places of a reply's values that its completion does not hold.

    Of counts so far, which later ones replace, the last is looked for.
    """
    told = _Told(completion)
    opened = open_envelopes(body)
    streamed = isinstance(opened, list)
    events = read_events(opened if streamed else [opened], ReplyBuilder(), streamed=streamed)
    missing: dict[str, str] = {}
    for event in events:
        place = event.pointer.removeprefix("/response/body")
        for path, value in _walk(event.data, ""):
            count = _USAGE.split(path, 1)[-1] if _USAGE.search(path) else f"{place}{path}"
            missing.pop(count, None)
            if not told.has(path, value):
                missing[count] = f"{place}{path}"
    return [*missing.values()]


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All values that are neither objects nor lists, but for those that are knowingly left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _FOLDED:
                yield from _walk(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _walk(inner, f"{path}/{position}")
    elif not is_nothing(value) and not isinstance(value, bool):
        yield path, value


class _Told:
    """What a completion says, to look values up in."""

    def __init__(self, completion: Completion) -> None:
        told = json.loads(json.dumps(completion, default=asdict))
        self._texts = {text.encode("utf-16-le", "surrogatepass") for text in find_texts(told)}
        self._numbers = {value for _, value in _walk(told, "") if not isinstance(value, str)}
        for call in (call for choice in completion.choices for call in choice.message.tool_calls):
            try:
                arguments = json.loads(call.arguments or "null")
            except ValueError:
                continue
            self._texts |= {text.encode("utf-16-le", "surrogatepass") for text in find_texts(arguments)}
            self._numbers |= {value for _, value in _walk(arguments, "") if not isinstance(value, str)}
        self._all = b"\0\xd8".join(self._texts)
        self._vectors = any(key in completion.extra for key in ("dimension", "vectors"))

    def has(self, path: str, value: Any) -> bool:
        """Whether a value is told, or knowingly told otherwise."""
        keys = {*path.split("/")}
        if self._vectors and not keys.isdisjoint({"embedding", "embeddings", "float", "base64", "values"}):
            return True
        if not isinstance(value, str):
            return value in self._numbers or str(value).encode("utf-16-le") in self._all
        if not keys.isdisjoint(SUMMARISED) and (data := decode_base64(value)) is not None:
            return len(data) in self._numbers or value.encode("utf-16-le", "surrogatepass") in self._all
        return value.encode("utf-16-le", "surrogatepass") in self._all
