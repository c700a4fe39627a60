"""JSON values as people read them: on one line where they are short, else indented."""

from __future__ import annotations

import json
from typing import Any

LINE_WIDTH = 72
"""How long JSON may be that stands on one line."""


def format_json(value: Any) -> str:
    """JSON on one line where it is short, else indented."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LINE_WIDTH else json.dumps(value, indent=2, ensure_ascii=False)


def layout(value: Any) -> str:
    """A value to stand for itself: text as it is, anything else as JSON, on as many lines as it takes."""
    return value if isinstance(value, str) else format_json(value)


def compact(value: Any) -> str:
    """A value on one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def shorten(value: Any, width: int) -> str:
    """A value as JSON on one line that is no longer than `width`."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= width else f"{text[: width - 1]}…"
