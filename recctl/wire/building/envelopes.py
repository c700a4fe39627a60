"""What stands in something else: events in AWS's envelopes, and a reply in the text that it was sent as."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


def open_envelopes(body: JSON) -> JSON:
    """A body with each chunk of Bedrock's event stream as what it holds, and text as the object that it is.

    Any other body is given back as it is. Bedrock sends `{"chunk": {"bytes": …}}`, an event as JSON in
    base64, and where it fails an exception by its name (InvokeModelWithResponseStream in its API reference).
    """
    if isinstance(body, str):
        return _read_object(body)
    if not isinstance(body, list) or not any(map(_holds_bytes, body[:1])):
        return body
    return [_open(item) for item in body]


def _read_object(text: str) -> JSON:
    """The object that a text holds; the text itself where it holds none."""
    from recctl.wire.building.sse import decode

    try:
        return decode(text) if text.lstrip().startswith("{") else text
    except ValueError:
        return text


def _holds_bytes(item: JSON) -> bool:
    chunk = item.get("chunk", item) if isinstance(item, dict) else None
    return isinstance(chunk, dict) and isinstance(chunk.get("bytes"), str) and chunk.keys() <= {"bytes", "p"}


def _open(item: JSON) -> JSON:
    if _holds_bytes(item):
        from recctl.wire.building.sse import decode
        from recctl.wire.building.values import decode_base64

        held = decode_base64(item.get("chunk", item)["bytes"])
        try:
            return item if held is None else decode(held.decode())
        except ValueError:
            return item
    if isinstance(item, dict) and len(item) == 1:
        ((name, value),) = item.items()
        if name.endswith("Exception") and isinstance(value, dict):
            return {"type": "error", "error": {"type": name, **value}}
    return item
