"""watsonx.ai's text generation: `results` with a text and its counts, whole or as a stream of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Ending, UsageKeys, Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.requests import read_prompt_request, text_or_none
from recctl.wire.building.sse import peek, read_events
from recctl.wire.building.values import find_texts_under
from recctl.wire.building.views import has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "watsonx"
_COUNTS = ("generated_token_count", "input_token_count")
_GOES_ON = "not_finished"


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and "generated_text" not in item:
        return False
    return has_entries(peek(item).data.get("results"), "generated_text")


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    for _, data, pointer in read_events(items, builder, streamed=streamed):
        if data.get("error") or data.get("errors"):
            builder.fail(data.get("error") or data.get("errors"), pointer)
        builder.identify("model", data.get("model_id"))
        results = data.get("results")
        for number, result in enumerate(results if isinstance(results, list) else []):
            if isinstance(result, dict):
                _add_result(builder, number, result)
            else:
                builder.extra.add(("odd_results",), result)
        placed = {"model_id", "error", "errors", "results"}
        builder.extra.add_rest((), data, placed if isinstance(results, list) else placed - {"results"})
    return builder.build(NAME, streamed=streamed, chunks=len(items))


def _add_result(builder: ReplyBuilder, number: int, result: dict[str, JSON]) -> None:
    choice, text, reason = builder.choice(number), result.get("generated_text"), result.get("stop_reason")
    if isinstance(text, str):
        choice.say("content", text)
    if reason != _GOES_ON:
        choice.finish_reason = text_or_none(reason) or choice.finish_reason
    counts = {key: result[key] for key in _COUNTS if result.get(key)}  # 0 where it has been told before
    builder.merge_usage(counts)
    placed = find_texts_under(result, "generated_text", "stop_reason") | {*_COUNTS}
    builder.extra.add_rest(("choices", str(number)), result, placed)


def _read_request(asked: dict[str, JSON]) -> Request:
    request = read_prompt_request(asked)
    model = request.parameters.get("model_id")
    return request._replace(model=request.model or text_or_none(model))


_ENDINGS = {
    "eos_token": Ending.WHOLE,
    "stop_sequence": Ending.WHOLE,
    "max_tokens": Ending.CUT_SHORT,
}
_USAGE = UsageKeys(("input_token_count",), ("generated_token_count",))

WIRE = Wire(NAME, _recognises, _assemble, _read_request, endings=_ENDINGS, usage=_USAGE)
