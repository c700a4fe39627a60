"""What changed between two recordings, or between two sets of them.

What is named here is imported when it is used: where nothing changed, most of it never is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.diff.comparison import (
        REPLY_KINDS,
        Change,
        ComparedPair,
        ComparedSide,
        Comparison,
        FoundRename,
        PairVerdict,
        SchemeChange,
        SharedChange,
    )
    from recctl.diff.recordings import compare_recordings, spare
    from recctl.diff.scheme_changes import find_scheme_changes
    from recctl.diff.sets import compare_outright, compare_sets, list_new

__all__ = [
    "REPLY_KINDS",
    "Change",
    "ComparedPair",
    "ComparedSide",
    "Comparison",
    "FoundRename",
    "PairVerdict",
    "SchemeChange",
    "SharedChange",
    "compare_outright",
    "compare_recordings",
    "compare_sets",
    "find_scheme_changes",
    "list_new",
    "spare",
]

_PLACES = {
    "compare_outright": "sets",
    "compare_recordings": "recordings",
    "compare_sets": "sets",
    "find_scheme_changes": "scheme_changes",
    "list_new": "sets",
    "spare": "recordings",
}
"""The modules of what is no value of `comparison`."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES.get(name, 'comparison')}"), name)
