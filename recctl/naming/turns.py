"""Which step of which test a recording is: what its request asks, of whom, for which test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.engine.texts import write_equal
from recctl.naming.facts import Turn
from recctl.recordings.recording import ASKED_KEYS
from recctl.text.digests import blake2b

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.recordings.recording import JSON, Recording
    from recctl.schemes import Scheme


class Question(NamedTuple):
    """What a request asks: the roles of its messages, what the user says, and what is said beside that.

    `key` is that of the body under which they stand, None where the whole body is the question. `instructed`
    are the instructions, `answered` is what tools answered.
    """

    key: str | None
    roles: tuple[str, ...]
    asked: list[JSON]
    instructed: list[JSON]
    answered: list[JSON]


def find_turn(recording: Recording, scheme: Scheme, models: str | None) -> Turn | None:
    """Which turn of its test a recording is; None where the test is not known.

    What the scheme makes equal is equal here, too. `models` stands for the ids of a list of models: such
    lists replace each other only where they are the same.
    """
    test_id = recording.test_id
    if test_id is None:
        return None
    key, roles, asked, instructed, answered = read_question(recording)
    holder = next((holder for holder in ASKED_KEYS if holder in recording.request), "")
    pointer = ("request", holder) if key is None else ("request", holder, key)
    write = partial(write_equal, scheme=scheme, kind=recording.kind, pointer=pointer)
    return Turn(
        test_id=test_id,
        endpoint=recording.endpoint,
        model=str(recording.model or ""),
        roles=roles,
        asked=models or _digest(write(asked)),
        instructed=_digest(write(instructed)) if instructed else "",
        answered=_digest(write(answered)) if answered else "",
    )


def read_question(recording: Recording) -> Question:
    """What a request asks, whatever the protocol; what can't be told from a question counts as one."""
    asked = recording.asked
    instructed = [asked[key] for key in _INSTRUCTIONS if asked.get(key)]
    for key in _MESSAGES:
        entries = asked.get(key)
        if isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries):
            question = _read_messages(key, entries)
            return question._replace(instructed=instructed + question.instructed)
    for key in _PROMPTS:
        if asked.get(key) is not None:
            return Question(key, (), [asked[key], asked.get("suffix")], instructed, [])
    rest: JSON = {key: value for key, value in asked.items() if key != "model"}
    return Question(
        None, (), [rest or [recording.request.get(key) for key in (*ASKED_KEYS, "file_id")]], [], []
    )


_MESSAGES = ("messages", "contents", "input")
_PROMPTS = ("prompt", "input", "contents", "messages")
_INSTRUCTIONS = ("system", "instructions", "system_instruction", "systemInstruction")
_USER, _SYSTEM, _TOOL, _MODEL = "user", "system", "tool", "model"
_SPEAKERS = {
    "user": _USER,
    "human": _USER,
    "system": _SYSTEM,
    "developer": _SYSTEM,
    "tool": _TOOL,
    "function": _TOOL,
    "assistant": _MODEL,
    "model": _MODEL,
}
_ANSWERS = ("_output", "_result", "_response")
_ITEMS_OF_MODELS = ("_call", "reasoning", "thinking", "thought")
"""How the types of items end that tools or models have made, in protocols whose items have no role."""


def _read_messages(key: str, entries: Iterable[dict[str, JSON]]) -> Question:
    roles: list[str] = []
    by_speaker: dict[str, list[JSON]] = {_USER: [], _SYSTEM: [], _TOOL: [], _MODEL: []}
    for entry in entries:
        role, content = entry.get("role"), entry.get("content")
        if isinstance(role, str) and isinstance(content, str):  # as nearly all are
            roles.append(role)
            by_speaker[_SPEAKERS.get(role, _USER)].append([content])
            continue
        speaker = _find_speaker(entry)
        parts = _read_parts(entry)
        answers = [part for part in parts if speaker == _USER and _is_answer(part)]
        roles.append("tool" if answers and len(answers) == len(parts) else _name_role(entry))
        by_speaker[_TOOL] += answers
        said = [part for part in parts if part not in answers] if answers else parts
        if said or not answers:
            by_speaker[speaker].append(said)
    asked = by_speaker.pop(_USER) or [*by_speaker.values()]
    return Question(key, tuple(roles), asked, by_speaker[_SYSTEM], by_speaker[_TOOL])


def _name_role(entry: dict[str, JSON]) -> str:
    role = entry.get("role")
    return str(role if role is not None or "type" not in entry else entry["type"])


def _find_speaker(entry: dict[str, JSON]) -> str:
    role, kind = entry.get("role"), str(entry.get("type", ""))
    if isinstance(role, str):
        return _SPEAKERS.get(role, _USER)
    if kind.endswith(_ANSWERS):
        return _TOOL
    return _MODEL if kind.endswith(_ITEMS_OF_MODELS) else _USER


def _read_parts(entry: dict[str, JSON]) -> list[JSON]:
    """What a message says, in parts; a text is the same as a list of the one part that holds it."""
    content = next((entry[key] for key in ("content", "parts") if entry.get(key) is not None), None)
    if content is None:
        content = {key: value for key, value in entry.items() if key not in ("role", "id")}
    return [_read_part(part) for part in (content if isinstance(content, list) else [content])]


def _read_part(part: JSON) -> JSON:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return part["text"]
    return part


def _is_answer(part: JSON) -> bool:
    """Whether a part of what goes out as the user's is what a tool answered."""
    if not isinstance(part, dict):
        return False
    return str(part.get("type", "")).endswith(_ANSWERS) or any(key in part for key in _ANSWER_KEYS)


_ANSWER_KEYS = ("function_response", "functionResponse")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
