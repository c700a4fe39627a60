"""How the arguments of tool calls are laid out: readable, and what was recorded."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.render.conversation._arguments import format_arguments
from recctl.render.kit.values import format_json

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
)


@given(JSON_VALUES)
def test_json_is_laid_out_as_any_other(value: Any) -> None:
    assert format_arguments(json.dumps(value)) == (format_json(value), True)


def read_exactly(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=tuple)


PAIRS = st.lists(
    st.tuples(st.sampled_from(["path", "n"]), st.decimals(allow_nan=False, allow_infinity=False))
)


@given(PAIRS)
def test_layout_changes_no_value(pairs: list[tuple[str, Decimal]]) -> None:
    text = "{" + ",".join(f'"{key}":{number}' for key, number in pairs) + "}"
    told, _ = format_arguments(text)
    assert read_exactly(told) == read_exactly(text)
    assert [str(number) in told for _, number in pairs] == [True] * len(pairs)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"price":10.10}', '{"price": 10.10}'),
        ('{"n":12345678901234567.891,"m":1e400}', '{"n": 12345678901234567.891, "m": 1e400}'),
        ('{"path":"/etc/passwd","path":"/tmp/ok"}', '{"path": "/etc/passwd", "path": "/tmp/ok"}'),
        ('{"caf\\u00e9":"\\ud83d\\ude00 \\u001b"}', '{"café": "😀 \\u001b"}'),
        (
            '{"path":"/tmp/a-place-that-is-far-down","path":[1.50,{}],"and":{"so":"on"},"none":[ ]}',
            (
                '{\n  "path": "/tmp/a-place-that-is-far-down",\n  "path": [\n    1.50,\n    {}\n  ],\n'
                '  "and": {\n    "so": "on"\n  },\n  "none": []\n}'
            ),
        ),
    ],
)
def test_what_stands_there_is_told(arguments: str, told: str) -> None:
    assert format_arguments(arguments) == (told, True)


@pytest.mark.parametrize("arguments", ["", "{cut", "NaN", '{"n": Infinity}', "[" * 100_000])
def test_what_is_no_json_is_told_as_it_is(arguments: str) -> None:
    assert format_arguments(arguments) == (arguments, False)
