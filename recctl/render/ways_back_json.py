"""JSON documents for scripts: `recctl.undo.v1` and `recctl.restore.v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.as_json import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render import View
    from recctl.restore import Restoration


def render_runs(outcomes: Iterable[Outcome], view: View) -> Iterator[str]:  # noqa: ARG001  (the same in every view)
    """`recctl.undo.v1`."""
    runs = [
        {
            "run": run.run_id,
            "command": run.command,
            "time": run.time,
            "state": run.state,
            "paths": list(run.paths),
            "refused": [{"path": path, "reason": reason} for path, reason in run.refused],
        }
        for run in outcomes
    ]
    yield dump_document({"version": "recctl.undo.v1", "runs": runs, "errors": []})


render_undone = render_runs


def render_restoration(restoration: Restoration, view: View) -> Iterator[str]:  # noqa: ARG001
    """`recctl.restore.v1`."""
    files = [
        {
            "path": lost.path,
            "test_id": lost.test_id,
            "from": lost.origin,
            "bytes": lost.size,
            "status": lost.status,
            "reason": lost.reason,
        }
        for lost in restoration.files
    ]
    errors = [describe_error(error) for error in restoration.errors]
    yield dump_document({"version": "recctl.restore.v1", "files": files, "errors": errors})
