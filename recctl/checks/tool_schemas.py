"""Whether arguments fit the schema of a tool.

Tool schemas are recorded, so untrusted: jsonschema-rs alone looks at them, since its patterns can't run away,
and what a schema refers to is never fetched. Schemas as OpenAPI has them, Gemini's above all, are read as the
JSON Schema that they stand for.
"""

from __future__ import annotations

import json
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from recctl.pointer import split_pointer

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

    from recctl.recordings.recording import JSON


class Misfit(NamedTuple):
    """Why arguments can't be right: they do not fit, or the schema is broken (`blames_schema`)."""

    message: str
    blames_schema: bool


def find_misfit(schema: JSON, arguments: JSON) -> Misfit | None:
    """In what way arguments do not fit a tool's schema; None when they do, or when they can't be judged."""
    if not isinstance(schema, (dict, bool)):
        return None
    from jsonschema_rs import ValidationError

    validator = _compile(json.dumps(schema, sort_keys=True))
    if validator is None or isinstance(validator, str):
        return None if validator is None else Misfit(f"the tool's own schema is broken: {validator}", True)
    try:
        validator.validate(arguments)
    except ValidationError as error:
        if error.message.startswith("Error executing regex"):  # it went too far astray
            return None
        return Misfit(_describe(error), False)
    except ValueError:  # lone surrogates, which it can't read
        return None
    return None


@lru_cache(maxsize=256)
def _compile(text: str) -> Validator | str | None:
    """A validator for a schema given as JSON, or why there is none; None where only we are to blame."""
    from jsonschema_rs import (
        Draft4Validator,
        Draft7Validator,
        FancyRegexOptions,
        ValidationError,
        validator_for,
    )

    schema = json.loads(text)
    if isinstance(schema, dict) and _OPENAPI.search(text):
        schema = _read_openapi(schema)
    dialect = schema.get("$schema") if isinstance(schema, dict) else None
    if dialect is not None and not _is_known(dialect):
        return None
    if "$ref" in text and _is_tangled(schema):
        return None
    # One that does not say of which draft it is may be of any: those that differ are tried in turn.
    compilers = (validator_for,) if dialect is not None else (validator_for, Draft7Validator, Draft4Validator)
    problems = []
    for compile_schema in compilers:
        try:
            return compile_schema(
                schema,
                retriever=_refuse,
                pattern_options=FancyRegexOptions(backtrack_limit=_MOST_STEPS),
                validate_formats=False,
            )
        except ValidationError as error:
            if _is_sound_pattern(error) or _UNKNOWN.match(error.message):
                return None
            problems.append(_describe(error))
        except ValueError:  # lone surrogates, which it can't read
            return None
    return problems[0]


def _describe(error: ValidationError) -> str:
    """A sentence about what is wrong, with its place."""
    path, message = error.instance_path, error.message
    if path[-1:] == ["type"] and error.kind.name == "anyOf":  # only in a schema
        message = f"{json.dumps(error.instance)} is no type"
    where = "/".join(map(str, path))
    return f"{f'{_shorten(where)}: ' if where else ''}{_shorten(message)}"


_UNKNOWN = re.compile("Resource '.*' is not present in a registry")
_MOST_STEPS = 100_000
"""How far a pattern with look-around or references to groups may go astray; others never do."""


_MOST_NODES = 20_000
"""How large a schema may be with everything written out that it refers to: validators go all these ways."""


def _is_tangled(schema: JSON) -> bool:
    """Whether references to references make a schema much larger than it looks."""
    known: dict[str, int] = {}

    def count(value: JSON) -> int:
        if isinstance(value, list):
            return 1 + sum(map(count, value))
        if not isinstance(value, dict):
            return 1
        reference = value.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return 1 + sum(map(count, value.values()))
        if reference not in known:
            known[reference] = 0  # what leads back to itself is not written out for ever
            known[reference] = count(_resolve(schema, reference))
        return 1 + known[reference] + sum(map(count, value.values()))

    try:
        return count(schema) > _MOST_NODES
    except RecursionError:
        return True


