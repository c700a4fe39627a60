"""A recorded exchange as a value, with typed views of it, and what stands where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from recctl.base.syntax import Position
    from recctl.recordings.source import Source

JSON = Any
"""A JSON value as `json.loads` gives it."""


DEFAULT_FORMAT = "ogx"
"""The format of what is like the files of none."""


class Key(NamedTuple):
    """What a recording is known by: its file as people name it, and which of the file's recordings it is.

    The number counts from 1; None is for formats of one recording a file.
    """

    path: str
    number: int | None = None

    def __str__(self) -> str:
        """As the command line takes it: `path`, or `path#3`."""
        return self.path if self.number is None else f"{self.path}#{self.number}"


class LoadError(NamedTuple):
    """Why a source holds no recording, or one of its places none. `rule` is the rule that this breaks.

    `number` is which of the file's recordings should be there, from 1; None where it is all of the file.
    `total` is how many it stands for: of very many bad ones in a file, the last are told in one.
    `is_other` says that the file is one that another recorder keeps beside recordings, and may well be sound,
    `is_unknown` that somebody asked for a recording by a number that the file does not have.
    """

    source: Source
    rule: str
    message: str
    hint: str | None = None
    position: Position | None = None
    number: int | None = None
    total: int = 1
    is_other: bool = False
    is_unknown: bool = False

    @property
    def name(self) -> str:
        """The source's name."""
        return self.source.name

    @property
    def key(self) -> Key:
        """What is known of the recording that should be there."""
        return Key(self.name, self.number)


class RequestKind(Enum):
    """What was recorded; it decides which parts of the request the file's name is a hash of."""

    INFERENCE = "inference"
    HTTP = "http"
    TOOL = "tool"
    FILE_PROCESSOR = "file-processor"
    UNKNOWN = "unknown"


ASKED_KEYS = ("body", "payload", "kwargs")
"""Where a request has what the client asked for; which of them depends on its kind."""


@dataclass(frozen=True)
class Recording:
    """One recorded exchange: a request and its response.

    `format` is the name of the file's format, `index` shows which of the file's recordings it is, from 0;
    `is_alone` is true for formats of one recording a file.
    `sent` is the body of the request as it was sent, where a name is made of that, unless it was edited.
    `as_written` is true when the file's bytes are what the recorder would write for it (floats may be spelled
    as orjson spells them); that proves at once that no key is repeated and that nothing was lost in reading.
    """

    source: Source
    document: dict[str, JSON]
    as_written: bool
    format: str = DEFAULT_FORMAT
    index: int = 0
    is_alone: bool = True
    sent: str | None = None

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.source.name, None if self.is_alone else self.index + 1)

    def with_document(self, document: dict[str, JSON]) -> Recording:
        """The same recording with another document."""
        is_same = document["request"].get("body") == self.request.get("body")
        return replace(self, document=document, sent=self.sent if is_same else None)

    @property
    def request(self) -> dict[str, JSON]:
        """The request as recorded; always an object."""
        request: dict[str, JSON] = self.document["request"]
        return request

    @property
    def response(self) -> dict[str, JSON]:
        """The response as recorded; always an object."""
        response: dict[str, JSON] = self.document["response"]
        return response

    @property
    def test_id(self) -> str | None:
        """The id of the test that made the recording, where one is known."""
        for holder in (self.document, self.request):
            test_id = holder.get("test_id")
            if isinstance(test_id, str):
                return test_id
        return None

    @cached_property
    def kind(self) -> RequestKind:
        """Which kind of request this is, going by its keys."""
        request = self.request
        if "body" in request and "url" in request:
            return RequestKind.INFERENCE
        if "payload" in request and "url" in request:
            return RequestKind.HTTP
        if "tool_name" in request:
            return RequestKind.TOOL
        if "file_id" in request:
            return RequestKind.FILE_PROCESSOR
        return RequestKind.UNKNOWN

    @property
    def body(self) -> JSON:
        """What the reply consists of: an object, a list of chunks, or None after an exception."""
        return self.response.get("body")

    @property
    def is_streaming(self) -> bool:
        """Whether the recorder took the reply for a stream."""
        return self.response.get("is_streaming") is True

    @property
    def url(self) -> str:
        """Where the request went; "" when the recording does not say."""
        url = self.request.get("url")
        return url if isinstance(url, str) else ""

    @property
    def endpoint(self) -> str:
        """The endpoint as people name it; an http request's is its whole url, a tool's its name."""
        for key in ("endpoint", "url", "tool_name", "api"):
            value = self.request.get(key)
            if isinstance(value, str):
                return value
        return ""

    @property
    def model(self) -> JSON:
        """The model that was asked, mostly its name; None when the recording does not say."""
        return self.request.get("model") or self.asked.get("model")

    @property
    def asked(self) -> dict[str, JSON]:
        """What the client asked for: the body, the payload or the arguments of the request."""
        for key in ASKED_KEYS:
            value = self.request.get(key)
            if isinstance(value, dict):
                return value
        return {}


def name_type(value: JSON) -> str:
    """A JSON value's type, with an article, as a sentence wants it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for types, name in ((str, "a string"), ((int, float), "a number"), (list, "an array")):
        if isinstance(value, types):
            return name
    return "an object"
