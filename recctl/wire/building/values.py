"""What the wire protocols share: what values say, texts in pieces, errors in a few words."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON

_URL_SAFE = str.maketrans("-_", "+/")
_SURROGATE = "[\ud800-\udfff]"


def is_nothing(value: JSON) -> bool:
    """Whether a value says nothing: absent, null, or empty."""
    return not value and value != 0


def as_object(value: JSON) -> dict[str, JSON]:
    """The value, if it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: JSON) -> list[JSON]:
    """The value, if it is a list; else an empty one."""
    return value if isinstance(value, list) else []


def find_texts_under(data: dict[str, JSON], *keys: str) -> set[str]:
    """Those of the keys under which an object has a text, or nothing: any other value has no place there."""
    return {key for key in keys if data.get(key) is None or isinstance(data[key], str)}


def write_text(value: JSON) -> str | None:
    """A value as text: text as it is, null as None, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def join(fragments: list[str]) -> str | None:
    """The text that fragments add up to; None for none. Surrogate pairs that a cut parted are mended."""
    if not fragments:
        return None
    text = fragments[0] if len(fragments) == 1 else "".join(fragments)
    if not text.isascii() and re.search(_SURROGATE, text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text


def decode_base64(text: JSON) -> bytes | None:
    """What base64 text stands for, in either alphabet, padded or not; None when it is no base64 text."""
    if not isinstance(text, str) or not text:
        return None
    text = "".join(text.split()).rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def describe_error(error: JSON) -> str:
    """An error in a few words."""
    if isinstance(error, dict):
        inner = error.get("error")
        if isinstance(inner, dict):
            return describe_error(inner)
        for key in ("message", "detail", "error", "type", "code"):
            if isinstance(error.get(key), str) and error[key]:
                return str(error[key])
    return error if isinstance(error, str) and error else json.dumps(error, ensure_ascii=False)


def is_same_error(error: JSON, other: JSON) -> bool:
    """Whether two errors say the same, though not with the same keys."""
    codes = [each.get("code") if isinstance(each, dict) else None for each in (error, other)]
    return describe_error(error) == describe_error(other) and bool(None in codes or codes[0] == codes[1])


def says_as_much(value: JSON, other: JSON) -> bool:
    """Whether a value holds all that another one says."""
    if isinstance(value, dict) and isinstance(other, dict):
        return all(is_nothing(inner) or value.get(key) == inner for key, inner in other.items())
    return bool(value == other)


def is_bare_error(data: dict[str, JSON]) -> bool:
    """Whether an object is an error without an `error` key, as vLLM, FastAPI and Databricks send it."""
    choices = data.get("choices")  # null where OpenAI's SDK has dumped the error as a reply
    if choices or data.get("error"):
        return False
    has_code = choices is None and bool(data.get("error_code")) and bool(data.get("message"))
    return data.get("object") == "error" or data.keys() == {"detail"} or has_code


def is_beginning(value: JSON, whole: JSON) -> bool:
    """Whether a value is what another one was before it was whole: parts of it were empty, or cut off."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return all(is_nothing(inner) or is_beginning(inner, whole.get(key)) for key, inner in value.items())
    if isinstance(value, list) and isinstance(whole, list):
        return len(value) <= len(whole) and all(map(is_beginning, value, whole))
    if isinstance(value, str) and isinstance(whole, str):
        return whole.startswith(value)
    return type(value) is type(whole) and bool(value == whole)


def find_texts(value: JSON) -> Iterator[str]:
    """All texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from find_texts(inner)


def join_values(known: JSON, value: JSON) -> tuple[JSON, JSON]:
    """What two values add up to, and what of the first was replaced. Null is nothing; `known` is changed."""
    if value is None or known is None:
        return _copy(value) if known is None else known, None
    if isinstance(known, list) and isinstance(value, list):
        known += value
        return known, None
    if isinstance(known, dict) and isinstance(value, dict):
        replaced = {}
        for key, inner in value.items():
            known[key], lost = join_values(known.get(key), inner)
            if lost is not None:
                replaced[key] = lost
        return known, replaced or None
    return _copy(value), known if known != value else None


def _copy(value: JSON) -> JSON:
    """A value that may grow without the recording that it comes from."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [*value] if isinstance(value, list) else value
