"""Which step of which test a recording is: what its request asks, of whom, for which test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from recctl.base.digests import blake2b
from recctl.base.values import NamedTuple
from recctl.naming.engine.texts import write_equal
from recctl.naming.facts import Turn
from recctl.recordings.recording import ASKED_KEYS
from recctl.wire import RequestForm, find_form, read_model
from recctl.wire.completion import SPEAKERS, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.project.schemes import Scheme
    from recctl.recordings.recording import JSON, Recording


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
        model=str(recording.model or read_model(recording) or ""),
        roles=roles,
        asked=models or _digest(write(asked)),
        instructed=_digest(write(instructed)) if instructed else "",
        answered=_digest(write(answered)) if answered else "",
    )


def read_question(recording: Recording) -> Question:
    """What a request asks, by its protocol; what can't be told from a question counts as one."""
    asked = recording.asked
    form = find_form(recording) if asked else RequestForm()
    instructed = [asked[key] for key in form.instructions if asked.get(key)]
    for key in form.messages:
        entries = asked.get(key)
        if isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries):
            question = _read_messages(key, entries, form)
            return question._replace(instructed=instructed + question.instructed)
    for key in ("prompt", *form.messages):
        if asked.get(key) is not None:
            beside = [asked.get(name) for name in form.beside_prompt]
            return Question(key, (), [asked[key], *beside], instructed, [])
    rest: JSON = {key: value for key, value in asked.items() if key != "model"}
    return Question(
        None, (), [rest or [recording.request.get(key) for key in (*ASKED_KEYS, "file_id")]], [], []
    )


def _read_messages(key: str, entries: Iterable[dict[str, JSON]], form: RequestForm) -> Question:
    roles: list[str] = []
    by_speaker: dict[Speaker, list[JSON]] = {speaker: [] for speaker in Speaker}
    speakers = {**SPEAKERS, **form.speakers} if form.speakers else SPEAKERS
    for entry in entries:
        role, content = _find(entry, form.roles), entry.get("content")
        if isinstance(role, str) and isinstance(content, str):  # as nearly all are
            roles.append(role)
            by_speaker[speakers.get(role, Speaker.USER)].append([content])
            continue
        if isinstance(role, str):
            speaker = speakers.get(role, Speaker.USER)
        else:
            speaker = _find_maker(str(entry.get("type", "")), form)
        parts = _read_parts(entry, form)
        answers = [part for part in parts if speaker is Speaker.USER and _is_answer(part, form)]
        roles.append("tool" if answers and len(answers) == len(parts) else _name_role(role, entry))
        by_speaker[Speaker.TOOL] += answers
        said = [part for part in parts if part not in answers] if answers else parts
        if said or not answers:
            by_speaker[speaker].append(said)
    asked = by_speaker.pop(Speaker.USER) or [*by_speaker.values()]
    return Question(key, tuple(roles), asked, by_speaker[Speaker.SYSTEM], by_speaker[Speaker.TOOL])


def _find(entry: dict[str, JSON], keys: Iterable[str]) -> JSON:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _name_role(role: JSON, entry: dict[str, JSON]) -> str:
    return str(role if role is not None or "type" not in entry else entry["type"])


def _find_maker(kind: str, form: RequestForm) -> Speaker:
    """Whose an item of a type is, in protocols whose items have no role."""
    if kind.endswith(form.results):
        return Speaker.TOOL
    return Speaker.MODEL if kind.endswith(form.model_items) else Speaker.USER


def _read_parts(entry: dict[str, JSON], form: RequestForm) -> list[JSON]:
    """What a message says, in parts; a text is the same as a list of the one part that holds it."""
    content = _find(entry, form.contents)
    if content is None:
        content = {key: value for key, value in entry.items() if key not in (*form.roles, "id")}
    return [_read_part(part) for part in (content if isinstance(content, list) else [content])]


def _read_part(part: JSON) -> JSON:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return part["text"]
    return part


def _is_answer(part: JSON, form: RequestForm) -> bool:
    """Whether a part of what goes out as the user's is what a tool answered."""
    if not isinstance(part, dict):
        return False
    return str(part.get("type", "")).endswith(form.results) or any(key in part for key in form.result_keys)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
