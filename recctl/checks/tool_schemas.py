"""Whether arguments fit the schema of a tool.

Tool schemas are recorded, so untrusted. What a schema refers to is never fetched. Since there is no end of
ways to make one that takes for ever to judge by, only those that are proven to be quick are judged by in
this process; all others go to one that is ended when it takes too long. Schemas as OpenAPI has them, Gemini's
above all, are read as the JSON Schema that they stand for.
"""

from __future__ import annotations

import json
import re
import time
import warnings
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from recctl.base.pointer import split_pointer
from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

    from recctl.base.limited import LimitedProcess
    from recctl.recordings.recording import JSON


class Misfit(NamedTuple):
    """Why arguments can't be right: they do not fit, or the schema is broken (`blames_schema`)."""

    message: str
    blames_schema: bool


class TooCostlyError(Exception):
    """Whether arguments fit could not be found out with the effort that a recording is worth."""


_MOST_STEPS_HERE = 10_000_000
"""How many steps, as `_weigh` counts them, are taken for a recording in this process: less than a second."""

_MOST_SECONDS = 1.0
"""How many seconds of computing a recording is worth in the other process."""


class Effort:
    """What may still be done for one recording: its calls share it, however many they are."""

    def __init__(self) -> None:
        self.steps = _MOST_STEPS_HERE
        self.seconds = _MOST_SECONDS
        self._texts: dict[int, str] = {}

    def write(self, schema: JSON) -> str:
        """A schema of the recording as JSON; it is written once, whatever calls there are."""
        if id(schema) not in self._texts:
            self._texts[id(schema)] = json.dumps(schema, sort_keys=True)
        return self._texts[id(schema)]


def find_misfit(schema: JSON, arguments: JSON, size: int, effort: Effort) -> Misfit | None:
    """In what way arguments do not fit a tool's schema; None when they do, or when they can't be judged.

    `size` is how many values the arguments consist of, long texts counted as several. Raises TooCostlyError
    when it takes more than the effort that is left.
    """
    if not isinstance(schema, (dict, bool)):
        return None
    text = effort.write(schema)
    weight = _weigh(text)
    steps = None if weight is None else weight.count_steps(size)
    if steps is not None and steps <= effort.steps:
        effort.steps -= steps
        return _judge(text, arguments)
    if effort.seconds <= 0:
        raise TooCostlyError
    start = time.process_time()
    try:
        found, spent = _find_process().call(effort.seconds, text, arguments)
    except TimeoutError:
        effort.seconds = 0
        raise TooCostlyError from None
    effort.seconds -= spent + time.process_time() - start
    return None if found is None else Misfit(*found)


def _judge(text: str, arguments: JSON) -> Misfit | None:
    """In what way arguments do not fit a schema that is given as JSON, however long that takes."""
    from jsonschema_rs import ValidationError

    validator = _compile(text)
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


@cache
def _find_process() -> LimitedProcess:
    """The process in which calls are judged that may take for ever; it starts when there is one."""
    from recctl.base.limited import LimitedProcess

    return LimitedProcess(f"{__name__}:{_judge.__name__}")


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

    schema = _read(text)
    dialect = schema.get("$schema") if isinstance(schema, dict) else None
    if dialect is not None and not _is_known(dialect):
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


def _read(text: str) -> JSON:
    """A schema that is given as JSON, in JSON Schema's words."""
    schema = json.loads(text)
    return _read_openapi(schema) if isinstance(schema, dict) and _OPENAPI.search(text) else schema


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

_MOST_IN_PATTERNS = 500
"""How many characters the patterns of a schema may have: each has to be compiled."""

_PLAIN_PATTERN = re.compile(r"(?:[^\\{(]|\\(?:[dDwWsSbnrtfv]|[^0-9A-Za-z])|\((?!\?)|\(\?:)*")
"""Patterns that are matched in one pass and compiled in no time: they count nothing and look nowhere else."""

_PLAIN_REFERENCE = re.compile(r"#(?:/[A-Za-z0-9_$.-]+)+")

