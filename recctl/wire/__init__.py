"""Wire protocols: from recorded chunks, or a whole recorded body, to what the model said.

`assemble` and `read_request` are the public interface. Each other module of this package is one protocol and
holds one `Wire`; a new file is a new protocol, there is no list to add it to. Modules whose names begin with
an underscore are shared by protocols. Recordings are told apart by what their chunks look like, never by the
endpoint, and the classes that they name are never imported.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from itertools import filterfalse, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.envelopes import find_damage, open_envelopes
from recctl.wire.building.requests import read_chat_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.building.steps import Step
    from recctl.wire.completion import Completion, Note, Request


class Wire(NamedTuple):
    """A wire protocol.

    `recognises` tells from one chunk of a stream, or from a whole body, whether it is of this protocol.
    `assemble` puts a reply together: it gets the chunks and true, or a list of the one body and false.
    `read_request` reads what a client asked for by this protocol. `is_last_resort` is for replies that only
    say that a request has failed: asked when no other protocol recognises a chunk.
    """

    name: str
    recognises: Callable[[JSON], bool]
    assemble: Callable[[list[JSON], bool], Completion]
    read_request: Callable[[dict[str, JSON]], Request]
    is_last_resort: bool = False


def by_class(
    endings: str | tuple[str, ...], is_one: Callable[[dict[str, JSON]], bool], *, in_events: bool = False
) -> Callable[[JSON], bool]:
    """What recognises dumped objects of classes whose names end so, and others by their keys.

    With `in_events`, lines of an event stream are recognised by what they hold.
    """

    def recognises(item: JSON) -> bool:
        if in_events and isinstance(item, str):
            from recctl.wire.building.sse import peek

            item = peek(item).data
        if not isinstance(item, dict):
            return False
        return str(item["__type__"]).endswith(endings) if "__type__" in item else is_one(item)

    return recognises


class Exchange(NamedTuple):
    """A recording, with what was asked and what was said."""

    recording: Recording
    request: Request
    completion: Completion

    def read_lines(self) -> tuple[str, str]:
        """How what was asked last, and what was answered, begins: a line each, or nothing."""
        from recctl.wire.building.lines import read_question_line, read_reply_line

        return read_question_line(self.request), read_reply_line(self.completion)

    def read_steps(self) -> Iterator[Step]:
        """What each chunk of the stream added, in order; nothing for a reply that was not streamed."""
        from recctl.wire.building.steps import read_steps

        wire, body = recognise(self.recording), open_envelopes(self.recording.body)
        if wire is not None and isinstance(body, list):
            yield from read_steps(wire, body)


UNKNOWN = "unknown"
EXCEPTION = "exception"


def read_exchange(recording: Recording) -> Exchange:
    """Both sides of a recording. Takes any recording and raises nothing."""
    wire = recognise(recording)
    return Exchange(recording, _read_request(recording, wire), _assemble(recording, wire))


def assemble(recording: Recording) -> Completion:
    """What the reply of a recording says, once it is put together.

    Takes any recording and raises nothing: what can't be told is None, what is odd is in `notes`, and what
    has no place is in `extra`.
    """
    return _assemble(recording, recognise(recording))


def _assemble(recording: Recording, wire: Wire | None) -> Completion:
    if recording.response.get("is_exception"):
        return _assemble_exception(recording)
    if wire is None:
        return _assemble_unknown(recording)
    body = open_envelopes(recording.body)
    if not isinstance(body, list):
        completion = wire.assemble([body], False)
        return _point_at_text(completion) if body is not recording.body else completion
    damage = find_damage(body)
    completion = wire.assemble(body if damage is None else body[:-1], True)
    if damage is not None:
        completion = _note_damage(completion, damage)
    if completion.notes and (body is not recording.body or str in map(type, body)):
        closed = recording.body
        pointed = (_point_at_item(note, body, closed) for note in completion.notes)
        completion = completion._replace(notes=tuple(pointed))
    return completion


def _point_at_text(completion: Completion) -> Completion:
    """A completion whose notes point to the text that was recorded, and not to what it holds."""
    place = _BODY.rstrip("/")
    notes = (
        note._replace(pointer=place) if note.pointer.startswith(_BODY) else note for note in completion.notes
    )
    return completion._replace(notes=tuple(notes))


def _note_damage(completion: Completion, damage: str) -> Completion:
    """What is said of a stream, with why it was not read to its end."""
    from recctl.wire.completion import Note

    notes = (note for note in completion.notes if note.code != "incomplete-stream")
    cut = Note("incomplete-stream", damage, f"{_BODY}{completion.chunks}")
    return completion._replace(complete=False, notes=(*notes, cut))


def _point_at_item(note: Note, body: list[JSON], closed: list[JSON]) -> Note:
    """A note that points to a recorded line or envelope, where it would point to something inside of it."""
    step = note.pointer.removeprefix(_BODY).partition("/")[0]
    if not step.isdecimal():
        return note
    item = body[int(step)]
    is_whole = isinstance(item, str) or item is not closed[int(step)]
    return note._replace(pointer=f"{_BODY}{step}") if is_whole else note


_BODY = "/response/body/"


def read_request(recording: Recording) -> Request:
    """What a recording's client asked for. Takes any recording and raises nothing."""
    return _read_request(recording, recognise(recording))


