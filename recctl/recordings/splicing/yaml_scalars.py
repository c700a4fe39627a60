"""Changes inside of a YAML scalar as it is written: over lines, in quotes, with escapes."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from recctl.recordings.splicing import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recctl.base.yaml_places import Node


class _Unit(NamedTuple):
    """A piece of a scalar, from where to where in the file, and what it says.

    One that `is_plain` says what it is; any other is a whole, such as an escape or the end of a line.
    """

    start: int
    end: int
    value: str
    is_plain: bool = False


def splice_scalar(text: str, node: Node, edits: Sequence[Edit]) -> list[Edit] | None:
    """Edits of a file's text that make these edits of a scalar's value; None where its style forbids it.

    What folding makes of blanks beside the end of a line is not seen to: read the result.
    """
    style = node.style
    units = _find_units(text, node, style)
    if not units:
        return None
    starts, offset = [], 0
    for unit in units:
        starts.append(offset)
        offset += len(unit.value)
    found = []
    for edit in edits:
        first = bisect_right(starts, edit.start) - 1
        last = max(bisect_right(starts, edit.end - 1) - 1, 0) if edit.end > edit.start else first
        left, right = units[first], units[last]
        inside, outside = edit.start - starts[first], edit.end - starts[last]
        new = edit.text
        if not left.is_plain:
            new = left.value[:inside] + new
        if outside and not right.is_plain:
            new += right.value[outside:]
        written = _WRITERS[style](new, text, node)
        if written is None:
            return None
        start = left.start + inside if left.is_plain else left.start
        end = right.start + outside if right.is_plain else (right.end if outside else right.start)
        if style == "|" and text[start - 1] == "\n" and written:  # a blank line has no indentation
            written = _indent_literal(text, node) + written
        found.append(Edit(start, end, written))
    return found


def _find_units(text: str, node: Node, style: str) -> list[_Unit] | None:
    """The pieces of a scalar; None where they don't add up to what it says."""
    properties = _PROPERTIES.match(text, node.start)
    start = properties.end() if properties else node.start
    end = node.end
    if style == "|":
        units = _read_literal(text, start, end, node.text)
    elif style in ("'", '"', ""):
        quote = len(style)
        units = [*_read_folded(text, start + quote, end - quote, _TOKENS[style])]
    else:
        return None
    return units if "".join(unit.value for unit in units) == node.text else None


_PROPERTIES = re.compile(r"(?:[!&][^\s]*\s+)+")
_FOLD = r"[ \t]*(?:\r\n|[\r\n])[ \t\r\n]*"
_LINE_END = re.compile(r"\r\n|[\r\n]")
_TOKENS = {
    "": re.compile(_FOLD),
    "'": re.compile(f"''|{_FOLD}"),
    '"': re.compile(
        r"\\(?:(?:\r\n|[\r\n])[ \t]*|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|" + _FOLD
    ),
}
_ESCAPES = dict(zip("0abtnvfreN_LP", "\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True))


def _read_folded(text: str, start: int, end: int, tokens: re.Pattern[str]) -> Iterator[_Unit]:
    for token in tokens.finditer(text, start, end):
        if token.start() > start:
            yield _Unit(start, token.start(), text[start : token.start()], is_plain=True)
        yield _Unit(token.start(), token.end(), _read_token(token[0]))
        start = token.end()
    if end > start:
        yield _Unit(start, end, text[start:end], is_plain=True)


def _read_token(written: str) -> str:
    """What an escape or the end of a line stands for."""
    if written == "''":
        return "'"
    if written[0] != "\\":
        breaks = len(_LINE_END.findall(written))
        return "\n" * (breaks - 1) or " "
    kind, digits = written[1], written[2:]
    if kind in "\r\n":
        return ""
    return chr(int(digits, 16)) if kind in "xuU" else _ESCAPES.get(kind, kind)


def _read_literal(text: str, start: int, end: int, value: str) -> list[_Unit]:
    """The lines of a literal block."""
    units: list[_Unit] = []
    first = text.find("\n", start, end) + 1
    indent = _find_indent(text[first:end], value)
    room = len(value)
    while first and first < end and room > 0:
        stop = text.find("\n", first, end) + 1 or end
        content = min(first + indent, stop - 1 if text[stop - 1] == "\n" else stop)
        units.append(_Unit(first, content, ""))
        piece = text[content:stop][:room]
        units.append(_Unit(content, content + len(piece), piece, is_plain=True))
        room -= len(piece)
        first = stop
    return units


def _find_indent(block: str, value: str) -> int:
    """How far a literal block is indented: what its first line that is not blank has before its text."""
    written = next((line for line in block.split("\n") if line.strip()), "")
    said = next((line for line in value.split("\n") if line.strip()), "")
    return len(written.rstrip("\r")) - len(said)


def _write_plain(new: str, _text: str, _node: Node) -> str | None:
    return new if _WORD.fullmatch(new) else None


_WORD = re.compile(r"[A-Za-z0-9_./+=@~-]*")
_PRINTABLE = re.compile("[\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
_SEPARATORS = re.compile("[\u2028\u2029]")


def _write_single(new: str, text: str, node: Node) -> str | None:
    if not _is_line(new.replace("\n", "")):
        return None
    fold = _TOKENS[""].search(text, node.start, node.end)
    if "\n" in new and fold is None:
        return None
    indent = fold[0].rpartition("\n")[2] if fold else ""
    return _BREAKS.sub(lambda found: f"\n{found[0]}{indent}", new.replace("'", "''"))


_BREAKS = re.compile("\n+")


def _is_line(new: str) -> bool:
    return _PRINTABLE.fullmatch(new) is not None and _SEPARATORS.search(new) is None


def _write_double(new: str, text: str, node: Node) -> str:
    return escape(new, ascii_only=text[node.start : node.end].isascii())


def _write_literal(new: str, text: str, node: Node) -> str | None:
    return new.replace("\n", "\n" + _indent_literal(text, node)) if _is_line(new.replace("\n", "")) else None


def _indent_literal(text: str, node: Node) -> str:
    start = text.find("\n", node.start) + 1
    return " " * _find_indent(text[start : node.end], node.text)


_WRITERS: dict[str, Callable[[str, str, Node], str | None]] = {
    "": _write_plain,
    "'": _write_single,
    '"': _write_double,
    "|": _write_literal,
}


def escape(text: str, *, ascii_only: bool) -> str:
    """A text as it stands between double quotes."""
    pattern = _NOT_ASCII if ascii_only else _NOT_PRINTABLE
    return pattern.sub(_escape, text)


_NOT_ASCII = re.compile('[^\x20-\x7e]|["\\\\]')
_NOT_PRINTABLE = re.compile(
    '[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|["\\\\\u2028\u2029]'
)
_SHORT = {'"': '\\"', "\\": "\\\\", **{value: f"\\{key}" for key, value in _ESCAPES.items()}}


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def write_scalar(text: str) -> str:
    """A text as a scalar of one line: in single quotes where they can hold it, else in double ones."""
    return (
        f"'{text.replace(chr(39), chr(39) * 2)}'" if _is_line(text) else f'"{escape(text, ascii_only=True)}"'
    )
