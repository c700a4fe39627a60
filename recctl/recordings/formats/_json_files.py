"""What formats have in common whose files are JSON: how exchanges are read, found again and changed.

A file may say the same in YAML, if its name says that it does.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from recctl.base.amounts import show_count
from recctl.base.pointer import join_pointer, split_pointer
from recctl.base.strict_json import read_json
from recctl.recordings.bodies import write_bytes
from recctl.recordings.compression import Room
from recctl.recordings.formats import Defect
from recctl.recordings.http import HttpMessage, make_document
from recctl.recordings.recording import JSON, LoadError, Recording, name_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.base.syntax import Position
    from recctl.recordings.source import Source
    from recctl.recordings.splicing.bodies import Stored

Steps = tuple[str, ...]
"""The keys that lead to a value."""


class StoredBody(NamedTuple):
    """Where an exchange keeps a body, and how.

    `read` makes a text, bytes or a JSON value of what is stored under `steps`. `write` gives what is to be
    stored there for another one, from what was. `copies` are other places in which the same body may be kept,
    as a JSON value or its text.
    """

    steps: Steps
    read: Callable[[JSON], Any] = lambda stored: stored
    write: Callable[[JSON, Stored], JSON] = lambda _, body: body.value
    copies: tuple[Steps, ...] = ()


class JsonLayout(NamedTuple):
    """How a format lays out its exchanges.

    `noun` is what a file of it is called. `find_items` gives the keys that lead to the list of exchanges in a
    file, None for a file that is one exchange, or says why a file's value is none of it.
    `find_defect` says why an item is no exchange, with the keys that lead to what is wrong.
    `places` are the keys under which an exchange keeps its parts, by those of a recording's document, and
    `find_body` tells how one side of it keeps its body.
    `read_headers` makes an object of headers as stored, `write_headers` what is stored for another one.
    `find_sent` gives the body of an exchange's request as it was sent, where files are named after that,
    `find_test_id` the id of the test that a file says it is of.
    `complete` is for what follows from a change: it gets an item as stored before and after it, and gives
    what is to be stored. `known` are the keys of more in which no secret stands: dates, hashes.
    """

    name: str
    noun: str
    find_items: Callable[[JSON], Steps | str | None]
    find_defect: Callable[[JSON], tuple[str, Steps] | None]
    places: dict[Steps, Steps]
    find_body: Callable[[JSON, str], StoredBody]
    read_headers: Callable[[JSON], JSON] = lambda stored: stored
    write_headers: Callable[[JSON, JSON], JSON] = lambda _, headers: headers
    find_sent: Callable[[JSON], str | None] = lambda _: None
    find_test_id: Callable[[JSON], str | None] = lambda _: None
    complete: Callable[[JSON, JSON], JSON] = lambda _, after: after
    known: tuple[Steps, ...] = ()
    hint: str = "put it right, or record it again"


SIDES = ("request", "response")
METHOD, URL, STATUS = ("request", "method"), ("request", "url"), ("response", "status")
HEADERS = {side: (side, "headers") for side in SIDES}
PLACES: dict[Steps, Steps] = {place: place for place in (METHOD, URL, STATUS, *HEADERS.values())}
"""Where exchanges keep their parts that do so as a recording's document does."""


def take(value: JSON, steps: Steps) -> JSON:
    """What some keys lead to; None where there is nothing."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def find_missing(item: JSON, wanted: dict[Steps, type]) -> tuple[str, Steps] | None:
    """Which of some values an exchange lacks, or has of another type, as `Layout.find_defect` tells it.

    What holds a value comes before it.
    """
    if not isinstance(item, dict):
        return f"it is {name_type(item)}, and not an object", ()
    for steps, kind in wanted.items():
        *above, key = steps
        holder = take(item, tuple(above))
        name = " ".join(above)
        if key not in holder:
            return f"{f'its {name}' if name else 'it'} has no {key!r}", tuple(above)
        if not isinstance(holder[key], kind) or isinstance(holder[key], bool):
            return f"its {' '.join(steps)} is {name_type(holder[key])}, and not {_NAMES[kind]}", steps
    return None


_NAMES = {dict: "an object", list: "an array", str: "a string", int: "a whole number"}


# --- reading ------------------------------------------------------------------------------------------------


class JsonFile(NamedTuple):
    """A file's value, the keys that lead to its exchanges (None: it is one), and these.

    `is_odd` says that a key stands twice in it, or something else is odd, `has_bytes` that YAML has bytes
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
    return take(value, steps) or () if steps else value


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
    headers = [layout.read_headers(take(item, layout.places[HEADERS[side]])) for side in SIDES]
    request, response = (
        HttpMessage(each if each is not None else {}, body.read(take(item, body.steps)))
        for each, body in zip(headers, bodies, strict=True)
    )
    method, url, status = (take(item, layout.places[part]) for part in (METHOD, URL, STATUS))
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
        spans = find_places(text, [(*file.steps, "*")]).values()
        return tuple(len(text[start:end].encode()) for start, end, _ in spans)
    from recctl.recordings.splicing.json_text import find_spans

    text, pointer = source.content.decode(), join_pointer(file.steps)
    line, column = _locate(source, [pointer])[pointer]
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
    return tuple(len(text[first:end].encode()) for first, end in find_spans(text, start))