def _read_request(recording: Recording, wire: Wire | None) -> Request:
    read = wire.read_request if wire is not None else read_chat_request
    return read(recording.asked)


def read_vectors(recording: Recording) -> list[list[float] | None]:
    """The vectors of a reply that holds embeddings, in order; None stands for one that can't be read."""
    from recctl.wire.building.views import find_vector, find_vectors, read_vector

    body = recording.body
    vectors: list[list[float] | None] = []
    for item in body if isinstance(body, list) else [body]:
        data = item.get("__data__", item) if isinstance(item, dict) else None
        entries = find_vectors(data)[1] if isinstance(data, dict) else ()
        vectors += (read_vector(find_vector(entry)[1]) for entry in entries)
    return vectors


def recognise(recording: Recording) -> Wire | None:
    """The protocol that a recording's reply came by, or None for one that is not known."""
    status, body = recording.response.get("status"), open_envelopes(recording.body)
    has_failed = type(status) is int and status >= _FIRST_FAILURE
    if not recording.is_streaming and not has_failed and _asks_for_models(recording) and _lists_ids(body):
        return _load_wire(_LISTED)
    for item in () if has_failed else _each_sample(body):
        for wire in _each_wire():
            if not wire.is_last_resort and wire.recognises(item):
                return wire
    for wire in _each_wire():
        if wire.is_last_resort and (has_failed or any(map(wire.recognises, _each_sample(body)))):
            return wire
    return None


def _asks_for_models(recording: Recording) -> bool:
    """Whether a request is one for a list of models."""
    paths = (place.partition("?")[0].rstrip("/") for place in (recording.url, recording.endpoint))
    return any(path.endswith(("/models", "/tags")) for path in paths)


def _lists_ids(body: JSON) -> bool:
    """Whether a body lists nothing, or things by ids: OpenRouter does not say that these are models."""
    listed = body.get("data") if isinstance(body, dict) else body
    return listed == [] or (isinstance(listed, list) and isinstance(listed[0], dict) and "id" in listed[0])


def _each_sample(body: JSON) -> Iterator[JSON]:
    """The body, unless it is text; of a stream, the first chunks that say something.

    Lines of an event stream come after these as one text, and by event.
    """
    if not isinstance(body, list):
        yield from () if isinstance(body, str) else (body,)
        return
    yield from islice(filterfalse(_is_idle, body), _SAMPLE)
    lines = [*islice(takewhile(_is_text, body), _LINES)]
    if lines:
        separator = "" if any("\n" in line or "\r" in line for line in lines) else "\n"
        text = separator.join(lines)  # an event may take many lines, and a line hold many events
        yield text
        yield from filterfalse(_is_idle, islice(_BLANK_LINE.split(text), _SAMPLE))


_BLANK_LINE = re.compile(r"\r\n\r\n|\n\n|\r\r")


def _is_text(item: JSON) -> bool:
    return isinstance(item, str)


def _is_idle(item: JSON) -> bool:
    """Whether a recorded line of an event stream says nothing: routers send comments while they wait."""
    return isinstance(item, str) and (not item.strip() or item.startswith(":"))


_SAMPLE = 8
"""How many chunks may be unrecognisable (an error, a comment) before the first one that is."""

_LINES = 64
"""How many lines of an event stream are read together, for events whose JSON is spread over lines."""

_FIRST_FAILURE = 400
"""The HTTP status from which on a reply says why there is none."""

_MOST_COMMON = "chat"

_LISTED = "models"
"""What comes as a list that is no stream; that it is of models may show only in what was asked for."""


def _each_wire() -> Iterator[Wire]:
    """The protocols, the most common one first; a module is imported when its turn comes."""
    return map(_load_wire, _list_protocols())


@cache
def _list_protocols() -> tuple[str, ...]:
    names = (path.stem for path in (Path(__file__).parent / "protocols").glob("[!_]*.py"))
    return tuple(sorted(names, key=lambda name: (name != _MOST_COMMON, name)))


@cache
def _load_wire(name: str) -> Wire:
    wire: Wire = import_module(f"{__name__}.protocols.{name}").WIRE
    return wire


def _assemble_exception(recording: Recording) -> Completion:
    response = recording.response
    builder = ReplyBuilder("/response")
    error = {
        key: response[name]
        for key, name in (("message", "exception_message"), ("data", "exception_data"))
        if response.get(name) is not None
    }
    builder.fail(error or "an exception", "/response/exception_message")
    return builder.build(EXCEPTION, streamed=False, chunks=0, has_choices=False)


def _assemble_unknown(recording: Recording) -> Completion:
    body = recording.body
    builder = ReplyBuilder()
    builder.note("unknown-wire", "the reply is of no protocol that recctl knows; it is shown as it is")
    builder.extra.add(("body",), body)
    streamed = (isinstance(body, list) or body is None) and recording.is_streaming
    chunks = len(body) if streamed and body else 0
    is_empty = streamed and not chunks  # then it was to have choices, whatever the protocol
    return builder.build(UNKNOWN, streamed=streamed, chunks=chunks, has_choices=is_empty)
