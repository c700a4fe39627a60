"""Replies made of `choices`: OpenAI's chat and text completions, streamed or not, and all who copy them.

The rules, with the providers that they are for, are in the tests (tests/unit/test_wire_chat.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire._builder import FOLDED, CallBuilder, ReplyBuilder, is_nothing

if TYPE_CHECKING:
    from recctl.completion import Completion
    from recctl.recording import JSON
    from recctl.wire._builder import ChoiceBuilder

_CHUNK_KEYS = frozenset({"id", "model", "choices", "usage", "error"})
_CHOICE_KEYS = frozenset({"index", "delta", "message", "finish_reason", "logprobs", "text"})
_DELTA_KEYS = frozenset(
    {"role", "content", "reasoning", "reasoning_content", "refusal", "tool_calls", "function_call"}
)
_CALL_KEYS = frozenset({"id", "type", "function", "index"})
_FUNCTION_KEYS = frozenset({"name", "arguments"})


def assemble_choices(wire: str, items: list[JSON], streamed: bool) -> Completion:
    """Put together a reply whose chunks (or whose one body) have `choices`."""
    assembly = _Assembly(streamed)
    for number, item in enumerate(items):
        assembly.add_chunk(number, item)
    return assembly.builder.build(wire, streamed=streamed, chunks=len(items))


class _Unplaced:
    """Which keys of an object have no place of their own, remembered by the tuple of its keys."""

    def __init__(self, placed: frozenset[str]) -> None:
        self._placed = placed.union(FOLDED)
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, value: dict[str, JSON]) -> tuple[str, ...]:
        shape = tuple(value)
        keys = self._known.get(shape)
        if keys is None:
            keys = self._known[shape] = tuple(key for key in shape if key not in self._placed)
        return keys


class _Assembly:
    """A reply under construction and the chunk that is being read, for pointers to it."""

    def __init__(self, streamed: bool) -> None:
        self.builder = ReplyBuilder()
        self._streamed = streamed
        self._number = 0
        self._item: JSON = None
        self._unplaced_in_chunk = _Unplaced(_CHUNK_KEYS)
        self._unplaced_in_choice = _Unplaced(_CHOICE_KEYS)
        self._unplaced_in_delta = _Unplaced(_DELTA_KEYS)
        self._unplaced_in_call = _Unplaced(_CALL_KEYS)
        self._unplaced_in_function = _Unplaced(_FUNCTION_KEYS)
        self._calls: dict[tuple[int, str, JSON], CallBuilder] = {}

    def add_chunk(self, number: int, item: JSON) -> None:
        """Add what one chunk says."""
        self._number, self._item = number, item
        builder = self.builder
        data = item.get("__data__", item) if isinstance(item, dict) else item
        if not isinstance(data, dict):
            builder.note("odd-chunk", "this is not a chunk", self._pointer())
            builder.extra.add(("odd_chunks",), data)
            return
        for key in self._unplaced_in_chunk(data):
            builder.extra.add((key,), data[key])
        if data.get("id") != builder.id or data.get("model") != builder.model:
            self._add_identity(data)
        usage = data.get("usage")
        if usage:
            self._add_usage(usage)
        error = data.get("error")
        if error:
            builder.fail(error, self._pointer())
        choices = data.get("choices")
        if not choices:
            return
        if not isinstance(choices, list):
            builder.extra.add(("odd_choices",), choices)
            return
        for position, choice in enumerate(choices):
            if isinstance(choice, dict):
                self._add_choice(position, choice)
            else:
                builder.extra.add(("odd_choices",), choice)

    def _pointer(self) -> str:
        step = f"/{self._number}" if self._streamed else ""
        envelope = "/__data__" if isinstance(self._item, dict) and "__data__" in self._item else ""
        return f"/response/body{step}{envelope}"

    def _add_identity(self, data: dict[str, JSON]) -> None:
        """Take a chunk's id and model: the first that are not empty count."""
        builder = self.builder
        for key in ("id", "model"):
            value, known = data.get(key), getattr(builder, key)
            if is_nothing(value) or value == known:
                continue
            if known is None and isinstance(value, str):
                setattr(builder, key, value)
                continue
            builder.extra.add((f"other_{key}s",), value)
            if key == "id":
                message = "chunks of more than one reply stand in the stream"
                builder.note_once("mixed-ids", message, f"{self._pointer()}/id")

    def _add_usage(self, usage: JSON) -> None:
        if isinstance(usage, dict):
            self.builder.usage = usage
        else:
            self.builder.extra.add(("odd_usage",), usage)

    def _add_choice(self, position: int, value: dict[str, JSON]) -> None:
        index = value.get("index")
        choice = self.builder.choice(index if type(index) is int else position)
        for key in self._unplaced_in_choice(value):
            self._keep(choice, key, value[key])
        had_ended = choice.has_ended
        text = value.get("text")
        if text:
            self._add_text(choice, "content", text)
        key = "delta" if value.get("delta") else "message"
        delta = value.get(key)
        added = bool(text)
        if isinstance(delta, dict):
            added |= self._add_delta(choice, delta, f"choices/{position}/{key}", is_whole=key == "message")
        else:
            self._keep(choice, f"odd_{key}", delta)
        if had_ended and added:
            pointer = f"{self._pointer()}/choices/{position}"
            message = "the reply goes on after its finish reason"
            self.builder.note_once("chunk-after-finish", message, pointer)
        reason = value.get("finish_reason")
        if reason:
            self._add_finish_reason(choice, reason)
        logprobs = value.get("logprobs")
        if logprobs is not None:
            choice.add_logprobs(logprobs)

    def _keep(self, choice: ChoiceBuilder, key: str, value: JSON) -> None:
        self.builder.extra.add(("choices", str(choice.index), key), value)

    def _add_finish_reason(self, choice: ChoiceBuilder, reason: JSON) -> None:
        if not isinstance(reason, str):
            self._keep(choice, "odd_finish_reason", reason)
            return
        if choice.finish_reason not in (None, reason):
            self._keep(choice, "earlier_finish_reason", choice.finish_reason)
        choice.finish_reason = reason

    def _add_delta(self, choice: ChoiceBuilder, delta: dict[str, JSON], step: str, *, is_whole: bool) -> bool:
        """Add what a delta says to its choice; true when it says anything beyond the role."""
        content = delta.get("content")
        if content:
            self._add_text(choice, "content", content)
        role = delta.get("role")
        if role:
            self._add_role(choice, role, step)
        for key in self._unplaced_in_delta(delta):
            self._keep(choice, key, delta[key])
        reasoning, twin = delta.get("reasoning"), delta.get("reasoning_content")
        if reasoning or twin:
            self._add_text(choice, "reasoning", reasoning or twin)
            if reasoning and twin != reasoning:
                self._keep(choice, "reasoning_content", twin)
        refusal = delta.get("refusal")
        if refusal:
            self._add_text(choice, "refusal", refusal)
        calls, legacy = delta.get("tool_calls"), delta.get("function_call")
        if calls:
            self._add_calls(choice, calls, f"{step}/tool_calls", is_whole=is_whole)
        if legacy:
            self._add_legacy_call(choice, legacy, f"{step}/function_call")
        return bool(content or reasoning or twin or refusal or calls or legacy)

    def _add_role(self, choice: ChoiceBuilder, role: JSON, step: str) -> None:
        if choice.role is None and isinstance(role, str):
            choice.role = role
        elif role == choice.role:
            message = "the role is repeated in later chunks"
            self.builder.note_once("repeated-role", message, f"{self._pointer()}/{step}/role")
        else:
            self._keep(choice, "other_roles", role)

    def _add_text(self, choice: ChoiceBuilder, channel: str, text: JSON) -> None:
        """Add text to a channel; some providers send it as a list of parts, with the thinking among them."""
        if isinstance(text, str):
            getattr(choice, channel).append(text)
            return
        for part in text if isinstance(text, list) else [text]:
            kind = part.get("type") if isinstance(part, dict) else None
            value = part.get(kind if kind == "thinking" else "text") if isinstance(part, dict) else part
            if kind == "thinking" and channel != "reasoning" and value:
                self._add_text(choice, "reasoning", value)
            elif isinstance(value, str):
                getattr(choice, channel).append(value)
            else:
                self._keep(choice, f"odd_{channel}", part)

    def _add_calls(self, choice: ChoiceBuilder, calls: JSON, step: str, *, is_whole: bool) -> None:
        """Add fragments of tool calls; in a whole message (`is_whole`) each stands for a call of its own."""
        for position, fragment in enumerate(calls if isinstance(calls, list) else [calls]):
            if not isinstance(fragment, dict):
                self._keep(choice, "odd_tool_calls", fragment)
                continue
            function = fragment.get("function")
            if not isinstance(function, dict):
                self._keep(choice, "odd_functions", function)
                function = {}
            if _says_nothing(fragment, function):
                continue
            call = None if is_whole else self._find_call(choice, fragment)
            if call is None:
                index = fragment.get("index")
                key = index if type(index) is int else None
                call = CallBuilder(f"{self._pointer()}/{step}/{position}", key)
                choice.calls.append(call)
            self._add_fragment(choice, call, fragment, function)

    def _find_call(self, choice: ChoiceBuilder, fragment: dict[str, JSON]) -> CallBuilder | None:
        """The call that a fragment continues: of the same index, unless the ids differ; without an index the
        one of the same id; with neither, the last one."""
        index, call_id = fragment.get("index"), fragment.get("id")
        if type(index) is int:
            if call_id and (same := self._calls.get((choice.index, f"index {index}", str(call_id)))):
                return same
            call = self._calls.get((choice.index, "index", index))
            return None if call and call_id and call.id and call.id != call_id else call
        if call_id:
            return self._calls.get((choice.index, "id", str(call_id)))
        return choice.calls[-1] if choice.calls else None

    def _add_fragment(
        self, choice: ChoiceBuilder, call: CallBuilder, fragment: dict[str, JSON], function: dict[str, JSON]
    ) -> None:
        call_id, kind, name = fragment.get("id"), fragment.get("type"), function.get("name")
        if call_id and call.id is None:
            call.id = str(call_id)
        if kind and call.type is None:
            call.type = str(kind)
        if name and name != call.name:
            call.name = f"{call.name or ''}{name}"
        arguments = function.get("arguments")
        if arguments != "":
            call.add_arguments(arguments)
        self._calls[choice.index, "index", call.key] = call
        if call.id is not None:
            self._calls[choice.index, "id", call.id] = call
            self._calls[choice.index, f"index {call.key}", call.id] = call
        path = ("choices", str(choice.index), "tool_calls", call.id or str(call.key))
        for key in self._unplaced_in_call(fragment):
            self.builder.extra.add((*path, key), fragment[key])
        for key in self._unplaced_in_function(function):
            self.builder.extra.add((*path, key), function[key])

    def _add_legacy_call(self, choice: ChoiceBuilder, function: JSON, step: str) -> None:
        """Add to the one call of the time before tool calls, which has neither index nor id."""
        if not isinstance(function, dict):
            self._keep(choice, "odd_function_call", function)
            return
        call = self._calls.get((choice.index, "legacy", None))
        if call is None:
            pointer = f"{self._pointer()}/{step}"
            call = self._calls[choice.index, "legacy", None] = CallBuilder(pointer)
            choice.calls.append(call)
            message = "the call is a function_call, as it was before there were tool calls"
            self.builder.note("legacy-function-call", message, pointer)
        self._add_fragment(choice, call, {}, function)


def _says_nothing(fragment: dict[str, JSON], function: dict[str, JSON]) -> bool:
    """Whether a fragment would make a phantom: a call without an id, a name and arguments."""
    return not (fragment.get("id") or function.get("name") or function.get("arguments"))
