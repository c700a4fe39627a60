"""Whether a file that was changed says what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.recordings.bodies import is_described
from recctl.recordings.recording import JSON, Recording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recctl.recordings.recording import LoadError


def says(
    after: Sequence[Recording | LoadError],
    before: Sequence[Recording | LoadError],
    changes: Mapping[int, dict[str, JSON] | None],
) -> bool:
    """Whether a file that was read as `before`, and now as `after`, has changed as it should, and only so.

    `changes` are the documents that recordings, by index, have become, None for those that have gone.
    """
    meant: list[Any] = []
    for index, item in enumerate(before):
        document = changes.get(index, item.document if isinstance(item, Recording) else item.message)
        if document is not None:
            meant.append(strip_derived(document))
    said = [strip_derived(item.document) if isinstance(item, Recording) else item.message for item in after]
    return said == meant


def strip_derived(document: Any) -> Any:
    """A document without what is not stored, but derived from the rest of it."""
    if not isinstance(document, dict):
        return document
    sides = {}
    for side in ("request", "response"):
        sides[side] = {key: value for key, value in document[side].items() if key not in _DERIVED}
        body = document[side]["body"]
        if is_described(body):
            sides[side]["body"] = body["bytes"]  # a header tells the type
    return sides


_DERIVED = {"endpoint", "model", "is_streaming"}
