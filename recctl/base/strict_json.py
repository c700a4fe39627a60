"""JSON and nothing else: Python's own reader takes NaN, and makes an infinity of a number like 1e999."""

from __future__ import annotations

import json
from math import isinf
from typing import Any

import orjson

JSON = Any


class TooLargeError(ValueError):
    """A number that no float can hold; its text is the message."""


class TooDeepError(ValueError):
    """Values that nest more than `MAX_DEPTH` levels deep."""


MAX_DEPTH = 254
"""How deeply values may nest: as deeply as orjson writes. Whoever goes down into one may call itself for each
level, and what reads it for one, in a process whose calls go a thousand deep."""


def decode(text: str, *, unique_keys: bool = False) -> JSON:
    """The value that a JSON text holds; of a key that stands twice the last, unless that is refused.

    Raises ValueError: json.JSONDecodeError for what is no JSON, and those above.
    """
    try:
        value = (_DECODER_OF_UNIQUE_KEYS if unique_keys else _DECODER).decode(text)
    except RecursionError:
        raise TooDeepError(_TOO_DEEP) from None
    if text.count("{") + text.count("[") > MAX_DEPTH and nests_deeper(value, MAX_DEPTH):
        raise TooDeepError(_TOO_DEEP)
    return value


_TOO_DEEP = "the values nest too deeply to be read"


BODY_DEPTH = 250
"""How deeply the JSON of a body may nest; what nests deeper stays text."""


def read_json(text: str) -> JSON:
    """The JSON object or array that a text holds; None where it holds none that can be written again."""
    value: JSON
    if _LONG_NUMBER in text.encode("utf-8", "surrogatepass").translate(_DIGITS):
        value = _read_strictly(text)
    else:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:  # it may be a lone surrogate, which Python's json reads
            value = _read_strictly(text)
    if not isinstance(value, (dict, list)):
        return None
    may_be_deep = len(text) > BODY_DEPTH and text.count("{") + text.count("[") > BODY_DEPTH
    return None if may_be_deep and nests_deeper(value, BODY_DEPTH) else value


_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""With every digit a zero: what may be an integer that orjson makes a float of. A pattern takes much
longer."""


def _read_strictly(text: str) -> JSON:
    try:
        return decode(text)
    except ValueError:
        return None


def nests_deeper(value: JSON, max_depth: int) -> bool:
    """Whether values nest more than so many levels deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(max_depth):
        level = [item for value in level for item in (value.values() if isinstance(value, dict) else value)]
        level = [item for item in level if isinstance(item, (dict, list))]
        if not level:
            return False
    return bool(level)


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
        raise ValueError("a key occurs twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_read_float)
_DECODER_OF_UNIQUE_KEYS = json.JSONDecoder(
    parse_constant=_refuse, parse_float=_read_float, object_pairs_hook=_read_object
)
