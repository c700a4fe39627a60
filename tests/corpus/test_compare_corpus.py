"""`diff` on real recordings: nothing where nothing changed, and every known edit for what it is."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from recctl.diff import PairVerdict, compare_recordings, compare_sets
from recctl.input.sources import Target
from recctl.naming.engine import CURRENT, identify
from recctl.naming.turns import find_turn
from recctl.project import Place, Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.diff import ComparedPair, Comparison

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def corpus(shared: Path) -> dict[str, bytes]:
    """Every recording of the larger part of the corpus, by path."""
    folder = shared / "corpus" / "ogx"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


def compare(before: dict[str, bytes], after: dict[str, bytes]) -> Comparison:
    sides = {"before": before, "after": after}

    def read(target: Target) -> Source:
        assert target.spec is not None
        place = PurePosixPath(target.key)
        content = sides[target.spec][target.key]
        return Source(target.name, content, Place(str(place.parent), place.name), target.settings)

    left, right = ([Target(path, Settings(), spec=side, key=path) for path in sides[side]] for side in sides)
    return compare_sets(left, right, read)


def open_file(path: str, content: bytes) -> Recording:
    place = PurePosixPath(path)
    (recording,) = load(Source(path, content, Place(str(place.parent), place.name), Settings()))
    assert isinstance(recording, Recording)
    return recording


def test_the_corpus_is_identical_to_itself(corpus: dict[str, bytes]) -> None:
    comparison = compare(corpus, corpus)
    assert (comparison.identical, comparison.pairs, comparison.errors) == (len(corpus), (), ())


def test_recordings_of_one_turn_differ_the_same_way_round_as_back(corpus: dict[str, bytes]) -> None:
    turns: defaultdict[Any, list[Recording]] = defaultdict(list)
    for path, content in corpus.items():
        recording = open_file(path, content)
        turn = find_turn(recording, CURRENT, None)
        if turn is not None:
            turns[turn[:4]].append(recording)  # whatever is asked
    pairs = 0
    for group in turns.values():
        for left, right in pairwise(group):
            pair = compare_recordings(left, right, settings=Settings())
            back = compare_recordings(right, left, settings=Settings())
            assert (pair.verdict, pair.request, pair.reply) == (back.verdict, back.request, back.reply)
            assert pair.verdict is not PairVerdict.IDENTICAL
            pairs += 1
    assert pairs > 500


class Edits:
    """A copy of the corpus that is edited: each edit takes recordings that no other has touched."""

    def __init__(self, corpus: dict[str, bytes]) -> None:
        self.files = dict(corpus)
        self._free = iter(
            [
                path
                for path, content in corpus.items()
                if _is_plain_chat(recording := open_file(path, content))
                and CURRENT.name in identify(recording, Place("", PurePosixPath(path).name)).schemes
            ]
        )

    def apply(
        self, count: int, edit: Callable[[Any], None], *, rehash: bool = False, keep: bool = False
    ) -> None:
        """Edit so many recordings: in place, or under a new name, the old one kept or not."""
        for _ in range(count):
            path = next(self._free)
            document = json.loads(self.files[path])
            edit(document)
            content = serialise(document)
            if not keep:
                del self.files[path]
            if rehash:
                place = PurePosixPath(path)
                wanted = identify(open_file(path, content), Place("", place.name)).wanted
                path = str(place.with_name(str(wanted)))
                assert path not in self.files
            self.files[path] = content

    def delete(self, count: int) -> None:
        for _ in range(count):
            del self.files[next(self._free)]


def _is_plain_chat(recording: Recording) -> bool:
    """Whether it is a streamed chat that has content, so that there is a word to change."""
    return recording.test_id is not None and any(_find_texts(recording.document))


def _find_texts(document: Any) -> list[dict[str, Any]]:
    """The deltas of a recorded chat that have content."""
    body = document["response"]["body"]
    items = body if isinstance(body, list) else []
    chunks = [item["__data__"] for item in items if isinstance(item, dict) and "__data__" in item]
    choices = [choice for chunk in chunks for choice in chunk.get("choices") or ()]
    return [choice["delta"] for choice in choices if (choice.get("delta") or {}).get("content")]


def rename_the_test(document: Any) -> None:
    document["test_id"] = document["test_id"].replace("::test_", "::test_renamed_")


def add_a_tier(document: Any) -> None:
    document["request"]["body"]["service_tier"] = "flex"


def reword(document: Any) -> None:
    _find_texts(document)[0]["content"] += " indeed"


def change_the_temperature(document: Any) -> None:
    document["request"]["body"]["temperature"] = 0.123


def add_a_tier_and_reword(document: Any) -> None:
    add_a_tier(document)
    reword(document)


def make_noise(document: Any) -> None:
    for item in document["response"]["body"]:
        item["__data__"]["system_fingerprint"] = "fp_other"


def test_every_known_edit_is_told_for_what_it_is(corpus: dict[str, bytes]) -> None:
    edits = Edits(corpus)
    edits.apply(15, rename_the_test, rehash=True)
    edits.apply(14, add_a_tier, rehash=True)
    edits.apply(13, add_a_tier_and_reword, rehash=True, keep=True)
    edits.apply(12, reword)
    edits.apply(11, change_the_temperature)
    edits.apply(10, make_noise)
    edits.delete(9)
    comparison = compare(corpus, edits.files)
    assert Counter(map(_summarise, comparison.pairs)) == {
        ("request", "the same question", "kept", False): 15,
        ("request", "the same test and turn", "kept", False): 14,
        ("wording", "the same test and turn", "kept", True): 13,
        ("wording", "the same path", "kept", False): 12,
        ("request", "the same path", "lost", False): 11,
        ("noise", "the same path", "kept", False): 10,
        ("removed", None, "kept", False): 9,
    }
    assert comparison.identical == len(corpus) - 15 - 14 - 12 - 11 - 10 - 9
    assert comparison.errors == ()
    tiers = [each for each in comparison.shared if each.change.where == "/request/body/service_tier"]
    assert sum(each.count for each in tiers) == 26  # one of the 27 had a tier that no other had


def _summarise(pair: ComparedPair) -> tuple[str, str | None, str, bool]:
    return pair.verdict.value, pair.paired_by, pair.name, pair.superseded
