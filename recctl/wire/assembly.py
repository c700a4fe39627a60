"""From a recorded body to what the reply says, with notes that point into the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.envelopes import find_damage, open_envelopes
from recctl.wire.failures import EXCEPTION, UNKNOWN

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.completion import Completion, Note
    from recctl.wire.protocol import Wire


def assemble_reply(recording: Recording, wire: Wire) -> Completion:
    """What a reply says by the protocol that it came by."""
    if wire is EXCEPTION:
        return wire.assemble([recording.response], False)
    body = recording.body
    if wire is UNKNOWN:
        streamed = recording.is_streaming and (body is None or isinstance(body, list))
        return _note_damage(wire.assemble((body or []) if streamed else [body], streamed), body)
    body = open_envelopes(body)
    if not isinstance(body, list):
        completion = wire.assemble([body], False)
        return _point_at_text(completion) if body is not recording.body else completion
    completion = _note_damage(wire.assemble(body if find_damage(body) is None else body[:-1], True), body)
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


def _note_damage(completion: Completion, body: JSON) -> Completion:
    """What is said of a reply, with why its stream was not read to the end, if it was not."""
    damage = find_damage(body)
    if damage is None:
        return completion
    from recctl.wire.completion import Note

    notes = (note for note in completion.notes if note.code != "incomplete-stream")
    cut = Note("incomplete-stream", damage, f"{_BODY}{len(body) - 1}")
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
