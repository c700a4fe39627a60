"""What comes of setting what a run sent against what is kept: values, for those who show them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from recctl.drift.groups import DriftCase, group_cases

if TYPE_CHECKING:
    from recctl.diff import Change
    from recctl.drift.groups import DriftGroup
    from recctl.recordings.recording import Key, LoadError
    from recctl.recordings.source import Unread


class DriftStatus(StrEnum):
    """What became of a recording in a run of the tests; the worst counts where it was played several times.

    *Unplayed*: others of its file were played, it was not. *Idle*: nothing of its file was. *Unopened*: no
    process opened the file. *Unseen*: nobody can tell.
    """

    DRIFTED = "drifted"
    UNSEEN = "unseen"
    NOISE = "noise"
    SAME = "same"
    UNPLAYED = "unplayed"
    IDLE = "idle"
    UNOPENED = "unopened"


@dataclass(frozen=True)
class JudgedRecording:
    """A recording, and what became of it.

    `test_id` is the test that it belongs to, `tests` are those in which it was played, `times` how often it
    was. `changes` say what differs between what was sent and what is kept, noise among it. `reason` explains
    a status that `changes` don't. `is_known` is true where a baseline has all that has drifted.
    """

    key: Key
    test_id: str | None
    status: DriftStatus
    tests: tuple[str, ...] = ()
    times: int = 0
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    is_known: bool = False

    @property
    def drift(self) -> tuple[Change, ...]:
        """What has changed in substance."""
        return tuple(change for change in self.changes if change.kind != "noise")

    @property
    def drifts_anew(self) -> bool:
        """Whether it has drifted in a way that no baseline has."""
        return self.status is DriftStatus.DRIFTED and not self.is_known

    @property
    def all_tests(self) -> tuple[str, ...]:
        """The tests that it was played in; where none is known, the one that it belongs to."""
        return self.tests or ((self.test_id,) if self.test_id else ())


@dataclass(frozen=True)
class MissedRequest:
    """A request that found no recording, `times` times in a test ("" where that is not known).

    `reason` is the recorder's own, in plain words. `changes` say what differs from the nearest recording;
    its key is `nearest`, None where there is nothing like it; `is_own` says that it is of the same test.
    `cassette` is the file in which one was looked for. `is_known` is true where a baseline has it.
    """

    test_id: str
    method: str
    url: str
    times: int
    recorder: str
    reason: str | None = None
    cassette: str | None = None
    nearest: Key | None = None
    is_own: bool = False
    changes: tuple[Change, ...] = ()
    is_known: bool = False

    @property
    def drift(self) -> tuple[Change, ...]:
        """What may be why nothing was found: what changed in substance, else all that matchers may see."""
        substance = tuple(change for change in self.changes if change.kind != "noise")
        return substance or tuple(
            change for change in self.changes if not change.where.startswith(_UNMATCHED)
        )


_UNMATCHED = ("/request/headers", "/request/provider_metadata")
"""What hardly any suite matches requests by."""


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
