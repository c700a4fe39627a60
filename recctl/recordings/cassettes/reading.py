"""From the bytes of a cassette to recordings, as its layout has them; and what is odd about its text."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.base.pointer import read_at
from recctl.recordings.bodies import decode_base64, write_bytes
from recctl.recordings.cassettes.layout import Raw
from recctl.recordings.compression import GZIP, InflationError, Room, inflate
from recctl.recordings.formats import Defect
from recctl.recordings.http import HttpMessage, make_document
from recctl.recordings.recording import LoadError, Recording, name_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.base.syntax import Position
    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import CassetteLayout, Side, Stored
    from recctl.recordings.recording import JSON
    from recctl.recordings.source import Source

_JSON_DEPTH = 254


def read(layout: CassetteLayout, source: Source) -> tuple[Recording | LoadError, ...]:
    """The exchanges of a file, in order; a `LoadError` in place of each bad one, or one for the file.

    A file without exchanges gives none, and no error, where its layout has a list for them.
    A recording is `as_written` when nothing about the file is odd (keys that stand twice, unknown tags), nor
    about how it is stored, and no long word stands where no recording has it, however the file is laid out.
    Raises nothing but RecctlError, when libyaml is not there.
    """
    content = unpack(source)
    raw = content if isinstance(content, LoadError) else parse(layout, source, content)
    return (raw,) if isinstance(raw, LoadError) else read_items(layout, source, raw)


def read_items(layout: CassetteLayout, source: Source, raw: Raw) -> tuple[Recording | LoadError, ...]:
    """The recordings that a file's exchanges are."""
    key = layout.request.key
    if layout.items and raw.items and not any(isinstance(item, dict) and key in item for item in raw.items):
        return (_refuse_items(layout, source, raw.items),)
    bad = [index for index, item in enumerate(raw.items) if layout.refuse_item(item) is not None]
    if not bad:
        return tuple(_read_item(layout, source, raw, index) for index in range(len(raw.items)))
    told, more = _describe_bad_items(layout, source, raw, bad)
    bad_ones = frozenset(bad)
    return tuple(
        (told.get(index) or more) if index in bad_ones else _read_item(layout, source, raw, index)
        for index in range(len(raw.items))
    )


_MOST_TOLD = 100
"""How many bad exchanges of a file are told one by one."""


def _describe_bad_items(
    layout: CassetteLayout, source: Source, raw: Raw, bad: list[int]
) -> tuple[dict[int, LoadError], LoadError]:
    """The errors for items that are no exchanges, by their indexes, and one for all others of very many."""
    from recctl.recordings.cassettes.places import locate_items

    content = unpack(source)
    assert isinstance(content, bytes)  # noqa: S101  (the items were read from it)
    rest, wanted = bad[_MOST_TOLD:], (source.number or 0) - 1
    single = {*bad[:_MOST_TOLD], *rest[:1], *(index for index in rest if index == wanted)}
    positions = locate_items(layout, content, raw.numbers, single, is_json=is_json(layout, source))
    told = {
        index: LoadError(
            source,
            "not-a-recording",
            f"not an exchange: {layout.refuse_item(raw.items[index])}",
            layout.item_hint,
            positions.get(index),
            number=index + 1,
        )
        for index in sorted(single)
    }
    more = told[(rest or bad)[0]]
    if len(rest) > 1:
        more = more._replace(message=f"{len(rest):,} more from here on are no exchanges", total=len(rest))
        told = {index: error for index, error in told.items() if index in (wanted, *bad[:_MOST_TOLD])}
    return told, more


def unpack(source: Source) -> bytes | LoadError:
    """A file's text, inflated where it is compressed."""
    if not source.content.startswith(GZIP):
        return source.content
    try:
        return inflate(source.content, source.settings.max_size)
    except InflationError as error:
        return LoadError(source, "invalid-yaml", str(error), "record it again, or take it from git's history")


def is_json(layout: CassetteLayout, source: Source) -> bool:
    """Whether a file is JSON, by its name."""
    return layout.may_be_json and source.place is not None and source.place.name.endswith(".json")


