"""What protocols share that make a message of blocks: text, reasoning and calls as parts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.requests import text_or_none
from recctl.wire.building.sse import decode
from recctl.wire.building.values import is_nothing, join, write_text
from recctl.wire.completion import RequestMessage, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import Extra, ReplyBuilder
    from recctl.wire.building.message import ChoiceBuilder


class Block:
    """A block of a reply under construction.

    `own` is what it was begun with (or all of it, where it came whole). What came after that are `texts`, the
    fragments by channel, and `lists`, other additions by key. `path` is its place in `extra`.
    """

    __slots__ = ("ended", "index", "kind", "lists", "own", "path", "pointer", "texts")

    def __init__(self, root: str, index: int, own: JSON, pointer: str) -> None:
        self.index = index
        self.path = (root, str(index))
        self.pointer = pointer
        self.own: dict[str, JSON] = {**own} if isinstance(own, dict) else {"odd_block": own}
        kind = self.own.get("type")
        self.kind = kind if isinstance(kind, str) else ""
        self.texts: dict[str, list[str]] = {}
        self.lists: dict[str, list[JSON]] = {}
        self.ended = False

    def add_text(self, channel: str, delta: dict[str, JSON], key: str) -> None:
        """Add the text that a delta has under `key` to a channel; what else the delta says is kept."""
        fragment = delta.get(key)
        if not isinstance(fragment, str):
            self.keep_delta(delta)
            return
        if fragment:
            self.texts.setdefault(channel, []).append(fragment)
        if len(delta) > 2 or "type" not in delta:
            self.keep_delta({name: value for name, value in delta.items() if name != key})

    def add_to_list(self, key: str, *values: JSON) -> None:
        """Add to a list of the block's."""
        self.lists.setdefault(key, []).extend(value for value in values if not is_nothing(value))

    def keep_delta(self, delta: JSON) -> None:
        """Keep a delta that has no place, if it says anything."""
        if isinstance(delta, dict):
            delta = {key: value for key, value in delta.items() if not is_nothing(value)}
            if not delta.keys() - {"type"}:
                return
        self.add_to_list("deltas", delta)

    def take_text(
        self,
        channel: str,
        choice: ChoiceBuilder,
        to: str,
        *,
        own_key: str | None = None,
        goes_on: bool = False,
    ) -> bool:
        """Move the block's own text, if it has any under `own_key`, and a channel's fragments to a choice.

        A block that has such a text of its own shows by it of what type it is, so that goes too. `to` is the
        choice's channel; the text goes on with what was said last (`goes_on`), or is a part of its own. Gives
        whether there was any.
        """
        own = None
        if own_key:
            own = self.own.pop(own_key, None)
            self.own.pop("type", None)
        fragments = self.texts.pop(channel, [])
        if isinstance(own, str) and own:
            fragments = [own, *fragments]
        elif not is_nothing(own):
            self.own[f"odd_{own_key}"] = own
        if fragments:
            choice.say_all(to, fragments, goes_on=goes_on)
        return bool(fragments)

    def take_call(self, choice: ChoiceBuilder, channel: str, own_key: str, *, has_ended: bool) -> None:
        """Move what the block says of a tool call to a new call of a choice.

        Its arguments are the fragments in `channel`; where none came, the block's own, under `own_key`. An
        empty object there is what a block begins with, so it counts only once the block has ended.
        """
        call = CallBuilder(self.pointer)
        choice.add_call(call)
        if self.kind:
            call.type = self.own.pop("type", None)
        for key in ("id", "name"):
            value = self.own.get(key)
            if value is None or isinstance(value, str):
                setattr(call, key, value or None)
                self.own.pop(key, None)
        fragments, own = "".join(self.texts.pop(channel, ())), self.own.pop(own_key, None)
        if fragments:
            call.add_arguments(fragments)
            if not _says(fragments, own):
                self.own[own_key] = own
        elif not is_nothing(own) or (own == {} and (has_ended or self.ended)):
            call.add_arguments(own)

    def keep_rest(self, extra: Extra) -> None:
        """Keep in `extra` what has not been moved elsewhere."""
        for key, values in self.lists.items():
            own = self.own.get(key)
            before = own if isinstance(own, list) else [] if is_nothing(own) else [own]
            self.own[key] = [*before, *values]
        extra.add_rest(self.path, self.own, ())


def _says(text: str, value: JSON) -> bool:
    """Whether a text says the same, as JSON, as a value or as another text."""
    if is_nothing(value) or text == value:
        return True
    try:
        return bool(decode(text) == (decode(value) if isinstance(value, str) else value))
    except ValueError:
        return False


