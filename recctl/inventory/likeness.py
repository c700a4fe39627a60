"""How much two requests are alike, told from a few hundred bytes for each.

What is kept of a request are numbers: those of the parts of its body (each parameter, each message and line
of it, each tool), and those of its words; of many, the smallest. Two requests are as much alike as these sets
have in common. Where there are few numbers, that is exact; else it is the estimate that the smallest ones
give (A. Broder, On the resemblance and containment of documents, 1997).
"""

from __future__ import annotations

import json
import re
import struct
from heapq import nsmallest
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from recctl.base.digests import blake2b
from recctl.diff.differences import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON


class Likeness(NamedTuple):
    """The numbers of a request's parts, and some of those of its words."""

    parts: frozenset[int] = frozenset()
    words: frozenset[int] = frozenset()

    def dump(self) -> str:
        """The same as text: eight digits for each number, parts and words parted by a space."""
        return " ".join(struct.pack(f"<{len(part)}I", *sorted(part)).hex() for part in self)


def restore_likeness(text: str) -> Likeness:
    """What `dump` made a text of. Raises ValueError for other texts."""
    parts, words = (bytes.fromhex(part) for part in text.split(" "))
    return Likeness(*(frozenset(struct.unpack(f"<{len(part) // 4}I", part)) for part in (parts, words)))


def read_likeness(body: JSON) -> Likeness:
    """What is kept of the body of a request; of a long one, its words are those at its ends."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if len(text) > 2 * _KEPT:
        text = text[:_KEPT] + text[-_KEPT:]
    parts = {crc32(part) for part in _list_parts(body)} if isinstance(body, dict) else ()
    words = {crc32(word.encode("utf-8", "surrogatepass")) for word in _WORD.findall(text)}
    return Likeness(frozenset(nsmallest(_PARTS, parts)), frozenset(nsmallest(_WORDS, words)))


_WORD = re.compile(r"\w+|[^\w\s]+")
_KEPT = 5000
_PARTS, _WORDS = 64, 96
"""How many numbers are kept of each kind."""


def _list_parts(body: dict[str, JSON]) -> Iterator[bytes]:
    """Each key of a body with its value; of a list or an object, each thing in it, and its lines."""
    for key, value in body.items():
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            inner = [(key, item) for item in value]
        elif isinstance(value, dict):
            inner = [(f"{key}.{name}", item) for name, item in value.items()]
        else:
            inner = [(key, value)]
        yield from (
            b"%b=%b" % (name.encode("utf-8", "surrogatepass"), canonical(item)) for name, item in inner
        )


def digest_body(body: JSON) -> str:
    """What only equal bodies of requests have in common."""
    return blake2b(canonical(body), digest_size=8).hexdigest()


def measure_likeness(one: Likeness, other: Likeness) -> float:
    """How much two requests are alike, from 0 to 1."""
    parts = _overlap(one.parts, other.parts, _PARTS)
    words = _overlap(one.words, other.words, _WORDS)
    return (parts + words) / 2 if one.parts and other.parts else words


def _overlap(one: frozenset[int], other: frozenset[int], most: int) -> float:
    """How much of two sets is in both, of which the smallest numbers are kept, up to so many."""
    if not one or not other:
        return 1.0 if not (one or other) else 0.0
    if len(one) < most and len(other) < most:
        return len(one & other) / len(one | other)
    known = frozenset(nsmallest(most, one | other))
    return len(one & other & known) / len(known)
