"""YAML text under the magnifying glass: what it says, and in what way it is none.

libyaml alone reads it, event by event. No value but JSON's and bytes is ever made: a tag constructs nothing,
and one that is not YAML's own is told as an oddity of the plain value that it stands before.
"""

from __future__ import annotations

import binascii
import re
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.errors import RecctlError
from recctl.base.syntax import CONFLICT_MARKER, Fault, NotText, Position, decode_text, find_positions, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yaml._yaml import CParser
    from yaml.error import MarkedYAMLError

YAML = Any
"""A value as YAML tells it: JSON's, and bytes."""

MAX_DEPTH = 250
"""How deeply values may nest; a JSON recording's may a little more, as these become parts of one."""


class YamlOddity(NamedTuple):
    """What can be read, but not by everybody, or not for sure. `offset` counts characters.

    `kind` is "duplicate-key" or "unreadable-tag"; `word` is the key or the tag. `depth` says in how many
    collections a key stands; it is 0 for tags.
    """

    kind: str
    word: str
    offset: int
    depth: int = 0


class Document(NamedTuple):
    """A document of a YAML text: its value, where it begins (in characters), and what is odd in it.

    `has_bytes` is false where no value in it is bytes.
    """

    value: YAML
    start: int
    has_bytes: bool = False
    oddities: tuple[YamlOddity, ...] = ()


