"""Tables of words and numbers: they fit the terminal, and what is cut is what tells least."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.render.kit.columns import Cell, cut_middle, lay_out, shorten_test
from recctl.render.kit.terminal import render_lines
from recctl.render.kit.view import View

LONG = "tests/a/test_b.py::TestC::test_d[model=openai/gpt-4o-mini-stream=True]"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, LONG),
        (68, "test_b.py::TestC::test_d[model=openai/gpt-4o-mini-stream=True]"),
        (60, "test_d[model=openai/gpt-4o-mini-stream=True]"),
        (40, "test_d[model=openai/gpt…ini-stream=True]"),
        (20, "test_d[model=…=True]"),
        (12, "test_d"),
        (5, "te…_d"),
    ],
)
def test_a_test_keeps_its_name_before_all_else(width: int, shown: str) -> None:
    assert shorten_test(LONG, width) == shown


@given(st.text(max_size=80), st.integers(min_value=1, max_value=90))
def test_what_is_shortened_fits(text: str, width: int) -> None:
    assert len(cut_middle(text, width)) <= width
    assert len(shorten_test(text, width)) <= width


@given(
    st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(min_value=40, max_value=120),
)
def test_a_table_is_no_wider_than_the_terminal(texts: list[list[str]], width: int) -> None:
    rows = [[Cell(text) for text in row] for row in texts]
    lines = "".join(render_lines(lay_out([Cell("a"), Cell("b"), Cell("c")], rows, width), View()))
    assert max(map(len, lines.split("\n"))) <= width


def test_for_programs_there_are_tabs_and_no_heads() -> None:
    rows = [[Cell("a b"), Cell(""), Cell("1\t2")]]
    assert "".join(render_lines(lay_out([Cell("x")] * 3, rows, None), View())) == "a b\t\t1 2\n"
