"""What a user wants done with recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.rehash.edits import Edits

if TYPE_CHECKING:
    from recctl.naming.engine import Scheme
    from recctl.naming.filters import Filter


NEWEST = "newest"
"""What stands for the newest of the recordings that want one name."""


class Orders(NamedTuple):
    """What a user wants done with recordings.

    `to` is the scheme to name them by (None: the one set for each, else the newest). What was replaced and
    what nothing explains gets another name only when it is `include`d, and so does what names no test, since
    no test looks for that name. Of recordings that want one name,
    `prefer` keeps the newest ("newest") or those at these paths; `merges` keeps one where replies agree.
    `filter` narrows it down, and `max_share` is how many percent of what was selected may change.
    """

    to: Scheme | None = None
    include_replaced: bool = False
    include_unexplained: bool = False
    include_without_test: bool = False
    edits: Edits = Edits()
    prefer: tuple[str, ...] = ()
    merges: bool = False
    filter: Filter | None = None
    max_share: int = 100
