"""Hugging Face's text generation: TGI's replies, whole or token by token, and those of its pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Ending, UsageKeys, Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_prompt_request, text_or_none
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.values import find_texts_under, is_nothing, join

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.message import ChoiceBuilder
    from recctl.wire.completion import Completion, Request

NAME = "tgi"
_TEXTS = ("generated_text", "summary_text", "translation_text")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and "generated_text" not in item:
        return False
    data = peek(item).data
    return _is_token(data.get("token")) or (isinstance(_find_text(data), str) and "results" not in data)


def _is_token(token: JSON) -> bool:
    return isinstance(token, dict) and isinstance(token.get("text"), str)


def _find_text(data: dict[str, JSON]) -> JSON:
    return next((data[key] for key in _TEXTS if not is_nothing(data.get(key))), None)


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    is_stream = False
    for number, event in enumerate(read_events(items, builder, streamed=in_list)):
        data = event.data
        is_stream = is_stream or "token" in data
        choice = builder.choice(0 if is_stream else number)
        if data.get("error"):
            builder.fail(data["error"], event.pointer)
        if is_stream:
            _add_token(builder, choice, data, event.pointer)
        else:
            text = _find_text(data)
            if isinstance(text, str):
                choice.say("content", text)
            choice.ended = True
        _add_details(builder, choice, data.get("details"))
        placed = {"token", "index", "details", "error"} | find_texts_under(data, *_TEXTS)
        builder.extra.add_rest((), data, placed)
    return builder.build(NAME, streamed=is_stream, chunks=len(items))


def _add_token(builder: ReplyBuilder, choice: ChoiceBuilder, data: dict[str, JSON], pointer: str) -> None:
    """Add a token; the whole text comes with the last one."""
    token = data.get("token")
    if isinstance(token, dict) and _is_token(token):
        if not token.get("special"):
            choice.say("content", token["text"])
        choice.add_logprobs([token])
    else:
        builder.extra.add(("odd_token",), token)
    text = _find_text(data)
    if not isinstance(text, str):
        return
    choice.ended = True
    if text != (join(choice.content) or ""):
        message = "what the stream adds up to is not what its last event says"
        builder.note_once("final-mismatch", message, pointer)
        builder.extra.add(("generated_text",), text)


def _add_details(builder: ReplyBuilder, choice: ChoiceBuilder, details: JSON) -> None:
    if not isinstance(details, dict):
        builder.extra.add(("details",), details)
        return
    choice.finish_reason = text_or_none(details.get("finish_reason")) or choice.finish_reason
    counts = {key: details.get(key) for key in ("generated_tokens", "input_length")}
    builder.merge_usage(counts)
    place = ("choices", str(choice.index))
    if isinstance(details.get("tokens"), list):
        choice.add_logprobs(details["tokens"])
    else:
        builder.extra.add((*place, "tokens"), details.get("tokens"))
    placed = {"tokens", *counts} | find_texts_under(details, "finish_reason")
    builder.extra.add_rest(place, details, placed)


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "inputs")


_ENDINGS = {
    "eos_token": Ending.WHOLE,
    "stop_sequence": Ending.WHOLE,
    "length": Ending.CUT_SHORT,
}
_USAGE = UsageKeys(("input_length",), ("generated_tokens",))

WIRE = Wire(NAME, _recognises, _assemble, _read_request, endings=_ENDINGS, usage=_USAGE)
