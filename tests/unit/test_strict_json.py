"""JSON and nothing else, which Python's own reader does not insist on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from recctl.base.strict_json import MAX_DEPTH, TooDeepError, TooLargeError, decode
from tests.unit.wire.hostile import json_values


@given(json_values)
def test_what_is_json_is_read(value: Any) -> None:
    assert decode(f" {json.dumps(value)}\n") == value


@pytest.mark.parametrize("text", ["", "{", "{} {}", "'x'", '"line\nbreak"'])
def test_what_is_none_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        decode(text)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_that_python_takes_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"^{word} is not a JSON value$"):
        decode(f"[{word}]")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1.5E+400"])
def test_numbers_that_no_float_holds_are_refused(number: str) -> None:
    with pytest.raises(TooLargeError) as caught:
        decode(f"[1e9, {number}]")
    assert str(caught.value) == number


def test_a_depth_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(TooDeepError):
        decode("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}"), ('[{"a": ', "}]")])
def test_as_deep_as_a_document_may_nest_is_read_and_no_deeper(opening: str, closing: str) -> None:
    levels = MAX_DEPTH // len(closing)
    assert decode(opening * levels + "1" + closing * levels) is not None
    with pytest.raises(TooDeepError):
        decode("[" + opening * levels + "1" + closing * levels + "]")
    assert decode('"' + "[" * 500 + '"') == "[" * 500
