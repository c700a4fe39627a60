"""Google's long-running operations: how far one has come, and what it gave or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, describe_values, shorten, summarise_data
from recctl.wire.building.lines import describe_body
from recctl.wire.building.noise import GEMINI_NOISE, TIMES
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.values import as_list, as_object

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "google-operation"
_TWICE = ("@type", "name")
"""What metadata say once more."""

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
        builder.kind = "operation"
        metadata = as_object(data.get("metadata"))
        told = {key: describe(value, key) for key, value in metadata.items() if key not in _TWICE}
        describe_values(builder, data, ("name",))
        builder.add_fact("done", "yes" if data.get("done") else "no", "done")
        is_whole = all(text == shorten(text) for text in told.values())
        for key, text in told.items():
            builder.add_fact(key, shorten(text), *(["metadata"] if is_whole else []))
        _describe_results(builder, as_object(data.get("response")))
        builder.extra.add_rest((), data, {"error"})
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _describe_results(builder: ReplyBuilder, response: dict[str, JSON]) -> None:
    """Tell what an operation gave: of a batch, the reply to each of its requests."""
    holder = as_object(response.get("inlinedResponses"))
    listed = as_list(holder.get("inlinedResponses", response.get("inlinedResponses")))
    for number, each in enumerate(listed, 1):
        told = as_object(each)
        name = as_object(told.get("metadata")).get("key", f"reply {number}")
        builder.add_fact(str(name), describe_body(as_object(told.get("response", told))))
    if not listed and response:
        builder.add_fact("response", shorten(describe(summarise_data(response))))


WIRE = Wire(NAME, by_class((), _is_one), _assemble, read_chat_request, noise={**GEMINI_NOISE, **TIMES})
