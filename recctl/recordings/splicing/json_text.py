"""Changes of JSON in its text: of each value that differs, and not a character besides."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from recctl.recordings.splicing import Edit, splice_text
from recctl.text.pointer import join_pointer
from recctl.text.syntax import locate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON


def splice_json(text: str, old: JSON, new: JSON) -> list[Edit]:
    """The edits that make the text of one value that of another: where `text` says `old`, it says `new`.

    An object or a list that gains or loses something is written anew, as the old one was written.
    """
    changes = {join_pointer(steps): (was, will) for steps, was, will in _find_changes(old, new, ())}
    positions = locate(text, changes)
    line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    edits = []
    for pointer, (was, will) in changes.items():
        line, column = positions[pointer]
        start = line_starts[line - 1] + column - 1
        _, end = json.JSONDecoder().raw_decode(text, start)
        edits += splice_text(text[start:end], _write(text[start:end], was, will), start)
    return edits


def _find_changes(
    old: JSON, new: JSON, steps: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], JSON, JSON]]:
    """The smallest values that differ."""
    if isinstance(old, dict) and isinstance(new, dict) and [*old] == [*new]:
        for key, value in old.items():
            yield from _find_changes(value, new[key], (*steps, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _find_changes(one, other, (*steps, index))
    elif type(old) is not type(new) or old != new:
        yield steps, old, new


def _write(text: str, old: JSON, new: JSON) -> str:
    """A value as JSON, written as `text` writes the old one where json.dumps can."""
    last = text[text.rfind("\n") + 1 :]
    margin = "\n" + last[: len(last) - len(last.lstrip(" "))]
    for ensure_ascii in (True, False):
        for layout in _LAYOUTS:
            if json.dumps(old, ensure_ascii=ensure_ascii, **layout).replace("\n", margin) == text:
                return json.dumps(new, ensure_ascii=ensure_ascii, **layout).replace("\n", margin)
    return json.dumps(new, ensure_ascii=text.isascii())


_LAYOUTS: tuple[dict[str, Any], ...] = (
    {"separators": (", ", ": ")},
    {"separators": (",", ":")},
    {"indent": 2},
    {"indent": 4},
)
