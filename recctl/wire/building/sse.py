"""Server-sent events as recorded: from the strings of an event stream, or dumped objects, to events.

A recorder may keep a stream as its lines, as its events, or as the pieces of text that came in. Where the
strings hold no ends of lines, each is a line; and the end of a string ends a line, unless it shows that the
line goes on in the next one. Strings that hold JSON texts are no lines: each object, on a line of its own
(NDJSON) or in an array, is an event.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from recctl.base import strict_json
from recctl.base.strict_json import MAX_DEPTH, read_json
from recctl.base.values import NamedTuple
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.values import is_bare_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON


PINGS = ("ping", "keepalive")
"""The types of events that only keep a connection open."""


class Event(NamedTuple):
    """An event: its type ("" for none), what it says, and a JSON pointer to the chunk that it begins in."""

    type: str
    data: dict[str, JSON]
    pointer: str


def read_events(
    items: list[JSON], builder: ReplyBuilder, *, streamed: bool, type_key: str = "type"
) -> Iterator[Event]:
    """The events of recorded chunks (or of the one body), typed by their `type_key` or else by name.

    What is no event is noted in `builder` and kept in its `extra`. An error without a type gets "error". A
    name is no event without data, which may have been cut off; unless it is that of an error.
    """
    for is_text, run in groupby(enumerate(items), lambda entry: isinstance(entry[1], str)):
        entries = list(run)
        if is_text and streamed:
            for sent in _read_sent(entries, builder):
                event = _decode_sent(sent, builder, type_key)
                if event is not None:
                    yield event
        else:
            objects = [item for _, item in entries]
            for data, pointer in builder.read(objects, numbered=streamed, first=entries[0][0]):
                yield _type_event(data, None, pointer, type_key)


def read_texts(items: list[JSON], builder: ReplyBuilder) -> Iterator[tuple[str, str, str]]:
    """The events of a stream whose data are texts and no JSON: type, text, a pointer to where each begins.

    What is no line of a stream is noted in `builder` and kept in its `extra`.
    """
    lines = [(number, item) for number, item in enumerate(items) if isinstance(item, str)]
    for sent in _read_sent(lines, builder) if lines else ():
        yield sent.name, sent.data, f"{builder.pointer}/{sent.number}"
    others = [(number, item) for number, item in enumerate(items) if not isinstance(item, str)]
    for number, item in others:
        builder.note("odd-chunk", "this is not a line", f"{builder.pointer}/{number}")
        builder.extra.add(("odd_chunks",), item)


def peek(item: JSON, type_key: str = "type") -> Event:
    """The first event that one recorded chunk (or a whole body) holds, for telling protocols apart.

    A line that is but the name of an event tells it, too.
    """
    if not isinstance(item, str):  # as `read_events` has it, in a tenth of the time
        data = item.get("__data__", item) if isinstance(item, dict) else None
        return _type_event(data, None, "", type_key) if isinstance(data, dict) else Event("", {}, "")
    builder = ReplyBuilder()
    events = read_events([item], builder, streamed=True, type_key=type_key)
    return next(events, None) or Event(builder.extra.last.get(("event_names",), ""), {}, "")


def keep_unknown(event: Event, builder: ReplyBuilder) -> None:
    """Keep what an event says whose type a protocol does not know, and note it unless it is but a ping."""
    if event.type in PINGS:
        builder.extra.add_rest((), event.data, {"type", "event_type", "sequence_number"})
    elif not event.data:
        builder.extra.add(("event_names",), event.type)
    else:
        message = "there are events of a type that recctl does not know; they are kept under extra"
        builder.note_once("unknown-event", message, event.pointer)
        builder.extra.add(("events", event.type or "untyped"), event.data)


def decode(text: str) -> JSON:
    """The JSON value that a text holds. Raises ValueError where it holds none that can be written again."""
    may_be_deep = len(text) > MAX_DEPTH and text.count("{") + text.count("[") > MAX_DEPTH
    if may_be_deep and _JSONText([text]).find_depth() > MAX_DEPTH:
        raise ValueError("values nest too deeply")
    value = read_json(text)
    return strict_json.decode(text) if value is None else value


def _type_event(data: dict[str, JSON], name: str | None, pointer: str, type_key: str) -> Event:
    kind = data.get(type_key)
    if isinstance(kind, str) and kind:
        return Event(kind, data, pointer)
    return Event(name or ("error" if data.get("error") or is_bare_error(data) else ""), data, pointer)


class _Sent(NamedTuple):
    """An event as it was sent; `number` is the chunk's that it begins in."""

    number: int
    name: str
    data: str


