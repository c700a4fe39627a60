"""What a file processor made of a file: chunks of its text, for an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Entries, Wire, by_class
from recctl.wire.building.facts import shorten
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.values import as_object
from recctl.wire.building.views import assemble_view, describe_vector, has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "file-processor"


_LONGEST = 100


def _is_one(item: dict[str, JSON]) -> bool:
    return has_entries(item.get("chunks"), "content", "chunk_id")


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    chunks = data.get("chunks")
    if isinstance(chunks, list):
        builder.kind = show_count(len(chunks), "chunk of text", "chunks of text")
        for chunk in map(as_object, chunks):
            text = shorten(str(chunk.get("content") or ""), _LONGEST)
            builder.add_fact(str(chunk.get("chunk_id") or "chunk"), " ".join(text.split()))
        builder.extra.add(("count",), len(chunks))
        builder.extra.add(("chunks",), [_describe_chunk(chunk) for chunk in chunks])
    builder.extra.add_rest((), data, {"chunks"} if isinstance(chunks, list) else ())


def _describe_chunk(chunk: JSON) -> JSON:
    vector = describe_vector(chunk.get("embedding")) if isinstance(chunk, dict) else None
    if vector is None:
        return chunk
    dimension, first = vector
    return {**chunk, "embedding": {"dimension": dimension, "first": first}}


WIRE = Wire(
    NAME,
    by_class("ProcessFileResponse", _is_one),
    _assemble,
    read_parameters,
    noise={"chunk_id": "made up for each part of a file", "document_id": "made up for each file"},
    entries=Entries(derived=("count",)),
)
