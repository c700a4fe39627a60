"""The pager that the user has chosen."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_to_pager(pieces: Iterable[str]) -> bool:
    """Write to the pager that the environment names; false when there is none to be had."""
    import signal
    import subprocess

    named = (os.environ.get(name) for name in ("RECCTL_PAGER", "GIT_PAGER", "PAGER"))
    command = _split_command(next((name for name in named if name is not None), "less"))
    if not command or command == ["cat"]:
        return False
    env = {"LESS": "FRX", "LV": "-c", **os.environ}
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=env)  # noqa: S603  (the user's own words)
    except OSError:
        return False
    assert pager.stdin is not None  # noqa: S101  (it is a pipe, as asked above)
    try:
        for piece in pieces:
            pager.stdin.write(piece.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        pass  # the reader has had enough
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the pager's as long as that runs
        with suppress(BrokenPipeError):
            pager.stdin.close()
        pager.wait()
        signal.signal(signal.SIGINT, before)
    return True


def _split_command(text: str) -> list[str]:
    """A command as a list of words, by way of a shell where it needs one, as git runs a pager."""
    import shlex

    if not _SHELL_MARKS.isdisjoint(text):
        return ["sh", "-c", text]
    try:
        return shlex.split(text)
    except ValueError:  # a quotation without its end
        return []


_SHELL_MARKS = frozenset("|&;<>()$`*?[#~=%")
