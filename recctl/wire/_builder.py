"""What the wire protocols share: a reply under construction.

A protocol's module reads its chunks and calls this; rules that hold for all protocols (what is nothing, when
a stream is complete, which texts look like tool calls) are kept here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.completion import Choice, Completion, Message, Note, ToolCall

if TYPE_CHECKING:
    from recctl.recording import JSON

FOLDED = {
    "obfuscation": "random padding that hides the length of a chunk",
    "object": "the name of the chunk's own type",
    "index": "positions, which the order of choices and tool calls keeps",
}
"""Keys whose values are knowingly left out of a `Completion`, and why."""


class Extra:
    """Values that have no place of their own, by path. One that changes becomes the list of its changes."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, ...], JSON] = {}
        self._values: dict[tuple[str, ...], list[JSON]] = {}

    def add(self, path: tuple[str, ...], value: JSON) -> None:
        """Keep a value, unless it is nothing or what the path held last."""
        if is_nothing(value) or (path in self.last and self.last[path] == value):
            return
        self.last[path] = value
        self._values.setdefault(path, []).append(value)

    def build(self) -> dict[str, JSON]:
        """All values, as nested objects along their paths."""
        result: dict[str, JSON] = {}
        for path, values in self._values.items():
            inner = result
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = values[0] if len(values) == 1 else values
        return result


class CallBuilder:
    """A tool call under construction. `key` is the index that the protocol gave it, `pointer` its start."""

    __slots__ = ("arguments", "id", "key", "name", "pointer", "type")

    def __init__(self, pointer: str, key: JSON = None) -> None:
        self.pointer = pointer
        self.key = key
        self.id: str | None = None
        self.type: str | None = None
        self.name: str | None = None
        self.arguments: list[str] = []

    def add_arguments(self, arguments: JSON) -> None:
        """Append a fragment: text as it is, anything else as JSON."""
        if isinstance(arguments, str):
            self.arguments.append(arguments)
        elif arguments is not None:
            self.arguments.append(json.dumps(arguments, ensure_ascii=False))

    def build(self) -> ToolCall:
        """The call as far as it was told."""
        return ToolCall(self.id, self.type, self.name, join(self.arguments))