def _resolve(schema: JSON, reference: str) -> JSON:
    """What a reference within a schema leads to; None for one that leads nowhere, or through a list."""
    for step in split_pointer(reference):
        schema = schema.get(step) if isinstance(schema, dict) else None
    return schema


def _is_known(dialect: JSON) -> bool:
    """Whether `$schema` names a draft that can be judged by."""
    from jsonschema_rs import validator_for

    try:
        validator_for({"$schema": dialect}, retriever=_refuse)
    except ValueError:
        return False
    return True


def _is_sound_pattern(error: ValidationError) -> bool:
    """Whether a schema was refused for a pattern that other engines take: too large, or in their syntax."""
    if error.kind.name != "format" or not isinstance(error.instance, str):
        return False
    try:
        with warnings.catch_warnings(action="ignore"):  # of what sets may mean one day
            re.compile(_read_javascript(error.instance))
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _read_javascript(pattern: str) -> str:
    """A pattern that Python takes if JavaScript does, though it may match something else.

    A hyphen after `\\w` in a set is itself there, `[^]` is anything, groups are named without a P, and what
    is looked behind at may be of any length.
    """
    for there, here in _JAVASCRIPT:
        pattern = re.sub(there, here, pattern)
    return pattern


_JAVASCRIPT = (
    (r"(\\[wWdDsS])-", r"\1\-"),
    (r"(?<!\\)-(?=\\[wWdDsS])", r"\-"),
    (r"\[\^\]", r"."),
    (r"(?<!\[)(?<!\[\^)\[\]", r"(?!)"),
    (r"\(\?<([=!])", r"(?\1"),
    (r"\(\?<", r"(?P<"),
    (r"\\k<(\w+)>", r"(?P=\1)"),
)

_OPENAPI = re.compile(
    r'"nullable": true|"type": "(?:STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL|TYPE_UNSPECIFIED)"'
)
_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_VALUES = frozenset({"enum", "const", "default", "example", "examples", "required"})
_COUNTS = re.compile(r"(?:min|max)_?(?:Items|items|Length|length|Properties|properties)")


def _read_openapi(schema: JSON) -> JSON:
    """A schema in JSON Schema's words: types in lower case, null where it may be, numbers for counts."""
    if isinstance(schema, list):
        return [_read_openapi(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    read: dict[str, JSON] = {}
    for key, value in schema.items():
        if key in _BY_NAME and isinstance(value, dict):
            read[key] = {name: _read_openapi(inner) for name, inner in value.items()}
        elif _COUNTS.fullmatch(key) and isinstance(value, str) and value.isdecimal():
            read[key] = int(value)  # the API has 64-bit numbers as text
        else:
            read[key] = value if key in _VALUES else _read_openapi(value)
    kind = read.get("type")
    if isinstance(kind, str) and kind.isupper():
        read["type"] = kind = kind.lower()
    if kind == "type_unspecified":
        del read["type"]
    return _allow_null(read) if read.get("nullable") is True else read


_COMBINED = ("oneOf", "allOf", "$ref", "const")


def _allow_null(schema: dict[str, JSON]) -> JSON:
    """A schema that null fits too. What references lead to within its `anyOf` stays where it is."""
    null = {"type": "null"}
    kinds = schema.get("type")
    if isinstance(kinds, str):
        kinds = [kinds]
    if isinstance(kinds, list) and "null" not in kinds:
        schema["type"] = [*kinds, "null"]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], null]
    combined = {key: schema.pop(key) for key in _COMBINED if key in schema}
    return {**schema, "allOf": [{"anyOf": [combined, null]}]} if combined else schema


def _refuse(uri: str) -> JSON:
    raise LookupError(f"{uri} is not looked up")


def _shorten(text: str) -> str:
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[: _MESSAGE_LENGTH - 1]}…"


_MESSAGE_LENGTH = 160
