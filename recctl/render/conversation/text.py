"""Exchanges as text: what was asked and what was said, told like a conversation."""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from recctl.base.amounts import show_count
from recctl.render import render_whole
from recctl.render.conversation._arguments import format_arguments
from recctl.render.kit.terminal import Line, Span, line, render_lines
from recctl.render.kit.values import LINE_WIDTH, compact, format_json, layout
from recctl.wire.attachments import Attachment
from recctl.wire.completion import Fact, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render.conversation import ConversationView
    from recctl.wire import Exchange
    from recctl.wire.completion import Message, MessagePart, Request, ToolCall

_STYLES = {
    Speaker.SYSTEM: "bold magenta",
    Speaker.USER: "bold blue",
    Speaker.MODEL: "bold green",
    Speaker.TOOL: "bold yellow",
}
ASIDES = {"reasoning": "thinks", "refusal": "refuses"}
"""How texts are introduced that are not the answer."""

_COPIED = ("test", "request")
_FOLDED_LINES = 30
_KEPT_LINES = 20
_FOLDED_CHARACTERS = 2000
_FOLDED_PARAMETER = 300


def render(items: Iterable[Exchange | LoadError | Unread], view: ConversationView) -> Iterator[str]:
    """Each exchange in turn, as `view` asks: whole, one side, by chunks, or raw. Failures are left out."""
    from recctl.wire import Exchange

    separator: tuple[Line, ...] = ()
    for item in items:
        if isinstance(item, Exchange):
            lines = chain(separator, describe_exchange(item, view))
            pieces = render_whole(str(item.recording.key), view.refuse, render_lines, lines, view)
            yield from pieces
            separator = (line(), line()) if pieces else separator


def describe_exchange(exchange: Exchange, view: ConversationView) -> Iterator[Line]:
    """The lines that tell an exchange."""
    recording, request, completion = exchange.recording, exchange.request, exchange.completion
    if view.raw:
        sides = {side: recording.document[side] for side in ("request", "response") if view.shows(side)}
        for text_line in json.dumps(sides, indent=2).split("\n"):
            yield line(Span(text_line, "json"))
        return
    yield line(Span(str(recording.key), "bold underline", recording.source.name), is_whole=True)
    streamed = f", {show_count(completion.chunks, 'chunk')}" if completion.streamed else ""
    method = recording.request.get("method")
    fields = (
        ("test", recording.test_id),
        ("request", f"{method} {recording.url}" if isinstance(method, str) else recording.endpoint),
        ("wire", f"{completion.wire}{streamed}"),
        ("model", request.model or completion.model),
        ("asked for", _describe_parameters(request, view)),
    )
    for name, value in fields:
        if value:
            yield line(Span(f"{name:<10}", "dim"), value, indent=2, hang=10, is_whole=name in _COPIED)
    if view.shows("request"):
        yield from _describe_facts([*request.facts], view, least=len("asked for"))
        yield from _describe_request(request, view)
    if view.timeline:
        yield from _describe_timeline(exchange)
    elif view.shows("response"):
        yield from _describe_reply(exchange, view)


def _describe_parameters(request: Request, view: ConversationView) -> str:
    """What was asked for, but for what facts tell; on a terminal long values lose their ends."""
    told = [
        f"{key} {compact(_fold_data(value, view))}"
        for key, value in list_untold(request.parameters, request.facts).items()
    ]
    longest = LINE_WIDTH if request.facts else _FOLDED_PARAMETER
    if not view.fold or all(len(text) <= longest for text in told):
        return ", ".join(told)
    return ", ".join(text if len(text) <= longest else f"{text[:longest]} …" for text in told) + _UNFOLD


def _describe_request(request: Request, view: ConversationView) -> Iterator[Line]:
    for message in request.messages:
        answers = f" to {message.tool_call_id}" if message.tool_call_id else ""
        name = f" {message.name}" if message.name else ""
        yield from _heading(message.role or "message", f"{name}{answers}", message.speaker)
        yield from _describe_content(message.content, view)
        for call in message.tool_calls:
            yield from _describe_call(call, view)
        for key, value in message.extra.items():
            if value is not None:
                told = compact(_fold_data(value, view))
                yield line(Span(f"{key} ", "dim"), Span(told, "json"), indent=2)
    if request.prompt is not None:
        yield from _heading("prompt")
        yield from _describe_content(request.prompt, view)
    if request.tools:
        yield from _heading("tools")
        for tool in request.tools:
            properties = tool.parameters.get("properties") if isinstance(tool.parameters, dict) else None
            names = ", ".join(properties) if isinstance(properties, dict) else ""
            yield line(Span(tool.name or tool.type or "a tool", "bold"), f"({names})", indent=2)


