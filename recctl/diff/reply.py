"""What changed in the reply, once it is put together: texts, tool calls, how it ended; and what is noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.pointer import escape_pointer
from recctl.diff.calls import compare_calls
from recctl.diff.comparison import Change
from recctl.diff.differences import canonical, find_differences
from recctl.diff.extra import compare_extra
from recctl.diff.noise import find_noise, is_known_noise
from recctl.wire.completion import Choice, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.wire import Exchange

_CHANNELS = (("content", "wording"), ("reasoning", "reasoning"), ("refusal", "refusal"))
_LABELS = {"content": "reply"}


def compare_replies(left: Exchange, right: Exchange) -> list[Change]:
    """What changed between two replies that are not the same, and what is noise; never nothing."""
    changes = [
        *_compare_failures(left, right),
        *_compare_choices(left.completion.choices, right.completion.choices),
        *_compare_identity(left, right),
        *compare_extra(left, right),
        *_compare_shape(left, right),
    ]
    if not changes:  # then the chunks are cut in other places, or hold other padding
        label = "chunks" if left.completion.streamed else "what the reply does not show"
        changes.append(Change("/response", "noise", None, None, label))
    return changes


def _compare_failures(left: Exchange, right: Exchange) -> Iterator[Change]:
    """Whether only one side fails, or both in different ways."""
    one, other, noise = left.completion, right.completion, find_noise(left, right)
    if (one.error is None) != (other.error is None):
        yield Change("/response/error", "error", one.error, other.error, "error")
    elif one.complete != other.complete:
        is_under_way = any(note.code == "under-way" for note in (*one.notes, *other.notes))
        kind = "other" if is_under_way else "error"  # one was asked for while it was being made
        yield Change("/complete", kind, one.complete, other.complete, "complete")
    for difference in find_differences(one.error, other.error) if one.error and other.error else ():
        where = f"/response/error{difference.pointer}"
        kind = "noise" if is_known_noise(where, noise) else "wording"
        yield Change(where, kind, difference.left, difference.right, "error")


def _compare_choices(left: tuple[Choice, ...], right: tuple[Choice, ...]) -> Iterator[Change]:
    ours = {choice.index: (position, choice) for position, choice in enumerate(left)}
    theirs = {choice.index: (position, choice) for position, choice in enumerate(right)}
    indexes, nothing = sorted({*ours, *theirs}), Message()
    for index in indexes:
        suffix = f" of choice {index}" if len(indexes) > 1 else ""
        position, choice = theirs.get(index) or ours[index]
        where = f"/response/choices/{position}"
        if index in ours and index in theirs:
            yield from _compare_choice(ours[index][1], choice, where, suffix)
            continue
        messages = (nothing, choice.message) if index in theirs else (choice.message, nothing)
        told = [*_compare_messages(*messages, f"{where}/message", suffix)]
        nothing_told = Change(where, "other", _say(index in ours), _say(index in theirs), suffix.strip())
        yield from told or [nothing_told]


def _say(is_there: bool) -> str | None:
    return "an empty choice" if is_there else None


def _compare_choice(left: Choice, right: Choice, where: str, suffix: str) -> Iterator[Change]:
    one, other = left.message, right.message
    if one.role != other.role:
        kind = "role" if one.role and other.role else "noise"
        yield Change(f"{where}/message/role", kind, one.role, other.role, f"role{suffix}")
    yield from _compare_messages(one, other, f"{where}/message", suffix)
    if left.finish_reason != right.finish_reason:
        place = f"{where}/finish_reason"
        yield Change(
            place, "finish-reason", left.finish_reason, right.finish_reason, f"finish reason{suffix}"
        )
    if canonical(left.logprobs) != canonical(right.logprobs):
        kind = "other" if left.logprobs is None or right.logprobs is None else "noise"
        yield Change(f"{where}/logprobs", kind, left.logprobs, right.logprobs, f"log probabilities{suffix}")


def _compare_messages(left: Message, right: Message, where: str, suffix: str) -> Iterator[Change]:
    for channel, kind in _CHANNELS:
        one, other = getattr(left, channel), getattr(right, channel)
        if one != other:
            is_told = bool(one or other)  # no text and an empty one are both nothing
            label = f"{_LABELS.get(channel, channel)}{suffix}"
            yield Change(f"{where}/{channel}", kind if is_told else "noise", one, other, label)
    yield from compare_calls(left.tool_calls, right.tool_calls, f"{where}/tool_calls", suffix)


def _compare_identity(left: Exchange, right: Exchange) -> Iterator[Change]:
    """Ids and usage are noise; so is the model that replied, where another one was asked."""
    one, other = left.completion, right.completion
    if one.id != other.id:
        yield Change("/response/id", "noise", one.id, other.id, "id")
    if canonical(one.usage) != canonical(other.usage):
        yield Change("/response/usage", "noise", one.usage, other.usage, "usage")
    if one.model != other.model:
        is_told = one.model and other.model and left.request.model == right.request.model
        yield Change("/response/model", "other" if is_told else "noise", one.model, other.model, "model")


def _compare_shape(left: Exchange, right: Exchange) -> Iterator[Change]:
    """How the reply came: in chunks or not, by which protocol, with which keys beside the body."""
    before, now = left.completion, right.completion
    if before.wire != now.wire:
        is_told = before.error is None and now.error is None  # failures come by protocols of their own
        yield Change("/wire", "other" if is_told else "noise", before.wire, now.wire, "protocol")
    for name in ("streamed", "chunks"):
        one, other = getattr(before, name), getattr(now, name)
        if one != other:
            yield Change(f"/{name}", "noise", one, other, name)
    ours, theirs = left.recording.response, right.recording.response
    is_error, noise = any(side.get("is_exception") for side in (ours, theirs)), find_noise(left, right)
    for key in sorted({*ours, *theirs} - _TOLD_ELSEWHERE - (_TOLD_AS_ERROR if is_error else set())):
        if canonical(ours.get(key)) != canonical(theirs.get(key)):
            where = f"/response/{escape_pointer(key)}"
            kind = "noise" if key == "status" or is_known_noise(where, noise) else "other"
            yield Change(where, kind, ours.get(key), theirs.get(key), key)


_TOLD_ELSEWHERE = {"body", "is_streaming", "is_exception"}
_TOLD_AS_ERROR = {"exception_data", "exception_message"}
