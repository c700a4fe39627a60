"""OpenAI's Assistants: runs and their steps, messages of threads, and the stream of events of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Ending, Wire
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, shorten
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.noise import OBJECT_NOISE
from recctl.wire.building.requests import read_chat_request, text_or_none
from recctl.wire.building.sse import keep_unknown, peek, read_events
from recctl.wire.building.values import (
    as_object,
    find_texts_under,
    is_nothing,
    join,
    write_text,
)
from recctl.wire.building.views import IDENTITY_KEYS, add_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.sse import Event
    from recctl.wire.completion import Completion, Request

NAME = "openai-assistants"
_RUN, _STEP, _MESSAGE = "thread.run", "thread.run.step", "thread.message"
_OBJECTS = (_RUN, _STEP, _MESSAGE)
_DELTAS = (f"{_STEP}.delta", f"{_MESSAGE}.delta")
_TYPE_KEY = "event"
_ENDS = ("requires_action", "completed", "incomplete", "failed", "cancelled", "expired")
_RUN_TOLD = ("status", "assistant_id", "thread_id", "incomplete_details", "instructions")
_STEP_TOLD = ("type", "status", "step_details", "run_id")
_ANNOUNCED = ("created", "queued", "in_progress", "cancelling")


def _recognises(item: JSON) -> bool:
    if isinstance(item, str) and "thread." not in item:
        return False
    kind, data, _ = peek(item, _TYPE_KEY)
    if kind.startswith("thread."):
        return True
    listed = data.get("data")
    first = listed[0] if isinstance(listed, list) and listed else data
    return isinstance(first, dict) and first.get("object") in _OBJECTS


def _assemble(items: list[JSON], streamed: bool) -> Completion:
    run = _Run()
    is_event = False
    for event in read_events(items, run.builder, streamed=streamed, type_key=_TYPE_KEY):
        if not event.type and event.data.get("object") in _DELTAS:  # its name was sent on a line of its own
            event = event._replace(type=str(event.data["object"]))  # noqa: PLW2901
        is_event = is_event or bool(event.type)
        if event.type:
            run.add_event(event)
        else:
            _add_object(run, event.data, event.pointer)
    return run.builder.build(NAME, streamed=streamed and is_event, chunks=len(items), has_choices=is_event)


class _Run:
    """A run under construction: what it said and called, by its events."""

    def __init__(self) -> None:
        self.builder = ReplyBuilder()
        self._calls: dict[tuple[str, str], CallBuilder] = {}
        self._message = ""
        self._said: dict[str, list[str]] = {}
        self._kept: set[tuple[str, ...]] = set()
        self._places: dict[tuple[str, str], tuple[str, str]] = {}

    def _find_place(self, holder: str, own_id: str) -> tuple[str, str]:
        """Where in `extra` a message, a step or a result is: by its number, as ids are made up each time."""
        place = self._places.get((holder, own_id))
        if place is None:
            place = (holder, str(sum(known[0] == holder for known in self._places)))
            self._places[holder, own_id] = place
            self.builder.extra.add((*place, "id"), own_id)
        return place

    def add_event(self, event: Event) -> None:
        """Add what an event says; dumps of the SDK's events hold it under `data`."""
        kind, data, pointer = event
        inner = data.get("data")
        if isinstance(inner, dict) and data.get(_TYPE_KEY) == kind:
            self.builder.extra.add_rest((), data, {_TYPE_KEY, "data"})
            data, pointer = inner, f"{pointer}/data"
        name, _, state = kind.rpartition(".")
        if kind == "error":
            self.builder.fail(data.get("error") or data, pointer)
        elif kind == "thread.created":
            self.builder.extra.add(("thread",), data)
        elif name == _RUN:
            self.add_run(data, pointer)
        elif name == _MESSAGE:
            self._add_message(data, state, pointer)
        elif name == _STEP:
            self._add_step(data, state, pointer)
        else:
            keep_unknown(event, self.builder)

    def add_run(self, data: dict[str, JSON], pointer: str) -> None:
        """Add a run: how far it is, the tools that it waits for, why it failed."""
        builder = self.builder
        if builder.identify("id", data.get("id")):
            builder.note_other_reply(pointer)
        builder.identify("model", data.get("model"))
        if not is_nothing(data.get("usage")):
            builder.merge_usage(data["usage"])
        if not is_nothing(data.get("last_error")):
            builder.fail(data["last_error"], f"{pointer}/last_error")
        self.add_required(data, pointer)
        status = data.get("status")
        if status in _ENDS:
            choice = builder.choice(0)
            choice.finish_reason = text_or_none(status)
        placed = {"id", "object", "model", "usage", "last_error", "required_action"}
        builder.extra.add_rest(("run",), data, placed | find_texts_under(data, "status"))

    def _add_message(self, data: dict[str, JSON], state: str, pointer: str) -> None:
        message_id, choice = str(data.get("id") or ""), self.builder.choice(0)
        delta = data.get("delta")
        told = delta if isinstance(delta, dict) else data
        choice.role = choice.role or text_or_none(told.get("role"))
        parts = told.get("content")
        said = self._said.setdefault(message_id, [])
        if state == "delta":
            for part in parts if isinstance(parts, list) else [parts]:
                text, rest = _read_part(part)
                if text:
                    choice.say_all("content", [text], goes_on=self._message == message_id)
                    said.append(text)
                    self._message = message_id
                self._keep_part(message_id, rest)
            self._keep_message(message_id, told, {"content"})
            self._keep_message(message_id, data if told is delta else {}, {"delta"})
            return
        if state in _ENDS:
            whole = [_read_part(part) for part in parts if part] if isinstance(parts, list) else []
            text = "".join(piece for piece, _ in whole)
            if not said:
                choice.say_all("content", [text])
            elif text != (join(said) or ""):
                note = "what the stream adds up to is not what its last event says"
                self.builder.note_once("final-mismatch", note, pointer)
                self.builder.extra.add((*self._find_place("messages", message_id), "final"), text)
            for number, (_, rest) in enumerate(whole):
                self._keep_part(message_id, {"index": number, **rest}, is_whole=True)
        self._keep_message(
            message_id, told, {"status", *(["content"] if isinstance(parts, list) and state in _ENDS else [])}
        )

    def _keep_message(self, message_id: str, told: dict[str, JSON], placed: set[str]) -> None:
        """Keep what a message has beside its content and its role."""
        place = self._find_place("messages", message_id)
        self.builder.extra.add_rest(place, told, {"id", "object"} | placed | find_texts_under(told, "role"))

    def _keep_part(self, message_id: str, rest: dict[str, JSON], *, is_whole: bool = False) -> None:
        """Keep what a part of a message has beside its text: annotations, a picture.

        Lists may come in pieces before they come as a whole.
        """
        place = (*self._find_place("messages", message_id), "parts", str(rest.pop("index", 0)))
        if rest.get("type") not in (None, "text") and place not in self._kept:
            self.builder.choice(0).add_other(place)
            self._kept.add(place)
        for key, value in rest.items():
            path = (*place, key)
            if key == "type" and value == "text":
                continue
            if not isinstance(value, list):
                self.builder.extra.add(path, value)
            elif not is_whole:
                self.builder.extra.extend(path, value)
                self._kept.add(path)
            elif path not in self._kept:
                self.builder.extra.add(path, value)

    def _add_step(self, data: dict[str, JSON], state: str, pointer: str) -> None:
        step_id = str(data.get("id") or "")
        delta = data.get("delta")
        told = delta if isinstance(delta, dict) else data
        details = told.get("step_details")
        calls = details.get("tool_calls") if isinstance(details, dict) else None
        for number, call in enumerate(calls if isinstance(calls, list) else []):
            at = f"{pointer}/step_details/tool_calls/{number}"
            if state == "delta":
                self._grow_call(step_id, call, at)
            elif state not in _ANNOUNCED:
                self._add_call(step_id, call, at)
        place = self._find_place("steps", step_id)
        if isinstance(details, dict):
            placed = {"tool_calls"} if isinstance(calls, list) else set()
            self.builder.extra.add_rest(place, details, placed)
            told = {key: told[key] for key in told if key != "step_details"}
        kept = told if told is data or not isinstance(delta, dict) else {**data, **told}
        placed = {"id", "object"} | find_texts_under(kept, "status", "type")
        placed |= {"delta"} if isinstance(delta, dict) else set()
        self.builder.extra.add_rest(place, kept, placed)

    def _find_call(self, step_id: str, call: dict[str, JSON], pointer: str) -> CallBuilder:
        """The call that an event is about: of its id, else of its index in the step; begun if it is new."""
        call_id = call.get("id")
        for known in self._calls.values():
            if call_id and known.id == call_id:
                return known
        key = (step_id, str(call.get("index", call_id)))
        if key not in self._calls or (call_id and self._calls[key].id not in (None, call_id)):
            self._calls[key] = builder = CallBuilder(pointer)
            self.builder.choice(0).add_call(builder)
        return self._calls[key]

    def _grow_call(self, step_id: str, call: JSON, pointer: str) -> None:
        if not isinstance(call, dict):
            self.builder.extra.add(("odd_tool_calls",), call)
            return
        found = self._find_call(step_id, call, pointer)
        found.id = found.id or text_or_none(call.get("id"))
        found.type = found.type or text_or_none(call.get("type"))
        tool = self._open_tool(found, call)
        arguments = tool.get("arguments", tool.get("input"))
        if text_or_none(tool.get("name")):
            found.add_name(str(tool["name"]))
        found.add_arguments(arguments)
        self._keep_results(found, step_id, call, tool)

    def _add_call(self, step_id: str, call: JSON, pointer: str) -> None:
        """Add a call as a whole, unless its deltas have told it."""
        if not isinstance(call, dict):
            self.builder.extra.add(("odd_tool_calls",), call)
            return
        found = self._find_call(step_id, call, pointer)
        found.id = found.id or text_or_none(call.get("id"))
        found.type = found.type or text_or_none(call.get("type"))
        tool = self._open_tool(found, call)
        found.name = found.name or text_or_none(tool.get("name"))
        arguments = tool.get("arguments", tool.get("input"))
        if not found.arguments:
            found.add_arguments(arguments)
        elif write_text(arguments) not in (None, join(found.arguments)):
            tool = {**tool, "final_arguments": arguments}
        self._keep_results(found, step_id, call, tool)

    def _open_tool(self, found: CallBuilder, call: dict[str, JSON]) -> dict[str, JSON]:
        """What is in a call under the name of its type."""
        found.takes_text = found.type != "function"
        return as_object(call.get(found.type or ""))

    def _keep_results(
        self, found: CallBuilder, step_id: str, call: dict[str, JSON], tool: dict[str, JSON]
    ) -> None:
        placed = {"arguments", "input"} | find_texts_under(tool, "name")
        told = {key: value for key, value in tool.items() if key not in placed}
        placed = {"index"} | find_texts_under(call, "id", "type")
        placed |= {found.type or ""} if isinstance(call.get(found.type or ""), dict) else set()
        beside = {key: value for key, value in call.items() if key not in placed}
        for key, value in {**told, **beside}.items():
            if not is_nothing(value):
                self.builder.extra.add((*self._find_place("results", found.id or step_id), key), value)

    def add_required(self, data: dict[str, JSON], pointer: str) -> None:
        """Add the calls whose results a run waits for."""
        action = data.get("required_action")
        for call, place in _list_required(action, f"{pointer}/required_action"):
            self._add_call("", call, place)
        held = as_object(action).get("submit_tool_outputs")
        self.builder.extra.add_rest(("required_action",), as_object(action), {"submit_tool_outputs", "type"})
        if not (isinstance(held, dict) and isinstance(held.get("tool_calls"), list)):
            self.builder.extra.add(("required_action", "submit_tool_outputs"), held)
        elif isinstance(held, dict):
            self.builder.extra.add_rest(("required_action", "submit_tool_outputs"), held, {"tool_calls"})
        if not isinstance(action, dict):
            self.builder.extra.add(("odd_required_action",), action)