def _describe_reply(exchange: Exchange, view: ConversationView) -> Iterator[Line]:
    completion = exchange.completion
    for choice in completion.choices:
        number = f" choice {choice.index}" if len(completion.choices) > 1 else ""
        role = choice.message.role
        name = role or completion.kind or "reply"
        yield from _heading(name, f"{' replies' if role else ''}{number}", Speaker.MODEL if role else None)
        if choice.message.parts:
            yield from _describe_parts(exchange, choice.message.parts, view)
        else:
            yield from _describe_message(choice.message, view)
        for attachment in exchange.list_attachments(choice):
            yield from _describe_attachment(attachment, view)
        if choice.finish_reason is not None:
            yield line(Span("finish     ", "dim"), choice.finish_reason, indent=2)
    yield from _describe_outcome(exchange, view)
    for note in completion.notes:
        spans = (Span(f"note[{note.code}] ", "bold cyan"), note.message, Span(f" ({note.pointer})", "dim"))
        yield line(*spans, indent=2)


def _describe_outcome(exchange: Exchange, view: ConversationView) -> Iterator[Line]:
    """What a reply comes to beside its messages: facts, the usage, an error, what has no other place."""
    completion = exchange.completion
    facts = [*completion.facts]
    if completion.usage is not None:
        facts.append(Fact("usage", describe_usage(completion.usage)))
    if completion.kind is not None and not completion.choices:
        yield from _heading(completion.kind)
    yield from _describe_facts(facts, view)
    if completion.error is not None:
        yield from _heading("error")
        yield from _describe_json(completion.error, view)
    if completion.kind is not None:
        yield from _describe_rest(list_untold(completion.extra, completion.facts), view)
    elif completion.extra and not exchange.has_message:
        if not completion.choices:
            yield from _heading("reply")
        yield from _describe_json(completion.extra, view)


def _describe_facts(facts: list[Fact], view: ConversationView, least: int = 10) -> Iterator[Line]:
    """Facts, one a line, with `least` cells for their names; on a terminal many lose their middle."""
    hidden = len(facts) - _KEPT_LINES if view.fold and len(facts) > _FOLDED_LINES else 0
    width = max([least, *(len(fact.name) for fact in facts if len(fact.name) <= _LONGEST_NAME)])
    for fact in facts[: _KEPT_LINES - 5] if hidden else facts:
        yield from _describe_fact(fact, width, view)
    if hidden:
        yield line(Span(f"… {hidden:,} more; --full shows them …", "italic dim"), indent=2)
        for fact in facts[-5:]:
            yield from _describe_fact(fact, width, view)


_LONGEST_NAME = 32
"""How many characters of a fact's name are kept clear; a longer one juts out."""


def _describe_fact(fact: Fact, width: int, view: ConversationView) -> Iterator[Line]:
    if "\n" in fact.text:
        yield line(Span(fact.name, "dim"), indent=2)
        yield from _describe_text(fact.text, view, indent=4)
    else:
        text = _fold_line(fact.text) if view.fold else fact.text
        yield line(Span(f"{fact.name:<{width}} ", "dim"), text, indent=2, hang=width + 1)


def _describe_rest(rest: dict[str, Any], view: ConversationView) -> Iterator[Line]:
    """What no fact tells; on a terminal only what it is called."""
    if rest and view.fold:
        shows = f"; --full shows {'it' if len(rest) == 1 else 'them'}"
        yield line(Span(f"… and {', '.join(rest)}{shows}", "italic dim"), indent=2)
    elif rest:
        yield line()
        for name, value in rest.items():
            yield from _describe_attachment(Attachment(name, value), view)


