"""Whether recordings still match what the code sends: what a run played, against what is kept."""

from __future__ import annotations

from recctl.drift.examine import examine_drift
from recctl.drift.groups import DriftCase, DriftGroup, DriftTopic
from recctl.drift.outcomes import DriftStatus, JudgedRecording, MissedRequest
from recctl.drift.report import DriftReport

__all__ = [
    "DriftCase",
    "DriftGroup",
    "DriftReport",
    "DriftStatus",
    "DriftTopic",
    "JudgedRecording",
    "MissedRequest",
    "examine_drift",
]
