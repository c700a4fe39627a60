"""From the bytes of a JSON file to recordings, as its layout has them, and back to where things are in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from recctl.base.amounts import show_count
from recctl.base.pointer import join_pointer, read_at, split_pointer
from recctl.base.strict_json import read_json
from recctl.base.values import NamedTuple
from recctl.recordings.bodies import write_bytes
from recctl.recordings.compression import Room
from recctl.recordings.formats import Defect
from recctl.recordings.http import HttpMessage, make_document
from recctl.recordings.json_files.layout import HEADERS, METHOD, SIDES, STATUS, URL, JsonLayout, Steps
from recctl.recordings.recording import JSON, LoadError, Recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.base.syntax import Position
    from recctl.recordings.source import Source


class JsonFile(NamedTuple):
    """A file's value, the keys that lead to its exchanges (None: it is one), and these.

    `is_odd` says that a key occurs twice in it, or something else is odd, `has_bytes` that YAML has bytes
    where there is text here.
    """

    value: JSON
    steps: Steps | None
    items: list[JSON]
    is_odd: bool = False
    has_bytes: bool = False

    def lead_to(self, index: int) -> Steps:
        """The keys that lead to one of the exchanges."""
        return () if self.steps is None else (*self.steps, str(index))


def read(layout: JsonLayout, source: Source) -> tuple[Recording | LoadError, ...]:
    """The exchanges of a file, in order; a `LoadError` in place of each bad one, or one for the file.

    A recording is `as_written` when no key stands twice in the file, and no long word where no recording has
    it. Raises nothing.
    """
    file = open_file(layout, source)
    if isinstance(file, LoadError):
        return (file,)
    bad = {index: layout.find_defect(item) for index, item in enumerate(file.items)}
    errors = _describe_defects(layout, source, file, bad)
    is_sound = not (file.is_odd or errors or _holds_more(layout, file))
    room, test_id = Room(source.settings.max_size), layout.find_test_id(file.value)
    found: list[Recording | LoadError] = []
    for index, item in enumerate(file.items):
        if index in errors:
            found.append(errors[index])
        else:
            document = _read_item(layout, item, room)
            if test_id is not None:
                document["test_id"] = test_id
            recording = Recording(source, document, is_sound, format=layout.name, index=index)
            found.append(replace(recording, is_alone=file.steps is None, sent=layout.find_sent(item)))
    return tuple(found)


def open_file(layout: JsonLayout, source: Source) -> JsonFile | LoadError:
    """What a file says, and where its exchanges are in that; or why it holds none."""
    found = _read_yaml(layout, source) if is_yaml(source) else _read_json(source)
    if isinstance(found, LoadError):
        return found
    steps = layout.find_items(found.value)
    if isinstance(steps, str):
        return LoadError(source, "not-a-recording", f"not {layout.noun}: {steps}", _ELSEWHERE)
    items = [found.value] if steps is None else [*_take_list(found.value, steps)]
    return found._replace(steps=steps, items=items)


def is_yaml(source: Source) -> bool:
    """Whether a file is YAML, by its name."""
    return source.place is not None and source.place.name.endswith((".yaml", ".yml"))


def _read_json(source: Source) -> JsonFile | LoadError:
    try:
        value = read_json(source.content.decode())
    except UnicodeDecodeError:
        value = None
    if value is None:
        from recctl.base.strict_json import MAX_DEPTH
        from recctl.base.syntax import Fault, read_strictly

        found = read_strictly(source.content, MAX_DEPTH)
        if isinstance(found, Fault):
            return LoadError(source, "invalid-json", *found)
        value = found.value
    return JsonFile(value, None, [], is_odd=not _has_unique_keys(source.content, value))


def _read_yaml(layout: JsonLayout, source: Source) -> JsonFile | LoadError:
    from recctl.base.syntax import Fault
    from recctl.base.yaml_text import read_documents

    found = read_documents(source.content, max_size=source.settings.max_size)
    if isinstance(found, Fault):
        return LoadError(source, "invalid-yaml", *found)
    if len(found) != 1:
        count = show_count(len(found), "document")
        message = f"not {layout.noun}: it is {count}, and not one"
        return LoadError(source, "not-a-recording", message, _ELSEWHERE)
    (document,) = found
    value = write_bytes(document.value) if document.has_bytes else document.value
    return JsonFile(value, None, [], bool(document.oddities), document.has_bytes)


_ELSEWHERE = "move files that hold no recordings elsewhere"


def _take_list(value: JSON, steps: Steps) -> Iterable[JSON]:
    return read_at(value, steps) or () if steps else value


def _describe_defects(
    layout: JsonLayout, source: Source, file: JsonFile, defects: dict[int, tuple[str, Steps] | None]
) -> dict[int, LoadError]:
    """The errors for items that are no exchanges, by their indexes."""
    bad = {index: defect for index, defect in defects.items() if defect is not None}
    if not bad:
        return {}
    wanted = (source.number or 0) - 1
    told = {index: bad[index] for index in [*[*bad][:_MOST_DEFECTS], wanted] if index in bad}
    pointers = {index: join_pointer((*file.lead_to(index), *steps)) for index, (_, steps) in told.items()}
    positions = _locate(source, pointers.values())
    noun = layout.noun if file.steps is None else "an exchange"
    errors = {
        index: LoadError(
            source,
            "not-a-recording",
            f"not {noun}: {message}",
            layout.hint,
            positions.get(pointers[index]),
            None if file.steps is None else index + 1,
        )
        for index, (message, _) in told.items()
    }
    rest = [index for index in bad if index not in errors]
    if rest:
        message = f"{len(rest):,} more from here on are no exchanges"
        more = LoadError(source, "not-a-recording", message, layout.hint, number=rest[0] + 1, total=len(rest))
        errors.update(dict.fromkeys(rest, more))
    return errors


_MOST_DEFECTS = 100
"""How many bad exchanges of a file are told one by one."""


def _locate(source: Source, pointers: Iterable[str]) -> dict[str, Position]:
    from recctl.base.syntax import find_positions, locate

    if not is_yaml(source):
        return locate(source.content.decode(), {*pointers})
    from recctl.base.yaml_places import find_places
    from recctl.base.yaml_text import decode_yaml

    _, text = decode_yaml(source.content)
    steps = {pointer: split_pointer(pointer) for pointer in pointers}
    places, position_of = find_places(text, steps.values()), find_positions(text)
    return {
        pointer: position_of(places[path].start)
        for pointer, path in steps.items()
        if path in places and places[path].depth == len(path)
    }


def _read_item(layout: JsonLayout, item: JSON, room: Room) -> dict[str, JSON]:
    bodies = [layout.find_body(item, side) for side in SIDES]
    headers = [layout.read_headers(read_at(item, layout.places[HEADERS[side]])) for side in SIDES]
    request, response = (
        HttpMessage(each if each is not None else {}, body.read(read_at(item, body.steps)))
        for each, body in zip(headers, bodies, strict=True)
    )
    method, url, status = (read_at(item, layout.places[part]) for part in (METHOD, URL, STATUS))
    return make_document(method, url, request, status, response, room=room)


def _has_unique_keys(content: bytes, value: JSON) -> bool:
    """Whether no key stands twice: at once where the file is as recorders write it."""
    try:
        plain = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        plain = b""
    if plain == content.rstrip(b"\n"):
        return True
    from recctl.base.strict_json import decode

    try:
        decode(content.decode(), unique_keys=True)
    except ValueError:
        return False
    return True


def _holds_more(layout: JsonLayout, file: JsonFile) -> bool:
    """Whether a long word, as secrets are, is in a file where no recording has it."""
    if file.steps and _has_long_word(file.value, {file.steps, *layout.known}):
        return True
    places = (*layout.places.values(), *layout.known)
    for item in file.items:
        bodies = (layout.find_body(item, side) for side in SIDES)
        if _has_long_word(
            item, {*places, *(steps for body in bodies for steps in (body.steps, *body.copies))}
        ):
            return True
    return False


def _has_long_word(value: JSON, known: set[Steps]) -> bool:
    return any(_LONG_WORD.search(word) for word in _list_words(value, (), known))


_LONG_WORD = re.compile(r"\S{16}")


def _list_words(value: JSON, steps: Steps, known: set[Steps]) -> Iterator[str]:
    """The keys and texts of a value, without what is known."""
    if steps in known:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _list_words(item, (*steps, key), known)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _list_words(item, (*steps, str(index)), known)


def inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:
    """Keys that stand twice in JSON; what is in no exchange counts to the first."""
    if all(isinstance(item, Recording) and item.as_written for item in items):
        return {}
    from recctl.base.syntax import find_duplicate_keys

    found: dict[int, list[Defect]] = {}
    if is_yaml(source):
        return found
    for steps, position in find_duplicate_keys(source.content.decode()):
        index = next((int(step) for step in steps if step.isdecimal()), 0)
        index = index if index < len(items) else 0
        message = f"the key {steps[-1]!r} occurs a second time in its object; the last one counts"
        hint = "delete the value that does not belong there"
        found.setdefault(index, []).append(
            Defect("duplicate-key", message, hint, position=position, is_read=True)
        )
    return found


# --- finding ------------------------------------------------------------------------------------------------


def locate(layout: JsonLayout, source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    """Where the values that pointers into a recording name are in the file.

    What has no place of its own, such as a value in a body that is stored as text, has that of what it is
    stored in. "" is the recording itself.
    """
    file = open_file(layout, source)
    if isinstance(file, LoadError):
        return {}
    start = file.lead_to(index)
    ways = {
        pointer: [
            join_pointer((*start, *steps[:length]))
            for steps in [_find_steps(layout, file.items[index], split_pointer(pointer))]
            for length in range(len(steps), -1, -1)
        ]
        for pointer in pointers
    }
    positions = _locate(source, {way for each in ways.values() for way in each})
    found = {pointer: next((way for way in each if way in positions), None) for pointer, each in ways.items()}
    return {pointer: positions[way] for pointer, way in found.items() if way is not None}


def _find_steps(layout: JsonLayout, item: JSON, steps: Steps) -> Steps:
    """The keys under which an exchange keeps what some keys lead to in a recording's document."""
    side, name, inner = (*steps[:2], "", "")[0], (*steps[1:2], "")[0], steps[2:]
    if side not in SIDES or not name:
        return steps[:1] if side in SIDES else ()
    if name == "model":
        name, inner = "body", ("model",)
    if name in ("body", "is_streaming"):
        body = layout.find_body(item, side)
        return (*body.steps, *inner)
    place = layout.places.get((side, "url" if name == "endpoint" else name), (side, name))
    return (*place, *inner)


def measure(layout: JsonLayout, source: Source) -> tuple[int, ...]:
    """How many bytes each exchange takes up in the file; nothing where it can't be read."""
    file = open_file(layout, source)
    if isinstance(file, LoadError):
        return ()
    if file.steps is None:
        return (len(source.content),)
    if is_yaml(source):
        from recctl.base.yaml_places import find_places
        from recctl.base.yaml_text import decode_yaml

        _, text = decode_yaml(source.content)
        spans = find_places(text, [(*file.steps, None)]).values()
        return tuple(len(text[span.start : span.end].encode()) for span in spans)
    from recctl.recordings.splicing.json_text import find_spans

    text, pointer = source.content.decode(), join_pointer(file.steps)
    line, column = _locate(source, [pointer])[pointer]
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
    return tuple(len(text[first:end].encode()) for first, end in find_spans(text, start))
