"""What the wire protocols share: a reply under construction.

A protocol's module reads its chunks and calls this; rules that hold for all protocols (what is nothing, when
a stream is complete, which texts look like tool calls) are kept here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.strict_json import decode
from recctl.wire.building.message import ChoiceBuilder
from recctl.wire.building.values import (
    describe_error,
    is_beginning,
    is_nothing,
    is_same_error,
    join,
    says_as_much,
)
from recctl.wire.completion import Completion, Fact, Note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from recctl.recordings.recording import JSON

FOLDED = {
    "obfuscation": "random padding that hides the length of a chunk",
    "object": "the name of the chunk's own type",
    "index": "positions, which the order of choices and tool calls keeps",
}
"""Keys whose values are knowingly left out of a `Completion`, and why."""

FOLDED_IN_EVENTS = {
    "type": "what an event, a block or a delta is, which shows in where its content goes",
    "event_type": "the same, in Gemini's interactions",
    "event_id": "tokens for going on with a stream that broke off",
    "sequence_number": "the count of events",
    "output_index": "positions, which the order of texts and calls keeps",
    "content_index": "the same, of parts in an output",
    "summary_index": "the same, of parts of a summary",
    "annotation_index": "the same, of annotations",
    "usage": "counts so far, where later ones replace them",
    "status": "that something is in progress or completed; how a reply ends is its finish reason",
}
"""Keys of server-sent events whose values are left out too, and why; `[DONE]` and pings are, as a whole.

