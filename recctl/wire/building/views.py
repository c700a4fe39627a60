"""What the views share. A view is of a reply that nobody generated: no choices, everything under `extra`."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.facts import describe_values, shorten
from recctl.wire.building.values import decode_base64, is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

IDENTITY_KEYS = frozenset({"id", "model", "usage", *FOLDED})
"""The keys that `add_identity` reads, and those that are folded anyway."""

_FEW = 4


def assemble_view(
    wire: str, items: list[JSON], in_list: bool, add: Callable[[ReplyBuilder, dict[str, JSON], str], None]
) -> Completion:
    """A reply of one body, or of a list of bodies that is no stream; `add` adds what a body says."""
    builder = ReplyBuilder()
    for data, pointer in builder.read(items, numbered=in_list):
        add(builder, data, pointer)
    return builder.build(wire, streamed=False, chunks=0, has_choices=False)


def add_identity(builder: ReplyBuilder, data: dict[str, JSON]) -> None:
    """Take what many bodies have: an id, a model, the usage."""
    builder.identify("id", data.get("id"))
    builder.identify("model", data.get("model"))
    builder.merge_usage(data.get("usage"))


def add_object(
    builder: ReplyBuilder, data: dict[str, JSON], kind: str, told: Collection[str], pointer: str
) -> None:
    """Take an object, called `kind`, as what a reply comes to: its id, facts under the keys `told`, the rest.

    An error in it is the reply's.
    """
    builder.kind = kind
    add_identity(builder, data)
    builder.add_fact("id", builder.id or "")
    describe_values(builder, data, told)
    error = data.get("error")
    if not is_nothing(error):
        builder.fail(error, f"{pointer}/error")
    builder.extra.add_rest((), data, IDENTITY_KEYS | {"error"})


def add_models(builder: ReplyBuilder, models: list[JSON], *id_keys: str) -> None:
    """Tell a list of models: how many, their ids in order, and by id what else is known of each.

    An id stands under the first of `id_keys` that holds one.
    """
    listed = [(_find_id(model, id_keys), model) for model in models]
    builder.kind = show_count(len(models), "model")
    for model_id, model in listed:
        builder.add_fact(model_id or "?", _describe_model(model), "count", "ids")
    builder.extra.add(("count",), len(models))
    builder.extra.add(("ids",), sorted({model_id for model_id, _ in listed if model_id is not None}))
    for model_id, model in listed:
        if model_id is None:
            builder.extra.add(("odd_models",), model)
            continue
        rest = {
            key: value
            for key, value in model.items()
            if key not in FOLDED and not is_nothing(value) and (key not in id_keys or value != model_id)
        }
        builder.extra.add(("models", model_id), rest)


def _describe_model(model: JSON) -> str:
    """A model in a few words: those of its values that are none of the ids."""
    told = (model.get(key) for key in _MODEL_KEYS) if isinstance(model, dict) else ()
    return shorten(", ".join(str(value) for value in told if value and isinstance(value, (str, int)))) or "-"


_MODEL_KEYS = ("owned_by", "display_name", "displayName", "context_length", "context_window", "size")


def _find_id(model: JSON, id_keys: tuple[str, ...]) -> str | None:
    for key in id_keys if isinstance(model, dict) else ():
        value = model.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def describe_vector(vector: JSON) -> tuple[int, list[JSON]] | None:
    """The dimension and the first few numbers of a vector: a list, or the base64 of 32-bit floats.

    None when it is no vector.
    """
    if isinstance(vector, list) and all(type(number) in (int, float) for number in vector):
        return len(vector), vector[:_FEW]
    numbers = _unpack(vector)
    return None if numbers is None else (len(numbers), [_shorten(number) for number in numbers[:_FEW]])


def read_vector(vector: JSON) -> list[float] | None:
    """The numbers of a vector, as `describe_vector` takes it; None when it is no vector."""
    if isinstance(vector, list) and all(type(number) in (int, float) for number in vector):
        return vector
    numbers = _unpack(vector)
    return None if numbers is None else [*numbers]


def _unpack(text: JSON) -> tuple[float, ...] | None:
    packed = decode_base64(text)
    if packed is None or len(packed) % 4:
        return None
    return struct.unpack(f"<{len(packed) // 4}f", packed)


def find_vectors(data: dict[str, JSON]) -> tuple[str, list[JSON]]:
    """The vectors of a body of embeddings, and the key that they stand under."""
    for key in ("data", "embeddings"):
        if data.get(key) and isinstance(data[key], list):
            return key, data[key]
    typed = data.get("embeddings")
    if isinstance(typed, dict):  # Cohere's, by the type of their numbers
        return "embeddings", [
            {"embedding": vector, "embedding_type": kind}
            for kind, vectors in typed.items()
            for vector in (vectors if isinstance(vectors, list) else [vectors])
        ]
    if has_entries(data.get("predictions"), "embeddings"):  # those of Vertex AI
        return "predictions", [
            prediction.get("embeddings") if isinstance(prediction, dict) else prediction
            for prediction in data["predictions"]
        ]
    vector = data.get("embedding")
    return "embedding", [] if is_nothing(vector) else [vector]


def find_vector(entry: JSON) -> tuple[str, JSON]:
    """The vector of an entry among those of `find_vectors`, and the key that it stands under in the entry."""
    if not isinstance(entry, dict):
        return "embedding", entry
    key = "values" if "values" in entry and "embedding" not in entry else "embedding"  # Gemini's
    return key, entry.get(key)


def _shorten(number: float) -> float | str:
    """A 32-bit float with the digits that it has; as text if JSON has no words for it."""
    return float(f"{number:.7g}") if math.isfinite(number) else str(number)


def has_entries(value: JSON, *keys: str) -> bool:
    """Whether a value is a list whose first entry is an object that has all these keys."""
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, dict) and all(key in first for key in keys)
