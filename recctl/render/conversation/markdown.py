"""Exchanges as GitHub's Markdown, to be pasted into a pull request.

Recorded text is in fenced blocks, where it neither formats, links, mentions nor loads anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.render import render_whole
from recctl.render.conversation._arguments import format_arguments
from recctl.render.conversation.text import ASIDES, describe_usage, list_untold, name_call, name_data
from recctl.render.kit.markdown import code, fence
from recctl.render.kit.masking import mask_texts
from recctl.render.kit.values import LINE_WIDTH, compact, format_json, layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON, LoadError
    from recctl.recordings.source import Unread
    from recctl.render.conversation import ConversationView
    from recctl.wire import Exchange
    from recctl.wire.completion import Message, MessagePart, Request, RequestMessage, ToolCall


def render(items: Iterable[Exchange | LoadError | Unread], view: ConversationView) -> Iterator[str]:
    """Each exchange under a heading of its own; the request is folded away when both sides are shown."""
    from recctl.wire import Exchange

    separator = ""
    for item in items:
        if isinstance(item, Exchange):
            pieces = render_whole(str(item.recording.key), view.refuse, _render, item, view)
            yield from (separator, *pieces) if pieces else ()
            separator = "\n" if pieces else separator


def _render(exchange: Exchange, view: ConversationView) -> Iterator[str]:
    yield view.mask("\n\n".join(_describe(_mask(exchange, view), view))) + "\n"


def _mask(exchange: Exchange, view: ConversationView) -> Exchange:
    """The exchange with each of its texts masked: laid out, a secret need not look like one any more."""
    mask = view.mask
    request, completion = mask_texts(exchange.request, mask), mask_texts(exchange.completion, mask)
    return exchange._replace(request=request, completion=completion)


def _describe(exchange: Exchange, view: ConversationView) -> Iterator[str]:
    recording, request, completion = exchange.recording, exchange.request, exchange.completion
    yield f"### {code(view.mask(str(recording.key)))}"
    facts = [completion.wire]
    if completion.streamed:
        facts.append(show_count(completion.chunks, "chunk"))
    model = request.model or completion.model
    if model:
        facts.append(f"model {code(model)}")
    if recording.test_id:
        facts.append(f"test {code(view.mask(recording.test_id))}")
    yield " · ".join(facts)
    if view.shows("request") and view.shows("response"):
        yield "<details><summary>Request</summary>"
    if view.shows("request"):
        yield from _describe_request(request)
    if view.shows("request") and view.shows("response"):
        yield "</details>"
    if view.shows("response"):
        yield from _describe_reply(exchange)


def _describe_request(request: Request) -> Iterator[str]:
    for message in request.messages:
        name = f" {code(message.name)}" if message.name else ""
        answers = f" to {code(message.tool_call_id)}" if message.tool_call_id else ""
        yield f"**{_word(message.role or 'message')}**{name}{answers}"
        yield from _describe_content(message)
        yield from _describe_calls(message.tool_calls)
        for key, value in message.extra.items():
            if value is not None:
                yield from _describe_value(key, value)
    if request.prompt is not None:
        yield "**prompt**"
        yield fence(compact(request.prompt))
    if request.tools:
        yield "**tools** " + ", ".join(code(tool.name or tool.type or "?") for tool in request.tools)
    for fact in request.facts:
        yield from _describe_value(fact.name, fact.text)
    parameters = list_untold(request.parameters, request.facts)
    if parameters:
        told = {key: f"{key} {compact(name_data(value))}" for key, value in parameters.items()}
        yield "**asked for** " + ", ".join(code(text) for text in told.values() if len(text) <= LINE_WIDTH)
        for key, text in told.items():
            if len(text) > LINE_WIDTH:
                yield from _describe_value(key, request.parameters[key])


def _describe_content(message: RequestMessage) -> Iterator[str]:
    content = message.content
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield fence(text)
        elif part is not None:
            yield fence(format_json(name_data(part)), "json")


def _describe_reply(exchange: Exchange) -> Iterator[str]:
    completion = exchange.completion
    for choice in completion.choices:
        number = f" (choice {choice.index})" if len(completion.choices) > 1 else ""
        yield f"**{_word(choice.message.role or completion.kind or 'reply')}**{number}"
        if choice.message.parts:
            yield from _describe_parts(exchange, choice.message.parts)
        else:
            yield from _describe_message(choice.message)
        for attachment in exchange.list_attachments(choice):
            yield from _describe_value(attachment.name, attachment.value)
        if choice.finish_reason is not None:
            yield f"finish {code(choice.finish_reason)}"
    yield from _describe_outcome(exchange)
    if completion.error is not None:
        yield "**error**"
        yield fence(layout(completion.error), "json")
    if completion.usage is not None:
        yield f"usage {code(describe_usage(completion.usage))}"
    if not completion.complete:
        yield "**incomplete**"
    for note in completion.notes:
        yield f"- {note.code}: {code(note.message)}"


def _describe_outcome(exchange: Exchange) -> Iterator[str]:
    """What a reply comes to that is no message; what no fact tells is folded away."""
    completion = exchange.completion
    if completion.kind is None:
        if completion.extra and not exchange.has_message:
            yield fence(format_json(name_data(completion.extra)), "json")
        return
    if not completion.choices:
        yield f"**{_word(completion.kind)}**"
    for fact in completion.facts:
        yield from _describe_value(fact.name, fact.text)
    rest = list_untold(completion.extra, completion.facts)
    if rest:
        yield "<details><summary>More</summary>"
        yield fence(format_json(name_data(rest)), "json")
        yield "</details>"


def _describe_message(message: Message) -> Iterator[str]:
    for kind, name in ASIDES.items():
        if (text := getattr(message, kind)) is not None:
            yield f"{name}:"
            yield fence(text)
    if message.content is not None:
        yield fence(message.content)
    yield from _describe_calls(message.tool_calls)


def _describe_parts(exchange: Exchange, parts: tuple[MessagePart, ...]) -> Iterator[str]:
    for part in parts:
        if part.call is not None:
            yield from _describe_calls((part.call,))
        elif part.text is not None and not part.text.isspace():
            if part.kind in ASIDES:
                yield f"{ASIDES[part.kind]}:"
            yield fence(part.text)
        for attachment in exchange.find_attachments(part) if part.place else ():
            yield from _describe_value(attachment.name, attachment.value)


def _describe_calls(calls: tuple[ToolCall, ...]) -> Iterator[str]:
    for call in calls:
        call_id = f" {code(call.id)}" if call.id else ""
        yield f"calls {code(name_call(call))}{call_id}"
        if call.arguments is not None:
            text, is_json = format_arguments(call.arguments, name_data)
            yield fence(text, "json" if is_json else "text")


def _describe_value(name: str, value: JSON) -> Iterator[str]:
    """A value under its name, on one line where that will do."""
    text = "" if value is None else layout(name_data(value))
    if "\n" in text or len(text) > LINE_WIDTH:
        yield f"{code(name)}:"
        yield fence(text, "text" if isinstance(value, str) else "json")
    else:
        yield f"{code(name)} {code(text) if text else ''}".rstrip()


def _word(text: str) -> str:
    """A word such as a role, without anything that Markdown or HTML would take for its own."""
    return re.sub(r"[^\w -]", "?", text)  # a dot would do for a link
