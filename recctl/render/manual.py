"""Pages of the manual: laid out on a terminal, else as Markdown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recctl.render.kit.terminal import Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.manual import Page
    from recctl.render.kit.view import View

_WIDTH_OF_LIST = 80

_WIDEST = 100
"""How wide a page is at most: longer lines are hard to read."""


def render_pages(pages: Iterable[Page], view: View) -> Iterator[str]:
    """Each page's topic, and what it is about; 80 columns wide where there is no terminal."""
    pages = [*pages]
    if view.width is None:
        view = replace(view, width=_WIDTH_OF_LIST)
    width = max(len(page.topic) for page in pages)
    lines = (line(Span(page.topic.ljust(width), "bold"), f"  {page.lead}", hang=width + 2) for page in pages)
    yield from render_lines(lines, view)


def render_page(page: Page, view: View) -> Iterator[str]:
    """A page, as wide as the terminal, if it is for one."""
    if view.width is None:
        yield page.text
        return
    from io import StringIO

    from rich.console import Console
    from rich.markdown import Markdown

    text = StringIO()
    console = Console(
        file=text,
        width=min(view.width, _WIDEST),
        force_terminal=view.color,
        no_color=not view.color,
        legacy_windows=False,
    )
    shown = "\n".join(row for row in page.text.split("\n") if not row.startswith("<!-- "))
    console.print(Markdown(shown, code_theme="ansi_dark"))
    yield text.getvalue()
