"""Wire protocols: from recorded chunks, or a whole recorded body, to what the model said.

`assemble` and `read_request` are the public interface. Each other module of this package is one protocol and
holds one `Wire`; a new file is a new protocol, there is no list to add it to. Modules whose names begin with
an underscore are shared by protocols. Recordings are told apart by what their chunks look like, never by the
endpoint, and the classes that they name are never imported.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from recctl.completion import Completion, Request
from recctl.wire._builder import ReplyBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.recording import JSON, Recording


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire protocol.

    `recognises` tells from one chunk of a stream, or from a whole body, whether it is of this protocol.
    `assemble` puts a reply together: it gets the chunks and true, or a list of the one body and false.
    `read_request` reads what a client asked for by this protocol.
    """

    name: str
    recognises: Callable[[JSON], bool]
    assemble: Callable[[list[JSON], bool], Completion]
    read_request: Callable[[dict[str, JSON]], Request]


UNKNOWN = "unknown"
EXCEPTION = "exception"


def assemble(recording: Recording) -> Completion:
    """What the reply of a recording says, once it is put together.

    Takes any recording and raises nothing: what can't be told is None, what is odd is in `notes`, and what
    has no place is in `extra`.
    """
    if recording.response.get("is_exception"):
        return _assemble_exception(recording)
    wire = recognise(recording)
    body = recording.body
    if wire is None:
        return _assemble_unknown(body)
    streamed = isinstance(body, list)
    return wire.assemble(body if streamed else [body], streamed)


def read_request(recording: Recording) -> Request:
    """What a recording's client asked for. Takes any recording and raises nothing."""
    wire = recognise(recording)
    if wire is None:
        return Request(model=None, parameters=recording.asked)
    return wire.read_request(recording.asked)


def recognise(recording: Recording) -> Wire | None:
    """The protocol that a recording's reply came by, or None for one that is not known."""
    body = recording.body
    for item in body[:_SAMPLE] if isinstance(body, list) else [body]:
        for wire in _load_wires():
            if wire.recognises(item):
                return wire
    return None


_SAMPLE = 8
"""How many chunks may be unrecognisable (an error, a comment) before the first one that is."""


@cache
def _load_wires() -> tuple[Wire, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")
    return tuple(import_module(f"{__name__}.{name}").WIRE for name in names)


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


def _assemble_unknown(body: JSON) -> Completion:
    builder = ReplyBuilder()
    builder.note("unknown-wire", "the reply is of no protocol that recctl knows; it is shown as it is")
    builder.extra.add(("body",), body)
    chunks = len(body) if isinstance(body, list) else 0
    return builder.build(UNKNOWN, streamed=isinstance(body, list), chunks=chunks, has_choices=False)
