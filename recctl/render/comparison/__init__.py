"""What a comparison comes to, in some ten lines: what hurts first, then what changed, then the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from json import dumps
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.diff import PairVerdict
from recctl.render import ignore, load_renderer
from recctl.render.comparison._table import RecordingFate, find_fate
from recctl.render.kit.remarks import Remark, name_recordings
from recctl.render.kit.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from recctl.diff import Change, ComparedPair, Comparison, SchemeChange, SharedChange
    from recctl.recordings.source import Unread


@dataclass(frozen=True, kw_only=True)
class ComparisonView(View):
    """How a comparison is looked at.

    `mask` takes secrets out of what is made to be shared, and `refuse` is told of what recctl fails to show.
    """

    mask: Callable[[str], str] = str
    refuse: Callable[[Unread], object] = ignore


def find_renderer(name: str) -> Callable[[Comparison, ComparisonView], Iterator[str]]:
    """What shows a comparison in a format. Raises RecctlError where there is no such format."""
    return load_renderer("comparison", name)


VERDICT_STYLES = {
    PairVerdict.ERROR: "bold red",
    PairVerdict.TOOL_CALLS: "bold red",
    PairVerdict.FINISH_REASON: "bold magenta",
    PairVerdict.WORDING: "bold yellow",
    PairVerdict.MODELS: "bold yellow",
    PairVerdict.REQUEST: "bold cyan",
    PairVerdict.NOISE: "dim",
    PairVerdict.IDENTICAL: "dim",
    PairVerdict.ADDED: "bold green",
    PairVerdict.REMOVED: "bold blue",
}

_REPLIES = {
    RecordingFate.FAILED: (
        PairVerdict.ERROR,
        "reply fails on one side only",
        "replies fail on one side only",
    ),
    RecordingFate.TOOLS: (
        PairVerdict.TOOL_CALLS,
        "reply calls tools differently",
        "replies call tools differently",
    ),
    RecordingFate.ENDED: (
        PairVerdict.FINISH_REASON,
        "reply ends for another reason",
        "replies end for another reason",
    ),
    RecordingFate.REWORDED: (
        PairVerdict.WORDING,
        "reply is worded differently",
        "replies are worded differently",
    ),
}


def quote_plainly(text: str) -> str:
    """A text between backticks, as people quote what they type."""
    return f"`{text}`"


def summarise(comparison: Comparison, quote: Callable[[str], str] = quote_plainly) -> Iterator[Remark]:
    """The remarks that a comparison calls for; `quote` sets names apart from words."""
    pairs = comparison.pairs
    lost = sum(is_lost(pair) for pair in pairs)
    if lost:
        text = "can no longer be found: edited, renamed or moved without re-hashing"
        yield Remark(lost, f"{name_recordings(lost)} {text}", "bold red")
    for change in comparison.scheme_changes:
        yield _describe_scheme(change, quote)
    failed = len({error.name for error in comparison.errors + comparison.past_errors})
    if failed:
        yield Remark(failed, f"{'file' if failed == 1 else 'files'} can't be compared", "bold red")
    by_fate: dict[RecordingFate, list[ComparedPair]] = {fate: [] for fate in RecordingFate}
    for pair in pairs:
        by_fate[find_fate(pair)].append(pair)
    for fate, (verdict, one, several) in _REPLIES.items():
        if count := len(by_fate[fate]):
            yield Remark(count, one if count == 1 else several, VERDICT_STYLES[verdict])
    yield from _summarise_lists(by_fate[RecordingFate.MODELS])
    yield from _summarise_requests(by_fate[RecordingFate.REQUEST], comparison.shared, quote)
    yield from _summarise_again(by_fate[RecordingFate.AGAIN], quote)
    yield from _summarise_renames(by_fate[RecordingFate.FOLLOWED], quote)
    yield from _summarise_lone(len(by_fate[RecordingFate.ADDED]), len(by_fate[RecordingFate.REMOVED]))
    identical = comparison.identical + sum(pair.verdict is PairVerdict.IDENTICAL for pair in pairs)
    yield from _summarise_same(len(by_fate[RecordingFate.NOISE]), identical)
    if files := comparison.identical_files:
        yield Remark(files, "file is identical" if files == 1 else "files are identical")


def _describe_scheme(change: SchemeChange, quote: Callable[[str], str]) -> Remark:
    old, new = (quote(name) if name else "not set" for name in (change.old, change.new))
    left = change.left_behind
    if change.old is None:
        others = (
            f"has another name than {new} gives it" if left == 1 else f"have other names than {new} gives"
        )
        text = f"{name_recordings(left)} of {change.total:,} {others}, which is set now"
    else:
        verb = "is" if left == 1 else "are"
        text = f"{name_recordings(left)} of {change.total:,} {verb} left behind: "
        text += f"the scheme was {old} and is {new}"
    more = f"; {quote('recctl rehash --check')} shows which" if left else ""
    return Remark(left, text + more, "bold red" if left and change.old is not None else "")


def _summarise_lists(pairs: list[ComparedPair]) -> Iterator[Remark]:
    if pairs:
        ids = [change for pair in pairs for change in pair.changes if change.where == "/response/extra/ids"]
        added, removed = (
            sum(len(names) for names in sides if isinstance(names, list))
            for sides in ((change.right for change in ids), (change.left for change in ids))
        )
        counts = [f"{show_count(added, 'id')} added"] if added else []
        counts += [f"{show_count(removed, 'id')} removed"] if removed else []
        text = "list of models changed" if len(pairs) == 1 else "lists of models changed"
        told = ", ".join(counts)
        yield Remark(len(pairs), f"{text}: {told}" if told else text, VERDICT_STYLES[PairVerdict.MODELS])


def _summarise_requests(
    pairs: list[ComparedPair], shared: tuple[SharedChange, ...], quote: Callable[[str], str]
) -> Iterator[Remark]:
    """Requests of which only the ids are others, and the rest, with what many of them share."""
    style = VERDICT_STYLES[PairVerdict.REQUEST]
    of_ids = sum(changes_only_ids(pair) for pair in pairs)
    if rest := len(pairs) - of_ids:
        words = "request changed, and its reply" if rest == 1 else "requests changed, and their replies"
        yield Remark(rest, f"{words} did not", style)
    told = [each for each in shared if not each.change.places]
    if told:
        yield Remark(None, ("" if rest else "in their requests: ") + _list_shared(told, quote))
    if of_ids:
        words = "request quotes" if of_ids == 1 else "requests quote"
        same = "is" if of_ids == 1 else "are"
        yield Remark(of_ids, f"{words} other ids, and {same} the same otherwise", style)
    ids = [each for each in shared if each.change.places]
    if ids:
        yield Remark(
            None, ("" if of_ids else "in their requests: ") + _list_shared(ids, quote, "more such id")
        )


def _summarise_again(pairs: list[ComparedPair], quote: Callable[[str], str]) -> Iterator[Remark]:
    renamed = [pair for pair in pairs if not pair.superseded]
    for count, _, told, group in _group_by_rename(renamed, quote):
        replies = Counter(pair.verdict for pair in group)
        details = [
            f"{replies[verdict]:,} {words}" for verdict, words in _MADE_AGAIN.items() if replies[verdict]
        ]
        text = f"{name_recordings(count)} re-recorded{': ' if told else ''}{told}"
        yield Remark(count, f"{text} ({', '.join(details)})" if details else text, "bold")
    if superseded := len(pairs) - len(renamed):
        place = "the old one is still there" if superseded == 1 else "the old ones are still there"
        yield Remark(
            superseded, f"{name_recordings(superseded)} made again under a new name; {place}", "bold"
        )


_MADE_AGAIN = {
    PairVerdict.ERROR: "fail on one side only",
    PairVerdict.TOOL_CALLS: "call tools differently",
    PairVerdict.FINISH_REASON: "end for another reason",
    PairVerdict.WORDING: "worded differently",
}


def _summarise_renames(pairs: list[ComparedPair], quote: Callable[[str], str]) -> Iterator[Remark]:
    for count, is_rest, told, _ in _group_by_rename(pairs, quote):
        verb = "follows" if count == 1 else "follow"
        yield Remark(count, f"{name_recordings(count)} {verb} {'other renames' if is_rest else told}", "bold")


def _group_by_rename(
    pairs: list[ComparedPair], quote: Callable[[str], str]
) -> Iterator[tuple[int, bool, str, list[ComparedPair]]]:
    """Pairs by what was renamed, most first, in words; what is left beyond a few groups is the last one."""
    groups: dict[tuple[str, str], list[ComparedPair]] = {}
    for pair in pairs:
        if pair.follows is not None:
            groups.setdefault((pair.follows.old, pair.follows.new), []).append(pair)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    shown = ordered if len(ordered) <= _NAMED else ordered[: _NAMED - 1]
    for (old, new), group in shown:
        yield len(group), False, f"{quote(old)} to {quote(new)}", group
    rest = [pair for _, group in ordered[len(shown) :] for pair in group]
    if rest:
        yield len(rest), True, "", rest


def _summarise_lone(added: int, removed: int) -> Iterator[Remark]:
    if added and removed:
        yield Remark(added, f"{name_recordings(added)} added, {removed:,} removed", "bold")
    elif added or removed:
        text = f"{name_recordings(added or removed)} {'added' if added else 'removed'}"
        yield Remark(added or removed, text, "bold")


def _summarise_same(noise: int, identical: int) -> Iterator[Remark]:
    same = f"{'is' if identical == 1 else 'are'} identical"
    if noise:
        text = f"{name_recordings(noise)} {'differs' if noise == 1 else 'differ'} in noise only"
        yield Remark(noise, f"{text}, {identical:,} {same}" if identical else text)
    elif identical:
        yield Remark(identical, f"{name_recordings(identical)} {same}")


def changes_only_ids(pair: ComparedPair) -> bool:
    """Whether nothing happened to a request but that it quotes other ids."""
    return bool(pair.ids) and all(
        change.places or pair.is_renaming(change) for change in pair.changes if change.kind == "request"
    )


def list_told(pair: ComparedPair, shared: Container[object]) -> tuple[Change, ...]:
    """The changes of a pair that are told of it alone: not those that several share, nor a rename."""
    return tuple(
        change
        for change in pair.changes
        if change.gist not in shared and not change.places and not pair.is_renaming(change)
    )


def count_ids(pairs: Iterable[ComparedPair]) -> list[tuple[str, str, int, int]]:
    """The ids that others took the places of, with these, in how many requests and places; most first."""
    requests: Counter[tuple[str, str]] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        for change in pair.changes:
            if change.places:
                key = str(change.left), str(change.right)
                requests[key] += 1
                places[key] += change.places
    ordered = sorted(requests, key=lambda key: (-places[key], key))
    return [(*key, requests[key], places[key]) for key in ordered]


def only_shares(pair: ComparedPair, shared: Container[object]) -> bool:
    """Whether nothing happened to a pair but what is told once for all: shared changes, ids, a rename."""
    return (
        pair.verdict is PairVerdict.REQUEST
        and not (is_lost(pair) or pair.superseded)
        and not list_told(pair, shared)
    )


def is_listed(pair: ComparedPair) -> bool:
    """Whether a pair changed in substance, or in noise that was asked for."""
    is_quiet = pair.verdict in (PairVerdict.NOISE, PairVerdict.IDENTICAL)
    return bool(pair.changes) or not is_quiet or is_lost(pair) or pair.superseded


def is_lost(pair: ComparedPair) -> bool:
    """Whether the recorder found a recording before and can't now."""
    return pair.name == "lost"


