"""Changes of vcrpy's cassettes: the lines that must change, and no other byte."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.recordings.compression import GZIP
from recctl.recordings.http import find_header
from recctl.recordings.recording import JSON, Recording
from recctl.recordings.splicing import Edit, apply_edits
from recctl.recordings.splicing.bodies import Stored, edit_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Source
    from recctl.text.yaml_text import YAML

Changes = dict[int, dict[str, JSON] | None]
"""For exchanges, by index, what their documents become; None for those that are to go."""


class Text(NamedTuple):
    """What a cassette's file says: its text, inflated, and its exchanges as stored; `is_json` by its name."""

    content: bytes
    items: list[YAML]
    is_json: bool


class _Change(NamedTuple):
    """An exchange as it is to be stored, and the edits of texts in it that are known already."""

    item: YAML
    inner: dict[tuple[str, ...], Sequence[Edit]]


def edit(
    source: Source,
    text: Text,
    before: tuple[Recording | LoadError, ...],
    changes: Changes,
    read: Callable[[Source], tuple[Recording | LoadError, ...]],
) -> bytes | None:
    """The bytes of a cassette's file after its exchanges, read as `before`, have become other ones.

    What comes back was read again, by `read`, and says what was meant. None where it can't be written so.
    """
    changes = {
        index: _follow_length(text.items[index], before[index], document)
        for index, document in changes.items()
    }
    stored: dict[int, _Change | None] = {}
    for index, document in changes.items():
        recording = before[index]
        change = (
            _store(text.items[index], recording, document)
            if document and isinstance(recording, Recording)
            else None
        )
        if document is not None and change is None:
            return None
        stored[index] = change
    for whole in (False, True):
        written = _write_json(text, stored) if text.is_json else _write_yaml(text, stored, whole=whole)
        content = None if written is None else _pack(written, source.content)
        if content is not None and _says(read(source._replace(content=content)), before, changes):
            return content
    return None


def _follow_length(
    item: YAML, recording: Recording | LoadError, document: dict[str, JSON] | None
) -> dict[str, JSON] | None:
    """A document whose content-length is that of a changed body, where a serializer keeps it so.

    Who stores parsed bodies writes the length of what `json.dumps` makes of one, and would so again. vcrpy
    itself keeps the header as it was sent, whatever becomes of the body.
    """
    if document is None or not isinstance(recording, Recording):
        return document
    for side in _SIDES:
        old, new = recording.document[side], document[side]
        has_length = isinstance(old["headers"], dict) and old["headers"] == new["headers"]
        if "parsed_body" not in item[side] or old["body"] == new["body"] or not has_length:
            continue
        stored = item[side]["parsed_body"]
        try:
            length, now = (
                str(len(json.dumps(body))) for body in (stored, _store_like(stored, old["body"], new["body"]))
            )
        except TypeError:  # bytes
            continue
        headers = {name: _replace_length(name, value, length, now) for name, value in old["headers"].items()}
        document = {**document, side: {**new, "headers": headers}}
    return document


def _replace_length(name: str, value: JSON, length: str, now: str) -> JSON:
    if name.lower() != "content-length":
        return value
    return now if value == length else [now] if value == [length] else value


def _pack(written: bytes, before: bytes) -> bytes:
    """A file's content, compressed where it was before, with the same time stamp."""
    if not before.startswith(GZIP):
        return written
    return gzip.compress(written, mtime=int.from_bytes(before[4:8], "little"))


def _says(
    after: tuple[Recording | LoadError, ...], before: tuple[Recording | LoadError, ...], changes: Changes
) -> bool:
    """Whether a file that was changed says what it should, and what it said before besides."""
    meant: list[Any] = []
    for index, item in enumerate(before):
        document = changes.get(index, item.document if isinstance(item, Recording) else item.message)
        if document is not None:
            meant.append(_strip(document))
    said = [_strip(item.document) if isinstance(item, Recording) else item.message for item in after]
    return said == meant


def _strip(document: Any) -> Any:
    """A document without what is not stored, but derived from the rest of it."""
    if not isinstance(document, dict):
        return document
    sides = {}
    for side in _SIDES:
        sides[side] = {key: value for key, value in document[side].items() if key not in _DERIVED}
        body = document[side]["body"]
        if isinstance(body, dict) and {*body} == {"bytes", "type"}:
            sides[side]["body"] = body["bytes"]  # a header tells the type
    return sides


_DERIVED = {"endpoint", "model", "is_streaming"}


