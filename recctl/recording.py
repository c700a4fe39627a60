"""A recorded exchange: from bytes to a `Recording` or a `LoadError`, typed views of it, and back to bytes.

The file format is what the recorder writes: `json.dump(obj, indent=2)` and a newline, ASCII only, keys in
insertion order. Anything that says the same is read; only that is written.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from recctl.abridge import abridge
from recctl.sources import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.abridge import Abridged, Run
    from recctl.sources import Selection
    from recctl.syntax import Position

JSON = Any
"""A JSON value as `json.loads` gives it."""

MAX_DEPTH = 254
"""How deeply values may nest: what orjson writes, and far below Python's own recursion limit."""


class LoadError(NamedTuple):
    """Why a source holds no recording. `rule` is the rule that this breaks."""

    source: Source
    rule: str
    message: str
    hint: str | None = None
    position: Position | None = None

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name


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

    `loaded` is what was read at first: the document or, where the file could be told in `short`, the abridged
    one, in which each run of chunks is one chunk.
    `as_written` is true when the file's bytes are what the recorder would write for it (floats may be spelled
    as orjson spells them); that proves at once that no key is repeated and that nothing was lost in reading.
    """

    source: Source
    loaded: dict[str, JSON]
    as_written: bool
    short: Abridged | None = None

    @cached_property
    def document(self) -> dict[str, JSON]:
        """The whole document."""
        return orjson.loads(self.source.content) if self.short else self.loaded

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that are one chunk each in what was loaded."""
        return self.short.runs if self.short else ()

    @property
    def abridged(self) -> Recording:
        """The recording as if the file held its abridged document; itself, when it has no runs.

        Every key of the whole one is there, every value that is no text, and every text, if only as part of a
        longer one.
        """
        # Not cached itself: a recording that held itself would keep its memory until Python looks for cycles.
        return self if self.short is None else self._abridged

    @cached_property
    def _abridged(self) -> Recording:
        assert self.short is not None  # noqa: S101  (for the type checker)
        return Recording(self.source._replace(content=self.short.content), self.loaded, as_written=True)

    def with_document(self, document: dict[str, JSON]) -> Recording:
        """The same recording with another document."""
        return replace(self, loaded=document, short=None)

    @property
    def request(self) -> dict[str, JSON]:
        """The request as recorded; always an object."""
        request: dict[str, JSON] = self.loaded["request"]
        return request

    @property
    def response(self) -> dict[str, JSON]:
        """The response as recorded; always an object."""
        response: dict[str, JSON] = self.document["response"]
        return response

    @property
    def test_id(self) -> str | None:
        """The id of the test that made the recording, where one is known."""
        for holder in (self.loaded, self.request):
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
        return self.loaded["response"].get("is_streaming") is True

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
    def model(self) -> JSON:
        """The model that was asked, mostly its name; None when the recording does not say."""
        return self.request.get("model") or self.asked.get("model")

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
    short = abridge(source.content)
    if short is not None:
        document = _read_quickly(short.content)
        if _is_recording(document):
            return (Recording(source, document, as_written=True, short=short),)
    document = _read_quickly(source.content)
    as_written = document is not None
    if document is None:
        from recctl.syntax import Fault, read_strictly

        read = read_strictly(source.content, MAX_DEPTH)
        if isinstance(read, Fault):
            return (LoadError(source, "invalid-json", *read),)
        document = read.value
        as_written = serialise(document) == source.content
    if not _is_recording(document):
        return (_not_a_recording(source, document),)
    return (Recording(source, document, as_written),)


def load_all(selection: Selection) -> Iterator[Recording | LoadError | Unread]:
    """What a selection holds, one after the other, and what of it can't be read or holds no recording."""
    yield from selection.unread
    for source in selection.read():
        yield from (source,) if isinstance(source, Unread) else load(source)


def find_recording(source: Source | Unread) -> Recording | None:
    """The first recording in what was read; None where that holds none, or could not be read."""
    items = load(source) if isinstance(source, Source) else ()
    return next((item for item in items if isinstance(item, Recording)), None)


def _read_quickly(content: bytes) -> JSON:
    """The document that content is, if it is what the recorder would write for that; else None."""
    try:
        document = orjson.loads(content)
        plain = orjson.dumps(document, option=_INDENTED)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    # Escapes alone do for nearly all files; to search for numbers as well takes more than twice the time.
    return document if _escape(plain) == content or _respell(plain) == content else None


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
