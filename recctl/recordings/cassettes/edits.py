"""Changes of cassettes: the lines that must change, and no other byte."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.pointer import put_at, read_at
from recctl.recordings.bodies import encode_base64
from recctl.recordings.cassettes.layout import store_like
from recctl.recordings.cassettes.reading import (
    decode,
    is_json,
    parse,
    read,
    read_item,
    read_items,
    unpack,
)
from recctl.recordings.compression import GZIP, Room
from recctl.recordings.http import find_header
from recctl.recordings.recording import JSON, LoadError, Recording
from recctl.recordings.splicing import Edit, apply_edits
from recctl.recordings.splicing.bodies import Stored as StoredBody
from recctl.recordings.splicing.bodies import edit_body
from recctl.recordings.splicing.meaning import says, strip_derived

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import CassetteLayout, Raw, Side, Stored
    from recctl.recordings.source import Source

Changes = dict[int, dict[str, JSON] | None]
"""For exchanges, by index, what their documents become; None for those that are to go."""

_Inner = dict[tuple[str, ...], "Sequence[Edit]"]


class _Change(NamedTuple):
    """An exchange as it is to be stored, and the edits of texts in it that are known already."""

    item: YAML
    inner: _Inner


def edit(layout: CassetteLayout, source: Source, changes: Changes) -> bytes | None:
    """The bytes of a cassette's file after exchanges, by index, have become other ones, or have gone (None).

    All that need not change stays as it is. What comes back was read again and says what was meant; None
    where nothing could be written that does.
    """
    content = unpack(source)
    raw = content if isinstance(content, LoadError) else parse(layout, source, content)
    if isinstance(content, LoadError) or isinstance(raw, LoadError):
        return None
    before = read_items(layout, source, raw)
    meant = dict(changes)
    stored: dict[int, _Change | None] = {}
    for index, document in changes.items():
        stored[index] = None
        if document is not None:
            change = _store(layout, raw, before, index, document)
            if change is None:
                return None
            stored[index], meant[index] = change
    for whole in (False, True):
        if is_json(layout, source):
            written = _write_json(layout, content, raw, stored)
        else:
            written = _write_yaml(layout, content, raw, stored, whole=whole)
        packed = None if written is None else _pack(written, source.content)
        if packed is not None and says(read(layout, source._replace(content=packed)), before, meant):
            return packed
    return None


def _pack(written: bytes, before: bytes) -> bytes:
    """A file's content, compressed where it was before, with the same time stamp."""
    if not before.startswith(GZIP):
        return written
    return gzip.compress(written, mtime=int.from_bytes(before[4:8], "little"))


def _store(
    layout: CassetteLayout,
    raw: Raw,
    before: tuple[Recording | LoadError, ...],
    index: int,
    document: dict[str, JSON],
) -> tuple[_Change, dict[str, JSON]] | None:
    """An exchange as stored, changed as its document is, and what it says then; None if it can't be stored.

    What it says is the document, but for what follows from the change.
    """
    item, recording = raw.items[index], before[index]
    if not isinstance(recording, Recording):
        return None
    max_size = recording.source.settings.max_size
    inner: _Inner = {}
    changed = dict(item)
    for name, side in layout.sides:
        old, new = recording.document[name], document[name]
        holder: Stored | None = item[side.key]
        for key, part in side.parts.items():
            if holder is not None and old.get(key) != new.get(key):
                holder = part.write(holder, old.get(key), new.get(key))
        if holder is not None and old["body"] != new["body"]:
            body = _store_body(side, holder, old, new, max_size)
            steps = side.find_body(holder).steps
            holder = None if body is None else put_at(holder, steps, body.value)
            if body is not None and body.edits:
                inner[side.key, *steps] = body.edits
        if holder is None:
            return None
        changed[side.key] = holder
    completed = layout.complete(item, changed)
    if completed == changed:
        return _Change(changed, inner), document
    said, meant = (read_item(layout, each, Room(max_size), has_bytes=True) for each in (changed, completed))
    return (_Change(completed, inner), meant) if strip_derived(said) == strip_derived(document) else None


