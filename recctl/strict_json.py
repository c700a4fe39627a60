"""JSON and nothing else: Python's own reader takes NaN, and makes an infinity of a number like 1e999."""

from __future__ import annotations

import json
from math import isinf
from typing import Any

JSON = Any


class TooLargeError(ValueError):
    """A number that no float can hold; its text is the message."""


class TooDeepError(ValueError):
    """Values that nest more deeply than Python reads."""


def decode(text: str, *, unique_keys: bool = False) -> JSON:
    """The value that a JSON text holds; of a key that stands twice the last, unless that is refused.

    Raises ValueError: json.JSONDecodeError for what is no JSON, and those above.
    """
    try:
        return (_DECODER_OF_UNIQUE_KEYS if unique_keys else _DECODER).decode(text)
    except RecursionError:
        raise TooDeepError("the values nest too deeply to be read") from None


def _refuse(constant: str) -> JSON:
    raise ValueError(f"{constant} is not a JSON value")


def _read_float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise TooLargeError(text)
    return value


def _read_object(pairs: list[tuple[str, JSON]]) -> JSON:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_read_float)
_DECODER_OF_UNIQUE_KEYS = json.JSONDecoder(
    parse_constant=_refuse, parse_float=_read_float, object_pairs_hook=_read_object
)
