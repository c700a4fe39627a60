"""Changes of a text that leave every other character as it was, also where the text comes in pieces."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.splicing import Edit, apply_edits, split_like
from recctl.recordings.splicing.json_text import splice_json

PIECES = st.lists(st.text("ab\n", max_size=4), min_size=1, max_size=5)
SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.text("XY", max_size=2)), max_size=4)


@given(PIECES, SPANS)
def test_pieces_say_together_what_the_whole_says(
    pieces: list[str], spans: list[tuple[int, int, str]]
) -> None:
    whole = "".join(pieces)
    edits = [
        Edit(min(start, len(whole)), min(start + length, len(whole)), text) for start, length, text in spans
    ]
    edited = apply_edits(whole, edits)
    if edited is not None:
        split = split_like(pieces, edits)
        assert (len(split), "".join(split)) == (len(pieces), edited)


def test_what_is_new_stands_in_the_piece_in_which_it_begins() -> None:
    assert split_like(["ab", "", "cd"], [Edit(1, 3, "X"), Edit(4, 4, "Y")]) == ["aX", "", "dY"]
    assert split_like(["ab", "cd"], [Edit(2, 2, "X")]) == ["ab", "Xcd"]


JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('a\u00e9"\\\U0001f600', max_size=3),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.sampled_from("abc"), values, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, st.sampled_from([None, 2]), st.booleans())
def test_an_edited_json_text_says_what_it_should(
    old: object, new: object, indent: int | None, is_ascii: bool
) -> None:
    text = json.dumps(old, indent=indent, ensure_ascii=is_ascii)
    edited = apply_edits(text, splice_json(text, old, new))
    assert edited is not None
    assert json.loads(edited) == new


def test_a_text_that_is_known_to_change_keeps_the_spelling_of_the_rest() -> None:
    text = r'{"a": "\u0041b\/c\ud83d\ude00d"}'
    edits: dict[tuple[str, ...], list[Edit]] = {("a",): [Edit(1, 2, "\u00e9"), Edit(5, 6, '"')]}
    new = {"a": 'A\u00e9/c\U0001f600"'}
    edited = apply_edits(text, splice_json(text, {"a": "Ab/c\U0001f600d"}, new, edits))
    assert edited == r'{"a": "\u0041\u00e9\/c\ud83d\ude00\""}'


def test_a_key_that_stands_twice_is_no_reason_to_cut_at_the_wrong_place() -> None:
    text = '{"a": 1, "b": 2, "a": 3}'
    edited = apply_edits(text, splice_json(text, {"a": 3, "b": 2}, {"b": 2}))
    assert edited == '{"b": 2}'
