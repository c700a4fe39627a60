"""Event streams made by hand, and the many ways in which one may have been sent and recorded."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import assemble, read_request, recognise
from recctl.wire.building.builder import FOLDED, FOLDED_IN_EVENTS
from recctl.wire.completion import Choice, Completion, Request
from recctl.wire.recognition import each_wire
from tests.builders import read, record, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from recctl.wire import Wire

ODDITIES = ([": keep-alive"], ["id: 7"], ["retry: 3000"], ["event: ping", "data: {}"], ["data: [DONE]"])


def send(*events: dict[str, Any], key: str = "type") -> list[str]:
    """Events as the recorder keeps them: a string for each line, and an empty one after each event."""
    return [line for event in events for line in (f"event: {event[key]}", f"data: {json.dumps(event)}", "")]


def exchange(reply: Any, asked: Any, path: str = "/v1/chat/completions") -> Recording:
    """A recording of a reply to what a client asked at a path."""
    document = record(reply, url=f"https://models.test{path}")
    document["request"] |= {"body": asked, "model": None}
    return read(document)


def codes(completion: Completion) -> list[str]:
    """The codes of a completion's notes."""
    return [note.code for note in completion.notes]


@st.composite
def record_anyhow(draw: st.DrawFn, events: Sequence[dict[str, Any]], key: str = "type") -> list[Any]:
    """The chunks of a recording of these events: dumped, or sent and kept in any way that is legal."""
    form = draw(st.sampled_from(["objects", "envelopes", "lines", "cut lines", "events", "texts"]))
    if form == "objects":
        return list(events)
    if form == "envelopes":
        return [{"__type__": "sdk.types.Event", "__data__": event} for event in events]
    groups = []
    for event in events:
        groups += draw(st.lists(st.sampled_from(ODDITIES), max_size=1))
        groups.append(_write_lines(draw, event, key))
    if form == "lines":
        return [line for group in groups for line in (*group, "")]
    if form == "cut lines":
        return [piece for group in groups for line in (*group, "") for piece in _cut_line(draw, line)]
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    texts = [end.join(group) + draw(st.sampled_from([end * 2, end])) for group in groups]
    return texts if form == "events" else draw(cut("".join(text + end for text in texts), most=9))


def _write_lines(draw: st.DrawFn, event: dict[str, Any], key: str) -> list[str]:
    space = draw(st.sampled_from(["", " "]))
    data = json.dumps(event, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    named = [f"event:{space}{event[key]}"] if draw(st.booleans()) else []
    return [*named, *(f"data:{space}{line}" for line in data.split("\n"))]


def _cut_line(draw: st.DrawFn, line: str) -> list[str]:
    """A line in pieces, the first with the whole name of its field."""
    field, colon, value = line.partition(":")
    first, *others = draw(cut(value))
    return [field + colon + first, *filter(None, others)]


@st.composite
def cut(draw: st.DrawFn, text: str, most: int = 3) -> list[str]:
    """A text in pieces of any length, cut anywhere."""
    edges = {0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=most))}
    return [text[start:end] for start, end in pairwise(sorted(edges))] or [text]


@st.composite
def cut_said(draw: st.DrawFn, text: str) -> list[str]:
    """What a model says in pieces: cut anywhere, even between the halves of a surrogate pair."""
    units = text.encode("utf-16-le")
    edges = {0, len(units), *(2 * at for at in draw(st.lists(st.integers(0, len(units) // 2), max_size=3)))}
    return [units[a:b].decode("utf-16-le", "surrogatepass") for a, b in pairwise(sorted(edges))]


@st.composite
def mark(draw: st.DrawFn, document: Any) -> tuple[Any, list[str]]:
    """A document with marks in it (texts that stand nowhere else), and what of them may not be lost.

    A mark takes the place of a value, bare or in an object or a list, or stands under a key of its own.
    """
    marks: list[str] = []
    marked = deepcopy(document)
    places = [place for place in _find_places(marked) if place[1] not in _FOLDED]
    for holder, key in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        text = f"<{len(marks)}>"
        if isinstance(holder[key], (dict, list)):
            if isinstance(holder[key], dict):
                holder[key][f"novel{text}"] = text
                marks.append(text)
        elif "<" not in str(holder[key]):
            holder[key] = draw(st.sampled_from([text, [text], {"novel": text}]))
            marks.append(text)
    return marked, marks


_FOLDED = {*FOLDED, *FOLDED_IN_EVENTS, *(key for wire in each_wire() for key in wire.folded)}


def _find_places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)) and key not in _FOLDED:
            yield from _find_places(value[key])


def check_parts(choice: Choice) -> Choice:
    """Check that a choice's parts, where it has any, are what its message says; gives it without them."""
    message = choice.message
    if message.parts:
        channels = {"text": message.content, "reasoning": message.reasoning, "refusal": message.refusal}
        for kind, text in channels.items():
            units = [*map(in_units, (part.text or "" for part in message.parts if part.kind == kind))]
            assert b"".join(units) == in_units(text or "")
        calls = tuple(part.call for part in message.parts if part.call is not None)
        assert calls == message.tool_calls
    return replace(choice, message=message._replace(parts=()))


def in_units(text: str) -> bytes:
    """A text in UTF-16 units, which show both halves of a character that was cut in two."""
    return text.encode("utf-16-le", "surrogatepass")


def find_lost(marks: list[str], completion: Completion) -> list[str]:
    """The marks that are not in a completion."""
    told = json.dumps(completion, default=asdict)
    return [text for text in marks if text not in told]


def check_any(wire: Wire, replies: Sequence[Any], asked: Any) -> None:
    """Check that replies of any JSON, to a request of any JSON, are assembled and read."""
    for reply in replies:
        recording = exchange(reply, asked)
        assert isinstance(assemble(recording), Completion)
        assert isinstance(read_request(recording), Request)
        items, streamed = (reply, True) if isinstance(reply, list) else ([reply], False)
        assert isinstance(wire.assemble(items, streamed), Completion)
        assert isinstance(wire.read_request(asked if isinstance(asked, dict) else {}), Request)


def retype(events: Any, key: str = "type") -> list[dict[str, Any]]:
    """The objects among what may be events, each of some type, so that they can be sent."""
    objects = [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    return [{**event, key: str(event.get(key, ""))} for event in objects]


def load_real(shared: Path, folder: str, wire: Wire) -> list[Recording]:
    """The real recordings in folders of that name whose replies came by a protocol."""
    found = []
    for path in sorted(shared.glob(f"corpus/**/{folder}/**/*.json")):
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        if recognise(recording) is wire:
            found.append(recording)
    return found


@st.composite
def interleave(draw: st.DrawFn, runs: Sequence[Sequence[Any]]) -> list[Any]:
    """Runs of events mixed at will; each keeps its own order."""
    left = [list(run) for run in runs if run]
    mixed = []
    while left:
        run = draw(st.sampled_from(left))
        mixed.append(run.pop(0))
        left = [run for run in left if run]
    return mixed


def count_calls(work: Callable[[], object]) -> int:
    """How many functions are called, in Python and in C."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
