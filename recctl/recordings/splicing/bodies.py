"""Changes of a decoded body, as changes of what is stored."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from recctl.base.strict_json import read_json
from recctl.base.values import NamedTuple
from recctl.recordings.bodies import encode_base64, find_data
from recctl.recordings.compression import Room, compress, open_data
from recctl.recordings.splicing import Edit, apply_edits, splice_text
from recctl.recordings.splicing.json_text import splice_json

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


class Stored(NamedTuple):
    """A body to store, and the edits that make its text of the former one; none for bytes."""

    value: Any
    edits: tuple[Edit, ...] = ()


def edit_body(stored: Any, old: JSON, new: JSON, max_size: int, encoding: str = "") -> Stored | None:
    """What to store for a body that is `new`, where `stored` was read as `old`; None for what can't be.

    `encoding` is its header content-encoding, "" for none.
    """
    if isinstance(stored, bytes):
        data = _edit_data(stored, old, new, max_size, encoding)
        return None if data is None else Stored(data)
    if not isinstance(stored, str):
        return Stored(new if isinstance(new, str) or new is None else json.dumps(new))
    found = None if old == stored else find_data(stored)
    if found is not None:
        data = _edit_data(found, old, new, max_size, encoding)
        text = None if data is None else encode_base64(data, stored)
        return None if text is None else Stored(text, tuple(splice_text(stored, text)))
    edits = _edit_text(stored, old, new)
    edited = apply_edits(stored, edits) if edits is not None else None
    return None if edits is None or edited is None else Stored(edited, tuple(edits))


def _edit_data(stored: bytes, old: JSON, new: JSON, max_size: int, encoding: str) -> bytes | None:
    """The data for a new body, compressed as those before were; None for what can't be."""
    opened = open_data(stored, Room(max_size), encoding=encoding)
    if opened.content.startswith(b"\0"):
        from recctl.recordings.event_stream import edit_event_stream

        changed = edit_event_stream(opened.content, new) if isinstance(new, list) else None
    else:
        changed = _edit_encoded(opened.content, old, new)
    return None if changed is None else compress(changed, opened, stored)


def _edit_encoded(data: bytes, old: JSON, new: JSON) -> bytes | None:
    """The bytes of a changed text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    edits = _edit_text(text, old, new)
    edited = None if edits is None else apply_edits(text, edits)
    return None if edited is None else edited.encode()


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
