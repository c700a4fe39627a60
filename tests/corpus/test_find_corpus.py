"""Public recordings: a request with one field changed finds its recording, and the field.

What was built on one half of the files is measured on the other.
"""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from recctl.base.pointer import join_pointer
from recctl.input.sources import select
from recctl.inventory.find import find
from recctl.inventory.index import RecordingIndex, read_index
from recctl.inventory.requests import describe_request
from recctl.inventory.store import Store
from recctl.project import Project
from recctl.recordings.recording import ASKED_KEYS, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.inventory.answer import Nearby
    from recctl.inventory.entry import IndexEntry

pytestmark = pytest.mark.corpus

CASES = 50
WRONG = 1
"""Of so many random cases, how many may be told wrongly: 98 of 100 are right."""

QUESTIONS = ("messages", "contents", "input", "prompt", "model")
"""What no request goes without."""


def list_leaves(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of what is neither an object nor a list."""
    if isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from list_leaves(item, (*steps, step))
    elif steps:
        yield steps


def change_value(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if not isinstance(value, str):
        return value + 1
    words = value.split(" ")
    place = rng.randrange(len(words))
    words[place] += rng.choice(["s", "-2", "X", " again"])
    return " ".join(words)


def change_url(url: str, rng: random.Random) -> str:
    return rng.choice(
        [
            url.replace("://", "://eu.", 1),
            f"{url}{'&' if '?' in url else '?'}version=2",
            url.replace("/v1", "/v2") if "/v1" in url else f"{url}/x",
        ]
    )


def change_field(request: dict[str, Any], rng: random.Random) -> str | None:
    """Change one field of a request, and give the pointer to it; None where that can't be done."""
    key = next((key for key in ASKED_KEYS if key in request), None)
    body = request.get(key or "")
    if key is None or not body or rng.random() < 0.15:
        if "://" not in request.get("url", ""):
            return None
        request["url"] = change_url(request["url"], rng)
        return "/request/url"
    if isinstance(body, str):
        request[key] = change_value(body, rng)
        return f"/request/{key}"
    if isinstance(body, dict) and rng.random() < 0.15:
        optional = [name for name in body if name not in QUESTIONS]
        name = rng.choice([*optional, "extra"])
        if body.pop(name, None) is None:
            body[name] = 3
        return join_pointer(("request", key, name))
    leaves = [*list_leaves(body)]
    if not leaves:
        return None
    *steps, last = rng.choice(leaves)
    holder = body
    for step in steps:
        holder = holder[step]
    holder[last] = change_value(holder[last], rng)
    if isinstance(body, dict) and "model" in request:
        request["model"] = body.get("model", request["model"])
    return join_pointer(("request", key, *map(str, steps), str(last)))


def is_right(nearby: Nearby, entry: IndexEntry, where: str) -> bool:
    """Whether a recording, or one of the very same request, is named, and what was changed and no more.

    Where a url holds the model, another url may mean another model.
    """
    other = nearby.entry
    is_same = other.key == entry.key or (
        (other.test_id, other.method, other.url, other.body)
        == (entry.test_id, entry.method, entry.url, entry.body)
    )
    told = {each.change.where for each in nearby.differing}
    also = (
        {"/request/url", "/request/model"} if where == "/request/url" or where.endswith("/model") else set()
    )
    return is_same and bool(told) and told <= {where, *also}


@pytest.fixture(scope="module", params=["corpus/ogx", "foreign/vcrpy"])
def stored(request: pytest.FixtureRequest, shared: Path) -> tuple[Project, RecordingIndex]:
    project = Project(shared / request.param)
    selection = select(project, [str(project.root)])
    return project, read_index(project, selection, is_kept=False)


def test_a_request_with_one_field_changed_finds_its_recording_and_the_field(
    stored: tuple[Project, RecordingIndex],
) -> None:
    project, index = stored
    rng = random.Random(18)  # noqa: S311  (the same cases in every run)
    store = Store(project, index, None, lambda sent: sent)
    entries = [entry for entry in index.entries if crc32(entry.location.encode()) % 2]
    wrong, done = [], 0
    while done < CASES:
        entry = rng.choice(entries)
        recording = store.load(entry)
        assert isinstance(recording, Recording)
        document = copy.deepcopy(recording.document)
        where = change_field(document["request"], rng)
        if where is None:
            continue
        done += 1
        sent = replace(recording.with_document(document), source=recording.source._replace(place=None))
        (answer,) = find(project, index, [(describe_request(sent), sent)]).answers
        nearest = (*answer.found, *answer.nearest)
        if not (nearest and is_right(nearest[0], entry, where)):
            wrong.append((str(entry.key), where, answer.cause))
    assert len(wrong) <= WRONG, wrong
