"""Output that ends up in the log of a build, where the program that runs the build looks for commands.

GitHub obeys `::name::` at the start of a line and `##[name]` anywhere in it (ActionCommand.cs of
actions/runner), Azure Pipelines `##vso[` (Command.cs of azure-pipelines-agent), TeamCity `##teamcity[`. What
was recorded must not give them orders: where they would see one, a character is written as an escape
sequence. All else stays as it is, and in files and everywhere outside of builds all does.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from recctl.render.kit.terminal import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def is_read() -> bool:
    """Whether this process runs in a build whose log is read for commands."""
    return any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"))


def goes_to_log(output: str | None) -> bool:
    """Whether results that are written there (None: to standard output) can end up in such a log.

    A file that has a name of its own does not.
    """
    if not is_read():
        return False
    return output in (None, "-", "/dev/stdout") or (os.path.exists(output) and not os.path.isfile(output))  # noqa: PTH110, PTH113


def make_line(text: str) -> str:
    """A text as one line, safe to print, on a terminal and in a log."""
    line = escape(text)
    return disarm(line) if is_read() else line


def disarm(text: str) -> str:
    """Lines of text, without what a runner would take for a command."""
    return _compile(anywhere=False).sub(_escape, text)


def disarm_pieces(pieces: Iterable[str], read_as: str) -> Iterator[str]:
    """Output, line by line, without what a runner would take for a command.

    What programs read as "json", "paths" or "github" says the same to them as before; else it is text.
    """
    disarm_line = _WAYS.get(read_as, disarm)
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        yield from (f"{disarm_line(line)}\n" for line in lines)
    if rest:
        yield disarm_line(rest)


_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What Unicode has programs ignore, as the runners may when they compare texts."""


@cache
def _compile(*, anywhere: bool) -> re.Pattern[str]:
    """A pattern for the character that makes a command of a text; only for those obeyed `anywhere` in a line.

    It takes a moment, which only those pay whose log is read.
    """

    def spell(word: str) -> str:
        return f"[{_UNSEEN}]*".join(map(re.escape, word))

    marks = "|".join(map(spell, ("#[", "#vso[", "#teamcity[")))
    pattern = f"#(?=[{_UNSEEN}]*(?:{marks}))"
    if not anywhere:
        before = rf"^(?P<before>(?:[^\S\n]|[{_UNSEEN}]|\x1b\[[0-9;]*m)*)"
        pattern += f"|{before}:(?=[{_UNSEEN}]*:)"
    return re.compile(pattern, re.MULTILINE | re.IGNORECASE)


def _escape(found: re.Match[str]) -> str:
    return "\\x23" if found["before"] is None else f"{found['before']}\\x3a"


def _disarm_json(line: str) -> str:
    """JSON that is equal: such a mark can only stand within a text."""
    return _compile(anywhere=True).sub(r"\\u0023", line)


def _disarm_path(line: str) -> str:
    """A path quoted as git does and reads."""
    if not _compile(anywhere=False).search(line):
        return line
    quoted = line if line.startswith('"') else f'"{line}"'
    return _compile(anywhere=True).sub(r"\\043", quoted)


def _disarm_orders(line: str) -> str:
    """GitHub's commands, which are ours."""
    return _compile(anywhere=True).sub(r"\\x23", line)


_WAYS: dict[str, Callable[[str], str]] = {
    "json": _disarm_json,
    "paths": _disarm_path,
    "github": _disarm_orders,
}
