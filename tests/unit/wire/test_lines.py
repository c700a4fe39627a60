"""An exchange in two lines: what was asked last, and how the answer begins."""

from __future__ import annotations

from typing import Any

import pytest

from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record


def reply(content: Any) -> str:
    return read_exchange(read(record(content))).read_lines()[1]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ([("user", " Hello,\tworld \n")], "Hello, world"),
        ([("user", "x" * 200)], "x" * 159 + "…"),
        ([("user", "a"), ("tool", "21 degrees")], "21 degrees"),
        ([("user", "a"), ("system", "Be brief")], "a"),
        ([("user", [{"type": "image_url"}, {"type": "text", "text": "b"}])], "b"),
        ([("user", None)], ""),
        ([], ""),
    ],
)
def test_the_line_of_a_question(said: list[tuple[str, Any]], line: str) -> None:
    document = record([chunk(delta(content="x"))])
    document["request"]["body"] = {"messages": [{"role": role, "content": content} for role, content in said]}
    assert read_exchange(read(document)).read_lines()[0] == line


def test_the_line_of_a_reply() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "look_up", "arguments": '{"a": 1}'}}
    models = [{"id": name, "object": "model", "owned_by": "us", "created": 1} for name in "ab"]
    vectors = {"object": "list", "data": [{"index": 0, "embedding": [0.5, 0.25], "object": "embedding"}]}
    assert reply([chunk(delta(content="One\ntwo", finish_reason="stop"))]) == "One …"
    assert reply([chunk(delta(tool_calls=[call], finish_reason="tool_calls"))]) == 'calls look_up {"a": 1}'
    assert reply([chunk(delta(refusal="No.", finish_reason="stop"))]) == "No."
    assert reply(models) == "2 models"
    assert reply(vectors) == "1 vector of 2 numbers"
    assert reply([{"error": {"message": "overloaded"}}]) == "error: overloaded"
    assert reply([chunk(delta(finish_reason="stop"))]) == ""