class Blocks:
    """The blocks of a reply under construction, by the index that each event names."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._blocks: list[Block] = []
        self._first_index = 0
        self._next_index = 0
        self._latest: dict[int, Block] = {}

    def begin_message(self) -> None:
        """Have the blocks of another message follow those that have come: it counts them anew."""
        self._first_index = self._next_index

    def begin(self, index: JSON, own: JSON, pointer: str) -> Block:
        """A new block; without an index it stands after all others."""
        number = self._first_index + index if type(index) is int else self._next_index
        self._next_index = max(self._next_index, number + 1)
        block = Block(self.root, number, own, pointer)
        self._blocks.append(block)
        self._latest[number] = block
        return block

    def find(self, index: JSON, pointer: str) -> Block:
        """The block that an event goes on with; without an index the last one. Begun if there is none."""
        known = self._blocks[-1] if self._blocks else None
        if type(index) is int:
            known = self._latest.get(self._first_index + index)
        return known or self.begin(index, {}, pointer)

    def sorted(self) -> list[Block]:
        """The blocks by their message and index, then by arrival."""
        return sorted(self._blocks, key=lambda block: block.index)


def add_role(builder: ReplyBuilder, role: JSON) -> None:
    """Take the role of the only choice: the first that is not nothing counts."""
    choice = builder.choice(0)
    if choice.role is None and isinstance(role, str):
        choice.role = role or None
    elif role != choice.role:
        builder.extra.add(("other_roles",), role)


def add_status(builder: ReplyBuilder, status: JSON) -> None:
    """Take the status of a whole reply: that it is under way, or how it has ended."""
    builder.is_under_way = status in ("in_progress", "queued")
    if not builder.is_under_way:
        add_finish_reason(builder, status)


def add_finish_reason(builder: ReplyBuilder, reason: JSON) -> None:
    """Take the provider's word for the end of the only choice: the last that is not nothing counts."""
    choice = builder.choice(0)
    if not isinstance(reason, str):
        builder.extra.add(("odd_finish_reason",), reason)
    elif reason:
        if choice.finish_reason != reason:
            builder.extra.add(("earlier_finish_reason",), choice.finish_reason)
        choice.finish_reason = reason


def note_late(builder: ReplyBuilder, pointer: str) -> None:
    """Note that something is said after the end of the only choice, if it has ended."""
    choice = builder.choices.get(0)
    if choice is not None and choice.has_ended:
        builder.note_once("chunk-after-finish", "the reply goes on after its end", pointer)


def check_final(builder: ReplyBuilder, final: ChoiceBuilder, pointer: str) -> None:
    """Compare what the events of a stream add up to with the `final` message that the provider sent as well.

    What the events do not say is taken from there; where the two differ, that is noted and both are kept.
    """
    choice, differences = builder.choice(0), []
    choice.role = choice.role or final.role
    if choice.role != final.role:
        builder.extra.add(("final", "role"), final.role)
    if final.logprobs and final.logprobs != choice.logprobs:
        builder.extra.add(("earlier_logprobs",), choice.logprobs)
        choice.logprobs = final.logprobs
    for field in ("content", "reasoning", "refusal"):
        said, text = join(getattr(choice, field)), join(getattr(final, field))
        if said and said != text:
            differences.append(field)
            builder.extra.add(("final", field), text)
    if choice.calls and not _agree(choice.sorted_calls(), final.sorted_calls()):
        differences.append("tool calls")
        calls = [call.build()._asdict() for call in final.sorted_calls()]
        builder.extra.add(("final", "tool_calls"), calls)
    choice.adopt(final)
    if differences:
        message = f"the provider's final message differs from its stream in {' and '.join(differences)}"
        builder.note("final-mismatch", message, pointer)


def _agree(calls: list[CallBuilder], others: list[CallBuilder]) -> bool:
    """Whether these are the same calls; those without arguments get them from the others."""
    if [(call.id, call.name) for call in calls] != [(call.id, call.name) for call in others]:
        return False
    for call, other in zip(calls, others, strict=True):
        call.arguments = call.arguments or other.arguments
    return all(
        _says(join(call.arguments) or "", join(other.arguments))
        for call, other in zip(calls, others, strict=True)
    )


class RequestPart(NamedTuple):
    """A part of a request's message, or a call in it, that stands beside others of the same role."""

    role: str | None
    part: JSON = None
    call: ToolCall | None = None


def join_pieces(entries: Iterable[RequestPart | RequestMessage]) -> Iterator[RequestMessage]:
    """Messages, with each run of pieces of one role made a message too."""
    run: list[RequestPart] = []
    for entry in entries:
        if run and (isinstance(entry, RequestMessage) or entry.role != run[0].role):
            yield _join_run(run)
            run = []
        if isinstance(entry, RequestPart):
            run.append(entry)
        else:
            yield entry
    if run:
        yield _join_run(run)


def _join_run(run: list[RequestPart]) -> RequestMessage:
    return RequestMessage(
        role=run[0].role,
        content=[piece.part for piece in run if piece.call is None] or None,
        tool_calls=tuple(piece.call for piece in run if piece.call is not None),
    )


def read_turn(
    role: str | None,
    turn: dict[str, JSON],
    placed: Collection[str],
    read_part: Callable[[str | None, JSON], RequestPart | RequestMessage],
) -> Iterator[RequestMessage]:
    """The messages that a turn with a `content` makes: one, and one for each result of a tool among it.

    `read_part` reads a part of the content; `placed` are the turn's keys that need no keeping.
    """
    content = turn.get("content")
    extra = {key: value for key, value in turn.items() if key not in placed and key != "content"}
    if not isinstance(content, list) or not content:
        yield RequestMessage(role=role, content=content, extra=extra)
        return
    first, *others = join_pieces(read_part(role, part) for part in content)
    yield first._replace(extra={**extra, **first.extra})
    yield from others


def read_result(part: dict[str, JSON], id_key: str, content_key: str) -> RequestMessage:
    """The message that a tool's result makes."""
    placed = ("type", "name", id_key, content_key)
    return RequestMessage(
        role="tool",
        content=part.get(content_key),
        tool_call_id=text_or_none(part.get(id_key)),
        name=text_or_none(part.get("name")),
        extra={key: value for key, value in part.items() if key not in placed},
    )


def read_call(role: str | None, part: dict[str, JSON], id_key: str, arguments_key: str) -> RequestPart:
    """The piece of a message that a call makes."""
    call = ToolCall(
        id=text_or_none(part.get(id_key)),
        type=text_or_none(part.get("type")),
        name=text_or_none(part.get("name")),
        arguments=write_text(part.get(arguments_key)),
    )
    return RequestPart(role, call=call)
