"""What a wire protocol is: how its replies and its requests are read, and the words that are its own.

A protocol says what its words mean, so that nothing else has to know of it. What it does not say has a
default that suits most.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request, Speaker, Tool


def recognises_none(*_: JSON) -> bool:
    """That nothing is of a protocol."""
    return False


def list_nothing(_: JSON) -> tuple[()]:
    """That a body has nothing of a kind."""
    return ()


def list_tools(request: Request, _: dict[str, JSON]) -> Iterable[Tool]:
    """The tools that a request offers, where they are all in one list."""
    return request.tools


COMMON_DEFAULTS: dict[str, JSON] = {"stream": False}
"""What counts anyway in most protocols."""
_NO_SPEAKERS: dict[str, Speaker] = {}


class Ending(Enum):
    """What a finish reason comes to."""

    WHOLE = "the model had said all, or calls tools"
    CUT_SHORT = "the token limit ended the reply"
    REFUSED = "the reply was refused, or filtered"
    SILENT = "nothing was to be said"


class Attachments(NamedTuple):
    """Which keys of `extra` hold what a reply has beside its words and calls.

    Those of a choice do, and of the keys of `extra` itself: `holders`, whose members are an attachment each,
    and `keys`, which are one each. `media` are the keys of a choice that are an answer by themselves, such as
    sound. `quiet` is bookkeeping, where it is in a choice or a part itself. `repeat_reasoning` are keys
    that only tell the reasoning once more.
    """

    holders: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    quiet: frozenset[str] = frozenset()
    repeat_reasoning: tuple[str, ...] = ()


class UsageKeys(NamedTuple):
    """Which counters of a usage say what; of several keys, the first that is there counts.

    `prompt` and `reply` are the keys of the two sides, `thoughts` of what the model thought, where that is
    counted beside the reply. They may all stand under one of `holders`. `total`, if it is any, is that of
    what these add up to, and `also` what else is counted in it; what is counted under `apart`, each a
    counter's details and a key of these, may be. `spared` are parts of the names of models whose total may
    hold more than is told.
    """

    prompt: tuple[str, ...] = ("prompt_tokens",)
    reply: tuple[str, ...] = ("completion_tokens",)
    thoughts: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    total: str = ""
    also: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    spared: tuple[str, ...] = ()


OPENAI_USAGE = UsageKeys(
    total="total_tokens",
    apart=(("completion_tokens_details", "reasoning_tokens"), ("prompt_tokens_details", "audio_tokens")),
    spared=("gemini",),
)
"""OpenAI's counters.

