"""The requests that found no recording, each with the one that it should have found."""

from __future__ import annotations

import os
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.diff.ids import write_without_ids
from recctl.diff.sent import find_changes, find_kept
from recctl.drift.outcomes import MissedRequest
from recctl.input.sources import read, show_path
from recctl.inventory.nearest import Candidates, describe_sought
from recctl.recordings.attempt import attempt
from recctl.recordings.load import load
from recctl.recordings.recording import Key, Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from recctl.diff import Change
    from recctl.input.sources import Selection
    from recctl.inventory.nearest import Candidate
    from recctl.project import Project
    from recctl.recordings.http import SentRequest
    from recctl.testsuite.track import Miss, Tracked


def examine_missed(
    project: Project,
    selection: Selection,
    tracked: Tracked,
    coverage: Coverage,
    candidates: Iterable[Candidate],
    mask: Callable[[SentRequest], SentRequest],
) -> tuple[list[MissedRequest], list[Unread]]:
    """What the run missed of what is covered, and what recctl failed on; equal ones of a test once.

    `candidates` are the recordings that may be near, `mask` takes secrets out of requests.
    """
    wanted = [miss for miss in _join_equal(tracked.missed) if coverage.covers(miss.test_id, miss.cassette)]
    search = _Search(selection, Candidates(candidates, attrgetter("likeness")), mask)
    missed: list[MissedRequest] = []
    failures: list[Unread] = []
    for unmasked in sorted(wanted, key=lambda miss: (miss.cassette or "", miss.test_id)):
        miss = replace(unmasked, sent=mask(unmasked.sent))
        examined = attempt(miss.test_id or miss.sent.url, search.examine, miss)
        cassette = None if miss.cassette is None else show_path(project.root / miss.cassette)
        plain = MissedRequest(
            test_id=miss.test_id,
            method=miss.sent.method,
            url=miss.sent.url,
            times=miss.times,
            recorder=miss.recorder,
            reason=_explain(miss.reason),
            cassette=cassette,
        )
        if isinstance(examined, Unread):
            failures.append(examined)
            missed.append(plain)
            continue
        nearest, is_own, changes = examined
        missed.append(replace(plain, nearest=nearest, is_own=is_own, changes=changes))
    return sorted(missed, key=lambda miss: (miss.test_id, miss.url)), failures


def _join_equal(missed: Iterable[Miss]) -> list[Miss]:
    """Equal requests of a test as one, whatever ids were made up for each."""
    joined: dict[tuple[object, ...], Miss] = {}
    for miss in missed:
        sent = miss.sent
        body = write_without_ids(sent.body)
        key = (miss.test_id, miss.cassette, miss.recorder, miss.reason, sent.method, sent.url, body)
        known = joined.get(key)
        joined[key] = miss if known is None else replace(known, times=known.times + miss.times)
    return [*joined.values()]


class Coverage:
    """What of a run belongs to a selection; `tests` are those that selected recordings belong to."""

    def __init__(self, project: Project, selection: Selection, tests: Collection[str | None]) -> None:
        self._root = project.root
        self._files = {target.file for target in selection.targets}
        self._folders = selection.folders
        self._tests = tests

    def covers(self, test_id: str, cassette: str | None = None) -> bool:
        """Whether a test, or a request in it, belongs: by itself, or by where its file or a cassette lies."""
        if test_id in self._tests:
            return True
        places = [place for place in (cassette, test_id.partition("::")[0]) if place]
        shown = [show_path(Path(os.path.abspath(self._root / place))) for place in places]  # noqa: PTH100  (drops "..")
        return not shown or any(place in self._files or self._lies_below(place) for place in shown)

    def _lies_below(self, place: str) -> bool:
        return any(
            place.startswith(f"{folder}/") or (folder == "." and not place.startswith("../"))
            for folder in self._folders
        )


def _explain(reason: str | None) -> str | None:
    """A recorder's reason in plain words; its own where these are not known."""
    return _REASONS.get(reason, reason) if reason else None


_REASONS = {
    "already_played": "what matches it was played already, once each",
    "no_match": "nothing in its cassette matches it",
    "nothing_similar": "nothing in its cassette is like it",
    "cassette_not_found": "its cassette is not there",
}
"""What vcrpy 9.4 gives as reasons (`vcr/errors.py`), in plain words."""


class _Search:
    """A search for what is near; the file that was read last is kept."""

    def __init__(
        self,
        selection: Selection,
        candidates: Candidates[Candidate],
        mask: Callable[[SentRequest], SentRequest],
    ) -> None:
        self._targets = {target.file: target for target in selection.targets}
        self._candidates = candidates
        self._mask = mask
        self._read: tuple[str, dict[Key, Recording]] = ("", {})

    def examine(self, miss: Miss) -> tuple[Key | None, bool, tuple[Change, ...]]:
        """The nearest recording, whether it is the test's own, and how it differs from what was sent."""
        near = self._candidates.find(describe_sought(miss.sent, miss.test_id, miss.cassette))
        recording = self._load(near[0].recording.key) if near else None
        if recording is None:
            return None, False, ()
        candidate, is_own = near[0].recording, near[0].is_own
        try:
            changes = find_changes(recording, self._mask(find_kept(recording)), miss.sent)
        except RecursionError:
            return candidate.key, is_own, ()
        return candidate.key, is_own, changes

    def _load(self, key: Key) -> Recording | None:
        if self._read[0] != key.path:
            source = read(self._targets[key.path])
            items = load(source) if isinstance(source, Source) else ()
            self._read = key.path, {item.key: item for item in items if isinstance(item, Recording)}
        return self._read[1].get(key)
