"""Patterns that users write: regular expressions, and those of files as in .gitignore.

One that can't be read is told in a line, and one that takes too long is stopped, which is told as well.
"""

from __future__ import annotations

import re
import signal
import threading
import warnings
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from recctl.base.errors import RecctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

_MOST_SECONDS = 5.0
"""How many seconds of computing a pattern may take to be compiled, or to be compared with one text."""

_WIDTH = 60
"""How much of a pattern a message quotes, in characters."""


class Pattern:
    """A regular expression, with methods of `re.Pattern`; they raise RecctlError when it takes too long."""

    def __init__(self, text: str, compiled: re.Pattern[str]) -> None:
        self.text = text
        self._compiled = compiled

    def search(self, text: str) -> re.Match[str] | None:
        """The first place in a text that it matches."""
        with _stopped_when_slow(self.text):
            return self._compiled.search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places in a text that it matches."""
        found = self._compiled.finditer(text)
        while True:
            with _stopped_when_slow(self.text):
                match = next(found, None)
            if match is None:
                return
            yield match

    def sub(self, replacement: str, text: str) -> str:
        """A text with something else in place of what it matches."""
        with _stopped_when_slow(self.text):
            return self._compiled.sub(replacement, text)


@lru_cache(maxsize=256)
def compile_pattern(text: str, flags: int = 0) -> Pattern:
    """A regular expression. Raises ValueError, whose message says what is wrong, for a broken one."""
    try:
        with warnings.catch_warnings(), _stopped_when_slow(text):
            warnings.simplefilter("ignore")  # of what sets may mean one day
            return Pattern(text, re.compile(text, flags))
    except RecursionError:
        reason = "it nests too deeply"
    except (re.error, OverflowError, ValueError) as error:
        reason = str(error)
    raise ValueError(f"has a broken regular expression, {quote_pattern(text)}: {reason}") from None


def quote_pattern(text: str) -> str:
    """A pattern as messages quote it."""
    return repr(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…")


@lru_cache(maxsize=64)
def compile_file_patterns(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether patterns as in .gitignore match a path below the root. Raises RecctlError for broken ones.

    Those that are plain names of folders need no more than a look; to load pathspec takes a tenth of the time
    in which a hook checks a file.
    """
    if all(map(_FOLDER.fullmatch, patterns)):
        anchored = tuple(pattern.removeprefix("/") for pattern in patterns if "/" in pattern[:-1])
        anywhere = [f"/{pattern}" for pattern in patterns if "/" not in pattern[:-1]]
        return lambda path: path.startswith(anchored) or any(name in f"/{path}" for name in anywhere)
    specs = {pattern: _compile_file_pattern(pattern) for pattern in patterns}
    whole = _read_file_patterns(patterns)

    def matches(path: str) -> bool:
        try:
            with _stopped_when_slow("the patterns of files"):
                return whole.match_file(path)
        except RecctlError:
            for pattern, spec in specs.items():
                with _stopped_when_slow(pattern):
                    spec.match_file(path)
            raise

    return matches


_FOLDER = re.compile(r"/?(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)+")


def _compile_file_pattern(pattern: str) -> GitIgnoreSpec:
    try:
        return _read_file_patterns([pattern])
    except RecursionError:
        reason = "it is too long"
    except (ValueError, re.error, OverflowError) as error:
        is_gits = str(error).startswith("Invalid git pattern")
        reason = "it names nothing" if is_gits else str(error).partition(" at position ")[0]
    message = f"{quote_pattern(pattern)} is no pattern of files as in .gitignore: {reason}"
    raise RecctlError(message, "put it right where the configuration has it") from None


def _read_file_patterns(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        return GitIgnoreSpec.from_lines(patterns)


@contextmanager
def _stopped_when_slow(pattern: str) -> Iterator[None]:
    """Raise RecctlError out of what is done here when it takes too long, by the time that is computed.

    Python's `re` looks for signals as it goes; that is in the main thread alone, and not on every system.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        message = f"the pattern {quote_pattern(pattern)} takes too long"
        raise RecctlError(message, "write it so that there are fewer ways to match the same text")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
