"""What a request asked and what a reply said, whatever the wire protocol: the values that assembly gives.

Absent is None (or an empty tuple), never invented: no usage, finish reason or arguments that nobody sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


_NOTHING: dict[str, JSON] = {}


class ToolCall(NamedTuple):
    """One call of a tool. `arguments` is the text as sent, which need not be JSON; None when none came."""

    id: str | None
    type: str | None
    name: str | None
    arguments: str | None


class MessagePart(NamedTuple):
    """A piece of what was said, in its place among others.

    `kind` is "text", "reasoning" or "refusal" (then there is a `text`), "tool_call" (a `call`), or "other":
    something that a provider's tool gave, a picture, which stands at `place` in `extra`.
    """

    kind: str
    text: str | None = None
    call: ToolCall | None = None
    place: tuple[str, ...] = ()


class Message(NamedTuple):
    """What one choice said, over all its chunks.

    `parts` tells in which order, where that is not the usual one: reasoning, refusal, text, calls, and one
    text of each kind at most. Else it is empty. `content` and its like are the texts of the parts, joined.
    """

    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    parts: tuple[MessagePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the replies; most requests ask for one. `finish_reason` is the provider's word for the end.

    No tuple as the others, since these have an `index` of their own.
    """

    index: int
    message: Message
    finish_reason: str | None = None
    logprobs: JSON = None


NOTE_CODES = {
    "blocked-prompt": "The provider refused the prompt.",
    "chunk-after-finish": "The reply goes on after its finish reason.",
    "cut-line": "A recorded line of an event stream does not hold a whole event.",
    "error": "The provider sent an error in place of (the rest of) a reply.",
    "final-mismatch": "What the stream adds up to is not what its last event says.",
    "incomplete-stream": "The stream ends before the reply does.",
    "legacy-function-call": "A call is a `function_call`, as it was before there were tool calls.",
    "mixed-ids": "The stream contains chunks of more than one reply.",
    "no-finish-reason": "The stream comes to its end, but does not say why the reply ends.",
    "odd-chunk": "Something that is no chunk is where one should be.",
    "odd-line": "A recorded line is of no field that event streams have; it is kept as it is.",
    "repeated-message": "The whole message is given beside the deltas that add up to it.",
    "repeated-role": "The role is repeated in later chunks.",
    "thinking-as-text": "The text holds <think> or <reasoning> tags: reasoning that was not kept apart.",
    "tool-arguments-json": "The arguments of a tool call are not JSON.",
    "tool-call-as-text": "The text looks like a tool call that was not recognised as one.",
    "uneven-vectors": "The vectors of an embedding differ in dimension.",
    "under-way": "The provider was still at work on the reply, as it is with `background`.",
    "unknown-event": "An event is of a type that recctl does not know; it is kept as it is.",
    "unknown-wire": "The reply is of no protocol that recctl knows; it is shown as it is.",
}
"""What notes can say, by code."""


class Note(NamedTuple):
    """Something odd about a reply: a code of `NOTE_CODES`, a sentence, a JSON pointer to the place."""

    code: str
    message: str
    pointer: str


class Fact(NamedTuple):
    """Something that a person wants to know of a reply: its name, mostly the provider's own, and a text.

    `keys` are those of `extra` that it tells as a whole, so that nothing is missed where only it is shown.
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()


class Completion(NamedTuple):
    """A reply, put together.

    `wire` names the protocol. `chunks` counts what was streamed (0 when it was not). `complete` is true
    when every choice has ended and nothing failed. `usage` keeps the provider's own keys. `error` is what
    the provider sent in place of (the rest of) a reply. `extra` holds whatever has no place of its own.
    `kind` is what a reply is called that is no message ("batch", "3 files"), and `facts` are what it comes
    to; everything in them is elsewhere, too.
    """

    wire: str
    streamed: bool
    chunks: int
    complete: bool
    id: str | None = None
    model: str | None = None
    choices: tuple[Choice, ...] = ()
    usage: dict[str, JSON] | None = None
    error: JSON = None
    extra: dict[str, JSON] = _NOTHING
    notes: tuple[Note, ...] = ()
    kind: str | None = None
    facts: tuple[Fact, ...] = ()


class Speaker(Enum):
    """Who has said something in a conversation."""

    USER = "user"
    SYSTEM = "system"
    TOOL = "tool"
    MODEL = "model"


SPEAKERS = {
    "user": Speaker.USER,
    "human": Speaker.USER,
    "system": Speaker.SYSTEM,
    "developer": Speaker.SYSTEM,
    "tool": Speaker.TOOL,
    "function": Speaker.TOOL,
    "assistant": Speaker.MODEL,
    "model": Speaker.MODEL,
}
"""Who speaks in a role; a protocol may have more roles of its own."""


class RequestMessage(NamedTuple):
    """One message of a request. `content` is as recorded: text, or a list of parts.

    `said_by` tells who speaks where that does not go by `SPEAKERS`.
    """

    role: str | None
    content: JSON = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    extra: dict[str, JSON] = _NOTHING
    said_by: Speaker | None = None

    @property
    def speaker(self) -> Speaker | None:
        """Who speaks; None where the role tells nothing."""
        return self.said_by or SPEAKERS.get(self.role or "")


class Tool(NamedTuple):
    """A tool that a request offers. `parameters` is the JSON Schema of its arguments."""

    name: str | None
    type: str | None = None
    description: str | None = None
    parameters: JSON = None
    extra: dict[str, JSON] = _NOTHING


class Request(NamedTuple):
    """What was asked. `prompt` is for protocols without messages; `parameters` is everything else.

    `facts` are what they come to where they are many, or long; their `keys` are those of `parameters`.
    """

    model: str | None = None
    messages: tuple[RequestMessage, ...] = ()
    prompt: JSON = None
    tools: tuple[Tool, ...] = ()
    parameters: dict[str, JSON] = _NOTHING
    facts: tuple[Fact, ...] = ()
