"""Which recordings of two sets belong together when neither their paths nor their names say so."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from recctl.diff.differences import canonical, find_rising, fingerprint
from recctl.diff.recordings import describe_side
from recctl.naming.engine import find_wanted
from recctl.naming.turns import find_turn
from recctl.recordings.names import is_model_list
from recctl.wire import read_exchange
from recctl.wire.completion import SPEAKERS, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from recctl.diff.comparison import ComparedSide
    from recctl.input.sources import Target
    from recctl.naming.facts import Turn
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.completion import Completion, Request

SAME_LIST = "the same list, of other models"
SAME_MODELS = "a list of the same models"
SAME_PATH = "the same path"
SAME_NAME = "the same name in another folder"
SAME_CONTENT = "the same content"
SAME_PLACE = "in order, those of the file that went to the same endpoint"
SAME_TURN = "the same test and turn"
SAME_QUESTION = "the same question"
SAME_STEP = "the same step of the test, asked something else"
OTHER_MODEL = "the same question of the test, with another model or parameter"


class PairingFacts(NamedTuple):
    """What decides where a recording belongs: little of it is kept, since there may be thousands.

    `turn` says which step of its test it is, `roles` are those of the request's messages, `question` is a
    fingerprint of what the user said, `words` are its first words, `asked` holds one number for each key of
    the body with its value, `reply` is how the reply begins, `response` a fingerprint of all of it but for
    the id that follows from the file's name. `listing` is, for a list of models, the url and its path up to
    the digest of the list; lists of one request with different digests live side by side. `question_line` and
    `reply_line` are how what was asked and answered begins. `is_gone` is true for a recording of the left set
    that is no longer there.
    """

    target: Target
    side: ComparedSide
    is_gone: bool
    turn: Turn | None
    roles: tuple[str, ...]
    question: bytes
    words: frozenset[str]
    asked: frozenset[int]
    reply: str
    response: bytes
    listing: str
    lines: tuple[str, str]


class Match(NamedTuple):
    """Two recordings that belong together, and why; or one that is alone."""

    left: PairingFacts | None
    right: PairingFacts | None
    paired_by: str | None


def read_facts(target: Target, recording: Recording, *, is_gone: bool) -> PairingFacts:
    """The facts about one recording."""
    exchange = read_exchange(recording)
    path = target.key or target.name
    is_listing = is_model_list(path.rpartition("/")[2])
    question = _read_question(exchange.request, recording)
    return PairingFacts(
        target=target,
        side=describe_side(recording),
        is_gone=is_gone,
        turn=find_turn(recording, find_wanted(recording.format, recording.source.settings).scheme, None),
        roles=tuple(message.role or "" for message in exchange.request.messages),
        question=fingerprint(question),
        words=frozenset(_read_words(json.dumps(question)[:_KEPT])),
        asked=frozenset(crc32(canonical([key, value])) for key, value in recording.asked.items()),
        reply=_read_reply(exchange.completion)[:_KEPT],
        response=fingerprint(_MADE_ID.sub(b"", canonical(recording.response)).decode("latin-1")),
        listing=f"{recording.url} {path.rpartition('-')[0]}" if is_listing else "",
        lines=exchange.read_lines(),
    )


_MADE_ID = re.compile(rb'"rec-[0-9a-f]{12}"')
_KEPT = 1000
"""How much of a text is kept to tell which of several are alike."""


def pair_by_content(left: Iterable[PairingFacts], right: Iterable[PairingFacts]) -> list[Match]:
    """Pair recordings by what they hold; a left one that is not gone is left out where it has no pair."""
    ours, theirs = [*left], [*right]
    matches: list[Match] = []
    for paired_by, identify, of_lists in _STEPS:
        candidates = [one for one in ours if one.is_gone or _may_be_superseded(one, paired_by)]
        before, now = (
            [facts for facts in every if bool(facts.listing) is of_lists] for every in (candidates, theirs)
        )
        for one, other in _pair(before, now, identify):
            matches.append(Match(one, other, paired_by))
        paired = {id(facts) for match in matches for facts in match[:2]}
        ours = [facts for facts in ours if id(facts) not in paired]
        theirs = [facts for facts in theirs if id(facts) not in paired]
    matches += (Match(one, None, None) for one in ours if one.is_gone)
    return [*matches, *(Match(None, other, None) for other in theirs)]


def pair_in_file(left: list[PairingFacts], right: list[PairingFacts]) -> list[Match]:
    """Pair the recordings of two states of one file: by what they hold, else those that went to one place."""
    matches = pair_by_content(left, right)
    ours = [match.left for match in matches if match.left and not match.right]
    theirs = [match.right for match in matches if match.right and not match.left]
    waiting: defaultdict[str, list[PairingFacts]] = defaultdict(list)
    for one in sorted(ours, key=_number):
        waiting[one.side.endpoint].append(one)
    again = [
        Match(twins.pop(0), other, SAME_PLACE)
        for other in sorted(theirs, key=_number)
        if (twins := waiting.get(other.side.endpoint))
    ]
    paired = {id(facts) for match in again for facts in match[:2]}
    alone = (match for match in matches if id(match.left) not in paired and id(match.right) not in paired)
    return [*alone, *again]


def find_moved(numbers: Sequence[int]) -> list[int]:
    """The places in a row of numbers that are out of order: as few as can be, the others rise."""
    in_order = set(find_rising(numbers))
    return [place for place in range(len(numbers)) if place not in in_order]


def _number(facts: PairingFacts) -> int:
    return facts.target.number or 0


def _may_be_superseded(facts: PairingFacts, paired_by: str) -> bool:
    """Whether a recording that is still there may have been replaced by one that is found in this way.

    The same question in another test is no proof, since both tests may be there; of a recording that knows no
    test it is.
    """
    return paired_by == SAME_TURN or (paired_by == SAME_QUESTION and facts.side.test_id is None)


def _identify_turn(facts: PairingFacts) -> Hashable:
    return facts.turn and facts.turn.question


def _identify_question(facts: PairingFacts) -> Hashable:
    """The question with its place in the conversation; instructions may come and go."""
    return facts.side.endpoint, facts.side.model, _list_speakers(facts), facts.question


def _identify_parameterless(facts: PairingFacts) -> Hashable:
    """The question of a test, whatever its parameters are, to whatever model."""
    test = (facts.side.test_id or "").partition("[")[0]
    return test and (test, facts.side.endpoint, _list_speakers(facts), facts.question)


def _list_speakers(facts: PairingFacts) -> tuple[str, ...]:
    return tuple(role for role in facts.roles if SPEAKERS.get(role) is not Speaker.SYSTEM)


def _identify_step(facts: PairingFacts) -> Hashable:
    return facts.turn and facts.turn.step


_STEPS: tuple[tuple[str, Callable[[PairingFacts], Hashable], bool], ...] = (
    (SAME_LIST, lambda facts: facts.listing, True),
    (SAME_MODELS, lambda facts: (facts.listing.partition(" ")[0], facts.response), True),
    (SAME_TURN, _identify_turn, False),
    (SAME_QUESTION, _identify_question, False),
    (SAME_STEP, _identify_step, False),
    (OTHER_MODEL, _identify_parameterless, False),
)
"""The ways in which recordings are identified, one after the other; some are for lists of models."""


def _pair(
    left: list[PairingFacts], right: list[PairingFacts], identify: Callable[[PairingFacts], Hashable]
) -> Iterator[tuple[PairingFacts, PairingFacts]]:
    """Pairs of recordings that are identified alike, the most alike first; a false identity is none."""
    groups: defaultdict[Hashable, tuple[list[PairingFacts], list[PairingFacts]]] = defaultdict(
        lambda: ([], [])
    )
    for side, every in enumerate((left, right)):
        for facts in every:
            key = identify(facts)
            if key:
                groups[key][side].append(facts)
    for ours, theirs in groups.values():
        yield from _pair_group(ours, theirs)


def _pair_group(
    left: list[PairingFacts], right: list[PairingFacts]
) -> Iterator[tuple[PairingFacts, PairingFacts]]:
    """Pair recordings that could all belong together: first those that are most alike.

    Too many to be set against each other are paired in order.
    """
    ours, theirs = [*map(_Traits.read, left)], [*map(_Traits.read, right)]
    for one, other in _pair_twins(ours, theirs):
        yield one.facts, other.facts
    if len(ours) * len(theirs) > _MANY:
        yield from ((one.facts, other.facts) for one, other in zip(ours, theirs, strict=False))
        return
    ranked = sorted(
        ((i, j) for i in range(len(ours)) for j in range(len(theirs))),
        key=lambda pair: (_rank(ours[pair[0]], theirs[pair[1]]), -pair[0], -pair[1]),
        reverse=True,
    )
    free, waiting = set(range(len(ours))), set(range(len(theirs)))
    for i, j in ranked:
        if i in free and j in waiting:
            free.remove(i)
            waiting.remove(j)
            yield ours[i].facts, theirs[j].facts


_MANY = 50_000
"""Up to how many pairs are considered in one group."""


def _pair_twins(left: list[_Traits], right: list[_Traits]) -> Iterator[tuple[_Traits, _Traits]]:
    """Pair what differs at most in the test's name; both are taken out of the lists.

    Where several are the same but for that, their tests are likely to be in the same order still.
    """
    for identify in _TWINS:
        waiting: defaultdict[Hashable, deque[_Traits]] = defaultdict(deque)
        for one in sorted(left, key=lambda traits: (not traits.facts.is_gone, traits.test)):
            waiting[identify(one)].append(one)
        rest = []
        for other in sorted(right, key=lambda traits: traits.test):
            if twins := waiting.get(identify(other)):
                yield twins.popleft(), other
            else:
                rest.append(other)
        left[:] = [one for twins in waiting.values() for one in twins]
        right[:] = rest


class _Traits(NamedTuple):
    """What makes one recording of a group more like another: its facts, and its texts in parts.

    `parts` are those of the parameters.
    """

    facts: PairingFacts
    test: str
    parameters: str
    parts: frozenset[str]
    words: frozenset[str]

    @classmethod
    def read(cls, facts: PairingFacts) -> _Traits:
        test, _, parameters = (facts.side.test_id or "").partition("[")
        parts = frozenset(re.split(r"[-=:/\]]", parameters))
        return cls(facts, test, parameters, parts, frozenset(facts.reply.split()))


def _identify_content(traits: _Traits) -> Hashable:
    return traits.parameters, traits.facts.asked, traits.facts.response


_TWINS: tuple[Callable[[_Traits], Hashable], ...] = (
    lambda traits: (traits.test.rpartition("::")[2], _identify_content(traits)),
    lambda traits: (traits.test.partition("::")[0], _identify_content(traits)),
    _identify_content,
    lambda traits: (traits.parameters, traits.facts.asked, traits.facts.reply),
)
"""What two recordings share of which one was made from the other by renaming a test, or the file it is in."""


def _rank(left: _Traits, right: _Traits) -> tuple[bool, bool, bool, bool, bool, float, bool]:
    """How well two recordings of a group fit: the larger, the better."""
    return (
        left.facts.is_gone,
        left.facts.response == right.facts.response,
        left.parameters == right.parameters,
        left.test == right.test,
        left.facts.roles == right.facts.roles,
        _overlap(left.parts, right.parts)
        + _overlap(left.facts.asked, right.facts.asked)
        + _overlap(left.facts.words, right.facts.words)
        + _overlap(left.words, right.words),
        left.facts.side.found is True,
    )


def _overlap(left: frozenset[int] | frozenset[str], right: frozenset[int] | frozenset[str]) -> float:
    """How much two sets share, from 0 to 1."""
    return len(left & right) / len(left | right) if left or right else 1.0


def _read_question(request: Request, recording: Recording) -> JSON:
    """What the user said; without that, the whole of what was asked."""
    said = [_read_text(message.content) for message in request.messages if message.speaker is Speaker.USER]
    asked = {key: value for key, value in recording.asked.items() if key != "model"}
    return said or request.prompt or [recording.url, asked]


def _read_text(content: JSON) -> JSON:
    """A message's content, with parts that are text as their text: a client may send it either way."""
    if isinstance(content, list) and len(content) == 1:
        (part,) = content
        content = part.get("text", content) if isinstance(part, dict) else content
    return content


def _read_words(text: str) -> list[str]:
    """The words of a text as JSON, bare and with what stands at them."""
    return [*_WORD.findall(text), *text.split()]


_WORD = re.compile(r"\w+")


def _read_reply(completion: Completion) -> str:
    said: list[str | None] = []
    for choice in completion.choices:
        said.append(choice.message.content)
        for call in choice.message.tool_calls:
            said += (call.name, call.arguments)
    listed = completion.extra.get("ids")
    said += map(str, listed) if isinstance(listed, list) else ()
    return " ".join(text for text in said if text)