def _decode_sent(sent: _Sent, builder: ReplyBuilder, type_key: str) -> Event | None:
    """An event with its data read; None for the mark at a stream's end, and for data that is not an event."""
    pointer = f"{builder.pointer}/{sent.number}"
    text = sent.data.strip()
    if not text and sent.name == "error":
        return Event("error", {}, pointer)
    if not text and sent.name not in PINGS:
        builder.extra.add(("event_names",), sent.name)
    if text in ("", "[DONE]"):
        builder.is_over = builder.is_over or bool(text)
        return None
    builder.is_over = False
    try:
        data = decode(text)
    except ValueError:
        data = sent.data
    if isinstance(data, dict):
        if sent.name == "error" and not data.get("error") and data.get(type_key) not in (None, "error"):
            data = {"error": data}  # its type is that of the error, and not of an event
        event = _type_event(data, sent.name, pointer, type_key)
        if sent.name != event.type:
            builder.extra.add(("event_names",), sent.name)
        return event
    if sent.name == "error":
        return Event("error", {"error": data}, pointer)
    builder.note("odd-chunk", "the data of this event is not a JSON object", pointer)
    builder.extra.add(("odd_chunks",), data)
    return None


class _Draft:
    """An event of which more lines may follow."""

    __slots__ = ("_json", "data", "name", "number")

    def __init__(self) -> None:
        self.number: int | None = None
        self.name = ""
        self.data: list[str] = []
        self._json: _JSONText | None = None

    def add(self, field: str, value: str, number: int) -> None:
        """Add a line of the event."""
        if self.number is None:
            self.number = number
        if field == "data":
            self.data.append(value)
        else:
            self.name = value

    def ends_before(self, field: str, following: str) -> bool:
        """Whether a field is that of the next event; `following` is the line after it."""
        if field == "event":
            return self.name != "" or (self.data != [] and following.startswith("data"))
        return field == "data" and self._has_all_data()

    def _has_all_data(self) -> bool:
        """Whether its data is a JSON text that is over."""
        if not self.data:
            return False
        self._json = self._json or _JSONText(self.data)
        return self._json.is_over

    def build(self) -> _Sent:
        return _Sent(self.number or 0, self.name, "\n".join(self.data))


_EVENT_FIELDS = ("data", "event")
_BYTE_ORDER_MARK = "\ufeff"


def _read_sent(texts: list[tuple[int, str]], builder: ReplyBuilder) -> Iterator[_Sent]:
    """Put lines together to events. A blank line ends one; where it is missing, the start of the next."""
    if _are_plain([text for _, text in texts]):
        yield from (_Sent(number, "", line[len(_DATA) :]) for number, line in texts[::2])
        return
    if texts[0][0] == 0:
        texts = [(0, texts[0][1].removeprefix(_BYTE_ORDER_MARK)), *texts[1:]]
    draft = _Draft()
    for (number, line), (_, following) in pairwise([*read_lines(texts, builder), (0, "")]):
        field, _, value = line.partition(":")
        alone = None if field in _EVENT_FIELDS else _read_alone(line, number)
        if draft.number is not None and (not line or alone or draft.ends_before(field, following)):
            yield draft.build()
            draft = _Draft()
        if field in _EVENT_FIELDS:
            draft.add(field, value.removeprefix(" "), number)
        elif alone is not None:
            yield alone
        elif line:
            _keep_line(line, number, builder)
    if draft.number is not None:
        yield draft.build()


_DATA = "data: "


def _are_plain(lines: list[str]) -> bool:
    """Whether strings are whole lines, each with data and a blank one after it, as in nearly all streams."""
    return (
        not any(lines[1::2])
        and all(line.startswith(_DATA) for line in lines[::2])
        and not any("\n" in line or "\r" in line for line in lines[::2])
    )


def _read_alone(line: str, number: int) -> _Sent | None:
    """What a line says that is an event by itself: bare JSON, and errors as llama.cpp sends them."""
    if line.startswith("{"):
        return _Sent(number, "", line)
    field, _, value = line.partition(":")
    return _Sent(number, "error", value) if field == "error" and value.lstrip().startswith("{") else None


def _keep_line(line: str, number: int, builder: ReplyBuilder) -> None:
    """Keep a line that is of no event."""
    field, _, value = line.partition(":")
    key = {"": "comments", "id": "ids", "retry": "retry"}.get(field)
    if key is None:
        message = "this line is of no field that event streams have; what it says is not read"
        builder.note_once("odd-line", message, f"{builder.pointer}/{number}")
    builder.extra.add(("event_stream", key or "odd_lines"), value.removeprefix(" ") if key else line)


_LINE_END = re.compile(r"\r\n|\n|\r")


def read_lines(texts: list[tuple[int, str]], builder: ReplyBuilder) -> Iterator[tuple[int, str]]:
    """The lines that strings add up to, each with the number of the string that it begins in.

    Of JSON texts, each object is one.
    """
    if _hold_json(texts):
        yield from _split_json(texts)
        return
    holds_ends = any("\n" in text or "\r" in text for _, text in texts)
    pieces = _split_texts(texts) if holds_ends else ((number, text, False) for number, text in texts)
    line: _Line | None = None
    for number, piece, has_end in pieces:
        if line is not None and not (line.goes_on(piece) if piece else has_end):
            yield line.number, "".join(line.fragments)
            line = None
        if line is None:
            line = _Line(number, piece)
        else:
            line.fragments.append(piece)
            if not holds_ends:
                message = "a line goes on in the next chunk; what stood between them may be lost"
                builder.note_once("cut-line", message, f"{builder.pointer}/{number}")
        if has_end:
            yield line.number, "".join(line.fragments)
            line = None
    if line is not None:
        yield line.number, "".join(line.fragments)


