"""Recordings made by hand, for tests: as small as shows the point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.changes.state import StateFolder
from recctl.project import Place, Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from pathlib import Path

TEST_ID = "tests/integration/inference/test_chat.py::test_reply[model=small]"
CHUNK = "openai.types.chat.chat_completion_chunk.ChatCompletionChunk"


def source(content: bytes, name: str = "x.json", folder: str = "tests/recordings") -> Source:
    """Bytes as if they had been read from `<folder>/<name>`."""
    return Source(f"{folder}/{name}", content, Place(folder, name), Settings())


def read(document: Any, name: str = "x.json", folder: str = "tests/recordings") -> Recording:
    """A document as the recording that recctl reads back from what the recorder would write."""
    (recording,) = load(source(serialise(document), name, folder))
    assert isinstance(recording, Recording)
    return recording


def record(body: Any, *, streaming: bool | None = None, **request: Any) -> dict[str, Any]:
    """The document of a recorded chat request with this reply; `request` replaces parts of the request."""
    return {
        "test_id": TEST_ID,
        "request": {
            "method": "POST",
            "url": "http://localhost:8000/v1/v1/chat/completions",
            "headers": {},
            "body": {"model": "small", "messages": [{"role": "user", "content": "Hello"}]},
            "endpoint": "/v1/chat/completions",
            "model": "small",
            **request,
        },
        "response": {
            "body": body,
            "is_streaming": isinstance(body, list) if streaming is None else streaming,
        },
        "id_normalization_mapping": {},
    }


def chunk(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chat chunk in its envelope; choices are given whole, `fields` add to or replace the rest."""
    data = {
        "id": "rec-0123456789ab",
        "choices": list(choices),
        "created": 0,
        "model": "small",
        "object": "chat.completion.chunk",
        "usage": None,
        **fields,
    }
    return {"__type__": CHUNK, "__data__": data}


def delta(index: int = 0, finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    """A choice of a chat chunk, with what it adds to the message."""
    return {"index": index, "delta": delta, "finish_reason": finish_reason, "logprobs": None}


def interrupt(root: Path) -> None:
    """Make the last run below a root one that was killed before its end."""
    run_id = max((path.name for path in (root / ".recctl/runs").iterdir()), key=int)
    StateFolder(root).write_signed(f"runs/{run_id}/outcome", b'{"done": null, "emptied": false}')


RECORDING = serialise(record(None))


def write(path: Path, content: str | bytes = RECORDING) -> Path:
    """A file with that content, in folders that are made for it; gives the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
