"""Whether a small value is as a schema says, told step by step: what compiles schemas takes longer to load.

It knows the keywords that recctl's schemas use, and leaves what is in doubt to the compiled validator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from recctl.base.pointer import split_pointer

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = Any


def proves(name: str, value: JSON, load: Callable[[str], JSON]) -> bool:
    """Whether a value is certain to be as the schema of a name says. Else it may be so all the same.

    `load` gives the schemas by their names. Raises nothing.
    """
    try:
        return _Schema(load(name), name, load).fits(value)
    except (_DoubtError, RecursionError):
        return False


class _DoubtError(Exception):
    """A keyword that is not known here, or a value that validators may see in two ways."""


class _Schema:
    """A schema, or a part of that of a name."""

    def __init__(self, content: JSON, name: str, load: Callable[[str], JSON]) -> None:
        self.content = content
        self._name = name
        self._load = load

    def fits(self, value: JSON) -> bool:
        """Whether a value is as it says."""
        if not isinstance(self.content, dict):
            raise _DoubtError
        for keyword, wanted in self.content.items():
            types, keeps = _KEYWORDS.get(keyword, _UNKNOWN)
            if isinstance(value, types) and not keeps(self, value, wanted):
                return False
        return True

    def each(self, contents: list[JSON]) -> list[_Schema]:
        """Parts of it."""
        return [_Schema(content, self._name, self._load) for content in contents]

    def have(self, values: list[JSON], content: JSON) -> bool:
        """Whether all values are as a part of it says."""
        (part,) = self.each([content])
        return all(map(part.fits, values))

    def follow(self, reference: str) -> _Schema:
        """What a `$ref` leads to."""
        file, _, pointer = reference.partition("#")
        name = file.removesuffix(".schema.json") or self._name
        content = self._load(name)
        for step in split_pointer(pointer):
            content = content[step]
        return _Schema(content, name, self._load)


def _doubt(_schema: _Schema, _value: JSON, _wanted: JSON) -> bool:
    raise _DoubtError


def _keeps_condition(schema: _Schema, value: JSON, wanted: JSON) -> bool:
    branch = schema.content.get("then" if schema.have([value], wanted) else "else", {})
    return schema.have([value], branch)


def _has_others(schema: _Schema, value: dict[str, JSON], wanted: JSON) -> bool:
    named = schema.content.get("properties", {})
    return schema.have([item for key, item in value.items() if key not in named], wanted)


def _is_of_type(_schema: _Schema, value: JSON, wanted: JSON) -> bool:
    names, types = [wanted] if isinstance(wanted, str) else wanted, _TYPES[type(value)]
    if isinstance(value, float) and value.is_integer() and "integer" in names and "number" not in names:
        raise _DoubtError  # 1.0 is an integer to some
    return any(name in types for name in names)


_TYPES: dict[type, tuple[str, ...]] = {
    type(None): ("null",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
}


def _is_same(schema: _Schema, value: JSON, wanted: JSON) -> bool:
    if not isinstance(wanted, (str, bool)):
        _doubt(schema, value, wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def _matches(_schema: _Schema, value: str, wanted: str) -> bool:
    """Whether a pattern occurs in a text, if that is one in which Python sees it just where others do."""
    if not (value.isascii() and value.replace("\n", " ").isprintable()):
        raise _DoubtError
    return re.search(f"{wanted[:-1]}\\Z" if wanted.endswith("$") else wanted, value) is not None


_Keyword = tuple[type | tuple[type, ...], "Callable[[_Schema, Any, Any], bool]"]

_UNKNOWN: _Keyword = (object, _doubt)
_KEYWORDS: dict[str, _Keyword] = {
    "$ref": (object, lambda schema, value, wanted: schema.follow(wanted).fits(value)),
    "if": (object, _keeps_condition),
    "anyOf": (object, lambda schema, value, wanted: any(part.fits(value) for part in schema.each(wanted))),
    "allOf": (object, lambda schema, value, wanted: all(part.fits(value) for part in schema.each(wanted))),
    "type": (object, _is_of_type),
    "const": (object, _is_same),
    "enum": (object, lambda schema, value, wanted: any(_is_same(schema, value, each) for each in wanted)),
    "pattern": (str, _matches),
    "minimum": ((int, float), lambda _, value, wanted: isinstance(value, bool) or value >= wanted),
    "required": (dict, lambda _, value, wanted: all(key in value for key in wanted)),
    "properties": (
        dict,
        lambda schema, value, wanted: all(
            schema.have([value[key]], part) for key, part in wanted.items() if key in value
        ),
    ),
    "additionalProperties": (dict, _has_others),
    "minProperties": (dict, lambda _, value, wanted: len(value) >= wanted),
    "items": (list, lambda schema, value, wanted: schema.have(value, wanted)),
    "contains": (list, lambda schema, value, wanted: any(schema.have([item], wanted) for item in value)),
    "minItems": (list, lambda _, value, wanted: len(value) >= wanted),
    "prefixItems": (
        list,
        lambda schema, value, wanted: all(
            part.fits(item) for item, part in zip(value, schema.each(wanted), strict=False)
        ),
    ),
    **dict.fromkeys(("$schema", "$id", "$defs", "title", "description", "then", "else"), ((), _doubt)),
}
"""What each keyword says, and of values of which types. No schema has `items` beside `prefixItems`."""
