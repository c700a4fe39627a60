"""What a comparison comes to, in some ten lines: what hurts first, then what changed, then the rest."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from recctl.amounts import show_count
from recctl.compare import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from recctl.compare import Change, Comparison, Drift, Pair
    from recctl.recordings.recording import JSON


class Remark(NamedTuple):
    """A line of a summary: how many recordings, what is said of them, and its style.

    A remark without a number explains the one before it.
    """

    number: int | None
    text: str
    style: str = ""


VERDICT_STYLES = {
    Verdict.ERROR: "bold red",
    Verdict.TOOL_CALLS: "bold red",
    Verdict.FINISH_REASON: "bold magenta",
    Verdict.WORDING: "bold yellow",
    Verdict.MODELS: "bold yellow",
    Verdict.REQUEST: "bold cyan",
    Verdict.NOISE: "dim",
    Verdict.IDENTICAL: "dim",
    Verdict.ADDED: "bold green",
    Verdict.REMOVED: "bold blue",
}

_WORDS = {
    Verdict.ERROR: ("reply fails on one side only", "replies fail on one side only"),
    Verdict.TOOL_CALLS: ("reply calls tools differently", "replies call tools differently"),
    Verdict.FINISH_REASON: ("reply ends for another reason", "replies end for another reason"),
    Verdict.WORDING: ("reply is worded differently", "replies are worded differently"),
    Verdict.MODELS: ("list of models changed", "lists of models changed"),
    Verdict.REQUEST: (
        "request changed, and its reply did not",
        "requests changed, and their replies did not",
    ),
}


def summarise(comparison: Comparison) -> Iterator[Remark]:
    """The remarks that a comparison calls for."""
    pairs = comparison.pairs
    verdicts = Counter(pair.verdict for pair in pairs)
    lost = sum(is_lost(pair) for pair in pairs)
    if lost:
        text = "can no longer be found: edited, renamed or moved without re-hashing"
        yield Remark(lost, f"{_recordings(lost)} {text}", "bold red")
    failed = len({error.name for error in comparison.errors + comparison.past_errors})
    if failed:
        yield Remark(failed, f"{'file' if failed == 1 else 'files'} can't be compared", "bold red")
    for verdict, words in _WORDS.items():
        if verdicts[verdict]:
            yield Remark(verdicts[verdict], words[verdicts[verdict] > 1], VERDICT_STYLES[verdict])
    if comparison.drifts:
        where = "" if verdicts[Verdict.REQUEST] else "in their requests: "
        yield Remark(None, where + _list_drifts(comparison.drifts))
    yield from _summarise_lone(verdicts[Verdict.ADDED], verdicts[Verdict.REMOVED])
    superseded = sum(pair.superseded for pair in pairs)
    if superseded:
        place = "the old one is still there" if superseded == 1 else "the old ones are still there"
        yield Remark(superseded, f"{_recordings(superseded)} made again under a new name; {place}", "bold")
    yield from _summarise_same(verdicts[Verdict.NOISE], comparison.identical + verdicts[Verdict.IDENTICAL])


def _summarise_lone(added: int, removed: int) -> Iterator[Remark]:
    if added and removed:
        yield Remark(added, f"{_recordings(added)} added, {removed:,} removed", "bold")
    elif added or removed:
        text = f"{_recordings(added or removed)} {'added' if added else 'removed'}"
        yield Remark(added or removed, text, "bold")


def _summarise_same(noise: int, identical: int) -> Iterator[Remark]:
    same = f"{'is' if identical == 1 else 'are'} identical"
    if noise:
        text = f"{_recordings(noise)} {'differs' if noise == 1 else 'differ'} in noise only"
        yield Remark(noise, f"{text}, {identical:,} {same}" if identical else text)
    elif identical:
        yield Remark(identical, f"{_recordings(identical)} {same}")


def is_drift(pair: Pair, drifting: Container[object]) -> bool:
    """Whether nothing happened to a pair but changes of the request that are told once for all."""
    return (
        pair.verdict is Verdict.REQUEST
        and not (is_lost(pair) or pair.superseded)
        and all(change.gist in drifting for change in pair.changes)
    )


def is_listed(pair: Pair) -> bool:
    """Whether a pair changed in substance, or in noise that was asked for."""
    is_quiet = pair.verdict in (Verdict.NOISE, Verdict.IDENTICAL)
    return bool(pair.changes) or not is_quiet or is_lost(pair) or pair.superseded


def is_lost(pair: Pair) -> bool:
    """Whether the recorder found a recording before and can't now."""
    return pair.name == "lost"


def _recordings(number: int) -> str:
    return "recording" if number == 1 else "recordings"


_NAMED = 3


def _list_drifts(drifts: tuple[Drift, ...]) -> str:
    told = [f"{describe_drift(drift.change, _quote)} in {drift.count:,}" for drift in drifts[:_NAMED]]
    if len(drifts) > _NAMED:
        more = len(drifts) - _NAMED
        told.append(f"and {show_count(more, 'more such change')}")
    return ", ".join(told)


def _quote(text: str) -> str:
    return f"`{text}`"


def describe_drift(change: Change, quote: Callable[[str], str]) -> str:
    """What happened to a request, in a few words: `service_tier` added."""
    place = quote(change.label or change.where)
    if change.left is None:
        return f"{place} added"
    if change.right is None:
        return f"{place} removed"
    one, other = (json.dumps(value, ensure_ascii=False) for value in (change.left, change.right))
    if len(one) + len(other) > _MOST_OF_VALUES:
        return f"{place} changed"
    return f"{place} changed from {quote(one)} to {quote(other)}"


_MOST_OF_VALUES = 48


def shorten(value: JSON, width: int) -> str:
    """A value as JSON on one line that is no longer than `width`."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= width else f"{text[: width - 1]}…"
