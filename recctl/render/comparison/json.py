"""`recctl.diff.v1`, for scripts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from recctl.diff import PairVerdict
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.diff import ComparedPair, Comparison
    from recctl.render.comparison import ComparisonView


def render(comparison: Comparison, _view: ComparisonView) -> Iterator[str]:
    """The whole document."""
    counted = Counter(pair.verdict for pair in comparison.pairs)
    counted[PairVerdict.IDENTICAL] += comparison.identical
    document = {
        "version": "recctl.diff.v1",
        "pairs": [_describe(pair) for pair in comparison.pairs],
        "summary": {
            **{verdict.value: counted[verdict] for verdict in PairVerdict},
            "identical_files": comparison.identical_files,
        },
        "scheme_changes": [change._asdict() for change in comparison.scheme_changes],
        "errors": [describe_error(error) for error in comparison.errors + comparison.past_errors],
    }
    yield dump_document(document)


def _describe(pair: ComparedPair) -> dict[str, Any]:
    return {
        "left": pair.left and pair.left.name,
        "right": pair.right and pair.right.name,
        "verdict": pair.verdict.value,
        "request": pair.request,
        "reply": pair.reply,
        "name": pair.name,
        "paired_by": pair.paired_by,
        "superseded": pair.superseded,
        "follows": pair.follows and {"from": pair.follows.old, "to": pair.follows.new},
        "asked": pair.asked or None,
        "answered": pair.answered or None,
        "changes": [change._asdict() for change in pair.changes],
    }
