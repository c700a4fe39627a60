"""The recording that is most like a request which found none."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from recctl.recordings.http import find_endpoint
from recctl.recordings.recording import Key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.recordings.recording import JSON, Recording
    from recctl.testsuite.track import Miss, SentRequest


class Candidate(NamedTuple):
    """What tells how much a recording is like a request: little of it, since there may be thousands.

    `path` is its file's, from the root; `words` are those of what is asked.
    """

    key: Key
    path: str
    test_id: str | None
    method: str
    endpoint: str
    model: str | None
    words: frozenset[int]


def make_candidate(recording: Recording, path: str, kept: SentRequest) -> Candidate:
    """What is to be known of a recording and its request."""
    return Candidate(
        key=Key(recording.source.name, recording.key.number),
        path=path,
        test_id=recording.test_id,
        method=kept.method,
        endpoint=find_endpoint(kept.url),
        model=recording.model if isinstance(recording.model, str) else None,
        words=_read_words(kept.body),
    )


class Candidates:
    """Recordings, one of which may be what a request should have found."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_path: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._by_test: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._by_endpoint: defaultdict[str, list[Candidate]] = defaultdict(list)
        for each in candidates:
            self._by_path[each.path].append(each)
            self._by_endpoint[each.endpoint].append(each)
            if each.test_id is not None:
                self._by_test[each.test_id].append(each)

    def find(self, miss: Miss) -> tuple[Candidate | None, bool]:
        """The nearest one: of the cassette in which it was looked for, else of the test, else of all.

        None where none is near: none went to the same endpoint, or asked much the same. Also whether it is
        the test's own, which the request may well have been meant for.
        """
        sent = miss.sent
        endpoint = find_endpoint(sent.url)
        model = sent.body.get("model") if isinstance(sent.body, dict) else None
        words = _read_words(sent.body)

        def rank(each: Candidate) -> tuple[bool, bool, bool, float]:
            return (
                each.endpoint == endpoint,
                each.method == sent.method,
                each.model == model,
                _overlap(each.words, words),
            )

        for candidates, is_own in (
            (self._by_path.get(miss.cassette or "", ()), True),
            (self._by_test.get(miss.test_id, ()), True),
            (self._by_endpoint.get(endpoint, ()), False),
        ):
            best = max(candidates, key=rank, default=None)
            if best is not None and (rank(best)[:2] == (True, True) or rank(best)[-1] >= _NEAR):
                return best, is_own
        return None, False


_NEAR = 0.5
"""How many of their words two requests to different endpoints share that are much the same."""


def _overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """How much two sets share, from 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _read_words(body: JSON) -> frozenset[int]:
    """The words of a body, as numbers, with what stands at them; of a long one, of how it begins and ends."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if len(text) > 2 * _KEPT:
        text = text[:_KEPT] + text[-_KEPT:]
    return frozenset(crc32(word.encode("utf-8", "surrogatepass")) for word in _WORD.findall(text))


_WORD = re.compile(r"\w+|[^\w\s]+")
_KEPT = 5000
