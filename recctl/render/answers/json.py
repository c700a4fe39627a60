"""`recctl.find.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.answer import Answer, Findings, Nearby
    from recctl.inventory.query import Query
    from recctl.render.kit.view import View


def render(findings: Findings, view: View) -> Iterator[str]:  # noqa: ARG001  (JSON looks the same in every view)
    """All answers, whole."""
    found = sum(answer.is_found for answer in findings.answers)
    document = {
        "version": "recctl.find.v1",
        "answers": [_describe(answer) for answer in findings.answers],
        "summary": {
            "found": found,
            "not_found": len(findings.answers) - found,
            "recordings": findings.total,
        },
        "errors": [describe_error(error) for error in findings.errors],
    }
    yield dump_document(document)


def _describe(answer: Answer) -> dict[str, Any]:
    return {
        "query": _describe_query(answer.query),
        "found": answer.is_found,
        "cause": answer.cause.value,
        "message": answer.told or None,
        "expected": [*answer.expected],
        "recordings": [_describe_nearby(nearby) for nearby in answer.found],
        "nearest": [_describe_nearby(nearby) for nearby in answer.nearest],
        "since": None if answer.since is None else answer.since._asdict(),
        "command": answer.command,
    }


def _describe_query(query: Query) -> dict[str, Any]:
    return {
        "word": query.word,
        "hash": query.name,
        "test_id": query.test,
        "file": query.file,
        "method": query.method,
        "url": query.url,
        "endpoint": query.endpoint,
        "model": query.model,
        "recorder": query.recorder,
        "reason": query.reason,
        "line": query.line,
    }


def _describe_nearby(nearby: Nearby) -> dict[str, Any]:
    entry = nearby.entry
    return {
        "path": entry.key.path,
        "index": entry.key.number,
        "test_id": entry.test_id,
        "method": entry.method,
        "url": entry.url,
        "endpoint": entry.endpoint,
        "model": entry.model,
        "turn": entry.turn,
        "state": entry.state,
        "own": nearby.is_own,
        "compared": nearby.is_compared,
        "changes": [
            {**each.change._asdict(), "overlooked_by": each.overlooked_by} for each in nearby.changes
        ],
    }
