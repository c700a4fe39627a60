"""`recctl.explain.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.rehash import Explained
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.naming.engine import Explanation
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.render.kit.view import View


def render(items: Iterable[Explained | LoadError | Unread], _view: View) -> Iterator[str]:
    """`recctl.explain.v1`."""
    files, errors = [], []
    for item in items:
        if isinstance(item, Explained):
            schemes = [_explanation(explanation) for explanation in item.explanations]
            files.append(
                {"path": item.key.path, "index": item.key.number, "schemes": schemes, "cause": item.cause}
            )
        else:
            errors.append(describe_error(item))
    yield dump_document({"version": "recctl.explain.v1", "files": files, "errors": errors})


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "scheme": explanation.scheme.name,
        "matches": explanation.matches,
        "names": list(explanation.names),
        "digest": explanation.digest,
        "text": explanation.text,
        "unjudged": explanation.unjudged,
    }
