"""What changed in the request: which keys of the body, which message, which tool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from recctl.base.pointer import escape_pointer
from recctl.diff.comparison import Change
from recctl.diff.differences import align, canonical, find_differences, pair_by_name
from recctl.recordings.recording import ASKED_KEYS
from recctl.wire import find_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON, Recording
    from recctl.wire import RequestForm

_NOISE = ("headers", "provider_metadata")


def compare_requests(left: Recording, right: Recording) -> Iterator[Change]:
    """What changed in the request, and what is noise there."""
    if left.test_id != right.test_id and not is_told_by_place(left, right):
        yield Change("/test_id", "request", left.test_id, right.test_id, "test id")
    ours, theirs = left.request, right.request
    for key in _list_keys(ours, theirs):
        if key == "test_id" or (key == "model" and _repeats_model(left) and _repeats_model(right)):
            continue
        one, other, where = ours.get(key), theirs.get(key), f"/request/{escape_pointer(key)}"
        if key in _NOISE:
            yield Change(where, "noise", one, other, key)
        elif key in ASKED_KEYS and isinstance(one, dict) and isinstance(other, dict):
            yield from _compare_asked(one, other, where, find_form(left).join(find_form(right)))
        else:
            yield from _compare_values(one, other, where, key)


def is_told_by_place(left: Recording, right: Recording) -> bool:
    """Whether only the place of one of two files tells a test: it is asked the same, wherever it lies."""
    return (left.test_id is None or right.test_id is None) and not (left.is_alone or right.is_alone)


def _list_keys(left: dict[str, JSON], right: dict[str, JSON]) -> Iterator[str]:
    """The keys whose values differ, those of the left object first."""
    for key in (*left, *(key for key in right if key not in left)):
        if key not in left or key not in right or canonical(left[key]) != canonical(right[key]):
            yield key


def _repeats_model(recording: Recording) -> bool:
    """Whether the model beside the body is the one in it, where a change of it is told."""
    return recording.request.get("model") == recording.asked.get("model")


def _compare_asked(
    left: dict[str, JSON], right: dict[str, JSON], where: str, form: RequestForm
) -> Iterator[Change]:
    for key in _list_keys(left, right):
        one, other, place = left.get(key), right.get(key), f"{where}/{escape_pointer(key)}"
        if key in (*form.messages, *form.tools) and isinstance(one, list) and isinstance(other, list):
            yield from _compare_entries(one, other, place, key, form)
        elif key in form.tool_holder and isinstance(one, dict) and isinstance(other, dict):
            yield from _compare_asked(one, other, place, form)
        else:
            yield from _compare_values(one, other, place, key)


def _compare_values(left: JSON, right: JSON, where: str, label: str) -> Iterator[Change]:
    """The differences inside two values that are known to differ, if only in that one is null."""
    found = find_differences(left, right)
    if not found:
        yield Change(where, "request", left, right, label)
    for difference in found:
        inside = f".{difference.path}" if difference.steps else ""
        yield Change(where + difference.pointer, "request", difference.left, difference.right, label + inside)


def _compare_entries(
    left: list[JSON], right: list[JSON], where: str, key: str, form: RequestForm
) -> Iterator[Change]:
    """The differences between two lists of messages, or of tools, whose order means little."""
    is_tools, name = key in form.tools, partial(name_tool, form=form)
    identify = name if is_tools else partial(name_message, form=form)
    pairs = (pair_by_name if is_tools else align)(left, right, identify)
    is_told = False
    for i, j in pairs:
        one, other = None if i is None else left[i], None if j is None else right[j]
        position = i if j is None else j
        assert position is not None  # noqa: S101  (one of the two stands somewhere)
        entry = one if j is None else other
        label = _label_tool(entry, position, form) if is_tools else _label_message(entry, position, form)
        place = f"{where}/{position}"
        if i is None or j is None:
            is_told = True
            yield Change(place, "request", one, other, label)
            continue
        if is_tools and isinstance(one, dict) and isinstance(other, dict) and _hold_tools(form, one, other):
            changes = [*_compare_asked(one, other, place, form)]
            is_told = is_told or bool(changes)
            yield from changes
            continue
        for difference in find_differences(one, other):
            is_told = True
            inside = name_place(difference.path, form)
            named = label if inside in ("", *form.contents) else f"{label}: {inside}"
            yield Change(place + difference.pointer, "request", difference.left, difference.right, named)
    if not is_told:
        yield Change(where, "request", [*map(name, left)], [*map(name, right)], f"the order of {key}")


def name_place(path: str, form: RequestForm) -> str:
    """A place in a message or a tool, as people write it."""
    holder, dot, rest = path.partition(".")
    return rest if dot and holder in form.tool_keys else path


def _hold_tools(form: RequestForm, *entries: dict[str, JSON]) -> bool:
    """Whether entries of a list of tools hold lists of tools themselves."""
    return all(any(isinstance(entry.get(key), list) for key in form.tool_lists) for entry in entries)


def _label_message(entry: JSON, position: int, form: RequestForm) -> str:
    roles = (entry.get(key) for key in form.roles) if isinstance(entry, dict) else ()
    role = next((role for role in roles if isinstance(role, str)), None)
    return f"message {position + 1} ({role})" if isinstance(role, str) else f"message {position + 1}"


def _label_tool(entry: JSON, position: int, form: RequestForm) -> str:
    return f"tool {name_tool(entry, form) or position + 1}"


def name_tool(tool: JSON, form: RequestForm) -> JSON:
    """A tool's name, where the form has it, or beside its type; else its type."""
    if not isinstance(tool, dict):
        return None
    holders = [tool[key] for key in form.tool_keys if key in tool] or [tool]
    name = holders[0].get("name") if isinstance(holders[0], dict) else tool.get("name")
    return name or tool.get("type")


def name_message(message: JSON, form: RequestForm) -> JSON:
    """What tells messages apart that don't say the same: the role, the name, the type."""
    if not isinstance(message, dict):
        return None
    return [message.get(key) for key in (*form.roles, "name", "type")]
