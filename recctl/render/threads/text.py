"""Conversations as a tree of text: what was asked, what was called and what was said, turn by turn."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from recctl.recordings.names import shorten_name
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.threads import Thread, Threads, ThreadTurn
    from recctl.render.kit.view import View
    from recctl.wire.completion import RequestMessage

_PIPE_WIDTH = 100


def render(threads: Threads, view: View) -> Iterator[str]:
    """Each test with its conversations, the turns that go on from one another below each other."""
    separator: list[Line] = []
    for thread in threads.threads:
        yield from render_lines((*separator, *_describe_thread(thread, view)), view.unbroken)
        separator = [line()]


def _describe_thread(thread: Thread, view: View) -> Iterator[Line]:
    """The turns below each other; those that go on from the same one are branches."""
    yield line(Span(thread.test_id or "(no test is known)", "bold"), is_whole=True)
    width = view.width or _PIPE_WIDTH
    last = {turn.parent: place for place, turn in enumerate(thread.turns)}
    rests: list[str] = []
    for place, turn in enumerate(thread.turns):
        prefix = "" if turn.parent is None else rests[turn.parent]
        is_last = last[turn.parent] == place
        rests.append(prefix + ("   " if is_last else "│  "))
        yield _describe_head(turn, prefix + ("└─ " if is_last else "├─ "))
        inner = rests[place] + ("│  " if place in last else "   ")
        for who, text, style in _describe_words(turn):
            room = max(20, width - len(inner) - len(who) - 1)
            yield line(Span(inner, "dim"), Span(f"{who} ", "dim"), Span(_shorten(text, room), style))


def _describe_head(turn: ThreadTurn, prefix: str) -> Line:
    recording, completion = turn.exchange.recording, turn.exchange.completion
    name = shorten_name(posixpath.basename(recording.source.name))
    key = name if recording.key.number is None else f"{name}#{recording.key.number}"
    finish = completion.choices[0].finish_reason if completion.choices else None
    told = [turn.exchange.request.model or completion.model, finish]
    return line(
        Span(prefix, "dim"),
        Span(key, "cyan", recording.source.name),
        Span(f"  {', '.join(filter(None, told))}", "dim"),
    )


def _describe_words(turn: ThreadTurn) -> Iterator[tuple[str, str, str]]:
    for message in turn.added:
        text = _read_text(message)
        if text:
            yield message.role or "message", text, ""
        for call in message.tool_calls:
            yield f"{message.role or 'assistant'} calls", f"{call.name or '?'} {call.arguments or ''}", ""
    request = turn.exchange.request
    if request.prompt is not None:
        yield "prompt", str(request.prompt), ""
    for choice in turn.exchange.completion.choices:
        for call in choice.message.tool_calls:
            yield "calls", f"{call.name or '?'} {call.arguments or ''}", "yellow"
        if choice.message.content:
            yield "says", choice.message.content, "green"
    if not turn.exchange.completion.choices:
        answered = turn.exchange.read_lines()[1]
        if answered:
            yield "answers", answered, "green"


def _read_text(message: RequestMessage) -> str:
    content = message.content
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    told = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            told.append(text)
        elif isinstance(part, dict) and isinstance(part.get("type"), str):
            told.append(f"[{part['type']}]")
    return " ".join(told)


def _shorten(text: str, width: int) -> str:
    """How a text begins, on one line."""
    told = " ".join(text.split())
    return told if len(told) <= width else f"{told[: width - 1]}…"
