"""`recctl.threads.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.threads import Threads, ThreadTurn
    from recctl.render.kit.view import View


def render(threads: Threads, _view: View) -> Iterator[str]:
    """Each test with its turns; `after` is the place, from 1, of the turn that one goes on from."""
    yield dump_document(
        {
            "version": "recctl.threads.v1",
            "threads": [
                {"test_id": thread.test_id, "turns": [*map(_describe, thread.turns)]}
                for thread in threads.threads
            ],
            "errors": [describe_error(error) for error in threads.errors],
        }
    )


def _describe(turn: ThreadTurn) -> dict[str, Any]:
    recording = turn.exchange.recording
    asked, answered = turn.exchange.read_lines()
    return {
        "path": recording.source.name,
        "index": recording.key.number,
        "after": None if turn.parent is None else turn.parent + 1,
        "added": len(turn.added),
        "asked": asked or None,
        "answered": answered or None,
    }
