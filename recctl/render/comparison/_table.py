"""What became of recordings, counted by test file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from recctl.diff import PairVerdict
from recctl.render.kit.count_table import Table, find_file, make_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.diff import ComparedPair


class RecordingFate(StrEnum):
    """What became of a recording, as the columns of the table have it, in their order."""

    AGAIN = "re-recorded"
    REWORDED = "reworded"
    TOOLS = "tools"
    FAILED = "failed"
    ENDED = "ended"
    MODELS = "models"
    REQUEST = "request only"
    FOLLOWED = "followed"
    MOVED = "moved"
    NOISE = "noise"
    ADDED = "added"
    REMOVED = "removed"


_FATES = {
    PairVerdict.ERROR: RecordingFate.FAILED,
    PairVerdict.TOOL_CALLS: RecordingFate.TOOLS,
    PairVerdict.FINISH_REASON: RecordingFate.ENDED,
    PairVerdict.WORDING: RecordingFate.REWORDED,
    PairVerdict.MODELS: RecordingFate.MODELS,
    PairVerdict.REQUEST: RecordingFate.REQUEST,
    PairVerdict.NOISE: RecordingFate.NOISE,
    PairVerdict.IDENTICAL: RecordingFate.MOVED,
    PairVerdict.ADDED: RecordingFate.ADDED,
    PairVerdict.REMOVED: RecordingFate.REMOVED,
}


def find_fate(pair: ComparedPair) -> RecordingFate:
    """What became of a recording: its verdict, unless it was made again as another one, or only renamed."""
    if pair.is_made_again:
        return RecordingFate.AGAIN
    is_renamed = all(pair.is_renaming(change) for change in pair.changes if change.kind == "request")
    if pair.verdict is PairVerdict.REQUEST and pair.follows and is_renamed:
        return RecordingFate.FOLLOWED
    return _FATES[pair.verdict]


def count_by_file(pairs: Iterable[ComparedPair], most: int | None = None) -> Table:
    """The table of a comparison; rows beyond `most` are added up in a last one."""
    return make_table(((_find_file(pair), find_fate(pair)) for pair in pairs), RecordingFate, most)


def _find_file(pair: ComparedPair) -> str:
    side = pair.right or pair.left
    assert side is not None  # noqa: S101  (a pair has at least one side)
    return find_file(side.test_id, side.name)
