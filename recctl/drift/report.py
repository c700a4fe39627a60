"""What comes of setting what a run sent against what is kept: values, for those who show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from recctl.drift.groups import DriftCase, find_topic, group_cases
from recctl.drift.outcomes import DriftStatus

if TYPE_CHECKING:
    from recctl.diff import Change
    from recctl.drift.groups import DriftGroup, DriftTopic
    from recctl.drift.outcomes import JudgedRecording, MissedRequest
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


@dataclass(frozen=True)
class DriftReport:
    """What a run of the tests says of recordings, sorted by path and number, and what it missed.

    `incomplete` is why the run is no evidence against what was not played; None where it is. `recorders`
    are those that were heard. `remarks` are to be known before all else.
    `tests_run` are those of which all is told. `gone` counts what a baseline has and is no longer so.
    """

    recordings: tuple[JudgedRecording, ...]
    missed: tuple[MissedRequest, ...]
    incomplete: str | None = None
    recorders: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    errors: tuple[Unread | LoadError, ...] = ()
    tests_run: frozenset[str] = frozenset()
    gone: int = 0

    @cached_property
    def drifted(self) -> tuple[JudgedRecording, ...]:
        """The recordings that have drifted, but for those that a baseline has."""
        return tuple(recording for recording in self.recordings if recording.drifts_anew)

    @cached_property
    def new_missed(self) -> tuple[MissedRequest, ...]:
        """The requests that found no recording, but for those that a baseline has."""
        return tuple(miss for miss in self.missed if not miss.is_known)

    @property
    def known(self) -> int:
        """How many recordings and requests would be told if a baseline did not have them."""
        return sum(each.is_known for each in self.recordings) + sum(each.is_known for each in self.missed)

    def select(self, status: DriftStatus) -> tuple[JudgedRecording, ...]:
        """The recordings of a status; of those that have drifted, the known ones too."""
        return tuple(recording for recording in self.recordings if recording.status is status)

    @cached_property
    def noise(self) -> tuple[tuple[tuple[DriftTopic, Change], ...], ...]:
        """What differs in each recording that differs in noise only, with what it is about."""
        return tuple(
            tuple((find_topic(change), change) for change in recording.changes)
            for recording in self.select(DriftStatus.NOISE)
        )

    @cached_property
    def groups(self) -> tuple[DriftGroup, ...]:
        """What has drifted, by what changed."""
        return group_cases(DriftCase(each.all_tests, each.drift, recording=each) for each in self.drifted)

    @cached_property
    def missed_groups(self) -> tuple[DriftGroup, ...]:
        """What was missed, by how it differs from what is there and why nothing was found."""
        return group_cases(
            DriftCase(
                (each.test_id,) if each.test_id else (),
                each.drift if each.is_own else (),
                missed=each,
                remark=each.reason,
            )
            for each in self.new_missed
        )

    @cached_property
    def tests_to_record(self) -> tuple[str, ...]:
        """The tests whose recordings have drifted, or that sent what found none: their ids, sorted."""
        found = {test for recording in self.drifted for test in recording.all_tests}
        return tuple(sorted(found | {miss.test_id for miss in self.new_missed if miss.test_id}))

    @property
    def without_test(self) -> int:
        """How many recordings and requests `tests_to_record` leaves out, since their test is not known."""
        recordings = sum(not recording.all_tests for recording in self.drifted)
        return recordings + sum(not miss.test_id for miss in self.new_missed)

    @cached_property
    def files_to_record(self) -> tuple[str, ...]:
        """The files that hold what has drifted, or in which something was missed: their paths, sorted."""
        found = {recording.key.path for recording in self.drifted}
        return tuple(sorted(found | {miss.cassette for miss in self.new_missed if miss.cassette}))
