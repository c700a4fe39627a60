"""Holds every value of a recorded reply against all that its completion says, whatever the protocol.

It is less strict than the ledger, which knows where each value has to be: here it is enough that a value is
there at all, by itself or as a part of a text. So it serves protocols that the ledger knows no rules for.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recctl.wire.building.builder import FOLDED, FOLDED_IN_EVENTS
from recctl.wire.building.values import decode_base64, is_nothing
from recctl.wire.envelopes import open_envelopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.wire.completion import Completion

_EVENT_KEYS = {*FOLDED_IN_EVENTS, "contentBlockIndex", "event_type", "is_finished", "p", "usageMetadata"}
"""What events hold beside what they say, whatever they are called, and counts that later ones replace."""

_PLACED = frozenset({"type", "done", "thought", "jsonrpc"})
"""What a thing is, and that it is over or was thought: it shows in where its content goes."""

_VECTORS = frozenset({"embedding", "embeddings", "values", "float", "int8", "textEmbedding", "data"})
_DATA = 100
"""How many characters a text has at least that may be told as data, by its size."""

_LEAST = 2
"""How many characters a number has at least that is looked for: a single digit is there by chance."""


def find_missing(body: Any, completion: Completion) -> list[str]:
    """Where in a body values stand that its completion does not hold."""
    held = _Held(completion)
    is_of_events = isinstance(body, list)
    folded = {*FOLDED, *_PLACED, *(_EVENT_KEYS if is_of_events else ())}
    if completion.wire in ("embeddings", "batch-results"):
        folded |= _VECTORS
    if completion.wire == "openai-responses":
        folded.add("status")  # of one that is under way; else it is the finish reason
    return [
        pointer
        for chunk in _read_chunks(body)
        for pointer, value in _list_values(chunk, "", folded)
        if not held.has(value)
    ]


class _Held:
    """All that a completion says."""

    def __init__(self, completion: Completion) -> None:
        told = [
            *(completion.id, completion.model, completion.usage, completion.error, completion.extra),
            [asdict(choice) for choice in completion.choices],
        ]
        found = [*_list_values(told, "", set())]
        self._values = {_write(value) for _, value in found}
        texts = [value for _, value in found if isinstance(value, str)]
        self._text = "\0".join([*texts, *(pointer for pointer, _ in found)])
        self._squeezed = "".join(self._text.split())

    def has(self, value: Any) -> bool:
        """Whether a value is there: by itself, in a text, or by what stands for data or a secret."""
        if is_nothing(value) or value is False or _write(value) in self._values:
            return True
        if not isinstance(value, str):
            text = json.dumps(value)
            return len(text) < _LEAST or text in self._text
        forms = (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        if any(form in self._text for form in forms) or "".join(value.split()) in self._squeezed:
            return True
        data = decode_base64(value) if len(value) >= _DATA else None
        is_hidden = f"[a secret of {len(value):,} characters]" in self._text
        return is_hidden or (data is not None and self._has_data(data))

    def _has_data(self, data: bytes) -> bool:
        """Whether data are there: by their size, or as the text that they are."""
        return str(len(data)) in self._text or data.decode("utf-8", "replace") in self._text


def _write(value: Any) -> str:
    return json.dumps(value)


def _list_values(value: Any, pointer: str, folded: set[str]) -> Iterator[tuple[str, Any]]:
    """Every value that is neither an object nor a list, with where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in folded and key != "__type__":
                yield from _list_values(inner, f"{pointer}/{key}", folded)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _list_values(inner, f"{pointer}/{number}", folded)
    else:
        yield pointer, value


def _read_chunks(body: Any) -> Iterator[Any]:
    """Chunks, or the whole body; of server-sent events, what is in their data lines."""
    opened = open_envelopes(body)
    for item in opened if isinstance(opened, list) else [opened]:
        if not isinstance(item, str):
            yield item
        elif item.startswith("data:") and "[DONE]" not in item:
            try:
                yield json.loads(item.removeprefix("data:"))
            except ValueError:
                yield item.removeprefix("data:").removeprefix(" ")
