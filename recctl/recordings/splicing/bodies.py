"""Changes of a decoded body, as changes of what is stored."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.recordings.bodies import GZIP, InflationError, inflate, is_compressed, read_json
from recctl.recordings.splicing import Edit, apply_edits, splice_text
from recctl.recordings.splicing.json_text import splice_json

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


class Stored(NamedTuple):
    """A body to store, and the edits that make its text of the former one; none for bytes."""

    value: Any
    edits: tuple[Edit, ...] = ()


def edit_body(stored: Any, old: JSON, new: JSON, max_size: int) -> Stored | None:
    """What to store for a body that is `new`, where `stored` was read as `old`; None for what can't be."""
    if isinstance(stored, str):
        edits = _edit_text(stored, old, new)
        text = apply_edits(stored, edits) if edits is not None else None
        return None if edits is None or text is None else Stored(text, tuple(edits))
    if isinstance(stored, bytes):
        data = _edit_bytes(stored, old, new, max_size)
        return None if data is None else Stored(data)
    return Stored(new if isinstance(new, str) or new is None else json.dumps(new))


def _edit_bytes(stored: bytes, old: JSON, new: JSON, max_size: int) -> bytes | None:
    """The bytes of a changed body, compressed as those before were."""
    try:
        data = inflate(stored, max_size) if is_compressed(stored) else stored
    except InflationError:
        return None
    if data.startswith(b"\0"):
        from recctl.recordings.event_stream import edit_event_stream

        changed = edit_event_stream(data, new) if isinstance(new, list) else None
    else:
        changed = _edit_encoded(data, old, new, max_size)
    return None if changed is None else _compress(changed, stored)


def _edit_encoded(data: bytes, old: JSON, new: JSON, max_size: int) -> bytes | None:
    """The bytes of a changed text."""
    try:
        edited = edit_body(data.decode(), old, new, max_size)
    except UnicodeDecodeError:
        return None
    return None if edited is None else str(edited.value).encode()


def _compress(data: bytes, stored: bytes) -> bytes:
    """Data compressed as those before were."""
    if stored.startswith(GZIP):
        return gzip.compress(data, mtime=int.from_bytes(stored[4:8], "little"))
    return zlib.compress(data) if is_compressed(stored) else data


def _edit_text(text: str, old: JSON, new: JSON) -> list[Edit] | None:
    """The edits of a stored text that was read as `old`; None for what no text says."""
    if new is None:
        return None
    if isinstance(new, str):
        return splice_text(text, new)
    if isinstance(old, list) and isinstance(new, list) and read_json(text) is None:
        return _edit_lines(text, new)
    if isinstance(old, (dict, list)):
        return splice_json(text, old, new)
    return splice_text(text, json.dumps(new))


_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


def _edit_lines(text: str, new: list[JSON]) -> list[Edit]:
    """The edits of a text that is a line, or a line of JSON, for each item of a list."""
    is_json = not all(isinstance(item, str) for item in new)
    lines = [line for line in _LINE.finditer(text) if line[0] and (line[1].strip() or not is_json)]
    if len(lines) != len(new):
        end = lines[0][2] if lines else "\n"
        written = [item if isinstance(item, str) else json.dumps(item) for item in new]
        return splice_text(text, end.join(written) + (end if text.endswith(("\n", "\r")) else ""))
    edits = []
    for line, item in zip(lines, new, strict=True):
        if isinstance(item, str):
            edits += splice_text(line[1], item, line.start())
        else:
            found = splice_json(line[1], read_json(line[1]), item)
            edits += [Edit(edit.start + line.start(), edit.end + line.start(), edit.text) for edit in found]
    return edits
