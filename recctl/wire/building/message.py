"""What the wire protocols share: a choice under construction, with its message and its tool calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire.building.values import join, join_values, write_text
from recctl.wire.completion import Choice, Message, MessagePart, ToolCall

if TYPE_CHECKING:
    from collections.abc import Collection

    from recctl.recordings.recording import JSON


class CallBuilder:
    """A tool call under construction. `key` is the index that the protocol gave it, `pointer` its start.

    `takes_text` is for calls of tools whose arguments are any text, rather than JSON.
    """

    __slots__ = ("_name", "_name_length", "arguments", "id", "key", "pointer", "takes_text", "type")

    def __init__(self, pointer: str, key: JSON = None) -> None:
        self.pointer = pointer
        self.key = key
        self.id: str | None = None
        self.type: str | None = None
        self.arguments: list[str] = []
        self.takes_text = False
        self._name: list[str] = []
        self._name_length = 0

    @property
    def name(self) -> str | None:
        """The tool's name as far as it was told."""
        return join(self._name)

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = [name] if name else []
        self._name_length = len(name or "")

    def add_name(self, fragment: str) -> None:
        """Append to the name, unless this is the name so far: some send it whole, again and again."""
        if len(fragment) != self._name_length or fragment != self.name:
            self._name.append(fragment)
            self._name_length += len(fragment)

    def add_arguments(self, arguments: JSON) -> None:
        """Append a fragment: text as it is, null as nothing, anything else as JSON."""
        text = arguments if isinstance(arguments, str) else write_text(arguments)
        if text:
            self.arguments.append(text)

    @property
    def says_something(self) -> bool:
        """Whether there was more than an empty fragment, which would be a phantom of a call."""
        return bool(self.id or self._name or self.arguments)

    def build(self) -> ToolCall:
        """The call as far as it was told."""
        return ToolCall(self.id, self.type, self.name, join(self.arguments))


_Mark = int | CallBuilder | tuple[str, ...]
"""Where a part is: from which fragment of its channel on, which call, at which place in `extra`."""


class ChoiceBuilder:
    """A choice under construction; the lists collect fragments of text, the order tells which came when.

    `ended` is for protocols that can say that a choice has ended without a reason.
    """

    __slots__ = (
        "_channel",
        "_order",
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
        self._order: list[tuple[str, _Mark]] = []
        self._channel = ""

    @property
    def has_ended(self) -> bool:
        """Whether the provider has said that this is all."""
        return self.ended or self.finish_reason is not None

    def add_logprobs(self, logprobs: JSON) -> JSON:
        """Join log probabilities: lists are appended to each other, of other values the last one counts.

        Gives what a value of another type, or another value, has replaced; None when nothing was.
        """
        self.logprobs, replaced = join_values(self.logprobs, logprobs)
        return replaced

    def say(self, channel: str, text: str) -> None:
        """Append to a text; it is a part of its own unless the same channel spoke last."""
        fragments: list[str] = getattr(self, channel)
        if self._channel != channel and text:
            self._order.append((channel, len(fragments)))
            self._channel = channel
        fragments.append(text)

    def say_all(self, channel: str, fragments: list[str], *, goes_on: bool = False) -> None:
        """Append fragments of a text that is a part of its own, unless it goes on with what came last."""
        if not goes_on:
            self._channel = ""
        for fragment in fragments:
            self.say(channel, fragment)

    def add_call(self, call: CallBuilder) -> None:
        """Append a call."""
        self.calls.append(call)
        self._order.append((_CALL, call))
        self._channel = ""

    def add_other(self, place: tuple[str, ...]) -> None:
        """Append a part that is neither text nor call, and is kept at a place in `extra`."""
        self._order.append((_OTHER, place))
        self._channel = ""

    def adopt(self, other: ChoiceBuilder) -> None:
        """Take the texts and calls that only another choice has, in its order, after what is here."""
        lacking = {channel for channel in _KINDS if not any(getattr(self, channel))}
        for channel in lacking:
            setattr(self, channel, getattr(other, channel))
        if not self.calls:
            self.calls = other.calls
            lacking.add(_CALL)
        if not self._order:
            lacking.add(_OTHER)
        self._order += (mark for mark in other._order if mark[0] in lacking)

    def build(self) -> Choice:
        """The choice as far as it was told; calls stand by their index, then by arrival."""
        calls = {call: call.build() for call in self.sorted_calls()}
        message = Message(
            role=self.role,
            content=join(self.content),
            reasoning=join(self.reasoning),
            refusal=join(self.refusal),
            tool_calls=tuple(calls.values()),
            parts=self._build_parts(calls),
        )
        return Choice(self.index, message, self.finish_reason, self.logprobs)

    def _build_parts(self, calls: dict[CallBuilder, ToolCall]) -> tuple[MessagePart, ...]:
        """What was said in its order; nothing where a message in its usual order says as much."""
        if len(self._order) <= 1:
            return ()
        parts: list[MessagePart] = []
        order = self._list_order(calls)
        ends = {channel: len(getattr(self, channel)) for channel in _KINDS}
        waiting = [*reversed(calls)]
        for kind, mark in reversed(order):
            if isinstance(mark, int):
                text = join(getattr(self, kind)[mark : ends[kind]])
                ends[kind] = mark
                if text:
                    parts.append(MessagePart(_KINDS[kind], text=text))
            elif isinstance(mark, tuple):
                parts.append(MessagePart(_OTHER, place=mark))
            else:
                parts.append(MessagePart(_CALL, call=calls[waiting.pop(0)]))
        kinds = [part.kind for part in reversed(parts) if not (part.text or "").isspace()]
        texts = [kind for kind in kinds if kind in _KINDS.values()]
        is_usual = len(texts) == len({*texts}) and kinds == sorted(kinds, key=_USUAL.index)
        return () if is_usual else tuple(reversed(parts))

    def _list_order(self, calls: Collection[CallBuilder]) -> list[tuple[str, _Mark]]:
        """The order without phantoms of calls: what one stood between goes on."""
        order: list[tuple[str, _Mark]] = []
        goes_on = False
        for kind, mark in self._order:
            is_phantom = isinstance(mark, CallBuilder) and mark not in calls
            if not is_phantom and not (goes_on and order and kind in _KINDS and order[-1][0] == kind):
                order.append((kind, mark))
            goes_on = is_phantom
        return order

    def sorted_calls(self) -> list[CallBuilder]:
        """The calls by their index (those without one last), then by arrival; phantoms are left out."""
        calls = [call for call in self.calls if call.says_something]
        return sorted(calls, key=lambda call: (call.key is None, call.key or 0))


_KINDS = {"reasoning": "reasoning", "refusal": "refusal", "content": "text"}
"""The channels of text, and what a part is called that comes from each."""

_CALL, _OTHER = "tool_call", "other"
_USUAL = (*_KINDS.values(), _CALL, _OTHER)
"""The order of parts that goes without saying: it is that of a message's own fields."""
