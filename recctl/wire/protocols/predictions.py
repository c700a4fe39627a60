"""Vertex AI's predictions of older models: the texts of PaLM, whole or piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.values import as_list, as_object
from recctl.wire.building.views import has_entries
from recctl.wire.completion import RequestMessage

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "vertex-predictions"


def _is_one(item: dict[str, JSON]) -> bool:
    predictions = item.get("predictions")
    if has_entries(predictions, "content"):
        return True
    first = as_object(next(iter(as_list(predictions)), None))
    return has_entries(first.get("candidates"), "content")


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    for data, _ in builder.read(items, numbered=in_list):
        counts = as_object(as_object(data.get("metadata")).get("tokenMetadata"))
        builder.merge_usage(counts)
        builder.identify("model", data.get("model"))
        number = 0
        for prediction in as_list(data.get("predictions")):
            told = as_object(prediction)
            candidates = as_list(told.get("candidates")) or [told]
            for candidate in map(as_object, candidates):
                _add(builder, number, candidate)
                number += 1
            builder.extra.add_rest((), told if "candidates" in told else {}, {"candidates"})
        builder.extra.add_rest(("metadata",), as_object(data.get("metadata")), {"tokenMetadata"})
        builder.extra.add_rest((), data, {"predictions", "metadata", "model"})
    return builder.build(NAME, streamed=False, chunks=0)


def _add(builder: ReplyBuilder, number: int, candidate: dict[str, JSON]) -> None:
    choice = builder.choice(number)
    choice.ended = True
    text = text_or_none(candidate.get("content"))
    if text is not None:
        choice.say("content", text)
    placed = {"content"} if text is not None else set()
    builder.extra.add_rest(("choices", str(number)), candidate, placed)


def _read_request(asked: dict[str, JSON]) -> Request:
    """What was asked for: one text, or a conversation with what it is about."""
    instances = as_list(asked.get("instances"))
    instance = as_object(instances[0]) if len(instances) == 1 else {}
    request = read_chat_request({key: value for key, value in asked.items() if key != "instances"})
    if isinstance(instance.get("messages"), list):
        context = instance.get("context")
        messages = [RequestMessage("system", context)] if context else []
        messages += (
            RequestMessage(text_or_none(message.get("author")), message.get("content"))
            for message in map(as_object, instance["messages"])
        )
        return request._replace(messages=tuple(messages))
    prompt = instance.get("content", instance.get("prompt"))
    return request._replace(prompt=asked.get("instances") if prompt is None else prompt)


WIRE = Wire(NAME, by_class((), _is_one), _assemble, _read_request, shows_streaming=False)
