"""The same change in many recordings, told once: what it is about, and where it happened."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.pointer import split_pointer
from recctl.diff.differences import fingerprint
from recctl.diff.recordings import PLACE
from recctl.diff.words import compare_words
from recctl.recordings.recording import ASKED_KEYS
from recctl.wire.completion import SPEAKERS, Speaker
from recctl.wire.recognition import gather_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from recctl.diff import Change
    from recctl.drift.outcomes import JudgedRecording, MissedRequest


class DriftTopic(NamedTuple):
    """What a change is about, and what happened to it: `tool {} was renamed to {}`, with these names.

    `tells_all` says that there is no more to tell, such as values.
    """

    words: str
    names: tuple[str, ...] = ()
    tells_all: bool = False

    def spell(self, quote: Callable[[str], str] = str) -> str:
        """The topic as the beginning of a sentence; `quote` sets names apart from words."""
        return self.words.format(*map(quote, self.names))


class DriftCase(NamedTuple):
    """Something that changed: a recording that has drifted, or a request that found none, and its tests.

    `remark` is what tells cases apart that changed alike.
    """

    tests: tuple[str, ...]
    changes: tuple[Change, ...]
    recording: JudgedRecording | None = None
    missed: MissedRequest | None = None
    remark: str | None = None


@dataclass(frozen=True)
class DriftGroup:
    """Cases that changed alike, by test: each change of `topics`, with its values in one of them.

    Without topics, they are requests that no recording is like, or that are like one in all.
    """

    topics: tuple[tuple[DriftTopic, Change], ...]
    cases: tuple[DriftCase, ...]
    remark: str | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests of all cases, sorted."""
        return tuple(sorted({test for case in self.cases for test in case.tests}))


class _Gist(NamedTuple):
    """What a change has in common with the same change elsewhere; None of what has not changed."""

    change: tuple[object, ...] | None
    remark: str | None


def group_cases(cases: Iterable[DriftCase]) -> tuple[DriftGroup, ...]:
    """Bring together what changed alike: changes that always happen together are one group.

    What happened most often comes first. A case with several changes is in each of their groups.
    """
    every = sorted(cases, key=lambda case: (not case.tests, case.tests, _find_name(case)))
    places: defaultdict[_Gist, list[int]] = defaultdict(list)
    examples: dict[_Gist, tuple[DriftTopic, Change]] = {}
    for position, case in enumerate(every):
        found = {_Gist(gist, case.remark): told for gist, told in _list_topics(case.changes)}
        for gist, told in found.items():
            examples.setdefault(gist, told)
        for gist in [*found] or [_Gist(None, case.remark)]:
            places[gist].append(position)
    together: defaultdict[tuple[int, ...], list[_Gist]] = defaultdict(list)
    for gist, where in places.items():
        together[tuple(where)].append(gist)
    groups = [
        DriftGroup(
            tuple(examples[gist] for gist in gists if gist in examples),
            tuple(every[position] for position in where),
            every[where[0]].remark,
        )
        for where, gists in together.items()
    ]
    return tuple(sorted(groups, key=lambda group: (not group.topics, -len(group.cases))))


def _find_name(case: DriftCase) -> tuple[str, int]:
    if case.recording is not None:
        return case.recording.key.path, case.recording.key.number or 0
    return (case.missed.url if case.missed is not None else ""), 0


def _list_topics(changes: Iterable[Change]) -> Iterator[tuple[tuple[object, ...], tuple[DriftTopic, Change]]]:
    """Each change with its topic, and with what it has in common with the same change elsewhere."""
    for change in changes:
        topic = find_topic(change)
        yield (topic, *_compare_values(change)), (topic, change)


def _compare_values(change: Change) -> tuple[object, ...]:
    """What the same change has elsewhere: the words that differ, in long texts, else the two values."""
    left, right = change.left, change.right
    if change.label == PLACE:
        return ()
    if isinstance(left, str) and isinstance(right, str) and min(len(left), len(right)) > _LONG:
        return _find_edits(left, right) or (fingerprint([left, right]),)
    return (fingerprint([left, right]),)


@lru_cache(maxsize=64)  # the same prompt may be in hundreds of recordings
def _find_edits(left: str, right: str) -> tuple[tuple[str, str], ...]:
    """The words that differ; none where two texts have little in common."""
    pieces = compare_words(left, right) or ()
    return tuple((piece.left, piece.right) for piece in pieces if not piece.is_same)


_LONG = 60


def find_topic(change: Change) -> DriftTopic:
    """What a change of a request is about, in words."""
    verb = "was added" if change.left is None else "was removed" if change.right is None else "changed"
    steps, label = split_pointer(change.where), change.label or change.where
    message = _MESSAGE.fullmatch(label)
    if message is not None:
        speaker, inside = _name_speaker(message["role"]), message["inside"]
        if not inside or _match_texts().fullmatch(inside):
            return DriftTopic(f"{speaker} {verb}")
        return DriftTopic(f"{{}} of {speaker} {verb}", (_INDEX.sub("", inside),))
    tool = _TOOL.fullmatch(label)
    if tool is not None:
        return _find_tool_topic(tool["name"], tool["inside"], change, verb)
    top = steps[2] if len(steps) > 2 and steps[1] in ASKED_KEYS else ""
    if top in gather_form().instructions:
        return DriftTopic(f"the system prompt {verb}")
    if change.places:
        return DriftTopic("an id changed")
    if label == PLACE:
        return DriftTopic("the order of requests changed", tells_all=True)
    if label.startswith("the order of ") or label in _WORDS:
        return DriftTopic(f"{_WORDS.get(label, label)} {verb}")
    return DriftTopic(f"parameter {{}} {verb}", (label,))


_MESSAGE = re.compile(r"message [0-9]+(?: \((?P<role>[^()]*)\))?(?:: (?P<inside>.*))?", re.DOTALL)
_TOOL = re.compile(r"tool (?P<name>.+?)(?:: (?P<inside>.*))?", re.DOTALL)
_WORDS = {"model": "the model", "url": "the url", "method": "the method", "body": "the body"}
_NAMES = {
    Speaker.SYSTEM: "the system prompt",
    Speaker.USER: "a user message",
    Speaker.MODEL: "an assistant message",
    Speaker.TOOL: "a tool result",
}


def _name_speaker(role: str | None) -> str:
    """What a message of a role is called."""
    speaker = SPEAKERS.get(role or "") or gather_form().speakers.get(role or "")
    return "a message" if speaker is None else _NAMES[speaker]


@cache
def _match_texts() -> re.Pattern[str]:
    """The places in a message that hold what it says."""
    contents = "|".join(map(re.escape, gather_form().contents))
    return re.compile(rf"(?:{contents})(?:\.[0-9]+)?(?:\.(?:text|content))?|text")


_INDEX = re.compile(r"\.[0-9]+(?=\.|\Z)")


def _find_tool_topic(name: str, inside: str | None, change: Change, verb: str) -> DriftTopic:
    if inside == "name" and isinstance(change.right, str):
        return DriftTopic("tool {} was renamed to {}", (name, change.right), tells_all=True)
    if inside == "description":
        return DriftTopic(f"the description of tool {{}} {verb}", (name,))
    if inside:
        return DriftTopic(f"{{}} of tool {{}} {verb}", (inside, name))
    return DriftTopic(f"tool {{}} {verb}", (name,))
