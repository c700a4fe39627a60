"""Changes of JSON in its text: of each value that differs, and not a character besides."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import join_pointer
from recctl.base.syntax import locate
from recctl.recordings.splicing import Edit, splice_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from recctl.recordings.recording import JSON

_NONE: Mapping[tuple[str, ...], Iterable[Edit]] = {}


def splice_json(
    text: str, old: JSON, new: JSON, inner: Mapping[tuple[str, ...], Iterable[Edit]] = _NONE
) -> list[Edit]:
    """The edits that make the text of one value that of another: where `text` says `old`, it says `new`.

    `inner` are edits that are known already, of the texts to which some steps lead. What an object or a list
    loses is cut out; one that gains something is written anew, as the old one was written.
    """
    changes = {join_pointer(steps): (was, will) for steps, was, will in _find_changes(old, new, ())}
    known = {join_pointer(steps): edits for steps, edits in inner.items()}
    positions = locate(text, changes)
    line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    edits = []
    for pointer, (was, will) in changes.items():
        line, column = positions[pointer]
        start = line_starts[line - 1] + column - 1
        gone = _find_gone(was, will)
        spans = find_spans(text, start) if gone else []
        _, end = json.JSONDecoder().raw_decode(text, start)
        if pointer in known:
            edits += _splice_string(text, start, known[pointer])
        elif gone and len(spans) == len(was):  # else a key occurs twice
            edits += _remove(spans, gone)
        else:
            edits += splice_text(text[start:end], _write(text[start:end], was, will), start)
    return edits


def _find_gone(old: JSON, new: JSON) -> list[int]:
    """Which entries a value has lost, by their places, where that is all that has changed, and some stay."""
    if not (isinstance(old, (dict, list)) and type(old) is type(new)) or not new or len(new) >= len(old):
        return []
    before = [*old.items()] if isinstance(old, dict) else old
    after = [*new.items()] if isinstance(new, dict) else new
    gone, place = [], 0
    for index, entry in enumerate(before):
        if place < len(after) and entry == after[place]:
            place += 1
        else:
            gone.append(index)
    return gone if place == len(after) else []


def _remove(spans: list[tuple[int, int]], gone: list[int]) -> list[Edit]:
    """The edits that cut entries, by their places, out of an object or a list of which some stay."""
    kept = max(index for index in range(len(spans)) if index not in gone)
    edits = [Edit(spans[index][0], spans[index + 1][0], "") for index in gone if index < kept]
    if kept < len(spans) - 1:
        edits.append(Edit(spans[kept][1], spans[-1][1], ""))
    return edits


def find_spans(text: str, start: int) -> list[tuple[int, int]]:
    """From where to where each entry of an object or a list stands, its key included."""
    is_object, decoder, spans = text[start] == "{", json.JSONDecoder(), []
    place = _skip(text, start + 1)
    while text[place] not in "}]":
        first = place
        if is_object:
            _, place = decoder.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)
        _, place = decoder.raw_decode(text, place)
        spans.append((first, place))
        place = _skip(text, place)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return spans


def _skip(text: str, start: int) -> int:
    """Where the blanks that begin there end."""
    while text[start] in " \t\r\n":
        start += 1
    return start


def _splice_string(text: str, start: int, edits: Iterable[Edit]) -> list[Edit]:
    """Edits of what the string says that begins there, as edits of the text, in which it is escaped."""
    ordered = sorted(edits)
    wanted = sorted({offset for edit in ordered for offset in edit[:2]}, reverse=True)
    places: dict[int, int] = {}
    offset, place = 0, start + 1
    while wanted:
        piece = _PIECE.match(text, place)
        length = 0 if piece is None else _count(piece[0])
        while wanted and (piece is None or wanted[-1] < offset + length):
            places[wanted[-1]] = place + (wanted[-1] - offset if length > 1 else 0)
            wanted.pop()
        offset, place = offset + length, place if piece is None else piece.end()
    is_ascii = text.isascii()
    return [
        Edit(places[left], places[right], json.dumps(new, ensure_ascii=is_ascii)[1:-1])
        for left, right, new in ordered
    ]


_PIECE = re.compile(
    r"""\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2} | \\u[0-9a-fA-F]{4} | \\. | [^\\"]+""",
    re.VERBOSE,
)
"""What is in a string: an escaped character, or a run of others."""


def _count(piece: str) -> int:
    return 1 if piece.startswith("\\") else len(piece)


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
