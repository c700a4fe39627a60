"""What went from a request and came again under another name: a tool, or a message of another role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.pointer import split_pointer
from recctl.diff import Change
from recctl.diff.differences import canonical, find_differences
from recctl.diff.request import name_place
from recctl.diff.spelling import spell_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire import RequestForm


def join_renamed(changes: Iterable[Change], form: RequestForm) -> list[Change]:
    """The changes, with an entry that went and one that came, the same otherwise, told as a new name."""
    told = [*changes]
    for gone in [change for change in told if change.right is None and _is_whole(change)]:
        for came in [change for change in told if change.left is None and _is_whole(change)]:
            if _are_one(gone, came, form):
                position = told.index(came)
                told[position : position + 1] = _describe_renamed(gone, came, form)
                told.remove(gone)
                break
    return told


def _is_whole(change: Change) -> bool:
    """Whether a change is of a whole entry of a list of messages or tools, which went or came."""
    value = change.right if change.left is None else change.left
    return isinstance(value, dict) and split_pointer(change.where)[-1].isdigit()


def _are_one(gone: Change, came: Change, form: RequestForm) -> bool:
    """Whether what went and what came are one under another name."""
    one, other = gone.left, came.right
    if all(_MESSAGE.fullmatch(change.label) for change in (gone, came)):
        return _find_renamed_key(one, other, form) is not None
    are_tools = gone.label.startswith("tool ") and came.label.startswith("tool ")
    have_names = None not in (_find_name(one, form), _find_name(other, form))
    return are_tools and have_names and _is_same_tool(_spell(one, other, form), other, form)


def _spell(tool: dict[str, JSON], other: dict[str, JSON], form: RequestForm) -> dict[str, JSON]:
    """A tool, written as another one wherever both say the same."""
    try:
        spelled = spell_tool(tool, other, form)
    except RecursionError:
        return tool
    return spelled if isinstance(spelled, dict) else tool


_MESSAGE = re.compile(r"message [0-9]+(?: \([^()]*\))?")


def _find_renamed_key(one: dict[str, JSON], other: dict[str, JSON], form: RequestForm) -> str | None:
    """The key by which messages are told apart, where two differ in nothing else; None where they do."""
    differing = [key for key in {**one, **other} if canonical(one.get(key)) != canonical(other.get(key))]
    return differing[0] if len(differing) == 1 and differing[0] in (*form.roles, "name", "type") else None


def _find_name(tool: dict[str, JSON], form: RequestForm) -> tuple[str, ...] | None:
    """The steps that lead to a tool's name."""
    for steps in (("name",), *((key, "name") for key in form.tool_keys)):
        holder = tool if len(steps) == 1 else tool.get(steps[0])
        if isinstance(holder, dict) and isinstance(holder.get("name"), str):
            return steps
    return None


def _is_same_tool(one: dict[str, JSON], other: dict[str, JSON], form: RequestForm) -> bool:
    """Whether two tools of different names are the same in their parameters, which are some, or otherwise."""
    before, now = ({**tool, **_open(tool, form)} for tool in (one, other))
    for side in (before, now):
        for key in ("name", *form.tool_keys):
            side.pop(key, None)
    if canonical(before) == canonical(now):
        return True
    return any(
        before.get(key) and canonical(before[key]) == canonical(now.get(key))
        for key in ("description", *form.schemas)
        if not _is_empty_schema(before.get(key))
    )


def _open(tool: dict[str, JSON], form: RequestForm) -> dict[str, JSON]:
    """What a tool has beside its type."""
    inner = next((tool[key] for key in form.tool_keys if key in tool), None)
    return inner if isinstance(inner, dict) else {}


def _is_empty_schema(value: JSON) -> bool:
    """Whether a value is a schema, bare or under a key of its own, of an object without members."""
    return isinstance(value, dict) and not any(
        isinstance(schema, dict) and schema.get("properties") for schema in (value, *value.values())
    )


def _describe_renamed(gone: Change, came: Change, form: RequestForm) -> Iterator[Change]:
    if _MESSAGE.fullmatch(came.label):
        key = _find_renamed_key(gone.left, came.right, form) or "role"
        names = gone.left.get(key), came.right.get(key)
        yield Change(f"{came.where}/{key}", "request", *names, f"{came.label}: {key}")
        return
    name = gone.label.removeprefix("tool ")
    name_steps = _find_name(came.right, form)
    for difference in find_differences(_spell(gone.left, came.right, form), came.right):
        inside = name_place(difference.path, form)
        label = f"tool {name if difference.steps == name_steps else _read_name(came.right, form)}: {inside}"
        yield Change(came.where + difference.pointer, "request", difference.left, difference.right, label)


def _read_name(tool: dict[str, JSON], form: RequestForm) -> str:
    return str({**tool, **_open(tool, form)}.get("name"))
