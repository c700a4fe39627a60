"""A request that is kept, written as the one that was sent, wherever both ask the same.

Versions of an SDK differ in such things: text that stands alone or as the only part of a list, defaults that
are written out, schemas that allow the same.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from recctl.diff.differences import align, canonical, pair_by_name
from recctl.diff.request import name_message, name_tool
from recctl.diff.schema_spelling import is_empty_schema, spell_schema
from recctl.wire.completion import SPEAKERS, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire import RequestForm

Steps = tuple[str | int, ...]


def spell_alike(kept: JSON, sent: JSON, form: RequestForm) -> JSON:
    """What is kept of a request of a form, with what says the same as what was sent put as it was sent.

    What says another thing stays as it is kept. Raises RecursionError for what nests too deeply.
    """
    if form.is_protobuf:
        names: dict[str, str] = {}
        for key in _list_keys(sent):
            names.setdefault(_plain(key), key)
        kept = _rename_keys(kept, names)
    return _Speller(form).spell(kept, sent, ())


def spell_tool(kept: dict[str, JSON], sent: dict[str, JSON], form: RequestForm) -> JSON:
    """As `spell_alike` for a tool that may have another name now."""
    return _Speller(form).spell(kept, sent, (form.tools[0], 0))


class _Speller:
    """Goes through two requests side by side; `_speaker` is who says the message that it is in."""

    def __init__(self, form: RequestForm) -> None:
        self._form = form
        self._defaults = {self._name_place(place): value for place, value in form.defaults.items()}
        self._links = {*map(self._name_place, form.links)}
        self._speaker: Speaker | None = None

    def spell(self, kept: JSON, sent: JSON, steps: Steps) -> JSON:
        if canonical(kept) == canonical(sent):
            return sent
        if self._is_free(steps):
            return kept
        if self._form.is_protobuf and isinstance(kept, dict) and isinstance(sent, list):
            kept = [kept]
        if self._form.is_protobuf and isinstance(sent, dict) and isinstance(kept, list) and len(kept) == 1:
            kept = kept[0]
        if isinstance(kept, dict) and isinstance(sent, dict):
            if self._is_schema(steps, kept, sent):
                return spell_schema(kept, sent, name=self._name_schema(steps))
            return self._spell_object(kept, sent, steps)
        if isinstance(kept, list) and isinstance(sent, list):
            return self._spell_list(kept, sent, steps)
        return sent if self._says_the_same(kept, sent, steps) else kept

    def _spell_object(self, kept: dict[str, JSON], sent: dict[str, JSON], steps: Steps) -> dict[str, JSON]:
        kept = self._rename_schema(kept, sent, steps)
        spelled = {
            key: self.spell(value, sent[key], (*steps, key)) if key in sent else value
            for key, value in kept.items()
            if key in sent or not self._counts_anyway(value, (*steps, key))
        }
        added = {
            key: value
            for key, value in sent.items()
            if key not in kept and self._counts_anyway(value, (*steps, key))
        }
        return {**spelled, **added}

    def _rename_schema(self, kept: dict[str, JSON], sent: dict[str, JSON], steps: Steps) -> dict[str, JSON]:
        """An object whose schema stands under another key than in what was sent, and says the same there."""
        if steps and steps[0] in self._form.messages:
            return kept
        places = (*self._form.schemas, *_SCHEMAS)
        one, other = (
            [key for key in side if key in places and key not in rest and isinstance(side[key], dict)]
            for side, rest in ((kept, sent), (sent, kept))
        )
        if len(one) != 1 or len(other) != 1:
            return kept
        renamed = {other[0] if key == one[0] else key: value for key, value in kept.items()}
        schema = self.spell(kept[one[0]], sent[other[0]], (*steps, other[0]))
        return renamed if canonical(schema) == canonical(sent[other[0]]) else kept

    def _spell_list(self, kept: list[JSON], sent: list[JSON], steps: Steps) -> list[JSON]:
        form, key = self._form, steps[-1] if steps else ""
        if len(steps) == 1 and key in form.messages:
            return [*self._spell_messages(kept, sent, steps)]
        spelled = [*kept]
        if key in form.tools:
            for i, j in pair_by_name(kept, sent, partial(name_tool, form=form)):
                if i is not None and j is not None:
                    spelled[i] = self.spell(kept[i], sent[j], (*steps, j))
        elif len(kept) == len(sent):
            spelled = [
                self.spell(one, other, (*steps, i))
                for i, (one, other) in enumerate(zip(kept, sent, strict=True))
            ]
        return spelled

    def _spell_messages(self, kept: list[JSON], sent: list[JSON], steps: Steps) -> Iterator[JSON]:
        def identify(message: JSON) -> JSON:
            if not isinstance(message, dict):
                return None
            told = {
                key: each for key, each in message.items() if not self._counts_anyway(each, (*steps, 0, key))
            }
            return name_message(told, form=self._form)

        for i, j in align(kept, sent, identify):
            if i is not None and j is not None:
                self._speaker = self._find_speaker(sent[j])
                yield self.spell(kept[i], sent[j], (*steps, j))
                self._speaker = None
            elif i is not None and not self._is_silent(kept[i]):
                yield kept[i]
            elif j is not None and self._is_silent(sent[j]):
                yield sent[j]

    def _is_silent(self, message: JSON) -> bool:
        """Whether a message is one of a model that has said nothing, called no tool, and thought nothing."""
        if not isinstance(message, dict) or self._find_speaker(message) is not Speaker.MODEL:
            return False
        rest = message.keys() - {*self._form.roles, "type"}
        return not any(message[key] for key in rest) and rest <= {*self._form.contents}

    def _find_speaker(self, message: JSON) -> Speaker | None:
        roles = (message.get(key) for key in self._form.roles) if isinstance(message, dict) else ()
        role = next((role for role in roles if isinstance(role, str)), "")
        return self._form.speakers.get(role) or SPEAKERS.get(role)

    def _is_free(self, steps: Steps) -> bool:
        """Whether what differs somewhere is data of a tool's, in which nothing has a meaning to the API."""
        *holders, key = steps or ("",)
        if not holders or holders[0] not in self._form.messages:
            return False
        return not _OF_TOOLS.isdisjoint(holders[1:]) or key in _OF_TOOLS - {"arguments"}

    def _is_schema(self, steps: Steps, *sides: dict[str, JSON]) -> bool:
        """Whether what differs somewhere is a schema: outside of messages, where models have answered."""
        if not steps or steps[0] in self._form.messages:
            return False
        *_, holder, key = ("", *steps)
        is_place = key in (*_SCHEMAS, *self._form.schemas) or (holder, key) == ("inputSchema", "json")
        return is_place and all(not _MARKS.isdisjoint(side) for side in sides)

    def _name_schema(self, steps: Steps) -> str:
        return str(next((step for step in reversed(steps[:-1]) if isinstance(step, str)), ""))

    def _counts_anyway(self, value: JSON, steps: Steps) -> bool:
        """Whether what stands somewhere asks the same as nothing in that place."""
        if len(steps) == 1 and steps[0] in self._form.settings and _is_empty(value):
            return True
        place = self._name_place(".".join("*" if isinstance(step, int) else step for step in steps))
        default = self._defaults.get(place)
        if default is not None and canonical(value) == canonical(default):  # 1 is not true here
            return True
        if place in self._links:
            return isinstance(value, str)
        if self._speaker is Speaker.MODEL and steps[-1] in self._form.contents and value in ("", []):
            return True
        is_of_tool = steps[-1] in self._form.schemas and steps[0] not in self._form.messages
        return is_of_tool and is_empty_schema(value)

    def _name_place(self, place: str) -> str:
        return _plain(place) if self._form.is_protobuf else place

    def _says_the_same(self, kept: JSON, sent: JSON, steps: Steps) -> bool:
        one, other = self._find_text(kept, steps), self._find_text(sent, steps)
        if one is None or other is None:
            return False
        if one == other or (self._is_prose(steps) and _trim(one) == _trim(other)):
            return True
        if steps[-1] == "description" and steps[0] not in self._form.messages:
            return _unindent(one) == _unindent(other)
        if steps[-1] == "data" and self._form.is_protobuf:
            return one.translate(_URL_SAFE).rstrip("=") == other.translate(_URL_SAFE).rstrip("=")
        if steps[-1] == "arguments" or self._speaker is Speaker.TOOL:
            return _is_same_json(one, other)
        return False

    def _find_text(self, value: JSON, steps: Steps) -> str | None:
        """The text that a value is, alone or as the only part of a list; None for another value."""
        if isinstance(value, str):
            return value
        if value is None and self._speaker is Speaker.MODEL:
            return ""
        only = value[0] if isinstance(value, list) and len(value) == 1 else None
        if not isinstance(only, dict):
            return None
        if only.keys() <= {"type", "text"} and isinstance(only.get("text"), str):
            return str(only["text"])
        is_question = only.get("role") == "user" and only.keys() <= {"role", "content", "type"}
        return self._find_text(only.get("content"), ()) if is_question and steps == ("input",) else None

    def _is_prose(self, steps: Steps) -> bool:
        """Whether a text tells a model something, and is not what it said, nor what it is to go on with."""
        form, top, key = self._form, steps[0], steps[-1]
        if top in form.messages:
            is_said = key in (*form.contents, "text") or isinstance(key, int)
            return len(steps) > 1 and is_said and self._speaker is not Speaker.MODEL
        return top in form.instructions or key == "description"


