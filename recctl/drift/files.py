"""What a run of the tests says of one file: what became of each of its recordings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.diff import Change
from recctl.diff.differences import canonical
from recctl.diff.recordings import PLACE
from recctl.diff.sent import describe_unreadable, find_changes, find_kept
from recctl.drift.outcomes import DriftStatus, JudgedRecording
from recctl.input.sources import read
from recctl.inventory.nearest import Candidate, make_candidate
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.load import load
from recctl.recordings.recording import Key, LoadError, Recording
from recctl.recordings.source import Source, Unread
from recctl.testsuite.track import ERROR, FAILED, SKIPPED
from recctl.testsuite.track.plays import SAME, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.input.sources import Target
    from recctl.recordings.http import SentRequest
    from recctl.testsuite.track import Play, Tracked

_ORDER = [*DriftStatus]


class PlayedRun(NamedTuple):
    """What is known of a run; it can be given to other processes. `openers` are tests, by path."""

    tracked: Tracked
    plays: dict[str, list[Play]]
    openers: dict[str, set[str]]
    root: str
    mask: Callable[[SentRequest], SentRequest]


class ExaminedFile(NamedTuple):
    """What comes of a file: `strays` counts plays of what is not in it, `unheard` names its recorder."""

    recordings: tuple[JudgedRecording, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    errors: tuple[Unread | LoadError, ...] = ()
    strays: int = 0
    unheard: str = ""


def examine_file(target: Target, run: PlayedRun) -> ExaminedFile:
    """What a run says of a file; of one that recctl fails on, that."""
    examined = attempt(target.name, _examine, target, run)
    return ExaminedFile(errors=(examined,)) if isinstance(examined, Unread) else examined


def _examine(target: Target, run: PlayedRun) -> ExaminedFile:
    source = read(target)
    if isinstance(source, Unread):
        return ExaminedFile(errors=(source,))
    assert target.path is not None  # noqa: S101  (as examine_drift has made sure)
    path = find_tracked_path(target.path, run.root)
    items = load(source)
    recordings = [item for item in items if isinstance(item, Recording)]
    file = _File(run, path, source, recordings)
    is_unheard = bool(recordings) and file.was_opened and recordings[0].format not in run.tracked.recorders
    candidates = [make_candidate(recording, path) for recording in (recordings if run.tracked.missed else ())]
    return ExaminedFile(
        recordings=tuple(file.judge(recording) for recording in recordings),
        candidates=tuple(candidates),
        errors=tuple(item for item in items if isinstance(item, LoadError)),
        strays=0 if source.number else file.count_strays(len(items)),
        unheard=recordings[0].format if is_unheard and not file.plays else "",
    )


def find_tracked_path(path: Path, root: str) -> str:
    """A file's path as `track` writes it down: from the root on; as it is where it lies elsewhere."""
    return path.as_posix().removeprefix(f"{root.rstrip('/')}/")


CHANGED, NEW = "the file has changed since", "it was not there when the tests ran"
_CHANGES = {
    None: "the file was opened, but no recorder was heard to load it",
    "": "the file was not the same throughout",
}
"""What is wrong with a file whose digest in the run's notes is none."""


