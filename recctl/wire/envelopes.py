"""What is in something else: events in AWS's envelopes, and a reply in the text that it was sent as."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


def open_envelopes(body: JSON) -> JSON:
    """A body with each chunk of Bedrock's event stream as what it holds, and text as the object that it is.

    Any other body is given back as it is. Bedrock sends `{"chunk": {"bytes": …}}`, an event as JSON in base64
    (or as it was read), and where it fails an exception by its name (InvokeModelWithResponseStream in its API
    reference).
    """
    if isinstance(body, str):
        return _read_object(body)
    if not isinstance(body, list) or not any(_holds_bytes(item) or _names_failure(item) for item in body[:1]):
        return body
    return [_open(item) for item in body]


def find_damage(body: JSON) -> str | None:
    """Why a stream is not whole, where what is left of it was read: its last item tells."""
    last = body[-1] if isinstance(body, list) and body else None
    if not isinstance(last, dict) or last.keys() != {"bytes", "type", "damage"}:
        return None
    return str(last["damage"])


def _read_object(text: str) -> JSON:
    """The object that a text holds; the text itself where it holds none."""
    from recctl.wire.building.sse import decode

    try:
        return decode(text) if text.lstrip().startswith("{") else text
    except ValueError:
        return text


def _holds_bytes(item: JSON) -> bool:
    chunk = item.get("chunk", item) if isinstance(item, dict) else None
    if not isinstance(chunk, dict) or not chunk.keys() <= {"bytes", "p"}:
        return False
    return isinstance(chunk.get("bytes"), (str, dict) if chunk is not item else str)


def _names_failure(item: JSON) -> bool:
    if not isinstance(item, dict) or len(item) != 1:
        return False
    ((name, value),) = item.items()
    return name.endswith("Exception") and isinstance(value, dict)


def _open(item: JSON) -> JSON:
    if _holds_bytes(item):
        from recctl.wire.building.sse import decode
        from recctl.wire.building.values import decode_base64

        stored = item.get("chunk", item)["bytes"]
        held = decode_base64(stored)
        try:
            return (item if isinstance(stored, str) else stored) if held is None else decode(held.decode())
        except ValueError:
            return item
    if _names_failure(item):
        ((name, value),) = item.items()
        return {"type": "error", "error": {"type": name, **value}}
    return item
