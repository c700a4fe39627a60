"""What differs from one recording of a request to the next although the reply is the same."""

from __future__ import annotations

import re
from math import isclose, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from recctl.diff.comparison import Change
    from recctl.recordings.recording import JSON
    from recctl.wire import Exchange

TOLERANCE = 1e-5
"""By how much two numbers of a reply may differ, in relation to the larger one, and be the same.

Vectors are computed in 32-bit floats (7 digits), added up in an order that depends on the machine's load, and
written with 5 to 17 digits: the same text embedded twice differs from about the sixth digit on.
"""

NEAR = 1e-6
"""Below which cosine distance two vectors are the same: embedding models of servers under load differ by some
1e-8 from run to run, a word's synonym by some 1e-1.
"""


def find_noise(*exchanges: Exchange) -> frozenset[str]:
    """The keys of replies whose differences are only counted; a configuration's `noise` adds to them.

    They are those of the protocols. Noise are also the ids of tool calls, the order of parallel ones and how
    their arguments are written; how a stream is cut into chunks; log probabilities (their numbers, not that
    there are any); the model that replied, where another one was asked; headers of requests, the versions of
    the recorder's libraries (`provider_metadata`) and the way a file is written.
    """
    return frozenset().union(*(exchange.noise for exchange in exchanges))


def is_known_noise(where: str, noise: Collection[str]) -> bool:
    """Whether a JSON pointer into a reply leads to, or through, one of these keys."""
    return any(step in noise for step in where.split("/"))


def is_made_from_name(change: Change) -> bool:
    """Whether nothing changed but the id that the recorder makes from a recording's name.

    `recctl rehash` carries it along, so it is no sign of another reply.
    """
    ids = change.left, change.right
    return change.where == "/response/id" and all(isinstance(id_, str) and _MADE.match(id_) for id_ in ids)


_MADE = re.compile(r"rec-[0-9a-f]{12}\Z")


def is_nothing_but_noise(left: JSON, right: JSON, noise: Collection[str]) -> bool:
    """Whether a value that is there on one side alone holds nothing but what is noise by its keys."""
    value = right if left is None else left if right is None else None
    if not isinstance(value, dict):
        return False
    return all(key in noise or is_nothing_but_noise(None, inner, noise) for key, inner in value.items())


def is_configured_noise(where: str, noise: Collection[str]) -> bool:
    """Whether a configuration's keys and JSON pointers cover a JSON pointer."""
    steps = where.split("/")
    return any(
        where == word or where.startswith(f"{word}/") if word.startswith("/") else word in steps
        for word in noise
    )


def is_same_number(left: JSON, right: JSON) -> bool:
    """Whether two values are numbers that differ by no more than numbers of replies do."""
    types = {type(left), type(right)}
    if not (float in types and types <= {int, float}):
        return False
    try:
        return isclose(left, right, rel_tol=TOLERANCE)
    except OverflowError:  # an integer that no float can hold
        return False


def is_same_vector(left: list[float], right: list[float]) -> bool:
    """Whether two vectors are the same but for what computing one twice changes."""
    if len(left) != len(right):
        return False
    try:
        allowed = TOLERANCE * max(map(abs, (*left, *right)), default=0)
        close = (abs(one - other) <= allowed for one, other in zip(left, right, strict=True))
        return isfinite(allowed) and all(close)
    except OverflowError:  # as above
        return False


def measure_distance(left: list[float], right: list[float]) -> float | None:
    """The cosine distance of two vectors: 0 for the same direction, 2 for the opposite one.

    None when they have different dimensions or one of them is zero.
    """
    if len(left) != len(right):
        return None
    try:
        lengths = sum(number * number for number in left) * sum(number * number for number in right)
        product = sum(one * other for one, other in zip(left, right, strict=True))
        cosine = product / lengths**0.5
    except (ZeroDivisionError, OverflowError):
        return None
    return float(f"{max(0.0, 1 - cosine):.3g}") if isfinite(cosine) else None