def list_untold(values: dict[str, Any], facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Those values that no fact tells as a whole."""
    told = {key for fact in facts for key in fact.keys}
    return {key: value for key, value in values.items() if key not in told}


def _describe_message(message: Message, view: ConversationView) -> Iterator[Line]:
    for kind in ASIDES:
        if (text := getattr(message, kind)) is not None:
            yield from _describe_aside(kind, text, view)
    if message.content is not None:
        yield from _describe_text(message.content, view)
    for call in message.tool_calls:
        yield from _describe_call(call, view)


def _describe_parts(
    exchange: Exchange, parts: tuple[MessagePart, ...], view: ConversationView
) -> Iterator[Line]:
    """What was said in its order; a blank line parts a text from the one before it."""
    before = ""
    for part in parts:
        if part.call is not None:
            yield from _describe_call(part.call, view)
        elif (part.text or "").isspace():
            continue
        elif part.kind == "text":
            if before == part.kind:
                yield line()
            yield from _describe_text(part.text or "", view)
        elif part.text is not None:
            yield from _describe_aside(part.kind, part.text, view)
        else:
            for attachment in exchange.find_attachments(part):
                yield from _describe_attachment(attachment, view)
        before = part.kind


def _describe_aside(kind: str, text: str, view: ConversationView) -> Iterator[Line]:
    yield line(Span(ASIDES[kind], "italic dim"), indent=2)
    yield from _describe_text(text, view, indent=4, style="dim")


def _describe_timeline(exchange: Exchange) -> Iterator[Line]:
    """What each chunk added, with its size in bytes."""
    yield from _heading("chunks")
    for step in exchange.read_steps():
        spans = [Span(f"{step.number:>5} {step.size:>6} B ", "dim")]
        for name, value in step.added:
            spans += [Span(f" {name} ", "bold"), Span(compact(value) if name == "usage" else repr(value))]
        yield line(*spans, indent=2)


def _heading(name: str, rest: str = "", speaker: Speaker | None = None) -> Iterator[Line]:
    yield line()
    yield line(Span(name, _STYLES[speaker] if speaker else "bold"), Span(rest, "dim"))


def _describe_content(content: Any, view: ConversationView) -> Iterator[Line]:
    """A message's content: text, or parts of which the texts are shown as such and the rest as JSON."""
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield from _describe_text(text, view)
        elif part is not None:
            yield from _describe_json(part, view)


def _describe_text(text: str, view: ConversationView, indent: int = 2, style: str = "") -> Iterator[Line]:
    """A text, line by line; on a terminal a long one loses its middle."""
    lines = text.split("\n")
    if view.fold:
        lines = [_fold_line(text_line) for text_line in lines]
    hidden = len(lines) - _KEPT_LINES
    if not view.fold or len(lines) <= _FOLDED_LINES:
        hidden = 0
    for text_line in lines[: _KEPT_LINES - 5] if hidden else lines:
        yield line(Span(text_line, style), indent=indent)
    if hidden:
        yield line(Span(f"… {hidden:,} more lines; --full shows them …", "italic dim"), indent=indent)
        yield from (line(Span(text_line, style), indent=indent) for text_line in lines[-5:])


def _fold_line(text: str) -> str:
    if len(text) <= _FOLDED_CHARACTERS:
        return text
    return (
        f"{text[:_FOLDED_CHARACTERS]} … {len(text) - _FOLDED_CHARACTERS:,} more characters; --full shows them"
    )


_UNFOLD = "; --full shows them"
_BASE64 = re.compile(
    r"data:([\w.+-]+/[\w.+-]+)?[^,]{0,100};base64,([A-Za-z0-9+/=_-]{100,})|\A([A-Za-z0-9+/_-]{200,}={0,2})\Z"
)


def name_data(value: Any, hint: str = "") -> Any:
    """A JSON value with base64 data, in an image's URL or as a text of its own, named instead of told."""
    if isinstance(value, dict):
        return {key: name_data(item, hint) for key, item in value.items()}
    if isinstance(value, list):
        return [name_data(item, hint) for item in value]
    if isinstance(value, str):
        return _BASE64.sub(lambda data: _name_match(data, hint), value)
    return value


def _name_match(data: re.Match[str], hint: str) -> str:
    size = len(data[2] or data[3]) * 3 // 4
    return f"[{data[1] or 'data'}, {size:,} bytes{hint}]"


def name_call(call: ToolCall) -> str:
    """What a call is called: by its tool's name, or, as the provider's own tools may be, by its type."""
    return call.name or call.type or "?"


def _describe_call(call: ToolCall, view: ConversationView) -> Iterator[Line]:
    yield line(
        Span("calls ", "dim"), Span(name_call(call), "bold"), Span(f"  {call.id or ''}", "dim"), indent=2
    )
    if call.arguments is not None:
        text, is_json = format_arguments(call.arguments, partial(_fold_data, view=view))
        yield from _describe_text(text, view, indent=4, style="json" if is_json else "")


def _describe_attachment(attachment: Attachment, view: ConversationView) -> Iterator[Line]:
    """What a choice has beside its words and calls, on one line where that will do."""
    value = _fold_data(attachment.value, view)
    text = "" if value is None else layout(value)
    style = "" if isinstance(value, str) else "json"
    if "\n" in text or len(text) > LINE_WIDTH:
        yield line(Span(attachment.name, "dim"), indent=2)
        yield from _describe_text(text, view, indent=4, style=style)
    else:
        yield line(Span(f"{attachment.name} ", "dim"), Span(text, style), indent=2)


def _describe_json(value: Any, view: ConversationView) -> Iterator[Line]:
    yield from _describe_text(format_json(_fold_data(value, view)), view, style="json")


def _fold_data(value: Any, view: ConversationView) -> Any:
    return name_data(value, _UNFOLD) if view.fold else value


def describe_usage(usage: dict[str, Any]) -> str:
    """The counters that were given, in the provider's words."""
    return ", ".join(f"{key} {compact(value)}" for key, value in usage.items() if value is not None)
