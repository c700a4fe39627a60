"""An exchange in two lines, where there is nothing to compare it with: what was asked, what was answered."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.wire.building.facts import describe, shorten, summarise_data
from recctl.wire.completion import Speaker

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

_LONGEST = 160
_ID = re.compile(r"(?:\b|_)id\Z")


def read_question_line(request: Request) -> str:
    """The first line of what was asked last; of a list, of its first item. Empty where nothing is."""
    said = [message.content for message in request.messages if message.speaker is not Speaker.SYSTEM]
    return _first_line(_read_text(said[-1] if said else request.prompt))


def describe_body(body: dict[str, JSON]) -> str:
    """The first line of a reply that stands inside another one; all of it in short, where none is known."""
    from recctl.wire.recognition import recognise_body

    wire = recognise_body(body)
    line = read_reply_line(wire.assemble([body], False)) if wire else ""
    return line or shorten(describe(summarise_data(body)))


def read_reply_line(completion: Completion) -> str:
    """The first line of what was answered: a text, or which tool is called, or why there is none."""
    if completion.error is not None:
        return _first_line(f"error: {_read_error(completion.error)}")
    for choice in completion.choices:
        message = choice.message
        for call in message.tool_calls:
            return _first_line(f"calls {call.name or 'a tool'} {call.arguments or ''}")
        for text in (message.content, message.refusal, message.reasoning):
            if text and text.strip():
                return _first_line(text)
    if completion.kind is not None:
        is_counted = "count" in completion.extra  # then the kind says how many there are
        told = [f"{fact.name} {fact.text}" for fact in completion.facts if not _ID.search(fact.name)]
        return _first_line(
            f"{completion.kind}: {', '.join(told)}" if told and not is_counted else completion.kind
        )
    return ""


def _read_text(content: JSON, depth: int = 0) -> str:
    """The first text in a content: itself, or in one of its parts."""
    if isinstance(content, str):
        return content
    if depth == _DEEPEST:
        return ""
    if isinstance(content, list) and content:
        return next((text for part in content if (text := _read_text(part, depth + 1))), "")
    if isinstance(content, dict):
        return _read_text(content.get("text") or content.get("content"), depth + 1)
    return ""


_DEEPEST = 8


def _read_error(error: JSON) -> str:
    if isinstance(error, dict):
        told = error.get("message") or error.get("error") or error
        return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return str(error)


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    line = " ".join(lines[0].split()) if lines else ""
    if len(line) > _LONGEST:
        return f"{line[: _LONGEST - 1]}…"
    return f"{line} …" if len(lines) > 1 else line
