"""Which of a row are out of order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.diff.pairing import find_moved


@pytest.mark.parametrize(
    ("numbers", "moved"),
    [([], []), ([1, 2, 3], []), ([2, 3, 1], [2]), ([2, 1], [0]), ([1, 5, 2, 3], [1])],
)
def test_the_fewest_that_are_out_of_order(numbers: list[int], moved: list[int]) -> None:
    assert find_moved(numbers) == moved


@given(st.permutations(range(8)))
def test_without_them_the_others_rise(numbers: list[int]) -> None:
    moved = find_moved(numbers)
    rest = [number for place, number in enumerate(numbers) if place not in moved]
    assert all(one < other for one, other in pairwise(rest))
    assert bool(moved) == (numbers != sorted(numbers))
