"""What nests deeply is shown, compared and checked by every command, in every format."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from recctl.__main__ import main
from recctl.recordings.formats.ogx import serialise
from recctl.render import list_formats
from tests.builders import chunk, delta, record
from tests.depth import take

if TYPE_CHECKING:
    from pathlib import Path


def nest(depth: int, leaf: int) -> str:
    return '[{"a":' * (depth // 2) + str(leaf) + "}]" * (depth // 2)


def offer(arguments: str) -> dict[str, Any]:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    stream = [delta(role="assistant", content=arguments), delta(tool_calls=[call])]
    document = record([chunk(each) for each in (*stream, delta(finish_reason="tool_calls"))])
    asked = {"role": "assistant", "tool_calls": [call]}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    document["request"]["body"] = {"model": "m", "messages": [asked], "tools": [tool]}
    return document


COMMANDS = [
    *(("validate", "--format", name, "--no-cache") for name in list_formats("findings")),
    *(("show", "--format", name) for name in list_formats("conversation")),
    *(("diff", "--format", name) for name in list_formats("comparison")),
    ("show", "--raw"),
    ("show", "--chunks"),
    ("diff", "--noise"),
    ("rehash", "--set", "/request/body/model", "big"),
    ("rehash", "--explain"),
    ("prune", "--grade", "orphan"),
]


@pytest.mark.parametrize("depth", take([254, 200, 256, 400, 500, 900, 5000], every=2))
def test_arguments_of_any_depth_are_looked_at(
    depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, leaf in (("before", 1), ("after", 2)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "aaaa00000000.json").write_bytes(serialise(offer(nest(depth, leaf))))
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        sides = ("before", "after") if command[0] == "diff" else ("before",)
        monkeypatch.setattr(sys, "argv", ["recctl", *command, *sides])
        assert main() < 2, command
        said = capsys.readouterr()
        assert "failed" not in said.err, command
