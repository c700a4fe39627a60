"""What moderation finds in texts and pictures, by the endpoints of OpenAI, Mistral, Azure and Bedrock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.facts import describe, shorten
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.values import as_list, as_object
from recctl.wire.building.views import IDENTITY_KEYS, add_identity, assemble_view, has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion, Request

NAME = "moderation"
_AZURE = ("categoriesAnalysis", "userPromptAnalysis", "documentsAnalysis", "blocklistsMatch")
_SHIELDS = ("ungroundedDetected", "protectedMaterialAnalysis")
_HIGHEST = 3


def _is_one(item: dict[str, JSON]) -> bool:
    is_guardrail = "action" in item and isinstance(item.get("assessments"), list)  # Bedrock's
    return (
        is_guardrail
        or has_entries(item.get("results"), "categories")
        or not {*_AZURE, *_SHIELDS}.isdisjoint(item)
    )


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    builder.kind = "moderation"
    add_identity(builder, data)
    results = as_list(data.get("results"))
    for number, result in enumerate(results, 1):
        if isinstance(result, dict):
            builder.add_fact("finds" if len(results) == 1 else f"input {number}", _describe_result(result))
            builder.add_fact("highest", _describe_highest(result.get("category_scores")))
    _describe_azure(builder, data)
    for key in ("action", "actionReason", "outputs") if "assessments" in data else ():
        builder.add_fact(key, shorten(describe(data.get(key) or "")), key)
    builder.extra.add_rest((), data, IDENTITY_KEYS)


def _describe_result(result: dict[str, JSON]) -> str:
    found = [name for name, value in as_object(result.get("categories")).items() if value]
    is_flagged = result.get("flagged", bool(found))
    return ", ".join(found) or ("flagged" if is_flagged else "nothing")


def _describe_highest(scores: JSON) -> str:
    """The categories with the highest scores."""
    numbers = [entry for entry in as_object(scores).items() if type(entry[1]) is float]
    highest = sorted(numbers, key=lambda entry: -entry[1])[:_HIGHEST]
    return ", ".join(f"{name} {score:.2g}" for name, score in highest)


def _describe_azure(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    analysed = data.get("categoriesAnalysis")
    if isinstance(analysed, list):
        told = [
            f"{each.get('category')} {each.get('severity')}" for each in analysed if isinstance(each, dict)
        ]
        builder.add_fact("severity", ", ".join(told), "categoriesAnalysis")
    for key in ("blocklistsMatch", "userPromptAnalysis", "documentsAnalysis", *_SHIELDS):
        if data.get(key) not in (None, [], {}):
            builder.add_fact(key, describe(data[key]), key)


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "text" if "text" in asked else "input")


WIRE = Wire(
    NAME, by_class("ModerationCreateResponse", _is_one), _assemble, _read_request, shows_streaming=False
)