Some who copy them leave what the model thinks out of its completion, or sound out of the prompt (Mistral),
though not out of the total.
"""


class Entries(NamedTuple):
    """What a reply consists of that nobody has said: vectors, models, files and other things in a list.

    `derived` are the keys of `extra` that follow from the entries, such as their count. `are_models` is true
    for lists of models. `read_vectors` gives the vectors of a body, in order, and None for one that can't be
    read.
    """

    derived: tuple[str, ...] = ()
    are_models: bool = False
    read_vectors: Callable[[JSON], Iterable[list[float] | None]] = list_nothing


NO_ENTRIES = Entries()


class RequestForm(NamedTuple):
    """How requests are written, for those who compare them as they were sent, or follow what is said in them.

    Messages: `messages` are the keys of lists of them, or of a bare prompt that stands there, to which what
    is under `beside_prompt` belongs. Who speaks stands under one of `roles`, what is said under one of
    `contents`; `speakers` are roles beside those of `SPEAKERS`. Entries without a role are a tool's where
    their types end as in `results`, and the model's where they end as in `model_items`; so are parts of a
    user's message, which show it by one of `result_keys`, too. `instructions` stand beside the messages.

    Tools: `tools` are the keys of lists of them, which may stand under `tool_holder` beside what else is said
    of tools, and in whose entries there may be lists under `tool_lists`. A tool is what is in an entry
    under one of `tool_keys`, or the entry; `schemas` are the keys of its parameters. A call and its result
    have the call's id under one of `call_ids`; calls of no named tool are parts whose types end as in
    `other_calls`.

    Parameters: `defaults`, by dotted path with a star for each index, are values that say what counts anyway.
    What stands under `settings` may be empty. Values under `names` are no ids, however they look; those at
    `links`, paths again, only say which result is of which call, and may be left out. `is_protobuf` says that
    requests are protocol buffers as JSON: keys are spelled in either case, a list of one may stand as its
    only item, and bytes come in both kinds of base64. `is_made_anew` says that a body which is no text, such
    as one full of times and ids, is never sent twice.

    `conversations` are keys by which a request refers to a conversation that the provider has, `references`
    the types of parts that stand for something said in one.
    """

    messages: tuple[str, ...] = ("messages", "input")
    beside_prompt: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("role",)
    contents: tuple[str, ...] = ("content",)
    speakers: Mapping[str, Speaker] = _NO_SPEAKERS
    results: tuple[str, ...] = ("_result", "_output")
    model_items: tuple[str, ...] = ("_call", "reasoning", "thinking", "thought")
    result_keys: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ("system", "instructions")
    tools: tuple[str, ...] = ("tools", "functions")
    tool_holder: tuple[str, ...] = ()
    tool_lists: tuple[str, ...] = ()
    tool_keys: tuple[str, ...] = ("function",)
    schemas: tuple[str, ...] = ("parameters",)
    call_ids: tuple[str, ...] = ("id", "tool_call_id")
    other_calls: tuple[str, ...] = ()
    defaults: Mapping[str, JSON] = COMMON_DEFAULTS
    links: tuple[str, ...] = ()
    is_protobuf: bool = False
    is_made_anew: bool = False
    settings: tuple[str, ...] = ()
    names: tuple[str, ...] = ("model", "name")
    conversations: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def join(self, other: RequestForm) -> RequestForm:
        """The form of requests that may be of either of two."""
        return self if other == self else RequestForm(*map(_join, self, other))


def _join(one: Any, other: Any) -> Any:
    """What two members of a form come to: keys of both, defaults of both, what holds for both."""
    if isinstance(one, bool):
        return one and other
    return {**other, **one} if isinstance(one, dict) else tuple(dict.fromkeys((*one, *other)))


COMMON_NOISE = {
    "id": "made up for each reply",
    "other_ids": "ids of a stream that has several",
    "request_id": "made up for each request",
    "created": "a time",
    "created_at": "a time",
    "created_timestamp": "a time",
    "create_time": "a time",
    "expires_at": "a time",
    "modified_at": "a time",
    "updated": "a time",
    "updated_at": "a time",
    "updated_timestamp": "a time",
    "processing_time_ms": "a duration",
    "usage": "counts of tokens",
    "earlier_logprobs": "numbers that no two runs share",
    "headers": "of HTTP",
    "obfuscation": "random padding",
    "seed": "drawn anew by some providers",
    "service_tier": "where the provider ran the request",
    "signature": "seals the reasoning, differently each time",
    "system_fingerprint": "which build of the provider replied",
    "thought_signature": "seals the reasoning, differently each time",
}
"""Keys of any reply that hold no answer, and why."""

_NO_ENDINGS: Mapping[str, Ending] = {}
_NO_NOISE: Mapping[str, str] = {}


class Wire(NamedTuple):
    """A wire protocol: four things that each has to say, and more that it may.

    `recognises` tells from one chunk of a stream, or from a whole body, whether it is of this protocol.
    `assemble` puts a reply together: it gets the chunks and true, or a list of the one body and false.
    `read_request` reads what a client asked for by this protocol.

    Of replies:

    - `is_last_resort`: that they only say that a request has failed, by no protocol's own form: such a one is
      asked when no other recognises a chunk.
    - `endings`: what each finish reason comes to. Those of other protocols, which routers hand on, need not
      be repeated; `native_reason` is the key under which a router keeps that of the provider that it asked.
    - `noise`: keys whose values differ from one reply to the next although they say the same, and why, beside
      those of `COMMON_NOISE`.
    - `attachments`: what in `extra` belongs to the answer.
    - `usage`: which counters say what.
    - `client_calls`: the types of calls that a client runs, with arguments in JSON. Others are run by the
      provider, or take any text.
    - `entries`: what a reply consists of that nobody has said.
    - `list_data`: the data in a body, as base64, of which `assemble` tells the size alone.
    - `folded`: keys whose values `assemble` knowingly leaves out, and why, beside those that all do.
    - `shows_streaming`: false where the form of a reply does not tell whether it was streamed.

    Of requests:

    - `recognises_request`: tells from the path of a URL, and what was sent there, whether that is of this
      protocol. Where none does, a request is of the protocol that its reply came by; and a reply that tells
      nothing is of the protocol of its request, if that is one which recognises no reply.
    - `form`: how they are written.
    - `list_tools`: the tools that one offers, where they are not all in one list.
    """

    name: str
    recognises: Callable[[JSON], bool]
    assemble: Callable[[list[JSON], bool], Completion]
    read_request: Callable[[dict[str, JSON]], Request]
    is_last_resort: bool = False
    endings: Mapping[str, Ending] = _NO_ENDINGS
    native_reason: str = ""
    noise: Mapping[str, str] = _NO_NOISE
    attachments: Attachments = Attachments()
    usage: UsageKeys = OPENAI_USAGE
    client_calls: frozenset[str | None] = frozenset({None, "function", "tool_use", "function_call"})
    entries: Entries = NO_ENTRIES
    list_data: Callable[[JSON], Iterable[str]] = list_nothing
    folded: Mapping[str, str] = _NO_NOISE
    shows_streaming: bool = True
    recognises_request: Callable[[str, JSON], bool] = recognises_none
    form: RequestForm = RequestForm()
    list_tools: Callable[[Request, dict[str, JSON]], Iterable[Tool]] = list_tools


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
