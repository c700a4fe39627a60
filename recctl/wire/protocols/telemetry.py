"""What a program sends to those who watch it: spans, events, logs. It shows in the request alone.

Datadog's intake, LangSmith, Langfuse, Braintrust, PostHog, Segment, OpenTelemetry (OTLP), Sentry's envelopes,
the traces of OpenAI's agents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import RequestForm, Wire
from recctl.wire.building.facts import describe_values, shorten
from recctl.wire.building.secrets import hide_secrets
from recctl.wire.building.values import as_list, as_object
from recctl.wire.building.views import assemble_view
from recctl.wire.completion import Fact, Request
from recctl.wire.protocol import recognises_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "telemetry"
_HOLDERS = {
    "batch": ("event", "type"),
    "events": ("event", "event_type", "eventName", "name", "type"),
    "post": ("run_type", "dotted_order"),
    "patch": ("run_type", "dotted_order"),
    "rows": ("span_id", "root_span_id", "project_id"),
    "spans": ("span_id", "spanId", "trace_id"),
    "metrics": ("metric_type", "score_value"),
    "resourceSpans": ("scopeSpans", "resource"),
    "resourceMetrics": ("scopeMetrics", "resource"),
    "resourceLogs": ("scopeLogs", "resource"),
}
"""By the key of a list: which keys its first item has, one at least, in what is sent to a watcher."""

_LONE = (
    {"ddsource", "message"},
    {"dotted_order", "run_type"},
    {"dotted_order", "trace_id"},
    {"sdk_version", "run_id"},
    {"event", "distinct_id"},
)
"""Which keys an object has that is sent alone, or is in a list that is all of the body."""

_NAMES = ("event", "name", "event_type", "type", "label", "run_type", "message", "object")
_MOST = 5


_PROTOBUF = ("application/x-protobuf", "application/protobuf")
_MULTIPART = re.compile(r'\bname="?(?:post|patch)\.[\w-]+')
"""How LangSmith names the parts of a form, each a run that begins or goes on."""


def _recognises_request(_path: str, asked: JSON) -> bool:
    if isinstance(asked, str):
        return _MULTIPART.search(asked) is not None
    return as_object(asked).get("type") in _PROTOBUF or any(True for _ in _find_lists(asked))


def _find_lists(asked: JSON) -> Iterator[tuple[str, list[JSON]]]:
    """The lists of what is sent, by what they are called."""
    if isinstance(asked, list):
        first = as_object(next(iter(asked), None))
        if any(keys <= first.keys() for keys in _LONE):
            yield "events", asked
        elif not _ENVELOPE.isdisjoint(first) and len(asked) > 1:
            yield "envelope", asked[1:]
        for item in asked:
            yield from _find_held(as_object(item), ("spans",))
        return
    asked = as_object(asked)
    yield from _find_held(asked, _HOLDERS)
    data = asked.get("data")
    yield from _find_held(as_object(as_object(data).get("attributes")), ("spans", "metrics"))
    if str(as_object(next(iter(as_list(data)), None)).get("object")).startswith("trace"):
        yield "data", as_list(data)
    if any(keys <= asked.keys() for keys in _LONE):
        yield "event", [asked]


def _find_held(asked: dict[str, JSON], keys: Iterable[str]) -> Iterator[tuple[str, list[JSON]]]:
    for key in keys:
        listed = as_list(asked.get(key))
        if not as_object(next(iter(listed), None)).keys().isdisjoint(_HOLDERS[key]):
            yield key, listed


_ENVELOPE = frozenset({"event_id", "sent_at", "dsn"})
"""What the first line of one of Sentry's envelopes has, one at least."""


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    completion = assemble_view(NAME, [item for item in items if isinstance(item, dict)], in_list, _add)
    return completion if completion.kind else completion._replace(kind="empty reply")


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    builder.kind = "receipt" if data else "empty reply"
    describe_values(builder, data, data)
    builder.extra.add_rest((), data, ())


def _read_request(asked: dict[str, JSON]) -> Request:
    body = asked.get("body") if asked.keys() == {"body"} else asked
    return Request(parameters=hide_secrets(asked), facts=(*_describe(body),))


def _describe(asked: JSON) -> Iterator[Fact]:
    for key, listed in _find_lists(asked):
        names = dict.fromkeys(name for item in listed if (name := _find_name(item)))
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        told = f"{show_count(len(listed), 'item')}: {', '.join([*names][:_MOST])}{more}".removesuffix(": ")
        yield Fact(key, shorten(told))


def _find_name(item: JSON) -> str:
    told = {**as_object(item), **as_object(as_object(item).get("span_data"))}
    return next((str(told[key]) for key in _NAMES if isinstance(told.get(key), str)), "")


WIRE = Wire(
    NAME,
    recognises_none,
    _assemble,
    _read_request,
    recognises_request=_recognises_request,
    form=RequestForm(is_made_anew=True),
)
