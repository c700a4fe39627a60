"""GitHub's Markdown: code that stays code, tables, what is folded away, and how much fits into a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.render.kit.count_table import Table

MOST_CHARACTERS = 60_000
"""How long a comment may be: GitHub takes 65,536 characters, and whoever posts it may add some."""

NOTICE_SIZE = 200
"""Room for the sentence that says what did not fit in."""

_MOST_OF_A_FOLD = 20_000


def fence(text: str, language: str = "text") -> str:
    """A fenced block that its text can't close."""
    ticks = "`" * max(3, 1 + _longest_run(text))
    lines = "\n".join(escape(text_line) for text_line in text.split("\n"))
    return f"{ticks}{language}\n{lines}\n{ticks}"


def code(text: str) -> str:
    """Text in backticks, one more than it holds in a row; no text is a space, since two would open a span."""
    text = text or " "
    ticks = "`" * (1 + _longest_run(text))
    padding = " " if "`" in text else ""
    return f"{ticks}{padding}{escape(text)}{padding}{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def fit(text: str) -> str:
    """A text for a cell of a table; GitHub takes the backslash away again, in code too."""
    return text.replace("|", "\\|")


def fold(summary: str, told: Iterable[str], what: str) -> str:
    """Blocks of text, folded away below a summary; what is too much is counted, and called `what`."""
    blocks, size, hidden = [f"<details><summary>{summary}</summary>"], 0, 0
    for block in told:
        size += len(block)
        if size > _MOST_OF_A_FOLD:
            hidden += 1
        else:
            blocks.append(block)
    if hidden:
        blocks.append(f"*and {hidden:,} more {what}*")
    return "\n\n".join((*blocks, "</details>"))


def describe_table(table: Table) -> Iterator[str]:
    """The lines of a table."""
    head = fit(code(table.folder)) if table.folder else "test file"
    yield f"| {head} | {' | '.join(table.columns)} |"
    yield f"|---|{'---:|' * len(table.columns)}"
    for name, numbers in table.rows:
        cells = (f"{number:,}" if number else "" for number in numbers)
        yield f"| {fit(code(name))} | {' | '.join(cells)} |"
