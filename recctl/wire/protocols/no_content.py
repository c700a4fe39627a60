"""Replies that need say nothing, or hand over a text: what was deleted, taken note of, downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_parameters
from recctl.wire.protocol import recognises_none

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "no-content"


def _assemble(items: list[JSON], _in_list: bool) -> Completion:
    builder = ReplyBuilder()
    builder.kind = "empty reply"
    texts = [item for item in items if isinstance(item, str) and item not in ("", "null")]
    if texts:
        text = "\n".join(texts)
        builder.kind = f"text of {show_count(len(text), 'character')}"
        builder.add_fact("text", text, "body")
        builder.extra.add(("body",), text)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


WIRE = Wire(NAME, recognises_none, _assemble, read_parameters, shows_streaming=False)
