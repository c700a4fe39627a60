"""`recctl.prune.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.prune import PruneReport, PruneVerdict
    from recctl.render.kit.view import View


def render(report: PruneReport, _view: View) -> Iterator[str]:
    """Every recording that was asked about, whether it goes, and why."""
    document = {
        "version": "recctl.prune.v1",
        "files": [_file(verdict) for verdict in report.verdicts],
        "summary": {
            "examined": report.examined,
            "stale": len(report.stale),
            "protected": sum(verdict.protected is not None for verdict in report.verdicts),
            "bytes": report.stale_size,
        },
        "errors": [describe_error(error) for error in report.errors],
    }
    yield dump_document(document)


def _file(verdict: PruneVerdict) -> dict[str, Any]:
    return {
        "path": verdict.facts.path,
        "index": verdict.facts.number,
        "test_id": verdict.facts.test_id,
        "stale": verdict.stale,
        "grade": verdict.grade,
        "reason": verdict.reason,
        "protected": verdict.protected,
        "bytes": verdict.facts.size,
    }
