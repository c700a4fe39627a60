"""Explanations as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.rehash import Explained
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render.kit.view import View


def render(items: Iterable[Explained | LoadError | Unread], view: View) -> Iterator[str]:
    """The exact text that each scheme hashes, and what comes of it; schemes that agree are told together."""
    for item in items:
        if isinstance(item, Explained):
            yield from render_lines(_explain(item), view.unbroken)


def _explain(item: Explained) -> Iterator[Line]:
    yield line(Span(str(item.key), "bold"))
    by_outcome: dict[tuple[str | None, tuple[str, ...], str | None], list[str]] = {}
    for explanation in item.explanations:
        key = (explanation.text, explanation.names, explanation.unjudged)
        by_outcome.setdefault(key, []).append(explanation.scheme.name)
    matching = {explanation.scheme.name for explanation in item.explanations if explanation.matches}
    for (text, names, unjudged), schemes in by_outcome.items():
        matches = not matching.isdisjoint(schemes)
        yield line(Span(", ".join(schemes), "bold green" if matches else "bold"), indent=2)
        if unjudged is not None:
            yield line(unjudged, indent=4)
            continue
        yield line(f"hashes  {text}", indent=4)
        yield line(f"name    {' or '.join(names)}{', as the file is called' if matches else ''}", indent=4)
    if item.cause is not None:
        yield line(item.cause, indent=2)
