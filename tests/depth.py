"""How much of what takes long a run of the tests looks at: all of it where `CI` is set, else a part of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

_Item = TypeVar("_Item")

IS_WHOLE = bool(os.environ.get("CI"))
"""Whether all is looked at."""

EXAMPLES = 100 if IS_WHOLE else 10
"""How many examples Hypothesis draws for a test."""


def take(items: Iterable[_Item], *, every: int) -> list[_Item]:
    """All items, or one of every so many: the first of them, so that there is always one."""
    return [*items][:: 1 if IS_WHOLE else every]
