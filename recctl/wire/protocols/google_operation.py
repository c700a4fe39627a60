"""Google's long-running operations: how far one has come, and what it gave or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.noise import GEMINI_NOISE
from recctl.wire.building.requests import read_chat_request

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "google-operation"
_COLLECTIONS = ("operations", "batches")


def _is_one(item: dict[str, JSON]) -> bool:
    """Whether an object is an operation; `done` is left out while it is at work."""
    name, done = item.get("name"), item.get("done", False)
    parts = ("metadata", "response", "error")
    if not isinstance(name, str) or not isinstance(done, bool):
        return False
    is_of_collection = not set(_COLLECTIONS).isdisjoint(name.split("/")[:-1])
    holds_part = any(isinstance(item.get(key), dict) for key in parts)
    return holds_part and ("done" in item or is_of_collection) and item.keys() <= {"name", "done", *parts}


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    for data, pointer in builder.read(items, numbered=in_list):
        if data.get("error"):
            builder.fail(data["error"], f"{pointer}/error")
        else:
            builder.is_under_way = not data.get("done")
        builder.extra.add_rest((), data, {"error"})
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


WIRE = Wire(NAME, by_class((), _is_one), _assemble, read_chat_request, noise=GEMINI_NOISE)
