"""Pictures of recctl's own output for the README: `python -m tests.pictures` writes them anew.

Each is what a terminal shows of a command, as SVG, once for light pages and once for dark ones. A test
compares them, so that none shows what recctl does not print.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI
from rich.text import Text

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / ".github/pictures"
_THEMES = {"": DEFAULT_TERMINAL_THEME, "-dark": MONOKAI}


class Picture(NamedTuple):
    """A command, as its picture shows it: so many lines of its output, in a terminal of so many cells."""

    command: tuple[str, ...]
    lines: int = 40
    width: int = 100


PICTURES = {
    "show": Picture(("show", "examples/good/2025/recordings/responses/54eba2025b93.json")),
    "diff": Picture(("diff", "examples/diff/before", "examples/diff/after"), lines=36),
    "list": Picture(("list", "examples/good/tests/inference", "--sort", "-tokens")),
    "stats": Picture(("stats", "examples/good/tests/inference"), lines=20),
    "tree": Picture(("list", "examples/good/tests/inference", "--tree", "--where", "text~weather")),
}


def draw(name: str) -> dict[str, str]:
    """The pictures of a command, by the names of their files."""
    picture = PICTURES[name]
    shown = _run(picture).split("\n")
    lines = [f"$ recctl {' '.join(picture.command)}", *shown[: picture.lines]]
    if len(shown) > picture.lines:
        lines.append("…")
    drawn = {}
    for suffix, theme in _THEMES.items():
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            console = Console(record=True, width=picture.width, file=nowhere, force_terminal=True)
            console.print(Text.from_ansi("\n".join(lines)), soft_wrap=True)
            drawn[f"{name}{suffix}.svg"] = console.export_svg(
                title=f"recctl {picture.command[0]}", theme=theme, unique_id=f"recctl-{name}{suffix}"
            )
    return drawn


def _run(picture: Picture) -> str:
    """What a terminal of that width gets to see, with its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, picture.width, 0, 0))
    environment = {**os.environ, "RECCTL_PAGER": "cat", "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    for name in ("NO_COLOR", "COLUMNS", "CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "recctl", *picture.command]
    process = subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, cwd=CHECKOUT, env=environment
    )
    os.close(theirs)
    pieces = []
    while piece := _read(ours):
        pieces.append(piece)
    process.wait()
    os.close(ours)
    return b"".join(pieces).decode().replace("\r\n", "\n").rstrip("\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # as Linux tells that nobody has the other end any more
        return b""


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        for file, text in draw(name).items():
            (FOLDER / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
