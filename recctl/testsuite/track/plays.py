"""What a run played and what it missed: values, and the JSON that they are in a track file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from recctl.recordings.http import SentRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.recordings.recording import JSON

SAME, DIFFERENT, UNSEEN = "same", "different", "unseen"
RESULTS = (SAME, DIFFERENT, UNSEEN)
"""What may be known of a request that was sent, set against the one that was kept."""


@dataclass(frozen=True)
class Play:
    """A recording that was played, so many `times` and always alike, while a test ran.

    `path` is its file, from the root on, `number` which of the file's recordings it is, from 1 (None where
    that is not known). `test_id` is "" where the process was not one that runs tests. `result` is one of
    `RESULTS`; `reason` says why nothing was seen. `sent` is there for what is different, and `kept`, what the
    process had of the recording, where the file holds something else. `equalised` are JSON pointers into the
    request at which the test's own matchers make both sides equal.
    """

    path: str
    number: int | None
    test_id: str
    times: int
    result: str
    reason: str | None = None
    sent: SentRequest | None = None
    kept: SentRequest | None = None
    equalised: tuple[str, ...] = ()


@dataclass(frozen=True)
class Miss:
    """A request that found no recording, so many `times`.

    `cassette` is the file that was asked, from the root on; None where none is known. `reason` is the word of
    the recorder, `recorder` its format's name.
    """

    test_id: str
    cassette: str | None
    sent: SentRequest
    reason: str | None
    times: int
    recorder: str


_Counted = TypeVar("_Counted", Play, Miss)


def join_equal(items: Iterable[_Counted]) -> tuple[_Counted, ...]:
    """Plays or misses, sorted, with those that differ in nothing but their times as one."""
    times: Counter[tuple[object, ...]] = Counter()
    found: dict[tuple[object, ...], _Counted] = {}
    for item in items:
        key = _identify(item)
        times[key] += item.times
        found[key] = item
    ordered = sorted(found.items(), key=lambda entry: entry[0])
    return tuple(
        item if item.times == times[key] else replace(item, times=times[key]) for key, item in ordered
    )


def _identify(item: Play | Miss) -> tuple[object, ...]:
    """What makes an item the one that it is, in the order of a track file."""
    if isinstance(item, Play):
        place, told = (item.path, item.number or 0), (item.result, item.equalised)
        requests = [item.sent, item.kept] if item.sent or item.kept else []
    else:
        place, told = (item.cassette or "", int(item.cassette is not None)), (item.recorder, ())
        requests = [item.sent]
    written = (
        json.dumps([request and dump(request) for request in requests], sort_keys=True) if requests else ""
    )
    return *place, item.test_id, *told, item.reason is not None, item.reason or "", written


def dump(item: Play | Miss | SentRequest) -> dict[str, JSON]:
    """A value as JSON. What a file says of nothing is left out; `number` is called `index`, as everywhere."""
    document: dict[str, JSON] = {}
    kind: Any = type(item)
    for name in _list_fields(kind):
        value = getattr(item, name)
        if isinstance(value, SentRequest):
            value = dump(value)
        if value is not None and value != ():
            document["index" if name == "number" else name] = value
    return document


@cache
def _list_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def parse_play(value: Any) -> Play:
    """A play from its JSON. Raises ValueError for what is none."""
    return Play(
        path=_take(value, "path", str),
        number=_take_number(value, "index", required=False),
        test_id=_take(value, "test_id", str),
        times=_take_number(value, "times") or 1,
        result=RESULTS[RESULTS.index(_take(value, "result", str))],
        reason=_take(value, "reason", str, required=False),
        sent=_take_request(value, "sent"),
        kept=_take_request(value, "kept"),
        equalised=_take_texts(value, "equalised"),
    )


def parse_miss(value: Any) -> Miss:
    """A miss from its JSON. Raises ValueError for what is none."""
    sent = _take_request(value, "sent")
    if sent is None:
        raise ValueError("a miss of nothing")
    return Miss(
        test_id=_take(value, "test_id", str),
        cassette=_take(value, "cassette", str, required=False),
        sent=sent,
        reason=_take(value, "reason", str, required=False),
        times=_take_number(value, "times") or 1,
        recorder=_take(value, "recorder", str),
    )


def _take_request(value: Any, key: str) -> SentRequest | None:
    told = _take(value, key, dict, required=False)
    if told is None:
        return None
    return SentRequest(
        _take(told, "method", str), _take(told, "url", str), _take_texts(told, "headers"), told.get("body")
    )


def _take(value: Any, key: str, kind: type, *, required: bool = True) -> Any:
    if not isinstance(value, dict):
        raise ValueError("no object")
    found = value.get(key)
    if found is None and not required:
        return None
    if type(found) is not kind:
        raise ValueError(f"{key} is not as it should be")
    return found


def _take_number(value: Any, key: str, *, required: bool = True) -> int | None:
    """A count or a number from 1 on."""
    number: int | None = _take(value, key, int, required=required)
    if number is not None and not 1 <= number <= _LARGEST:
        raise ValueError(f"{key} is not as it should be")
    return number


_LARGEST = 10**9


def _take_texts(value: Any, key: str) -> tuple[str, ...]:
    texts = _take(value, key, list, required=False) or []
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{key} should be texts")
    return tuple(texts)