_SCHEMAS = (
    "schema",
    "json_schema",
    "format",
    "parametersJsonSchema",
    "parameters_json_schema",
    "responseSchema",
    "response_schema",
    "responseJsonSchema",
    "response_json_schema",
)
_OF_TOOLS = frozenset({"args", "arguments", "input", "parameters", "response"})
"""What arguments and results stand under in messages, as objects."""

_MARKS = frozenset({"type", "properties", "$ref", "anyOf", "allOf", "oneOf"})
"""What makes an object a schema, where one may stand."""

_URL_SAFE = str.maketrans("-_", "+/")


def _trim(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _unindent(text: str) -> list[str]:
    """The lines of a description: how far those of a docstring are indented depends on the Python."""
    return [line.strip() for line in text.strip().splitlines()]


def _is_empty(value: JSON) -> bool:
    """Whether a value holds nothing but empty objects and lists."""
    return isinstance(value, (dict, list)) and all(
        map(_is_empty, value.values() if isinstance(value, dict) else value)
    )


def _is_same_json(one: str, other: str) -> bool:
    try:
        values = json.loads(one), json.loads(other)
    except (ValueError, RecursionError):
        return False
    return isinstance(values[0], (dict, list)) and canonical(values[0]) == canonical(values[1])


# --- protocol buffers as JSON -------------------------------------------------------------------------------

_OWN_KEYS = ("properties", "labels")
"""What stands directly under these has keys that a program has chosen."""

_FREE = ("args", "response", "parametersJsonSchema", "responseJsonSchema")
"""Nothing of what stands under these has keys of the API's."""


def _list_keys(value: JSON, *, is_own: bool = False) -> Iterator[str]:
    """The keys of an API's in a value."""
    if isinstance(value, list):
        for each in value:
            yield from _list_keys(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not is_own:
                yield key
            if is_own or key not in _FREE:
                yield from _list_keys(inner, is_own=not is_own and key in _OWN_KEYS)


def _rename_keys(value: JSON, names: dict[str, str], *, is_own: bool = False) -> JSON:
    """A value whose keys of an API's are spelled as `names` has them: `topK` for `top_k`."""
    if isinstance(value, list):
        return [_rename_keys(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    renamed = {}
    for key, inner in value.items():
        name = key if is_own else names.get(_plain(key), key)
        is_free = not is_own and name in _FREE
        name = key if name in value else name
        renamed[name] = (
            inner if is_free else _rename_keys(inner, names, is_own=not is_own and name in _OWN_KEYS)
        )
    return renamed


def _plain(key: str) -> str:
    return key.replace("_", "").lower()
