"""What a text says once its encodings are taken off: percent signs, escapes, entities, base64."""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_LAYERS = 3
"""How often something may be encoded: JSON in a url in a url."""


class Decoded(NamedTuple):
    """A text in which something was decoded; `locate` tells where a passage of it is in the original."""

    text: str
    locate: Callable[[int, int], tuple[int, int]]


def decode(text: str) -> Iterator[Decoded]:
    """What a text says without its encodings, the innermost first; nothing where it has none."""
    yield from _decode(Decoded(text, lambda start, end: (start, end)), MOST_LAYERS)


def _decode(outer: Decoded, layers: int) -> Iterator[Decoded]:
    if not layers:
        return
    for inner in (*_decode_base64(outer.text), *_decode_escapes(outer.text)):
        nested = Decoded(inner.text, _chain(outer.locate, inner.locate))
        yield from _decode(nested, layers - 1)
        yield nested


def _chain(
    outer: Callable[[int, int], tuple[int, int]], inner: Callable[[int, int], tuple[int, int]]
) -> Callable[[int, int], tuple[int, int]]:
    return lambda start, end: outer(*inner(start, end))


_compile = cache(re.compile)  # when the first text is decoded: most runs decode none

_INVISIBLE = "\u00ad\u034f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
_WIDE = "\uff01-\uff5e"
_ESCAPE = (  # a set comes first, and is looked at again behind it, since `re` is quick to find one of a set
    rf"[%\\&{_INVISIBLE}{_WIDE}]"
    r"(?:(?P<percent>(?<=%)[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*)"
    r"|(?P<slash>(?<=\\)\\{0,63}/)|(?<=\\)\\{0,63}u(?P<code>[0-9A-Fa-f]{4})"
    r"|(?P<entity>(?<=&)(?:amp|quot|apos|lt|gt|#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5});)"
    rf"|(?P<invisible>(?<=[{_INVISIBLE}]))|(?P<wide>(?<=[{_WIDE}])))"
)


def _decode_escapes(text: str) -> Iterator[Decoded]:
    if text.isascii() and not any(sign in text for sign in "%\\&"):
        return
    from bisect import bisect_right

    pieces: list[str] = []
    starts: list[int] = []  # where in the result what was decoded starts, and how long it is
    lengths: list[int] = []
    spans: list[tuple[int, int]] = []
    end = length = 0
    for match in find_escapes(text):
        said = _read_escape(match)
        if said is None:
            continue
        pieces += (text[end : match.start()], said)
        length += match.start() - end
        starts.append(length)
        lengths.append(len(said))
        spans.append(match.span())
        length += len(said)
        end = match.end()
    if not spans:
        return

    def find(place: int) -> tuple[int, int]:
        """The span of the original that says the character at a place of the result."""
        number = bisect_right(starts, place) - 1
        if number < 0:
            return place, place + 1
        inside = place - starts[number]
        if inside < lengths[number]:
            return spans[number]
        start = spans[number][1] + inside - lengths[number]
        return start, start + 1

    yield Decoded("".join([*pieces, text[end:]]), lambda first, last: (find(first)[0], find(last - 1)[1]))


def find_escapes(text: str) -> Iterator[re.Match[str]]:
    """What looks like an escape, in order."""
    return _compile(_ESCAPE).finditer(text)


def _read_escape(match: re.Match[str]) -> str | None:
    """What an escape says; None for what is none."""
    kind, whole = match.lastgroup, match[0]
    if kind == "percent":
        from urllib.parse import unquote_to_bytes

        try:
            return unquote_to_bytes(whole).decode()
        except ValueError:
            return None
    if kind == "code":
        return chr(int(match["code"], 16))
    if kind == "entity":
        from html import unescape

        return unescape(whole)
    return {"slash": "/", "invisible": ""}.get(kind or "", chr((ord(whole[0]) - 0xFEE0) % 0x110000))


_BASE64 = r"[A-Za-z0-9+/_-]{20,8000}+={0,2}(?!\.?[A-Za-z0-9+/_=-])"
_RUN = "[A-Za-z0-9+/_.-]{20,}+"  # base64 stands by itself only where one begins
_TEXT = rb"[\t\n\r -~]*"


def _decode_base64(text: str) -> Iterator[Decoded]:
    """The short texts that are in a text as base64; each passage of one is where the whole is."""
    for match in find_base64(text):
        start = match.start()
        for part in dict.fromkeys((match[0], *match[0].split("/"))):
            span = (match[0].index(part) + start, match[0].index(part) + start + len(part))
            said = _read_base64(part) if len(part) >= _SHORTEST else None
            if said is not None:
                yield Decoded(said, lambda _first, _last, span=span: span)  # type: ignore[misc]


def find_base64(text: str) -> Iterator[re.Match[str]]:
    """What may be base64 by its characters, in order."""
    match = _compile(_BASE64).match
    return filter(None, (match(text, run.start()) for run in _compile(_RUN).finditer(text)))


_SHORTEST = 20


def _read_base64(part: str) -> str | None:
    letters = part.rstrip("=").translate(_STANDARD)
    if len(letters) % 4 == 1:
        return None
    head = base64.b64decode(letters[:16])
    if not re.fullmatch(_TEXT, head):  # nearly all that is no text shows so at once
        return None
    said = base64.b64decode(letters + "=" * (-len(letters) % 4))
    return said.decode() if re.fullmatch(_TEXT, said) else None


_STANDARD = str.maketrans("-_", "+/")


GATE = (
    r"\\u(?:00[2-7][0-9a-fA-F]|200[b-fB-F]|2060|[fF][eE][fF][fF]|00[aA][dD]|034[fF]|[dD][bB]40"
    r"|[fF]{2}(?:1[0-9]|[24][1-9a-fA-F]|[35][0-9aA])|[fF][eE]0[0-9a-fA-F][A-Za-z0-9_.:$+/-])"
)
"""Opens for escapes in which no other gate sees the letter that is meant."""


DISGUISE = (
    "[\u00ad\u034f\u200b-\u200f\u2060\ufeff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U000e0000-\U000e01ef]"
    "|[\ufe00-\ufe0f][A-Za-z0-9_.:$+/-]"
)
"""Opens for the characters themselves."""


def encode_for_gate(word: str) -> Iterator[tuple[str, int]]:
    """What a word becomes in base64, without what depends on its neighbours; nothing of a short one.

    Each with the number of its characters that is over once they are taken by fours: `TEXT_AFTER` has what
    follows them.
    """
    content = word.encode()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content).decode()
        end = (before + len(content)) * 8 // 6
        inner = encoded[-(-before * 8 // 6) : end]
        if len(inner) >= _SHORTEST_SIGN:
            yield inner.replace("+", r"\+"), end % 4


_SHORTEST_SIGN = 4

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _list_letters(*fits: Callable[[int], bool]) -> Iterator[str]:
    for fit in fits:
        yield "".join(letter for bits, letter in enumerate(_ALPHABET) if fit(bits))


_FIRST, _SECOND, _THIRD = _list_letters(
    lambda bits: 8 <= bits < 32,
    lambda bits: not bits & 8 and bits & 7 > 1,
    lambda bits: not bits & 2,
)
TEXT_AFTER = tuple(
    f"[A-Za-z0-9+/_-]{{{-over % 4}}}(?:[{_FIRST}][{_SECOND}][{_THIRD}][A-Za-z0-9+/_-]){{3}}"
    for over in range(4)
)
"""Characters of base64 that go on to say printable ASCII, as those of a picture would not for long."""
