"""Recordings by their tests, found without reading all that there is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.attempt import attempt
from recctl.errors import RecctlError
from recctl.project import check_tests, is_of_test
from recctl.recordings.load import find_file_test, load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recctl.sources import Selection, Target


def read_neighbours(targets: Iterable[Target], test_ids: set[str | None] | None) -> Iterator[Recording]:
    """The recordings of some tests (None: of all) among files; those that can't be read are left out."""
    for target in targets:
        try:
            told = _read_head(target)
        except (OSError, ValueError, RecursionError):
            continue
        if told is None or test_ids is None or not test_ids.isdisjoint(told):
            yield from _load(target)


def keep_tests(selection: Selection, words: Sequence[str]) -> Selection:
    """A selection without the files that hold no recording of the tests that words mean, nor go with one.

    Raises RecctlError for standard input, and for a word that means no test of what was selected.
    """
    if any(target.path is None for target in selection.targets):
        raise RecctlError("--test can't be combined with standard input", "name the file")
    told = {target: _list_tests(target) for target in selection.targets}
    beside = {target: _find_test(target) for target in selection.companions}
    check_tests(words, {test_id for ids in (*told.values(), *beside.values()) for test_id in ids if test_id})

    def keep(found: dict[Target, set[str | None]]) -> tuple[Target, ...]:
        return tuple(
            target
            for target, ids in found.items()
            if any(is_of_test(test_id, word) for test_id in ids for word in words)
        )

    return selection._replace(targets=keep(told), companions=keep(beside))


def _find_test(target: Target) -> set[str | None]:
    """The test that a file goes with that holds no recording; none where it goes with none."""
    found = None if target.path is None else find_file_test(target.path, target.settings)
    return set() if found is None else {found[1]}


def _list_tests(target: Target) -> set[str | None]:
    """The tests whose recordings a file holds; none where it can't be read."""
    try:
        told = _read_head(target) if target.spec is None else None
    except (OSError, ValueError, RecursionError):
        return set()
    return {recording.test_id for recording in _load(target)} if told is None else told


def _read_head(target: Target) -> set[str | None] | None:
    """What the first bytes of a file tell of its recording's test; None where that takes more."""
    assert target.path is not None  # noqa: S101  (it is a file)
    with target.path.open("rb") as file:
        head = _TEST_ID.match(file.read(_HEAD_SIZE))
    return None if head is None else {json.loads(head[1])}


def _load(target: Target) -> Iterator[Recording]:
    source = read(target)
    items = attempt(target.name, load, source) if isinstance(source, Source) else ()
    for item in () if isinstance(items, Unread) else items:
        if isinstance(item, Recording):
            yield item


_TEST_ID = re.compile(rb'\s*\{\s*"test_id"\s*:\s*("(?:[^"\\]|\\.)*"|null)')
_HEAD_SIZE = 2048
"""How recorders begin a file, and how much of it is looked at; one that begins otherwise is read whole."""
