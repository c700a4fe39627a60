"""JSON documents for scripts: `recctl.rehash.v1` and `recctl.explain.v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.naming.facts import NameStatus
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.rehash import RehashedRecording, RehashReport
    from recctl.rehash.collisions import Collision
    from recctl.render.kit.view import View


MOST_RIVALS = 100
"""How many others that want its name a recording names; all are told once, in a collision's `members`."""


def render(report: RehashReport, _view: View) -> Iterator[str]:
    """`recctl.rehash.v1`."""
    outdated = [entry.facts for entry in report.entries if entry.facts.status is NameStatus.OUTDATED]
    stranded = sum(facts.is_stranded for facts in outdated)
    counts = {status.value: report.count(status) for status in NameStatus}
    yield dump_document(
        {
            "version": "recctl.rehash.v1",
            "files": [_file(entry) for entry in report.entries],
            "summary": {
                **counts,
                "conflicts": len(report.contested),
                "replaced": len(outdated) - stranded,
                "stranded": stranded,
            },
            "collisions": [_collision(collision) for collision in report.collisions],
            "deleted": list(report.deleted),
            "applied": report.is_applied,
            "run": report.run_id,
            "errors": [describe_error(error) for error in report.errors],
        }
    )


def _file(entry: RehashedRecording) -> dict[str, Any]:
    facts = entry.facts
    return {
        "path": facts.path,
        "index": facts.number,
        "test_id": facts.test_id,
        "schemes": list(facts.identity.schemes),
        "status": facts.status.value,
        "to": facts.scheme,
        "new_path": entry.new_path,
        "replaced_by": facts.replaced_by,
        "conflicts_with": list(facts.conflicts_with[:MOST_RIVALS]),
        "reason": entry.reason,
        "action": entry.action,
        "remark": entry.remark,
        "changes": list(entry.changes),
        "copies": list(entry.copies),
    }


def _collision(collision: Collision) -> dict[str, Any]:
    return {
        "wanted": collision.wanted,
        "members": [{"path": member.path, "difference": member.difference} for member in collision.members],
        "kept": collision.kept.path if collision.kept else None,
        "why": collision.why,
    }
