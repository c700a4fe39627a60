"""JSON text under the magnifying glass: in what way it is none, where its values stand, which keys recur.

Only what is not as it should be comes here; sound files are read by the quickest means.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from contextlib import suppress
from itertools import pairwise
from math import isinf
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import split_pointer
from recctl.base.strict_json import MAX_DEPTH, decode, nests_deeper
from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

JSON = Any


class Position(NamedTuple):
    """A place in a text; both count from 1, columns in characters."""

    line: int
    column: int


class Value(NamedTuple):
    """What a text says."""

    value: JSON


class Fault(NamedTuple):
    """Why bytes are not JSON: what is wrong, what to do, and where."""

    message: str
    hint: str
    position: Position


_RECORD_AGAIN = "record it again, or take it from git's history"
_SAVE_AS_UTF_8 = "save it as UTF-8 without a byte order mark"


def read_strictly(content: bytes, max_depth: int) -> Value | Fault:
    """What Python's json makes of a file's bytes, or in what way they are not JSON. Raises nothing.

    NaN and infinities are not JSON here, nor are values that nest more than `max_depth` deep.
    """

    def refuse(message: str, hint: str, text: str = "", offset: int = 0) -> Fault:
        return Fault(message, hint, find_positions(text)(offset))

    if not content.strip():
        return refuse("the file is empty", _RECORD_AGAIN)
    text = decode_text(content)
    if isinstance(text, NotText):
        return refuse(*text, len(text.before))
    try:
        document = decode(text)
    except json.JSONDecodeError as error:
        marker = re.search(CONFLICT_MARKER, text)
        if marker:
            message = "the file contains the markers of a merge conflict"
            return refuse(message, "resolve the conflict", text, marker.start())
        message, is_cut_off = _describe_syntax_error(error)
        hint = _RECORD_AGAIN if is_cut_off else "put it right, or record it again"
        return refuse(message, hint, text, error.pos)
    except ValueError:  # NaN, a number or a depth beyond measure
        message, offset = _find_refused(text, max_depth)
        return refuse(message, _RECORD_AGAIN, text, offset)
    if max_depth < MAX_DEPTH and nests_deeper(document, max_depth):
        message, offset = _find_refused(text, max_depth)
        return refuse(message, _RECORD_AGAIN, text, offset)
    return Value(document)


class NotText(NamedTuple):
    """Why a file is not text: the message, the hint, the text before the place where that shows."""

    message: str
    hint: str
    before: str = ""


# Two bytes a character: a byte order mark, or a character that JSON may begin with beside a NUL.
_UTF_16 = rb'\xff\xfe|\xfe\xff|\0[\s\[{"]|[\s\[{"]\0'  # compiled when a text is looked at, as the next


def decode_text(content: bytes) -> str | NotText:
    """A file's text, or why it is none."""
    if content.startswith(b"\xef\xbb\xbf"):
        return NotText("the file starts with a byte order mark", _SAVE_AS_UTF_8)
    if re.match(_UTF_16, content):
        return NotText("the file is UTF-16, not UTF-8", _SAVE_AS_UTF_8)
    nul = content.find(b"\0", 0, 8192)
    if nul >= 0:
        before = content[:nul].decode("utf-8", "replace")
        return NotText("the file is binary: a NUL byte is in it", _RECORD_AGAIN, before)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        if error.reason == "unexpected end of data":
            return NotText("the file ends inside a character: it is cut off", _RECORD_AGAIN, before)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        return NotText(message, _SAVE_AS_UTF_8, before)


CONFLICT_MARKER = r"(?m)^(?:<{7}|>{7})(?: |$)"
_PIECE = r'(?s)"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+'


def _describe_syntax_error(error: json.JSONDecodeError) -> tuple[str, bool]:
    """A sentence about where a text stops being JSON, and whether that is because it stops at all."""
    if error.msg.startswith("Unterminated string"):
        return "the file ends inside a text: it is cut off", True
    rest = error.doc[error.pos :].strip()
    if re.fullmatch(_CUT_OFF, rest):
        return "the file ends before its value does: it is cut off", True
    if error.msg.startswith("Extra data"):
        return f"the JSON value has ended, and {_quote(rest)} follows it", False
    if error.msg.startswith("Invalid"):
        return f"not JSON: {_describe_bad_text(error)}", False
    expected = {
        "Expecting property name enclosed in double quotes": "a key in double quotes",
        "Expecting ':' delimiter": "':'",
        "Expecting ',' delimiter": "','",
        "Illegal trailing comma before end of object": "a key after the comma",
        "Illegal trailing comma before end of array": "a value after the comma",
    }.get(error.msg, "a value")
    return f"not JSON: {expected} should be where {_quote(rest)} is", False


# What can be left of a value when a file is cut off: nothing, or the start of a word, a number or an escape.
_CUT_OFF = r"|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|[-.]|[eE][-+]?|\\?u[0-9a-fA-F]{0,4}"


