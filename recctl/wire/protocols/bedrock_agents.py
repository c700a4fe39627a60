"""Bedrock's agents and knowledge bases: InvokeAgent, RetrieveAndGenerate and its stream.

An agent's stream has the text of its answer as bytes, a trace of each step, and what the client is to do for
it (`returnControl`), which are its tool calls. It has no last event, so that an answer is an end.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import decode_base64, is_nothing
from recctl.wire.completion import Request, RequestMessage
from recctl.wire.protocol import Attachments, Wire

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion

NAME = "bedrock-agents"
_STEPS = ("trace", "returnControl", "files")


def _recognises(item: JSON) -> bool:
    data = peek(item).data
    output = data.get("output")
    if isinstance(output, dict):
        return isinstance(output.get("text"), str) and data.keys() <= _ANSWER_KEYS
    if "citation" in data:
        return isinstance(data["citation"], dict) and len(data) == 1
    chunk = data.get("chunk")
    if isinstance(chunk, dict):
        return len(data) == 1 and _read_bytes(chunk) is not None
    return any(_is_step(data, name) for name in _STEPS)


_ANSWER_KEYS = frozenset({"output", "citations", "sessionId", "guardrailAction", "p"})
_MARKS = frozenset({"sessionId", "agentId", "invocationId", "files"})


def _is_step(data: dict[str, JSON], name: str) -> bool:
    step = data.get(name)
    return isinstance(step, dict) and len(data) == 1 and not _MARKS.isdisjoint(step)


def _read_bytes(chunk: dict[str, JSON]) -> str | None:
    """The text that a chunk has; JSON has been read where it is some."""
    held = chunk.get("bytes")
    if isinstance(held, (dict, list)):
        return json.dumps(held, ensure_ascii=False)
    data = decode_base64(held)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    for event in read_events(items, builder, streamed=streamed):
        _add(builder, event)
    return builder.build(NAME, streamed=streamed, chunks=len(items))


def _add(builder: ReplyBuilder, event: Event) -> None:
    _, data, pointer = event
    failure = next((key for key in data if key.endswith("Exception")), None)
    output, chunk, control = data.get("output"), data.get("chunk"), data.get("returnControl")
    if failure is not None or data.get("error"):
        key = failure or "error"
        told = data[key] if isinstance(data[key], dict) else {"message": data[key]}
        builder.fail({"type": failure, **told} if failure else told, pointer)
        builder.extra.add_rest((), data, {key, "type"})
    elif isinstance(output, dict):
        _say(builder, output)
        builder.extra.add_rest((), data, {"output", "p"})
    elif isinstance(chunk, dict):
        _say(builder, {**chunk, "text": _read_bytes(chunk)})
        builder.extra.add_rest((), data, {"chunk"})
    elif isinstance(control, dict):
        _add_calls(builder, control, f"{pointer}/returnControl")
        builder.extra.add_rest((), data, {"returnControl"})
    elif any(isinstance(data.get(key), dict) for key in ("trace", "citation", "files")):
        for key, value in data.items():
            builder.extra.append((key,), value)
    else:
        keep_unknown(event._replace(type=next(iter(data), "")), builder)


def _say(builder: ReplyBuilder, told: dict[str, JSON]) -> None:
    """Add a text, with what it is attributed to."""
    choice, text = builder.choice(0), told.get("text")
    placed = {"p", "text"}
    if isinstance(text, str):
        choice.say("content", text)
        choice.ended = True
        placed.add("bytes")
    elif not is_nothing(text):
        builder.extra.add(("odd_text",), text)
    for key, value in told.items():
        if key not in placed:
            builder.extra.append((key,), value)


def _add_calls(builder: ReplyBuilder, control: dict[str, JSON], pointer: str) -> None:
    """Add what the client is to do: functions of an action group, or operations of an API."""
    choice, inputs = builder.choice(0), control.get("invocationInputs")
    choice.ended = True
    for position, entry in enumerate(inputs if isinstance(inputs, list) else ()):
        asked = next(iter(entry.values()), None) if isinstance(entry, dict) and len(entry) == 1 else None
        if not isinstance(asked, dict):
            builder.extra.append(("odd_invocation_inputs",), entry)
            continue
        call = CallBuilder(f"{pointer}/invocationInputs/{position}", position)
        call.id = text_or_none(control.get("invocationId"))
        name = "function" if "function" in asked else "apiPath"
        call.name = text_or_none(asked.get(name))
        parameters = asked.get("parameters")
        arguments = _read_parameters(parameters)
        if arguments is not None:
            call.add_arguments(arguments)
        choice.add_call(call)
        placed = {name} if call.name is not None else set()
        rest = {key: value for key, value in asked.items() if key not in placed}
        builder.extra.add_rest(("tool_calls", str(position)), {**rest, "kind": next(iter(entry))}, ())
    placed = {"invocationInputs"} if isinstance(inputs, list) else set()
    builder.extra.add_rest(("returnControl",), control, placed)


def _read_parameters(parameters: JSON) -> dict[str, JSON] | None:
    """Arguments by their names: each is an object with a name, a type and a value, which is text."""
    if not isinstance(parameters, list):
        return None
    named = [each for each in parameters if isinstance(each, dict) and isinstance(each.get("name"), str)]
    return {each["name"]: each.get("value") for each in named} if len(named) == len(parameters) else None


def _is_request(path: str, asked: JSON) -> bool:
    """Whether an agent or a knowledge base is asked."""
    return "/agentAliases/" in path or (
        path.endswith(("/retrieveAndGenerate", "Stream")) and "input" in asked
    )


def _read_request(asked: dict[str, JSON]) -> Request:
    held = asked.get("input")
    text = asked.get("inputText", held.get("text") if isinstance(held, dict) else None)
    if not isinstance(text, str):
        return Request(parameters=asked)
    placed = {"inputText"} if "inputText" in asked else {"input"}
    return Request(
        messages=(RequestMessage("user", text),),
        parameters={key: value for key, value in asked.items() if key not in placed},
    )


_NOISE = {
    "traceId": "made up for each reply",
    "sessionId": "made up for each conversation",
    "clientRequestId": "made up for each request",
    "eventTime": "a time",
    "startTime": "a time",
    "endTime": "a time",
    "operationTotalTimeMs": "a duration",
    "totalTimeMs": "a duration",
}

WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    _read_request,
    recognises_request=_is_request,
    attachments=Attachments(keys=("attribution", "citation", "citations")),
    noise=_NOISE,
    folded={"p": "random padding that hides the length of an event"},
)
