"""What changed in the tool calls of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.base.strict_json import decode
from recctl.diff.comparison import Change
from recctl.diff.differences import canonical, find_differences, take_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import ToolCall


class _Call(NamedTuple):
    """A call with its place among the others; `value` is what its arguments say, text where it is no JSON."""

    position: int
    call: ToolCall
    value: JSON

    @property
    def name(self) -> str:
        return self.call.name or self.call.type or "a tool"


_Pair = tuple[_Call, _Call]


def compare_calls(
    left: Sequence[ToolCall], right: Sequence[ToolCall], where: str, suffix: str
) -> Iterator[Change]:
    """What changed in tool calls, and what is noise there: ids, the spelling of arguments, the order.

    `where` is the JSON pointer to the calls, `suffix` is added to labels.
    """
    ours, theirs = [*map(_read, range(len(left)), left)], [*map(_read, range(len(right)), right)]
    pairs: list[_Pair] = []
    for identify in (_identify_wholly, _identify_by_name, _identify_by_nothing):
        pairs += take_pairs(ours, theirs, identify)
    for one in ours:
        yield Change(f"{where}/{one.position}", "tool-call", _show(one.call), None, one.name + suffix)
    for other in theirs:
        yield Change(f"{where}/{other.position}", "tool-call", None, _show(other.call), other.name + suffix)
    pairs.sort(key=lambda pair: pair[1].position)
    positions = [one.position for one, _ in pairs]
    if positions != sorted(positions):
        before, now = ([call.name for call in calls] for calls in (left, right))
        yield Change(where, "noise", before, now, f"the order of calls{suffix}")
    for one, other in pairs:
        yield from _compare_call(one, other, f"{where}/{other.position}", suffix)


def _read(position: int, call: ToolCall) -> _Call:
    """A call with its arguments read; no text and an empty one call a tool without any.

    Where a key occurs twice, it depends on the reader which value counts: they are compared as text.
    """
    if not (call.arguments or "").strip():
        return _Call(position, call, {})
    try:
        value = decode(call.arguments or "", unique_keys=True)
        canonical(value)
    except (ValueError, RecursionError):
        value = call.arguments
    return _Call(position, call, value)


def _identify_wholly(call: _Call) -> object:
    return call.call.name, canonical(call.value)


def _identify_by_name(call: _Call) -> object:
    return call.call.name


def _identify_by_nothing(call: _Call) -> object:  # noqa: ARG001  (what is left is paired by its order)
    return None


def _compare_call(left: _Call, right: _Call, where: str, suffix: str) -> Iterator[Change]:
    one, other = left.call, right.call
    if one.id != other.id:
        yield Change(f"{where}/id", "noise", one.id, other.id, f"id of {right.name}{suffix}")
    if one.type != other.type:
        kind = "other" if one.type and other.type else "noise"
        yield Change(f"{where}/type", kind, one.type, other.type, f"type of {right.name}{suffix}")
    if one.name != other.name:
        yield Change(f"{where}/function/name", "tool-name", one.name, other.name, f"{left.name}{suffix}")
    place = f"{where}/function/arguments"
    found = find_differences(left.value, right.value)
    if not found and one.arguments != other.arguments:
        label = f"how the arguments of {right.name} are written{suffix}"
        yield Change(place, "noise", one.arguments, other.arguments, label)
    for difference in found:
        label = f"{right.name}.{difference.path}" if difference.steps else right.name
        yield Change(
            place + difference.pointer, "tool-argument", difference.left, difference.right, label + suffix
        )


def _show(call: ToolCall) -> JSON:
    return {"name": call.name, "arguments": call.arguments}
