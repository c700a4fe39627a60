"""Where the values of a YAML text stand: places to point at, and nodes of what is to change.

libyaml alone reads the text, event by event, and only what was asked for is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.yaml_text import import_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from recctl.base.yaml_text import YAML


class YamlPlace(NamedTuple):
    """Where in a text something stands, in characters: a value, or the last one on the way to it.

    `depth` says how many of the steps lead there.
    """

    start: int
    end: int
    depth: int


def find_places(
    text: str, paths: Iterable[tuple[str | None, ...]], *, is_stream: bool = False
) -> dict[tuple[str, ...], YamlPlace]:
    """Where the values stand to which steps lead, from the root of a text's first document.

    Of a stream, they lead from the list of its documents. Steps are keys, and numbers from 0; None stands for
    each item of a list, whose places come under their own numbers. Of two values under one key the last
    counts. What is no YAML has no places.
    """
    from yaml import YAMLError

    root = _Wanted({})
    for path in paths:
        wanted = root
        for step in path:
            wanted = wanted.parts.setdefault(step, _Wanted({}))
        wanted.is_asked = True
    try:
        _Finder(text).visit(root, is_stream=is_stream)
    except YAMLError:
        return {}
    found: dict[tuple[str, ...], YamlPlace] = {}
    _collect(root, (), None, found)
    return found


@dataclass(slots=True)
class _Wanted:
    """A value whose place is wanted, or that of something in it, and where it was met last."""

    parts: dict[str | None, _Wanted]
    is_asked: bool = False
    place: YamlPlace | None = None

    def copy(self) -> _Wanted:
        return _Wanted({step: part.copy() for step, part in self.parts.items()}, self.is_asked)


def _collect(
    wanted: _Wanted, path: tuple[str, ...], above: YamlPlace | None, found: dict[tuple[str, ...], YamlPlace]
) -> None:
    place = wanted.place or above
    if wanted.is_asked and place is not None:
        found[path] = place
    for step, part in wanted.parts.items():
        if step is not None:
            _collect(part, (*path, step), place, found)


class _Finder:
    """Goes through a text's events, and keeps of them only where wanted values stand."""

    def __init__(self, text: str) -> None:
        from yaml import events

        self._next: Callable[[], Any] = import_parser()(text).get_event
        self._scalar, self._mapping = events.ScalarEvent, events.MappingStartEvent
        self._starts = (events.MappingStartEvent, events.SequenceStartEvent)
        self._ends = (events.MappingEndEvent, events.SequenceEndEvent)
        self._document = events.DocumentStartEvent

    def visit(self, root: _Wanted, *, is_stream: bool) -> None:
        """Find what is wanted of the first document, or of all."""
        number = 0
        for event in iter(self._next, None):
            if type(event) is self._document and is_stream:
                self._visit_part(self._next(), str(number), root, 0, is_mapping=False)
                number += 1
            elif type(event) is self._document:
                self._visit(self._next(), root, 0)
                return

    def _visit(self, event: Any, wanted: _Wanted, depth: int) -> None:
        start: int = event.start_mark.index
        last = event
        if isinstance(event, self._starts):
            is_mapping = type(event) is self._mapping
            number = 0
            while not isinstance(last := self._next(), self._ends):
                step = self._read_key(last) if is_mapping else str(number)
                value = self._next() if is_mapping else last
                self._visit_part(value, step, wanted, depth, is_mapping=is_mapping)
                number += 1
        wanted.place = YamlPlace(start, last.end_mark.index, depth)

    def _visit_part(self, value: Any, step: str, wanted: _Wanted, depth: int, *, is_mapping: bool) -> None:
        part = wanted.parts.get(step)
        if part is None and not is_mapping and None in wanted.parts:
            part = wanted.parts[None]
        if part is None:
            self._skip(value)
        else:
            wanted.parts[step] = part = part.copy()
            self._visit(value, part, depth + 1)

    def _read_key(self, event: Any) -> str:
        """The word that a key is, or the first one in it."""
        word = event.value if type(event) is self._scalar else None
        depth = int(isinstance(event, self._starts))
        while depth:
            event = self._next()
            depth += isinstance(event, self._starts) - isinstance(event, self._ends)
            if word is None and type(event) is self._scalar:
                word = event.value
        return word or ""

    def _skip(self, event: Any) -> None:
        starts, ends, read_event = self._starts, self._ends, self._next
        depth = int(isinstance(event, starts))
        while depth:
            kind = type(read_event())
            if kind in starts:
                depth += 1
            elif kind in ends:
                depth -= 1


