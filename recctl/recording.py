"""A recorded exchange: from bytes to a `Recording` or a `LoadError`, typed views of it, and back to bytes.

The file format is what the recorder writes: `json.dump(obj, indent=2)` and a newline, ASCII only, keys in
insertion order. Anything that says the same is read; only that is written.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from recctl.sources import Source

JSON = Any
"""A JSON value as `json.loads` gives it."""

MAX_DEPTH = 254
"""How deeply values may nest: what orjson writes, and far below Python's own recursion limit."""

_MAX_DIGITS = 4300
"""The most digits that Python reads as one integer (`sys.get_int_max_str_digits`)."""


class Position(NamedTuple):
    """A place in a text; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class LoadError:
    """Why a source holds no recording. `rule` is the rule that this breaks."""

    source: Source
    rule: str
    message: str
    hint: str | None = None
    position: Position | None = None


class Kind(Enum):
    """What was recorded; it decides which parts of the request the file's name is a hash of."""

    INFERENCE = "inference"
    HTTP = "http"
    TOOL = "tool"
    FILE_PROCESSOR = "file-processor"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Recording:
    """One recorded exchange: a request and its response.

    `position` is a JSON pointer to the recording inside its file ("" when it is the whole file).
    `as_written` is true when the file's bytes are exactly what the recorder would write for it; that proves
    at once that no key is repeated and that nothing was lost in reading.
    """

    source: Source
    document: dict[str, JSON]
    as_written: bool
    position: str = ""

    @property
    def request(self) -> dict[str, JSON]:
        """The request as recorded; always an object."""
        request: dict[str, JSON] = self.document["request"]
        return request

    @property
    def response(self) -> dict[str, JSON]:
        """The response as recorded; always an object."""
        response: dict[str, JSON] = self.document["response"]
        return response

    @property
    def test_id(self) -> str | None:
        """The id of the test that made the recording, where one is known."""
        for holder in (self.document, self.request):
            test_id = holder.get("test_id")
            if isinstance(test_id, str):
                return test_id
        return None

    @cached_property
    def kind(self) -> Kind:
        """Which kind of request this is, going by its keys."""
        request = self.request
        if "body" in request and "url" in request:
            return Kind.INFERENCE
        if "payload" in request and "url" in request:
            return Kind.HTTP
        if "tool_name" in request:
            return Kind.TOOL
        if "file_id" in request:
            return Kind.FILE_PROCESSOR
        return Kind.UNKNOWN

    @property
    def body(self) -> JSON:
        """What the reply consists of: an object, a list of chunks, or None after an exception."""
        return self.response.get("body")

    @property
    def is_streaming(self) -> bool:
        """Whether the recorder took the reply for a stream."""
        return self.response.get("is_streaming") is True

    @property
    def url(self) -> str:
        """Where the request went; "" when the recording does not say."""
        url = self.request.get("url")
        return url if isinstance(url, str) else ""

    @property
    def endpoint(self) -> str:
        """The endpoint as people name it; an http request's is its whole url, a tool's its name."""
        for key in ("endpoint", "url", "tool_name", "api"):
            value = self.request.get(key)
            if isinstance(value, str):
                return value
        return ""

    @property
    def asked(self) -> dict[str, JSON]:
        """What the client asked for: the body, the payload or the arguments of the request."""
        for key in ("body", "payload", "kwargs"):
            value = self.request.get(key)
            if isinstance(value, dict):
                return value
        return {}


def load(source: Source) -> tuple[Recording | LoadError, ...]:
    """Read what a source holds: its recordings, in order, or one `LoadError` in place of each bad one.

    Raises nothing. Repeated keys count as Python's `json` counts them: the last one wins.
    """
    content = source.content
    try:
        document = orjson.loads(content)
        as_written = serialise(document) == content
    except ValueError:
        as_written = False
    if not as_written:
        loaded = _load_strictly(source)
        if isinstance(loaded, LoadError):
            return (loaded,)
        document = loaded.value
    if not _is_recording(document):
        return (_not_a_recording(source, document),)
    return (Recording(source, document, as_written),)


