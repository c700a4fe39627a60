"""What became of the requests of a batch: each by its own id, with its reply as that alone would be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import shorten
from recctl.wire.building.lines import describe_body
from recctl.wire.building.noise import OBJECT_NOISE
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.values import describe_error
from recctl.wire.building.views import has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "batch-results"
_IDS = ("custom_id", "batch_request_id", "key")
_REPLIES = ("response", "result", "batch_result", "error")
_INNER = ("body", "message", "response", "chat_get_completion")


def _is_one(item: dict[str, JSON]) -> bool:
    return _is_result(item) or has_entries(item.get("results"), "batch_request_id")


def _is_result(item: JSON) -> bool:
    return (
        isinstance(item, dict)
        and any(isinstance(item.get(key), str) for key in _IDS)
        and any(isinstance(item.get(key), dict) for key in _REPLIES)
    )


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    results: list[JSON] = []
    for data, _ in builder.read(items, numbered=in_list):
        if isinstance(data.get("results"), list):
            results += data["results"]
            builder.extra.add_rest((), data, {"results"})
        else:
            results.append(data)
    builder.kind = show_count(len(results), "result of a batch", "results of a batch")
    for result in results:
        if isinstance(result, dict):
            name = next((str(result[key]) for key in _IDS if result.get(key)), "?")
            builder.add_fact(name, shorten(_describe_reply(result)) or "-")
    builder.extra.add(("results",), results)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _describe_reply(result: dict[str, JSON]) -> str:
    """The first line of what a request of a batch was answered."""
    if result.get("error"):
        return f"error: {describe_error(result['error'])}"
    reply: dict[str, JSON] = next((result[key] for key in _REPLIES if isinstance(result.get(key), dict)), {})
    for _ in _INNER:
        inner = next((reply[key] for key in _INNER if isinstance(reply.get(key), dict)), None)
        if inner is None:
            break
        reply = inner
    return describe_body(reply)


WIRE = Wire(
    NAME,
    by_class((), _is_one),
    _assemble,
    read_parameters,
    shows_streaming=False,
    noise=OBJECT_NOISE,
)
