"""`recctl.undo.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.documents import dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.changes.journal import Outcome
    from recctl.render.kit.view import View


def render(outcomes: Iterable[Outcome], _view: View) -> Iterator[str]:
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
