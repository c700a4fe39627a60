"""Replies made of `choices`: OpenAI's chat and text completions, streamed or not, and all who copy them.

Chunks are objects, in envelopes or without, or are in the lines of an event stream.

The rules, with the providers that they are for, are in the tests (tests/unit/wire/test_chat.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.values import is_bare_error, is_nothing, join, write_text
from recctl.wire.protocol import Attachments, Ending

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.message import ChoiceBuilder
    from recctl.wire.completion import Completion

ENDINGS = {
    "stop": Ending.WHOLE,
    "tool_calls": Ending.WHOLE,
    "function_call": Ending.WHOLE,
    "eos": Ending.WHOLE,
    "length": Ending.CUT_SHORT,
    "content_filter": Ending.REFUSED,
}
"""OpenAI's finish reasons, and Together's `eos`."""

ATTACHMENTS = Attachments(
    holders=("message",),
    keys=("citations", "search_results", "images"),  # Perplexity's sources and pictures
    media=("audio", "images"),
    quiet=frozenset(
        {
            "content_filter_offsets",
            "content_filter_result",
            "content_filter_results",
            "matched_stop",
            "native_finish_reason",
            "prompt_logprobs",
            "prompt_token_ids",
            "seed",
            "stop_reason",
            "token_ids",
        }
    ),
    repeat_reasoning=("reasoning_details",),  # in fragments, as OpenRouter sends it
)


def assemble_choices(wire: str, items: list[JSON], streamed: bool) -> Completion:
    """Put together a reply whose chunks (or whose one body) have `choices`."""
    assembly = _Assembly(streamed)
    assembly.add(items)
    assembly.add_repeated_messages()
    return assembly.builder.build(wire, streamed=streamed, chunks=len(items))


def _find_content(choice: dict[str, JSON]) -> JSON:
    """What a choice says in its delta or its message."""
    holders = (choice.get(key) for key in ("delta", "message"))
    contents = (holder.get("content") for holder in holders if isinstance(holder, dict))
    return next(filter(None, contents), None)


def _rename_reason(choice: dict[str, JSON]) -> dict[str, JSON]:
    """A choice with its reason to stop as the finish reason, if it has no other: Mistral's, on Bedrock."""
    if "stop_reason" not in choice or "finish_reason" in choice:
        return choice
    return {"finish_reason" if key == "stop_reason" else key: value for key, value in choice.items()}


def _describes_any_role(delta: JSON) -> bool:
    return isinstance(delta, dict) and bool(delta.get("role"))


def _index(choice: dict[str, JSON], position: int) -> int:
    index = choice.get("index")
    return index if type(index) is int else position


_ADDING_IN_CHOICE = ("text", "finish_reason", "logprobs", "message", "error", "token_ids")


def find_messages(data: dict[str, JSON]) -> set[int]:
    """The indexes of the choices that a chunk tells by a message, and not by a delta beside it."""
    choices = data.get("choices")
    found = set()
    for position, choice in enumerate(choices if isinstance(choices, list) else [choices]):
        if isinstance(choice, dict) and choice.get("message") and not choice.get("text"):
            delta = choice.get("delta")
            if not (isinstance(delta, dict) and any(map(delta.get, _CHANNELS))):
                found.add(_index(choice, position))
    return found


