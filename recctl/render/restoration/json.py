"""JSON documents for scripts: `recctl.undo.v1` and `recctl.restore.v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.restore import Restoration
    from recctl.render.kit.view import View


def render(restoration: Restoration, _view: View) -> Iterator[str]:
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