def read_documents(
    content: bytes,
    *,
    max_size: int,
    constructors: Mapping[str, Callable[[YAML], YAML]] | None = None,
    is_newer: bool = False,
) -> tuple[Document, ...] | Fault:
    """What a YAML text says, a document each, or in what way it is no YAML.

    Of a key that stands twice the last counts, as PyYAML has it. Times, infinities and keys that are no texts
    are texts as written. `constructors` are for tags that the text's own reader knows beside YAML's, and make
    a value of a plain one. What aliases repeat may take `max_size` bytes. With `is_newer`, words are read as
    YAML 1.2's core schema has them: `no` is a text, and so is 3:45, which is a number in YAML 1.1.
    Raises RecctlError when libyaml is not there.
    """
    parser = import_parser()
    from yaml import YAMLError

    if not content.strip():
        return Fault("the file is empty", _RECORD_AGAIN, Position(1, 1))
    if content.startswith(_UTF_16):
        return find_fault(content, 0, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        documents = _Reader(parser(content), max_size, constructors or {}, is_newer=is_newer).read()
    except _RefusalError as refusal:
        return find_fault(content, refusal.offset, refusal.message, refusal.hint)
    except YAMLError as error:
        return _describe_error(content, error)
    return _find_conflict(content) or documents


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@cache
def import_parser() -> type[CParser]:
    """libyaml's parser. Raises RecctlError when PyYAML was built without it."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        hint = "install one of its wheels: pip install --force-reinstall --only-binary :all: pyyaml"
        raise RecctlError("this PyYAML was built without libyaml", hint) from None
    return CParser


class _RefusalError(Exception):
    """What libyaml reads, and we do not."""

    def __init__(self, message: str, hint: str, event: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset: int = event.start_mark.index


_RECORD_AGAIN = "record it again, or take it from git's history"
_PUT_RIGHT = "put it right, or record it again"

_PREFIX = "tag:yaml.org,2002:"
_PLAIN = frozenset(("!", *(_PREFIX + name for name in ("str", "seq", "map", "set", "omap", "pairs"))))
_SCALARS = frozenset(_PREFIX + name for name in ("null", "bool", "int", "float", "timestamp"))
_ALIAS_SIZE = 100
"""How many bytes a value that an alias repeats counts for, beside its characters."""


class _Reader:
    """Reads one text: a value by recursion, event by event."""

    def __init__(
        self,
        parser: CParser,
        max_size: int,
        constructors: Mapping[str, Callable[[YAML], YAML]],
        *,
        is_newer: bool,
    ) -> None:
        from yaml import events
        from yaml.resolver import Resolver

        self._next: Callable[[], Any] = parser.get_event
        self._room = max_size
        self._is_newer = is_newer
        self._constructors = constructors
        self._oddities: list[YamlOddity] = []
        self._has_bytes = False
        self._anchored: dict[str, YAML] = {}
        self._anchors: set[str] = set()
        self._resolvers: Mapping[str, list[tuple[str, re.Pattern[str]]]] = Resolver.yaml_implicit_resolvers
        self._events: Any = events
        self._scalar = events.ScalarEvent
        self._mapping_start = events.MappingStartEvent
        self._mapping_end = events.MappingEndEvent
        self._sequence_end = events.SequenceEndEvent

    def read(self) -> tuple[Document, ...]:
        """All documents. Raises what libyaml raises, and _RefusalError."""
        documents = []
        for event in iter(self._next, None):
            if type(event) is self._events.DocumentStartEvent:
                self._anchored.clear()
                self._anchors.clear()
                start = event.start_mark.index
                value = self._read_value(self._next(), 0)
                documents.append(Document(value, start, self._has_bytes, tuple(self._oddities)))
                self._oddities.clear()
        return tuple(documents)

    def _read_value(self, event: Any, depth: int) -> YAML:
        kind = type(event)
        if event.anchor is None:
            if kind is self._scalar:
                is_plain, is_quoted = event.implicit
                value: str = event.value
                if is_quoted or (is_plain and value[:1] not in self._resolvers):
                    return value
                return self._resolve(event) if is_plain else self._construct(event, value)
            if event.tag is None and depth < MAX_DEPTH:
                is_mapping = kind is self._mapping_start
                return self._read_mapping(depth + 1) if is_mapping else self._read_sequence(depth + 1)
        if kind is self._events.AliasEvent:
            return self._repeat(event)
        return self._read_node(event, depth)

    def _read_node(self, event: Any, depth: int) -> YAML:
        """A collection, or a scalar with an anchor."""
        anchor, event.anchor = event.anchor, None
        if anchor in self._anchors:
            raise _RefusalError(f"the anchor &{shorten(anchor)} is set a second time", _PUT_RIGHT, event)
        if anchor is not None:
            self._anchors.add(anchor)
        value: YAML
        if type(event) is self._scalar:
            value = self._read_value(event, depth)
        elif depth >= MAX_DEPTH:
            raise _RefusalError(f"values nest more than {MAX_DEPTH} deep", _RECORD_AGAIN, event)
        else:
            is_mapping = type(event) is self._mapping_start
            value = self._read_mapping(depth + 1) if is_mapping else self._read_sequence(depth + 1)
            if event.tag is not None:
                value = self._construct(event, value)
        if anchor is not None:
            self._anchored[anchor] = value
        return value

    def _read_sequence(self, depth: int) -> list[YAML]:
        items = []
        read_event, read_value, end = self._next, self._read_value, self._sequence_end
        while type(event := read_event()) is not end:
            items.append(read_value(event, depth))
        return items

    def _read_mapping(self, depth: int) -> dict[str, YAML]:
        items: dict[str, YAML] = {}
        merged: list[YAML] = []
        read_event, read_value, end, scalar = self._next, self._read_value, self._mapping_end, self._scalar
        while type(event := read_event()) is not end:
            if type(event) is scalar and event.anchor is None and event.tag is None:
                key = event.value
                if key == "<<" and event.implicit[0]:
                    merged.append(read_value(read_event(), depth))
                    continue
            else:
                key = self._read_key(event, depth)
            value_event = read_event()
            if key in items:
                self._oddities.append(YamlOddity("duplicate-key", key, event.start_mark.index, depth))
            items[key] = read_value(value_event, depth)
        return self._merge(merged, items) if merged else items

    def _read_key(self, event: Any, depth: int) -> str:
        """A key that is more than a word: an alias, an object of Python's that was a text, a tagged one."""
        key = self._read_value(event, depth)
        if isinstance(key, list) and len(key) == 1 and event.tag is not None:
            (key,) = key
        if type(event) is self._scalar and not isinstance(key, bytes):
            key = event.value
        if not isinstance(key, str):
            raise _RefusalError("this key is not a text", _PUT_RIGHT, event)
        return key

    @staticmethod
    def _merge(merged: list[YAML], items: dict[str, YAML]) -> dict[str, YAML]:
        """A mapping with the mappings that `<<` merges into it; what comes first counts."""
        flat = [each for value in merged for each in (value if isinstance(value, list) else [value])]
        result: dict[str, YAML] = {}
        for each in reversed([each for each in flat if isinstance(each, dict)]):
            result.update(each)
        return {**result, **items}

    def _repeat(self, event: Any) -> YAML:
        if event.anchor not in self._anchored:
            inside = event.anchor in self._anchors
            what = "is part of what it refers to" if inside else "refers to nothing that came before"
            raise _RefusalError(f"the alias *{shorten(event.anchor)} {what}", _PUT_RIGHT, event)
        value = self._anchored[event.anchor]
        self._room -= _weigh(value)
        if self._room < 0:
            message = "the aliases up to here repeat more than a recording can hold"
            raise _RefusalError(message, "write the values out, or raise max-size", event)
        return _copy(value)

    def _resolve(self, event: Any) -> YAML:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _DECIMAL.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
            return float(text) if "." in text else int(text)
        if self._is_newer:
            return _read_newer(text)
        for tag, pattern in self._resolvers.get(text[:1], ()):
            if pattern.match(text):
                return self._read_scalar(tag, event)
        return text

    def _construct(self, event: Any, value: YAML) -> YAML:
        """What a tag makes of a plain value."""
        tag: str = event.tag
        if tag in _PLAIN:
            return value
        if tag in self._constructors:
            made = self._constructors[tag](value)
            self._has_bytes |= isinstance(made, bytes)
            return made
        if isinstance(value, str):
            if tag in _SCALARS:
                return self._read_scalar(tag, event)
            if tag == f"{_PREFIX}binary":
                self._has_bytes = True
                try:
                    return binascii.a2b_base64(value)
                except ValueError:
                    message = "what follows !!binary is not base64"
                    raise _RefusalError(message, _PUT_RIGHT, event) from None
        self._oddities.append(YamlOddity("unreadable-tag", tag, event.start_mark.index))
        return value

    def _read_scalar(self, tag: str, event: Any) -> YAML:
        text: str = event.value
        if tag == f"{_PREFIX}null":
            return None
        if tag == f"{_PREFIX}bool" and text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        if tag in (f"{_PREFIX}int", f"{_PREFIX}float"):
            try:
                return _read_number(tag, text)
            except (ValueError, OverflowError):
                raise _RefusalError("this number can't be read", _PUT_RIGHT, event) from None
        return text  # a time, say


_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]+)?")
"""A number as nearly all are written; the others take ten times as long."""

