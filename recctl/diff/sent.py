"""A request as it was sent, set against a recording: what differs, and what of that is noise."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from recctl.diff import Change
from recctl.diff.renamed_entries import join_renamed
from recctl.diff.request import compare_requests
from recctl.diff.sent_noise import sift_noise
from recctl.diff.spelling import spell_alike
from recctl.recordings.bodies import is_described
from recctl.recordings.compression import Room
from recctl.recordings.http import HttpMessage, SentRequest, find_endpoint, find_header, make_document
from recctl.recordings.recording import ASKED_KEYS
from recctl.wire import find_form

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from recctl.recordings.recording import JSON, Recording
    from recctl.wire import RequestForm


def find_kept(recording: Recording) -> SentRequest:
    """The request of a recording, as one that was sent. One to a tool has the tool's name for a url."""
    request = recording.request
    method, headers = request.get("method"), request.get("headers")
    tool = f"{request.get('provider')}.{request['tool_name']}" if "tool_name" in request else ""
    return SentRequest(
        method=method if isinstance(method, str) else "POST",
        url=recording.url or tool,
        headers=tuple(headers) if isinstance(headers, dict) else (),
        body=request.get(_find_body(recording)),
    )


def find_changes(
    recording: Recording,
    kept: SentRequest,
    sent: SentRequest,
    equalised: Collection[str] = (),
    days: Collection[str] = (),
) -> tuple[Change, ...]:
    """What differs between a request as kept, of a recording, and as sent; noise is of that kind.

    `equalised` are JSON pointers into the request, such as `/body/model`, below which the test's own matchers
    make all equal, `days` those on which it was sent, as 2026-12-01. Noise are these, what the configuration
    calls so, ids that others have taken the place of, seeds, times, user agents, headers and how a body is
    written.
    """
    if isinstance(kept.body, str) and isinstance(sent.body, (dict, list)):
        kept = replace(kept, body=_close_brackets(kept.body))
    left, right = _put_in(recording, kept), _put_in(recording, sent)
    every = [*compare_requests(left, right)]
    if not every:
        return ()
    form, configured = find_form(left).join(find_form(right)), recording.source.settings.noise
    left = _spell_alike(left, right, form)
    changes = [*map(_write_alike, compare_requests(left, right))]
    found = join_renamed(_leave_out_derived(changes), form)
    found += _find_spelled(every, changes)
    if form.is_made_anew and is_described(kept.body) and is_described(sent.body):
        found = [
            change._replace(kind="noise") if change.where.startswith(_BODY) else change for change in found
        ]
    sifted = sift_noise(
        found, left.request, right.request, form, equalised=equalised, configured=configured, days=days
    )
    return tuple(sifted)


_BODY = "/request/body"


def describe_unreadable(recording: Recording, kept: SentRequest, sent: SentRequest) -> Change | None:
    """That two bodies which are no texts differ, where that is known, but nobody can tell in what.

    Those of several parts always do, as what parts them is drawn anew for each, and those of spans do.
    """
    content_type = find_header(recording.request.get("headers"), "content-type")
    if not (is_described(kept.body) and is_described(sent.body)) or content_type.startswith("multipart/"):
        return None
    if find_form(recording).is_made_anew:
        return None
    return Change(_BODY, "request", kept.body, sent.body, "body")


def _find_body(recording: Recording) -> str:
    return next((key for key in ASKED_KEYS if key in recording.request), "body")


def _put_in(recording: Recording, sent: SentRequest) -> Recording:
    """The recording as it would be of that request."""
    old, key = recording.request, _find_body(recording)
    content_type = find_header(old.get("headers"), "content-type")
    message = HttpMessage({"content-type": content_type}, sent.body)
    room = Room(recording.source.settings.max_size)
    made = make_document(sent.method, sent.url, message, None, HttpMessage({}, None), room=room)
    request: dict[str, JSON] = made["request"]
    body = request["body"]
    if is_described(body):
        body = {**body, "type": content_type.partition(";")[0] or body["type"]}
    new = {**old, "url": sent.url, key: None if body == "" else body}
    if "method" in old:
        new["method"] = sent.method
    if "headers" in old:
        new["headers"] = sorted({name.lower() for name in sent.headers})
    if old.get("endpoint") == find_endpoint(recording.url):
        new |= {"endpoint": request["endpoint"], "model": request["model"]}
    elif "model" in old and isinstance(body, dict):
        new["model"] = body.get("model", old["model"])
    return recording.with_document({**recording.document, "request": new})


def _spell_alike(left: Recording, right: Recording, form: RequestForm) -> Recording:
    """The left one of two recordings, with its body written as the other's where both ask the same."""
    key = _find_body(left)
    kept, sent = left.request.get(key), right.request.get(key)
    if not (isinstance(kept, dict) and isinstance(sent, dict)):
        return left
    try:
        spelled = spell_alike(kept, sent, form)
    except RecursionError:  # what nests so deeply is compared as it is
        return left
    return left.with_document({**left.document, "request": {**left.request, key: spelled}})


def _close_brackets(text: str) -> JSON:
    """The JSON of a text that lacks nothing but brackets at its end, as some lose when edited by hand.

    Any other text is given back.
    """
    open_brackets: list[str] = []
    for bracket in _OUTSIDE_TEXTS.findall(text):
        if bracket in _CLOSING:
            open_brackets.append(_CLOSING[bracket])
        elif bracket in "}]" and (not open_brackets or open_brackets.pop() != bracket):
            return text
    try:
        return json.loads(text + "".join(reversed(open_brackets))) if open_brackets else text
    except ValueError:
        return text


_CLOSING = {"{": "}", "[": "]"}
_OUTSIDE_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[][{}]', re.DOTALL)
"""Texts in JSON, so that what is in them is passed over, and brackets."""


def _find_spelled(every: list[Change], told: list[Change]) -> Iterator[Change]:
    """The changes that are only of how things are written, as noise: nothing is told of their places."""
    places = {change.where for change in told}
    holders = {holder for place in places for holder in _list_holders(place)}
    for change in every:
        if change.where not in holders and places.isdisjoint(_list_holders(change.where)):
            yield change._replace(kind="noise")


def _list_holders(place: str) -> Iterator[str]:
    """A place, and what it stands in, outwards."""
    while place:
        yield place
        place = place.rpartition("/")[0]


def _write_alike(change: Change) -> Change:
    """A change of a body that is kept as text, such as damaged JSON, with what was sent as text too.

    Then the words that differ are told, and not two bodies in whole.
    """
    is_text = change.where == _BODY and isinstance(change.left, str)
    if is_text and isinstance(change.right, (dict, list)):
        return change._replace(right=json.dumps(change.right, ensure_ascii=False))
    return change


def _leave_out_derived(changes: list[Change]) -> Iterator[Change]:
    """The changes without those of the endpoint and the model that the url tells again, or the other way."""
    by_place = {change.where: change for change in changes}
    url, model = by_place.get("/request/url"), by_place.get("/request/model")
    for change in changes:
        if url is not None and change.where == "/request/endpoint":
            continue
        if change is url and model is not None and _comes_to(url, model):
            continue
        yield change


def _comes_to(url: Change, model: Change) -> bool:
    """Whether a url is another one only in that it names another model."""
    texts = url.left, url.right, model.left, model.right
    if not all(isinstance(text, str) and text for text in texts):
        return False
    return bool(url.left.replace(model.left, model.right) == url.right)