_RARE = frozenset(
    {"$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor", "$anchor", "patternProperties"}
    | {"unevaluatedProperties", "unevaluatedItems"}
)
"""Keys by which one part of a schema makes more work of another, in ways that are not counted."""


class _Weight(NamedTuple):
    """How large a schema, or a part of it, is with everything written out that it refers to.

    `nodes` are its values, `levels` how deeply they nest, `squares` those that compare all items of a list.
    """

    nodes: int
    levels: int = 0
    squares: int = 0

    def count_steps(self, size: int) -> int:
        """How many steps it takes at most to judge arguments of so many values.

        A validator compares each part of a schema with each value once and, where it has to explain why none
        of several fits, once more for each level.
        """
        return (1 + self.levels) * (size + 1) * (self.nodes + self.squares * size)


@lru_cache(maxsize=256)
def _weigh(text: str) -> _Weight | None:
    """The weight of a schema that is given as JSON; None where it may take longer than its size tells."""
    weighing = _Weighing(_read(text))
    try:
        weight = weighing.weigh(weighing.schema)
    except (_HeavyError, RecursionError):
        return None
    return weight if weight.nodes <= _MOST_NODES else None


class _HeavyError(Exception):
    """A schema is not proven to be quick."""


class _Weighing:
    """The weighing of a schema: what references lead to is weighed once, and all patterns are added up."""

    def __init__(self, schema: JSON) -> None:
        self.schema = schema
        self._known: dict[str, _Weight] = {}
        self._in_patterns = 0

    def weigh(self, value: JSON) -> _Weight:
        """The weight of a part of the schema. Raises _HeavyError for what makes it unknown."""
        if isinstance(value, str):
            return _Weight(1 + len(value) // _WORD)
        if isinstance(value, list):
            return _add([self.weigh(item) for item in value])
        if not isinstance(value, dict):
            return _Weight(1)
        if not _RARE.isdisjoint(value) or any(isinstance(value.get(key), str) for key in ("$id", "id")):
            raise _HeavyError
        self._check_pattern(value.get("pattern"))
        parts = [self.weigh(inner) for inner in value.values()]
        reference = value.get("$ref")
        if isinstance(reference, str):
            parts.append(self._weigh_reference(reference))
        return _add(parts, squares="uniqueItems" in value)

    def _check_pattern(self, pattern: JSON) -> None:
        if isinstance(pattern, str):
            self._in_patterns += len(pattern)
            if self._in_patterns > _MOST_IN_PATTERNS or not _PLAIN_PATTERN.fullmatch(pattern):
                raise _HeavyError

    def _weigh_reference(self, reference: str) -> _Weight:
        if reference not in self._known:
            if not _PLAIN_REFERENCE.fullmatch(reference):
                raise _HeavyError
            self._known[reference] = _Weight(_MOST_NODES + 1)  # for ever, should it lead back to itself
            self._known[reference] = self.weigh(_resolve(self.schema, reference))
        weight = self._known[reference]
        if weight.nodes > _MOST_NODES:
            raise _HeavyError
        return weight


_WORD = 16  # characters that are compared in one step


def _add(parts: list[_Weight], *, squares: bool = False) -> _Weight:
    """The weight of a value that consists of such parts."""
    return _Weight(
        1 + sum(part.nodes for part in parts),
        1 + max((part.levels for part in parts), default=0),
        squares + sum(part.squares for part in parts),
    )


def _resolve(schema: JSON, reference: str) -> JSON:
    """What a plain reference leads to. Raises _HeavyError where that is through a list, or to nothing."""
    for step in split_pointer(reference):
        if not isinstance(schema, dict) or step not in schema:
            raise _HeavyError
        schema = schema[step]
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
    r'"nullable": true|"type": [0-7]\b|'
    r'"type": "(?:STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL|TYPE_UNSPECIFIED)"'
)
_TYPES = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
"""The types by the numbers that Google's API takes and gives for them (`Type` in its openapi.proto)."""

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
    if type(kind) is int and kind in range(len(_TYPES)):
        read["type"] = kind = _TYPES[kind]
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
