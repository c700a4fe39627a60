"""Changes of JSON files that hold exchanges: the characters that must change, and no other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.pointer import put_at, read_at
from recctl.base.strict_json import read_json
from recctl.recordings.http import find_header
from recctl.recordings.json_files.layout import SIDES, JsonLayout, Steps
from recctl.recordings.json_files.reading import is_yaml, open_file, read
from recctl.recordings.recording import JSON, LoadError, Recording
from recctl.recordings.splicing import Edit, apply_edits
from recctl.recordings.splicing.bodies import Stored, edit_body
from recctl.recordings.splicing.json_text import splice_json
from recctl.recordings.splicing.meaning import says

if TYPE_CHECKING:
    from recctl.recordings.source import Source


class _Change(NamedTuple):
    """An item as it is to be stored, and the edits of texts in it that are known already."""

    item: JSON
    inner: dict[Steps, tuple[Edit, ...]]


def edit(layout: JsonLayout, source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    """The bytes of a file after exchanges, by index, have become other ones, or have gone (None).

    All that need not change stays as it is. What comes back was read again and says what was meant; None
    where nothing could be written that does.
    """
    file = open_file(layout, source)
    if isinstance(file, LoadError) or file.has_bytes or (file.steps is None and None in changes.values()):
        return None
    before = read(layout, source)
    items: list[JSON] = []
    inner: _Inner = {}
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
    value = items[0] if file.steps is None else put_at(file.value, file.steps, items)
    if items == file.items:
        return source.content
    known = inner if len(items) == len(file.items) else {}
    ways = (_write_yaml, _write_yaml_anew) if is_yaml(source) else (_write_json,)
    for write in ways:
        content = write(source.content, file.value, value, known)
        if content is not None and says(read(layout, source._replace(content=content)), before, changes):
            return content
    return None


_Inner = dict[Steps, tuple[Edit, ...]]


def _write_json(content: bytes, old: JSON, new: JSON, inner: _Inner) -> bytes | None:
    text = content.decode()
    written = apply_edits(text, splice_json(text, old, new, inner))
    return None if written is None else written.encode("utf-8", "surrogatepass")


def _write_yaml(content: bytes, old: JSON, new: JSON, inner: _Inner, *, whole: bool = False) -> bytes | None:
    from recctl.base.yaml_places import compose
    from recctl.base.yaml_text import decode_yaml
    from recctl.recordings.splicing.yaml_nodes import YAMLSplicer

    mark, text = decode_yaml(content)
    splicer = YAMLSplicer(text, whole=whole)
    splicer.change(compose(text, old, new), old, new, inner)
    written = apply_edits(text, splicer.edits)
    return None if written is None else mark + written.encode()


_write_yaml_anew = partial(_write_yaml, whole=True)
"""Texts that change are written whole, and not spliced."""


def _store(layout: JsonLayout, item: JSON, recording: Recording, document: dict[str, JSON]) -> _Change | None:
    """An exchange as stored, changed as its document is; None for a change that can't be stored."""
    inner: dict[Steps, tuple[Edit, ...]] = {}
    before, old = item, recording.document
    for part, steps in layout.places.items():
        was, will = read_at(old, part), read_at(document, part)
        if was != will:
            stored = read_at(item, steps)
            item = put_at(item, steps, layout.write_headers(stored, will) if part[1] == "headers" else will)
    for side in SIDES:
        was, will = old[side]["body"], document[side]["body"]
        if was == will:
            continue
        body = layout.find_body(item, side)
        stored = read_at(item, body.steps)
        known = body.read(stored)
        is_value = isinstance(known, (dict, list))
        max_size = recording.source.settings.max_size
        encoding = find_header(old[side]["headers"], "content-encoding")
        edited = Stored(will) if is_value else edit_body(known, was, will, max_size, encoding)
        if edited is None:
            return None
        written = body.write(stored, edited)
        item = put_at(item, body.steps, written)
        if written == edited.value and edited.edits:
            inner[body.steps] = edited.edits
        for steps in body.copies:
            copy = read_at(item, steps)
            if copy == was:
                item = put_at(item, steps, will)
            elif isinstance(copy, str) and read_json(copy) == was is not None:
                changed = apply_edits(copy, splice_json(copy, was, will))
                item = item if changed is None else put_at(item, steps, changed)
    return _Change(layout.complete(before, item), inner)
