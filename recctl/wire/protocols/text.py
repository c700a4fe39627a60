"""OpenAI text completions: choices with `text`, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import COMMON_DEFAULTS, RequestForm, Wire, by_class
from recctl.wire.building.choices import ATTACHMENTS, ENDINGS, assemble_choices
from recctl.wire.building.noise import OPENAI_NOISE
from recctl.wire.building.requests import read_chat_request

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "openai-completions"


def _is_one(item: dict[str, JSON]) -> bool:
    choices = item.get("choices")
    return (
        isinstance(choices, list) and bool(choices) and isinstance(choices[0], dict) and "text" in choices[0]
    )


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    return assemble_choices(NAME, items, streamed)


def _is_request(path: str, asked: JSON) -> bool:
    return "prompt" in asked and path.endswith("/completions")


WIRE = Wire(
    NAME,
    by_class(".Completion", _is_one, in_events=True),
    _assemble,
    read_chat_request,
    endings=ENDINGS,
    attachments=ATTACHMENTS,
    noise=OPENAI_NOISE,
    native_reason="native_finish_reason",
    recognises_request=_is_request,
    form=RequestForm(
        beside_prompt=("suffix",), defaults={**COMMON_DEFAULTS, "n": 1, "echo": False, "best_of": 1}
    ),
)
