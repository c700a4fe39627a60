"""Speech as text: OpenAI's transcriptions and translations, streamed or not, and those of Deepgram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, describe_values
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import as_list, as_object, find_texts_under, join

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "transcription"
_EVENTS = "transcript.text."
_KEYS = frozenset(
    {
        *("text", "usage", "language", "duration", "segments", "words", "task", "logprobs", "speakers"),
        *(
            "model",
            "x_groq",
            "language_code",
            "language_probability",
            "transcription_id",
            "finish_reason",
            "type",
        ),
    }
)
_TOLD = ("language", "language_code", "duration")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and _EVENTS not in item:
        return False
    kind, data, _ = peek(item)
    if kind.startswith(_EVENTS):
        return True
    if isinstance(item, str):
        return False
    return (isinstance(data.get("text"), str) and data.keys() <= _KEYS) or bool(_list_channels(data))


def _list_channels(data: dict[str, JSON]) -> list[JSON]:
    """Deepgram's channels of sound, with what was heard in each."""
    channels = as_list(as_object(data.get("results")).get("channels"))
    return channels if "alternatives" in as_object(next(iter(channels), None)) else []


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    is_stream = False
    for event in read_events(items, builder, streamed=streamed):
        kind, data, pointer = event
        if data.get("error"):
            builder.fail(data["error"], pointer)
        if kind.startswith(_EVENTS):
            is_stream = True
            _add_event(builder, kind.removeprefix(_EVENTS), data, pointer)
        elif _list_channels(data):
            _add_channels(builder, data)
        elif "text" in data:
            _add_whole(builder, data)
        elif not data.get("error"):
            keep_unknown(event, builder)
    return builder.build(NAME, streamed=is_stream, chunks=len(items))


def _add_event(builder: ReplyBuilder, name: str, data: dict[str, JSON], pointer: str) -> None:
    choice = builder.choice(0)
    placed = {"type", "logprobs", "usage"} | find_texts_under(data, "delta", "text")
    if name == "delta":
        if isinstance(data.get("delta"), str):
            choice.say("content", data["delta"])
        builder.extra.add(("earlier_logprobs",), choice.add_logprobs(data.get("logprobs")))
    elif name == "done":
        choice.ended = True
        text = data.get("text")
        if not choice.content and isinstance(text, str):
            choice.say("content", text)
        elif isinstance(text, str) and text != join(choice.content):
            message = "what the stream adds up to is not what its last event says"
            builder.note_once("final-mismatch", message, pointer)
            builder.extra.add(("text",), text)
        if choice.logprobs is None:
            choice.add_logprobs(data.get("logprobs"))
        elif choice.logprobs != data.get("logprobs"):
            builder.extra.add(("logprobs",), data.get("logprobs"))
        builder.merge_usage(data.get("usage"))
    else:
        builder.extra.append(("events", name), {key: value for key, value in data.items() if key != "type"})
        return
    builder.extra.add_rest((), data, placed)


def _add_whole(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    choice = builder.choice(0)
    builder.kind = "transcript"
    if isinstance(data.get("text"), str):
        choice.say("content", data["text"])
    choice.ended = True
    builder.extra.add(("earlier_logprobs",), choice.add_logprobs(data.get("logprobs")))
    builder.identify("model", data.get("model"))
    builder.merge_usage(data.get("usage"))
    describe_values(builder, data, _TOLD)
    for key in ("segments", "words"):
        listed = data.get(key)
        builder.add_fact(key, f"{len(listed):,}" if isinstance(listed, list) and listed else "")
    placed = {"usage", "logprobs", "model", "error"} | find_texts_under(data, "text")
    builder.extra.add_rest((), data, placed)


def _add_channels(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    builder.kind = "transcript"
    for number, channel in enumerate(_list_channels(data)):
        choice = builder.choice(number)
        choice.ended = True
        alternatives = as_list(as_object(channel).get("alternatives"))
        transcript = as_object(next(iter(alternatives), None)).get("transcript")
        if isinstance(transcript, str):
            choice.say("content", transcript)
    for key in ("duration", "channels"):
        value = as_object(data.get("metadata")).get(key)
        builder.add_fact(key, "" if value is None else describe(value, key))
    builder.extra.add_rest((), data, {"error"})


WIRE = Wire(NAME, _recognises, _assemble, read_parameters, shows_streaming=False)