def serialise(document: JSON) -> bytes:
    """The bytes that the recorder writes for a document: `json.dump(document, indent=2)` and a newline.

    orjson does the work; where its spelling differs (floats with exponents, non-ASCII text) it is put right,
    and what it refuses (big integers, lone surrogates) Python's `json` writes.
    Raises ValueError for NaN and infinities, which JSON has no words for.
    """
    try:
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        return json.dumps(document, indent=2, allow_nan=False).encode("ascii") + b"\n"
    if _OTHER_FLOATS.search(content):
        content = _FLOAT.sub(lambda number: repr(float(number[0])).encode(), content)
    if not content.isascii() or b"\x7f" in content:
        text = content.decode()
        content = _NOT_PRINTABLE_ASCII.sub(lambda run: json.dumps(run[0])[1:-1], text).encode("ascii")
    return content


# In an indented document a number ends its line, and no string can: "1e16," inside a text is followed by a
# quotation mark. orjson writes 1e16 and 0.00001 where Python writes 1e+16 and 1e-05.
_OTHER_FLOATS = re.compile(rb"e-?[0-9]+,?\n|0\.0000")
_FLOAT = re.compile(rb"(?<= )-?(?:[0-9.]+e-?[0-9]+|0\.0000[0-9]+)(?=,?\n)")
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x00-\x7e]+")


class _Loaded(NamedTuple):
    value: JSON


class _RefusedError(ValueError):
    """A constant or number that Python's json would take and JSON does not have."""


def _refuse_constant(text: str) -> JSON:
    raise _RefusedError(f"{text} is not a JSON value")


def _read_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _RefusedError(f"the number {_shorten(text)} is too large for a float")
    return value


def _load_strictly(source: Source) -> _Loaded | LoadError:
    """What Python's json makes of a source, or in what way it is not JSON."""

    def refuse(message: str, hint: str, position: Position | None = None) -> LoadError:
        return LoadError(source, "invalid-json", message, hint, position)

    record_again = "record it again, or take it from git's history"
    content = source.content
    if not content.strip():
        return refuse("the file is empty", record_again)
    text = _decode(content)
    if not isinstance(text, str):
        return refuse(text.message, "save it as UTF-8 without a byte order mark", text.position)
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
    except json.JSONDecodeError as error:
        marker = _CONFLICT_MARKER.search(text)
        if marker:
            at = _positions(text)(marker.start())
            return refuse("a merge conflict's markers stand in the file", "resolve the conflict", at)
        message, at_end = _describe_syntax_error(error)
        hint = record_again if at_end else "put it right, or record it again"
        return refuse(message, hint, _positions(text)(error.pos))
    except _RefusedError as error:
        return refuse(str(error), record_again, _find_refused(text))
    except RecursionError:
        return refuse(f"values nest more than {MAX_DEPTH} deep", record_again)
    except ValueError:
        long_number = re.search(f"[0-9]{{{_MAX_DIGITS + 1}}}", text)
        at = _positions(text)(long_number.start()) if long_number else Position(1, 1)
        return refuse(f"a number has more than {_MAX_DIGITS:,} digits", record_again, at)
    if _nests_too_deeply(document):
        return refuse(f"values nest more than {MAX_DEPTH} deep", record_again)
    return _Loaded(document)


class _NotText(NamedTuple):
    message: str
    position: Position


def _decode(content: bytes) -> str | _NotText:
    """A file's text, or why it is none."""
    start = Position(1, 1)
    if content.startswith(b"\xef\xbb\xbf"):
        return _NotText("the file starts with a byte order mark", start)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or (content[:2].count(0) == 1 and len(content) > 1):
        return _NotText("the file is UTF-16, not UTF-8", start)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        position = _positions(before)(len(before))
        if b"\0" in content[:8192]:
            return _NotText("the file is binary", position)
        return _NotText(f"byte 0x{content[error.start]:02x} is not UTF-8 text", position)


_CONFLICT_MARKER = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)


def _describe_syntax_error(error: json.JSONDecodeError) -> tuple[str, bool]:
    """A sentence about where a text stops being JSON, and whether that is because it stops at all."""
    text = error.doc
    if error.msg.startswith("Unterminated string"):
        return "the file ends inside a text: it is cut off", True
    found = text[error.pos :].lstrip()
    if not found:
        return "the file ends before its value does: it is cut off", True
    if error.msg.startswith("Extra data"):
        return f"the JSON value has ended, and {_quote(found)} follows it", False
    expected = {
        "Expecting value": "a value",
        "Expecting property name enclosed in double quotes": "a key in double quotes",
        "Expecting ':' delimiter": "':'",
        "Expecting ',' delimiter": "','",
        "Illegal trailing comma before end of object": "a key after the comma",
        "Illegal trailing comma before end of array": "a value after the comma",
    }.get(error.msg)
    if expected is None:
        return f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}", False
    return f"not JSON: {expected} should stand where {_quote(found)} does", False