class ChoiceBuilder:
    """A choice under construction; the lists collect fragments of text.

    `ended` is for protocols that can say that a choice has ended without a reason.
    """

    __slots__ = (
        "calls",
        "content",
        "ended",
        "finish_reason",
        "index",
        "logprobs",
        "reasoning",
        "refusal",
        "role",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.role: str | None = None
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls: list[CallBuilder] = []
        self.finish_reason: str | None = None
        self.ended = False
        self.logprobs: JSON = None

    @property
    def has_ended(self) -> bool:
        """Whether the provider has said that this is all."""
        return self.ended or self.finish_reason is not None

    def add_logprobs(self, logprobs: JSON) -> None:
        """Join log probabilities: lists are appended to each other, of other values the last one counts."""
        if not isinstance(logprobs, dict) or not isinstance(self.logprobs, dict):
            self.logprobs = {**logprobs} if isinstance(logprobs, dict) else logprobs
            return
        for key, value in logprobs.items():
            known = self.logprobs.get(key)
            if isinstance(known, list) and isinstance(value, list):
                self.logprobs[key] = known + value
            elif value is not None or key not in self.logprobs:
                self.logprobs[key] = value

    def build(self) -> Choice:
        """The choice as far as it was told; calls stand by their index, then by arrival."""
        message = Message(
            role=self.role,
            content=join(self.content),
            reasoning=join(self.reasoning),
            refusal=join(self.refusal),
            tool_calls=tuple(call.build() for call in self.sorted_calls()),
        )
        return Choice(self.index, message, self.finish_reason, self.logprobs)

    def sorted_calls(self) -> list[CallBuilder]:
        """The calls by their index (those without one last), then by arrival."""
        return sorted(self.calls, key=lambda call: (call.key is None, call.key or 0))


class ReplyBuilder:
    """A reply under construction. `pointer` is where the reply starts, `/response/body` in a recording."""

    def __init__(self, pointer: str = "/response/body") -> None:
        self.pointer = pointer
        self.id: str | None = None
        self.model: str | None = None
        self.choices: dict[int, ChoiceBuilder] = {}
        self.usage: dict[str, JSON] | None = None
        self.error: JSON = None
        self.extra = Extra()
        self._notes: list[Note] = []
        self._noted: set[str] = set()

    def choice(self, index: int) -> ChoiceBuilder:
        """The choice of that index, begun if it is new."""
        choice = self.choices.get(index)
        if choice is None:
            choice = self.choices[index] = ChoiceBuilder(index)
        return choice

    def note(self, code: str, message: str, pointer: str | None = None) -> None:
        """Note something odd."""
        self._notes.append(Note(code, message, self.pointer if pointer is None else pointer))

    def note_once(self, code: str, message: str, pointer: str) -> None:
        """Note something odd that may recur in every chunk, the first time only."""
        if code not in self._noted:
            self._noted.add(code)
            self.note(code, message, pointer)

    def fail(self, error: JSON, pointer: str) -> None:
        """Take an error that the provider sent in place of (the rest of) a reply; the first one counts."""
        self.note("error", f"the provider answered with an error: {describe_error(error)}", pointer)
        if self.error is None:
            self.error = error
        else:
            self.extra.add(("errors",), error)

    def build(self, wire: str, *, streamed: bool, chunks: int, has_choices: bool = True) -> Completion:
        """The reply as far as it was told. `has_choices` is false for replies that nobody generated."""
        choices = [self.choices[index] for index in sorted(self.choices)]
        ended = bool(choices) and all(choice.has_ended for choice in choices)
        complete = self.error is None and (ended or not streamed or not has_choices)
        if not complete and self.error is None:
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
        )

    def _note_texts(self, choice: ChoiceBuilder) -> None:
        content = join(choice.content) or ""
        if _THINKING.search(content):
            self.note("thinking-as-text", "the text holds <think> tags: reasoning that was not told apart")
        if _CALL_AS_TEXT.match(content):
            self.note("tool-call-as-text", "the text looks like a tool call that was not recognised as one")
        for call in choice.calls:
            arguments = join(call.arguments)
            if arguments is not None and not _is_json(arguments):
                name = call.name or "a tool"
                self.note("tool-arguments-json", f"the arguments for {name} are not JSON", call.pointer)


_SURROGATE = re.compile("[\ud800-\udfff]")
_THINKING = re.compile(r"</?think(?:ing)?>")
_CALL_AS_TEXT = re.compile(
    r"\s*(?:<tool_call>|<\|python_tag\|>|\[TOOL_CALLS\]|<function=|"
    r"""\[?\s*\{\s*"(?:name|function|type)"\s*:\s*"[^"]*"\s*,\s*"(?:parameters|arguments|function|name)"\s*:)"""
)


def is_nothing(value: JSON) -> bool:
    """Whether a value says nothing: absent, null, or empty."""
    return value is None or value == "" or value == [] or value == {}


def join(fragments: list[str]) -> str | None:
    """The text that fragments add up to; None for none. Surrogate pairs that a cut parted are mended."""
    if not fragments:
        return None
    text = fragments[0] if len(fragments) == 1 else "".join(fragments)
    if not text.isascii() and _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


def describe_error(error: JSON) -> str:
    """An error in a few words."""
    if isinstance(error, dict):
        inner = error.get("error")
        if isinstance(inner, dict):
            return describe_error(inner)
        for key in ("message", "detail", "error", "type", "code"):
            if isinstance(error.get(key), str) and error[key]:
                return str(error[key])
    return error if isinstance(error, str) and error else json.dumps(error, ensure_ascii=False)


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
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