def _store_body(
    side: Side, holder: Stored, old_side: JSON, new_side: JSON, max_size: int
) -> StoredBody | None:
    """The body to store in a request or reply, and the edits that this is, for texts."""
    old, new = old_side["body"], new_side["body"]
    encoding = find_header(old_side["headers"], "content-encoding")
    kept = side.find_body(holder)
    stored = read_at(holder, kept.steps)
    if kept.form == "parsed" or isinstance(stored, (dict, list)):
        return StoredBody(store_like(stored, old, new))
    data = decode(kept.form, stored)
    if data is None:
        return edit_body(stored, old, new, max_size, encoding)
    result = edit_body(data, old, new, max_size, encoding)
    if result is None:
        return None
    return StoredBody(result.value.hex() if kept.form == "hex" else encode_base64(result.value, stored))


def _write_yaml(
    layout: CassetteLayout, text: bytes, raw: Raw, stored: Mapping[int, _Change | None], *, whole: bool
) -> bytes | None:
    from recctl.base.yaml_places import compose
    from recctl.base.yaml_text import decode_yaml
    from recctl.recordings.splicing.yaml_nodes import YAMLSplicer

    mark, content = decode_yaml(text)
    kept = [stored.get(index, _Change(item, {})) for index, item in enumerate(raw.items)]
    changed = [None if change is None else change.item for change in kept]
    if changed == raw.items:
        return text
    numbers = raw.numbers or tuple(range(len(raw.items)))
    values = (_lay_out(layout, numbers, items) for items in (raw.items, changed))
    root = compose(content, *values, is_stream=not layout.items)
    splicer = YAMLSplicer(content, whole=whole)
    gone = [index for index, change in stored.items() if change is None]
    items = root.find(layout.items) if layout.items else root
    lists = {"": items} if items is not None else {side: root.find(key) for side, key in layout.apart.items()}
    for side, node in lists.items():
        if node is None or (len(gone) == len(raw.items) and not layout.items):
            return None  # no document says nothing
        if gone:
            splicer.remove(node, [numbers[index] for index in gone if numbers[index] < len(node.parts)])
        for index, change in stored.items():
            if change is None:
                continue
            old, new, inner = raw.items[index], change.item, change.inner
            if side:
                old, new = old[side], new[side]
                inner = {steps[1:]: edits for steps, edits in inner.items() if steps[0] == side}
            if old != new:
                splicer.change(node.parts[numbers[index]], old, new, inner)
    written = apply_edits(content, splicer.edits)
    return None if written is None else mark + written.encode()


def _lay_out(layout: CassetteLayout, numbers: Sequence[int], items: Sequence[YAML]) -> YAML:
    """Exchanges as a file may have them: in any of its lists, or each in the document of its number."""
    if not layout.items:
        documents = dict(zip(numbers, items, strict=True))
        return [documents.get(number) for number in range(max(numbers) + 1)]
    apart = {
        key: [isinstance(item, dict) and item.get(side) for item in items]
        for side, key in layout.apart.items()
    }
    return {layout.items: [*items], **apart}


def _write_json(
    layout: CassetteLayout, text: bytes, raw: Raw, stored: Mapping[int, _Change | None]
) -> bytes | None:
    from recctl.base.strict_json import decode
    from recctl.recordings.splicing.json_text import splice_json

    content = text.decode()
    old = decode(content)
    kept = [stored.get(index, _Change(item, {})) for index, item in enumerate(raw.items)]
    items = [change.item for change in kept if change is not None]
    if layout.items in old:
        new = {layout.items: items}
    else:
        new = {key: [item[side] for item in items if side in item] for side, key in layout.apart.items()}
    written = apply_edits(content, splice_json(content, old, {**old, **new}))
    return None if written is None else written.encode()