A protocol may have more of its own.
"""

SUMMARISED = {
    "embedding": "a vector is shown by its dimension and first numbers",
    "embeddings": "vectors are shown by their dimension and first numbers",
    "data": "base64 data is shown by its size in bytes",
    "completed": "how far a download had come is shown by its last value",
}
"""Keys whose values a view or a placeholder stands for, and how."""


class Extra:
    """Values that have no place of their own, by path.

    One that changes becomes the list of its changes; fragments become the list of them all.
    """

    def __init__(self) -> None:
        self.last: dict[tuple[str, ...], JSON] = {}
        self._values: dict[tuple[str, ...], list[JSON]] = {}
        self._lists: dict[tuple[str, ...], list[JSON]] = {}

    def add(self, path: tuple[str, ...], value: JSON) -> None:
        """Keep a value, unless it is nothing or what the path held last."""
        last = self.last.get(path)
        if (value == last and type(value) is type(last)) or is_nothing(value):  # 1 is not true
            return
        self.last[path] = value
        self._values.setdefault(path, []).append(value)

    def grow(self, path: tuple[str, ...], value: JSON) -> None:
        """Keep a value as `add` does; one that the last value was the beginning of takes its place."""
        values = self._values.get(path)
        if values and not is_nothing(value) and is_beginning(values[-1], value):
            values[-1] = self.last[path] = value
        else:
            self.add(path, value)

    def append(self, path: tuple[str, ...], value: JSON) -> None:
        """Keep a fragment, unless it is nothing: one that is like the one before it says as much again."""
        if not is_nothing(value):
            self._values.setdefault(path, []).append(value)

    def extend(self, path: tuple[str, ...], values: list[JSON]) -> None:
        """Keep a fragment of a list: what all of them hold is one list."""
        if values and path not in self._lists:
            self._lists[path] = []
            self._values.setdefault(path, []).append(self._lists[path])
        self._lists.get(path, []).extend(values)

    def add_rest(self, path: tuple[str, ...], values: dict[str, JSON], placed: Collection[str]) -> None:
        """Keep what an object holds beyond the keys that have a place elsewhere."""
        for key, value in values.items():
            if key not in placed:
                self.add((*path, key), value)

    def build(self) -> dict[str, JSON]:
        """All values, as nested objects along their paths.

        A value whose path leads on to others makes way for them: its key gets the prefix `odd_`.
        """
        result: dict[str, JSON] = {}
        ways = {path[:length] for path in self._values for length in range(1, len(path))}
        for path, values in self._values.items():
            inner = result
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            key = path[-1]
            while (*path[:-1], key) in ways or key in inner:
                key = f"odd_{key}"
            inner[key] = values[0] if len(values) == 1 else values
        return result


class ReplyBuilder:
    """A reply under construction. `pointer` is where the reply starts, `/response/body` in a recording.

    `is_over` says that the last thing in the stream is the mark at its end, `[DONE]`.
    """

    def __init__(self, pointer: str = "/response/body") -> None:
        self.pointer = pointer
        self.id: str | None = None
        self.model: str | None = None
        self.choices: dict[int, ChoiceBuilder] = {}
        self.usage: dict[str, JSON] | None = None
        self.error: JSON = None
        self.is_under_way = False
        self.is_over = False
        self.kind: str | None = None
        self.facts: list[Fact] = []
        self.extra = Extra()
        self._notes: list[Note] = []
        self._noted: set[str] = set()

    def choice(self, index: int) -> ChoiceBuilder:
        """The choice of that index, begun if it is new."""
        choice = self.choices.get(index)
        if choice is None:
            choice = self.choices[index] = ChoiceBuilder(index)
        return choice

    def read(
        self, items: list[JSON], *, numbered: bool, first: int = 0
    ) -> Iterator[tuple[dict[str, JSON], str]]:
        """Every chunk, or the one body, out of its envelope and with a pointer to it.

        What is not an object can't be read: it is noted and kept. `numbered` says that items are of a list,
        `first` which number the first of them has.
        """
        for number, item in enumerate(items, first):
            data, pointer = item, f"{self.pointer}/{number}" if numbered else self.pointer
            if isinstance(item, dict) and "__data__" in item:
                data, pointer = item["__data__"], f"{pointer}/__data__"
            if isinstance(data, dict):
                yield data, pointer
            else:
                self.note("odd-chunk", "this is not a chunk", pointer)
                self.extra.add(("odd_chunks",), data)

    def identify(self, key: str, value: JSON) -> bool:
        """Take the `id` or the `model` that a chunk gives: the first that is not empty counts.

        Gives whether it is another than that.
        """
        known = getattr(self, key)
        if is_nothing(value) or value == known:
            return False
        if known is None and isinstance(value, str):
            setattr(self, key, value)
            return False
        self.extra.add((f"other_{key}s",), value)
        return known is not None

    def note_other_reply(self, pointer: str) -> None:
        """Note that another reply begins in the stream."""
        self.note_once("mixed-ids", "the stream contains chunks of more than one reply", pointer)

    def merge_usage(self, usage: JSON) -> None:
        """Take counts that add to, or replace, those known so far: key by key, and null is nothing."""
        if isinstance(usage, dict):
            told = {key: value for key, value in usage.items() if value is not None}
            self.usage = {**(self.usage or {}), **told} or None
        else:
            self.extra.add(("odd_usage",), usage)

    def add_fact(self, name: str, text: str, *keys: str) -> None:
        """Add what a person wants to know, if there is anything; `keys` of `extra` say no more than it."""
        if text:
            self.facts.append(Fact(name, text, keys))

    def note(self, code: str, message: str, pointer: str | None = None) -> None:
        """Note something odd."""
        self._notes.append(Note(code, message, self.pointer if pointer is None else pointer))

    def note_once(self, code: str, message: str, pointer: str) -> None:
        """Note something odd that may recur in every chunk, the first time only."""
        if code not in self._noted:
            self._noted.add(code)
            self.note(code, message, pointer)

    def fail(self, error: JSON, pointer: str) -> None:
        """Take an error that the provider sent in place of (the rest of) a reply; the first one counts.

        One that is told again, in an event and in the response that failed, is still one.
        """
        if self.error is None:
            self.error = error
        elif not says_as_much(self.error, error):
            self.extra.add(("errors",), error)
        if self.error is error or not is_same_error(self.error, error):
            message = f"the provider answered with an error: {describe_error(error)}"
            self.note("error", message, pointer)

    def build(self, wire: str, *, streamed: bool, chunks: int, has_choices: bool = True) -> Completion:
        """The reply as far as it was told. `has_choices` is false for replies that nobody generated."""
        choices = [self.choices[index] for index in sorted(self.choices)]
        ended = bool(choices) and all(choice.has_ended for choice in choices)
        if streamed and choices and not ended and self.is_over and self.error is None:
            self.note("no-finish-reason", "the stream comes to its end, but no finish reason is given")
            ended = True
        is_under_way = self.is_under_way and not streamed
        complete = self.error is None and not is_under_way and (ended or not streamed or not has_choices)
        if is_under_way:
            self.note("under-way", "the provider was still at work on this reply: it is not whole")
        elif not complete and self.error is None:
            self.note("incomplete-stream", _describe_end(choices, chunks))
        for choice in choices:
            self._note_texts(choice)
        return Completion(
            wire=wire,
            streamed=streamed,
            chunks=chunks if streamed else 0,
            complete=complete,
            id=self.id,
            model=self.model,
            choices=tuple(choice.build() for choice in choices),
            usage=self.usage,
            error=self.error,
            extra=self.extra.build(),
            notes=tuple(self._notes),
            kind=self.kind,
            facts=tuple(self.facts),
        )

    def _note_texts(self, choice: ChoiceBuilder) -> None:
        content = join(choice.content) or ""
        tag = re.search(_THINKING, content) if "<" in content else None
        if tag:
            message = f"the text holds <{tag[1]}> tags: reasoning that was not kept apart"
            self.note("thinking-as-text", message)
            content = content.rpartition(f"</{tag[1]}>")[2]
        if _looks_like_call(content.strip()):
            self.note("tool-call-as-text", "the text looks like a tool call that was not recognised as one")
        for call in choice.calls:
            arguments = join(call.arguments)
            if arguments is not None and not call.takes_text and not _is_json(arguments):
                name = call.name or call.type or "a tool"
                self.note("tool-arguments-json", f"the arguments for {name} are not JSON", call.pointer)


# Few texts are looked at with these: they are compiled when the first one is.
_THINKING = r"</?(think|thinking|reasoning)>"
_CALL_AS_TEXT = (
    r"(?:<tool_call>|<\|python_tag\|>|\[TOOL_CALLS\]|<function=|<\|tool_calls_section_begin\|>|"
    r"""\[?\s*\{\s*"(?:name|function|type)"\s*:\s*"[^"]*"\s*,\s*"(?:parameters|arguments|function|name)"\s*:)"""
)


