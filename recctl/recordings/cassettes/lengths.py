"""How long bodies are, in recorders' files that keep it true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.pointer import read_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import KeptBody, Stored


def measure_body(side: Stored, find_body: Callable[[Stored], KeptBody]) -> int | None:
    """How many bytes the body of a request or reply has as stored; None where that can't be told."""
    kept = find_body(side)
    body = read_at(side, kept.steps)
    if kept.form == "base64" and isinstance(body, str):
        from recctl.recordings.bodies import decode_base64  # which a walk needs not

        body = decode_base64(body)
    if isinstance(body, str):
        return len(body.encode("utf-8", "surrogatepass"))
    return len(body) if isinstance(body, bytes) else None


def follow_length(before: Stored, after: Stored, find_body: Callable[[Stored], KeptBody]) -> Stored:
    """A request or reply whose header content-length is that of its changed body, where it was before."""
    headers = after.get("headers")
    length, now = measure_body(before, find_body), measure_body(after, find_body)
    if length == now or now is None or not isinstance(headers, dict) or headers != before.get("headers"):
        return after
    changed = {name: _replace(name, value, length, now) for name, value in headers.items()}
    return {**after, "headers": changed}


def _replace(name: str, value: YAML, length: int | None, now: int) -> YAML:
    if name.lower() != "content-length":
        return value
    return str(now) if value == str(length) else [str(now)] if value == [str(length)] else value
