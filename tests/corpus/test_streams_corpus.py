"""The real streams of chat, text completions and Ollama, beside what a plain join makes of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import assemble, recognise
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.corpus

STREAMS = {"openai-chat": 602, "openai-completions": 3, "ollama": 15}


def streams(shared: Path) -> Iterator[tuple[str, str, Recording]]:
    for path in sorted((shared / "corpus").rglob("*.json")):
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        wire = recognise(recording)
        if recording.is_streaming and wire.name in STREAMS:
            yield path.name, wire.name, recording


def join(chunks: Any, *keys: str) -> dict[int, str]:
    """The text of each choice by plain addition, of the first of these keys that a chunk has."""
    texts: dict[int, str] = {}
    for chunk in chunks:
        data = chunk["__data__"]
        for choice in data.get("choices", [data]):
            said = choice.get("delta") or choice.get("message") or choice
            fragment = next((said[key] for key in keys if said.get(key)), "")
            index = choice.get("index", 0)
            texts[index] = texts.get(index, "") + fragment
    return texts


def test_there_are_as_many_streams_as_the_field_guide_leads_to_expect(shared: Path) -> None:
    names = [wire for _, wire, _ in streams(shared)]
    assert {name: names.count(name) for name in STREAMS} == STREAMS


def test_every_stream_is_complete_and_without_error(shared: Path) -> None:
    completions = ((name, assemble(recording)) for name, _, recording in streams(shared))
    broken = [name for name, completion in completions if not completion.complete or completion.error]
    assert broken == []


def test_content_and_reasoning_are_what_a_plain_join_gives(shared: Path) -> None:
    said: Counter[str] = Counter()
    for name, _, recording in streams(shared):
        choices = assemble(recording).choices
        content = {choice.index: choice.message.content or "" for choice in choices}
        assert content == join(recording.body, "content", "text", "response"), name
        reasoning = {choice.index: choice.message.reasoning or "" for choice in choices}
        assert reasoning == join(recording.body, "reasoning", "reasoning_content", "thinking"), name
        said += Counter(content=any(content.values()), reasoning=any(reasoning.values()))
    assert said == {"content": 487, "reasoning": 8}


def test_arguments_are_what_a_plain_join_gives(shared: Path) -> None:
    made = 0
    for name, wire, recording in streams(shared):
        if wire != "openai-chat":
            continue
        plain = ""
        for chunk in recording.body:
            for choice in chunk["__data__"]["choices"]:
                for call in (choice["delta"] or {}).get("tool_calls") or []:
                    plain += call["function"]["arguments"] or ""
        calls = [call for choice in assemble(recording).choices for call in choice.message.tool_calls]
        joined = "".join(call.arguments or "" for call in calls)
        assert joined == plain, name
        assert all(call.name for call in calls), name
        made += len(calls)
    assert made == 154


def test_usage_is_the_last_that_was_told(shared: Path) -> None:
    known = 0
    for name, wire, recording in streams(shared):
        if wire != "ollama":
            told = [chunk["__data__"].get("usage") for chunk in recording.body]
            usage = assemble(recording).usage
            assert usage == next((usage for usage in reversed(told) if usage), None), name
            known += usage is not None
    assert known == 520
