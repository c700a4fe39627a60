"""Recordings by their tests, found without reading all that there is."""

from __future__ import annotations

import json
import os
import re
from functools import partial
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError
from recctl.input.sources import read
from recctl.project import check_tests, is_of_test
from recctl.recordings.attempt import attempt
from recctl.recordings.load import begins_like, find_file_tests, load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.input.sources import Selection, Target
    from recctl.project import Project


def read_neighbours(
    project: Project, selection: Selection, test_ids: set[str | None] | None
) -> Iterator[Recording]:
    """The recordings of some tests (None: of all) beside files that were named.

    Those that can't be read are left out.
    """
    may_matter = None if test_ids is None else partial(_may_be_of, test_ids, {*map(_spell, test_ids)})
    for target in selection.neighbours(project, may_matter):
        yield from _load(target)


def _may_be_of(test_ids: set[str | None], spelled: set[bytes], path: str) -> bool:
    """Whether a file may hold a recording of some tests: by its first bytes, if they tell."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            told = _TEST_ID.match(os.read(file, _HEAD_SIZE))
        finally:
            os.close(file)
        if told is None or told[1] in spelled:
            return True
        return (b"\\" in told[1] or not told[1].isascii()) and json.loads(told[1]) in test_ids
    except (OSError, ValueError, RecursionError):
        return False


def _spell(test_id: str | None) -> bytes:
    """An id as JSON has it."""
    return json.dumps(test_id).encode()


def keep_tests(selection: Selection, words: Sequence[str]) -> Selection:
    """A selection without the files that hold no recording of the tests that words mean, nor go with one.

    Raises RecctlError for standard input, and for a word that means no test of what was selected.
    """
    if any(target.path is None for target in selection.targets):
        raise RecctlError("--test can't be combined with standard input", "name the file")
    told = {target: _list_tests(target) for target in selection.targets}
    told.update((target, _list_by_name(target)) for target in selection.companions)
    meant = {target: {word for word in words if _is_meant(target, ids, word)} for target, ids in told.items()}
    unknown = [word for word in words if not any(word in found for found in meant.values())]
    check_tests(unknown, {test_id for ids in told.values() for test_id in ids if test_id is not None})
    return selection._replace(
        targets=tuple(target for target in selection.targets if meant[target]),
        companions=tuple(target for target in selection.companions if meant[target]),
    )


def _is_meant(target: Target, test_ids: set[str | None], word: str) -> bool:
    """Whether a word means a test of a file, as its recordings say, or another one as its name may mean."""
    if any(is_of_test(test_id, word) for test_id in test_ids):
        return True
    if target.path is not None and begins_like(target.path, word):
        return True
    bare = word.partition("[")[0]
    may_be = target.settings.test_names or (bare != word and any(is_of_test(each, bare) for each in test_ids))
    if target.path is None or not may_be:
        return False
    found = find_file_tests(target.path, target.settings)
    return found is not None and found.may_be_of(word)


def _list_by_name(target: Target) -> set[str | None]:
    """The tests that a file goes with which holds no recording; none where it goes with none."""
    found = None if target.path is None else find_file_tests(target.path, target.settings)
    return set() if found is None else {*found.test_ids}


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


_TEST_ID = re.compile(rb'\s*\{\s*"test_id"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*"|null)')
_HEAD_SIZE = 2048
"""How recorders begin a file, and how much of it is looked at; one that begins otherwise is read whole."""
