"""What somebody looks for, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


class Reason(StrEnum):
    """Why a recorder had no recording for a request, as it says itself."""

    NO_FILE = "no-file"
    ALL_PLAYED = "all-played"
    NO_MATCH = "no-match"
    NOTHING_SIMILAR = "nothing-similar"
    NO_CASSETTE_IN_USE = "no-cassette-in-use"


@dataclass(frozen=True)
class Query:
    """What somebody looks for; None stands for what is not known of it.

    `word` is what it is called in an answer. `name` is a hash, or the first digits of one, `test` a test's id
    or a part of it, `file` where the recorder looked, `number` which of the file's recordings is meant.
    `body` counts where `has_body` says so; `is_masked` says that secrets were taken out of it.
    `recorder` is the name of its format, where a message of it was read: at `line` of a text, from 1. Then
    `reason` is what it says itself, `matched` the parts of requests that it says it matches, `differing`
    those in which the closest recording differs, `recorded` how many exchanges it knows of.
    """

    word: str
    name: str | None = None
    test: str | None = None
    file: str | None = None
    method: str | None = None
    url: str | None = None
    endpoint: str | None = None
    model: str | None = None
    body: JSON = None
    has_body: bool = False
    recorder: str | None = None
    reason: Reason | None = None
    matched: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    recorded: int | None = None
    line: int | None = None
    number: int | None = None
    is_masked: bool = False

    @cached_property
    def digest(self) -> str:
        """What only an equal body has in common with its body."""
        from recctl.inventory.likeness import digest_body  # which those who look for a name have no use for

        return digest_body(self.body)

    @property
    def tells_request(self) -> bool:
        """Whether anything is known of a request: more than what its recording is called."""
        told = (self.test, self.file, self.method, self.url, self.endpoint, self.model)
        return self.has_body or any(told)

    @property
    def test_id(self) -> str | None:
        """The whole id of the test, where `test` is one; None where it may be a part."""
        path, colons, _ = (self.test or "").partition("::")
        return self.test if colons and path.endswith(".py") else None
