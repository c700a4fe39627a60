"""The rule `schema` on real recordings: no false alarm, and two validators that agree."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from recctl.checks.schema import check_schema
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from tests.builders import read, source
from tests.depth import take
from tests.unit.test_schema import COMPILED, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus


def recordings(shared: Path) -> Iterator[Recording]:
    paths = [*sorted((shared / "corpus").rglob("*.json")), *sorted((shared / "seeds").glob("*.json"))]
    for path in paths:
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        yield recording


def test_no_real_recording_breaks_a_schema(shared: Path) -> None:
    found = [list(check_schema(recording)) for recording in recordings(shared)]
    assert len(found) == 1096
    assert not any(found)


def test_both_validators_find_every_tenth_real_recording_sound(shared: Path) -> None:
    for recording in [*recordings(shared)][::10]:
        assert COMPILED.is_valid(recording.document), recording.source.name
        assert REFERENCE.is_valid(recording.document), recording.source.name


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and its key or index there."""
    for step in value if isinstance(value, dict) else range(len(value)):
        yield value, step
        if isinstance(value[step], dict | list):
            yield from spots(value[step])


def test_both_validators_judge_damaged_recordings_alike(shared: Path) -> None:
    chance = random.Random(5)  # noqa: S311  (the same damage in every run)
    verdicts = set()
    for recording in take(recordings(shared), every=5):
        document = deepcopy(recording.document)
        if len(recording.source.content) > 50_000 or not document["response"]["body"]:
            continue
        part = chance.choice([document["request"], document["response"]])
        holder, step = chance.choice([*spots(part)])
        holder[step] = chance.choice([None, True, 7, 0.5, "x", ["x"], {"x": 1}])
        verdict = COMPILED.is_valid(document)
        assert verdict == REFERENCE.is_valid(document), (recording.source.name, step, holder[step])
        assert verdict == (list(check_schema(read(document))) == [])
        verdicts.add(verdict)
    assert verdicts == {True, False}