@dataclass(slots=True)
class Node:
    """A value of a YAML text, from `start` to `end`, in characters.

    `kind` is "scalar", "sequence", "mapping" or "alias", or "stream" for the list of all documents; `text` is
    what a scalar says, `style` how it is
    written (`|`, `>`, a quote, or nothing), and `is_flow` whether a collection is in brackets. `parts`
    are the values in a collection, `keys` those before them in a mapping. Of a collection that stays as it
    is, nothing is kept but the last part: there it ends.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    style: str = ""
    is_flow: bool = False
    keys: Sequence[Node] = ()
    parts: Sequence[Node] = ()

    @property
    def word(self) -> str:
        """The word that a key is; one of Python's objects that was a text counts as that."""
        node = self
        while node.kind == "sequence" and len(node.parts) == 1:
            (node,) = node.parts
        return node.text

    def find(self, word: str) -> Node | None:
        """The value under a key of a mapping, of two the last; None where there is none."""
        found = [part for key, part in zip(self.keys, self.parts, strict=False) if key.word == word]
        return found[-1] if found else None


def compose(text: str, old: YAML, new: YAML, *, is_stream: bool = False) -> Node:
    """The nodes of a text's first document, as far as they are to change: it says `old`, and shall say `new`.

    Of a stream, these are lists of what the documents say. Nodes of all values take eighty times the room of
    the text.
    """
    composer = _Composer(text)
    return composer.compose_all(old, new) if is_stream else composer.compose(old, new)


class _Composer:
    """Makes nodes of a text's events."""

    def __init__(self, text: str) -> None:
        from yaml import events

        self._next: Callable[[], Any] = import_parser()(text).get_event
        self._document, self._scalar = events.DocumentStartEvent, events.ScalarEvent
        self._sequence, self._mapping = events.SequenceStartEvent, events.MappingStartEvent
        self._ends = (events.MappingEndEvent, events.SequenceEndEvent)
        self._anchored: dict[str, str] = {}

    def compose(self, old: YAML, new: YAML) -> Node:
        """The nodes of the first document."""
        while type(self._next()) is not self._document:
            pass
        return self._make(self._next(), old, new)

    def compose_all(self, old: list[YAML], new: list[YAML]) -> Node:
        """The node of the list of all documents."""
        pairs = zip(old, new, strict=False)
        starts = (event for event in iter(self._next, None) if type(event) is self._document)
        parts = [self._make(self._next(), *next(pairs, ())) for _ in starts]
        return Node("stream", 0, parts[-1].end if parts else 0, parts=parts)

    def _make(self, event: Any, old: YAML = None, new: YAML = None) -> Node:
        """The node of a value, and those of what changes in it, which is nothing unless they are given."""
        start, end, kind = event.start_mark.index, event.end_mark.index, type(event)
        if kind is self._scalar:
            if event.anchor is not None:
                self._anchored[event.anchor] = event.value
            return Node("scalar", start, end, event.value, event.style or "")
        if kind is not self._mapping and kind is not self._sequence:
            return Node("alias", start, end, self._anchored.get(event.anchor, ""))
        node = Node("mapping" if kind is self._mapping else "sequence", start, end)
        node.is_flow = bool(event.flow_style)
        is_same = old == new and type(old) is type(new)
        if kind is self._mapping and not is_same and isinstance(old, dict) and isinstance(new, dict):
            node.end = self._open_mapping(node, old, new)
        elif kind is self._sequence and not is_same and isinstance(old, list) and isinstance(new, list):
            node.end = self._open_sequence(node, old, new)
        else:
            node.end = self._pass_over(node)
        return node

    def _open_mapping(self, node: Node, old: dict[str, YAML], new: dict[str, YAML]) -> int:
        """Fill the node of a mapping that changes; where that ends."""
        keys: list[Node] = []
        parts: list[Node] = []
        node.keys, node.parts = keys, parts
        while type(event := self._next()) not in self._ends:
            key = self._make(event)
            is_kept = key.word in old and key.word in new
            pair = (old[key.word], new[key.word]) if is_kept else ()
            keys.append(key)
            parts.append(self._make(self._next(), *pair))
        end: int = event.end_mark.index
        return end

    def _open_sequence(self, node: Node, old: list[YAML], new: list[YAML]) -> int:
        """Fill the node of a list that changes; where that ends."""
        parts: list[Node] = []
        node.parts = parts
        pairs = zip(old, new, strict=False)
        while type(event := self._next()) not in self._ends:
            parts.append(self._make(event, *next(pairs, ())))
        end: int = event.end_mark.index
        return end

    def _pass_over(self, node: Node) -> int:
        """Give the node of a collection that stays its last part alone; where it ends."""
        while type(event := self._next()) not in self._ends:
            if node.kind == "mapping":
                self._make(event)
                event = self._next()
            node.parts = (self._make(event),)
        end: int = event.end_mark.index
        return end