def _store(item: YAML, recording: Recording, document: dict[str, JSON]) -> _Change | None:
    """An exchange as stored, changed as its document is; None for a change that can't be stored."""
    max_size = recording.source.settings.max_size
    inner: dict[tuple[str, ...], Sequence[Edit]] = {}
    changed = dict(item)
    for side in _SIDES:
        old, new = recording.document[side], document[side]
        holder = dict(item[side])
        for key, name in (("method", "method"), ("url", "uri")):
            if old.get(key) != new.get(key):
                holder[name] = new.get(key)
        if old["headers"] != new["headers"]:
            holder["headers"] = _store_like(item[side].get("headers"), old["headers"], new["headers"])
        if old.get("status") != new.get("status"):
            status: YAML = holder.get("status")
            pair = {**status, "code": new["status"]} if isinstance(status, dict) else None
            holder["status"] = pair or new["status"]
        if old["body"] != new["body"]:
            edits = _store_body(side, holder, old, new, max_size)
            if edits is None:
                return None
            inner.update(edits)
        changed[side] = holder
    return _Change(changed, inner)


def _store_body(
    side: str, holder: dict[str, YAML], old_side: JSON, new_side: JSON, max_size: int
) -> dict[tuple[str, ...], Sequence[Edit]] | None:
    """Put a new body into a side of an exchange; the edits that this is, for texts."""
    old, new = old_side["body"], new_side["body"]
    if "parsed_body" in holder:
        holder["parsed_body"] = _store_like(holder["parsed_body"], old, new)
        return {}
    body = holder.get("body")
    is_wrapped = side == "response" and (isinstance(body, dict) or body is None)
    wrapper: dict[str, YAML] = body if is_wrapped and isinstance(body, dict) else {}
    stored = wrapper.get("string") if is_wrapped else body
    if isinstance(stored, (dict, list)):
        result: Stored | None = Stored(_store_like(stored, old, new))
    else:
        encoding = find_header(old_side["headers"], "content-encoding")
        result = edit_body(stored, old, new, max_size, encoding)
    if result is None:
        return None
    holder["body"] = {**wrapper, "string": result.value} if is_wrapped else result.value
    steps = (side, "body", "string") if is_wrapped else (side, "body")
    return {steps: result.edits} if result.edits else {}


def _store_like(stored: YAML, old: JSON, new: JSON) -> YAML:
    """A value as stored, which was read as `old`, for one that is to be read as `new`; bytes stay bytes."""
    if old == new:
        return stored
    if isinstance(stored, bytes) and isinstance(new, str):
        return new.encode()
    if isinstance(stored, dict) and isinstance(new, dict):
        return {
            key: _store_like(stored[key], old[key], value) if key in stored else value
            for key, value in new.items()
        }
    if isinstance(stored, list) and isinstance(new, list) and len(stored) == len(new):
        return [_store_like(*each) for each in zip(stored, old, new, strict=True)]
    if isinstance(stored, list) and isinstance(new, list):
        known = [(was, kept) for was, kept in zip(old, stored, strict=True)]
        return [next((kept for was, kept in known if was == value), value) for value in new]
    return new


def _write_yaml(text: Text, stored: Mapping[int, _Change | None], *, whole: bool) -> bytes | None:
    from recctl.recordings.splicing.yaml_nodes import YAMLSplicer
    from recctl.text.yaml_places import compose
    from recctl.text.yaml_text import decode_yaml

    mark, content = decode_yaml(text.content)
    kept = [stored.get(index, _Change(item, {})) for index, item in enumerate(text.items)]
    changed = [None if change is None else change.item for change in kept]
    if changed == text.items:
        return text.content
    root = compose(content, _list_items(text.items), _list_items(changed))
    splicer = YAMLSplicer(content, whole=whole)
    gone = [index for index, change in stored.items() if change is None]
    items = root.find("interactions")
    lists = {"": items} if items is not None else {side: root.find(f"{side}s") for side in _SIDES}
    for side, node in lists.items():
        if node is None:
            return None
        if gone:
            splicer.remove(node, [index for index in gone if index < len(node.parts)])
        for index, change in stored.items():
            if change is None:
                continue
            old, new, inner = text.items[index], change.item, change.inner
            if side:
                old, new = old[side], new[side]
            if old == new:
                continue
            if side:
                inner = {steps[1:]: edits for steps, edits in inner.items() if steps[0] == side}
            splicer.change(node.parts[index], old, new, inner)
    written = apply_edits(content, splicer.edits)
    return None if written is None else mark + written.encode()


def _list_items(items: Sequence[YAML]) -> dict[str, list[YAML]]:
    """Exchanges under the keys of either layout: whole, and side by side."""
    sides = {f"{side}s": [isinstance(item, dict) and item.get(side) for item in items] for side in _SIDES}
    return {"interactions": [*items], **sides}


_SIDES = ("request", "response")


def _write_json(text: Text, stored: Mapping[int, _Change | None]) -> bytes | None:
    from recctl.recordings.splicing.json_text import splice_json
    from recctl.text.strict_json import decode

    content = text.content.decode()
    old = decode(content)
    kept = [stored.get(index, _Change(item, {})) for index, item in enumerate(text.items)]
    items = [change.item for change in kept if change is not None]
    if "interactions" in old:
        new = {"interactions": items}
    else:
        new = {f"{side}s": [item[side] for item in items if side in item] for side in _SIDES}
    written = apply_edits(content, splice_json(content, old, {**old, **new}))
    return None if written is None else written.encode()
