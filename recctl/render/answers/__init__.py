"""What comes of looking for recordings: where they are, or why they are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.answer import Findings
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Findings, View], Iterator[str]]:
    """What shows answers in a format. Raises RecctlError where there is no such format."""
    return load_renderer("answers", name)


def summarise_answers(findings: Findings) -> str:
    """What they come to, in a line."""
    among = show_count(findings.total, "recording")
    if len(findings.answers) == 1:
        (answer,) = findings.answers
        if answer.is_found:
            return f"{show_count(len(answer.found), 'recording')} of {findings.total:,}"
        return f"not found among {among}"
    found = sum(answer.is_found for answer in findings.answers)
    return f"{found:,} of {show_count(len(findings.answers), 'request')} found among {among}"
