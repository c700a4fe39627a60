"""OGX's recordings: a JSON file with one exchange, named after a hash of its request.

A file is what the recorder writes: `json.dump(obj, indent=2)` and a newline, ASCII only, keys in insertion
order. Anything that says the same is read; only that is written.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING

import orjson

from recctl.base.pointer import join_pointer
from recctl.base.strict_json import MAX_DEPTH
from recctl.project import RECORDINGS
from recctl.recordings.formats import HEAD_SIZE, Defect, Format
from recctl.recordings.names import MODELS, read_proxied_name
from recctl.recordings.recording import JSON, LoadError, Recording, name_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.base.syntax import Position
    from recctl.recordings.source import Source


def read(source: Source) -> tuple[Recording | LoadError, ...]:
    """The one recording that a file holds, or why it holds none.

    Raises nothing. Repeated keys count as Python's `json` counts them: the last one wins.
    """
    document = _read_quickly(source.content)
    as_written = document is not None
    if document is None:
        from recctl.base.syntax import Fault, read_strictly

        found = read_strictly(source.content, MAX_DEPTH)
        if isinstance(found, Fault):
            return (LoadError(source, "invalid-json", found.message, found.hint, found.position),)
        document = found.value
        as_written = serialise(document) == source.content
    if not _is_recording(document):
        return (_not_a_recording(source, document),)
    return (Recording(source, document, as_written),)


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
        content = re.sub(_SMALL_FLOAT, _respell_small_float, content)
    return _escape(re.sub(_EXPONENT, _respell_exponent, content))


def _escape(content: bytes) -> bytes:
    """JSON as orjson writes it, with escapes for all that the recorder does not write as it is."""
    if not content.isascii():
        content = content.decode().encode("ascii", _JSON_ESCAPES)
    return content.replace(b"\x7f", b"\\u007f")


# In an indented document a number ends its line, and no string can: "1e16," inside a text is followed by a
# quotation mark. orjson writes 1e16, 1e-7 and 0.00001 where Python writes 1e+16, 1e-07 and 1e-05.
_EXPONENT = rb"e(-?)([0-9]+)(?=,?\n)"  # compiled where a file calls for it, as the next
_SMALL_FLOAT = rb"0\.0000[0-9]+(?=,?\n)"


def _escape_run(error: UnicodeError) -> tuple[str, int]:
    """What is in JSON for a run of characters that ASCII does not have."""
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


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:
    """Whether a JSON file lies where recorders write to, is named like a hash, or starts like a recording.

    One that starts like it, but has the text that was sent for the request's body, or what was sent twice, or
    a proxy's name, is another recorder's; one of a path without a host is a stub of a server, as WireMock's.
    """
    if RECORDINGS in folders or (name and re.fullmatch(_HASH_NAME, name)):
        return True
    content = read()
    head = content[:HEAD_SIZE]
    if re.match(_HEAD, head) is None or re.match(_STUB, head) or read_proxied_name(name) is not None:
        return False
    end = content.find(_RESPONSE)
    is_other = any(content.find(sign, 0, end) >= 0 for sign in _OTHERS)
    return not (is_other or (b'"headers"' in head and re.search(_TEXT_BODY, head)))


_HASH_NAME = rf"(?:[0-9a-f]{{64}}|[0-9a-f]{{12}}|{MODELS}[0-9a-f]{{12,64}}-[0-9a-f]{{8}})\.json"
_HEAD = (
    rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:"test_id"\s*:\s*(?:null|"(?:[^"\\]++|\\.)*+")\s*,\s*)?"request"\s*:\s*\{'
)

_STUB = rb'\s*\{\s*"request"\s*:\s*\{\s*(?:"method"\s*:\s*"[A-Z]+"\s*,\s*)?"url\w*"\s*:\s*"/'
_TEXT_BODY = rb'"headers"\s*+:\s*+\{[^{}]*+\}\s*+,\s*+"body"\s*+:\s*+"'
_OTHERS = (b'\n    "body": "', b'\n    "canonical_json": ')
_RESPONSE = b'\n  "response": '


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:  # noqa: ARG001
    """Repeated keys and formatting that is not the recorder's; nothing for files that are as written."""
    return {
        item.index: [*_inspect(item)] for item in items if isinstance(item, Recording) and not item.as_written
    }


def _inspect(recording: Recording) -> Iterator[Defect]:
    from recctl.base.syntax import find_duplicate_keys

    content = recording.source.content
    is_unambiguous = True
    for steps, position in find_duplicate_keys(content.decode()):
        is_unambiguous = False
        message = f"the key {steps[-1]!r} occurs a second time in its object"
        hint = "delete the value that does not belong there"
        yield Defect("duplicate-key", message, hint, join_pointer(steps), position)
    if is_unambiguous:
        message = "not written as the recorder writes it (indent 2, ASCII, a newline at the end)"
        hint = "rewrite it with json.dump(recording, file, indent=2) and a newline, or let --fix do it"
        yield Defect("formatting", message, hint, fixable=True)


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:  # noqa: ARG001  (there is one)
    """The positions of values in the file."""
    from recctl.base.syntax import locate

    return locate(source.content.decode(), pointers)


FORMAT = Format(
    "ogx", RECORDINGS, (".json",), claims, read, inspect, locate, schema="recording", is_named_by_hash=True
)
