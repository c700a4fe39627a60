"""Pictures that a model made: in what form, how large, and by which prompt; streamed as events or whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.facts import describe, describe_values, summarise_data
from recctl.wire.building.noise import TIMES
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "images"
_EVENTS = ("image_generation.", "image_edit.")
_DATA = ("b64_json", "bytesBase64Encoded", "base64", "b64")
_HOLDERS = ("data", "images", "predictions", "artifacts")
_TOLD = ("size", "quality", "background", "output_format", "finish_reasons", "seeds")
_BESIDE = ("url", "mime_type", "mimeType", "revised_prompt", "prompt", "raiFilteredReason", "finishReason")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and not any(name in item for name in _EVENTS):
        return False
    kind, data, _ = peek(item)
    return kind.startswith(_EVENTS) or (not isinstance(item, str) and _find_holder(data) is not None)


def _find_holder(data: dict[str, JSON]) -> str | None:
    """The key under which a reply has its pictures."""
    for key in _HOLDERS:
        listed = data.get(key)
        first = listed[0] if isinstance(listed, list) and listed else None
        is_told = isinstance(first, dict) and not {*_DATA, "revised_prompt"}.isdisjoint(first)
        is_link = (
            isinstance(first, dict) and "url" in first and first.keys() <= {"url", *_DATA, *_BESIDE, *FOLDED}
        )
        is_bare = key == "images" and isinstance(first, str)
        if is_told or (is_link and key in ("data", "images")) or is_bare:
            return key
    return None


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    is_stream = False
    pictures: list[JSON] = []
    for event in read_events(items, builder, streamed=streamed):
        kind, data, pointer = event
        if not is_nothing(data.get("error")):
            builder.fail(data["error"], pointer)
        builder.identify("id", data.get("id"))
        builder.identify("model", data.get("model"))
        builder.merge_usage(data.get("usage"))
        holder = _find_holder(data)
        rest = {key: summarise_data(value) for key, value in data.items() if key != holder}
        placed = {"id", "model", "usage", "error"}
        if kind.startswith(_EVENTS):
            is_stream = True
            if kind.endswith(".completed"):
                pictures.append(data)
                describe_values(builder, rest, _TOLD)
            told = {key: value for key, value in rest.items() if key not in placed}
            builder.extra.append(("events", kind), told)
        elif holder is not None:
            pictures += data[holder]
            describe_values(builder, rest, _TOLD)
            builder.extra.add((holder,), summarise_data(data[holder]))
            builder.extra.add_rest((), rest, placed)
        elif is_nothing(data.get("error")):
            keep_unknown(event, builder)
    builder.kind = show_count(len(pictures), "picture")
    for number, picture in enumerate(pictures, 1):
        builder.add_fact(f"picture {number}", ", ".join(_describe(picture)))
    return builder.build(NAME, streamed=is_stream, chunks=len(items), has_choices=False)


def _describe(picture: JSON) -> Iterator[str]:
    """What a picture is, and what stands beside it."""
    if isinstance(picture, str):
        yield describe(picture)
    for key in (*_DATA, *_BESIDE) if isinstance(picture, dict) else ():
        if not is_nothing(picture.get(key)):
            told = describe(picture[key])
            yield told if key in (*_DATA, "url") else f"{key} {told}"


def _read_request(asked: dict[str, JSON]) -> Request:
    instances = asked.get("instances")
    if isinstance(instances, list) and len(instances) == 1 and isinstance(instances[0], dict):
        rest = {key: value for key, value in asked.items() if key != "instances"}
        return read_prompt_request({**rest, **instances[0]})
    return read_prompt_request(asked)


WIRE = Wire(NAME, _recognises, _assemble, _read_request, shows_streaming=False, noise=TIMES)
