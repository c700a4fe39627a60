"""What went from a request and came again under another name: a tool, or a message of another role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.diff import Change
from recctl.diff.differences import canonical, find_differences
from recctl.text.pointer import split_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON


def join_renamed(changes: Iterable[Change]) -> list[Change]:
    """The changes, with an entry that went and one that came, the same otherwise, told as a new name."""
    told = [*changes]
    for gone in [change for change in told if change.right is None and _is_whole(change)]:
        for came in [change for change in told if change.left is None and _is_whole(change)]:
            if _are_one(gone, came):
                position = told.index(came)
                told[position : position + 1] = _tell_renamed(gone, came)
                told.remove(gone)
                break
    return told


def _is_whole(change: Change) -> bool:
    """Whether a change is of a whole entry of a list of messages or tools, which went or came."""
    value = change.right if change.left is None else change.left
    return isinstance(value, dict) and split_pointer(change.where)[-1].isdigit()


def _are_one(gone: Change, came: Change) -> bool:
    """Whether what went and what came are one under another name."""
    one, other = gone.left, came.right
    if all(_MESSAGE.fullmatch(change.label) for change in (gone, came)):
        return all("role" in side for side in (one, other)) and canonical(
            _leave_out(one, "role")
        ) == canonical(_leave_out(other, "role"))
    are_tools = gone.label.startswith("tool ") and came.label.startswith("tool ")
    return are_tools and None not in (_find_name(one), _find_name(other)) and _is_same_tool(one, other)


_MESSAGE = re.compile(r"message [0-9]+ \([^()]*\)")


def _leave_out(entry: dict[str, JSON], key: str) -> dict[str, JSON]:
    return {name: value for name, value in entry.items() if name != key}


def _find_name(tool: dict[str, JSON]) -> tuple[str, ...] | None:
    """The steps that lead to a tool's name."""
    for steps in (("name",), ("function", "name"), ("toolSpec", "name")):
        holder = tool if len(steps) == 1 else tool.get(steps[0])
        if isinstance(holder, dict) and isinstance(holder.get("name"), str):
            return steps
    return None


def _is_same_tool(one: dict[str, JSON], other: dict[str, JSON]) -> bool:
    """Whether two tools of different names are the same in their parameters, which are some, or otherwise."""
    before, now = ({**tool, **_open(tool)} for tool in (one, other))
    for side in (before, now):
        side.pop("name", None)
        side.pop("function", None)
        side.pop("toolSpec", None)
    if canonical(before) == canonical(now):
        return True
    return any(
        before.get(key) and canonical(before[key]) == canonical(now.get(key))
        for key in ("description", "parameters", "input_schema", "inputSchema")
        if not _is_empty_schema(before.get(key))
    )


def _open(tool: dict[str, JSON]) -> dict[str, JSON]:
    inner = tool.get("function", tool.get("toolSpec"))
    return inner if isinstance(inner, dict) else {}


def _is_empty_schema(value: JSON) -> bool:
    return isinstance(value, dict) and not value.get("properties", value.get("json"))


def _tell_renamed(gone: Change, came: Change) -> Iterator[Change]:
    if _MESSAGE.fullmatch(came.label):
        roles = gone.left["role"], came.right["role"]
        yield Change(f"{came.where}/role", "request", *roles, f"{came.label}: role")
        return
    name = gone.label.removeprefix("tool ")
    name_steps = _find_name(came.right)
    for difference in find_differences(gone.left, came.right):
        inside = difference.path.removeprefix("function.").removeprefix("toolSpec.")
        label = f"tool {name if difference.steps == name_steps else _read_name(came.right)}: {inside}"
        yield Change(came.where + difference.pointer, "request", difference.left, difference.right, label)


def _read_name(tool: dict[str, JSON]) -> str:
    return str({**tool, **_open(tool)}.get("name"))
