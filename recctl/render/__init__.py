"""Output formats: each is one module that turns results into text, piece by piece.

A module has a function for each kind of result that it can show; `FORMATS` lists which module serves which
`--format`. To add a format, add its module and its row.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from recctl.errors import RecctlError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from recctl.checks.finding import Rule
    from recctl.recordings.source import Unread

FORMATS: dict[str, dict[str, str]] = {
    "findings": {
        "text": "as_text",
        "concise": "as_concise",
        "json": "as_json",
        "jsonl": "as_jsonl",
        "github": "as_github",
        "sarif": "as_sarif",
        "junit": "as_junit",
    },
    "exchanges": {
        "text": "exchange_text",
        "brief": "exchange_brief",
        "markdown": "exchange_markdown",
        "json": "as_json",
    },
    "comparison": {
        "text": "diff_text",
        "stat": "diff_stat",
        "name-only": "diff_names",
        "markdown": "diff_markdown",
        "json": "diff_json",
    },
    "prune": {"text": "prune_text", "json": "prune_json", "paths": "prune_paths"},
    "drift": {
        "text": "drift_text",
        "stat": "drift_stat",
        "markdown": "drift_markdown",
        "json": "drift_json",
        "github": "drift_github",
        "tests": "drift_tests",
        "paths": "drift_paths",
    },
    "restoration": {"text": "ways_back_text", "json": "ways_back_json", "paths": "ways_back_paths"},
    "runs": {"text": "ways_back_text", "json": "ways_back_json"},
    "undone": {"text": "ways_back_text", "json": "ways_back_json"},
    "rehash": {"text": "rehash_text", "json": "rehash_json"},
    "explanations": {"text": "rehash_text", "json": "rehash_json"},
    "statistics": {"text": "as_text"},
    "rules": {"text": "as_text", "json": "as_json"},
    "config": {"text": "as_text", "json": "as_json"},
}
"""By kind of result: the formats that show it, the default first, and their modules."""


class View(NamedTuple):
    """How results are looked at.

    `width` is a terminal's, in cells; None means that lines are not broken. `summary` tells what results come
    to where that is part of them. `top` is the folder from which services outside count paths, the top of the
    repository (None: the current one), and `rules` are all that there are, by name, for formats that tell of
    them. `is_log` says that what is shown ends up in a build's log, which is read for commands. Items of
    lists end with NUL where `nul` is set. The rest is for exchanges: `part` is the side to show ("both",
    "request" or "response"), `fold` shortens what is long, `timeline` goes chunk by chunk, `raw` shows what
    was recorded as it is, `mask` takes secrets out of what is made to be shared, and `refuse` is told of what
    recctl fails to show.
    """

    color: bool = False
    width: int | None = None
    verbose: bool = False
    summary: bool = True
    top: Path | None = None
    rules: tuple[Rule, ...] = ()
    is_log: bool = False
    nul: bool = False
    part: str = "both"
    fold: bool = False
    timeline: bool = False
    raw: bool = False
    mask: Callable[[str], str] = str
    refuse: Callable[[Unread], object] = lambda unread: None  # noqa: ARG005  (nobody wants to know)

    def shows(self, part: str) -> bool:
        """Whether a side of an exchange is to be shown."""
        return self.part in ("both", part)

    def from_top(self, path: str) -> str:
        """A path as services outside are told it."""
        return os.path.relpath(path, self.top).replace(os.sep, "/") if self.top else path


def render_whole(name: str, view: View, render: Callable[..., Iterable[str]], *given: object) -> list[str]:
    """The pieces in which something of that name is shown; none, and `view` told of it, where that fails."""
    from recctl.recordings.attempt import attempt
    from recctl.recordings.source import Unread

    pieces = attempt(name, lambda: [*render(*given)])
    if isinstance(pieces, Unread):
        view.refuse(pieces)
        return []
    return pieces


def renderer(kind: str, name: str) -> Callable[..., Iterator[str]]:
    """The function that shows a kind of result in a format; it takes the results and a `View`.

    Raises RecctlError for a format that `FORMATS` does not have.
    """
    formats = FORMATS[kind]
    if name not in formats:
        raise RecctlError(f"unknown format {name!r}", suggest(name, list(formats)))
    module = import_module(f"{__name__}.{formats[name]}")
    function: Callable[..., Iterator[str]] = getattr(module, f"render_{kind}")

    def render(results: object, view: View) -> Iterator[str]:
        pieces = function(results, view)
        if not view.is_log:
            return pieces
        from recctl.render.log import disarm_pieces

        return disarm_pieces(pieces, name)

    return render
