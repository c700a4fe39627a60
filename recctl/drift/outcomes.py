"""What became of recordings, and of requests that found none, in a run of the tests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.diff import Change
    from recctl.recordings.recording import Key


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