def _list_required(action: JSON, pointer: str) -> Iterator[tuple[JSON, str]]:
    """The calls whose results a run waits for, and where they stand."""
    holder = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = holder.get("tool_calls") if isinstance(holder, dict) else None
    for number, call in enumerate(calls if isinstance(calls, list) else []):
        yield call, f"{pointer}/submit_tool_outputs/tool_calls/{number}"


def _read_part(part: JSON) -> tuple[str, dict[str, JSON]]:
    """The text of a part of a message, and what stands beside it."""
    if not isinstance(part, dict):
        return "", {"odd_part": part}
    text = part.get("text")
    if not isinstance(text, dict):
        return (text, {**part, "text": None}) if isinstance(text, str) else ("", dict(part))
    value = text.get("value")
    rest = {key: inner for key, inner in part.items() if key != "text"}
    beside = {key: inner for key, inner in text.items() if key != "value"}
    return (value, {**rest, **beside}) if isinstance(value, str) else ("", {**rest, **text})


# Objects that are no events


def _add_object(run: _Run, data: dict[str, JSON], pointer: str) -> None:
    builder, listed = run.builder, data.get("data")
    if isinstance(listed, list):
        _add_list(builder, data, listed)
    elif data.get("object") == _RUN:
        run.add_required(data, pointer)
        if builder.choices:
            builder.choice(0).finish_reason = text_or_none(data.get("status"))
        add_object(builder, data, "run of a thread", _RUN_TOLD, pointer)
        if not is_nothing(data.get("last_error")):
            builder.fail(data["last_error"], f"{pointer}/last_error")
    elif data.get("object") == _STEP:
        add_object(builder, data, "step of a run", _STEP_TOLD, pointer)
    else:
        add_object(builder, data, "message of a thread", (), pointer)
        builder.add_fact(str(data.get("role")), _read_text(data), "role", "content")


