"""The manual: a page of Markdown for each topic, which `recctl help TOPIC` shows."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Page(NamedTuple):
    """A page: the topic that names it, what it is about in a sentence, and its text in Markdown."""

    topic: str
    lead: str
    text: str


def list_pages() -> tuple[Page, ...]:
    """All pages, by topic."""
    return tuple(_read(path) for path in sorted(Path(__file__).parent.glob("*.md")))


def _read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    lead = text.split("\n\n", 2)[1]
    return Page(path.stem, " ".join(lead.split()), text)
