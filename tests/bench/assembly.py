"""Putting streams together, in this process: from a file's bytes to what the model said."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from recctl.project import Place, Settings
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.wire import assemble
from tests.bench.measure import CORPUS, Ratio, Unmeasured, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator


def measure_assembly() -> Iterator[Ratio | Unmeasured]:
    """Chat streams of the corpus, beside a bare join and beside the OpenAI SDK's accumulator.

    Neither the SDK, which gets the chunks as dicts, nor recctl in the line beside it is charged for reading.
    """
    if not CORPUS.exists():
        return
    streams = [content for content in _read_corpus() if _is_chat_stream(json.loads(content))]

    def assemble_all() -> None:
        for content in streams:
            _assemble(content)

    def join_all() -> None:
        for content in streams:
            _join(json.loads(content))

    ours, floor = time_calls(assemble_all, join_all)
    yield Ratio(
        "chat streams: json.loads and a bare join / file to result", floor / ours, 0.45, at_least=True
    )
    chunks = [_chunks(json.loads(content)) for content in streams]
    accumulated = _time_openai(chunks)
    what = "loaded chat streams: the OpenAI SDK's accumulator / assembly"
    if accumulated is None:
        yield Unmeasured(what, "pip install openai")
    else:
        yield Ratio(what, accumulated / _time_assembly_alone(streams), 50, at_least=True)


def _read_corpus() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.rglob("*.json"))]


def _is_chat_stream(document: Any) -> bool:
    body = document["response"].get("body")
    return isinstance(body, list) and bool(body) and str(body[0]).find("ChatCompletionChunk") >= 0


def _chunks(document: Any) -> list[dict[str, Any]]:
    return [item["__data__"] for item in document["response"]["body"]]


def _join(document: Any) -> str:
    return "".join(
        choice["delta"].get("content") or "" for data in _chunks(document) for choice in data["choices"]
    )


def _recording(content: bytes) -> Recording:
    (recording,) = load(Source("x.json", content, Place("recordings", "x.json"), Settings()))
    assert isinstance(recording, Recording)
    return recording


def _assemble(content: bytes) -> None:
    assemble(_recording(content))


def _time_assembly_alone(streams: list[bytes]) -> float:
    recordings = [_recording(content) for content in streams]
    (seconds,) = time_calls(lambda: [assemble(recording) for recording in recordings])
    return seconds


def _time_openai(streams: list[list[dict[str, Any]]]) -> float | None:
    """How long the SDK takes for the same dicts, one run; None where it is not installed."""
    try:
        from openai import OpenAIError
        from openai.lib.streaming.chat import ChatCompletionStreamState
        from openai.types.chat import ChatCompletionChunk
    except ImportError:
        return None
    start = time.perf_counter()
    for chunks in streams:
        state = ChatCompletionStreamState()
        try:
            for data in chunks:
                state.handle_chunk(ChatCompletionChunk.model_validate(data))
            state.get_final_completion()
        except (AssertionError, ValueError, TypeError, OpenAIError):
            continue  # it gives up on many of these streams; that only makes it look faster
    return time.perf_counter() - start
