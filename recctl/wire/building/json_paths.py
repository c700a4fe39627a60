"""Objects in pieces, each with the JSON path (RFC 9535) of its place: how Gemini streams arguments."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from recctl.base.strict_json import MAX_DEPTH
from recctl.wire.building.values import join

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON

_STEP = re.compile(r"""\.([^.\[\]]+)|\['([^']*)'\]|\["([^"]*)"\]|\[([0-9]{1,9})\]""")
_NOWHERE = object()


def put_together(pieces: dict[str, list[JSON]]) -> tuple[dict[str, JSON], dict[str, list[JSON]]]:
    """The object that the pieces make, and those that have no place in it. Texts for one path are joined."""
    whole: dict[str, JSON] = {}
    misfits = {}
    for path, values in pieces.items():
        texts = [value for value in values if isinstance(value, str)]
        value = join(texts) if texts else values[0]
        is_one_value = len(values) in (1, len(texts)) and not isinstance(value, (dict, list))
        if not (is_one_value and _put(whole, _read_path(path), value)):
            misfits[path] = values
    return whole, misfits


def _read_path(path: str) -> list[str | int]:
    """The steps of a path such as `$.places[0].name`; none when it is not understood."""
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None or len(steps) == MAX_DEPTH:
            return []
        steps.append(int(step[4]) if step[4] else step[1] or step[2] or step[3] or "")
        position = step.end()
    return steps if path.startswith("$") else []


def _put(holder: JSON, steps: list[str | int], value: JSON) -> bool:
    """Put a value at its place, and what leads there; false when there is no such place."""
    if not steps:
        return False
    for step, following in pairwise(steps):
        holder = _enter(holder, step, [] if isinstance(following, int) else {})
    return _enter(holder, steps[-1], value) is value


def _enter(holder: JSON, step: str | int, new: JSON) -> JSON:
    """What stands at a step; `new` when nothing stood there so far."""
    if isinstance(step, str) and isinstance(holder, dict):
        return holder.setdefault(step, new)
    if isinstance(step, int) and isinstance(holder, list) and step <= len(holder):
        if step == len(holder):
            holder.append(new)
        return holder[step]
    return _NOWHERE
