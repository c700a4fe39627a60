"""What a reply has beside its words and its calls: what the provider's tools gave, pictures, citations.

It is what assembly found among the parts of a message that has no place of its own, that is, what is in
`extra` where the protocol's `Attachments` say, without bookkeeping. The rest of `extra` tells of the answer
as a piece of traffic; JSON has it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Choice, Completion, MessagePart
    from recctl.wire.protocol import Attachments

_SEALS = frozenset(
    {"encrypted_content", "encrypted_index", "signature", "thoughtSignature", "thought_signature"}
)
"""What says something to the provider alone, wherever it stands; routers hand on that of others."""

_BOOKKEEPING = frozenset(
    {
        "earlier_finish_reason",
        "earlier_logprobs",
        "id",
        "odd_finish_reason",
        "other_ids",
        "other_roles",
        "role",
        "usage",
    }
)
"""Ids, counts and words for the end, where they are in a choice or a part itself."""

_HOLDERS = ("content", "summary", "parts", "tool_calls", "deltas")
"""Keys of choices and parts whose members are parts themselves."""

_GOING_WELL = ("completed", "in_progress")


class Attachment(NamedTuple):
    """Something beside words and calls: what it is called, what it says; None where the name says it all."""

    name: str
    value: JSON


def has_message(completion: Completion, kinds: Attachments) -> bool:
    """Whether a choice has a message, beside its role, or attachments."""
    return any(
        choice.message._replace(role=None) != type(choice.message)()
        or list_attachments(completion, choice, kinds)
        for choice in completion.choices
    )


def says_otherwise(completion: Completion, kinds: Attachments) -> bool:
    """Whether a reply says something that is no text and no call: sound, an image, code that was run."""
    extra = completion.extra
    items = (item for key in kinds.holders for item in _list_members(extra.get(key)))
    if any(isinstance(item, dict) and "type" in item for item in items):
        return True
    choices = (choice for choice in _list_members(extra.get("choices")) if isinstance(choice, dict))
    return any(_strip(choice.get(key)) for choice in choices for key in kinds.media)


def find_attachments(completion: Completion, part: MessagePart, kinds: Attachments) -> list[Attachment]:
    """What a part of a message tells that is kept in `extra`."""
    value: JSON = completion.extra
    for step in part.place:
        if isinstance(value, list):
            value = dict(zip(map(str, range(len(value))), value, strict=True))
        value = value.get(step) if isinstance(value, dict) else None
    return [*_list(value, kinds)]


def list_attachments(completion: Completion, choice: Choice, kinds: Attachments) -> list[Attachment]:
    """What a choice has, in the order in which assembly keeps it, but for what its message's parts tell."""
    places = {part.place for part in choice.message.parts if part.place}
    extra = _leave_out(completion.extra, places) if places else completion.extra
    own = extra.get("choices")
    holders = [own.get(str(choice.index))] if isinstance(own, dict) else []
    if choice is completion.choices[0]:
        holders += [{key: extra[key]} for key in (*kinds.holders, *kinds.keys) if key in extra]
    found = [attachment for holder in holders for attachment in _list(holder, kinds)]
    if choice.message.reasoning is not None:
        found = [attachment for attachment in found if attachment.name not in kinds.repeat_reasoning]
    return found


def _leave_out(value: JSON, places: set[tuple[str, ...]], path: tuple[str, ...] = ()) -> JSON:
    """A value without what stands at some places."""
    if isinstance(value, dict):
        kept = ((key, (*path, key)) for key in value if (*path, key) not in places)
        return {key: _leave_out(value[key], places, place) for key, place in kept}
    if isinstance(value, list):
        steps = ((item, (*path, str(number))) for number, item in enumerate(value))
        return [_leave_out(item, places, place) for item, place in steps if place not in places]
    return value


def _list(part: JSON, kinds: Attachments) -> Iterator[Attachment]:
    """What a part of a message tells: one attachment if it has a type, else one for each of its keys."""
    if not isinstance(part, dict):
        if (told := _strip(part)) is not None:
            yield Attachment("part", told)
        return
    quiet = _SEALS | _BOOKKEEPING | kinds.quiet
    kept = {key: value for key, value in part.items() if key not in quiet}
    if kept.get("status") in _GOING_WELL:
        del kept["status"]
    kind = kept.pop("type", None)
    if isinstance(kind, str) and kind:
        yield Attachment(kind, _strip(kept))
        return
    for key, value in kept.items():
        if key in (*_HOLDERS, *kinds.holders) and isinstance(value, (dict, list)):
            for item in value.values() if isinstance(value, dict) else value:
                yield from _list(item, kinds)
        elif (told := _strip(value)) is not None:
            yield Attachment(key, told)


def _list_members(value: JSON) -> list[JSON]:
    return [*value.values()] if isinstance(value, dict) else []


def _strip(value: JSON) -> JSON:
    """A value without seals, and without what is empty; None when nothing is left."""
    if isinstance(value, dict):
        pairs = ((key, _strip(item)) for key, item in value.items() if key not in _SEALS)
        return {key: item for key, item in pairs if item is not None} or None
    if isinstance(value, list):
        return [item for item in map(_strip, value) if item is not None] or None
    return value if value != "" else None
