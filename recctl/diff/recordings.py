"""Two recordings, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.pointer import escape_pointer
from recctl.diff.comparison import REPLY_KINDS, Change, ComparedPair, ComparedSide, PairVerdict
from recctl.diff.differences import canonical
from recctl.diff.ids import describe_ids, is_same_but_for, pair_ids
from recctl.diff.noise import is_configured_noise, is_made_from_name
from recctl.diff.reply import compare_replies
from recctl.diff.request import compare_requests, is_told_by_place
from recctl.naming.folders import lies_as_expected
from recctl.naming.survey import has_right_name
from recctl.recordings.names import is_model_list
from recctl.wire import find_form, read_exchange, read_model

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from recctl.project import Settings
    from recctl.recordings.recording import Recording

NAMED = "both were named"
"""Why two recordings are compared that somebody chose."""

PLACE = "place among the exchanges"
"""What has changed of a recording that is played in another order."""

_NOTHING: Mapping[str, str] = {}
_VERDICTS = tuple(PairVerdict)
_EXCHANGE = ("test_id", "request", "response")


def compare_recordings(
    left: Recording,
    right: Recording,
    *,
    settings: Settings,
    keep_noise: bool = False,
    paired_by: str = NAMED,
) -> ComparedPair:
    """What changed between two recordings. Takes any two and raises nothing.

    `settings` say what is noise beside what always is; `keep_noise` has it told and not only counted.
    `paired_by` says why the two belong together.
    """
    is_same = _is_same(left, right)
    of_request = [] if is_same else [*_sift(compare_requests(left, right), settings.noise)]
    ids = _pair_ids(of_request, left, right) if of_request else {}
    of_request = describe_ids(of_request, ids) if ids else of_request
    of_reply = [] if is_same else [*_sift(_compare_exchanges(left, right), settings.noise, ids)]
    of_rest = [] if is_same else [*_compare_rest(left, right)]
    if not (is_same or of_request or of_reply or of_rest):
        of_rest = [Change("", "noise", None, None, "how the file is written")]
    changes = (*of_request, *of_reply, *of_rest)
    grave = [REPLY_KINDS[change.kind] for change in of_reply if change.kind in REPLY_KINDS]
    has_new_request = any(change.kind == "request" for change in of_request)
    verdict = (
        PairVerdict.REQUEST if has_new_request else PairVerdict.NOISE if changes else PairVerdict.IDENTICAL
    )
    reply = min(grave, key=_VERDICTS.index, default=None)
    theirs = describe_side(right)
    is_named_alike = not of_request and _lie_alike(left, right)
    ours = theirs._replace(name=str(left.key)) if is_named_alike else describe_side(left)
    return ComparedPair(
        left=ours,
        right=theirs,
        verdict=reply or verdict,
        request="changed" if has_new_request else "same",
        reply=str(reply or ("same" if all(map(is_made_from_name, of_reply)) else "noise")),
        name=_judge_name(ours.found, theirs.found),
        paired_by=paired_by,
        changes=tuple(change for change in changes if keep_noise or change.kind != "noise"),
        noise=sum(change.kind == "noise" for change in changes),
        ids=tuple(ids.items()),
    )


def _pair_ids(of_request: list[Change], left: Recording, right: Recording) -> dict[str, str]:
    return pair_ids(of_request, left.request, right.request, find_form(left).join(find_form(right)).call_ids)


def _is_same(left: Recording, right: Recording) -> bool:
    """Whether nothing differs; of files with several recordings, the rest of the file does not count."""
    if left.is_alone and right.is_alone:
        return left.source.content == right.source.content
    if is_told_by_place(left, right):
        return canonical({**left.document, "test_id": None}) == canonical({**right.document, "test_id": None})
    return canonical(left.document) == canonical(right.document)


def describe_side(recording: Recording) -> ComparedSide:
    """What a comparison tells of one recording."""
    return ComparedSide(
        name=str(recording.key),
        test_id=recording.test_id,
        endpoint=recording.endpoint,
        model=read_model(recording),
        found=has_right_name(recording),
    )


def _lie_alike(left: Recording, right: Recording) -> bool:
    """Whether two recordings of the same request have one name; that of a list of models is of its reply."""
    one, other = left.source, right.source
    if one.place is None or one.place != other.place or one.settings != other.settings:
        return False
    return left.format == right.format and not is_model_list(one.place.name)


def describe_lone(side: ComparedSide, verdict: PairVerdict, asked: str, answered: str) -> ComparedPair:
    """A recording that is on one side alone: there is nothing to compare it with, only its first lines."""
    left, right = (side, None) if verdict is PairVerdict.REMOVED else (None, side)
    name = _judge_name(side.found, side.found)
    return ComparedPair(
        left, right, verdict, "same", "same", name, None, (), 0, asked=asked, answered=answered
    )


def describe_move(pair: ComparedPair, before: int | None, now: int | None) -> ComparedPair:
    """A pair of equal recordings that are played in another order: by their numbers in the file."""
    change = Change("", "request", before, now, PLACE)
    return pair._replace(verdict=PairVerdict.REQUEST, request="changed", changes=(change,))


def spare(pair: ComparedPair) -> ComparedPair:
    """A pair whose left recording is still there, so that it is not lost whatever the right one is called."""
    return pair._replace(name="never") if pair.name == "lost" else pair


def judge_move(pair: ComparedPair, left: Recording, right: Recording) -> ComparedPair:
    """A pair of recordings in different folders: its recorder may look in only one of them."""
    homes = [
        side.source.place and lies_as_expected(side.source.place.folder, side.test_id)
        for side in (left, right)
    ]
    if pair.name != "kept" or None in homes or homes[0] == homes[1]:
        return pair
    return pair._replace(name="gained" if homes[1] else "lost")


def _judge_name(before: bool | None, now: bool | None) -> str:
    """What has become of a name; where one side can't be judged, it is taken to be as the other."""
    before, now = (now if before is None else before), (before if now is None else now)
    if before == now:
        return "never" if now is False else "kept"
    return "gained" if now else "lost"


def _compare_exchanges(left: Recording, right: Recording) -> list[Change]:
    if canonical(left.response) == canonical(right.response):
        return []
    return compare_replies(read_exchange(left), read_exchange(right))


def _compare_rest(left: Recording, right: Recording) -> Iterator[Change]:
    """What differs in the documents beside the exchange."""
    for key in sorted({*left.document, *right.document} - {*_EXCHANGE}):
        one, other = left.document.get(key), right.document.get(key)
        if canonical(one) != canonical(other):
            yield Change(f"/{escape_pointer(key)}", "noise", one, other, key)


def _sift(
    changes: Iterable[Change], noise: Collection[str], ids: Mapping[str, str] = _NOTHING
) -> Iterator[Change]:
    """The changes, with those marked as noise that the configuration calls so, or that come to ids."""
    for change in changes:
        is_noise = (noise and is_configured_noise(change.where, noise)) or is_same_but_for(change, ids)
        yield change._replace(kind="noise") if is_noise else change
