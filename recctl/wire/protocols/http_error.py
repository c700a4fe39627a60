"""Replies that are nothing but an error, in whatever form a server puts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.sse import decode, peek, read_events
from recctl.wire.building.values import is_bare_error, is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "http-error"


def _recognises(item: JSON) -> bool:
    if isinstance(item, str):
        item = peek(item).data
    if not isinstance(item, dict):
        return False
    return bool(item.get("error")) or is_bare_error(item)


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder, chunks = ReplyBuilder(), len(items)
    for item, pointer in _read_items(items, builder, streamed=streamed):
        if isinstance(item, dict) and item.get("error"):
            builder.fail(item["error"], f"{pointer}/error")
            builder.extra.add_rest((), item, {"error"})
        else:
            builder.fail("an error without a body" if is_nothing(item) else item, pointer)
    return builder.build(NAME, streamed=streamed, chunks=chunks, has_choices=False)


def _read_items(items: list[JSON], builder: ReplyBuilder, *, streamed: bool) -> Iterator[tuple[JSON, str]]:
    """What a body consists of, and where: lines are those of an event stream, or of one object or text."""
    if items and all(isinstance(item, str) for item in items):
        whole = _decode("\n".join(items))
        if isinstance(whole, list) or any(map(_recognises, items)):
            for event in read_events(items, builder, streamed=True):
                yield event.data, event.pointer
            return
        items = [whole]
    for number, item in enumerate(items):
        yield item, f"{builder.pointer}/{number}" if streamed else builder.pointer


def _decode(text: str) -> JSON:
    """The object that the lines of a body hold, or else their text."""
    try:
        return decode(text)
    except ValueError:
        return text


WIRE = Wire(NAME, _recognises, _assemble, read_prompt_request, is_last_resort=True, shows_streaming=False)
