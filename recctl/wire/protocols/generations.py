"""Texts that models go on with, in forms of their makers' own: on Bedrock (InvokeModel) and elsewhere.

A form is a row of a table: where a body, or a chunk of a stream, has its texts, and why each ended, and which
of its keys are counts. OpenAI's form (text.py) and Cohere's (cohere_v1.py) have modules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.noise import BEDROCK_NOISE
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.protocol import Ending, UsageKeys, Wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.message import ChoiceBuilder
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "text-generation"


class _Form(NamedTuple):
    """Whose form it is, and its keys.

    `results` is that of the list of results; "" where a body is the one result itself, as all chunks are.
    `text` and `reason` are paths in a result; no path of a reason is of streams that just end. `also` is what
    a body has as well, besides its texts, `counts` are the keys that make the usage. A bare one has no other
    key than that of its text; of a growing one each chunk has all of the text so far.
    """

    name: str
    results: str
    text: tuple[str, ...]
    reason: tuple[str, ...]
    counts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    is_bare: bool = False
    is_growing: bool = False


_TITAN = ("inputTextTokenCount", "tokenCount", "totalOutputTextTokenCount")
_LLAMA = ("prompt_token_count", "generation_token_count")
_ALEPH_ALPHA = ("num_tokens_prompt_total", "num_tokens_generated")
_FORMS = (
    _Form("titan", "results", ("outputText",), ("completionReason",), _TITAN),
    _Form("titan", "", ("outputText",), ("completionReason",), _TITAN),
    _Form("llama", "", ("generation",), ("stop_reason",), _LLAMA, also=("stop_reason",)),
    _Form("mistral", "outputs", ("text",), ("stop_reason",)),
    _Form("jurassic", "completions", ("data", "text"), ("finishReason", "reason")),
    _Form("aleph-alpha", "completions", ("completion",), ("finish_reason",), _ALEPH_ALPHA),
    _Form("anthropic-completions", "", ("completion",), ("stop_reason",), also=("stop_reason",)),
    _Form("writer-completions", "", ("value",), (), is_bare=True),
    _Form("sourcegraph-completions", "", ("deltaText",), ("stopReason",)),
    _Form(
        "sourcegraph-completions", "", ("completion",), ("stopReason",), also=("stopReason",), is_growing=True
    ),
    _Form("sourcegraph-completions", "", ("completion",), ("stopReason",), is_bare=True, is_growing=True),
)

_LAST = frozenset({"totalOutputTextTokenCount", "amazon-bedrock-invocationMetrics"})
"""What only the last chunk of a stream says on Bedrock, which a guardrail may have ended without a reason."""


def _recognises(item: JSON) -> bool:
    return _find_form(peek(item).data, is_sent=isinstance(item, str)) is not None


def _find_form(data: dict[str, JSON], *, is_sent: bool) -> _Form | None:
    """The form that an object is of; a bare one, which has but its text, only where an event was sent."""
    return next((form for form in _FORMS if _is_of(data, form) and (is_sent or not form.is_bare)), None)


def _is_of(data: dict[str, JSON], form: _Form) -> bool:
    result: JSON = data
    if form.results:
        results = data.get(form.results)
        result = results[0] if isinstance(results, list) and results else None
    if not isinstance(result, dict) or (form.is_bare and len(data) > 1):
        return False
    has_reason = not form.reason or form.reason[0] in result or not form.results
    return has_reason and isinstance(_find(result, form.text), str) and all(key in data for key in form.also)


def _find(value: JSON, path: tuple[str, ...]) -> JSON:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder, forms = ReplyBuilder(), set()
    for event in read_events(items, builder, streamed=streamed):
        form = _find_form(event.data, is_sent=streamed)
        if form is None:
            _add_other(builder, event)
            continue
        forms.add(form.name)
        _add(builder, form, event.data, event.pointer)
    return builder.build(min(forms, default=NAME), streamed=streamed, chunks=len(items))


def _add_other(builder: ReplyBuilder, event: Event) -> None:
    kind, data, pointer = event
    if kind == "error" or data.get("error"):
        builder.fail(data.get("error") or data, pointer)
        builder.extra.add_rest((), data, {"type", "error"} if data.get("error") else data)
    elif kind == "done" and not data:  # as Sourcegraph's streams end
        builder.choice(0).ended = True
    else:
        keep_unknown(event, builder)


def _add(builder: ReplyBuilder, form: _Form, data: dict[str, JSON], pointer: str) -> None:
    """Add what a body, or a chunk, says."""
    own_id = data.get("id")
    builder.identify("id", str(own_id) if type(own_id) is int else own_id)
    builder.identify("model", data.get("model"))
    builder.merge_usage({key: data.get(key) for key in form.counts})
    placed = {"id", "model", *form.counts}
    if not form.results:
        choice = builder.choice(0)
        if choice.has_ended and form.reason and _find(data, form.text):
            builder.note_once("chunk-after-finish", "the reply goes on after its end", pointer)
        choice.ended = choice.ended or not _LAST.isdisjoint(data)
        placed.add("index")
        if data.get("type") == "completion":
            placed.add("type")
        _add_result(builder, form, choice, {key: data[key] for key in data if key not in placed}, ())
        return
    results = data[form.results]
    for position, result in enumerate(results):
        choice = builder.choice(position)
        if not isinstance(result, dict):
            builder.extra.add(("choices", str(position), "odd_result"), result)
            continue
        if len(results) == 1:
            builder.merge_usage({key: result.get(key) for key in form.counts})
            result = {key: result[key] for key in result if key not in form.counts}  # noqa: PLW2901
        _add_result(builder, form, choice, result, ("choices", str(position)))
    builder.extra.add_rest((), data, {*placed, form.results})


def _add_result(
    builder: ReplyBuilder, form: _Form, choice: ChoiceBuilder, result: dict[str, JSON], path: tuple[str, ...]
) -> None:
    """Add a text and why it ended; what else there is goes to a place in `extra`."""
    text, reason = _find(result, form.text), _find(result, form.reason) if form.reason else None
    rest = _leave_out(result, form.text) if isinstance(text, str) else result
    if isinstance(text, str) and text:
        known = choice.content
        if form.is_growing and known and text.startswith(known[0]):
            known[:] = [text]
        else:
            choice.say("content", text)
    if isinstance(reason, str):
        rest = _leave_out(rest, form.reason)
        if choice.finish_reason not in (None, reason):
            builder.extra.add((*path, "earlier_finish_reason"), choice.finish_reason)
        choice.finish_reason = reason or choice.finish_reason
    choice.ended = choice.ended or not form.reason  # it just ends
    builder.extra.add_rest(path, rest, ())


def _leave_out(value: dict[str, JSON], path: tuple[str, ...]) -> dict[str, JSON]:
    """An object without the value at a path, nor what is left empty by that."""
    key, *below = path
    rest = {name: inner for name, inner in value.items() if name != key}
    if below:
        inner = _leave_out(value[key], tuple(below))
        rest |= {key: inner} if inner else {}
    return rest


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "inputText")


_NOISE = {**BEDROCK_NOISE, "log_id": "made up for each reply"}
_ENDINGS = {
    "FINISH": Ending.WHOLE,
    "STOP_CRITERIA_MET": Ending.WHOLE,
    "stop": Ending.WHOLE,
    "stop_sequence": Ending.WHOLE,
    "endoftext": Ending.WHOLE,
    "end_of_text": Ending.WHOLE,
    "LENGTH": Ending.CUT_SHORT,
    "length": Ending.CUT_SHORT,
    "max_tokens": Ending.CUT_SHORT,
    "maximum_tokens": Ending.CUT_SHORT,
    "CONTENT_FILTERED": Ending.REFUSED,
}

_USAGE = UsageKeys(
    ("inputTextTokenCount", "prompt_token_count", "num_tokens_prompt_total"),
    ("tokenCount", "totalOutputTextTokenCount", "generation_token_count", "num_tokens_generated"),
)

WIRE = Wire(NAME, _recognises, _assemble, _read_request, endings=_ENDINGS, noise=_NOISE, usage=_USAGE)
