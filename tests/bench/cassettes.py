"""Cassettes, beside a process that only loads their YAML."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Ratio, python, recctl, time_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLOOR = (
    "import pathlib, yaml\n"
    "for path in pathlib.Path({folder!r}).rglob('*.yaml'):\n"
    "    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)"
)
_FILES = 400


def measure_cassettes() -> Iterator[Ratio]:
    """What it costs to check cassettes, and to check them again, start-up apart."""
    with tempfile.TemporaryDirectory() as folder:
        write_cassettes(Path(folder) / "cassettes", _FILES)
        nothing, floor, version, cold, warm = time_calls(
            python("import yaml"),
            python(_FLOOR.format(folder=folder)),
            recctl("--version"),
            recctl("validate", "--isolated", "--no-cache", folder),
            recctl("validate", "--isolated", folder),
            rounds=5,
        )
    read = floor - nothing
    yield Ratio("validate cassettes, net / CSafeLoader of every file", (cold - version) / read, 1.5)
    yield Ratio("validate them again, net / CSafeLoader of every file", (warm - version) / read, 0.03)


def write_cassettes(folder: Path, count: int) -> None:
    """Cassettes as vcrpy writes them, of three turns each.

    One reply in nine is streamed, and one in five compressed, as in the cassettes of three large projects.
    """
    import yaml

    folder.mkdir(parents=True)
    for number in range(count):
        exchanges = [_record(f"Question {turn} of {number}?", 3 * number + turn) for turn in range(3)]
        cassette = {"interactions": exchanges, "version": 1}
        text = yaml.dump(cassette, Dumper=yaml.CDumper)
        (folder / f"test_{number}.yaml").write_text(text, encoding="utf-8")


def _record(question: str, kind: int) -> dict[str, Any]:
    streamed, compressed = kind % 9 == 0, kind % 5 == 1
    system = "You are a helpful assistant. " * 400
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    asked = {"model": "small", "messages": messages, "stream": streamed}
    answer = ["An", " answer", " of", " some", " words", "."] * 20
    text = _stream(answer) if streamed else json.dumps(_complete("".join(answer)))
    body = gzip.compress(text.encode(), mtime=0) if compressed else text
    headers = {"Content-Type": ["text/event-stream" if streamed else "application/json"]}
    if compressed:
        headers["Content-Encoding"] = ["gzip"]
    return {
        "request": {
            "body": json.dumps(asked),
            "headers": {"Accept": ["*/*"], "Content-Type": ["application/json"]},
            "method": "POST",
            "uri": "https://api.openai.com/v1/chat/completions",
        },
        "response": {
            "body": {"string": body},
            "headers": headers,
            "status": {"code": 200, "message": "OK"},
        },
    }


def _complete(answer: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "small", "choices": [choice]}


def _stream(pieces: list[str]) -> str:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": p} for p in pieces)]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    head: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "small"}
    events = [json.dumps({**head, "choices": [choice]}) for choice in choices]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])
