"""Secrets taken out of values, before they are laid out to be shared."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Mask = Callable[[str], str]

T = TypeVar("T")


def mask_texts(value: T, mask: Mask) -> T:
    """A value of JSON, of tuples or of dataclasses with every text in it masked, keys among them.

    A text under a key is masked as what that key names: some secrets show by nothing else.
    """
    return value if mask is str else _mask(value, mask)


def _mask(value: Any, mask: Mask) -> Any:
    if type(value) is str:  # and no member of an enumeration
        return mask(value)
    if isinstance(value, dict):
        return _mask_members(value, mask)
    if isinstance(value, list):
        return [_mask(item, mask) for item in value]
    if isinstance(value, tuple):
        items = (_mask(item, mask) for item in value)
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: _mask(item, mask) for name, item in members.items()})
    return value


def _mask_members(members: dict[str, Any], mask: Mask) -> dict[str, Any]:
    masked: dict[str, Any] = {}
    for key, value in members.items():
        name = mask(key)
        while name in masked:  # of keys that look alike, none is lost
            name += "\u2032"
        masked[name] = _mask_member(key, value, mask)
    return masked


def _mask_member(key: str, value: Any, mask: Mask) -> Any:
    if not isinstance(value, str):
        return _mask(value, mask)
    named = mask(f"{key}\n{value}")
    return named[len(key) + 1 :] if named.startswith(f"{key}\n") else mask(value)
