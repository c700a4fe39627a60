"""Which protocol a recording's reply came by: told by what its chunks look like, never by the endpoint."""

from __future__ import annotations

import re
from functools import cache, reduce
from importlib import import_module
from itertools import filterfalse, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.wire.envelopes import open_envelopes
from recctl.wire.failures import EXCEPTION, UNKNOWN
from recctl.wire.protocol import RequestForm, recognises_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.protocol import Ending, UsageKeys, Wire


def recognise(recording: Recording) -> Wire:
    """The protocol that a recording's reply came by: `exception` or `unknown` where there is none."""
    if recording.response.get("is_exception"):
        return EXCEPTION
    return _recognise(recording) or UNKNOWN


def _recognise(recording: Recording) -> Wire | None:
    status, body = recording.response.get("status"), open_envelopes(recording.body)
    has_failed = type(status) is int and status >= _FIRST_FAILURE
    if not recording.is_streaming and not has_failed and _asks_for_models(recording) and _lists_ids(body):
        return load_wire(_LISTED)
    for item in () if has_failed else _each_sample(body):
        for wire in each_wire():
            if not wire.is_last_resort and wire.recognises(item):
                return wire
    for wire in each_wire():
        if wire.is_last_resort and (has_failed or any(map(wire.recognises, _each_sample(body)))):
            return wire
    return None if recording.is_streaming else _recognise_by_request(recording, body)


def _recognise_by_request(recording: Recording, body: JSON) -> Wire | None:
    """The protocol of a reply that says next to nothing, or hands over a text, by what was asked."""
    is_empty = body in (None, "", "null") or body == {} or body == []
    if is_empty or (isinstance(body, dict) and len(body) <= _FEW):
        path, asked = _find_path(recording), _find_asked(recording) or recording.request.get("body")
        for wire in each_wire():
            if wire.recognises is recognises_none and wire.recognises_request(path, asked):
                return wire
    method, status = recording.request.get("method"), recording.response.get("status")
    if status is None or not isinstance(method, str) or not (is_empty or isinstance(body, str)):
        return None
    if status in _NOTED or method.upper() != "POST" or (is_empty and not _wants_answer(recording)):
        return load_wire(_NOTHING)
    return None


def _wants_answer(recording: Recording) -> bool:
    """Whether a request that was posted is a question to a model, by its protocol or by its keys."""
    return not _QUESTIONS.isdisjoint(recording.asked) or recognise_request(recording) is not None


_FEW = 3
_NOTED = (202, 204, 205)
"""The HTTP statuses of replies that need not say anything."""

_QUESTIONS = frozenset({"messages", "prompt", "input", "inputs", "contents", "instances", "texts", "query"})
"""Keys of requests that want an answer."""

_NOTHING = "no_content"


def recognise_body(body: JSON) -> Wire | None:
    """The protocol of a body that stands inside another one."""
    wires = (wire for wire in each_wire() if not wire.is_last_resort)
    return next((wire for wire in wires if wire.recognises(body)), None)


def recognise_request(recording: Recording) -> Wire | None:
    """The protocol of a recording's request: told by where it went and by what was sent; None for no such."""
    path, asked = _find_path(recording), _find_asked(recording)
    if not asked or not recording.url:  # a call of a tool is of no protocol
        return None
    return next((wire for wire in each_wire() if wire.recognises_request(path, asked)), None)


def _find_path(recording: Recording) -> str:
    return recording.url.partition("#")[0].partition("?")[0].rstrip("/")


def _find_asked(recording: Recording) -> JSON:
    """What was sent: an object or a list, and an empty object for anything else."""
    asked = recording.asked or recording.request.get("body")
    return asked if isinstance(asked, (dict, list)) else {}


def find_form(recording: Recording) -> RequestForm:
    """How a recording's request is written; as by any protocol where none recognises it."""
    wire = recognise_request(recording)
    if wire is not None:
        return wire.form
    return gather_form() if recording.asked and recording.url else RequestForm()


