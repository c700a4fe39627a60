"""What is in force, as text for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.render.kit.terminal import Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.project import ConfigValue
    from recctl.render.kit.view import View


def render(values: Iterable[ConfigValue], view: View) -> Iterator[str]:
    """What is in force, a line each, and where it comes from."""
    values = list(values)
    width = max(len(value.key) for value in values)
    for each in values:
        shown = json.dumps(each.value, ensure_ascii=False)
        spans = (Span(each.key.ljust(width), "bold"), " = ", shown, Span(f"  ({each.origin})", "dim"))
        yield from render_lines([line(*spans)], view.unbroken)
