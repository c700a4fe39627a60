"""A recorded exchange: from bytes to a `Recording` or a `LoadError`, typed views of it, and back to bytes.

The file format is what the recorder writes: `json.dump(obj, indent=2)` and a newline, ASCII only, keys in
insertion order. Anything that says the same is read; only that is written.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import pairwise
from math import isinf
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from recctl.sources import Source

JSON = Any
"""A JSON value as `json.loads` gives it."""

MAX_DEPTH = 254
"""How deeply values may nest: what orjson writes, and far below Python's own recursion limit."""


class Position(NamedTuple):
    """A place in a text; both count from 1, columns in characters."""

    line: int
    column: int


class LoadError(NamedTuple):
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
    `as_written` is true when the file's bytes are what the recorder would write for it (floats may be spelled
    as orjson spells them); that proves at once that no key is repeated and that nothing was lost in reading.
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
    try:
        document = orjson.loads(source.content)
        plain = orjson.dumps(document, option=_INDENTED)
        # Escapes alone do for nearly all files; to search for numbers as well takes more than twice the time.
        as_written = _escape(plain) == source.content or _respell(plain) == source.content
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        as_written = False
    if not as_written:
        loaded = _load_strictly(source)
        if isinstance(loaded, LoadError):
            return (loaded,)
        document = loaded.value
        as_written = serialise(document) == source.content
    if not _is_recording(document):
        return (_not_a_recording(source, document),)
    return (Recording(source, document, as_written),)


def serialise(document: JSON) -> bytes:
    """The bytes that the recorder writes for a document: `json.dump(document, indent=2)` and a newline.

    The document holds no NaN and no infinity, for which JSON has no words; nothing that was loaded does.
    """
    try:
        return _serialise_quickly(document)
    except orjson.JSONEncodeError:  # big integers, lone surrogates, deep nesting
        return json.dumps(document, indent=2).encode("ascii") + b"\n"


def _serialise_quickly(document: JSON) -> bytes:
    """What the recorder would write, by orjson. Raises orjson.JSONEncodeError for what that refuses."""
    return _respell(orjson.dumps(document, option=_INDENTED))


_INDENTED = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def _respell(content: bytes) -> bytes:
    """A document as orjson writes it, put right where its spelling differs from that of Python's json."""
    if b"0.0000" in content:
        content = _SMALL_FLOAT.sub(_respell_small_float, content)
    return _escape(_EXPONENT.sub(_respell_exponent, content))


def _escape(content: bytes) -> bytes:
    """JSON as orjson writes it, with escapes for all that the recorder does not write as it is."""
    if not content.isascii():
        content = content.decode().encode("ascii", _JSON_ESCAPES)
    return content.replace(b"\x7f", b"\\u007f")


# In an indented document a number ends its line, and no string can: "1e16," inside a text is followed by a
# quotation mark. orjson writes 1e16, 1e-7 and 0.00001 where Python writes 1e+16, 1e-07 and 1e-05.
_EXPONENT = re.compile(rb"e(-?)([0-9]+)(?=,?\n)")
_SMALL_FLOAT = re.compile(rb"0\.0000[0-9]+(?=,?\n)")


def _escape_run(error: UnicodeError) -> tuple[str, int]:
    """What stands in JSON for a run of characters that ASCII does not have."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101  (nothing else is encoded with this)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_JSON_ESCAPES = "recctl-json-escapes"
codecs.register_error(_JSON_ESCAPES, _escape_run)


def _respell_exponent(match: re.Match[bytes]) -> bytes:
    return b"e%b%b" % (match[1] or b"+", match[2].zfill(2))


def _respell_small_float(match: re.Match[bytes]) -> bytes:
    is_whole_number = match.string[match.start() - 1 : match.start()] in (b"", b" ", b"-")
    return repr(float(match[0])).encode() if is_whole_number else match[0]


class _Loaded(NamedTuple):
    value: JSON


class _RefusedError(ValueError):
    """Something that Python's json would take and JSON does not have."""


def _refuse_constant(text: str) -> JSON:
    raise _RefusedError(text)


def _read_float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise _RefusedError(text)
    return value


_RECORD_AGAIN = "record it again, or take it from git's history"
_SAVE_AS_UTF_8 = "save it as UTF-8 without a byte order mark"


def _load_strictly(source: Source) -> _Loaded | LoadError:
    """What Python's json makes of a source, or in what way it is not JSON."""

    def refuse(message: str, hint: str, text: str = "", offset: int = 0) -> LoadError:
        return LoadError(source, "invalid-json", message, hint, _positions(text)(offset))

    if not source.content.strip():
        return refuse("the file is empty", _RECORD_AGAIN)
    text = _decode(source.content)
    if isinstance(text, _NotText):
        return refuse(*text)
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
    except json.JSONDecodeError as error:
        marker = _CONFLICT_MARKER.search(text)
        if marker:
            message = "a merge conflict's markers stand in the file"
            return refuse(message, "resolve the conflict", text, marker.start())
        message, is_cut_off = _describe_syntax_error(error)
        hint = _RECORD_AGAIN if is_cut_off else "put it right, or record it again"
        return refuse(message, hint, text, error.pos)
    except (ValueError, RecursionError):  # refused above, or by Python for its digits or its depth
        message, offset = _find_refused(text)
        return refuse(message, _RECORD_AGAIN, text, offset)
    if _nests_too_deeply(document):
        message, offset = _find_refused(text)
        return refuse(message, _RECORD_AGAIN, text, offset)
    return _Loaded(document)


class _NotText(NamedTuple):
    """Why a file is not text: the message, the hint, the text before the place where that shows."""

    message: str
    hint: str
    before: str = ""
    offset: int = 0