@cache
def gather_form() -> RequestForm:
    """How requests are written, whatever the protocol."""
    return reduce(RequestForm.join, (wire.form for wire in each_wire()))


def _asks_for_models(recording: Recording) -> bool:
    """Whether a request is one for a list of models."""
    paths = (place.partition("?")[0].rstrip("/") for place in (recording.url, recording.endpoint))
    return any(path.endswith(("/models", "/tags")) for path in paths)


def _lists_ids(body: JSON) -> bool:
    """Whether a body lists nothing, or things by ids: OpenRouter does not say that these are models."""
    listed = body.get("data") if isinstance(body, dict) else body
    return listed == [] or (isinstance(listed, list) and isinstance(listed[0], dict) and "id" in listed[0])


def _each_sample(body: JSON) -> Iterator[JSON]:
    """The body, unless it is text; of a stream, the first chunks that say something.

    Lines of an event stream come after these as one text, and by event.
    """
    if not isinstance(body, list):
        yield from () if isinstance(body, str) else (body,)
        return
    yield from islice(filterfalse(_is_idle, body), _SAMPLE)
    lines = [*islice(takewhile(_is_text, body), _LINES)]
    if lines:
        separator = "" if any("\n" in line or "\r" in line for line in lines) else "\n"
        text = separator.join(lines)  # an event may take many lines, and a line hold many events
        yield text
        yield from filterfalse(_is_idle, islice(_BLANK_LINE.split(text), _SAMPLE))


_BLANK_LINE = re.compile(r"\r\n\r\n|\n\n|\r\r")


def _is_text(item: JSON) -> bool:
    return isinstance(item, str)


def _is_idle(item: JSON) -> bool:
    """Whether a recorded line of an event stream says nothing: routers send comments while they wait."""
    return isinstance(item, str) and (not item.strip() or item.startswith(":"))


_SAMPLE = 8
"""How many chunks may be unrecognisable (an error, a comment) before the first one that is."""

_LINES = 64
"""How many lines of an event stream are read together, for events whose JSON is spread over lines."""

_FIRST_FAILURE = 400
"""The HTTP status from which on a reply says why there is none."""

_MOST_COMMON = ("chat", "responses", "anthropic", "embeddings", "gemini")
"""The protocols that are asked first, as most recordings are of one of them.

Gemini counts tokens in its embeddings, too: these go before it.
"""

_LISTED = "models"
"""What comes as a list that is no stream; that it is of models may show only in what was asked for."""


def each_wire() -> Iterator[Wire]:
    """The protocols, the most common ones first; a module is imported when its turn comes."""
    return map(load_wire, _list_protocols())


@cache
def _list_protocols() -> tuple[str, ...]:
    names = (path.stem for path in (Path(__file__).parent / "protocols").glob("[!_]*.py"))
    return (*_MOST_COMMON, *sorted({*names} - {*_MOST_COMMON}))


@cache
def load_wire(name: str) -> Wire:
    """The protocol of a module."""
    wire: Wire = import_module(f"{_PROTOCOLS}.{name}").WIRE
    return wire


_PROTOCOLS = "recctl.wire.protocols"


def find_ending(wire: Wire, reason: str | None) -> Ending | None:
    """What a finish reason comes to, by a protocol or else by any that has such a word; None for no word.

    Routers and gateways hand on the words of the providers behind them.
    """
    if reason is None or reason in wire.endings:
        return wire.endings.get(reason or "")
    return gather_endings().get(reason)


@cache
def gather_endings() -> dict[str, Ending]:
    """The finish reasons of all protocols, and what each comes to."""
    return {word: ending for wire in each_wire() for word, ending in wire.endings.items()}


@cache
def gather_noise() -> dict[str, str]:
    """What all protocols call noise of their own, and why."""
    return {key: reason for wire in each_wire() for key, reason in wire.noise.items()}


@cache
def gather_usage() -> tuple[UsageKeys, ...]:
    """The counters of all protocols."""
    return tuple(dict.fromkeys(wire.usage for wire in each_wire()))
