"""The *tools* family: do the calls that a model made fit the tools that it was offered?"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from recctl.base.pointer import escape_pointer
from recctl.base.strict_json import TooDeepError, decode
from recctl.checks.finding import Rule, Severity
from recctl.wire import Ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Finding
    from recctl.checks.tool_schemas import Effort
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire import Exchange
    from recctl.wire.completion import Tool, ToolCall

TOOL_ARGUMENTS_JSON = Rule(
    "tool-arguments-json",
    Severity.ERROR,
    "The arguments of a tool call are not JSON.",
    "Whoever runs the tool can't read them. Models hardly ever write broken JSON: usually a stream was cut, "
    "or chunks of two calls were joined. Where the token limit cut the call, this is a warning.",
    "Record it again.",
    bad='"arguments": "{\\"city\\": "',
    good='"arguments": "{\\"city\\": \\"Bergen\\"}"',
)
TOOL_ARGUMENTS_SCHEMA = Rule(
    "tool-arguments-schema",
    Severity.WARNING,
    "The arguments of a tool call do not fit the tool's own schema.",
    "The model slipped, or the tool has changed since. A test that replays this tests the handling of wrong "
    "arguments, whether it means to or not. A schema that takes too long to judge by gets a note.",
    "Look whether the test means it; else record it again.",
    bad='{"city": 7} for a tool whose city is a string',
    good='{"city": "Bergen"}',
)
UNKNOWN_TOOL = Rule(
    "unknown-tool",
    Severity.WARNING,
    "A tool is called that the request did not offer.",
    "The client has nothing to run. The request was edited afterwards, or the model made up a name.",
    "Look whether the test means it; else record it again.",
    bad="a call of get_time, where only get_weather was offered",
    good="a call of get_weather",
)
DANGLING_TOOL_RESULT = Rule(
    "dangling-tool-result",
    Severity.WARNING,
    "A tool's result answers a call that is not in the conversation.",
    "Providers refuse such a request, or guess. It comes from a call's id that was edited or re-recorded "
    "while the requests that quote it were not.",
    "Record the whole conversation again.",
    bad='"tool_call_id": "call_2", where the only call is call_1',
    good='"tool_call_id": "call_1"',
)

ANSWERED_TWICE = Rule(
    "answered-twice",
    Severity.WARNING,
    "Two results of a tool answer the same call.",
    "A call has one result; providers refuse a second one, or take either. The client added it to the "
    "conversation twice, or the tool was run again where its result had to be looked up.",
    "Put the client right, and record the whole conversation again.",
    bad='two messages with "tool_call_id": "call_1", where one call is call_1',
    good="one result for each call",
)
RULES = (
    TOOL_ARGUMENTS_JSON,
    TOOL_ARGUMENTS_SCHEMA,
    UNKNOWN_TOOL,
    DANGLING_TOOL_RESULT,
    ANSWERED_TWICE,
)


def check_tools(recording: Recording, exchange: Exchange) -> Iterator[Finding]:
    """What is wrong with the calls of a reply and with the results in a request. Raises nothing."""
    offered = {tool.name: tool for tool in exchange.list_tools() if tool.name is not None}
    seen: dict[str, int] = {}
    effort: list[Effort] = []
    schemas: dict[int, str | None] = {}  # where those stand that are to blame
    found: dict[Finding, None] = {}  # a broken schema is one finding, however often the tool is called
    for choice in exchange.completion.choices:
        calls = choice.message.tool_calls
        for call in calls:
            key = call.id or call.name or ""
            seen[key] = number = seen.get(key, -1) + 1
            if call.type not in exchange.wire.client_calls:
                continue
            for rule, severity, message, blamed in _check_call(call, offered, effort):
                told = call.name if rule is UNKNOWN_TOOL else call.arguments
                is_placed = len(found) < _MOST_PLACED
                if blamed is not None and is_placed and id(blamed) not in schemas:
                    schemas[id(blamed)] = _find_in_request(recording, blamed)
                pointer = schemas.get(id(blamed))
                if pointer is None:
                    pointer = _find_call(exchange, call, number, told) if is_placed else "/response/body"
                hint = _RERECORD if rule is TOOL_ARGUMENTS_JSON else _LOOK
                hint = "look at the call yourself" if severity is Severity.NOTE else hint
                finding = rule.make_finding(recording.source.name, message, hint, pointer)
                finding = finding._replace(severity=severity)
                is_last = rule is TOOL_ARGUMENTS_JSON and call is calls[-1]
                if is_last and exchange.find_ending(choice) is Ending.CUT_SHORT:
                    told = f"{message}: the token limit cut them off"
                    finding = finding._replace(severity=Severity.WARNING, message=told, hint=_LOOK)
                found[finding] = None
    yield from found
    result_keys = exchange.asked_by.form.call_ids
    for count, call_id in enumerate(_find_dangling(recording, exchange)):
        message = f"a tool's result answers the call {call_id!r}, which no earlier message makes"
        is_placed = count < _MOST_PLACED
        places = _find_mentions(recording.request if is_placed else None, "/request", result_keys, call_id)
        pointer, hint = next(places, ("/request", None))[0], "record the whole conversation again"
        yield DANGLING_TOOL_RESULT.make_finding(recording.source.name, message, hint, pointer)
    for number, (call_id, count) in enumerate(_find_answered_twice(exchange)):
        message = f"{count} results of tools answer the call {call_id!r}"
        looked_at = recording.request if number < _MOST_PLACED else None
        keys = tuple(key for key in result_keys if key != "id")  # under which the call has it
        mentions = _find_mentions(looked_at, "/request", keys, call_id)
        *_, pointer = ("/request", *(place for place, inner in mentions if isinstance(inner, dict)))
        hint = "record the whole conversation again"
        yield ANSWERED_TWICE.make_finding(recording.source.name, message, hint, pointer)


def _find_answered_twice(exchange: Exchange) -> Iterator[tuple[str, int]]:
    """The calls of a request that have more results than there are calls of that id, and how many."""
    made: Counter[str | None] = Counter()
    results: Counter[str | None] = Counter()
    for message in exchange.request.messages:
        made.update(call.id for call in message.tool_calls)
        results[message.tool_call_id] += 1
    for call_id, count in results.items():
        if call_id is not None and count > max(made[call_id], 1):
            yield call_id, count


_MOST_PLACED = 50
"""How many findings of one recording are looked for in it: each takes a walk through the whole."""

_RERECORD = "record it again"
_LOOK = "look whether the test means it; else record it again"


def _check_call(
    call: ToolCall, offered: dict[str, Tool], effort: list[Effort]
) -> Iterator[tuple[Rule, Severity, str, JSON]]:
    """What is wrong with a call: the rule, how bad it is, a sentence, and the schema if that is to blame.

    `effort` holds what may still be done for the recording, from the first schema on.
    """
    tool = offered.get(call.name or "")
    if tool is None and offered and call.name is not None:
        message = f"{call.name!r} is called, but not among the tools that were offered"
        yield UNKNOWN_TOOL, UNKNOWN_TOOL.severity, message, None
    text = call.arguments or "{}"
    try:
        arguments = decode(text)
    except TooDeepError:
        return
    except ValueError:
        message = f"the arguments for {call.name!r} are not JSON"
        yield TOOL_ARGUMENTS_JSON, TOOL_ARGUMENTS_JSON.severity, message, None
        return
    if tool is None or tool.parameters is None:
        return
    from recctl.checks.tool_schemas import Effort, TooCostlyError, find_misfit

    effort += [] if effort else [Effort()]
    rule = TOOL_ARGUMENTS_SCHEMA
    try:
        misfit = find_misfit(tool.parameters, arguments, _measure(text), *effort)
    except TooCostlyError:
        yield rule, Severity.NOTE, f"{call.name!r}: {_TOO_COSTLY}", tool.parameters
        return
    if misfit is not None:
        blamed = tool.parameters if misfit.blames_schema else None
        yield rule, rule.severity, f"{call.name!r}: {misfit.message}", blamed


def _measure(text: str) -> int:
    """How large a JSON text is: no fewer than the values in it, and a sixteenth of its characters."""
    return sum(map(text.count, ",:[{")) + len(text) // 16 + 1


_TOO_COSTLY = "whether the arguments fit was not found out: by the tool's own schema, that takes too long"


def _find_dangling(recording: Recording, exchange: Exchange) -> Iterator[str]:
    form = exchange.asked_by.form
    if any(recording.asked.get(key) for key in form.conversations):
        return
    made: set[str | None] = set()
    for message in exchange.request.messages:
        kinds = [(str(part.get("type")), part) for part in _list_parts(message.content)]
        others = [part for kind, part in kinds if kind.endswith(form.other_calls)]
        made.update(call.id for call in message.tool_calls)
        made.update(str(part.get(key)) for part in others for key in form.call_ids)
        if any(kind in form.references for kind, _ in kinds):
            return  # the provider knows what was called there
        if message.tool_call_id is not None and message.tool_call_id not in made:
            yield message.tool_call_id


def _list_parts(content: JSON) -> Iterator[dict[str, JSON]]:
    return (part for part in content if isinstance(part, dict)) if isinstance(content, list) else iter(())


def _find_call(exchange: Exchange, call: ToolCall, number: int, told: str | None) -> str:
    """A pointer to a call, or to what it has `told` where that is in it as a whole.

    `number` counts the calls before it that share its id, or its name if it has none.
    """
    word, keys = (call.id, exchange.wire.form.call_ids) if call.id else (call.name or "", ("name",))
    response = exchange.recording.response
    found = list(islice(_find_mentions(response, "/response", keys, word), number + 1))
    if not found:
        return "/response/body"
    pointer, value = found[-1]
    texts = (place for place, inner in _walk(value, pointer) if inner == told and isinstance(inner, str))
    return next(texts, pointer)


def _find_mentions(value: JSON, pointer: str, keys: tuple[str, ...], word: str) -> Iterator[tuple[str, JSON]]:
    """The objects that have a word under one of these keys, and the texts that quote it, with pointers."""
    for place, inner in _walk(value, pointer):
        if isinstance(inner, dict):
            if any(inner.get(key) == word for key in keys):
                yield place, inner
        elif isinstance(inner, str) and inner != word and f'"{word}"' in inner:
            yield place, inner


def _find_in_request(recording: Recording, wanted: JSON) -> str | None:
    """A pointer to a value of the request itself, not to one like it."""
    return next((place for place, inner in _walk(recording.request, "/request") if inner is wanted), None)


def _walk(value: JSON, pointer: str) -> Iterator[tuple[str, JSON]]:
    """A value and all that is in it, each with its pointer, in the order of the document."""
    rest = [(pointer, value)]
    while rest:
        pointer, value = rest.pop()
        yield pointer, value
        members: Iterable[tuple[object, JSON]] = ()
        if isinstance(value, dict):
            members = value.items()
        elif isinstance(value, list):
            members = enumerate(value)
        inner = [(f"{pointer}/{escape_pointer(str(step))}", each) for step, each in members]
        rest.extend(reversed(inner))
