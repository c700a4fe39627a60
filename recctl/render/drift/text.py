"""Drift as text for people: what it comes to, then what changed and where, each change once."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.drift import DriftStatus
from recctl.render.changes.text import describe_long, needs_lines
from recctl.render.drift import MEANINGS, STATUS_STYLES, has_lines, summarise_drift, word_group, word_topic
from recctl.render.kit.terminal import Line, Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recctl.diff import Change
    from recctl.drift import DriftCase, DriftGroup, DriftReport, DriftTopic, JudgedRecording
    from recctl.render.drift import DriftView

_MOST_TESTS = 10
_MOST_KEYS = 3
_LISTED = (DriftStatus.UNPLAYED, DriftStatus.IDLE)
_LISTED_AT_LENGTH = (DriftStatus.UNOPENED, DriftStatus.UNSEEN, DriftStatus.NOISE)


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """The summary, unless `view` does without; each change; with -v, all tests and what can't be judged."""
    separator: list[Line] = []
    if view.summary:
        yield from render_lines(describe_summary(report), view)
        if not view.verbose and any(map(report.select, (DriftStatus.UNOPENED, DriftStatus.UNSEEN))):
            yield from render_lines([line(Span("-v lists these last ones, and says why", "dim"))], view)
        separator = [line()]
    for group in (*report.groups, *report.missed_groups):
        yield from render_lines((*separator, *_describe_group(group, view)), view)
        separator = [line()]
    for status in (*_LISTED, *(_LISTED_AT_LENGTH if view.verbose else ())):
        if found := report.select(status):
            noise = _describe_noise(report) if status is DriftStatus.NOISE else ()
            yield from render_lines((*separator, *_describe_status(status, found, view, noise)), view)
            separator = [line()]


def describe_summary(report: DriftReport) -> Iterator[Line]:
    """The summary, its numbers in a column."""
    remarks = [*summarise_drift(report)]
    width = max((len(f"{number:,}") for number, _, _ in remarks), default=0)
    for number, text, style in remarks:
        yield line(Span(f"{number:>{width},} {text}", style), hang=width + 1)


def _describe_group(group: DriftGroup, view: DriftView) -> Iterator[Line]:
    yield line(Span(word_group(group), "bold"))
    for number, (topic, change) in enumerate(group.topics):
        if number:
            yield line(Span(f"in the same: {word_topic(topic, change)}", "bold"))
        if has_lines(topic, change):
            yield from describe_long(change.left, change.right, view)
    if group.remark:
        yield line(Span(group.remark, "dim"), indent=2)
    yield from _describe_cases(group.cases, view)


def _describe_cases(cases: Sequence[DriftCase], view: DriftView) -> Iterator[Line]:
    """Where it happened: the tests, each with its recordings."""
    by_test = [(tests, [*each]) for tests, each in groupby(cases, key=lambda case: case.tests)]
    most = len(by_test) if view.verbose else _MOST_TESTS
    for tests, each in by_test[:most]:
        yield from _describe_place(tests, [name_case(case) for case in each], view)
    if len(by_test) > most:
        rest = show_count(len(by_test) - most, "more test")
        yield line(Span(f"and {rest}; -v lists them", "dim"), indent=2)


def _describe_place(
    tests: Sequence[str], names: Sequence[tuple[str, str]], view: DriftView
) -> Iterator[Line]:
    indent = 2
    for test in tests:
        yield line(Span(test, "cyan"), indent=2, is_whole=True)
        indent = 4
    most = len(names) if view.verbose or len(names) == _MOST_KEYS + 1 else _MOST_KEYS
    for name, nearest in names[:most]:
        yield line(Span(name, "dim", name), indent=indent, is_whole=True)
        if nearest:
            yield line(Span(f"nearest is {nearest}", "dim"), indent=indent + 2, is_whole=True)
    if len(names) > most:
        yield line(Span(f"and {len(names) - most:,} more", "dim"), indent=indent)


def name_case(case: DriftCase) -> tuple[str, str]:
    """What is told of a case below its test: its recording, or the request; and what is nearest to that."""
    if case.recording is not None:
        return str(case.recording.key), ""
    assert case.missed is not None  # noqa: S101  (a case is of one of the two)
    miss = case.missed
    times = f" ({miss.times:,} times)" if miss.times > 1 else ""
    return f"{miss.method} {miss.url}{times}", str(miss.nearest or "")


def _describe_status(
    status: DriftStatus, found: Iterable[JudgedRecording], view: DriftView, beside: Iterable[Line] = ()
) -> Iterator[Line]:
    """The recordings of a status, by the reason for it; `beside` stands below the headline of noise."""
    by_reason: dict[str | None, list[JudgedRecording]] = {}
    for recording in found:
        by_reason.setdefault(recording.reason, []).append(recording)
    for reason in sorted(by_reason, key=lambda reason: reason or ""):
        alike = by_reason[reason]
        what = show_count(len(alike), "recording")
        what = f"{what} {MEANINGS[status][len(alike) > 1]}"
        yield line(Span(f"{what}: {reason}" if reason else what, STATUS_STYLES.get(status, "bold")))
        yield from beside
        by_tests = groupby(
            sorted(alike, key=lambda recording: recording.all_tests),
            key=lambda recording: recording.all_tests,
        )
        places = [(tests, [_name(recording) for recording in each]) for tests, each in by_tests]
        most = len(places) if view.verbose else _MOST_TESTS
        for tests, names in places[:most]:
            yield from _describe_place(tests, names, view)
        if len(places) > most:
            rest = show_count(len(places) - most, "more test")
            yield line(Span(f"and {rest}; -v lists them", "dim"), indent=2)


def _describe_noise(report: DriftReport) -> Iterator[Line]:
    """What the noise is, and in how many recordings, each once: so one look is enough to agree, or not."""
    counted: Counter[str] = Counter()
    for told in report.noise:
        counted.update(dict.fromkeys((_word_noise(topic, change) for topic, change in told), 1))
    width = max(len(f"{number:,}") for number in counted.values())
    for words, number in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        yield line(Span(f"{number:>{width},} {words}"), indent=2, hang=width + 3)


def _word_noise(topic: DriftTopic, change: Change) -> str:
    left, right = change.left, change.right
    if change.label.startswith("headers") or (left is None and right is None):  # null in place of nothing
        return _label_noise(change)
    is_long = None not in (left, right) or needs_lines(left, right)
    return topic.spell() if is_long else word_topic(topic, change)


def _label_noise(change: Change) -> str:
    """Where it is; all headers are one place."""
    return "headers" if change.label.startswith("headers") else change.label


def _name(recording: JudgedRecording) -> tuple[str, str]:
    labels = dict.fromkeys(_label_noise(change) for change in recording.changes if change.label)
    return f"{recording.key}  ({', '.join(labels)})" if labels else str(recording.key), ""
