"""The output of OpenAI's responses: items of messages, reasoning and calls, told by events or as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.message import CallBuilder
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.values import find_texts, is_nothing, join, write_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.building.message import ChoiceBuilder

EVENT_KEYS = frozenset({"type", "sequence_number", "obfuscation"})
"""What an event may have that says nothing."""

_PLACED = EVENT_KEYS | {"output_index", "item_id", "content_index", "summary_index", "annotation_index"}
_PART_LISTS = ("content", "summary")
_NAMES = ("call_id", "name", "role")

# The texts that fragments come for: the kind of item that each is of, and the key that holds it as a whole.
_TEXTS = {
    "output_text": ("message", "text"),
    "refusal": ("message", "refusal"),
    "reasoning_summary_text": ("reasoning", "text"),
    "reasoning_text": ("reasoning", "text"),
    "function_call_arguments": ("function_call", "arguments"),
    "mcp_call_arguments": ("mcp_call", "arguments"),
    "custom_tool_call_input": ("custom_tool_call", "input"),
}
_ARGUMENTS = {kind: name for name, (kind, key) in _TEXTS.items() if key in ("arguments", "input")}
_PARTS = {
    "output_text": "output_text",
    "text": "output_text",
    "refusal": "refusal",
    "summary_text": "reasoning_summary_text",
    "reasoning_text": "reasoning_text",
}

_PART_EVENTS: dict[str, tuple[str, str | None]] = {
    "content_part": ("content", None),
    "reasoning_part": ("content", "reasoning"),
    "reasoning_summary_part": ("summary", "reasoning"),
}
_CHANNELS = {
    "output_text": "content",
    "refusal": "refusal",
    "reasoning_summary_text": "reasoning",
    "reasoning_text": "reasoning",
}

ARGUMENT_KEYS = {kind: _TEXTS[name][1] for kind, name in _ARGUMENTS.items()}
"""The kinds of items that are calls of a named tool, and the key of the arguments of each."""


class _Text:
    """A text under construction: its fragments, and what it is said to be as a whole."""

    __slots__ = ("annotations", "fragments", "logprobs", "odd", "pointer", "rests", "whole", "whole_logprobs")

    def __init__(self) -> None:
        self.fragments: list[str] = []
        self.logprobs: list[JSON] = []
        self.whole: dict[str, None] = {}  # for the order, and to find one quickly
        self.whole_logprobs: list[JSON] = []
        self.annotations: list[JSON] = []
        self.rests: list[dict[str, JSON]] = []
        self.odd: list[JSON] = []
        self.pointer = ""

    def add(self, fragment: JSON, logprobs: JSON) -> None:
        """Add a fragment."""
        if isinstance(fragment, str):
            self.fragments.append(fragment)
        elif not is_nothing(fragment):
            self.odd.append(fragment)
        if isinstance(logprobs, list):
            self.logprobs += logprobs
        elif not is_nothing(logprobs):
            self.odd.append({"logprobs": logprobs})

    def state(self, whole: JSON, logprobs: JSON, pointer: str) -> None:
        """Take note of what the whole is said to be."""
        if isinstance(whole, str):
            if whole and whole not in self.whole:
                self.whole[whole] = None
                self.pointer = pointer
        elif not is_nothing(whole):
            self.odd.append(whole)
        if isinstance(logprobs, list):
            self.whole_logprobs = logprobs or self.whole_logprobs
        elif not is_nothing(logprobs):
            self.odd.append({"logprobs": logprobs})

    def build(self) -> str:
        """The text as far as it was told."""
        return join(self.fragments) or next(reversed(self.whole), "")


class _Item:
    """An item under construction. `path` is its place in `extra`, `strings` the texts that are kept there.

    `loose` is what events said of it that its own states may say, too.
    """

    __slots__ = (
        "ids",
        "index",
        "is_announced",
        "is_done",
        "kind",
        "loose",
        "names",
        "other_texts",
        "path",
        "pointer",
        "strings",
        "texts",
    )

    def __init__(self, index: int, kind: str, pointer: str) -> None:
        self.index = index
        self.kind = kind
        self.path = ("output", str(index))
        self.pointer = pointer
        self.ids: list[str] = []
        self.names: dict[str, str] = {}
        self.texts: dict[tuple[str, int], _Text] = {}
        self.other_texts: dict[str, list[str]] = {}
        self.strings: set[str] = set()
        self.loose: list[tuple[str, str]] = []
        self.is_announced = False
        self.is_done = False

    def text(self, name: str, position: JSON = None) -> _Text:
        """The text of that name and position among the parts, begun if it is new."""
        return self.texts.setdefault((name, position if type(position) is int else 0), _Text())

    def renumber(self, group: str, count: int) -> None:
        """Have the texts of a group of parts stand for its parts, of which there are `count`.

        Bedrock counts the parts of all items, and not those of each: then their order tells which is which.
        """
        numbers = sorted({number for name, number in self.texts if _group(name) == group})
        if numbers and count > 0 and len(numbers) <= count <= numbers[-1]:
            ranks = {number: rank for rank, number in enumerate(numbers)}
            self.texts = {
                (name, ranks[number] if _group(name) == group else number): text
                for (name, number), text in self.texts.items()
            }

    def list_texts(self) -> list[tuple[str, int]]:
        """The names and positions of the texts, in the order of the parts; summaries come first."""
        order = [*_TEXTS]
        return sorted(self.texts, key=lambda key: (_group(key[0]) == "content", key[1], order.index(key[0])))

    def build_call(self) -> CallBuilder:
        """The call that the item is."""
        call = CallBuilder(self.pointer)
        call.type = self.kind
        call.id = self.names.get("call_id") or (self.ids[0] if self.ids else None)
        call.name = self.names.get("name")
        call.takes_text = self.kind == "custom_tool_call"
        call.add_arguments(self.text(_ARGUMENTS[self.kind]).build())
        return call


def _group(name: str) -> str:
    """The list of an item's parts that a text is in."""
    return "summary" if name == "reasoning_summary_text" else "content"


