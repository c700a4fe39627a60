"""Two sets of recordings: which belong together, and what changed in each pair."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from recctl.diff.comparison import ComparedPair, Comparison, PairVerdict, SharedChange
from recctl.diff.differences import canonical, fingerprint, take_pairs
from recctl.diff.pairing import (
    SAME_CONTENT,
    SAME_NAME,
    SAME_PATH,
    find_moved,
    pair_by_content,
    pair_in_file,
    read_facts,
)
from recctl.diff.recordings import compare_recordings, describe_lone, describe_move, judge_move, spare
from recctl.diff.renames import find_rename
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import may_hold_several
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from recctl.diff.comparison import Change
    from recctl.diff.pairing import Match, PairingFacts
    from recctl.input.sources import Target

    Read = Callable[[Target], Source | Unread]
    _Loaded = tuple[PairingFacts, Recording]
    _Errors = dict[tuple[str, str], Unread | LoadError]

_VERDICTS = tuple(PairVerdict)
_Result = TypeVar("_Result")


def compare_sets(
    left: Sequence[Target],
    right: Sequence[Target],
    read: Read,
    *,
    keep_noise: bool = False,
    watch: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """What changed between two sets of recordings: all of the folders that are asked about, changed or not.

    Files belong together that have the same key; else the same name in another folder; else by content. What
    has not changed is looked into only where an added recording could have taken its place. Two recordings
    are in memory at a time. Files that hold no recording are among the errors, and in no pair. `watch` is
    called with the number of files that are done.
    """
    return _Comparing(read, keep_noise, watch).compare(left, right)


_FEW = 4
"""How many files are kept while their recordings are compared: those of one file come one after the other."""


class _Comparing:
    """A comparison under way: how to read, and what could not be read so far."""

    def __init__(self, read: Read, keep_noise: bool, watch: Callable[[int], None]) -> None:
        self._read_source = read
        self._keep_noise = keep_noise
        self._watch = watch
        self._done = 0
        self._errors: _Errors = {}
        self._past_errors: _Errors = {}
        self._pairs: list[ComparedPair] = []
        self._identical = 0
        self._identical_files = 0
        self._read_again = lru_cache(maxsize=_FEW)(self._read_recordings)

    def compare(self, left: Sequence[Target], right: Sequence[Target]) -> Comparison:
        """Pair what belongs together, and compare each pair."""
        ours = {_key(target): target for target in left}
        theirs = {_key(target): target for target in right}
        kept = sorted(ours.keys() & theirs.keys())
        unchanged = [ours[key] for key in kept if not self._try_pair(ours[key], theirs[key], SAME_PATH)]
        removed = [ours[key] for key in sorted(ours.keys() - theirs.keys())]
        added = [theirs[key] for key in sorted(theirs.keys() - ours.keys())]
        for one, other in take_pairs(removed, added, _name):
            self._try_pair(one, other, SAME_NAME)
        self._compare_rest(removed, added, unchanged)
        pairs = sorted(self._pairs, key=_order)
        errors, past_errors = _sort(self._errors), _sort(self._past_errors)
        shared = tuple(_find_shared(pairs))
        counts = self._identical, self._identical_files
        return Comparison(tuple(pairs), counts[0], shared, errors, past_errors, identical_files=counts[1])

    def compare_outright(self, left: Target, right: Target) -> Comparison:
        """Two files, or two recordings of files, whatever they are."""
        ours, theirs = self._read(left, is_left=False), self._read(right)
        if ours and theirs and len(ours) == len(theirs) == 1:
            pair = compare_recordings(
                ours[0], theirs[0], settings=theirs[0].source.settings, keep_noise=self._keep_noise
            )
            here, there = ours[0].source.place, theirs[0].source.place
            is_same_file = here is not None and there is not None and here.name == there.name
            self._pairs.append(pair if is_same_file else spare(pair))
        elif ours is not None and theirs is not None:
            self._add_file(left, right, ours, theirs)
        errors = _sort(self._errors)
        return Comparison(tuple(sorted(self._pairs, key=_order)), self._identical, (), errors)

    def _compare_rest(self, removed: list[Target], added: list[Target], unchanged: list[Target]) -> None:
        """Compare by content what has no counterpart by its path or name; the rest is alone."""
        theirs = [*self._read_facts(added, is_gone=False)]
        folders = {_folder(facts.target) for facts in theirs}
        test_ids = {facts.side.test_id for facts in theirs} | {None}
        stayed = (target for target in unchanged if _folder(target) in folders)
        read_stayed = (self._attempt(target, self._read_stayed, target, test_ids) or () for target in stayed)
        ours = [*self._read_facts(removed, is_gone=True), *chain.from_iterable(read_stayed)]
        for match in pair_by_content(ours, theirs):
            if match.left is not None and match.right is not None:
                self._attempt(
                    match.right.target, self._add_match, match.left, match.right, match.paired_by or ""
                )
            else:
                self._add_lone(match)

    def _add_lone(self, match: Match) -> None:
        facts, verdict = (match.left, PairVerdict.REMOVED) if match.left else (match.right, PairVerdict.ADDED)
        if facts is not None:
            self._pairs.append(describe_lone(facts.side, verdict, *facts.lines))

    def _read_facts(self, targets: list[Target], *, is_gone: bool) -> Iterator[PairingFacts]:
        """The facts about files, one at a time."""
        for target in targets:
            self._advance()
            yield from self._attempt(target, self._read_all, target, is_gone) or ()

    def _read_all(self, target: Target, is_gone: bool) -> list[PairingFacts]:
        recordings = self._read(target, is_left=is_gone) or ()
        return [_read_facts(target, recording, is_gone=is_gone) for recording in recordings]

    def _read_stayed(self, target: Target, test_ids: Collection[str | None]) -> list[PairingFacts]:
        """The facts about a file that has not changed, if it is of one of these tests.

        One that holds no recording is no error: it did so before.
        """
        source = self._read_source(target)
        items = load(source) if isinstance(source, Source) else ()
        return [
            _read_facts(target, item, is_gone=False)
            for item in items
            if isinstance(item, Recording) and item.test_id in test_ids
        ]

    def _attempt(self, target: Target, function: Callable[..., _Result], *given: object) -> _Result | None:
        """What a function gives for a file; None, and an error taken down, where recctl itself fails."""
        result = attempt(target.name, function, *given)
        if isinstance(result, Unread):
            self._errors[result.name, result.message] = result
            return None
        return result

    def _try_pair(self, left: Target, right: Target, paired_by: str) -> bool:
        """Compare two files as `_add_pair` does; those on which recctl fails may have changed."""
        return self._attempt(right, self._add_pair, left, right, paired_by) is not False

    def _add_pair(self, left: Target, right: Target, paired_by: str) -> bool:
        """Compare two files of the same name; false when nothing has changed, which is only counted.

        In another folder the same recording is looked at, too: its recorder may not look there.
        """
        self._advance()
        is_same = paired_by == SAME_PATH and left.blob is not None and left.blob == right.blob
        if not is_same:
            one, other = self._read_source(left), self._read_source(right)
            if isinstance(one, Source) and isinstance(other, Source) and one.content == other.content:
                is_same = paired_by == SAME_PATH or not self._load(one, is_left=True)
        if is_same:
            if may_hold_several(_key(right)):
                self._identical_files += 1
            else:
                self._identical += 1
            return False
        ours, theirs = self._load(one, is_left=True), self._load(other)
        if ours is None or theirs is None:
            return True
        if len(ours) == len(theirs) == 1 and ours[0].is_alone and theirs[0].is_alone:
            self._add(self._compare(left, right, ours[0], theirs[0], paired_by))
        else:
            self._add_file(left, right, ours, theirs)
        return True

    def _add_file(
        self, left: Target, right: Target, ours: Sequence[Recording], theirs: Sequence[Recording]
    ) -> None:
        """Compare two states of a file that holds several recordings: those that are the same first."""
        before, now = (
            [(_read_facts(target, recording, is_gone=True), recording) for recording in recordings]
            for target, recordings in ((left, ours), (right, theirs))
        )
        equal = _drop_equal(before, now)
        moved = find_moved([one[0].target.number or 0 for one, _ in equal])
        self._identical += len(equal) - len(moved)
        for place in moved:
            (was, old), (now_is, new) = equal[place]
            pair = self._compare(left, right, old, new, SAME_CONTENT)
            self._pairs.append(describe_move(pair, was.target.number, now_is.target.number))
        loaded = {id(facts): recording for facts, recording in (*before, *now)}
        for match in pair_in_file([facts for facts, _ in before], [facts for facts, _ in now]):
            if match.left is None or match.right is None:
                self._add_lone(match)
                continue
            one, other = loaded[id(match.left)], loaded[id(match.right)]
            self._add(self._compare(left, right, one, other, match.paired_by or ""))

    def _add_match(self, left: PairingFacts, right: PairingFacts, paired_by: str) -> None:
        """Compare two recordings that belong together by what they hold."""
        ours, theirs = self._find(left.target), self._find(right.target)
        if ours is not None and theirs is not None:
            pair = self._compare(left.target, right.target, ours, theirs, paired_by)
            self._add(pair if left.is_gone else spare(pair)._replace(superseded=True))

    def _find(self, target: Target) -> Recording | None:
        """The recording that a target asks for, of a file that was read before."""
        found = self._read_again(target._replace(number=None))
        if isinstance(found, Unread):
            self._errors[found.name, found.message] = found
            return None
        return found.get(target.number)

    def _read_recordings(self, target: Target) -> dict[int | None, Recording] | Unread:
        source = self._read_source(target)
        if isinstance(source, Unread):
            return source
        return {item.key.number: item for item in load(source) if isinstance(item, Recording)}

    def _compare(
        self, left: Target, right: Target, ours: Recording, theirs: Recording, paired_by: str
    ) -> ComparedPair:
        pair = compare_recordings(
            ours, theirs, settings=right.settings, keep_noise=self._keep_noise, paired_by=paired_by
        )
        if pair.left is not None and pair.right is not None:
            pair = pair._replace(follows=find_rename(pair.left, pair.right))
        return pair if _folder(left) == _folder(right) else judge_move(pair, ours, theirs)

    def _add(self, pair: ComparedPair) -> None:
        is_told = (
            pair.verdict is not PairVerdict.IDENTICAL or pair.superseded or pair.name in ("lost", "gained")
        )
        if is_told:
            self._pairs.append(pair)
        else:
            self._identical += 1

    def _read(self, target: Target, *, is_left: bool = False) -> list[Recording] | None:
        return self._load(self._read_source(target), is_left=is_left)

    def _load(self, source: Source | Unread, *, is_left: bool = False) -> list[Recording] | None:
        """The recordings that a file holds; None where all that it holds is bad.

        An error is taken down for each place in it that holds none.
        """
        recordings = []
        errors = self._past_errors if is_left else self._errors
        items = (source,) if isinstance(source, Unread) else load(source)
        for item in items:
            if isinstance(item, Recording):
                recordings.append(item)
                continue
            error = item
            if is_left:
                error = item._replace(message=f"left side: {item.message}", hint="it can't be compared")
            errors[error.name, error.message] = error
        return recordings if recordings or not items else None

    def _advance(self) -> None:
        self._done += 1
        self._watch(self._done)


def compare_outright(left: Target, right: Target, read: Read, *, keep_noise: bool = False) -> Comparison:
    """What changed between two files that the user has set against each other, whatever they are.

    Where they have different names, the left one is no past state of the right one.
    """
    return _Comparing(read, keep_noise, lambda _: None).compare_outright(left, right)


def list_new(left: Sequence[Target], right: Sequence[Target], read: Read) -> list[Target]:
    """The files that only the right side has, but for those whose recordings only moved, or were renamed.

    Those ask and answer the same as recordings of the left side that are gone.
    """
    ours, theirs = ({target.key: target for target in side} for side in (left, right))
    blobs = {target.blob for target in left}
    added = [target for key, target in theirs.items() if key not in ours and target.blob not in blobs]
    gone = [target for key, target in ours.items() if key not in theirs] if added else []
    said = {(facts.question, facts.response) for target in gone for facts in _read_file(target, read)}
    return [
        target
        for target in added
        if not (facts := _read_file(target, read))
        or any((one.question, one.response) not in said for one in facts)
    ]


def _read_file(target: Target, read: Read) -> list[PairingFacts]:
    """The facts about a file's recordings; none of one that can't be read, which whoever shows it says."""
    source = read(target)
    facts = attempt(target.name, _read_items, target, source) if isinstance(source, Source) else []
    return [] if isinstance(facts, Unread) else facts


def _read_items(target: Target, source: Source) -> list[PairingFacts]:
    return [_read_facts(target, item, is_gone=False) for item in load(source) if isinstance(item, Recording)]


def _read_facts(target: Target, recording: Recording, *, is_gone: bool) -> PairingFacts:
    return read_facts(target._replace(number=recording.key.number), recording, is_gone=is_gone)


def _drop_equal(left: list[_Loaded], right: list[_Loaded]) -> list[tuple[_Loaded, _Loaded]]:
    """Take out of two lists what is equal in both, each as often; the pairs, in the order of the second."""
    waiting: defaultdict[bytes, list[_Loaded]] = defaultdict(list)
    for one in left:
        waiting[_fingerprint(one)].append(one)
    equal = [(twins.pop(0), other) for other in right if (twins := waiting.get(_fingerprint(other)))]
    paired = {id(loaded) for pair in equal for loaded in pair}
    for side in (left, right):
        side[:] = [loaded for loaded in side if id(loaded) not in paired]
    return equal


def _fingerprint(loaded: _Loaded) -> bytes:
    return fingerprint(loaded[1].document)


def _key(target: Target) -> str:
    return target.key or target.name


def _name(target: Target) -> str:
    return _key(target).rpartition("/")[2]


def _folder(target: Target) -> str:
    return _key(target).rpartition("/")[0]


def _sort(errors: _Errors) -> tuple[Unread | LoadError, ...]:
    return tuple(errors[key] for key in sorted(errors))


def _order(pair: ComparedPair) -> tuple[bool, bool, int, str]:
    side = pair.right or pair.left
    name = side.name if side is not None else ""
    return pair.name != "lost", pair.is_made_again, _VERDICTS.index(pair.verdict), name


def _may_be_shared(change: Change, pair: ComparedPair) -> bool:
    """Whether a change is of the request, and more than the rename that is told of the pair."""
    return change.kind == "request" and not pair.is_renaming(change)


def _find_shared(pairs: Iterable[ComparedPair]) -> list[SharedChange]:
    """The changes of requests that several pairs share, the most frequent first."""
    counts: Counter[tuple[str, str, bytes]] = Counter()
    examples: dict[tuple[str, str, bytes], Change] = {}
    for pair in pairs:
        found = {change.gist: change for change in pair.changes if _may_be_shared(change, pair)}
        counts.update(found.keys())
        for gist, change in found.items():
            label = examples.setdefault(gist, change).label
            examples[gist] = change if label == change.label else change._replace(label="")
    shared = [
        SharedChange(examples[gist]._replace(where=gist[1]), count)
        for gist, count in counts.items()
        if count > 1
    ]
    return sorted(
        shared,
        key=lambda each: (-each.count, each.change.where, canonical([each.change.left, each.change.right])),
    )