class _Unplaced(dict[tuple[str, ...], tuple[str, ...]]):
    """By the tuple of an object's keys: those that have no place of their own. Filled as objects come."""

    def __init__(self, *placed: str) -> None:
        self._placed = {*placed, *FOLDED}

    def __missing__(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        if len(self) >= _SHAPES:
            self.clear()
        unplaced = self[keys] = tuple(key for key in keys if key not in self._placed)
        return unplaced


_SHAPES = 1000
"""How many shapes of objects are remembered; providers have a few, somebody's garbage may have any."""

_UNPLACED_IN_CHUNK = _Unplaced("id", "model", "choices", "usage", "error")
_UNPLACED_IN_CHOICE = _Unplaced("delta", "finish_reason", "logprobs", "text")
_CHANNELS = ("content", "reasoning", "reasoning_content", "refusal", "tool_calls", "function_call")
_UNPLACED_IN_DELTA = _Unplaced("role", *_CHANNELS)
_FRAGMENTS_IN_DELTA = frozenset(
    {
        *("annotations", "audio", "images", "reasoning_details", "reasoning_text", "thinking_blocks"),
        *("token_id", "token_ids"),
    }
)
"""Keys under which something is told bit by bit; what stands under others is repeated, or changes."""

_UNPLACED_IN_CALL = _Unplaced("id", "type", "function", "custom")
_UNPLACED_IN_FUNCTION = _Unplaced("name", "arguments")


class _Assembly:
    """A reply under construction and the chunk that is being read, for pointers to it."""

    def __init__(self, streamed: bool) -> None:
        self.builder = ReplyBuilder()
        self._streamed = streamed
        self._number = 0
        self._item: JSON = None
        self._pointers: list[str] | None = None
        self._calls: dict[tuple[int, str, JSON], CallBuilder] = {}
        self._with_messages: set[int] = set()
        self._without_role: set[int] = set()
        self._is_of_other = False
        self._repeated_messages: dict[int, tuple[dict[str, JSON], str]] = {}

    def add(self, items: list[JSON]) -> None:
        """Add all chunks."""
        if self._streamed and items and isinstance(items[0], str):
            items = self._read_events(items)
        for number, item in enumerate(items):
            self._add_chunk(number, item)

    def _read_events(self, items: list[JSON]) -> list[JSON]:
        """The chunks in the lines of an event stream; where each begins is kept for pointers to it."""
        from recctl.wire.building.sse import PINGS, read_events

        chunks: list[JSON] = []
        self._pointers = []
        for kind, data, pointer in read_events(items, self.builder, streamed=True):
            if kind == "error" and not data.get("error"):
                chunks.append({"error": data or kind})
            else:
                chunks.append(data)
            if kind not in ("error", *PINGS, data.get("type")):
                self.builder.extra.add(("event_names",), kind)
            self._pointers.append(pointer)
        return chunks

    def _add_chunk(self, number: int, item: JSON) -> None:
        """Add what one chunk says."""
        self._number, self._item = number, item
        builder = self.builder
        data = item.get("__data__", item) if isinstance(item, dict) else item
        if not isinstance(data, dict):
            builder.note("odd-chunk", "this is not a chunk", self._pointer())
            builder.extra.add(("odd_chunks",), data)
            return
        choices = data.get("choices") or []
        if not choices and is_bare_error(data):
            builder.fail(data, self._pointer())
            return
        for key in _UNPLACED_IN_CHUNK[tuple(data)]:
            if data[key] is not None:
                builder.extra.add((key,), data[key])
        self._is_of_other = False
        if data.get("id") != builder.id or data.get("model") != builder.model:
            self._is_of_other = builder.identify("id", data.get("id"))
            builder.identify("model", data.get("model"))
        usage, error = data.get("usage"), data.get("error")
        if usage:
            self._add_usage(usage)
        if error:
            builder.fail(error, self._pointer())
        for position, choice in enumerate(choices if isinstance(choices, list) else [choices]):
            if isinstance(choice, dict):
                self._add_choice(position, choice)
            else:
                builder.extra.add(("odd_choices",), choice)

    def _pointer(self) -> str:
        if self._pointers is not None:
            return self._pointers[self._number]
        step = f"/{self._number}" if self._streamed else ""
        envelope = "/__data__" if isinstance(self._item, dict) and "__data__" in self._item else ""
        return f"/response/body{step}{envelope}"

    def _add_usage(self, usage: JSON) -> None:
        if isinstance(usage, dict):
            if any(value is not None for value in usage.values()):
                self.builder.usage = usage
        else:
            self.builder.extra.add(("odd_usage",), usage)

    def _add_choice(self, position: int, value: dict[str, JSON]) -> None:
        choice = self.builder.choice(_index(value, position))
        value = _rename_reason(value)
        had_ended = choice.has_ended
        text, delta = value.get("text"), value.get("delta")
        if text and (told := _find_content(value)):  # Together says it twice
            self._append(choice, "text", None if text == told else text)
            text = None
        added = bool(text)
        if text:
            self._add_text(choice, "content", text)
        elif text is not None and text == 0:
            self._append(choice, "odd_text", text)
        if delta:
            added |= self._add_delta(choice, delta, f"choices/{position}/delta")
        for key in _UNPLACED_IN_CHOICE[tuple(value)]:
            added |= self._add_rare(choice, key, value[key], f"choices/{position}")
        if had_ended and added:
            pointer = f"{self._pointer()}/choices/{position}"
            self.builder.note_once("chunk-after-finish", "the reply goes on after its finish reason", pointer)
            self._note_other_reply()
        reason = value.get("finish_reason")
        if (
            self._is_of_other
            and not reason
            and choice.index in self._without_role
            and _describes_any_role(delta)
        ):
            self._note_other_reply()
        if reason or (reason is not None and reason == 0):
            self._add_finish_reason(choice, reason)
        logprobs = value.get("logprobs")
        if logprobs is not None:
            self._keep(choice, "earlier_logprobs", choice.add_logprobs(logprobs))

    def _note_other_reply(self) -> None:
        """Note that another reply begins, if the chunk has an id of its own.

        That alone says nothing: Groq's compound models give each chunk another id, Avian the first one,
        Perplexity the last.
        """
        if self._is_of_other:
            self.builder.note_other_reply(f"{self._pointer()}/id")

    def _keep(self, choice: ChoiceBuilder, key: str, value: JSON) -> None:
        self.builder.extra.add(("choices", str(choice.index), key), value)

    def _append(self, choice: ChoiceBuilder, key: str, fragment: JSON) -> None:
        self.builder.extra.append(("choices", str(choice.index), key), fragment)

    def _add_finish_reason(self, choice: ChoiceBuilder, reason: JSON) -> None:
        if not isinstance(reason, str):
            self._keep(choice, "odd_finish_reason", reason)
            return
        if choice.finish_reason not in (None, reason):
            self._keep(choice, "earlier_finish_reason", choice.finish_reason)
        choice.finish_reason = reason

    def _add_rare(self, choice: ChoiceBuilder, key: str, value: JSON, step: str) -> bool:
        """Add what stands under a key that few choices have; true when it adds to the message."""
        if key == "message" and value:
            return self._add_message(choice, value, f"{step}/message")
        if key == "error" and value:  # OpenRouter
            self.builder.fail(value, f"{self._pointer()}/{step}")
        elif key == "usage" and len(self.builder.choices) == 1:  # Moonshot; of several choices it is no total
            self._add_usage(value)
        elif key == "token_ids" and isinstance(value, list):  # vLLM
            self.builder.extra.extend(("choices", str(choice.index), key), value)
        else:
            self._keep(choice, key, value)
        return False

    def _add_message(self, choice: ChoiceBuilder, message: JSON, step: str) -> bool:
        """Add a whole message, unless deltas tell it as well (MiniMax, Perplexity); true when it adds."""
        is_told = choice.content or choice.reasoning or choice.refusal or choice.calls
        if is_told and choice.index not in self._with_messages and isinstance(message, dict):
            self._repeated_messages[choice.index] = message, f"{self._pointer()}/{step}"
            return False
        says_something = self._add_delta(choice, message, step, is_whole=True)
        if says_something:
            self._with_messages.add(choice.index)
        return says_something

    def add_repeated_messages(self) -> None:
        """Keep what messages beside deltas say that these do not: nothing, as a rule."""
        for index, (message, pointer) in self._repeated_messages.items():
            choice = self.builder.choice(index)
            told = {"role": choice.role, "content": join(choice.content), "refusal": join(choice.refusal)}
            told["reasoning"] = told["reasoning_content"] = join(choice.reasoning)
            for key, value in message.items():
                if value != told.get(key):
                    self.builder.extra.add(("choices", str(index), "message", key), value)
            self.builder.note("repeated-message", "the whole message is given beside its deltas", pointer)

    def _add_delta(self, choice: ChoiceBuilder, delta: JSON, step: str, *, is_whole: bool = False) -> bool:
        """Add what a delta says to its choice; true when it says anything beyond the role."""
        if not isinstance(delta, dict):
            self._append(choice, "odd_message" if is_whole else "odd_delta", delta)
            return False
        role, content, refusal = delta.get("role"), delta.get("content"), delta.get("refusal")
        if role:
            self._add_role(choice, role, step)
        else:
            self._without_role.add(choice.index)
        for key in _UNPLACED_IN_DELTA[tuple(delta)]:
            keep = self._append if key in _FRAGMENTS_IN_DELTA else self._keep
            keep(choice, key, delta[key])
        reasoning, twin = delta.get("reasoning"), delta.get("reasoning_content")
        if reasoning or twin:
            self._add_reasoning(choice, reasoning, twin)
        if refusal:
            self._add_text(choice, "refusal", refusal)
        if content:
            self._add_text(choice, "content", content)
        calls, legacy = delta.get("tool_calls"), delta.get("function_call")
        if calls:
            self._add_calls(choice, calls, f"{step}/tool_calls", is_whole=is_whole)
        if legacy:
            self._add_legacy_call(choice, legacy, f"{step}/function_call")
        if 0 in delta.values():
            self._keep_odd(choice, delta)
        return bool(content or reasoning or twin or refusal or calls or legacy)

    def _keep_odd(self, choice: ChoiceBuilder, delta: dict[str, JSON]) -> None:
        """Keep what is no text, and not nothing either: 0 and false."""
        for key in _CHANNELS:
            if delta.get(key) == 0:
                self._append(choice, f"odd_{key}", delta[key])
        if delta.get("role") == 0:
            self._keep(choice, "other_roles", delta["role"])

    def _add_reasoning(self, choice: ChoiceBuilder, reasoning: JSON, twin: JSON) -> None:
        """Add what `reasoning` or `reasoning_content` says; as a rule they are alike."""
        self._add_text(choice, "reasoning", reasoning or twin)
        if reasoning and twin and twin != reasoning:
            self._append(choice, "reasoning_content", twin)

    def _add_role(self, choice: ChoiceBuilder, role: JSON, step: str) -> None:
        if choice.role is None and isinstance(role, str):
            choice.role = role
        elif role == choice.role:
            if choice.index in self._without_role:  # else it is in every chunk, as some send it
                message = "the role is repeated in later chunks"
                self.builder.note_once("repeated-role", message, f"{self._pointer()}/{step}/role")
        else:
            self._keep(choice, "other_roles", role)

    def _add_text(self, choice: ChoiceBuilder, channel: str, text: JSON) -> None:
        """Add text to a channel; some send it as a list of parts, with the thinking among them (Mistral)."""
        if isinstance(text, str):
            choice.say(channel, text)
            return
        for part in text if isinstance(text, list) else [text]:
            if isinstance(part, str):
                choice.say(channel, part)
            elif isinstance(part, dict):
                self._add_part(choice, channel, part)
            else:
                self._append(choice, f"odd_{channel}", part)

    def _add_part(self, choice: ChoiceBuilder, channel: str, part: dict[str, JSON]) -> None:
        key = "thinking" if part.get("type") == "thinking" else "text"
        value = part.get(key)
        if key == "thinking" and channel != "reasoning" and value:
            self._add_text(choice, "reasoning", value)
        elif isinstance(value, str):
            choice.say(channel, value)
        else:
            self._append(choice, f"odd_{channel}", part)
            return
        rest = {name: inner for name, inner in part.items() if name != key and (name, inner) != ("type", key)}
        self._keep(choice, f"{channel}_parts", rest)

    def _add_calls(self, choice: ChoiceBuilder, calls: JSON, step: str, *, is_whole: bool) -> None:
        """Add fragments of tool calls; in a whole message (`is_whole`) each stands for a call of its own."""
        for position, fragment in enumerate(calls if isinstance(calls, list) else [calls]):
            if not isinstance(fragment, dict):
                self._keep(choice, "odd_tool_calls", fragment)
                continue
            call = None if is_whole else self._find_call(choice, fragment)
            if call is None:
                index = fragment.get("index")
                key = index if type(index) is int else None
                call = CallBuilder(f"{self._pointer()}/{step}/{position}", key)
                choice.add_call(call)
            self._add_fragment(choice, call, fragment, fragment.get("function"))

    def _find_call(self, choice: ChoiceBuilder, fragment: dict[str, JSON]) -> CallBuilder | None:
        """The call that a fragment continues.

        With an index, it is that of the same index, unless the ids differ; without one, that of the same id;
        with neither, the last one.
        """
        index, call_id = fragment.get("index"), fragment.get("id")
        if call_id:
            call_id = write_text(call_id)
        if type(index) is int:
            if call_id and (same := self._calls.get((choice.index, f"index {index}", call_id))):
                return same
            call = self._calls.get((choice.index, "index", index))
            return None if call and call_id and call.id and call.id != call_id else call
        if call_id:
            return self._calls.get((choice.index, "id", call_id))
        return choice.calls[-1] if choice.calls else None

    def _add_fragment(
        self, choice: ChoiceBuilder, call: CallBuilder, fragment: dict[str, JSON], function: JSON
    ) -> None:
        if not isinstance(function, dict):
            function = self._read_custom_tool(choice, call, fragment)
        call_id, kind, name = fragment.get("id"), fragment.get("type"), function.get("name")
        if call_id and call.id is None:
            call.id = write_text(call_id)
        if kind and call.type is None:
            call.type = write_text(kind)
        if name:
            call.add_name(name if isinstance(name, str) else json.dumps(name))
        call.add_arguments(function.get("arguments"))
        self._calls[choice.index, "index", call.key] = call
        if call_id and call.id is not None:
            self._calls[choice.index, "id", call.id] = call
            self._calls[choice.index, f"index {call.key}", call.id] = call
        for part, unplaced in ((fragment, _UNPLACED_IN_CALL), (function, _UNPLACED_IN_FUNCTION)):
            for key in unplaced[tuple(part)]:
                path = ("choices", str(choice.index), "tool_calls", call.id or str(call.key), key)
                self.builder.extra.add(path, part[key])

    def _read_custom_tool(
        self, choice: ChoiceBuilder, call: CallBuilder, fragment: dict[str, JSON]
    ) -> dict[str, JSON]:
        """What a fragment without a function says of one of OpenAI's tools that take any text."""
        custom = fragment.get("custom")
        if isinstance(custom, dict):
            call.takes_text = True
            return {"arguments" if key == "input" else key: value for key, value in custom.items()}
        for odd in (custom, fragment.get("function")):
            self._keep(choice, "odd_functions", odd)
        return {}

    def _add_legacy_call(self, choice: ChoiceBuilder, function: JSON, step: str) -> None:
        """Add to the one call of the time before tool calls, which has neither index nor id."""
        if not isinstance(function, dict):
            self._keep(choice, "odd_function_call", function)
            return
        if all(map(is_nothing, function.values())):
            return
        call = self._calls.get((choice.index, "legacy", None))
        if call is None:
            pointer = f"{self._pointer()}/{step}"
            call = self._calls[choice.index, "legacy", None] = CallBuilder(pointer)
            choice.add_call(call)
            message = "the call is a function_call, as it was before there were tool calls"
            self.builder.note("legacy-function-call", message, pointer)
        self._add_fragment(choice, call, {}, function)