_DEEPSEEK_CALL = "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>"
_HERMES_CALL = r"""[ \t]*\n\s*(?:<function=|\{\s*"(?:name|arguments)"\s*:)"""


def _looks_like_call(text: str) -> bool:
    """Whether a text is what models write who call a tool in words of their own.

    A call may come after other text if no fence stands before it, as it does before an example.
    """
    if text.startswith("```"):
        return text.endswith("```") and _is_call(text[3:-3].removeprefix("json").strip())
    if text.startswith(("<", "[", "{")) and re.match(_CALL_AS_TEXT, text):
        return True
    before, tag, after = text.partition("\n<tool_call>")
    is_tagged = bool(tag) and "```" not in before and re.match(_HERMES_CALL, after) is not None
    return is_tagged or _DEEPSEEK_CALL in text


def _is_call(text: str) -> bool:
    """Whether a text is a JSON object that is a tool's name and arguments, and not the tool's schema."""
    try:
        value = decode(text) if text.startswith("{") else None
    except ValueError:
        return False
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return False
    arguments = value.get("arguments", value.get("parameters"))
    is_bare = value.keys() <= {"name", "arguments", "parameters", "type", "id"}
    return is_bare and isinstance(arguments, dict) and not arguments.keys() >= {"type", "properties"}


def _describe_end(choices: list[ChoiceBuilder], chunks: int) -> str:
    if not chunks:
        return "the stream has no chunks"
    if not choices:
        return "the stream ends before any reply"
    unended = [str(choice.index) for choice in choices if not choice.has_ended]
    which = f" of choice {', '.join(unended)}" if len(choices) > 1 else ""
    return f"the stream ends without a finish reason{which}: it is cut off"


def _is_json(text: str) -> bool:
    try:
        decode(text)
    except ValueError:
        return False
    return True