# Two bytes a character: a byte order mark, or a character that JSON may begin with beside a NUL.
_UTF_16 = re.compile(rb'\xff\xfe|\xfe\xff|\0[\s\[{"]|[\s\[{"]\0')


def _decode(content: bytes) -> str | _NotText:
    """A file's text, or why it is none."""
    if content.startswith(b"\xef\xbb\xbf"):
        return _NotText("the file starts with a byte order mark", _SAVE_AS_UTF_8)
    if _UTF_16.match(content):
        return _NotText("the file is UTF-16, not UTF-8", _SAVE_AS_UTF_8)
    nul = content.find(b"\0", 0, 8192)
    if nul >= 0:
        before = content[:nul].decode("utf-8", "replace")
        return _NotText("the file is binary: a NUL byte stands in it", _RECORD_AGAIN, before, len(before))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        if error.reason == "unexpected end of data":
            return _NotText(
                "the file ends inside a character: it is cut off", _RECORD_AGAIN, before, len(before)
            )
        message = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        return _NotText(message, _SAVE_AS_UTF_8, before, len(before))


_CONFLICT_MARKER = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)


def _describe_syntax_error(error: json.JSONDecodeError) -> tuple[str, bool]:
    """A sentence about where a text stops being JSON, and whether that is because it stops at all."""
    if error.msg.startswith("Unterminated string"):
        return "the file ends inside a text: it is cut off", True
    rest = error.doc[error.pos :].strip()
    if _CUT_OFF.fullmatch(rest):
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
    return f"not JSON: {expected} should stand where {_quote(rest)} does", False


# What can be left of a value when a file is cut off: nothing, or the start of a word, a number or an escape.
_CUT_OFF = re.compile(r"|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|[-.]|[eE][-+]?|\\?u[0-9a-fA-F]{0,4}")


def _describe_bad_text(error: json.JSONDecodeError) -> str:
    """What is wrong inside a text in double quotes."""
    if error.msg.startswith("Invalid control character"):
        return f"{error.doc[error.pos]!r} should be escaped in a text"
    if error.msg.startswith("Invalid \\u"):
        return "four hexadecimal digits should follow \\u"
    return f"{error.doc[error.pos + 1]!r} should not follow a backslash"


def _quote(found: str) -> str:
    return repr(_shorten(found.split(maxsplit=1)[0]))


def _shorten(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"


_ODD_NUMBER = re.compile(
    r"(?P<constant>NaN|-?Infinity)|-?(?P<digits>[0-9]+)(?P<float>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
)


def _find_refused(text: str) -> tuple[str, int]:
    """What made us stop at a text that Python's json can read so far, and its offset."""
    depth, most_digits = 0, sys.get_int_max_str_digits()
    for token in _TOKEN.finditer(text):
        word, start = token[0], token.start()
        if word in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                return f"values nest more than {MAX_DEPTH} deep", start
        elif word in "}]":
            depth -= 1
        elif number := _ODD_NUMBER.match(word):
            if number["constant"]:
                return f"{number[0]} is not a JSON value", start
            if not number["float"] and len(number["digits"]) > most_digits > 0:
                return f"a number has more than {most_digits:,} digits", start
            if number["float"] and isinf(float(number[0])):
                return f"the number {_shorten(number[0])} is too large for a float", start
    return "the values nest too deeply to be read", 0


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


@dataclass(slots=True)
class _Wanted:
    """A value whose position is wanted, or that of something inside it: where it was last met."""

    parts: dict[str, _Wanted] = field(default_factory=dict)
    start: int | None = None
    container_start: int | None = None


def locate(text: str, pointers: Collection[str]) -> dict[str, Position]:
    """Where the values that JSON pointers name stand in a JSON text; pointers to nothing are left out."""
    above = _Wanted()  # what the whole document is a part of
    targets = {}
    for pointer in pointers:
        target = [above]
        for step in pointer.split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            target.append(target[-1].parts.setdefault(key, _Wanted()))
        targets[pointer] = target
    path: list[_Wanted | None] = []
    for value in _walk(text):
        del path[value.depth :]
        container = path[-1] if path else above
        wanted = container.parts.get(value.step) if container else None
        if container and wanted:
            wanted.start, wanted.container_start = value.start, container.start
        path.append(wanted)
    position_of = _positions(text)
    return {
        pointer: position_of(target[-1].start)
        for pointer, target in targets.items()
        if target[-1].start is not None
        # Of a key that is repeated, the last value counts, and so does only what stands in that one.
        and all(inner.container_start == outer.start for outer, inner in pairwise(target))
    }


def find_duplicate_keys(text: str) -> Iterator[tuple[str, Position]]:
    """Every key of a JSON text that its object has had already: the pointer to it, and where it stands."""
    path: list[tuple[str, set[str]]] = []  # the step to each open container, and its keys so far
    position_of = _positions(text)
    for value in _walk(text):
        del path[value.depth :]
        if value.key_start is not None:
            keys = path[-1][1]
            if value.step in keys:
                steps = [*(step for step, _ in path[1:]), value.step]
                pointer = "".join(f"/{escape_pointer(step)}" for step in steps)
                yield pointer, position_of(value.key_start)
            keys.add(value.step)
        path.append((value.step, set()))


def escape_pointer(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


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
    for token in _TOKEN.finditer(text):
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


def _positions(text: str) -> Callable[[int], Position]:
    """A function from offsets in a text to positions; to be made once for many offsets."""
    line_starts = [0, *(newline.end() for newline in re.finditer("\n", text))]

    def position_of(offset: int) -> Position:
        line = bisect_right(line_starts, offset)
        return Position(line, offset - line_starts[line - 1] + 1)

    return position_of