def parse(layout: CassetteLayout, source: Source, content: bytes) -> Raw | LoadError:
    """The exchanges of a text as stored, or why it is no file of the layout's."""
    from recctl.base.syntax import Fault
    from recctl.recordings.cassettes.rest import holds_more  # as all below: a walk needs none of them

    if is_json(layout, source):
        from recctl.base.syntax import read_strictly

        read = read_strictly(content, _JSON_DEPTH)
        if isinstance(read, Fault):
            return LoadError(source, "invalid-json", *read)
        is_sound = _has_unique_keys(content) and not holds_more(layout, read.value)
        return _find_items(layout, source, read.value, has_bytes=False, is_sound=is_sound)
    from recctl.base.yaml_text import find_fault, read_documents

    documents = read_documents(
        content,
        max_size=source.settings.max_size,
        constructors=layout.constructors,
        is_newer=layout.is_newer,
    )
    if isinstance(documents, Fault):
        return LoadError(source, "invalid-yaml", documents.message, documents.hint, documents.position)
    has_bytes = any(document.has_bytes for document in documents)
    has_comment = b"#" in content and re.search(_COMMENT, content, re.MULTILINE) is not None
    is_sound = not has_comment and not any(document.oddities for document in documents)
    if not layout.items:
        numbers = tuple(index for index, document in enumerate(documents) if document.value is not None)
        items = [documents[index].value for index in numbers]
        if not items:
            return _refuse(layout, source, "there is nothing in it")
        is_sound = is_sound and not any(holds_more(layout, item) for item in items)
        return Raw(items, numbers, has_bytes, is_sound, Room(source.settings.max_size))
    if not documents:
        return _refuse(layout, source, "there is nothing in it")
    if len(documents) > 1:
        message = "a second document begins here, and a cassette is one"
        fault = find_fault(content, documents[1].start, message, "keep one of them")
        return LoadError(source, "invalid-yaml", *fault)
    value = documents[0].value
    is_sound = is_sound and not holds_more(layout, value)
    return _find_items(layout, source, value, has_bytes=has_bytes, is_sound=is_sound)


_COMMENT = rb"^[ \t]*#.*[^\s]{16}"


def _has_unique_keys(content: bytes) -> bool:
    from recctl.base.strict_json import decode

    try:
        decode(content.decode(), unique_keys=True)
    except ValueError:
        return False
    return True


def _refuse(layout: CassetteLayout, source: Source, what: str, hint: str | None = None) -> LoadError:
    return LoadError(source, "not-a-recording", f"not a cassette: {what}", hint or layout.hint)


def _find_items(
    layout: CassetteLayout, source: Source, value: YAML, *, has_bytes: bool, is_sound: bool
) -> Raw | LoadError:
    """The exchanges in the value of a file of one document."""
    refused = layout.refuse(value)
    if refused is not None:
        return _refuse(layout, source, *refused)
    if not isinstance(value, dict):
        return _refuse(
            layout, source, f"{'a list' if isinstance(value, list) else name_type(value)}, and no mapping"
        )
    if layout.items in value:
        items = value[layout.items]
    elif layout.apart and all(isinstance(value.get(key), list) for key in layout.apart.values()):
        items = _join({side: value[key] for side, key in layout.apart.items()})
    else:
        return _refuse(layout, source, f"a mapping, but without {layout.items!r}")
    if items is None:
        items = []
    if not isinstance(items, list):
        return _refuse(layout, source, f"its {layout.items!r} are {name_type(items)}, and no list")
    has_exchange = any(isinstance(item, dict) and layout.request.key in item for item in items)
    others = None if has_exchange else layout.name_others(value)
    if others is not None:
        message = f"no HTTP was recorded here: it holds {others}"
        hint = "no rule has anything to say of it"
        return LoadError(source, "not-a-recording", message, hint, is_other=True)
    return Raw(items, (), has_bytes, is_sound, Room(source.settings.max_size))


def _join(lists: dict[str, list[YAML]]) -> list[YAML]:
    """Exchanges, from a list for each side; what has no counterpart is alone in its exchange."""
    return [
        {side: values[index] for side, values in lists.items() if index < len(values)}
        for index in range(max(map(len, lists.values())))
    ]


def _refuse_items(layout: CassetteLayout, source: Source, items: list[YAML]) -> LoadError:
    """The error for a file of which no exchange is one of HTTP."""
    from recctl.base.syntax import shorten

    first = next((item for item in items if isinstance(item, dict) and item), None)
    keys = [repr(shorten(key)) for key in [*(first or ())][:3]]
    what = f"hold {' and '.join(keys)}" if keys else "hold no mappings"
    message = f"no HTTP was recorded here: its {layout.items} {what}, and no {layout.request.key!r}"
    return LoadError(source, "not-a-recording", message, layout.hint)


def _read_item(layout: CassetteLayout, source: Source, raw: Raw, index: int) -> Recording:
    item = raw.items[index]
    document = read_item(layout, item, raw.room, has_bytes=raw.has_bytes)
    is_sound = raw.is_sound and not layout.find_defects(item)
    return Recording(source, document, is_sound, format=layout.name, index=index, is_alone=False)


def read_item(layout: CassetteLayout, item: Stored, room: Room, *, has_bytes: bool) -> dict[str, JSON]:
    """The document of an exchange as stored; bodies are inflated as far as there is room.

    `has_bytes` is false where no value of the exchange is bytes, but for bodies in base64.
    """
    request, response = item[layout.request.key], item[layout.response.key]
    asked, replied = layout.request.parts, layout.response.parts
    return make_document(
        asked["method"].read(request),
        asked["url"].read(request),
        _read_message(layout.request, request, has_bytes),
        write_bytes(replied["status"].read(response)),
        _read_message(layout.response, response, has_bytes),
        room=room,
    )


