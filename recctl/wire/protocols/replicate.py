"""Replicate's predictions: how far one is and what it gave, and the stream of events of a language model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.wire import Ending, Wire
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.facts import describe_values
from recctl.wire.building.noise import TIMES
from recctl.wire.building.requests import read_prompt_request, text_or_none
from recctl.wire.building.sse import read_texts
from recctl.wire.building.values import as_object

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "replicate"
_STREAM = re.compile(r"(?:^|\n)event: (?:output|logs|error|done)\nid: \d+:\d+\ndata:")
_ENDS = ("succeeded", "failed", "canceled", "aborted")
_TOLD = ("status", "input", "version", "metrics", "completed_at")
_PLACED = frozenset({"id", "model", "error", "output", *FOLDED})
_LINK = re.compile(r"(?:https?|data):\S*\Z")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str):
        return _STREAM.search(item) is not None
    if not isinstance(item, dict):
        return False
    urls = item.get("urls")
    return isinstance(urls, dict) and "get" in urls and "status" in item and "input" in item


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    if in_list and any(isinstance(item, str) for item in items):
        _add_events(builder, items)
        return builder.build(NAME, streamed=True, chunks=len(items))
    for data, pointer in builder.read(items, numbered=in_list):
        _add_prediction(builder, data, pointer)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _add_events(builder: ReplyBuilder, items: list[JSON]) -> None:
    for kind, text, pointer in read_texts(items, builder):
        if kind == "output":
            builder.choice(0).say("content", text)
        elif kind == "done":
            builder.choice(0).ended = True
            builder.extra.add(("done",), "" if text in ("", "{}") else text)
        elif kind == "error":
            builder.fail(text, pointer)
        else:
            builder.extra.append(("events", kind or "untyped"), text)


def _add_prediction(builder: ReplyBuilder, data: dict[str, JSON], pointer: str) -> None:
    builder.kind = "prediction"
    builder.identify("id", data.get("id"))
    builder.identify("model", data.get("model"))
    builder.add_fact("id", builder.id or "")
    describe_values(builder, data, _TOLD)
    if data.get("error"):
        builder.fail(data["error"], f"{pointer}/error")
    output, status = data.get("output"), data.get("status")
    pieces = [output] if isinstance(output, str) else output
    if isinstance(pieces, list) and pieces and all(isinstance(piece, str) for piece in pieces):
        if all(_LINK.match(piece) for piece in pieces):
            describe_values(builder, data, ("output",))
        else:
            choice = builder.choice(0)
            for piece in pieces:
                choice.say("content", piece)
            choice.finish_reason = text_or_none(status) if status in _ENDS else None
            output = None
    builder.extra.add(("output",), output)
    builder.extra.add_rest((), data, _PLACED)


def _read_request(asked: dict[str, JSON]) -> Request:
    given = as_object(asked.get("input"))
    prompt = given.get("prompt")
    if not isinstance(prompt, str):
        return read_prompt_request(asked, "prompt")
    rest = {key: value for key, value in given.items() if key != "prompt"}
    return read_prompt_request({**asked, "input": rest, "prompt": prompt}, "prompt")


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    shows_streaming=False,
    noise=TIMES,
    endings={"succeeded": Ending.WHOLE},
)
