"""The *tools* family: do the calls that a model made fit the tools that it was offered?"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from recctl.checks.finding import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema_rs import Validator

    from recctl.completion import Tool, ToolCall
    from recctl.recording import JSON, Recording
    from recctl.wire import Exchange

TOOL_ARGUMENTS_JSON = Rule(
    "tool-arguments-json",
    Severity.ERROR,
    "The arguments of a tool call are not JSON.",
    "Whoever runs the tool can't read them. Models hardly ever write broken JSON: usually a stream was cut, "
    "or chunks of two calls were joined.",
    "Record it again.",
)
TOOL_ARGUMENTS_SCHEMA = Rule(
    "tool-arguments-schema",
    Severity.WARNING,
    "The arguments of a tool call do not fit the tool's own schema.",
    "The model slipped, or the tool has changed since. A test that replays this tests the handling of wrong "
    "arguments, whether it means to or not.",
    "Look whether the test means it; else record it again.",
)
UNKNOWN_TOOL = Rule(
    "unknown-tool",
    Severity.WARNING,
    "A tool is called that the request did not offer.",
    "The client has nothing to run. The request was edited afterwards, or the model made up a name.",
    "Look whether the test means it; else record it again.",
)
DANGLING_TOOL_RESULT = Rule(
    "dangling-tool-result",
    Severity.WARNING,
    "A tool's result answers a call that is not in the conversation.",
    "Providers refuse such a request, or guess. It comes from a call's id that was edited or re-recorded "
    "while the requests that quote it were not.",
    "Record the whole conversation again.",
)

RULES = (TOOL_ARGUMENTS_JSON, TOOL_ARGUMENTS_SCHEMA, UNKNOWN_TOOL, DANGLING_TOOL_RESULT)


def check_tools(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    """What is wrong with the calls of a reply and with the results in a request. Raises nothing."""
    name = recording.source.name
    pointers = {note.code: note.pointer for note in exchange.completion.notes}
    offered = {tool.name: tool for tool in exchange.request.tools if tool.name is not None}
    for choice in exchange.completion.choices:
        for call in choice.message.tool_calls:
            for rule, message, hint in _check_call(call, offered):
                pointer = pointers.get(rule.name, "/response/body")
                yield Finding(rule.name, rule.severity, name, message, hint, pointer)
    for call_id in _find_dangling(exchange):
        message = f"a tool's result answers the call {call_id!r}, which no earlier message makes"
        hint = "record the whole conversation again"
        yield Finding(
            DANGLING_TOOL_RESULT.name, DANGLING_TOOL_RESULT.severity, name, message, hint, "/request"
        )


_RUN_BY_CLIENTS = (None, "function", "tool_use", "function_call")
"""The types of calls that a client runs, with arguments in JSON. Others the provider runs, or take text."""


def _check_call(call: ToolCall, offered: dict[str, Tool]) -> Iterator[tuple[Rule, str, str]]:
    if call.type not in _RUN_BY_CLIENTS:
        return
    tool = offered.get(call.name or "")
    if tool is None and offered and call.name is not None:
        yield UNKNOWN_TOOL, f"{call.name!r} is called, but not among the tools that were offered", _LOOK
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        message = f"the arguments for {call.name!r} are not JSON"
        yield TOOL_ARGUMENTS_JSON, message, "record it again"
        return
    if tool is not None and isinstance(tool.parameters, (dict, bool)):
        problem = _validate(tool.parameters, arguments)
        if problem is not None:
            yield TOOL_ARGUMENTS_SCHEMA, f"{call.name!r}: {problem}", _LOOK


_LOOK = "look whether the test means it; else record it again"


def _find_dangling(exchange: Exchange) -> Iterator[str]:
    made: set[str | None] = set()
    for message in exchange.request.messages:
        made.update(call.id for call in message.tool_calls)
        if message.tool_call_id is not None and message.tool_call_id not in made:
            yield message.tool_call_id


def _validate(schema: JSON, arguments: JSON) -> str | None:
    """In what way arguments do not fit a tool's schema; None when they do, or when they can't be judged.

    Tool schemas are recorded, so untrusted: jsonschema-rs alone looks at them, since its patterns can't run
    away, and what a schema refers to is never fetched.
    """
    from jsonschema_rs import ValidationError

    validator = _compile(json.dumps(schema, sort_keys=True))
    if isinstance(validator, str):
        return f"the tool's own schema is broken: {validator}"
    try:
        validator.validate(arguments)
    except ValidationError as error:
        where = "/".join(str(step) for step in error.instance_path)
        return f"{f'{where}: ' if where else ''}{_shorten(error.message)}"
    except ValueError:  # lone surrogates, which it can't read
        return None
    return None


@lru_cache(maxsize=256)
def _compile(schema: str) -> Validator | str:
    """A validator for a schema given as JSON, or why there is none."""
    from jsonschema_rs import RegexOptions, ValidationError, validator_for

    try:
        return validator_for(json.loads(schema), retriever=_refuse, pattern_options=RegexOptions())
    except (ValidationError, ValueError) as error:
        return _shorten(str(error).partition("\n")[0])


def _refuse(uri: str) -> JSON:
    raise LookupError(f"{uri} is not looked up")


def _shorten(text: str) -> str:
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[: _MESSAGE_LENGTH - 1]}…"


_MESSAGE_LENGTH = 160
