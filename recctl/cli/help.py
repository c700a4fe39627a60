"""`recctl help`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.base.errors import RecctlError, suggest
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import write_output
from recctl.cli.session import make_view


def _complete_topic() -> list[str]:
    from recctl.manual import list_pages

    return [page.topic for page in list_pages()]


EXAMPLES = (
    ("recctl help", "all pages"),
    ("recctl help drift", "one of them"),
)


def command(
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[TOPIC]", help="The page to show.", autocompletion=_complete_topic),
    ] = None,
    color: options.ColorChoice = Color.AUTO,
) -> int:
    """Show a page of the manual, or list its pages.

    On a terminal the page is laid out, and goes through RECCTL_PAGER, GIT_PAGER or PAGER; in a pipe it is
    Markdown.
    """
    from recctl.manual import list_pages
    from recctl.render.manual import render_page, render_pages

    pages = {page.topic: page for page in list_pages()}
    view = make_view(color, None)
    if topic is None:
        write_output(render_pages(pages.values(), view), None)
        return 0
    if topic not in pages:
        raise RecctlError(f"there is no page on {topic!r}", suggest(topic, [*pages]))
    write_output(render_page(pages[topic], view), None, page=True)
    return 0
