"""What comes of looking for a recording: where it is, or why it is not there and what is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from recctl.diff import Change
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.query import Query
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread


class Cause(StrEnum):
    """Whether the recorder finds what is looked for, and if not, why not.

    *Other name*: it is there under a name, or in a folder, that the recorder does not look for. *Gone*: it
    was there. *Changed*: another request than the one that is kept was sent. *Unknown*: nothing is like it.
    """

    FOUND = "found"
    OTHER_NAME = "other-name"
    GONE = "gone"
    NO_FILE = "no-file"
    EMPTY_FILE = "empty-file"
    ALL_PLAYED = "all-played"
    OTHER_URL = "other-url"
    OTHER_MATCHER = "other-matcher"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class FieldChange(NamedTuple):
    """A field of the request that differs: kept on the left, sent on the right.

    `overlooked_by` is what makes both sides equal, such as a hash scheme; None where the recorder sees it.
    """

    change: Change
    overlooked_by: str | None = None


@dataclass(frozen=True)
class Nearby:
    """A recording, and what differs between its request and the one that was sent.

    `is_own` says that it is of the test, or the file, that was asked. `is_compared` is false where too little
    of what was sent is known to tell all that differs.
    """

    entry: IndexEntry
    is_own: bool = False
    changes: tuple[FieldChange, ...] = ()
    is_compared: bool = False

    @property
    def differing(self) -> tuple[FieldChange, ...]:
        """What has changed in substance, or the recorder sees; where nothing has, all but headers."""
        told = tuple(
            each for each in self.changes if each.change.kind != "noise" or each.overlooked_by is None
        )
        return told or tuple(each for each in self.changes if not each.change.where.startswith(UNMATCHED))


UNMATCHED = ("/request/headers", "/request/provider_metadata")
"""What hardly any suite matches requests by."""


class Since(NamedTuple):
    """What git knows of why a recording is not found: a commit, and what it did.

    `commit` is None for what is not committed; `date` and `subject` are the commit's.
    """

    commit: str | None
    what: str
    date: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Answer:
    """What there is to say of one thing that was looked for.

    `told` says why, in a sentence. `found` are the recordings that it is, `expected` the paths at which the
    recorder looks, `nearest` others that are like it. `command` is what helps.
    """

    query: Query
    cause: Cause
    told: str = ""
    found: tuple[Nearby, ...] = ()
    expected: tuple[str, ...] = ()
    nearest: tuple[Nearby, ...] = ()
    since: Since | None = None
    command: str | None = None

    @property
    def is_found(self) -> bool:
        """Whether it is where it is looked for."""
        return self.cause is Cause.FOUND


class Findings(NamedTuple):
    """The answers to all that was looked for, of how many recordings, and what could not be read."""

    answers: tuple[Answer, ...]
    total: int
    errors: tuple[Unread | LoadError, ...] = ()
