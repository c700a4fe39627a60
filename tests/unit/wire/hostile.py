"""Documents with any JSON in any place, for tests that nothing in a recording makes recctl stumble."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = ["0", "id", "index", "text", "type", "choices", "data", "embedding", "dimension", "tool_calls"]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 10**30, 1.5, 1e308, "", "{", "null", "choices", "data: {}", "\ud83d", "AAAA"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoil(draw: st.DrawFn, document: Any) -> Any:
    """The document with up to three of its values, or the whole, replaced by any JSON."""
    holder = {"document": deepcopy(document)}
    for _ in range(draw(st.integers(1, 3))):
        place, key = draw(st.sampled_from(list(_find_places(holder))))
        place[key] = draw(json_values)
    return holder["document"]


def _find_places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _find_places(value[key])
