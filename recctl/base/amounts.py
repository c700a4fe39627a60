"""Amounts, and how sentences tell them: things, bytes, tokens."""

from __future__ import annotations

from recctl.base.values import NamedTuple


class Tokens(NamedTuple):
    """How many tokens a request and its reply came to, as the provider counted them."""

    prompt: int
    reply: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.reply


def show_count(number: int, name: str, plural: str | None = None) -> str:
    """A number of things; `plural` is for a name that does not just take an s."""
    return f"{number:,} {name if number == 1 else plural or f'{name}s'}"


def show_size(size: int) -> str:
    """A number of bytes, in units of 1000."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"
