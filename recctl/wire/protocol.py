"""What a wire protocol is: how its replies and its requests are read, and the words that are its own.

A protocol says what its words mean, so that nothing else has to know of it. What it does not say has a
default that suits most.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request


class Ending(Enum):
    """What a finish reason comes to."""

    WHOLE = "the model had said all, or calls tools"
    CUT_SHORT = "the token limit ended the reply"
    REFUSED = "the reply was refused, or filtered"
    SILENT = "nothing was to be said"


def recognises_none(*_: JSON) -> bool:
    """That nothing is of a protocol."""
    return False


class Attachments(NamedTuple):
    """Which keys of `extra` hold what a reply has beside its words and calls.

    Those of a choice do, and of the keys of `extra` itself: `holders`, whose members are an attachment each,
    and `keys`, which are one each. `media` are the keys of a choice that are an answer by themselves, such as
    sound. `quiet` is bookkeeping, where it stands in a choice or a part itself. `repeat_reasoning` are keys
    that only tell the reasoning once more.
    """

    holders: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    quiet: frozenset[str] = frozenset()
    repeat_reasoning: tuple[str, ...] = ()


class UsageSum(NamedTuple):
    """Counters of tokens that add up to another one.

    What is counted under `apart`, each a counter with details and a key of these, may be part of the total
    alone. `spared` are parts of the names of models whose total may hold more than is told.
    """

    parts: tuple[str, ...]
    total: str
    apart: tuple[tuple[str, str], ...] = ()
    spared: tuple[str, ...] = ()


OPENAI_USAGE = UsageSum(
    ("prompt_tokens", "completion_tokens"),
    "total_tokens",
    apart=(("completion_tokens_details", "reasoning_tokens"), ("prompt_tokens_details", "audio_tokens")),
    spared=("gemini",),
)
"""OpenAI's counters.

Some who copy them leave what the model thinks out of its completion, or sound out of the prompt (Mistral),
though not out of the total.
"""

_NO_ENDINGS: Mapping[str, Ending] = {}


class Wire(NamedTuple):
    """A wire protocol.

    `recognises` tells from one chunk of a stream, or from a whole body, whether it is of this protocol.
    `assemble` puts a reply together: it gets the chunks and true, or a list of the one body and false.
    `read_request` reads what a client asked for by this protocol. `is_last_resort` is for replies that only
    say that a request has failed: asked when no other protocol recognises a chunk.

    `endings` has the finish reasons: those of other protocols, which routers hand on, need not be repeated.
    `native_reason` is the key under which a router keeps the finish reason of the provider that it asked.
    `shows_streaming` is false where the form of a reply does not tell whether it was streamed.
    `attachments` tell what in `extra` belongs to the answer, `usage` which counters add up.
    """

    name: str
    recognises: Callable[[JSON], bool]
    assemble: Callable[[list[JSON], bool], Completion]
    read_request: Callable[[dict[str, JSON]], Request]
    is_last_resort: bool = False
    endings: Mapping[str, Ending] = _NO_ENDINGS
    native_reason: str = ""
    shows_streaming: bool = True
    attachments: Attachments = Attachments()
    usage: UsageSum = OPENAI_USAGE


def by_class(
    endings: str | tuple[str, ...], is_one: Callable[[dict[str, JSON]], bool], *, in_events: bool = False
) -> Callable[[JSON], bool]:
    """What recognises dumped objects of classes whose names end so, and others by their keys.

    With `in_events`, lines of an event stream are recognised by what they hold.
    """

    def recognises(item: JSON) -> bool:
        if in_events and isinstance(item, str):
            from recctl.wire.building.sse import peek

            item = peek(item).data
        if not isinstance(item, dict):
            return False
        return str(item["__type__"]).endswith(endings) if "__type__" in item else is_one(item)

    return recognises
