"""What changed between two recordings, or between two sets of them."""

from recctl.compare.comparison import (
    REPLY_KINDS,
    Change,
    Comparison,
    Drift,
    Pair,
    Rename,
    SchemeChange,
    Side,
    Verdict,
)
from recctl.compare.recordings import compare_recordings, spare
from recctl.compare.scheme_changes import find_scheme_changes
from recctl.compare.sets import compare_outright, compare_sets, list_new

__all__ = [
    "REPLY_KINDS",
    "Change",
    "Comparison",
    "Drift",
    "Pair",
    "Rename",
    "SchemeChange",
    "Side",
    "Verdict",
    "compare_outright",
    "compare_recordings",
    "compare_sets",
    "find_scheme_changes",
    "list_new",
    "spare",
]
