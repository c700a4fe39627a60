"""Exchanges on one screen: whole while they fit, else a few lines each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.conversation.text import render as render_as_text
from recctl.render.kit.terminal import Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render.conversation import ConversationView
    from recctl.render.kit.terminal import Line
    from recctl.wire import Exchange

SCREEN = 24
"""How many lines a terminal has at least; no more are printed."""

_MOST = 7


def render(items: Iterable[Exchange | LoadError | Unread], view: ConversationView) -> Iterator[str]:
    """All of the exchanges as text, if that fits on a screen; else what the first ones come to."""
    from recctl.wire import Exchange

    whole: list[str] = []
    brief: list[Line] = []
    used = count = 0
    for item in items:
        if not isinstance(item, Exchange):
            continue
        if used <= SCREEN:
            pieces = ["\n\n"] if whole else []
            pieces += render_as_text([item], view)
            used += sum(piece.count("\n") for piece in pieces)
            whole += pieces
        if count < _MOST:
            brief += _describe(item)
        count += 1
    if used <= SCREEN:
        yield from whole
        return
    if count > _MOST:
        brief.append(line(Span(f"and {count - _MOST:,} more; --format text shows all of them", "dim")))
    yield from render_lines(brief, view)


def _describe(exchange: Exchange) -> Iterator[Line]:
    recording = exchange.recording
    yield line(Span(recording.test_id or str(recording.key), "bold"), is_whole=True)
    for name, text in zip(("asked", "answered"), exchange.read_lines(), strict=True):
        if text:
            yield line(Span(f"{name:<10}", "dim"), text, indent=2, hang=10)
