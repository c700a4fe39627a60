"""Lists of models in OpenAI's form: the recorder's list of objects, or one object that holds the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Entries, Wire, by_class
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.values import is_nothing
from recctl.wire.building.views import add_models, has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "models"
_HOLDERS = ("data", "models")
_MARKS = ("supportedGenerationMethods", "endpoints", "displayName")
"""What Gemini and Cohere tell of each model, beside its name."""


def _is_one(item: dict[str, JSON]) -> bool:
    listed = item.get("data")
    if listed == []:
        told = {key for key, value in item.items() if not is_nothing(value)}
        return told == {"object"} and bool(item["object"] == "list")  # else it may be a list of anything
    if any(has_entries(item.get("models"), "name", mark) for mark in _MARKS):
        return True
    lists = (item.get(key) for key in _HOLDERS)
    return _is_model(item) or any(isinstance(each, list) and any(map(_is_model, each[:1])) for each in lists)


def _is_model(item: JSON) -> bool:
    return isinstance(item, dict) and "id" in item and "model" in (item.get("object"), item.get("type"))


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    models: list[JSON] = []
    for data, _ in builder.read(items, numbered=in_list):
        holder = next((key for key in _HOLDERS if isinstance(data.get(key), list)), None)
        if holder is not None:
            models += data[holder]
            builder.extra.add_rest((), data, {holder, *FOLDED})
        else:
            models.append(data)
    add_models(builder, models, "id", "name")
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


WIRE = Wire(
    NAME,
    by_class(".Model", _is_one),
    _assemble,
    read_chat_request,
    shows_streaming=False,
    noise={"permission": "ids and times of a model"},
    entries=Entries(derived=("count",), are_models=True),
)
