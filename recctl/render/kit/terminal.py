"""Lines of styled text, and how they become characters that are safe to print.

Text that was recorded can hold anything; whatever would act on a terminal is shown as an escape sequence
instead. Only coloured or wrapped output loads rich.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.render.kit.view import View


class Span(NamedTuple):
    """A piece of a line. `style` is one of rich's style names, or "json" for JSON to be highlighted.

    `link` is the path or the key of a recording to which it leads on terminals that have links.
    """

    text: str
    style: str = ""
    link: str = ""


class Line(NamedTuple):
    """One line of output, `indent` cells from the left, also where it is wrapped.

    Where it is, the first `hang` cells are for its beginning alone. One that `is_whole` is made to be copied,
    and left to the terminal to wrap.
    """

    spans: tuple[Span, ...] = ()
    indent: int = 0
    hang: int = 0
    is_whole: bool = False


def line(*spans: Span | str, indent: int = 0, hang: int = 0, is_whole: bool = False) -> Line:
    """A line of these spans; plain strings have no style."""
    styled = tuple(Span(span) if isinstance(span, str) else span for span in spans)
    return Line(styled, indent, hang, is_whole)


def render_lines(lines: Iterable[Line], view: View) -> Iterator[str]:
    """The lines as text, each with its newline, made safe to print."""
    if not view.color and view.width is None:
        for spans, indent, _, _ in lines:
            text = "".join(escape(span.text) for span in spans)
            yield f"{' ' * indent if text else ''}{text}\n"
        return
    yield from _render_with_rich(lines, view)


def _find_place(link: str) -> str | None:
    """The address of the file that a path or a key means; None where it is not there, as of a revision."""
    for path in (link, link.rpartition("#")[0]):
        if path and Path(path).exists():
            return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100  (keeps links)
    return None


_UNSAFE = (  # a text, as below: to compile it takes its time, and most texts can do without
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f\U00016fe4"
    # Unicode's Default_Ignorable_Code_Point: what is shown as nothing by a font that knows nothing better
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Control characters, bidirectional overrides, invisible characters and lone surrogates; tabs are let be."""


def escape(text: str) -> str:
    """The text with whatever would act on a terminal, or can't be seen, written as an escape sequence.

    What joins emoji or the letters of a script, or chooses how an emoji looks, stays where it does that.
    """
    if text.isascii() and (text.isprintable() or text.replace("\t", "").isprintable()):
        return text
    return re.sub(_UNSAFE, _escape_character, text)


def _escape_character(match: re.Match[str]) -> str:
    if match[0] in _SHAPING and _shapes(match.string, match.start()):
        return match[0]
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_NON_JOINER, _JOINER, _AS_EMOJI = "\u200c", "\u200d", "\ufe0f"
_SHAPING = (_NON_JOINER, _JOINER, "\ufe0e", _AS_EMOJI)
_MORE_EMOJI = "\u203c\u2049\u2139\u2194\u3030\u303d"  # emoji that Unicode does not count among the symbols
_ARABIC = "[\u0620-\u064a\u0671-\u06d3]"
_NEVER_JOINED = (
    "[\u0621-\u0625\u0627\u0629\u062f-\u0632\u0648\u0649\u0671-\u0673\u0675-\u0677\u0688-\u0699\u06c0-\u06cb]"
)
_PARTED = f"(?!{_NEVER_JOINED}){_ARABIC}{_NON_JOINER}{_ARABIC}"


def _shapes(text: str, place: int) -> bool:
    """Whether the character there changes how its neighbours look: what changes nothing could hide a text.

    Of the scripts, it is as domain names have it (RFC 5892, A.1 and A.2), simplified: what stands after a
    virama, and what parts Arabic letters that would be joined.
    """
    from unicodedata import category, combining

    def is_emoji(place: int) -> bool:
        return 0 <= place < len(text) and (category(text[place]) == "So" or text[place] in _MORE_EMOJI)

    character, before = text[place], text[max(0, place - 1) : place]
    if character not in (_NON_JOINER, _JOINER):
        is_key = before in tuple("0123456789#*") and text.startswith("\u20e3", place + 1)
        return is_key or is_emoji(place - 1)
    if before and combining(before) == _VIRAMA:
        return True
    if character == _NON_JOINER:
        return re.compile(_PARTED).match(text, max(0, place - 1)) is not None
    is_toned = before and category(before) == "Sk" and ord(before) > 0xFFFF
    ends_emoji = is_toned or is_emoji(place - 1 - (before == _AS_EMOJI))
    return bool(ends_emoji) and is_emoji(place + 1)


_VIRAMA = 9  # as a class of combining characters


def quote_path(path: str) -> str:
    """A path on a line of a list; one that holds more than plain text is quoted, as git does and reads."""
    if path.isprintable() and not re.search(_UNSAFE, path) and not _QUOTED.intersection(path):
        return path
    told = (chr(byte) if chr(byte) in _PLAIN else f"\\{byte:03o}" for byte in os.fsencode(path))
    return '"' + "".join(told) + '"'


_QUOTED = frozenset('"\\')
_PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - _QUOTED


_UNBROKEN = 1 << 30
_ROOM = 20  # cells; with fewer, nothing is kept clear
_TAB = 8


def _render_with_rich(lines: Iterable[Line], view: View) -> Iterator[str]:
    from io import StringIO

    from rich.console import Console
    from rich.highlighter import JSONHighlighter
    from rich.style import Style
    from rich.text import Text

    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=view.color,
        no_color=not view.color,
        color_system="standard" if view.color else None,
        width=view.width or _UNBROKEN,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    highlight_json = JSONHighlighter()
    for spans, indent, hang, is_whole in lines:
        text = Text()
        for span in spans:
            piece = Text(escape(span.text), style="" if span.style == "json" else span.style)
            place = _find_place(span.link) if span.link and view.has_links else None
            if place is not None:
                piece.stylize(Style(link=place))
            if span.style == "json":
                highlight_json.highlight(piece)
            text.append_text(piece)
        if not text:
            console.print()
        elif view.width is None or is_whole:
            console.print(Text(" " * indent).append_text(text), soft_wrap=True)
        else:
            text.expand_tabs(_TAB)  # rich would measure the text without them
            clear = hang if view.width - indent - hang >= _ROOM else 0
            start = text[:clear]
            for part in text[clear:].wrap(console, max(1, view.width - indent - clear)):
                part.rstrip()
                console.print(Text(" " * indent).append_text(start).append_text(part), soft_wrap=True)
                start = Text(" " * clear)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