def _quote(found: str) -> str:
    return repr(_shorten(found.split(maxsplit=1)[0]))


def _shorten(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"


def _find_refused(text: str) -> Position | None:
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in ("NaN", "Infinity", "-Infinity"):
            return _positions(text)(token.start())
        if word[0] in "-0123456789" and word.lstrip("-")[:1].isdigit():
            try:
                infinite = float(word) in (float("inf"), float("-inf"))
            except ValueError:
                continue
            if infinite and any(sign in word for sign in ".eE"):
                return _positions(text)(token.start())
    return None


def _nests_too_deeply(document: JSON) -> bool:
    depth, level = 0, [document]
    while level := [value for value in level if isinstance(value, (dict, list))]:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        level = [child for value in level for child in (value.values() if isinstance(value, dict) else value)]
    return False


def _is_recording(document: JSON) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("request"), dict)
        and isinstance(document.get("response"), dict)
    )


def _not_a_recording(source: Source, document: JSON) -> LoadError:
    if not isinstance(document, dict):
        what = f"JSON, but {name_type(document)} and not an object"
    else:
        missing = [key for key in ("request", "response") if key not in document]
        if missing:
            what = f"an object, but without {' and '.join(map(repr, missing))}"
        else:
            bad = next(key for key in ("request", "response") if not isinstance(document[key], dict))
            what = f"an object, but its {bad!r} is {name_type(document[bad])}"
    hint = "a recording is an object with a 'request' and a 'response'; move other files elsewhere"
    return LoadError(source, "not-a-recording", f"not a recording: {what}", hint)


def name_type(value: JSON) -> str:
    """A JSON value's type, with an article, as a sentence wants it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for types, name in ((str, "a string"), ((int, float), "a number"), (list, "an array")):
        if isinstance(value, types):
            return name
    return "an object"


def locate(text: str, pointers: Collection[str]) -> dict[str, Position]:
    """Where the values that JSON pointers name stand in a JSON text; pointers to nothing are left out."""
    wanted = set(pointers)
    position_of = _positions(text)
    return {value.pointer: position_of(value.start) for value in _walk(text) if value.pointer in wanted}


def find_duplicate_keys(text: str) -> Iterator[tuple[str, Position]]:
    """Every key of a JSON text that its object has had already: the pointer to it, and where it stands."""
    seen: set[tuple[int, str]] = set()
    position_of = _positions(text)
    for value in _walk(text):
        if value.key_start is None:
            continue
        key = (value.container_start, value.pointer)
        if key in seen:
            yield value.pointer, position_of(value.key_start)
        seen.add(key)


def escape_pointer(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class _Value(NamedTuple):
    """A value in a JSON text; `key_start` is None in arrays. Starts are offsets into the text."""

    pointer: str
    start: int
    container_start: int
    key_start: int | None


@dataclass(slots=True)
class _Container:
    pointer: str
    start: int
    index: int | None  # of the item that comes next; None in objects


def _walk(text: str) -> Iterator[_Value]:
    """Every value of a JSON text, in order. The text must be JSON."""
    open_containers: list[_Container] = []
    pointer, container_start, key_start, expects_key = "", 0, None, False
    for token in _TOKEN.finditer(text):
        word, start = token[0], token.start()
        if word in "}]":
            open_containers.pop()
            expects_key = False
        elif word == ":":
            expects_key = False
        elif word == ",":
            inner = open_containers[-1]
            container_start = inner.start
            if inner.index is None:
                expects_key = True
            else:
                inner.index += 1
                pointer, key_start = f"{inner.pointer}/{inner.index}", None
        elif expects_key:
            pointer = f"{open_containers[-1].pointer}/{escape_pointer(json.loads(word))}"
            key_start = start
        else:
            yield _Value(pointer, start, container_start, key_start)
            if word in "{[":
                expects_key = word == "{"
                open_containers.append(_Container(pointer, start, None if expects_key else 0))
                pointer, container_start, key_start = f"{pointer}/0", start, None


def _positions(text: str) -> Callable[[int], Position]:
    """A function from offsets in a text to positions; to be made once for many offsets."""
    line_starts = [0, *(newline.end() for newline in re.finditer("\n", text))]

    def position_of(offset: int) -> Position:
        line = bisect_right(line_starts, offset)
        return Position(line, offset - line_starts[line - 1] + 1)

    return position_of
