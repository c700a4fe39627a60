"""OpenAI text completions: choices with `text`, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire
from recctl.wire._choices import adds_up, assemble_choices
from recctl.wire._requests import read_chat_request

if TYPE_CHECKING:
    from recctl.completion import Completion
    from recctl.recording import JSON

NAME = "openai-completions"


def _recognises(item: JSON) -> bool:
    if isinstance(item, str):
        from recctl.wire._sse import peek

        item = peek(item).data
    if not isinstance(item, dict):
        return False
    if "__type__" in item:
        return str(item["__type__"]).endswith(".Completion")
    choices = item.get("choices")
    return (
        isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and "text" in choices[0]
    )


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    return assemble_choices(NAME, items, streamed)


WIRE = Wire(NAME, _recognises, _assemble, read_chat_request, adds_up=adds_up)
