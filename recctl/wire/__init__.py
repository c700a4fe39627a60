"""Wire protocols: from recorded chunks, or a whole recorded body, to what the model said.

What is here is the public interface. `protocol` says what a protocol is; each module of `protocols/` holds
one, and a new file there is a new protocol: there is no list to add it to. `building/` has what they share.
Recordings are told apart by what their chunks look like, never by the endpoint, and the classes that they
name are never imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.assembly import assemble_reply
from recctl.wire.exchange import Exchange
from recctl.wire.protocol import (
    COMMON_DEFAULTS,
    Attachments,
    Ending,
    Entries,
    RequestForm,
    UsageKeys,
    Wire,
    by_class,
)
from recctl.wire.recognition import find_form, recognise, recognise_request

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.completion import Completion, Request

__all__ = [
    "COMMON_DEFAULTS",
    "Attachments",
    "Ending",
    "Entries",
    "Exchange",
    "RequestForm",
    "UsageKeys",
    "Wire",
    "assemble",
    "by_class",
    "find_form",
    "read_exchange",
    "read_model",
    "read_request",
    "recognise",
]


def read_exchange(recording: Recording) -> Exchange:
    """Both sides of a recording. Takes any recording and raises nothing."""
    wire = recognise(recording)
    asked_by = recognise_request(recording) or wire
    return Exchange(
        recording, _read_request(recording, asked_by), assemble_reply(recording, wire), wire, asked_by
    )


def assemble(recording: Recording) -> Completion:
    """What the reply of a recording says, once it is put together.

    Takes any recording and raises nothing: what can't be told is None, what is odd is in `notes`, and what
    has no place is in `extra`.
    """
    return assemble_reply(recording, recognise(recording))


def read_request(recording: Recording) -> Request:
    """What a recording's client asked for. Takes any recording and raises nothing."""
    return _read_request(recording, recognise_request(recording) or recognise(recording))


def read_model(recording: Recording) -> str | None:
    """The model that was asked: as the recording says, or else by the protocol of the request."""
    model = recording.model
    if model is None and recording.asked:
        return read_request(recording).model
    return model if isinstance(model, str) else None


def _read_request(recording: Recording, wire: Wire) -> Request:
    """What was asked by a protocol; some have the model in the path, and not in the body."""
    asked, model = _read_asked(recording), recording.model
    request, speakers = wire.read_request(asked), wire.form.speakers
    if request.model is None and "model" not in asked and isinstance(model, str):
        request = request._replace(model=model)
    if not speakers:
        return request
    messages = (message._replace(said_by=speakers.get(message.role or "")) for message in request.messages)
    return request._replace(messages=tuple(messages))


def _read_asked(recording: Recording) -> dict[str, JSON]:
    """What a client asked for, as an object: of a form its fields, of a list that it is the body."""
    body = recording.asked or recording.request.get("body")
    if isinstance(body, dict):
        return body
    if isinstance(body, str) and body:
        from recctl.wire.building.forms import read_form

        return read_form(body)
    return {"body": body} if body else {}