def _hold_json(texts: list[tuple[int, str]]) -> bool:
    """Whether strings hold objects, one after the other or in an array, and no event stream."""
    first = next((text for _, text in texts if text.strip()), "")
    return _JSON_START.match(first) is not None and (
        not any(_FIELD.match(text) for _, text in texts) or _are_fields_in_strings(texts)
    )


def _are_fields_in_strings(texts: list[tuple[int, str]]) -> bool:
    """Whether strings add up to JSON that comes to its end, and what begins like a field is cut out of it."""
    fragments: list[str] = []
    json_text = _JSONText(fragments)
    for _, text in texts:
        if _FIELD.match(text) and not json_text.in_string:
            return False
        fragments.append(text)
    return json_text.is_over


_JSON_START = re.compile(r"\s*(?:\{|\[\s*(?:\{|\Z))")


def _split_json(texts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The objects that strings hold, and what else stands between them, as `read_lines` gives lines."""
    starts = [0, *accumulate(len(text) for _, text in texts)]
    whole = "".join(text for _, text in texts)
    at = 0
    for edge in (*_find_edges(whole), len(whole)):
        piece = whole[at:edge].strip(_BETWEEN)
        if piece:
            at += whole[at:edge].index(piece)
            yield texts[bisect_right(starts, at, hi=len(texts)) - 1][0], piece
        at = edge


def _find_edges(text: str) -> Iterator[int]:
    """Where the objects of a text begin and end that are in no other one."""
    depth, in_string = 0, False
    for mark in _MARKS.finditer(text):
        char = mark[0]
        if char == '"':
            in_string = not in_string
        elif not in_string and char in "{[" and (depth or char == "{"):
            if not depth:
                yield mark.start()
            depth += 1
        elif not in_string and char in "}]" and depth:
            depth -= 1
            if not depth:
                yield mark.end()


_BETWEEN = " \t\r\n,[]"
"""What may stand between the objects of an array, or of lines."""


def _split_texts(texts: list[tuple[int, str]]) -> Iterator[tuple[int, str, bool]]:
    """The pieces of lines that strings hold, each with the number of its string and whether it has an end."""
    after_return = False
    for number, text in texts:
        *ended, rest = _LINE_END.split(text.removeprefix("\n") if after_return else text)
        after_return = text.endswith("\r") or (after_return and not text)
        for piece in ended:
            yield number, piece, True
        if rest:
            yield number, rest, False


_FIELDS = ("data", "event", "id", "retry")
_FIELD = re.compile(r"(?:data|event|id|retry)(?::|\Z)")


class _Line:
    """A line that may go on in the next string."""

    __slots__ = ("_json", "fragments", "number")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.fragments = [text]
        self._json: _JSONText | None = None

    def goes_on(self, text: str) -> bool:
        """Whether the text that follows is more of this line. JSON is more of it until it is over."""
        starts_line = _FIELD.match(text) is not None
        if not self.fragments[0] or (starts_line and self.fragments[0][0] != "d"):
            return False
        longest = len("retry:")
        start = "".join(fragment[:longest] for fragment in self.fragments[:longest])
        field, colon, _ = start.partition(":")
        if not colon:
            return not starts_line and any(name.startswith(start) for name in _FIELDS)
        if field == "data":
            self._json = self._json or _JSONText(self.fragments)
            return self._json.in_string or not (starts_line or self._json.is_over)
        return field in ("", *_FIELDS) and not starts_line and not text.startswith(":")


class _JSONText:
    """The JSON text that fragments add up to, read no further than tells where it ends.

    It follows the list of fragments as that grows.
    """

    __slots__ = ("_deepest", "_depth", "_escape", "_fragments", "_in_string", "_is_nested", "_seen")

    def __init__(self, fragments: list[str]) -> None:
        self._fragments = fragments
        self._seen = 0
        self._is_nested: bool | None = None
        self._depth = 0
        self._deepest = 0
        self._in_string = False
        self._escape = ""

    @property
    def in_string(self) -> bool:
        """Whether the fragments end inside a string of the text."""
        self._follow()
        return self._in_string

    @property
    def is_over(self) -> bool:
        """Whether the text is an object or an array, and has come to its end."""
        self._follow()
        return self._is_nested is True and self._depth == 0

    def find_depth(self) -> int:
        """How deep objects and arrays nest."""
        self._follow()
        return self._deepest

    def _follow(self) -> None:
        while self._seen < len(self._fragments):
            mark = ""
            for mark in _MARKS.findall(self._escape + self._fragments[self._seen]):
                if self._is_nested is None:
                    self._is_nested = mark in "{["
                if mark == '"':
                    self._in_string = not self._in_string
                elif mark[0] != "\\" and not self._in_string:
                    self._depth += 1 if mark in "{[" else -1
                    self._deepest = max(self._deepest, self._depth)
            self._escape = mark if mark == "\\" else ""
            self._seen += 1


_MARKS = re.compile(r'\\(?:.|\Z)|["{}\[\]]', re.DOTALL)
