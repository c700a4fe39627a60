"""What recordings are called, computed straight from the recorder's rule, and not by recctl."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, record

if TYPE_CHECKING:
    from pathlib import Path


def ask(text: str, reply: str = "Hello", body: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A recording of this question, answered in a stream of one chunk; `fields` replace the document's.

    `body` is put into the request's: the same question, asked in another way.
    """
    document = record([chunk(delta(content=reply, finish_reason="stop"), id="chatcmpl-1")])
    document["request"]["body"]["messages"][0]["content"] = text
    document["request"]["body"].update(body or {})
    return {**document, **fields}


AGAIN = {"temperature": 0.5}
"""What makes another request of one, and no other turn."""


def hash_request(document: dict[str, Any], *, with_test_id: bool = True) -> str:
    """The hash of an inference request whose body holds nothing that a scheme makes equal."""
    request = document["request"]
    hashed = {
        "method": request["method"].upper(),
        "endpoint": urlparse(request["url"]).path,
        "body": request["body"],
    }
    if with_test_id:
        hashed["test_id"] = document.get("test_id")
    return sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()


def current_name(document: dict[str, Any]) -> str:
    """The name that every scheme since October 2025 gives."""
    return f"{hash_request(document)}.json"


def old_name(document: dict[str, Any]) -> str:
    """The name that the first scheme gives: twelve digits, the test's id left out."""
    return f"{hash_request(document, with_test_id=False)[:12]}.json"


def write(folder: Path, document: dict[str, Any], name: str | None = None) -> Path:
    """Write a recording as the recorder does, under its current name unless another is given."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or current_name(document))
    path.write_bytes(serialise(document))
    return path
