"""The recordings that are most like a request which found none."""

from __future__ import annotations

import re
from collections import defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from recctl.inventory.likeness import Likeness, measure_likeness, read_likeness
from recctl.recordings.http import find_endpoint
from recctl.recordings.recording import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.recordings.http import SentRequest
    from recctl.recordings.recording import Recording


class Comparable(Protocol):
    """What tells how much a recording is like a request: little of it, since there may be thousands."""

    @property
    def location(self) -> str:
        """Its file's path, from the root."""

    @property
    def test_id(self) -> str | None:
        """The id of its test, where that is known."""

    @property
    def method(self) -> str:
        """The method of its request."""

    @property
    def url(self) -> str:
        """Where that went."""

    @property
    def model(self) -> str | None:
        """Which model it asked."""


_Comparable = TypeVar("_Comparable", bound=Comparable)


class Candidate(NamedTuple):
    """A recording that may be near, for those who have no index."""

    key: Key
    location: str
    test_id: str | None
    method: str
    url: str
    model: str | None
    likeness: Likeness


def make_candidate(recording: Recording, location: str) -> Candidate:
    """What is to be known of a recording and its request."""
    from recctl.diff.sent import find_kept  # which those who have an index have no use for

    kept = find_kept(recording)
    return Candidate(
        key=Key(recording.source.name, recording.key.number),
        location=location,
        test_id=recording.test_id,
        method=kept.method,
        url=kept.url,
        model=recording.model if isinstance(recording.model, str) else None,
        likeness=read_likeness(kept.body),
    )


class Sought(NamedTuple):
    """What is known of a request for which there is no recording; None or "" where something is not.

    `location` is the file in which one was looked for, from the root; `endpoint` is the path of the url.
    """

    test_id: str = ""
    location: str | None = None
    method: str | None = None
    endpoint: str | None = None
    model: str | None = None
    likeness: Likeness | None = None
    url: str | None = None


def describe_sought(sent: SentRequest, test_id: str, location: str | None) -> Sought:
    """What is known of a request that was sent."""
    model = sent.body.get("model") if isinstance(sent.body, dict) else None
    return Sought(
        test_id=test_id,
        location=location,
        method=sent.method,
        endpoint=find_endpoint(sent.url),
        model=model if isinstance(model, str) else None,
        likeness=read_likeness(sent.body),
        url=sent.url,
    )


class Near(NamedTuple, Generic[_Comparable]):
    """A recording that is near; `is_own` says that it is of the file or the test that it was sought in."""

    recording: _Comparable
    is_own: bool


class Candidates(Generic[_Comparable]):
    """Recordings, one of which may be what a request should have found.

    `find_likeness` tells what is kept of the body of each.
    """

    def __init__(
        self, candidates: Iterable[_Comparable], find_likeness: Callable[[_Comparable], Likeness]
    ) -> None:
        self._all: list[_Comparable] = [*candidates]
        self._find_likeness = find_likeness
        self._by_location: defaultdict[str, list[_Comparable]] = defaultdict(list)
        self._by_test: defaultdict[str, list[_Comparable]] = defaultdict(list)
        self._by_endpoint: defaultdict[str, list[_Comparable]] = defaultdict(list)
        for each in self._all:
            self._by_location[each.location].append(each)
            self._by_endpoint[find_endpoint(each.url)].append(each)
            if each.test_id is not None:
                self._by_test[each.test_id].append(each)

    def find(self, sought: Sought, most: int = 1) -> list[Near[_Comparable]]:
        """The nearest ones, up to `most`: of the file in which it was sought, else of the test, else of all.

        Those that are not near are left out: they neither went to the same endpoint, nor asked much the same.
        """
        for group, is_own in self._list_groups(sought):
            ranked = ((self._rank(each, sought), each) for each in group)
            best = nlargest(most, ranked, key=lambda pair: pair[0])
            found = [Near(each, is_own) for rank, each in best if rank.is_near]
            if found:
                return found
        return []

    def _list_groups(self, sought: Sought) -> Iterator[tuple[list[_Comparable], bool]]:
        if sought.location is not None:
            yield self._by_location.get(sought.location, []), True
        if sought.test_id:
            yield self._by_test.get(sought.test_id, []), True
        if sought.endpoint is not None:
            yield self._by_endpoint.get(sought.endpoint, []), False
        yield self._all, False

    def _rank(self, each: _Comparable, sought: Sought) -> _Rank:
        wanted = sought.likeness
        return _Rank(
            has_endpoint=sought.endpoint is not None and find_endpoint(each.url) == sought.endpoint,
            has_method=sought.method is None or each.method == sought.method,
            has_model=sought.model is not None and each.model == sought.model,
            likeness=0.0 if wanted is None else measure_likeness(self._find_likeness(each), wanted),
            steps=0.0 if sought.url is None else _overlap(_split(each.url), _split(sought.url)),
            is_of_function=bool(sought.test_id) and _strip(each.test_id or "") == _strip(sought.test_id),
        )


class _Rank(NamedTuple):
    """How near a recording is, the larger the nearer."""

    has_endpoint: bool
    has_method: bool
    has_model: bool
    likeness: float
    steps: float
    is_of_function: bool

    @property
    def is_near(self) -> bool:
        return (self.has_endpoint and self.has_method) or self.likeness >= _NEAR


_NEAR = 0.5
"""How much two requests to different endpoints have in common that are much the same."""


def _split(url: str) -> frozenset[str]:
    """The parts of a url: what stands between slashes, and the like."""
    return frozenset(re.split(r"[/?&=:]+", url))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _strip(test_id: str) -> str:
    """A test's id without its parameters."""
    return test_id.partition("[")[0]
