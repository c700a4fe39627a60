"""Changes of JSON files that hold exchanges: the characters that must change, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.recordings.bodies import read_json
from recctl.recordings.formats._json_files import SIDES, File, Layout, Steps, read, take
from recctl.recordings.http import find_header
from recctl.recordings.recording import JSON, Recording
from recctl.recordings.splicing import Edit, apply_edits
from recctl.recordings.splicing.bodies import Stored, edit_body
from recctl.recordings.splicing.json_text import splice_json
from recctl.recordings.splicing.meaning import says

if TYPE_CHECKING:
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Source


class _Change(NamedTuple):
    """An item as it is to be stored, and the edits of texts in it that are known already."""

    item: JSON
    inner: dict[Steps, tuple[Edit, ...]]


def edit(
    layout: Layout,
    source: Source,
    file: File,
    before: tuple[Recording | LoadError, ...],
    changes: dict[int, dict[str, JSON] | None],
) -> bytes | None:
    """The bytes of a file after its exchanges, read as `before`, have become other ones, or have gone (None).

    What comes back was read again and says what was meant; None where it can't be written so.
    """
    if file.steps is None and None in changes.values():
        return None
    items: list[JSON] = []
    inner: dict[Steps, tuple[Edit, ...]] = {}
    for index, item in enumerate(file.items):
        recording, document = before[index], changes.get(index)
        if index not in changes:
            items.append(item)
        elif document is not None and isinstance(recording, Recording):
            change = _store(layout, item, recording, document)
            if change is None:
                return None
            items.append(change.item)
            inner.update(((*file.lead_to(index), *steps), edits) for steps, edits in change.inner.items())
    text = source.content.decode()
    whole = items[0] if file.steps is None else _put(file.value, file.steps, items)
    keeps_places = len(items) == len(file.items)
    written = apply_edits(text, splice_json(text, file.value, whole, inner if keeps_places else {}))
    if written is None:
        return None
    content = written.encode("utf-8", "surrogatepass")
    return content if says(read(layout, source._replace(content=content)), before, changes) else None


def _put(value: JSON, steps: Steps, new: JSON) -> JSON:
    """A value in which some keys lead to another one."""
    if not steps:
        return new
    holder = value if isinstance(value, dict) else {}
    return {**holder, steps[0]: _put(holder.get(steps[0]), steps[1:], new)}


def _store(layout: Layout, item: JSON, recording: Recording, document: dict[str, JSON]) -> _Change | None:
    """An exchange as stored, changed as its document is; None for a change that can't be stored."""
    inner: dict[Steps, tuple[Edit, ...]] = {}
    before, old = item, recording.document
    for part, steps in layout.places.items():
        was, will = take(old, part), take(document, part)
        if was != will:
            stored = take(item, steps)
            item = _put(item, steps, layout.write_headers(stored, will) if part[1] == "headers" else will)
    for side in SIDES:
        was, will = old[side]["body"], document[side]["body"]
        if was == will:
            continue
        body = layout.find_body(item, side)
        stored = take(item, body.steps)
        known = body.read(stored)
        is_value = isinstance(known, (dict, list))
        max_size = recording.source.settings.max_size
        encoding = find_header(old[side]["headers"], "content-encoding")
        edited = Stored(will) if is_value else edit_body(known, was, will, max_size, encoding)
        if edited is None:
            return None
        written = body.write(stored, edited)
        item = _put(item, body.steps, written)
        if written == edited.value and edited.edits:
            inner[body.steps] = edited.edits
        for steps in body.copies:
            copy = take(item, steps)
            if copy == was:
                item = _put(item, steps, will)
            elif isinstance(copy, str) and read_json(copy) == was is not None:
                changed = apply_edits(copy, splice_json(copy, was, will))
                item = item if changed is None else _put(item, steps, changed)
    return _Change(layout.complete(before, item), inner)