def _describe_bad_text(error: json.JSONDecodeError) -> str:
    """What is wrong inside a text in double quotes."""
    if error.msg.startswith("Invalid control character"):
        return f"{error.doc[error.pos]!r} should be escaped in a text"
    if error.msg.startswith("Invalid \\u"):
        return "four hexadecimal digits should follow \\u"
    return f"{error.doc[error.pos + 1]!r} should not follow a backslash"


def _quote(found: str) -> str:
    return repr(shorten(found.split(maxsplit=1)[0]))


def shorten(text: str) -> str:
    """A word as messages quote it: enough to know it by, and of a secret too little."""
    return text if len(text) <= 20 else text[:19] + "…"


_ODD_NUMBER = r"(?P<constant>NaN|-?Infinity)|-?(?P<digits>[0-9]+)(?P<float>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"


def _find_refused(text: str, max_depth: int) -> tuple[str, int]:
    """What made us stop at a text that Python's json can read so far, and its offset."""
    depth, most_digits = 0, sys.get_int_max_str_digits()
    for token in re.finditer(_PIECE, text):
        word, start = token[0], token.start()
        if word in "{[":
            depth += 1
            if depth > max_depth:
                return f"values nest more than {max_depth} deep", start
        elif word in "}]":
            depth -= 1
        elif number := re.match(_ODD_NUMBER, word):
            if number["constant"]:
                return f"{number[0]} is not a JSON value", start
            if not number["float"] and len(number["digits"]) > most_digits > 0:
                return f"a number has more than {most_digits:,} digits", start
            if number["float"] and isinf(float(number[0])):
                return f"the number {shorten(number[0])} is too large for a float", start
    return "the values nest too deeply to be read", 0


class _Wanted:
    """A value whose position is wanted, or that of something inside it: where it was last met."""

    __slots__ = ("container_start", "parts", "start")

    def __init__(self) -> None:
        self.parts: dict[str, _Wanted] = {}
        self.start: int | None = None
        self.container_start: int | None = None


def locate(text: str, pointers: Collection[str]) -> dict[str, Position]:
    """Where the values that JSON pointers name are in a JSON text; pointers to nothing are left out."""
    above = _Wanted()  # what the whole document is a part of
    targets = {}
    for pointer in pointers:
        target = [above]
        for step in split_pointer(f"/{pointer}"):  # seen from above, the document's own key is ""
            target.append(target[-1].parts.setdefault(step, _Wanted()))
        targets[pointer] = target
    path: list[_Wanted | None] = []
    for value in _walk(text):
        del path[value.depth :]
        container = path[-1] if path else above
        wanted = container.parts.get(value.step) if container else None
        if container and wanted:
            wanted.start, wanted.container_start = value.start, container.start
        path.append(wanted)
    position_of = find_positions(text)
    return {
        pointer: position_of(target[-1].start)
        for pointer, target in targets.items()
        if target[-1].start is not None
        # Of a key that is repeated, the last value counts, and so does only what is in that one.
        and all(inner.container_start == outer.start for outer, inner in pairwise(target))
    }


def find_duplicate_keys(text: str) -> Iterator[tuple[tuple[str, ...], Position]]:
    """Every key of a JSON text that its object has had already: the steps to it, and where it stands."""
    with suppress(ValueError):  # in nearly all texts there is none, which this tells at once
        decode(text, unique_keys=True)
        return
    path: list[tuple[str, set[str]]] = []  # the step to each open container, and its keys so far
    position_of = find_positions(text)
    for value in _walk(text):
        del path[value.depth :]
        if value.key_start is not None:
            keys = path[-1][1]
            if value.step in keys:
                steps = (*(step for step, _ in path[1:]), value.step)
                yield steps, position_of(value.key_start)
            keys.add(value.step)
        path.append((value.step, set()))


class _Value(NamedTuple):
    """A value in a JSON text. `depth` counts the containers around it, `step` is its key or, as text, its
    index. `key_start` is None in arrays. Starts are offsets into the text."""

    depth: int
    step: str
    start: int
    key_start: int | None


def _walk(text: str) -> Iterator[_Value]:
    """Every value of a JSON text, in order. The text must be JSON."""
    indexes: list[int | None] = []  # of the value that comes next, for each open container; None in objects
    step, key_start, expects_key = "", None, False
    for token in re.finditer(_PIECE, text):
        word, start = token[0], token.start()
        if word in "}]":
            indexes.pop()
            expects_key = False
        elif word == ":":
            expects_key = False
        elif word == ",":
            index = indexes[-1]
            if index is None:
                expects_key = True
            else:
                indexes[-1] = index + 1
                step, key_start = str(index + 1), None
        elif expects_key:
            step, key_start = json.loads(word), start
        else:
            yield _Value(len(indexes), step, start, key_start)
            if word in "{[":
                expects_key = word == "{"
                indexes.append(None if expects_key else 0)
                step, key_start = "0", None


def find_positions(text: str) -> Callable[[int], Position]:
    """A function from offsets in a text to positions; to be made once for many offsets."""
    line_starts = [0, *(newline.end() for newline in re.finditer("\n", text))]

    def position_of(offset: int) -> Position:
        line = bisect_right(line_starts, offset)
        return Position(line, offset - line_starts[line - 1] + 1)

    return position_of