_NAMED = 3


def _list_shared(
    shared: list[SharedChange], quote: Callable[[str], str], more: str = "more such change"
) -> str:
    told = [f"{describe_change(each.change, quote)} in {each.count:,}" for each in shared[:_NAMED]]
    if len(shared) > _NAMED:
        told.append(f"and {show_count(len(shared) - _NAMED, more)}")
    return ", ".join(told)


def describe_change(change: Change, quote: Callable[[str], str]) -> str:
    """What happened to a request, in a few words: `service_tier` added."""
    if change.places:
        return f"{quote(shorten_id(str(change.left)))} is {quote(shorten_id(str(change.right)))}"
    place = quote(change.label or change.where)
    if change.left is None:
        return f"{place} added"
    if change.right is None:
        return f"{place} removed"
    one, other = (dumps(value, ensure_ascii=False) for value in (change.left, change.right))
    if len(one) + len(other) > _MOST_OF_VALUES:
        return f"{place} changed"
    return f"{place} changed from {quote(one)} to {quote(other)}"


_MOST_OF_VALUES = 48


def describe_models(change: Change, quote: Callable[[str], str] = str) -> str:
    """Which models a list gained or lost, the first of many."""
    names = change.left or change.right
    assert isinstance(names, list)  # noqa: S101  (as a change of a list of models is)
    told = ", ".join(quote(str(name)) for name in names[:_MOST_MODELS])
    more = f", and {len(names) - _MOST_MODELS:,} more" if len(names) > _MOST_MODELS else ""
    return f"{len(names):,} {'added' if change.left is None else 'removed'}: {told}{more}"


_MOST_MODELS = 8


def shorten_id(name: str) -> str:
    """An id as people compare it: how it begins."""
    return name if len(name) <= _LONGEST_ID else f"{name[:_KEPT_OF_ID]}…"


_LONGEST_ID = 24
_KEPT_OF_ID = 12
