"""The tags of Python's that vcrpy 9.4 reads (`yamlserializer.py`), and what it makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.yaml_text import YAML


def _take_state(value: YAML) -> YAML:
    """The content of a dumped `io.BytesIO`, as vcrpy takes it."""
    state = value.get("state") if isinstance(value, dict) else None
    return state[0] if isinstance(state, list) and state else ""


def _take_arguments(value: YAML) -> YAML:
    """What a dumped iterator goes over, as vcrpy takes it: the pieces of a body, put together."""
    arguments = value.get("args") if isinstance(value, dict) else None
    pieces = arguments[0] if isinstance(arguments, list) and arguments else []
    if isinstance(pieces, list) and all(isinstance(piece, (str, bytes)) for piece in pieces):
        return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    return pieces


_PYTHON = "tag:yaml.org,2002:python/"
CONSTRUCTORS: dict[str, Callable[[YAML], YAML]] = {
    f"{_PYTHON}str": lambda value: value,
    f"{_PYTHON}unicode": lambda value: value,
    f"{_PYTHON}tuple": lambda value: value,
    f"{_PYTHON}object/new:_io.BytesIO": _take_state,
    f"{_PYTHON}object/apply:builtins.iter": _take_arguments,
}
