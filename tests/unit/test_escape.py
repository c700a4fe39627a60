"""What is printed of recorded text: nothing that acts on a terminal, and nothing that can't be seen."""

from __future__ import annotations

import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.render.kit.terminal import escape, quote_path

IGNORABLE = [
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0, *range(0x180B, 0x1810)),
    *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)),
    *(*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
]
"""The code points that Unicode calls default-ignorable."""

SEEN_FORMATS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Of those that Unicode counts among the formats, the signs that are shown."""


def test_what_cannot_be_seen_is_escaped() -> None:
    assert [code for code in IGNORABLE if escape(f"a{chr(code)}b") == f"a{chr(code)}b"] == []
    assert (escape("a\xadb"), escape("a\ufe0fb"), escape("a\U000e0141b")) == (
        r"a\xadb",
        r"a\ufe0fb",
        r"a\U000e0141b",
    )


def test_no_control_or_format_is_left_but_tabs_and_signs() -> None:
    acting = [
        code for code in range(sys.maxunicode + 1) if category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    assert {code for code in acting if escape(chr(code)) == chr(code)} == SEEN_FORMATS | {9}


@pytest.mark.parametrize(
    "text",
    [
        "\u2764\ufe0f 1\ufe0f\u20e3 \u2139\ufe0f \u2600\ufe0e",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525",
        "\U0001f937\U0001f3fd\u200d\u2640\ufe0f",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d",
    ],
    ids=["how an emoji looks", "emoji joined", "skin", "Persian", "Devanagari and Malayalam"],
)
def test_what_shapes_its_neighbours_stays(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a\u200db \u200d a\u200c",
        "\u2764\ufe0f\ufe0f\u2764\ufe0e\ufe0f 1\ufe0f \ufe0f",
        "\U0001f468\u200d \u200d\U0001f468 \U0001f468\u200d\u200d\U0001f468",
        "\u0627\u200c\u0627 \u0645\u200d\u06cc \u0645\u200c",
        "\u0915\u200d\u0937",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    ],
)
def test_a_joiner_that_shapes_nothing_is_escaped(text: str) -> None:
    assert "\\" in escape(text)


def test_no_text_can_be_hidden_in_a_row_of_joiners() -> None:
    hidden = "".join("\u200c\u200d\ufe0e\ufe0f"[int(digit)] for digit in "0123210331")
    for before in ("a", "\u2764", "\u0645", "\u094d", "1"):
        left = [character for character in escape(before + hidden) if ord(character) in IGNORABLE]
        assert len(left) <= 1


@given(st.text())
def test_what_was_escaped_stays_as_it_is(text: str) -> None:
    assert escape(escape(text)) == escape(text)


@pytest.mark.parametrize("path", ["a\u034fb.json", "\u3164.json", "x\ufe0f.json"])
def test_a_path_with_what_cannot_be_seen_is_quoted(path: str) -> None:
    assert quote_path(path).isascii()