def _add_list(builder: ReplyBuilder, data: dict[str, JSON], listed: list[JSON]) -> None:
    """Tell messages, which come with the last one first, in the order in which they were said."""
    objects = [item for item in listed if isinstance(item, dict)]
    names = {str(item.get("object")) for item in objects}
    if names == {_MESSAGE}:
        builder.kind = show_count(len(listed), "message of a thread", "messages of a thread")
        for item in sorted(objects, key=_read_time):
            builder.add_fact(str(item.get("role")), _read_text(item) or "-")
    else:
        name, plural = (
            ("run of a thread", "runs of a thread") if _RUN in names else ("step of a run", "steps of a run")
        )
        builder.kind = show_count(len(listed), name, plural)
        for item in sorted(objects, key=_read_time):
            told = (describe(item[key], key) for key in ("type", "status", "step_details") if item.get(key))
            builder.add_fact(str(item.get("id")), shorten(", ".join(told)) or "-")
    builder.extra.add(("data",), listed)
    builder.extra.add_rest((), data, IDENTITY_KEYS | {"data"})


def _read_time(item: dict[str, JSON]) -> int:
    created = item.get("created_at")
    return created if type(created) is int else 0


def _read_text(message: dict[str, JSON]) -> str:
    """What a message says: its texts, and what its other parts are."""
    parts = message.get("content")
    told = []
    for part in parts if isinstance(parts, list) else [parts]:
        text, rest = _read_part(part)
        told.append(text or describe({key: value for key, value in rest.items() if value}))
    return "\n".join(told)


def _read_request(asked: dict[str, JSON]) -> Request:
    request = read_chat_request(asked)
    if request.messages or not isinstance(asked.get("role"), str) or "content" not in asked:
        return request
    rest = {key: value for key, value in asked.items() if key not in ("role", "content")}
    return read_chat_request({**rest, "messages": [{"role": asked["role"], "content": asked["content"]}]})


_ENDINGS = {
    "completed": Ending.WHOLE,
    "requires_action": Ending.WHOLE,
    "incomplete": Ending.CUT_SHORT,
}

WIRE = Wire(NAME, _recognises, _assemble, _read_request, endings=_ENDINGS, noise=OBJECT_NOISE)