def _read_message(side: Side, stored: Stored, has_bytes: bool) -> HttpMessage:
    kept = side.find_body(stored)
    headers, body = side.parts["headers"].read(stored) or {}, read_at(stored, kept.steps)
    data = decode(kept.form, body)
    body = body if data is None else data
    if has_bytes:
        headers = write_bytes(headers)
        body = write_bytes(body) if isinstance(body, (dict, list)) else body
    return HttpMessage(headers, body)


def decode(form: str, stored: YAML) -> bytes | None:
    """The data for which a text stands that is kept in a form; None for what is no such text."""
    if not isinstance(stored, str):
        return None
    if form == "base64":
        return decode_base64(stored)
    try:
        return bytes.fromhex(stored) if form == "hex" else None
    except ValueError:
        return None


def inspect(
    layout: CassetteLayout, source: Source, items: tuple[Recording | LoadError, ...]
) -> dict[int, list[Defect]]:
    """Keys that stand twice, tags that the reader refuses, and what the layout finds in an exchange."""
    recordings = [item for item in items if isinstance(item, Recording)]
    if items and all(recording.as_written for recording in recordings):
        return {}
    content = unpack(source)
    raw = content if isinstance(content, LoadError) else parse(layout, source, content)
    if isinstance(content, LoadError) or isinstance(raw, LoadError):
        return {}
    found: defaultdict[int, list[Defect]] = defaultdict(list)
    for exchange, defect in _inspect_text(layout, source, content, raw.numbers):
        found[exchange].append(defect)
    for recording in recordings:
        found[recording.index] += layout.find_defects(raw.items[recording.index])
    return {index: defects for index, defects in found.items() if defects}


def _inspect_text(
    layout: CassetteLayout, source: Source, content: bytes, numbers: tuple[int, ...]
) -> Iterator[tuple[int, Defect]]:
    """What is odd about a file's text, with the exchange that it is in, the same oddity told once in each."""
    from recctl.recordings.cassettes import places

    found: dict[tuple[int, str, str, bool], list[Position]] = {}
    as_json, max_size = is_json(layout, source), source.settings.max_size
    for oddity in places.find_oddities(layout, content, numbers, max_size, is_json=as_json):
        exchange, kind, word, position, is_on_top = oddity
        if kind == "unreadable-tag" and not layout.reader.tags:
            continue
        found.setdefault((exchange, kind, word, is_on_top), []).append(position)
    for (exchange, kind, word, is_on_top), positions in found.items():
        position = positions[-1 if is_on_top else 0]
        defect = _describe_oddity(layout, kind, word, position, is_on_top=is_on_top)
        more = f" (and in {show_count(len(positions) - 1, 'more place')})" if positions[1:] else ""
        yield exchange, defect._replace(message=defect.message + more)


def _describe_oddity(
    layout: CassetteLayout, kind: str, word: str, position: Position, *, is_on_top: bool
) -> Defect:
    name, takes_last, tags = layout.reader
    if kind != "duplicate-key":
        tag = word.replace("tag:yaml.org,2002:", "!!")
        message = f"{tags} does not load a file with the tag {tag}"
        hint = "write the plain value in its place, or record it again"
        return Defect(kind, message, hint, position=position)
    what = f"{name} takes the last" if takes_last else f"{name} does not load the file"
    if is_on_top and word in layout.lists:
        message = f"a second {word!r} begins here, and hides what the first holds: {what}"
        hint = "join the two lists under one of them"
    else:
        message = f"the key {word!r} occurs a second time in its mapping; {what}"
        hint = "delete the value that does not belong there"
    return Defect(kind, message, hint, position=position, is_read=takes_last)


def locate(layout: CassetteLayout, source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name are in the file, inflated if need be.

    What has no place of its own, such as a value in a body that is stored as text, has that of what it is
    stored in. "" is the recording itself. Empty for a file that holds no cassette.
    """
    from recctl.recordings.cassettes import places

    content = unpack(source)
    if isinstance(content, LoadError):
        return {}

    @cache
    def load() -> Raw:
        raw = parse(layout, source, content)
        assert isinstance(raw, Raw)  # noqa: S101  (recordings were read from it)
        return raw

    return places.locate(layout, content, index, pointers, load, is_json=is_json(layout, source))


def measure(layout: CassetteLayout, source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file, inflated; nothing for one that can't be read."""
    from recctl.recordings.cassettes import places

    content = unpack(source)
    raw = content if isinstance(content, LoadError) else parse(layout, source, content)
    if isinstance(content, LoadError) or isinstance(raw, LoadError):
        return ()
    return places.measure(layout, content, raw.numbers, len(raw.items))
