"""Accounts for every value of a recorded reply in what assembly made of it.

The ledger knows the words of the protocols, but none of their rules: a fragment of text must be the next bit
of its channel's text, log probabilities the next items of theirs, arguments those of their call, usage the
last that was told. Anything else must be kept as it is, under its own key and in the part of `extra` that is
its choice's, call's or model's, unless it is an object that assembly is known to take apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recctl.wire.building.builder import FOLDED, FOLDED_IN_EVENTS, SUMMARISED
from recctl.wire.building.values import decode_base64, is_nothing
from recctl.wire.recognition import each_wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.wire.completion import Choice, Completion, ToolCall

_EVENT_WIRES = frozenset({"anthropic-messages", "gemini-interactions", "openai-responses"})
_CHANNELS = {
    **dict.fromkeys(("content", "text", "response"), "content"),
    **dict.fromkeys(("reasoning", "reasoning_content", "thinking"), "reasoning"),
    **dict.fromkeys(("arguments", "partial_json"), "arguments"),
    "refusal": "refusal",
    "name": "name",
}
_OTHER_WORDS = {
    "model_version": "model",
    **dict.fromkeys(("response_id", "interaction_id"), "id"),
    **dict.fromkeys(("done_reason", "stop_reason", "status"), "finish_reason"),
}
_TAKEN_APART = frozenset(
    {
        *("delta", "message", "content", "parts", "tool_calls", "function", "function_call"),
        *("content_block", "interaction", "outputs"),
        *("data", "models", "inline_data"),
    }
)
_ARGUMENTS = frozenset({"args", "input", "arguments"})
_CALL_MARKS = _ARGUMENTS | {"function", "partial_json"}


def find_losses(body: Any, completion: Completion) -> list[str]:
    """What of a reply's body is not in its completion, and which texts of the completion were never sent."""
    ledger = _Ledger(completion)
    for pointer, data in _read_chunks(body):
        ledger.check(pointer, data)
    return ledger.close()


def _read_chunks(body: Any) -> Iterator[tuple[str, Any]]:
    """Chunks, or the whole body; of server-sent events, what is in their data lines."""
    for number, item in enumerate(body if isinstance(body, list) else [body]):
        if not isinstance(item, str):
            is_enveloped = isinstance(item, dict) and "__data__" in item
            yield f"/{number}", item["__data__"] if is_enveloped else item
        elif item.startswith("data:") and "[DONE]" not in item:
            yield f"/{number}", json.loads(item.removeprefix("data:"))


class _Sequence:
    """A part of the completion that is used up bit by bit, in order: items, or a text in UTF-16 units.

    (Those show both halves of a character that was cut in two.)
    """

    def __init__(self, whole: Any) -> None:
        self.whole = _in_units(whole)
        self._position = 0

    def take(self, bit: Any) -> bool:
        end = self._position + len(_in_units(bit))
        if self.whole[self._position : end] != _in_units(bit):
            return False
        self._position = end
        return True

    @property
    def is_used_up(self) -> bool:
        return self._position == len(self.whole)


def _in_units(value: Any) -> Any:
    return value.encode("utf-16-le", "surrogatepass") if isinstance(value, str) else value or b""


class _Account:
    """A part of the completion (the whole, a choice, a call, a listed model), and how much of it is left."""

    def __init__(self, kept: dict[str, Any], **texts: str | None) -> None:
        self.kept = set(_index(kept))
        self.sequences = {channel: _Sequence(text) for channel, text in texts.items()}
        self.logprobs: Any = None
        self.calls: list[tuple[ToolCall, _Account]] = []

    def take(self, key: str, value: Any) -> bool:
        """Whether the account has a value; sequences are used up by it."""
        if key in ("logprobs", "logprobs_result"):
            return self._take_logprobs(value)
        sequence = self.sequences.get(_CHANNELS.get(key, ""))
        if isinstance(value, str) and sequence is not None and sequence.take(value):
            return True
        if key in _ARGUMENTS and isinstance(value, dict):
            return self._take_arguments(value)
        return not {(key, _write(value)), (_OTHER_WORDS.get(key, ""), _write(value))}.isdisjoint(self.kept)

    def _take_logprobs(self, value: Any) -> bool:
        if not isinstance(value, dict) or not isinstance(self.logprobs, dict):
            return bool(value == self.logprobs)
        return all(
            self.sequences.setdefault(f"logprobs {key}", _Sequence(self.logprobs.get(key))).take(items)
            if isinstance(items, list)
            else items == self.logprobs.get(key)
            for key, items in value.items()
            if not is_nothing(items)
        )

    def _take_arguments(self, value: Any) -> bool:
        sequence = self.sequences.get("arguments")
        return (
            sequence is not None
            and json.loads(sequence.whole.decode("utf-16-le")) == value
            and sequence.take(sequence.whole)
        )


