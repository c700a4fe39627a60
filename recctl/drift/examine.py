"""What a run of the tests says of recordings: which were played, and with what in place of what is kept."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.base.parallel import map_files
from recctl.drift.files import CHANGED, NEW, PlayedRun, examine_file
from recctl.drift.missed import Coverage, examine_missed
from recctl.drift.report import DriftReport
from recctl.project import check_tests, is_of_test
from recctl.testsuite.track import describe_troubles, list_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from recctl.drift.outcomes import JudgedRecording
    from recctl.input.sources import Selection
    from recctl.inventory.nearest import Candidate
    from recctl.project import Project
    from recctl.recordings.http import SentRequest
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.testsuite.track import Play, Tracked


def examine_drift(
    project: Project,
    selection: Selection,
    tracked: Tracked,
    *,
    mask: Callable[[SentRequest], SentRequest],
    tests: Sequence[str] = (),
    watch: Callable[[int], None] = lambda _: None,
) -> DriftReport:
    """Judge the selected recordings by a run of the tests, and tell what the run missed of them.

    `mask` takes secrets out of a request: both sides are compared without. `tests` keeps to those that the
    words mean. `watch` is called with the number of files that are done.
    Raises RecctlError for what can't have been played, for a run in which nothing was heard, and for a word
    that means no test.
    """
    if any(target.path is None or target.spec is not None for target in selection.targets):
        raise RecctlError("only files that are here were played by a run", "name files or folders")
    _require_heard(tracked)
    run = PlayedRun(
        tracked=tracked,
        plays=_sort_plays(tracked.plays),
        openers=list_tests(tracked.by_test, tracked.loaded_by_test),
        root=project.root.as_posix(),
        mask=mask,
    )
    recordings: list[JudgedRecording] = []
    candidates: list[Candidate] = []
    errors: list[Unread | LoadError] = list(selection.unread)
    unheard: defaultdict[str, int] = defaultdict(int)
    strays = 0
    for done, examined in enumerate(map_files(partial(examine_file, run=run), selection.targets), 1):
        recordings += examined.recordings
        candidates += examined.candidates
        errors += examined.errors
        strays += examined.strays
        if examined.unheard:
            unheard[examined.unheard] += len(examined.recordings)
        watch(done)
    coverage = Coverage(project, selection, {recording.test_id for recording in recordings})
    missed, failures = examine_missed(project, selection, tracked, coverage, candidates, mask)
    report = DriftReport(
        recordings=tuple(recordings),
        missed=tuple(missed),
        incomplete=None if tracked.complete else tracked.reason or "it did not end",
        recorders=tuple(sorted(tracked.recorders)),
        remarks=(*_remark(tracked, unheard, strays), *_remark_on_age(recordings, tracked, project.root)),
        errors=(*errors, *failures),
        tests_run=frozenset(test for test in tracked.outcomes if coverage.covers(test)),
    )
    return _keep_tests(report, tests, tracked) if tests else report


def _require_heard(tracked: Tracked) -> None:
    """Refuse a run of which nothing is known but which files it opened."""
    if tracked.recorders or tracked.plays or tracked.missed:
        return
    hint = (
        "recctl track hears vcrpy and OGX's recorder, in Python processes that inherit its environment; what "
        "an older recctl tracked tells of neither"
    )
    if tracked.troubles:
        hint = f"in the run: {tracked.troubles[0]}"
    raise RecctlError("no recorder was heard in this run: nobody can tell what was sent", hint)


def _sort_plays(plays: Iterable[Play]) -> dict[str, list[Play]]:
    by_path: defaultdict[str, list[Play]] = defaultdict(list)
    for play in plays:
        by_path[play.path].append(play)
    return dict(by_path)


def _remark(tracked: Tracked, unheard: dict[str, int], strays: int) -> Iterator[str]:
    """What is to be known before the answer is read."""
    if not tracked.complete:
        reason = tracked.reason or "it did not end"
        yield f"the run is not complete, and no evidence against what was not played in it: {reason}"
    for name, count in sorted(unheard.items()):
        yield f"{name} was not heard in the run: its {show_count(count, 'recording')} can't be judged"
    if strays:
        what = "1 play is of a recording" if strays == 1 else f"{strays:,} plays are of recordings"
        yield f"{what} that the file does not hold"
    yield from describe_troubles(tracked)


def _remark_on_age(recordings: Iterable[JudgedRecording], tracked: Tracked, root: Path) -> Iterator[str]:
    """What has happened to files since the run."""
    newer = sum(recording.reason in (CHANGED, NEW) for recording in recordings)
    if newer:
        verb = "was" if newer == 1 else "were"
        what = f"{show_count(newer, 'recording')} {verb} written after the run"
        yield f"{what}: track the tests again to judge {'it' if newer == 1 else 'them'}"
    gone = sum(not os.path.lexists(root / path) for path in {play.path for play in tracked.plays})
    if gone:
        verb = "is" if gone == 1 else "are"
        yield f"{show_count(gone, 'file')} that the run played from {verb} gone"


def _keep_tests(report: DriftReport, words: Sequence[str], tracked: Tracked) -> DriftReport:
    """What is said of some tests. Raises RecctlError for a word that means none that is known."""
    ids = [{*recording.tests, recording.test_id or ""} for recording in report.recordings]
    missed = [miss.test_id for miss in report.missed]
    check_tests(words, {*missed, *tracked.outcomes}.union(*ids) - {""})

    def is_wanted(test_ids: Iterable[str]) -> bool:
        return any(is_of_test(test_id, word) for test_id in test_ids for word in words)

    recordings = zip(report.recordings, ids, strict=True)
    return replace(
        report,
        recordings=tuple(recording for recording, told in recordings if is_wanted(told)),
        missed=tuple(miss for miss in report.missed if is_wanted((miss.test_id,))),
        tests_run=frozenset(test for test in report.tests_run if is_wanted((test,))),
    )
