"""`recctl.drift.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.drift import DriftStatus
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftGroup, DriftReport, JudgedRecording, MissedRequest
    from recctl.recordings.recording import Key
    from recctl.render.drift import DriftView


def render(report: DriftReport, _view: DriftView) -> Iterator[str]:
    """What became of every recording that was asked about, what was missed, and each change once."""
    document = {
        "version": "recctl.drift.v1",
        "complete": report.incomplete is None,
        "reason": report.incomplete,
        "recorders": list(report.recorders),
        "recordings": [_describe(recording) for recording in report.recordings],
        "missed": [_describe_missed(miss) for miss in report.missed],
        "groups": [_describe_group(group) for group in (*report.groups, *report.missed_groups)],
        "summary": {
            **{status.value: len(report.select(status)) for status in DriftStatus},
            "missed": len(report.missed),
            "known": report.known,
            "gone": report.gone,
        },
        "remarks": list(report.remarks),
        "errors": [describe_error(error) for error in report.errors],
    }
    yield dump_document(document)


def _describe(recording: JudgedRecording) -> dict[str, Any]:
    return {
        "path": recording.key.path,
        "index": recording.key.number,
        "test_id": recording.test_id,
        "tests": list(recording.tests),
        "status": recording.status.value,
        "reason": recording.reason,
        "times": recording.times,
        "known": recording.is_known,
        "changes": [change._asdict() for change in recording.changes],
    }


def _describe_missed(miss: MissedRequest) -> dict[str, Any]:
    return {
        "test_id": miss.test_id or None,
        "method": miss.method,
        "url": miss.url,
        "times": miss.times,
        "recorder": miss.recorder,
        "cassette": miss.cassette,
        "reason": miss.reason,
        "known": miss.is_known,
        "nearest": miss.nearest and _describe_key(miss.nearest),
        "changes": [change._asdict() for change in miss.changes],
    }


def _describe_group(group: DriftGroup) -> dict[str, Any]:
    recordings = [case.recording.key for case in group.cases if case.recording is not None]
    return {
        "changes": [{"headline": topic.spell(), **change._asdict()} for topic, change in group.topics],
        "reason": group.remark,
        "tests": list(group.tests),
        "recordings": [_describe_key(key) for key in recordings],
        "missed": sum(case.missed is not None for case in group.cases),
    }


def _describe_key(key: Key) -> dict[str, Any]:
    return {"path": key.path, "index": key.number}
