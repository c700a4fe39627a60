"""vcrpy's cassettes: the exchanges of one test in a YAML file, found by the test's name, played in order.

Mirrors vcrpy 9.4 (`vcr/serialize.py`, `vcr/serializers/`) and the layouts that projects made of it: JSON
bodies under `parsed_body` (pydantic-ai's serializer), compressed files with the two lists `requests` and
`responses` (langchain's), vcrpy's own JSON serializer.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from recctl.recordings.bodies import write_bytes
from recctl.recordings.compression import GZIP, InflationError, Room, inflate
from recctl.recordings.formats import HEAD_SIZE, Defect, Format, Matching
from recctl.recordings.formats._vcrpy_names import FOLDER, find_test, is_companion, list_places
from recctl.recordings.http import Message, find_header, make_document
from recctl.recordings.recording import JSON, LoadError, Recording, name_type
from recctl.text.amounts import show_count
from recctl.text.pointer import join_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.recordings.source import Source
    from recctl.text.syntax import Position
    from recctl.text.yaml_text import YAML

NAME = "vcrpy"
_JSON_DEPTH = 254


def claims(name: str, folders: tuple[str, ...], read: Callable[[], bytes]) -> bool:  # noqa: ARG001
    """Whether a file starts like a cassette, or lies among cassettes and says nothing, or is in conflict."""
    head = read()[:HEAD_SIZE]
    if FOLDER in folders and (not head.strip() or head.startswith(b"<<<<<<<")):
        return True
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD_SIZE)
        except zlib.error:
            return False
    head = head.replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf")
    return (_JSON_HEAD.match(head) or _YAML_HEAD.search(head)) is not None


_YAML_HEAD = re.compile(
    rb"""^(?:interactions|requests):[ \t]*(?:\[\][ \t]*)?(?:\#.*)?\n
         (?:[ \t]*(?:\#.*)?\n)*                # blank lines, comments
         (?:[ \t]*-[ \t]+(?:request|response|body|headers|method|uri): | [^ \t\#-] | \Z)""",
    re.MULTILINE | re.VERBOSE,
)
_JSON_HEAD = re.compile(rb'\s*\{\s*(?:"version"\s*:\s*1\s*,\s*)?"interactions"\s*:\s*\[')


class _Raw(NamedTuple):
    """What a file says: its exchanges as stored, and the room that there is for their bodies."""

    items: list[YAML]
    has_bytes: bool
    is_sound: bool
    room: Room


def read(source: Source) -> tuple[Recording | LoadError, ...]:
    """The exchanges of a cassette, in order; a `LoadError` in place of each bad one, or one for the file.

    A cassette without exchanges gives none, and no error.
    A recording is `as_written` when nothing about the file is odd (keys that stand twice, tags that vcrpy
    refuses), nor about how its reply is stored, and no long word stands where no recording has it, however
    the file is laid out. Raises nothing but RecctlError, when libyaml is not there.
    """
    content = _unpack(source)
    raw = content if isinstance(content, LoadError) else _parse(source, content)
    return (raw,) if isinstance(raw, LoadError) else _read_items(source, raw)


def _read_items(source: Source, raw: _Raw) -> tuple[Recording | LoadError, ...]:
    if raw.items and not any(isinstance(item, dict) and "request" in item for item in raw.items):
        return (_refuse_items(source, raw.items),)
    bad = [index for index, item in enumerate(raw.items) if _find_defect(item) is not None]
    if not bad:
        return tuple(_read_item(source, raw, index) for index in range(len(raw.items)))
    told, more = _tell_defects(source, raw, bad)
    bad_ones = frozenset(bad)
    return tuple(
        (told.get(index) or more) if index in bad_ones else _read_item(source, raw, index)
        for index in range(len(raw.items))
    )


_MOST_DEFECTS = 100
"""How many bad exchanges of a file are told one by one."""


def _tell_defects(source: Source, raw: _Raw, bad: list[int]) -> tuple[dict[int, LoadError], LoadError]:
    """The errors for items that are no exchanges, by their indexes, and one for all others of very many."""
    from recctl.recordings.formats._vcrpy_places import locate_items

    content = _unpack(source)
    assert isinstance(content, bytes)  # noqa: S101  (the items were read from it)
    rest, wanted = bad[_MOST_DEFECTS:], (source.number or 0) - 1
    single = {*bad[:_MOST_DEFECTS], *rest[:1], *(index for index in rest if index == wanted)}
    positions = locate_items(content, single, is_json=_is_json(source))
    told = {
        index: _refuse_item(source, index, _find_defect(raw.items[index]) or "")._replace(
            position=positions.get(index)
        )
        for index in sorted(single)
    }
    more = told[(rest or bad)[0]]
    if len(rest) > 1:
        more = more._replace(message=f"{len(rest):,} more from here on are no exchanges", total=len(rest))
        told = {index: error for index, error in told.items() if index in (wanted, *bad[:_MOST_DEFECTS])}
    return told, more


def _unpack(source: Source) -> bytes | LoadError:
    """A file's text, inflated where it is compressed."""
    if not source.content.startswith(GZIP):
        return source.content
    try:
        return inflate(source.content, source.settings.max_size)
    except InflationError as error:
        return LoadError(source, "invalid-yaml", str(error), "record it again, or take it from git's history")


def _is_json(source: Source) -> bool:
    return source.place is not None and source.place.name.endswith(".json")


def _parse(source: Source, content: bytes) -> _Raw | LoadError:
    """The exchanges of a text as stored, or why it is no cassette."""
    from recctl.recordings.formats._vcrpy_rest import holds_more  # as all below: a walk needs none of them
    from recctl.text.syntax import Fault

    if _is_json(source):
        from recctl.text.syntax import read_strictly

        read = read_strictly(content, _JSON_DEPTH)
        if isinstance(read, Fault):
            return LoadError(source, "invalid-json", *read)
        is_sound = _has_unique_keys(content) and not holds_more(read.value)
        return _find_items(source, read.value, has_bytes=False, is_sound=is_sound)
    from recctl.recordings.formats._vcrpy_tags import CONSTRUCTORS
    from recctl.text.yaml_text import find_fault, read_documents

    documents = read_documents(content, max_size=source.settings.max_size, constructors=CONSTRUCTORS)
    if isinstance(documents, Fault):
        return LoadError(source, "invalid-yaml", *documents)
    if not documents:
        return LoadError(source, "not-a-recording", "not a cassette: there is nothing in it", _HINT)
    if len(documents) > 1:
        message = "a second document begins here, and a cassette is one"
        fault = find_fault(content, documents[1].start, message, "keep one of them")
        return LoadError(source, "invalid-yaml", *fault)
    value, _, has_bytes, oddities = documents[0]
    has_comment = b"#" in content and _COMMENT.search(content) is not None
    is_sound = not (oddities or has_comment or holds_more(value))
    return _find_items(source, value, has_bytes=has_bytes, is_sound=is_sound)


_COMMENT = re.compile(rb"^[ \t]*#.*[^\s]{16}", re.MULTILINE)


_HINT = "a cassette is a mapping with a list of 'interactions'; move other files elsewhere"


def _has_unique_keys(content: bytes) -> bool:
    from recctl.text.strict_json import decode

    try:
        decode(content.decode(), unique_keys=True)
    except ValueError:
        return False
    return True


def _find_items(source: Source, value: YAML, *, has_bytes: bool, is_sound: bool) -> _Raw | LoadError:
    def refuse(what: str, hint: str = _HINT) -> LoadError:
        return LoadError(source, "not-a-recording", f"not a cassette: {what}", hint)

    if isinstance(value, list):
        if value and isinstance(value[0], dict) and "request" in value[0]:
            return refuse(
                "a list as vcrpy wrote it before 1.0, which it refuses now",
                "convert it with vcrpy's migration script (python -m vcr.migration), or record it again",
            )
        return refuse("a list, and no mapping")
    if not isinstance(value, dict):
        return refuse(f"{name_type(value)}, and no mapping")
    if "interactions" in value:
        items = value["interactions"]
    elif isinstance(value.get("requests"), list) and isinstance(value.get("responses"), list):
        items = _pair(value["requests"], value["responses"])
    else:
        return refuse("a mapping, but without 'interactions'")
    if items is None:
        items = []
    if not isinstance(items, list):
        return refuse(f"its 'interactions' are {name_type(items)}, and no list")
    return _Raw(items, has_bytes, is_sound, Room(source.settings.max_size))


def _pair(requests: list[YAML], responses: list[YAML]) -> list[YAML]:
    """Exchanges, from two lists; what has no counterpart is alone in its exchange."""
    count = max(len(requests), len(responses))
    return [
        {
            **({"request": requests[index]} if index < len(requests) else {}),
            **({"response": responses[index]} if index < len(responses) else {}),
        }
        for index in range(count)
    ]


def _refuse_items(source: Source, items: list[YAML]) -> LoadError:
    """The error for a file of which no exchange is one of HTTP."""
    from recctl.text.syntax import shorten

    first = next((item for item in items if isinstance(item, dict) and item), None)
    keys = [repr(shorten(key)) for key in [*(first or ())][:3]]
    what = f"hold {' and '.join(keys)}" if keys else "hold no mappings"
    message = f"no HTTP was recorded here: its interactions {what}, and no 'request'"
    return LoadError(source, "not-a-recording", message, _HINT)


def _read_item(source: Source, raw: _Raw, index: int) -> Recording:
    from recctl.recordings.formats._vcrpy_encodings import find_mismatch

    item = raw.items[index]
    request, response = item["request"], item["response"]
    body, status = response.get("body"), response.get("status")
    document = make_document(
        request["method"],
        request["uri"],
        _read_message(request, request.get("body"), raw.has_bytes),
        write_bytes(status.get("code") if isinstance(status, dict) else status),
        _read_message(response, body.get("string") if isinstance(body, dict) else body, raw.has_bytes),
        room=raw.room,
    )
    is_sound = raw.is_sound and find_mismatch(request, response) is None
    return Recording(source, document, is_sound, format=NAME, index=index, is_alone=False)


def _find_defect(item: YAML) -> str | None:
    """What keeps an item from being an exchange; None if nothing does."""
    if not isinstance(item, dict):
        return f"it is {name_type(item)}, and no mapping"
    for side in ("request", "response"):
        if side not in item:
            return f"it has no {side!r}"
        if not isinstance(item[side], dict):
            return f"its {side!r} is {name_type(item[side])}, and no mapping"
    for key in ("method", "uri"):
        if not isinstance(item["request"].get(key), str):
            return f"its request has no {key!r}"
    return None


def _refuse_item(source: Source, index: int, what: str) -> LoadError:
    message = f"not an exchange: {what}"
    hint = "an exchange has a 'request' and a 'response'; vcrpy does not load the file otherwise"
    return LoadError(source, "not-a-recording", message, hint, number=index + 1)


def _read_message(side: dict[str, YAML], body: YAML, has_bytes: bool) -> Message:
    """A side of an exchange, whose body is stored as `body` unless it was parsed."""
    headers, body = side.get("headers") or {}, side.get("parsed_body", body)
    if has_bytes:
        headers = write_bytes(headers)
        body = write_bytes(body) if isinstance(body, (dict, list)) else body
    return Message(headers, body)


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:
    """Keys that stand twice, tags that vcrpy refuses, and replies that are not compressed as they say."""
    recordings = [item for item in items if isinstance(item, Recording)]
    if items and all(recording.as_written for recording in recordings):
        return {}
    from recctl.recordings.formats._vcrpy_encodings import find_mismatch

    content = _unpack(source)
    if isinstance(content, LoadError):
        return {}
    found: defaultdict[int, list[Defect]] = defaultdict(list)
    for exchange, defect in _inspect_text(source, content):
        found[exchange].append(defect)
    encoded = [item for item in recordings if find_header(item.response["headers"], "content-encoding")]
    raw = _parse(source, content) if encoded else None
    stored = raw.items if isinstance(raw, _Raw) else []
    for recording in encoded:
        item = stored[recording.index]
        mismatch = find_mismatch(item["request"], item["response"])
        if mismatch is not None:
            message = f"the reply is not {mismatch.encoding}, as its header says: httpx can't read it"
            pointer = join_pointer(("response", "headers", mismatch.header))
            hint = "delete the header, or record it again"
            found[recording.index].append(Defect("encoding-mismatch", message, hint, pointer))
    return found


def _inspect_text(source: Source, content: bytes) -> Iterator[tuple[int, Defect]]:
    """What is odd about a file's text, with the exchange that it is in, the same oddity told once in each."""
    from recctl.recordings.formats import _vcrpy_places

    places: dict[tuple[int, str, str, bool], list[Position]] = {}
    is_json = _is_json(source)
    for oddity in _vcrpy_places.find_oddities(content, source.settings.max_size, is_json=is_json):
        exchange, kind, word, position, is_on_top = oddity
        places.setdefault((exchange, kind, word, is_on_top), []).append(position)
    for (exchange, kind, word, is_on_top), positions in places.items():
        defect = _describe_oddity(kind, word, positions[-1 if is_on_top else 0], is_on_top=is_on_top)
        more = f" (and in {show_count(len(positions) - 1, 'more place')})" if positions[1:] else ""
        yield exchange, defect._replace(message=defect.message + more)


def _describe_oddity(kind: str, word: str, position: Position, *, is_on_top: bool) -> Defect:
    if kind == "duplicate-key" and is_on_top and word in _LISTS:
        message = f"a second {word!r} begins here, and hides what the first holds: vcrpy takes the last"
        hint = "join the two lists under one of them"
        return Defect(kind, message, hint, position=position, is_read=True)
    if kind == "duplicate-key":
        message = f"the key {word!r} stands in its mapping a second time; vcrpy takes the last"
        hint = "delete the value that does not belong there"
        return Defect(kind, message, hint, position=position, is_read=True)
    tag = word.replace("tag:yaml.org,2002:", "!!")
    message = f"vcrpy 9 does not load a file with the tag {tag}"
    return Defect(kind, message, "write the plain value in its place, or record it again", position=position)


_LISTS = ("interactions", "requests", "responses")


def locate(source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name stand in the file, inflated if need be.

    What has no place of its own, such as a value in a body that is stored as text, has that of what it is
    stored in. "" is the recording itself. Empty for a file that holds no cassette.
    """
    from recctl.recordings.formats import _vcrpy_places

    content = _unpack(source)
    if isinstance(content, LoadError):
        return {}
    return _vcrpy_places.locate(content, index, pointers, is_json=_is_json(source))


def edit(source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a cassette's file after exchanges, by index, have become other ones, or have gone (None).

    All that need not change stays as it is. What comes back was read again and says what was meant; None
    where nothing could be written that does.
    """
    from recctl.recordings.formats import _vcrpy_edits

    content = _unpack(source)
    raw = content if isinstance(content, LoadError) else _parse(source, content)
    if isinstance(content, LoadError) or isinstance(raw, LoadError):
        return None
    text = _vcrpy_edits.Text(content, raw.items, _is_json(source))
    return _vcrpy_edits.edit(source, text, _read_items(source, raw), changes, read)


def measure(source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file, inflated; nothing for one that can't be read."""
    from recctl.recordings.formats import _vcrpy_places

    content = _unpack(source)
    raw = content if isinstance(content, LoadError) else _parse(source, content)
    if isinstance(content, LoadError) or isinstance(raw, LoadError):
        return ()
    return _vcrpy_places.measure(content, len(raw.items))


FORMAT = Format(
    NAME,
    FOLDER,
    (".yaml", ".yml", ".yaml.gz", ".yml.gz", ".json"),
    claims,
    read,
    inspect,
    locate,
    edit,
    measure=measure,
    is_companion=is_companion,
    find_test=find_test,
    list_places=list_places,
    matching=Matching(("method", "scheme", "host", "port", "path", "query"), in_order=True, once=True),
)
