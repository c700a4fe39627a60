"""What is known of a recording without reading it again."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from recctl.base.amounts import Tokens
from recctl.base.values import NamedTuple
from recctl.naming.facts import Facts, NameStatus, Turn

if TYPE_CHECKING:
    from recctl.recordings.recording import Key


class Findability(StrEnum):
    """Whether the recorder finds a recording: by its name, its place and what else there is.

    *By test*: its file is named after a test, and found by that. *Misplaced*: it has the right name in
    another folder than the one that is looked into. *Replaced*: outdated, and another one of the same turn
    is found.
    """

    CURRENT = "current"
    BY_TEST = "by-test"
    MISPLACED = "misplaced"
    OUTDATED = "outdated"
    REPLACED = "replaced"
    AHEAD = "ahead"
    UNEXPLAINED = "unexplained"
    NOT_APPLICABLE = "not-applicable"


class IndexEntry(NamedTuple):
    """One recording of the index.

    `facts` are those about its name and place, `location` is its file's path from the root (whole where it
    lies elsewhere). `url` is where the request went; that of one to a tool is the tool's name. `turn` counts
    the replies that the conversation has with this one. `wire` is the protocol of the reply, `status` HTTP's,
    `finish` the first finish reason, "error" where the reply is an error. `tool_calls` names the tools that
    are called. `size` counts the bytes that it takes up in its file. `asked` and `answered` are how what was
    asked last, and what was answered, begins, a line each. `body` is a digest that only equal bodies of
    requests have in common.
    """

    facts: Facts
    location: str
    method: str
    url: str
    turn: int
    wire: str
    streamed: bool
    complete: bool
    status: int | None
    finish: str | None
    tool_calls: tuple[str, ...]
    tokens: Tokens | None
    size: int
    asked: str
    answered: str
    body: str

    @property
    def key(self) -> Key:
        """What the recording is known by."""
        return self.facts.key

    @property
    def test_id(self) -> str | None:
        """The id of its test."""
        return self.facts.test_id

    @property
    def endpoint(self) -> str:
        """The endpoint that was asked."""
        return self.facts.endpoint

    @property
    def model(self) -> str | None:
        """The model that was asked."""
        return self.facts.model

    @property
    def provider(self) -> str | None:
        """The provider as the request names it, else the host that it went to."""
        return next(iter(self.facts.providers), None)

    @property
    def has_failed(self) -> bool:
        """Whether the reply is an error, or its stream ends before it is whole.

        A provider that was asked how far it has come, and is still at work, has not failed.
        """
        return not self.complete and (self.streamed or self.finish == "error")

    @property
    def state(self) -> Findability:
        """Whether the recorder finds it."""
        facts = self.facts
        if facts.is_named_by_test or facts.holds_several:
            return Findability.BY_TEST
        if facts.status is NameStatus.CURRENT:
            return Findability.CURRENT if facts.folder == facts.expected_folder else Findability.MISPLACED
        if facts.status is NameStatus.OUTDATED and facts.replaced_by is not None:
            return Findability.REPLACED
        return Findability(facts.status.value)

    @property
    def is_found(self) -> bool:
        """Whether the recorder finds it, as far as its name and its place tell."""
        return self.state in (Findability.CURRENT, Findability.BY_TEST)

    def with_facts(self, facts: Facts) -> Self:
        """The same recording, with more known about its name."""
        return self if facts is self.facts else self._replace(facts=facts)

    def dump(self) -> list[Any]:
        """The entry, but for its path and what only others tell, as JSON has words for it.

        Its turn is a text, which is looked into where another recording may have replaced it.
        """
        turn = self.facts.turn
        return [
            self.facts._replace(turn=None).dump(),
            None if turn is None else json.dumps(turn),
            self.method,
            self.url,
            self.turn,
            self.wire,
            self.streamed,
            self.complete,
            self.status,
            self.finish,
            [*self.tool_calls],
            [self.tokens.prompt, self.tokens.reply] if self.tokens else None,
            self.size,
            self.asked,
            self.answered,
            self.body,
        ]

    @classmethod
    def restore(cls, path: str, location: str, values: list[Any]) -> Self:
        """An entry as it was before `dump`, of a file by these names, but for its turn.

        Raises ValueError or TypeError.
        """
        facts, _, method, url, turn, wire, streamed, complete, status, finish, calls, tokens, *rest = values
        return cls(
            Facts.restore(path, facts),
            location,
            method,
            url,
            turn,
            wire,
            streamed,
            complete,
            status,
            finish,
            tuple(calls),
            Tokens(*tokens) if tokens else None,
            *rest,
        )

    def restore_turn(self, values: list[Any]) -> Self:
        """The entry with its turn, too, as `dump` wrote it."""
        text = values[1]
        if text is None:
            return self
        test_id, endpoint, model, roles, *asked = json.loads(text)
        turn = Turn(test_id, endpoint, model, tuple(roles), *asked)
        return self.with_facts(self.facts._replace(turn=turn))
