"""Cassettes that nobody wrote: whatever is in one, nothing is raised and every answer is JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.pointer import join_pointer
from recctl.recordings.formats.vcrpy import FORMAT
from recctl.recordings.recording import LoadError, Recording
from recctl.wire import assemble
from tests.builders import source
from tests.unit.test_vcrpy import CHAT

if TYPE_CHECKING:
    from recctl.recordings.formats import Format

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "data: {}\n\n",
        "event: x\n",
        '{"a": [1, 1e999]}',
        '[{"a": 1}]',
        '{"a": 1}\n{"b"',
        "\x1f\x8b",
        "https://[",
        "\ufeff{}",
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=12) | st.dates(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=6,
)
OPTIONAL = dict.fromkeys(("body", "headers", "parsed_body", "status", "string"), ODD)
REQUESTS = st.fixed_dictionaries({"method": TEXTS, "uri": TEXTS}, optional=OPTIONAL)
RESPONSES = st.fixed_dictionaries({}, optional=OPTIONAL)
EXCHANGES = st.fixed_dictionaries({"request": REQUESTS, "response": RESPONSES})
FILES = (
    st.fixed_dictionaries({"interactions": st.lists(EXCHANGES | ODD, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"interactions": st.lists(EXCHANGES, min_size=1, max_size=3)})
    | st.fixed_dictionaries({"requests": st.lists(REQUESTS), "responses": st.lists(RESPONSES)})
    | st.dictionaries(st.sampled_from(["interactions", "requests", "responses"]), ODD)
)
STEPS = st.sampled_from(["request", "response", "body", "headers", "string", "a", "0", "status", "model", ""])


def check(content: bytes, name: str, steps: list[str]) -> None:
    check_format(FORMAT, content, name, steps)


def check_format(form: Format, content: bytes, name: str, steps: list[str]) -> None:
    """Whether a file, whatever it holds, is read, located and edited in bounds, and told in single lines."""
    given = source(content, name)
    items = form.read(given)
    defects = form.inspect(given, items)
    assert all("\n" not in defect.message for found in defects.values() for defect in found)
    for index, item in enumerate(items):
        if isinstance(item, LoadError):
            assert "\n" not in item.message
            continue
        json.dumps(item.document, allow_nan=False)
        pointer = join_pointer(steps)
        line, _ = form.locate(given, index, [pointer])[pointer]
        assert 1 <= line <= content.count(b"\n") + 1
        assemble(item)
    if items and isinstance(items[0], Recording):
        edited = form.edit(given, {0: None})
        assert edited is None or len(form.read(given._replace(content=edited))) == len(items) - 1


@given(FILES, st.lists(STEPS, max_size=5), st.sampled_from([None, "'", "|"]))
def test_any_values(value: Any, steps: list[str], style: str | None) -> None:
    check(yaml.dump(value, Dumper=yaml.CSafeDumper, default_style=style).encode(), "x.yaml", steps)


@given(FILES, st.lists(STEPS, max_size=5))
def test_any_values_as_json(value: Any, steps: list[str]) -> None:
    check(json.dumps(value, default=str).encode(), "x.json", steps)


@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    """A cassette with a piece cut out, doubled or replaced."""
    content = CHAT.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    put = data.draw(
        st.binary(max_size=6) | st.sampled_from([b"\t", b"- ", b": ", b"&a ", b"*a", b"!!python/x ", b"'"])
    )
    check(content[:start] + put + content[end:], "x.yaml", ["request", "body"])
