"""What a reply did beside its words and its calls: what the provider's tools gave, pictures, citations.

It is what assembly found among the parts of a message that has no place of its own, that is, what stands in
`extra` under `PLACES`, without the bookkeeping in `QUIET` and `QUIET_IN_PARTS`. The rest of `extra` tells of
the answer as a piece of traffic; JSON has it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Choice, Completion, Part

PLACES = {
    "content": "the blocks of Anthropic's messages",
    "output": "the items of OpenAI's responses",
    "outputs": "the parts of Gemini's interactions",
    "steps": "the same, in newer ones",
    "message": "what Ollama's messages have beside their text",
    "citations": "Perplexity's sources",
    "search_results": "the same, with their titles",
    "images": "Perplexity's pictures",
}
"""Keys of `extra` that belong to the first choice, beside `choices`, which has a place for each."""

QUIET = frozenset(
    {
        "encrypted_content",
        "encrypted_index",
        "signature",
        "thoughtSignature",
        "thought_signature",
    }
)
"""Seals, which say something to the provider alone, wherever they stand."""

QUIET_IN_PARTS = frozenset(
    {
        "avg_logprobs",
        "content_filter_offsets",
        "content_filter_result",
        "content_filter_results",
        "earlier_finish_reason",
        "earlier_logprobs",
        "id",
        "matched_stop",
        "native_finish_reason",
        "odd_finish_reason",
        "other_ids",
        "other_roles",
        "prompt_logprobs",
        "prompt_token_ids",
        "role",
        "safety_ratings",
        "seed",
        "step_usage",
        "stop_reason",
        "token_count",
        "token_ids",
        "usage",
    }
)
"""Ids, counts, ratings of filters and words for the end, where they stand in a choice or a part itself."""

_GOING_WELL = ("completed", "in_progress")


class Deed(NamedTuple):
    """Something that a reply did: what it is called, and what it says, None where the name says it all."""

    name: str
    value: JSON


def says_nothing(completion: Completion) -> bool:
    """Whether no choice has a message, beside its role, or did anything."""
    return not any(
        choice.message._replace(role=None) != type(choice.message)() or list_deeds(completion, choice)
        for choice in completion.choices
    )


def find_deeds(completion: Completion, part: Part) -> list[Deed]:
    """What a part of a message tells that is kept in `extra`."""
    value: JSON = completion.extra
    for step in part.place:
        if isinstance(value, list):
            value = dict(zip(map(str, range(len(value))), value, strict=True))
        value = value.get(step) if isinstance(value, dict) else None
    return [*_list(value)]


def list_deeds(completion: Completion, choice: Choice) -> list[Deed]:
    """What a choice did, in the order in which assembly keeps it, but for what its message's parts tell."""
    places = {part.place for part in choice.message.parts if part.place}
    extra = _leave_out(completion.extra, places) if places else completion.extra
    own = extra.get("choices")
    holders = [own.get(str(choice.index))] if isinstance(own, dict) else []
    if choice is completion.choices[0]:
        holders += [{key: extra[key]} for key in PLACES if key in extra]
    deeds = [deed for holder in holders for deed in _list(holder)]
    if choice.message.reasoning is not None:  # OpenRouter tells it in fragments once more
        deeds = [deed for deed in deeds if deed.name != "reasoning_details"]
    return deeds


def _leave_out(value: JSON, places: set[tuple[str, ...]], path: tuple[str, ...] = ()) -> JSON:
    """A value without what stands at some places."""
    if isinstance(value, dict):
        kept = ((key, (*path, key)) for key in value if (*path, key) not in places)
        return {key: _leave_out(value[key], places, place) for key, place in kept}
    if isinstance(value, list):
        steps = ((item, (*path, str(number))) for number, item in enumerate(value))
        return [_leave_out(item, places, place) for item, place in steps if place not in places]
    return value


def _list(part: JSON) -> Iterator[Deed]:
    """The deeds that a part of a message tells: one that has a type is one, else each of its keys."""
    if not isinstance(part, dict):
        if (told := _strip(part)) is not None:
            yield Deed("part", told)
        return
    kept = {key: value for key, value in part.items() if key not in QUIET_IN_PARTS | QUIET}
    if kept.get("status") in _GOING_WELL:
        del kept["status"]
    kind = kept.pop("type", None)
    if isinstance(kind, str) and kind:
        yield Deed(kind, _strip(kept))
        return
    for key, value in kept.items():
        if key in _HOLDERS and isinstance(value, (dict, list)):
            for item in value.values() if isinstance(value, dict) else value:
                yield from _list(item)
        elif (told := _strip(value)) is not None:
            yield Deed(key, told)


_HOLDERS = ("content", "summary", "output", "outputs", "steps", "parts", "tool_calls", "message", "deltas")


def _strip(value: JSON) -> JSON:
    """A value without seals, and without what is empty; None when nothing is left."""
    if isinstance(value, dict):
        pairs = ((key, _strip(item)) for key, item in value.items() if key not in QUIET)
        return {key: item for key, item in pairs if item is not None} or None
    if isinstance(value, list):
        return [item for item in map(_strip, value) if item is not None] or None
    return value if value != "" else None
