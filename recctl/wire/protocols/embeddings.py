"""Embeddings, from OpenAI and Ollama: how many vectors, their dimension and how each begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Entries, Wire, by_class
from recctl.wire.building.builder import FOLDED
from recctl.wire.building.facts import describe, shorten
from recctl.wire.building.noise import OLLAMA_DURATIONS
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.values import as_object
from recctl.wire.building.views import (
    IDENTITY_KEYS,
    add_identity,
    assemble_view,
    describe_vector,
    find_vector,
    find_vectors,
    has_entries,
    read_vector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "embeddings"
_CLASSES = ("CreateEmbeddingResponse", ".EmbedResponse", ".EmbeddingsResponse", ".EmbedContentResponse")
_TYPES = ("float", "int8", "uint8", "binary", "ubinary", "base64")
_LEAST = 8
"""How many numbers a list has at least that is taken for a vector without anything that says so."""

_BY_TYPE = "embeddingsByType"
"""Where Titan has the same vectors once more."""

_COUNTERS = frozenset({"prompt_eval_count", "eval_count"})


def _is_one(item: dict[str, JSON]) -> bool:
    if has_entries(item.get("data"), "embedding") or has_entries([item.get("embedding")], "values"):
        return True
    if has_entries(item.get("predictions"), "embeddings"):
        return True
    typed = item.get("embeddings")
    if isinstance(typed, dict) and any(isinstance(typed.get(kind), list) for kind in _TYPES):
        return True
    return any(isinstance(item.get(key), list) for key in ("embeddings", "embedding"))


def _recognises(item: JSON) -> bool:
    return _is_vector(item) or _IS_BODY(item)


_IS_BODY = by_class(_CLASSES, _is_one)


def _is_vector(item: JSON) -> bool:
    """Whether an item of a list is a vector, or a list of them: TEI, and Hugging Face's pipelines."""
    while isinstance(item, list) and item and isinstance(item[0], list):
        item = item[0]
    return isinstance(item, list) and len(item) >= _LEAST and {*map(type, item)} <= {float, int}


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    if in_list and items and _is_vector(items[0]):
        items, in_list = [{"embeddings": _flatten(items)}], False
    return assemble_view(NAME, items, in_list, _add)


def _flatten(items: list[JSON]) -> list[JSON]:
    """The vectors in lists of lists, however deep they are."""
    while items and all(isinstance(item, list) and item and isinstance(item[0], list) for item in items):
        items = [each for item in items for each in item]
    return items


def _add(builder: ReplyBuilder, data: dict[str, JSON], pointer: str) -> None:
    add_identity(builder, data)
    builder.merge_usage({key: value for key, value in data.items() if key in _COUNTERS})
    holder, vectors = find_vectors(data)
    told = [_describe_vector(vector) for vector in vectors]
    dimensions = {dimension for dimension, _ in told if dimension is not None}
    lengths = " or ".join(f"{dimension:,}" for dimension in sorted(dimensions))
    builder.kind = show_count(len(told), "vector") + (f" of {lengths} numbers" if dimensions else "")
    for number, (_, entry) in enumerate(told, 1):
        builder.add_fact(f"vector {number}", _describe_beginning(entry), "count", "dimension", "vectors")
    builder.extra.add(("count",), len(told))
    if len(dimensions) > 1:
        builder.note("uneven-vectors", f"the vectors have {len(dimensions)} different dimensions", pointer)
        entries = [{"dimension": dimension, **entry} for dimension, entry in told]
    else:
        builder.extra.add(("dimension",), next(iter(dimensions), None))
        entries = [entry for _, entry in told]
    builder.extra.add(("vectors",), entries)
    for kind, vector in as_object(data.get(_BY_TYPE)).items():
        builder.extra.add((_BY_TYPE, kind), _describe_vector(vector)[1])
    builder.extra.add_rest((), data, IDENTITY_KEYS | _COUNTERS | {holder, _BY_TYPE})


def _describe_beginning(entry: dict[str, JSON]) -> str:
    """How a vector begins."""
    first = entry.get("first")
    if not isinstance(first, list):
        return shorten(describe(entry))
    return ", ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in first) + " …"


def _describe_vector(entry: JSON) -> tuple[int | None, dict[str, JSON]]:
    """A vector's dimension, and how it begins with what stands beside it; or an odd one as it is."""
    holder, numbers = find_vector(entry)
    beside = entry if isinstance(entry, dict) else {}
    rest = {key: value for key, value in beside.items() if key not in FOLDED and key != holder}
    vector = describe_vector(numbers)
    if vector is None:
        return None, {**rest, "odd_embedding": numbers}
    dimension, first = vector
    return dimension, {**rest, "first": first}


def _read_vectors(body: JSON) -> Iterator[list[float] | None]:
    if isinstance(body, list) and body and _is_vector(body[0]):
        body = {"embeddings": _flatten(body)}
    for item in body if isinstance(body, list) else [body]:
        data = item.get("__data__", item) if isinstance(item, dict) else None
        entries = find_vectors(data)[1] if isinstance(data, dict) else ()
        yield from (read_vector(find_vector(entry)[1]) for entry in entries)


_PLACES = ("/embeddings", "/api/embed", ":embedContent", ":batchEmbedContents")


def _is_request(path: str, _: JSON) -> bool:
    return path.endswith(_PLACES)


WIRE = Wire(
    NAME,
    _recognises,
    _assemble,
    read_prompt_request,
    noise={**OLLAMA_DURATIONS, "sdk_http_response": "headers of HTTP"},
    entries=Entries(derived=("count", "dimension", "vectors", _BY_TYPE), read_vectors=_read_vectors),
    recognises_request=_is_request,
)