def _index(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every value in an object or a list, with the key that it stands under."""
    for own_key, inner in value.items() if isinstance(value, dict) else [(key, item) for item in value]:
        is_renamed = own_key.startswith(("other_", "earlier_"))
        name = own_key.partition("_")[2].removesuffix("s") if is_renamed else own_key
        yield name, _write(inner)
        if isinstance(inner, (dict, list)):
            yield from _index(inner, name)


def _write(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _open_choice(choice: Choice, kept: dict[str, Any]) -> _Account:
    message = choice.message
    account = _Account(
        {**kept, "role": message.role, "finish_reason": choice.finish_reason},
        content=message.content,
        reasoning=message.reasoning,
        refusal=message.refusal,
    )
    account.logprobs = choice.logprobs
    for position, call in enumerate(message.tool_calls):
        beside = kept.get("tool_calls", {}).get(call.id or str(position), {})
        told = {**beside, "id": call.id, "type": call.type, "name": call.name}
        account.calls.append((call, _Account(told, name=call.name, arguments=call.arguments)))
    return account


_FOLDED_IN_EVENTS = {*FOLDED_IN_EVENTS, *(key for wire in each_wire() for key in wire.folded)}


class _Ledger:
    """A completion in accounts, and what was not found in them."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        is_of_events = completion.wire in _EVENT_WIRES
        self._folded = {*FOLDED, *(_FOLDED_IN_EVENTS if is_of_events else ())}
        extra = dict(completion.extra)
        of_choices = extra.pop("choices", {})
        self._choices = {
            choice.index: _open_choice(choice, of_choices.get(str(choice.index), {}))
            for choice in completion.choices
        }
        told = {"id": completion.id, "model": completion.model, "error": completion.error}
        self._whole = _Account({**extra, **(completion.usage or {}), **told})
        if completion.wire == "ollama":
            self._whole.kept |= {("done", "false"), ("done", _write(completion.complete))}
        self._usage: dict[str, Any] = {}
        self._vectors = iter(extra.get("vectors", ()))
        self._latest: dict[Any, _Account] = {}
        self._begun: list[_Account] = []
        self._losses: list[str] = []

    def check(self, pointer: str, data: Any) -> None:
        """Account for a chunk, or a whole body."""
        whole = self._whole
        if isinstance(data, dict) and "choices" not in data and "candidates" not in data:
            self._lend_choice(whole)
        self._check_value(whole, "odd_chunks", data, pointer, opens=True)

    def close(self) -> list[str]:
        """All losses."""
        usage = self._completion.usage or {}
        for key, value in self._usage.items():
            if _write(usage.get(key)) != _write(value):
                self._losses.append(f"usage/{key}")
        for index, choice in self._choices.items():
            for account in (choice, *(account for _, account in choice.calls)):
                unused = [name for name, sequence in account.sequences.items() if not sequence.is_used_up]
                self._losses += [f"{name} of choice {index} was never sent" for name in unused]
        return self._losses

    def _lend_choice(self, whole: _Account) -> None:
        """Let the whole reply's account have the only choice's, in protocols that have but one."""
        if 0 in self._choices:
            only = self._choices[0]
            whole.sequences, whole.logprobs, whole.calls = only.sequences, only.logprobs, only.calls
            whole.kept |= only.kept

    def _check_object(self, account: _Account, value: dict[str, Any], pointer: str) -> None:
        if not _CALL_MARKS.isdisjoint(value):
            account = self._find_call(account, value) or account
        elif self._completion.wire in ("models", "ollama-status"):
            account = self._find_model(value) or account
        for key, inner in value.items():
            is_twin = key == "reasoning_content" and inner == value.get("reasoning")
            if not is_twin:
                self._check_value(account, key, inner, f"{pointer}/{key}", opens=key in _TAKEN_APART)

    def _check_value(self, account: _Account, key: str, value: Any, pointer: str, *, opens: bool) -> None:
        if is_nothing(value):
            return
        if key in ("usage", "usage_metadata") and isinstance(value, dict):
            self._usage.update({name: count for name, count in value.items() if count is not None})
        elif key in ("choices", "candidates"):
            for position, choice in enumerate(value):
                own = self._choices.get(choice.get("index", position))
                if own is None:
                    self._losses.append(f"{pointer}/{position}")
                else:
                    self._check_object(own, choice, f"{pointer}/{position}")
        elif key in SUMMARISED and self._has_summary(account, key, value):
            return
        elif key not in self._folded and not account.take(key, value):
            self._check_inside(account, key, value, pointer, opens=opens)

    def _check_inside(self, account: _Account, key: str, value: Any, pointer: str, *, opens: bool) -> None:
        """Account for the parts of a value that is not in the completion as a whole."""
        if opens and isinstance(value, dict):
            self._check_object(account, value, pointer)
        elif opens and isinstance(value, list):
            for position, item in enumerate(value):
                self._check_value(account, key, item, f"{pointer}/{position}", opens=isinstance(item, dict))
        else:
            self._losses.append(pointer)

    def _has_summary(self, account: _Account, key: str, value: Any) -> bool:
        if key == "embeddings":
            return all(self._has_summary(account, "embedding", vector) for vector in value)
        if key == "embedding":
            told: dict[str, Any] = next(self._vectors, {})
            dimension = self._completion.extra.get("dimension", told.get("dimension"))
            first = told.get("first")
            return bool(dimension == len(value) and first and first == value[: len(first)])
        size = len(decode_base64(value) or b"")
        return key == "completed" or (size > 0 and ("size", str(size)) in account.kept)

    def _find_call(self, account: _Account, value: dict[str, Any]) -> _Account | None:
        """The call that a fragment belongs to: of its id, else of its index, else the next one."""
        index = value.get("index")
        if value.get("id"):
            found = [own for call, own in account.calls if call.id == value["id"]]
        elif index in self._latest:
            found = [self._latest[index]]
        else:
            found = [own for _, own in account.calls if own not in self._begun]
        if not found:
            return None
        self._begun.append(found[0])
        if index is not None:
            self._latest[index] = found[0]
        return found[0]

    def _find_model(self, value: dict[str, Any]) -> _Account | None:
        extra = self._completion.extra
        name = value.get("id") or value.get("model")
        if name not in extra.get("ids", ()):
            return None
        kept = {"entries": extra.get("models", {}).get(name, {})}
        return _Account({**kept, **dict.fromkeys(("id", "model", "name"), name)})
