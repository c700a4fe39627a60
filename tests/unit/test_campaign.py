"""A small part of the campaigns: 10,000 mutated recordings, and 200 runs that are killed.

Of these, a tenth and a fifth where not all is looked at.
"""

from __future__ import annotations

import os

import pytest

from tests.campaign import BATCH, list_examples, run_batch, run_kill
from tests.depth import take

PART = 500
"""How many mutated recordings a test looks at: few enough that processes can share the work."""


@pytest.mark.parametrize("start", take(range(0, 10_000, PART), every=10))
def test_no_command_fails_on_a_mutated_recording(start: int) -> None:
    seeds = range(start // BATCH, (start + PART) // BATCH)
    assert [failure for seed in seeds for failure in run_batch(seed)] == []


def test_mutations_begin_with_recordings_of_each_format() -> None:
    assert {path.suffix for path in list_examples()} == {".json", ".yaml"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("start", take(range(0, 200, 20), every=5))
def test_a_command_that_is_killed_is_done_or_taken_back(start: int) -> None:
    assert [failure for seed in range(start, start + 20) for failure in run_kill(seed)] == []
