"""JSON documents for scripts. Their shapes are promises: a change to one is a change to its version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


def dump_document(document: Any) -> str:
    """A document as every command writes it."""
    return json.dumps(document, indent=2) + "\n"


def describe_error(error: LoadError | Unread) -> dict[str, str]:
    """A file that could not be looked at, or holds no recording, as every document tells it."""
    return {"path": error.name, "message": error.message}
