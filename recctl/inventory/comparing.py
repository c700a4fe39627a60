"""What differs between what was sent and what is kept, and which of that a recorder sees."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from recctl.base.pointer import split_pointer
from recctl.diff import Change
from recctl.diff.sent import find_changes as compare
from recctl.diff.sent import find_kept
from recctl.inventory.answer import FieldChange
from recctl.naming.engine import find_wanted, identify
from recctl.recordings.formats import load_format
from recctl.recordings.http import SentRequest, find_endpoint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from recctl.inventory.query import Query
    from recctl.recordings.recording import JSON, Recording

_MOST_HASHED = 40
"""Of how many changes it is worked out whether a hash scheme makes them equal; each takes a hash."""


Mask = Callable[[SentRequest], SentRequest]
"""What takes secrets out of a request."""


def find_changes(recording: Recording, query: Query, mask: Mask) -> list[Change]:
    """What differs between a recording and what is known of a request.

    What is not known of it counts as equal. Where secrets are masked in it, `mask` does so on the other side.
    """
    test_id, kept = query.test_id, find_kept(recording)
    if query.is_masked:
        kept = mask(kept)
    changes = [*_compare_requests(recording, kept, query)]
    if (
        test_id is not None
        and recording.test_id != test_id
        and load_format(recording.format).is_named_by_hash
    ):
        changes.insert(0, Change("/test_id", "request", recording.test_id, test_id, "test id"))
    return changes


def _compare_requests(recording: Recording, kept: SentRequest, query: Query) -> Iterator[Change]:
    url = query.url
    if url is None and query.endpoint not in (None, recording.endpoint, find_endpoint(recording.url)):
        yield Change("/request/endpoint", "request", recording.endpoint, query.endpoint, "endpoint")
    sent = replace(
        kept,
        method=query.method or kept.method,
        url=kept.url if url is None else url,
        body=query.body if query.has_body else kept.body,
    )
    told = compare(recording, kept, sent)
    yield from told
    is_told = query.has_body or any(change.where == "/request/model" for change in told)
    if not is_told and query.model not in (None, recording.model):
        yield Change("/request/model", "request", recording.model, query.model, "model")


def judge_changes(recording: Recording, query: Query, changes: list[Change]) -> tuple[FieldChange, ...]:
    """The changes, each with what makes the recorder overlook it, if anything does."""
    if load_format(recording.format).is_named_by_hash:
        return tuple(_find_equalised(recording, changes))
    return tuple(_find_unmatched(recording, query, changes))


def _find_unmatched(recording: Recording, query: Query, changes: list[Change]) -> Iterator[FieldChange]:
    form = load_format(recording.format)
    matched = query.matched or (form.matching.parts if form.matching is not None else ())
    for change in changes:
        part = _find_part(change.where)
        is_seen = not matched or _is_matched(part, change, matched)
        yield FieldChange(change, None if is_seen else f"{recording.format} does not match the {part}")


def _find_part(where: str) -> str:
    """The part of a request, as matchers name them, that a pointer into it leads to."""
    step = split_pointer(where)[1] if where.startswith("/request/") else ""
    return {"endpoint": "url", "model": "url", "payload": "body", "kwargs": "body"}.get(step, step or "test")


_OF_URLS = ("scheme", "host", "port", "path", "query")


def _is_matched(part: str, change: Change, matched: Collection[str]) -> bool:
    """Whether matchers of these names see a change; a project's own are known by what their names hold."""
    if part == "url":
        if any(name in ("uri", "url") or name.startswith(("uri_", "url_")) for name in matched):
            return True
        differing = (
            find_differing_parts(change.left, change.right) if change.where == "/request/url" else _OF_URLS
        )
        return any(name in differing for name in matched)
    return any(part in name for name in matched)


def find_differing_parts(one: JSON, other: JSON) -> tuple[str, ...]:
    """In which parts two urls differ: scheme, host, port, path, query (in whatever order)."""
    try:
        left, right = urlsplit(str(one)), urlsplit(str(other))
        sides = [
            (
                each.scheme,
                each.hostname,
                each.port or _PORTS.get(each.scheme),
                each.path,
                _sort_query(each.query),
            )
            for each in (left, right)
        ]
    except ValueError:
        return () if one == other else _OF_URLS
    return tuple(name for name, a, b in zip(_OF_URLS, *sides, strict=True) if a != b)


_PORTS = {"https": 443, "http": 80}


def _sort_query(query: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))


_MOST_FIELDS = 1000


def _find_equalised(recording: Recording, changes: list[Change]) -> Iterator[FieldChange]:
    """The changes, each with the scheme that gives the same name all the same, were it the only one."""
    place = recording.source.place
    scheme = find_wanted(recording.format, recording.source.settings).scheme
    name = None if place is None else identify(recording, place, scheme).wanted
    for number, change in enumerate(changes):
        overlooked_by = None
        if name is not None and place is not None and number < _MOST_HASHED:
            document = _apply(recording.document, change)
            if document is not None:
                other = identify(recording.with_document(document), place, scheme).wanted
                overlooked_by = f"{scheme.name} makes it equal" if other == name else None
        yield FieldChange(change, overlooked_by)


def _apply(document: dict[str, JSON], change: Change) -> dict[str, JSON] | None:
    """A document with one change made; None where the place is not the same on both sides."""
    *steps, last = split_pointer(change.where)
    if change.places or not change.where:
        return None
    changed = deepcopy({key: value for key, value in document.items() if key != "response"})
    holder: JSON = changed
    try:
        for step in steps:
            holder = holder[int(step) if isinstance(holder, list) else step]
        if isinstance(holder, list):
            if change.left is None or change.right is None or holder[int(last)] != change.left:
                return None
            holder[int(last)] = change.right
        elif change.right is None:
            holder.pop(last, None)
        elif isinstance(holder, dict):
            holder[last] = change.right
        else:
            return None
    except (KeyError, IndexError, ValueError, TypeError, AttributeError):
        return None
    return {**changed, "response": document["response"]}
