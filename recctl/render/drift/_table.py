"""What became of recordings in a run, counted by test file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from recctl.render.kit.count_table import Table, find_file, make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.drift import DriftReport


class DriftColumn(StrEnum):
    """The columns of the table, in their order."""

    DRIFTED = "drifted"
    MISSED = "missed"
    KNOWN = "known"
    NOISE = "noise"
    SAME = "same"
    UNPLAYED = "unplayed"
    IDLE = "idle"
    UNOPENED = "unopened"
    UNSEEN = "unseen"


def count_drift(report: DriftReport, most: int | None = None) -> Table:
    """The table of a report; rows beyond `most` are added up in a last one."""
    return make_table(_list_cells(report), DriftColumn, most)


def _list_cells(report: DriftReport) -> Iterator[tuple[str, DriftColumn]]:
    for recording in report.recordings:
        column = DriftColumn.KNOWN if recording.is_known else DriftColumn(recording.status)
        test_id = recording.test_id or next(iter(recording.tests), None)
        yield find_file(test_id, recording.key.path), column
    for miss in report.missed:
        column = DriftColumn.KNOWN if miss.is_known else DriftColumn.MISSED
        yield find_file(miss.test_id or None, miss.cassette or ""), column
