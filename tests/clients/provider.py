"""A provider on this machine that the suite is recorded from: chat completions, and Bedrock's Converse."""

from __future__ import annotations

import json
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANSWER = ("Answer", ": ", "well", ".")
_HEAD = {"id": "chatcmpl-1", "created": 1767225600, "model": "small"}


@contextmanager
def serving() -> Iterator[str]:
    """A provider that answers meanwhile; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/converse-stream"):
            kind, content = "application/vnd.amazon.eventstream", b"".join(_stream_converse())
        elif self.path.endswith("/converse"):
            kind, content = "application/json", json.dumps(_converse()).encode()
        elif asked["stream"]:
            kind, content = "text/event-stream", b"".join(_stream_chat())
        else:
            kind, content = "application/json", json.dumps(_chat()).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _chat() -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(_ANSWER)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**_HEAD, "object": "chat.completion", "choices": [choice]}


def _stream_chat() -> Iterator[bytes]:
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in _ANSWER), {}]
    for delta in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
        chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
        yield f"data: {json.dumps(chunk)}\n\n".encode()
    yield b"data: [DONE]\n\n"


def _converse() -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": "".join(_ANSWER)}]}
    usage = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}
    return {
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": usage,
        "metrics": {"latencyMs": 1},
    }


def _stream_converse() -> Iterator[bytes]:
    yield _encode_event("messageStart", {"role": "assistant"})
    for word in _ANSWER:
        yield _encode_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield _encode_event("contentBlockStop", {"contentBlockIndex": 0})
    yield _encode_event("messageStop", {"stopReason": "end_turn"})


def _encode_event(kind: str, payload: dict[str, Any]) -> bytes:
    """An event as AWS sends it: lengths, headers, payload, and checksums of what goes before them."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), 7, len(value)) + value.encode()
        for name, value in named.items()
    )
    content = json.dumps(payload).encode()
    prelude = struct.pack("!II", len(headers) + len(content) + 16, len(headers))
    event = prelude + struct.pack("!I", crc32(prelude)) + headers + content
    return event + struct.pack("!I", crc32(event))
