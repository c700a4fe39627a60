"""OpenAI chat completions, as most providers send them: chunks with a `delta`, or a body with a `message`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import COMMON_DEFAULTS, RequestForm, Wire, by_class
from recctl.wire.building.choices import ATTACHMENTS, ENDINGS, assemble_choices
from recctl.wire.building.noise import OPENAI_NOISE
from recctl.wire.building.requests import read_chat_request

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "openai-chat"
_OBJECTS = ("chat.completion", "chat.completion.chunk")
_CLASSES = ("ChatCompletionChunk", "ChatCompletion")


def _is_one(item: dict[str, JSON]) -> bool:
    choices = item.get("choices")
    if not isinstance(choices, list):
        return False
    if item.get("object") in _OBJECTS:  # where Azure filters a whole choice, it has no message
        return bool(choices) or item["object"] != "chat.completion"
    if not choices:
        return False
    return isinstance(choices[0], dict) and ("delta" in choices[0] or "message" in choices[0])


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    return assemble_choices(NAME, items, streamed)


def _is_request(path: str, asked: JSON) -> bool:
    return "messages" in asked and path.endswith(("/completions", "/v1/chat"))  # of Writer, the latter


_DEFAULTS: dict[str, JSON] = {
    **COMMON_DEFAULTS,
    "n": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "parallel_tool_calls": True,
    "response_format": {"type": "text"},
    "response_format.json_schema.strict": False,
    "store": False,
    "tool_choice": "auto",
    "tools.*.type": "function",
    "tools.*.function.strict": False,
    "messages.*.content.*.image_url.detail": "auto",
    "messages.*.prefix": False,  # of Mistral's messages, as are the two below
    "messages.*.tool_calls.*.index": 0,
    "messages.*.tool_calls.*.type": "function",
}
"""As in OpenAI's reference, "Create chat completion", and where its SDK and Mistral's write them out."""

WIRE = Wire(
    NAME,
    by_class(_CLASSES, _is_one, in_events=True),
    _assemble,
    read_chat_request,
    endings=ENDINGS,
    attachments=ATTACHMENTS,
    noise=OPENAI_NOISE,
    native_reason="native_finish_reason",
    recognises_request=_is_request,
    form=RequestForm(defaults=_DEFAULTS),
)
