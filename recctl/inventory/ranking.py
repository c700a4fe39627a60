"""Recordings set against a request: which are nearest, by what they have and what they lack of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from recctl.inventory.answer import UNMATCHED, Nearby
from recctl.inventory.comparing import find_changes, judge_changes
from recctl.inventory.likeness import read_likeness
from recctl.inventory.nearest import Candidates, Near, Sought
from recctl.recordings.formats import load_format
from recctl.recordings.http import find_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.diff import Change
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.query import Query
    from recctl.inventory.store import Store

_COMPARED = 8
"""How many recordings are read and set against a request: which may be nearest, sketches tell roughly."""


def find_near(store: Store, query: Query) -> tuple[Nearby, ...]:
    """The recordings that are nearest to a request, each with what differs, the nearest first."""
    sought = _describe(store, query)
    if sought == Sought():
        return ()
    least = store.least if query.has_body else store.most
    return _rank(store, query, store.candidates.find(sought, _COMPARED), least)


def compare(store: Store, query: Query, entries: Sequence[IndexEntry]) -> tuple[Nearby, ...]:
    """Recordings of the file, or the test, that was asked, with what differs, the nearest first."""
    near = [Near(entry, is_own=True) for entry in entries]
    if len(entries) > _COMPARED:
        sought = _describe(store, query)._replace(test_id="", location=None)
        found = Candidates(entries, store.find_likeness).find(sought, _COMPARED)
        near = [Near(each.recording, is_own=True) for each in found] or near[:_COMPARED]
    return _rank(store, query, near, len(near))


def _describe(store: Store, query: Query) -> Sought:
    tests = {entry.test_id or "" for entry in store.list_of_test(query.test)}
    model = query.body.get("model") if isinstance(query.body, dict) else query.model
    return Sought(
        test_id=min(tests) if len(tests) == 1 else query.test or "",
        location=store.locate(query.file) if query.file is not None else None,
        method=query.method,
        endpoint=query.endpoint if query.url is None else find_endpoint(query.url),
        model=model if isinstance(model, str) else None,
        likeness=read_likeness(query.body) if query.has_body else None,
        url=query.url,
    )


def _rank(store: Store, query: Query, near: Iterable[Near[IndexEntry]], least: int) -> tuple[Nearby, ...]:
    """Recordings set against a request; those first that are the test's own, and differ least.

    So many are in any case. Once one differs in no more than a word, those are left out that are less likely
    by their sketches.
    """
    ranked: list[tuple[_Distance, int, Near[IndexEntry], list[Change]]] = []
    for number, each in enumerate(near):
        if number >= least and min(distance for distance, *_ in ranked).is_a_word:
            break
        changes = _find_changes(store, each.recording, query)
        ranked.append((_measure(each, changes), number, each, changes))
    ranked.sort(key=lambda each: each[:2])
    return tuple(_judge(store, query, near, changes) for *_, near, changes in ranked[: store.most])


def _find_changes(store: Store, entry: IndexEntry, query: Query) -> list[Change]:
    """What differs from a request; nothing where that can't be told, of what nests too deeply."""
    recording = store.load(entry)
    try:
        return [] if recording is None else find_changes(recording, query, store.mask)
    except RecursionError:
        return []


def _judge(store: Store, query: Query, near: Near[IndexEntry], changes: list[Change]) -> Nearby:
    entry, is_own = near
    recording = store.load(entry)
    if recording is None:
        return Nearby(entry, is_own)
    return Nearby(entry, is_own, judge_changes(recording, query, changes), query.has_body)


class _Distance(NamedTuple):
    """How far a recording is from a request, the smaller the nearer: fields that differ, and words in them.

    What is noise counts last, and for nothing where names are made of all that is sent.
    """

    is_of_others: bool
    fields: int
    words: int
    noise: int

    @property
    def is_a_word(self) -> bool:
        """Whether nothing differs but a word."""
        return not self.is_of_others and self.fields + self.noise <= 1 and self.words <= _A_WORD


_A_WORD = 4
"""How many words, as they are counted here, have gone and come where one has changed."""


def _measure(near: Near[IndexEntry], changes: Sequence[Change]) -> _Distance:
    is_hashed = load_format(near.recording.facts.format).is_named_by_hash
    told = [change for change in changes if not change.where.startswith(UNMATCHED)]
    fields = [change for change in told if is_hashed or change.kind != "noise"]
    words = sum(map(_count_words, fields))
    return _Distance(not near.is_own, len(fields), words, len(told) - len(fields))


def _count_words(change: Change) -> int:
    """How many words a change has taken away and put in; what is new, or gone, is more than a word."""
    extra = _A_WORD if change.left is None or change.right is None else 0
    sides = (Counter(_WORD.findall(json.dumps(side)[:_LONGEST])) for side in (change.left, change.right))
    left, right = sides
    return (left - right).total() + (right - left).total() + extra


_WORD = re.compile(r"\w+")
_LONGEST = 50_000