class _File:
    """What a run says of one file."""

    def __init__(self, run: PlayedRun, path: str, source: Source, recordings: list[Recording]) -> None:
        self._run, self._path, self._recordings = run, path, recordings
        self.plays = run.plays.get(path, [])
        self.was_opened = path in run.tracked.opened or path in run.tracked.loaded or bool(self.plays)
        self._change = None
        digest = run.tracked.loaded.get(path)
        if self.was_opened and digest != sha256(source.content):
            self._change = _CHANGES.get(digest, CHANGED)

    def count_strays(self, count: int) -> int:
        """How many plays are of recordings that the file does not hold."""
        return sum(play.number is not None and not 1 <= play.number <= count for play in self.plays)

    def judge(self, recording: Recording) -> JudgedRecording:
        """What became of one of its recordings."""
        key = Key(recording.source.name, recording.key.number)
        own = [play for play in self.plays if play.number == recording.index + 1]
        if not own:
            status, reason = self._judge_absence(recording)
            return JudgedRecording(key, recording.test_id, status, reason=reason)
        judged = [self._judge_play(recording, play) for play in own]
        status, _, reason = min(judged, key=lambda each: _ORDER.index(each[0]))
        changes = {(change.where, *change.gist): change for _, each, _ in judged for change in each}
        return JudgedRecording(
            key=key,
            test_id=recording.test_id,
            status=status,
            tests=tuple(sorted({play.test_id for play in own} - {""})),
            times=sum(play.times for play in own),
            changes=tuple(changes.values()),
            reason=reason,
        )

    def _judge_play(
        self, recording: Recording, play: Play
    ) -> tuple[DriftStatus, tuple[Change, ...], str | None]:
        """The status that one play calls for, with the differences or the reason."""
        if self._change is not None:
            return DriftStatus.UNSEEN, (), self._change
        if play.result == UNSEEN:
            return DriftStatus.UNSEEN, (), play.reason or "the run does not say why"
        if play.result == SAME:
            noise = tuple(_make_noise(pointer) for pointer in play.equalised)
            return (DriftStatus.NOISE if noise else DriftStatus.SAME), noise, None
        if play.sent is None:
            return DriftStatus.UNSEEN, (), "what was sent is not known"
        kept, sent = map(self._run.mask, (play.kept or find_kept(recording), play.sent))
        try:
            changes = find_changes(recording, kept, sent, play.equalised, self._run.tracked.days)
        except RecursionError:
            return DriftStatus.UNSEEN, (), "what was sent nests too deeply"
        if load_format(recording.format).is_named_by_hash:
            # It was found by the hash of the request: what that leaves out does not count.
            changes = tuple(change._replace(kind="noise") for change in changes)
        is_told = "/body" in play.equalised or any(_BODY in change.where for change in changes)
        unreadable = None if is_told else describe_unreadable(recording, kept, sent)
        changes = (*changes, unreadable) if unreadable else changes or (_make_noise(""),)
        if all(change.kind == "noise" for change in changes):
            return DriftStatus.NOISE, changes, None
        place, other = recording.index + 1, self._places.get(_identify(sent))
        if other not in (None, place):
            changes = (Change("/request", "request", place, other, PLACE),)
        return DriftStatus.DRIFTED, changes, None

    @cached_property
    def _places(self) -> dict[tuple[str, str, bytes], int]:
        """Which of the file's recordings that were played, from 1, has each request; the first of several."""
        played = {play.number for play in self.plays}
        recordings = (each for each in self._recordings if each.index + 1 in played)
        found = ((_identify(self._run.mask(find_kept(each))), each.index + 1) for each in recordings)
        return dict(reversed([*found]))

    def _judge_absence(self, recording: Recording) -> tuple[DriftStatus, str | None]:
        """The status of a recording of which no play is known, and the reason where that needs one."""
        tracked = self._run.tracked
        doubt = self._find_doubt(recording)
        if doubt is not None:
            return DriftStatus.UNSEEN, doubt
        if not self.was_opened:
            outcome = tracked.outcomes.get(recording.test_id or "")
            if outcome in _FATES:
                return DriftStatus.UNOPENED, f"test {_FATES[outcome]}"
            is_unrun = outcome is None and recording.test_id is not None and bool(tracked.outcomes)
            return DriftStatus.UNOPENED, "test not run" if is_unrun else None
        return (DriftStatus.UNPLAYED if self.plays else DriftStatus.IDLE), None

    def _find_doubt(self, recording: Recording) -> str | None:
        """Why nobody can tell that a recording was not played, though no play of it is known."""
        tracked = self._run.tracked
        if not (self.was_opened or self._path in tracked.unopened):
            return NEW
        if not tracked.complete:
            return "the run is not complete"
        if not tracked.unheard_tests.isdisjoint({recording.test_id, *self._run.openers.get(self._path, ())}):
            return "its test started a Python that can't be heard"
        if not self.was_opened:
            return None
        if recording.format not in tracked.recorders:
            return f"{recording.format} was not heard in the run"
        unknown = next((play for play in self.plays if play.number is None), None)
        if unknown is not None:
            return unknown.reason or "which recording of the file was played is not known"
        return self._change or self._find_failure()

    def _find_failure(self) -> str | None:
        """Why the tests that opened the file are no evidence; None where they passed."""
        tracked = self._run.tracked
        tests = {*self._run.openers.get(self._path, ()), *(play.test_id for play in self.plays)} - {""}
        if not tests:
            has_failed = not {FAILED, ERROR}.isdisjoint(tracked.outcomes.values())
            return "tests of the run did not pass" if has_failed else None
        failed = sorted(tests - tracked.passed)
        return f"{failed[0]}, which opened the file, did not pass" if failed else None


def _identify(request: SentRequest) -> tuple[str, str, bytes]:
    return request.method, request.url, canonical(request.body)


_BODY = "/request/body"
_FATES = {SKIPPED: "skipped", FAILED: "failed", ERROR: "failed"}


def _make_noise(pointer: str) -> Change:
    """That something below a pointer into the request differs in a way that nobody need know."""
    label = pointer.removeprefix("/") or "how it is written"
    return Change(f"/request{pointer}", "noise", None, None, label)
