"""What a kind of secret is, and the shape that most of them have: a prefix, and characters drawn by lot."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.checks.secret_judges import follows_no_word, is_plausible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Judge = Callable[[re.Match[str]], bool]


class SecretKind(NamedTuple):
    """A kind of secret. `example` is what people know it by, such as `sk-ant-api03-…`.

    `gate` is a regular expression without boundaries, in the syntax that Python and jsonschema-rs share. It
    opens for whatever `pattern` finds, in whatever way JSON and urls write it. One of the words in `hint`,
    which bars divide, is in each text in which `pattern` finds something, be it in capitals. `pattern`
    has the group `secret`, may have `rest` (the secret without its prefix), and gives up after a bounded
    number of steps for each character. `is_real` judges what it finds. A kind `is_named` when only a word
    before it shows it.
    """

    name: str
    example: str
    gate: str
    hint: str
    pattern: str
    is_real: Judge
    is_named: bool = False


WORD = "A-Za-z0-9_-"
ALNUM = "A-Za-z0-9"
HEX = "a-f0-9"
_AFTER = "(?![A-Za-z0-9_]|-[A-Za-z0-9_-])"
_ANY = f".+/=$%{WORD}"
AFTER_LONG = f"[{_ANY}]{{12}}"
"""How the gates for long prefixes end."""
_SHORT = 3  # characters of a prefix, of which words and names hold many


def _open_after(prefix: str, characters: str) -> str:
    """A gate for what shows by a prefix; a longer one may be shared by kinds that have other characters."""
    start = re.escape(prefix).replace(r"\$", "[$%]")  # as urls have it
    if len(prefix) <= _SHORT:
        return rf"{start}[{characters}]{{20}}"
    return f"{start}{AFTER_LONG}"


def prefixed(
    name: str,
    example: str,
    prefixes: str,
    characters: str,
    least: int,
    most: int,
    is_real: Judge = is_plausible,
    ending: str = "",
) -> Iterator[SecretKind]:
    """Kinds that show by a prefix, with so many of some characters after it, and perhaps an ending."""
    words = prefixes.split()
    columns = takewhile(lambda column: len({*column}) == 1, zip(*words, strict=False))
    shared = "".join(column[0] for column in columns)
    for word in words:
        # What stands before the prefix is looked at after it, since `re` is quick with patterns that start
        # with a literal. The n of an escaped newline is no part of a word.
        prefix = re.escape(word)
        before = (
            rf"(?:(?<![A-Za-z0-9_-]{prefix})|(?<=\\[bfnrt]{prefix})"
            rf"|(?<=\\u[0-9A-Fa-f]{{4}}{prefix})|(?<=%[0-9A-Fa-f]{{2}}{prefix})|(?<=m{prefix}))"
        )
        pattern = rf"(?P<secret>{prefix}{before}(?P<rest>[{characters}]{{{least},{most}}}+{ending})){_AFTER}"
        yield SecretKind(
            name,
            example,
            _open_after(shared if len(shared) > _SHORT else word, characters),
            word,
            pattern,
            lambda match: follows_no_word(match) and is_real(match),
        )
