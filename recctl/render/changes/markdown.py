"""What a value was and is now, as GitHub's Markdown, and what fits into a comment there.

What was recorded is in fenced blocks and in code, where it neither formats, links, mentions nor loads
anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.diff.words import compare_words
from recctl.render.changes.folding import fold_same
from recctl.render.kit.markdown import code, fence
from recctl.render.kit.values import compact, format_json, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON

_MOST_OF_A_TEXT = 2000
_SHORT = 60


def describe_values(name: str, left: JSON, right: JSON) -> str:
    """What something of that name was and is; None is nothing."""
    before, now = _show(left), _show(right)
    if left is None or right is None:
        is_added = left is None
        word, shown = ("added", now) if is_added else ("removed", before)
        if len(shown) <= _SHORT and "\n" not in shown:
            return f"{name} {word}: {code(shown)}"
        return f"{name} {word}:\n\n{describe_lines(left, right)}"
    if max(len(before), len(now)) <= _SHORT and "\n" not in before + now:
        return f"{name}: {code(shorten(left, 2 * _SHORT))} → {code(shorten(right, 2 * _SHORT))}"
    return f"{name}:\n\n{describe_lines(left, right)}"


def describe_lines(left: JSON, right: JSON) -> str:
    """What something was and is, in a block: where both are texts, their words; None is nothing."""
    before, now = _show(left), _show(right)
    if left is None or right is None:
        return _fence_lines([("+", now) if left is None else ("-", before)])
    return _fence_lines(_fold_texts(before, now))


def _show(value: JSON) -> str:
    """A value as people read it: text as it is, a tool call like a call, the rest as JSON."""
    if isinstance(value, dict) and value.keys() == {"name", "arguments"}:
        return f"{compact(value['name'])} {compact(value['arguments'])}"
    return value if isinstance(value, str) else format_json(value)


def _fold_texts(left: str, right: str) -> Iterator[tuple[str, str]]:
    """Where two texts differ, each with a few words around it, signed; all of both if that is everywhere."""
    pieces = compare_words(left, right)
    if pieces is None:
        yield from (("-", left), ("+", right))
        return
    for group in fold_same(pieces):
        yield "-", "".join(piece.left for piece in group)
        yield "+", "".join(piece.right for piece in group)


def _fence_lines(signed: Iterable[tuple[str, str]]) -> str:
    """Texts in a block in which GitHub colours lines by their signs."""
    lines = [f"{sign} {line}" for sign, text in signed for line in _cut(text).split("\n")]
    return fence(_cut("\n".join(lines)), "diff")


def _cut(text: str) -> str:
    if len(text) <= _MOST_OF_A_TEXT:
        return text
    return f"{text[:_MOST_OF_A_TEXT]}… {len(text) - _MOST_OF_A_TEXT:,} more characters"
