"""The *stream* family: has the reply arrived whole, and does the recording say rightly how it came?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.checks.finding import Rule, Severity
from recctl.naming.engine import find_wanted, identify
from recctl.recordings.formats import load_format
from recctl.recordings.names import read_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.checks.finding import Finding
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire import Exchange

INCOMPLETE_STREAM = Rule(
    "incomplete-stream",
    Severity.ERROR,
    "The stream ends before the reply does.",
    "The connection was lost or the test stopped reading. Whoever replays the recording gets half a reply "
    "without a finish reason and fails, or hangs, in a way that has nothing to do with the test.",
    "Record it again.",
    bad='a last chunk with "finish_reason": null',
    good='a last chunk with "finish_reason": "stop"',
)
STREAM_ERROR = Rule(
    "stream-error",
    Severity.ERROR,
    "The provider sent an error in the middle of the stream.",
    "An overloaded provider or a lost backend is replayed for ever after, where a reply was meant to be.",
    "Record it again; if the error is the point of the test, ignore the rule for the file.",
    bad='{"error": {"message": "overloaded"}} after ten chunks',
    good="chunks to the end",
)
STREAM_MISMATCH = Rule(
    "stream-mismatch",
    Severity.ERROR,
    "The recording disagrees with itself on whether the reply was streamed.",
    "The request's `stream`, the response's `is_streaming` and the body (a list of chunks or one object) go "
    "together. Recorders replay by `is_streaming`, clients read by what they asked for.",
    "Put is_streaming right, or record it again.",
    bad='"is_streaming": false, "body": [chunk, chunk, …]',
    good='"is_streaming": true, "body": [chunk, chunk, …]',
)
CHUNK_AFTER_FINISH = Rule(
    "chunk-after-finish",
    Severity.WARNING,
    "The reply goes on after its finish reason.",
    "Clients stop reading there: what follows was lost on them, or two streams were joined by mistake.",
    "Record it again.",
    bad='"finish_reason": "stop", and then a chunk with "content": "more"',
    good='"finish_reason": "stop" after all content',
)
MIXED_IDS = Rule(
    "mixed-ids",
    Severity.WARNING,
    "The stream contains chunks of more than one reply.",
    "A second reply begins, with an id of its own: two streams were recorded into one file. Ids alone say "
    "nothing, since some providers give each chunk another one.",
    "Record it again.",
    bad='text with "id": "chatcmpl-1", then "role": "assistant" again with "id": "chatcmpl-2"',
    good="chunks of one reply",
)
VOLATILE_FIELD = Rule(
    "volatile-field",
    Severity.WARNING,
    "A field that the recorder makes constant has another value.",
    "Recorders since October 2025 write `rec-` and the start of the hash for ids, zero for times. Another "
    "value comes from an edit or a re-hash by hand, and will show up as a change in the next recording.",
    "Put the value right; the file's hash does not cover it. `--fix` does.",
    bad='"id": "chatcmpl-7", "created": 1754088894',
    good='"id": "rec-" and 12 digits of the file\'s name, "created": 0',
)

RULES = (INCOMPLETE_STREAM, STREAM_ERROR, STREAM_MISMATCH, CHUNK_AFTER_FINISH, MIXED_IDS, VOLATILE_FIELD)

_RULE_OF_NOTE = {
    "incomplete-stream": (INCOMPLETE_STREAM, "record it again"),
    "chunk-after-finish": (CHUNK_AFTER_FINISH, "record it again"),
    "mixed-ids": (MIXED_IDS, "record it again"),
}


def check_stream(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    """What is wrong with how a reply arrived, and with fields that should not vary. Raises nothing."""
    name, completion = recording.source.name, exchange.completion
    for note in completion.notes:
        if note.code in _RULE_OF_NOTE:
            rule, hint = _RULE_OF_NOTE[note.code]
            yield rule.make_finding(name, note.message, hint, note.pointer)
        elif note.code == "error" and completion.streamed:
            yield STREAM_ERROR.make_finding(name, note.message, "record it again", note.pointer)
    yield from _check_mismatch(recording, exchange)
    yield from _check_volatile_fields(recording)


def _check_mismatch(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    completion, asked = exchange.completion, recording.asked.get("stream")
    if not exchange.wire.shows_streaming:
        return
    is_streaming = recording.response.get("is_streaming")
    if is_streaming is None and completion.streamed:
        message = "is_streaming is not there, but the body is a list of chunks"
    elif not isinstance(is_streaming, bool):
        return
    elif is_streaming != completion.streamed:
        shape = "a list of chunks" if completion.streamed else "one object"
        message = f"is_streaming is {_word(is_streaming)}, but the body is {shape}"
    elif isinstance(asked, bool) and asked != is_streaming:
        message = f"the request asks for stream {_word(asked)}, but is_streaming is {_word(is_streaming)}"
    else:
        return
    name, hint = recording.source.name, "put is_streaming right, or record it again"
    pointer = "/response" if is_streaming is None else "/response/is_streaming"
    yield STREAM_MISMATCH.make_finding(name, message, hint, pointer)


def _word(value: JSON) -> str:
    return "true" if value else "false"


def _check_volatile_fields(recording: Recording) -> Iterator[Finding]:
    """One finding for each right value, at the first place that lacks it."""
    places: dict[JSON, list[str]] = {}
    for pointer, value in find_volatile_fields(recording):
        places.setdefault(value, []).append(pointer)
    for value, pointers in places.items():
        more = f" (and in {len(pointers) - 1:,} more places)" if len(pointers) > 1 else ""
        yield VOLATILE_FIELD.make_finding(
            recording.source.name,
            f"the recorder would write {value!r} here{more}",
            "put it right, or let --fix do it",
            pointers[0],
            fixable=True,
        )


_ZERO_DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
_CREATED_AT = "1970-01-01T00:00:00.000000Z"
_LONG_NAME = 64


def find_volatile_fields(recording: Recording) -> Iterator[tuple[str, JSON]]:
    """Each field of a dumped reply that is not as the recorder normalises it: its pointer and right value.

    Only for recordings whose recorder has named them by 64 digits: recorders of before October 2025 left
    replies as they were, and so they stay when they are given names of today. Where an id is right for the
    name that the file should have, the name is wrong, and the id is not.
    """
    place, body = recording.source.place, recording.body
    digest = read_hash(place.name) if place else ""
    if place is None or len(digest) != _LONG_NAME or not load_format(recording.format).is_named_by_hash:
        return
    if not ("id_normalization_mapping" in recording.document or _is_normal(body)):
        return
    found = [*_compare(body, digest)]
    if any(str(odd).startswith("rec-") for _, _, odd in found):
        scheme, _ = find_wanted(recording.format, recording.source.settings)
        wanted = identify(recording, place, scheme).wanted
        if any(odd == _make_id(read_hash(wanted or "")) for _, _, odd in found):
            found = [*_compare(body, read_hash(wanted or ""))]
    yield from ((pointer, value) for pointer, value, _ in found)


def _make_id(digest: str) -> str:
    return f"rec-{digest[:12]}"


def _compare(body: JSON, digest: str) -> Iterator[tuple[str, JSON, JSON]]:
    """Each field that differs from what it is in a file named by that digest: pointer, right value, value."""
    right_id = _make_id(digest)
    for step, item in enumerate(body) if isinstance(body, list) else (("", body),):
        data = item.get("__data__") if isinstance(item, dict) else None
        if not isinstance(data, dict):
            continue
        for key, value in _normalise(data, right_id):
            if data[key] != value:
                yield f"/response/body{f'/{step}' if step != '' else ''}/__data__/{key}", value, data[key]


def _is_normal(body: JSON) -> bool:
    """Whether any part of a reply shows that its recorder normalised replies."""
    for item in body if isinstance(body, list) else (body,):
        data = item.get("__data__") if isinstance(item, dict) else None
        if isinstance(data, dict) and (
            str(data.get("id")).startswith("rec-") or data.get("created_at") == _CREATED_AT
        ):
            return True
    return False


def _normalise(data: dict[str, JSON], right_id: str) -> Iterator[tuple[str, JSON]]:
    if data.get("object") != "model":
        if "id" in data and data["id"] is not None:
            yield "id", right_id
        if "created" in data:
            yield "created", 0
    if data.get("created_at") is not None:
        yield "created_at", _CREATED_AT
    for key in _ZERO_DURATIONS:
        if data.get(key) is not None:
            yield key, 0
