"""OpenAI chat completions, as most providers send them: chunks with a `delta`, or a body with a `message`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire._choices import adds_up, assemble_choices
from recctl.wire._requests import read_chat_request

if TYPE_CHECKING:
    from recctl.completion import Completion
    from recctl.recordings.recording import JSON

NAME = "openai-chat"
_CLASSES = ("ChatCompletionChunk", "ChatCompletion")


def _is_one(item: dict[str, JSON]) -> bool:
    choices = item.get("choices")
    if not isinstance(choices, list):
        return False
    if not choices:
        return item.get("object") == "chat.completion.chunk"
    return isinstance(choices[0], dict) and ("delta" in choices[0] or "message" in choices[0])


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    return assemble_choices(NAME, items, streamed)


WIRE = Wire(NAME, by_class(_CLASSES, _is_one, in_events=True), _assemble, read_chat_request, adds_up=adds_up)
