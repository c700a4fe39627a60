"""Both sides of a recording, and what can be told of them by their protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.wire.envelopes import open_envelopes
from recctl.wire.failures import EXCEPTION, UNKNOWN
from recctl.wire.protocol import COMMON_NOISE, Ending
from recctl.wire.recognition import find_ending, gather_noise, gather_usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.base.amounts import Tokens
    from recctl.recordings.recording import Recording
    from recctl.wire.attachments import Attachment
    from recctl.wire.completion import Choice, Completion, MessagePart, Request, Tool
    from recctl.wire.protocol import Wire
    from recctl.wire.timeline import Step


class Exchange(NamedTuple):
    """A recording, with what was asked and what was said.

    `wire` is the protocol that the reply came by, `asked_by` that of the request.
    """

    recording: Recording
    request: Request
    completion: Completion
    wire: Wire
    asked_by: Wire

    def read_lines(self) -> tuple[str, str]:
        """How what was asked last, and what was answered, begins: a line each, or nothing."""
        from recctl.wire.building.lines import read_question_line, read_reply_line

        return read_question_line(self.request), read_reply_line(self.completion)

    def read_steps(self) -> Iterator[Step]:
        """What each chunk of the stream added, in order; nothing for a reply that was not streamed."""
        from recctl.wire.timeline import read_steps

        body = open_envelopes(self.recording.body)
        if self.wire not in (EXCEPTION, UNKNOWN) and isinstance(body, list):
            yield from read_steps(self.wire, body)

    def find_ending(self, choice: Choice) -> Ending | None:
        """What the finish reason of a choice comes to, or that of the provider that a router asked.

        None where there is none, and for one that no protocol has.
        """
        ending = find_ending(self.wire, choice.finish_reason)
        if ending not in (None, Ending.WHOLE) or not self.wire.native_reason:
            return ending
        kept = self.completion.extra.get("choices")
        told = kept.get(str(choice.index)) if isinstance(kept, dict) else None
        native = told.get(self.wire.native_reason) if isinstance(told, dict) else None
        return (find_ending(self.wire, native) if isinstance(native, str) else None) or ending

    @property
    def noise(self) -> frozenset[str]:
        """The keys of the reply whose values say nothing; of one that no protocol has, those of all."""
        has_protocol = not (self.wire.is_last_resort or self.wire in (EXCEPTION, UNKNOWN))
        return frozenset({*COMMON_NOISE, *(self.wire.noise if has_protocol else gather_noise())})

    @property
    def has_message(self) -> bool:
        """Whether a choice has a message, beside its role, or attachments."""
        from recctl.wire.attachments import has_message

        return has_message(self.completion, self.wire.attachments)

    @property
    def says_otherwise(self) -> bool:
        """Whether the reply says something that is no text and no call: sound, an image, code that ran."""
        from recctl.wire.attachments import says_otherwise

        return says_otherwise(self.completion, self.wire.attachments)

    def list_attachments(self, choice: Choice) -> list[Attachment]:
        """What a choice has beside words and calls, but for what the parts of its message tell."""
        from recctl.wire.attachments import list_attachments

        return list_attachments(self.completion, choice, self.wire.attachments)

    def find_attachments(self, part: MessagePart) -> list[Attachment]:
        """What a part of a message tells that is neither text nor call."""
        from recctl.wire.attachments import find_attachments

        return find_attachments(self.completion, part, self.wire.attachments)

    @property
    def earlier_ids(self) -> frozenset[str]:
        """The ids by which the request refers to what was said before, and the provider has."""
        told = (self.recording.asked.get(key) for key in self.asked_by.form.conversations)
        return frozenset(value for value in told if isinstance(value, str))

    def list_tools(self) -> Iterable[Tool]:
        """The tools that the request offers, those of namespaces and those added on the way among them."""
        return self.asked_by.list_tools(self.request, self.recording.asked)

    def count_tokens(self) -> Tokens | None:
        """How many tokens each side took, by the protocol's counters or else by any; None where none tell."""
        from recctl.wire.usage import count_tokens

        usage = self.completion.usage
        if usage is None:
            return None
        return count_tokens(usage, (self.wire.usage,)) or count_tokens(usage, gather_usage())

    def find_usage_gap(self) -> str | None:
        """Why the counters in the usage do not add up; None when they do, or are not all there."""
        from recctl.wire.usage import find_gap

        return find_gap(self.completion, self.wire.usage)

    def read_vectors(self) -> Iterable[list[float] | None]:
        """The vectors of the reply, in order; None stands for one that can't be read."""
        return self.wire.entries.read_vectors(self.recording.body)

    def list_data(self) -> Iterable[str]:
        """The data in the reply, as base64, of which the completion tells the size alone."""
        return self.wire.list_data(open_envelopes(self.recording.body))
