"""Drift as GitHub's workflow commands: a job that prints them has each change shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.changes.text import describe_long
from recctl.render.drift import DriftView, has_lines, word_group, word_topic
from recctl.render.findings import word_with_hint
from recctl.render.findings.github import write_command
from recctl.render.kit.masking import mask_texts
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftGroup, DriftReport

_MOST_TESTS = 5


def render(report: DriftReport, view: DriftView) -> Iterator[str]:
    """A command for each group of changes, and one for each file that could not be looked at."""
    report = mask_texts(report, view.mask)
    for group in (*report.groups, *report.missed_groups):
        first = group.cases[0]
        path = first.recording.key.path if first.recording else first.missed and first.missed.cassette
        properties = {"file": view.from_top(path)} if path else {}
        text = view.mask("\n".join(_describe_group(group)))
        yield write_command("error", {**properties, "title": "recctl (drift)"}, text)
    for error in report.errors:
        yield write_command(
            "error", {"file": view.from_top(error.name), "title": "recctl"}, word_with_hint(error)
        )


def _describe_group(group: DriftGroup) -> Iterator[str]:
    yield word_group(group)
    for number, (topic, change) in enumerate(group.topics):
        if number:
            yield f"in the same: {word_topic(topic, change)}"
        if has_lines(topic, change):
            for told in describe_long(change.left, change.right, View()):
                yield "".join(span.text for span in told.spans)
    if group.remark:
        yield group.remark
    yield from group.tests[:_MOST_TESTS]
    if len(group.tests) > _MOST_TESTS:
        yield f"and {len(group.tests) - _MOST_TESTS:,} more"
