"""Public recordings: what is sent as it is kept is the same; one change of it is found where it was made."""

from __future__ import annotations

import copy
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.pointer import join_pointer
from recctl.diff.ids import ID
from recctl.diff.sent import find_changes, find_kept
from recctl.project import Place, Settings
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def recordings(shared: Path) -> list[Recording]:
    paths = [*(shared / "corpus").rglob("*.json"), *(shared / "foreign/vcrpy").rglob("*.yaml")]
    sources = (
        Source(path.as_posix(), path.read_bytes(), Place(path.parent.as_posix(), path.name), Settings())
        for path in sorted(paths)
    )
    found = [item for source in sources for item in load(source) if isinstance(item, Recording)]
    assert len(found) > 2000
    return found


def list_leaves(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of what is neither an object nor a list."""
    if isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from list_leaves(item, (*steps, step))
    else:
        yield steps


def change(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    return f"{value} indeed" if isinstance(value, str) else value + 1


def test_what_is_sent_as_it_is_kept_is_the_same(recordings: list[Recording]) -> None:
    for recording in recordings:
        kept = find_kept(recording)
        assert find_changes(recording, kept, copy.deepcopy(kept)) == (), recording.key


def test_one_changed_value_is_found_where_it_was_changed(recordings: list[Recording]) -> None:
    draw = random.Random(7)  # noqa: S311  (nobody guesses)
    changed = 0
    for recording in recordings:
        kept = find_kept(recording)
        leaves = [steps for steps in list_leaves(kept.body) if steps and steps[-1] != "seed"]
        if not leaves or (isinstance(kept.body, dict) and kept.body.keys() == {"bytes", "type"}):
            continue  # it is no JSON
        steps = draw.choice(leaves)
        body = copy.deepcopy(kept.body)
        holder = body
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = change(holder[steps[-1]])
        found = find_changes(recording, kept, replace(kept, body=body))
        key = next(key for key in ("body", "payload", "kwargs") if key in recording.request)
        place = f"/request/{key}{join_pointer(steps)}/"
        told = [each for each in found if each.kind == "request"]
        assert told, (recording.key, place)
        for each in told:
            assert place.startswith(f"{each.where}/") or each.where == "/request/model", (
                recording.key,
                place,
            )
        changed += 1
    assert changed > 2000


def test_other_ids_in_all_places_are_noise(recordings: list[Recording]) -> None:
    changed = 0
    for recording in recordings:
        kept = find_kept(recording)
        messages = kept.body.get("messages") if isinstance(kept.body, dict) else None
        ids = {
            message["tool_call_id"]
            for message in (messages if isinstance(messages, list) else ())
            if isinstance(message, dict) and re.fullmatch(ID, str(message.get("tool_call_id")))
        }
        if ids:
            others = {one: one[:-6] + f"{number:06}" for number, one in enumerate(sorted(ids), 907_301)}
            sent = replace(kept, body=exchange(kept.body, others))
            found = find_changes(recording, kept, sent)
            assert [each for each in found if each.kind != "noise"] == [], recording.key
            assert found
            changed += 1
    assert changed > 100


def exchange(value: Any, others: dict[str, str]) -> Any:
    """A value with other ids in it."""
    if isinstance(value, str):
        for one, other in others.items():
            value = value.replace(one, other)
        return value
    if isinstance(value, dict):
        return {key: exchange(item, others) for key, item in value.items()}
    return [exchange(item, others) for item in value] if isinstance(value, list) else value
