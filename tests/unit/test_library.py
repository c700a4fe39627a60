"""recctl as programs see it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import recctl
from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write_file(content: bytes) -> Path:
        (tmp_path / "x.json").write_bytes(content)
        return tmp_path / "x.json"

    return write_file


def test_a_recording_is_loaded_and_its_reply_put_together(write: Callable[[bytes], Path]) -> None:
    chunks = [chunk(delta(content="Hel", role="assistant")), chunk(delta(content="lo", finish_reason="stop"))]
    (recording,) = recctl.load(write(serialise(record(chunks))))
    assert recording.model == "small"
    (choice,) = recctl.assemble(recording).choices
    assert (choice.message.content, choice.finish_reason) == ("Hello", "stop")


def test_a_cassette_is_loaded_exchange_by_exchange(tmp_path: Path) -> None:
    path = tmp_path / "test_x.yaml"
    exchange = """\
- request: {method: POST, uri: 'https://example.org/v1/chat/completions', body: '{"model": "%s"}'}
  response:
    body: {string: '{"object": "chat.completion", "choices": [{"message": {"content": "%s"}}]}'}
    headers: {}
    status: {code: 200, message: OK}
"""
    path.write_text(f"interactions:\n{exchange % ('small', 'Hello')}{exchange % ('large', 'Hi')}")
    recordings = recctl.load(path)
    assert [str(recording.key) for recording in recordings] == [f"{path}#1", f"{path}#2"]
    assert [recording.model for recording in recordings] == ["small", "large"]
    replies = [recctl.assemble(recording).choices[0].message.content for recording in recordings]
    assert replies == ["Hello", "Hi"]


def test_a_cassette_with_a_bad_exchange_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "test_x.yaml"
    path.write_text("interactions:\n- request: {method: GET}\n  response: {}\n")
    message = f"{path}#1:2: not an exchange: its request has no 'uri'"
    with pytest.raises(recctl.RecctlError, match=re.escape(message)):
        recctl.load(path)


def test_what_is_no_recording_is_an_error_that_names_the_line(write: Callable[[bytes], Path]) -> None:
    path = write(b'{"request":\n {},')
    with pytest.raises(recctl.RecctlError, match=re.escape(f"{path}:2: the file ends before its value does")):
        recctl.load(str(path))


def test_a_file_that_is_too_large_is_not_read(write: Callable[[bytes], Path]) -> None:
    with pytest.raises(recctl.RecctlError, match="is larger than 10 bytes"):
        recctl.load(write(serialise(record(None))), max_size=10)


def test_a_file_that_is_not_there_is_what_it_is_to_any_program(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recctl.load(tmp_path / "missing.json")


def test_all_that_is_promised_is_there_and_nothing_else_is_public() -> None:
    assert {name: getattr(recctl, name) for name in recctl.__all__}.keys() == set(recctl.__all__)
    with pytest.raises(AttributeError, match="no attribute 'find'"):
        recctl.find  # noqa: B018


def test_the_example_of_the_manual_runs() -> None:
    readme = (CHECKOUT / "recctl/manual/python.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    command = [sys.executable, "-W", "error", "-c", example]
    ran = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("None tool_calls (ToolCall(")