class Output:
    """The items of a response under construction."""

    def __init__(self, builder: ReplyBuilder) -> None:
        self.is_begun = False
        self._builder = builder
        self._items: list[_Item] = []
        self._next_index = 0
        self._by_id: dict[str, _Item] = {}
        self._latest: dict[tuple[int | None, str | None], _Item] = {}
        self._other_texts: dict[str, list[str]] = {}

    def add_item(self, value: JSON, index: int, pointer: str) -> None:
        """Add a whole item to those before it."""
        if isinstance(value, dict):
            item = self._begin(index, text_or_none(value.get("type")) or "", pointer)
            self._state_item(item, value, pointer)
        else:
            self._builder.extra.add(("odd_output",), value)

    def add_event(self, name: str, data: dict[str, JSON], pointer: str) -> bool:
        """Add what an event says of an item, or of a part of one; false if it is about neither."""
        base, _, step = name.rpartition(".")
        if base == "output_item":
            self._announce(data, pointer, is_done=step == "done")
        elif base in _PART_EVENTS:
            group, kind = _PART_EVENTS[base]
            item = self._find(data, kind, pointer)
            self._state_part(item, group, data.get(f"{group}_index"), data.get("part"), pointer)
            self._keep(item, data, _PLACED | {"part"})
        elif base in _TEXTS and step in ("delta", "done"):
            self._add_to_text(base, step, data, pointer)
        elif base == "output_text.annotation":
            item = self._find(data, "message", pointer)
            item.text("output_text", data.get("content_index")).annotations.append(data.get("annotation"))
            self._keep(item, data, _PLACED | {"annotation"})
        else:
            return self._add_other(base, step, data, pointer)
        return True

    def place(self, choice: ChoiceBuilder) -> None:
        """Move all items to their places."""
        extra = self._builder.extra
        for item in sorted(self._items, key=lambda item: item.index):
            role = item.names.get("role")
            choice.role = choice.role or role
            if role != choice.role:
                extra.add((*item.path, "role"), role)
            if item.kind in _ARGUMENTS:
                choice.add_call(item.build_call())
            elif item.kind not in ("message", "reasoning"):
                choice.add_other(item.path)
            for name, position in item.list_texts():
                text = item.texts[name, position]
                if name in _CHANNELS and (told := text.build()):
                    choice.say_all(_CHANNELS[name], [told])
                self._keep_rest_of_text(choice, item, text, name, position)
            joined = [(name, "".join(fragments)) for name, fragments in item.other_texts.items()]
            for key, value in (*item.loose, *joined):
                if value not in item.strings:
                    extra.add((*item.path, key), value)
                    item.strings.add(value)
        for name, fragments in self._other_texts.items():
            extra.add((name,), "".join(fragments))

    def _begin(self, index: JSON, kind: str, pointer: str) -> _Item:
        self.is_begun = True
        number = index if type(index) is int else self._next_index
        self._next_index = max(self._next_index, number + 1)
        item = _Item(number, kind, pointer)
        self._items.append(item)
        for key in ((number, kind), (number, None), (None, kind), (None, None)):
            self._latest[key] = item
        return item

    def _identify(self, item: _Item, item_id: JSON) -> None:
        if not isinstance(item_id, str):
            self._builder.extra.add((*item.path, "odd_id"), item_id)
        elif item_id and item_id not in item.ids:
            self._builder.extra.add((*item.path, "other_ids" if item.ids else "id"), item_id)
            item.ids.append(item_id)
            self._by_id.setdefault(item_id, item)

    def _look_up(self, item_id: JSON, index: JSON, kind: str | None) -> tuple[_Item | None, bool]:
        """The item of that id, else the latest at that index (or of all), and whether it was by its id.

        It must be of that kind, unless `kind` is None: some providers give several items one index.
        """
        item = self._by_id.get(item_id) if isinstance(item_id, str) else None
        if item is not None and kind in (None, item.kind):
            return item, True
        return self._latest.get((index if type(index) is int else None, kind)), False

    def _find(self, data: dict[str, JSON], kind: str | None, pointer: str) -> _Item:
        """The item that an event is about, begun if it was not announced."""
        item_id, index = data.get("item_id"), data.get("output_index")
        item = self._look_up(item_id, index, kind)[0] or self._begin(index, kind or "", pointer)
        self._identify(item, item_id)
        return item

    def _announce(self, data: dict[str, JSON], pointer: str, *, is_done: bool) -> None:
        """Add what an event says of an item as a whole, when it begins or is done."""
        value, index = data.get("item"), data.get("output_index")
        if not isinstance(value, dict):
            self._builder.extra.add(("odd_output",), value)
            return
        kind = text_or_none(value.get("type")) or ""
        item, by_id = self._look_up(value.get("id"), index, kind)
        if item is not None and not by_id and (item.is_done or (item.is_announced and not is_done)):
            item = None
        item = item or self._begin(index, kind, pointer)
        item.is_announced = True
        item.is_done = item.is_done or is_done
        self._state_item(item, value, pointer)
        self._keep(item, data, _PLACED | {"item"})

    def _add_to_text(self, name: str, step: str, data: dict[str, JSON], pointer: str) -> None:
        kind, key = _TEXTS[name]
        item = self._find(data, kind, pointer)
        text, logprobs = item.text(name, data.get(f"{_group(name)}_index")), data.get("logprobs")
        if step == "delta":
            key = "delta"
            text.add(data.get(key), logprobs)
        else:
            text.state(data.get(key), logprobs, pointer)
        placed = _PLACED | {key, "logprobs"}
        if kind in _ARGUMENTS:
            self._name(item, data)
            placed |= {*_NAMES}
        self._keep(item, data, placed)

    def _add_other(self, name: str, step: str, data: dict[str, JSON], pointer: str) -> bool:
        """Add an event of an item of another kind, among them those of the texts of such."""
        item = self._find(data, None, pointer) if "output_index" in data or "item_id" in data else None
        fragment, placed = data.get("delta"), _PLACED
        if step == "delta" and isinstance(fragment, str):
            texts = self._other_texts if item is None else item.other_texts
            texts.setdefault(name, []).append(fragment)
            self.is_begun = True
            placed = _PLACED | {"delta"}
        elif item is None:
            return False
        if item is None:
            self._builder.extra.add_rest((), data, placed)
            return True
        if step == "done":
            texts_told = {key: value for key, value in data.items() if isinstance(value, str)}
            item.loose += ((key, told) for key, told in texts_told.items() if key not in placed)
            placed = placed | texts_told.keys()
        self._keep(item, data, placed)
        return True

    def _keep(self, item: _Item, values: dict[str, JSON], placed: Collection[str]) -> None:
        for key, value in values.items():
            if key not in placed:
                self._builder.extra.grow((*item.path, key), value)
                item.strings.update(find_texts(value))

    def _name(self, item: _Item, values: dict[str, JSON]) -> None:
        """Take the names that an item has for others: the first of each that is not empty counts."""
        for key in _NAMES:
            value, known = values.get(key), item.names.get(key)
            if isinstance(value, str) and value and not known:
                item.names[key] = value
            elif value != known:
                self._builder.extra.add((*item.path, f"other_{key}s"), value)

    def _state_item(self, item: _Item, value: dict[str, JSON], pointer: str) -> None:
        self._identify(item, value.get("id"))
        placed = {"id"}
        if item.kind in ("message", "reasoning"):
            placed |= {"type", *_NAMES, *_PART_LISTS}
            self._name(item, value)
            for group in _PART_LISTS:
                parts = value.get(group)
                item.renumber(group, len(parts) if isinstance(parts, list) else 0)
                for position, part in enumerate(parts if isinstance(parts, list) else [parts]):
                    self._state_part(item, group, position, part, pointer)
        elif item.kind in _ARGUMENTS:
            key = ARGUMENT_KEYS[item.kind]
            placed |= {"type", *_NAMES, key}
            self._name(item, value)
            whole = write_text(value.get(key))
            item.text(_ARGUMENTS[item.kind]).state(whole, None, pointer)
        if value.get("status") in ("in_progress", "completed"):
            placed.add("status")
        self._keep(item, value, placed)

    def _state_part(self, item: _Item, group: str, position: JSON, part: JSON, pointer: str) -> None:
        """Add what is said of a part of an item as a whole."""
        number = position if type(position) is int else 0
        path = (*item.path, group, str(number))
        kind = part.get("type") if isinstance(part, dict) else None
        name = _PARTS.get(kind) if isinstance(kind, str) else None
        if name is None:
            self._builder.extra.add(path, part)
            return
        key = _TEXTS[name][1]
        text, placed = item.text(name, number), ("type", key, "logprobs")
        text.state(part.get(key), part.get("logprobs"), pointer)
        text.rests.append({name: value for name, value in part.items() if name not in placed})

    def _keep_rest_of_text(
        self, choice: ChoiceBuilder, item: _Item, text: _Text, name: str, position: int
    ) -> None:
        extra = self._builder.extra
        told, path = text.build(), (*item.path, _group(name), str(position))
        for rest in text.rests:
            extra.add_rest(path, rest, ())
        if others := [whole for whole in text.whole if whole != told]:
            message = "a text is said to be done that differs from the fragments that it came in"
            self._builder.note_once("final-mismatch", message, text.pointer)
            extra.add((*item.path, f"final_{name}"), others)
        logprobs = text.whole_logprobs or text.logprobs
        if logprobs:
            choice.add_logprobs({"content": logprobs})
        if text.logprobs != logprobs:
            extra.add((*path, "earlier_logprobs"), text.logprobs)
        extra.add((*path, "annotations"), text.annotations)
        extra.add((*item.path, f"odd_{name}"), text.odd)