_LONGEST_NUMBER = 1000
"""In characters. The time that it takes to read a number of base 60 grows with the square of its length, and
JSON's readers refuse what a few thousand digits of base 16 make."""

_WORDS = {"": None, "null": None, "true": True, "false": False}
"""What dumpers write for values that are no texts."""

_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def _read_number(tag: str, text: str) -> YAML:
    """A number as YAML 1.1 has it; what JSON has none for is the text. Raises ValueError for no number."""
    from math import isfinite

    if len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    if _DECIMAL.fullmatch(text):
        return int(text) if tag.endswith("int") else float(text)
    from yaml.constructor import SafeConstructor
    from yaml.nodes import ScalarNode

    node = ScalarNode(tag, text)
    if tag.endswith("int"):
        return SafeConstructor().construct_yaml_int(node)
    number: float = SafeConstructor().construct_yaml_float(node)
    return number if isfinite(number) else text


def _read_newer(text: str) -> YAML:
    """A plain word by the core schema of YAML 1.2, without infinities; digits behind a 0 are a text."""
    if text.lower() in _CORE and text in (text.lower(), text.upper(), text.capitalize()):
        return _CORE[text.lower()]
    if len(text) > _LONGEST_NUMBER:
        return text
    if re.fullmatch(_CORE_INTEGER, text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    number = float(text) if re.fullmatch(_CORE_FLOAT, text) else None
    return text if number is None or number in (inf, -inf) else number


_CORE = {"~": None, "null": None, "true": True, "false": False}
_CORE_INTEGER = "[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+"
_CORE_FLOAT = r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"


def _weigh(value: YAML) -> int:
    if isinstance(value, dict):
        return _ALIAS_SIZE + sum(len(key) + _weigh(item) for key, item in value.items())
    if isinstance(value, list):
        return _ALIAS_SIZE + sum(map(_weigh, value))
    return _ALIAS_SIZE + (len(value) if isinstance(value, (str, bytes)) else 0)


def _copy(value: YAML) -> YAML:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [*map(_copy, value)] if isinstance(value, list) else value


def find_fault(content: bytes, offset: int, message: str, hint: str) -> Fault:
    """A fault with its position, from an offset in characters."""
    text = content.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    return Fault(message, hint, find_positions(text)(offset))


def _find_conflict(content: bytes) -> Fault | None:
    """The fault of a text with a merge conflict's markers in it, which may well be YAML."""
    if b"<<<<<<<" not in content or b">>>>>>>" not in content:
        return None
    text = content.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    marker = re.search(CONFLICT_MARKER, text)
    if marker is None:
        return None
    message = "the file contains the markers of a merge conflict"
    return Fault(message, "resolve the conflict", find_positions(text)(marker.start()))


def _describe_error(content: bytes, error: Exception) -> Fault:
    """One sentence about where a text stops being YAML."""
    from yaml.error import MarkedYAMLError

    conflict = _find_conflict(content)
    if conflict is not None:
        return conflict
    text = decode_text(content.removeprefix(_BYTE_ORDER_MARK))
    if isinstance(text, NotText):
        return Fault(text.message, text.hint, find_positions(text.before)(len(text.before)))
    if isinstance(error, MarkedYAMLError):
        return Fault(*_describe_syntax_error(text, error))
    odd = _UNPRINTABLE.search(text)
    message = f"the character {f'U+{ord(odd[0]):04X}' if odd else ''} may not be in YAML"
    return Fault(message, _PUT_RIGHT, find_positions(text)(odd.start() if odd else 0))


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _describe_syntax_error(text: str, error: MarkedYAMLError) -> tuple[str, str, Position]:
    mark, problem = error.problem_mark, error.problem or "it can't be read"
    if problem == "found unexpected end of stream" and error.context_mark is not None:
        mark = error.context_mark
        problem = "the text that begins here does not end; the file may be cut off"
    offset = mark.index if mark is not None else 0
    if problem.startswith("found") and text[offset : offset + 1] == "\t":
        problem = "there is a tab where only spaces may be"
    return f"not YAML: {problem}", _PUT_RIGHT, find_positions(text)(offset)


def decode_yaml(content: bytes) -> tuple[bytes, str]:
    """The byte order mark of a text that was read, or nothing, and the text behind it."""
    mark = _BYTE_ORDER_MARK if content.startswith(_BYTE_ORDER_MARK) else b""
    return mark, content[len(mark) :].decode()
