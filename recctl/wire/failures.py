"""Replies that no protocol has: exceptions that the client was thrown, and what nobody knows.

They come last, when no protocol has recognised a reply, and are recognised by nothing themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_chat_request
from recctl.wire.protocol import Wire, recognises_none

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion


def _assemble_exception(responses: list[JSON], streamed: bool) -> Completion:
    """What was thrown, from the whole response instead of a body."""
    builder = ReplyBuilder("/response")
    error = {
        key: response[name]
        for response in responses
        for key, name in (("message", "exception_message"), ("data", "exception_data"))
        if response.get(name) is not None
    }
    builder.fail(error or "an exception", "/response/exception_message")
    return builder.build("exception", streamed=streamed, chunks=0, has_choices=False)


def _assemble_unknown(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    builder.note("unknown-wire", "the reply is of no protocol that recctl knows; it is shown as it is")
    for body in (items,) if streamed else items:
        builder.extra.add(("body",), body)
    is_empty = streamed and not items  # then it was to have choices, whatever the protocol
    return builder.build("unknown", streamed=streamed, chunks=len(items), has_choices=is_empty)


EXCEPTION = Wire("exception", recognises_none, _assemble_exception, read_chat_request, shows_streaming=False)
UNKNOWN = Wire("unknown", recognises_none, _assemble_unknown, read_chat_request, shows_streaming=False)
