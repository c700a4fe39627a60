"""The *schema* family: is all that is known of a recording of the type that it should be?

A compiled validator (jsonschema-rs) proves it for the common, sound recording, and says what is wrong with a
small one. For large ones, and for what it refuses, the reference (jsonschema) does. The sentences are ours.
The first small recordings are proved without either (`schema_proof`).
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.pointer import join_pointer
from recctl.base.values import NamedTuple
from recctl.checks.finding import Rule, Severity
from recctl.checks.schema_proof import proves
from recctl.recordings.formats import load_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import jsonschema
    import jsonschema_rs

    from recctl.checks.finding import Finding
    from recctl.recordings.recording import JSON, Recording
    from recctl.wire.completion import Completion

SCHEMA = Rule(
    "schema",
    Severity.ERROR,
    "A value is not of the type that it should be, or a key is missing.",
    "What replays the recording takes it for what the client would have got; a text in place of a list, or a "
    "call without a name, makes the test fail, or worse, pass. Values and classes that are not known are let "
    "through. See recctl schema for what is checked.",
    "Put the value right, take the file from git's history, or record it again.",
    bad='"choices": "none"',
    good='"choices": []',
)

RULES = (SCHEMA,)

MOST_FINDINGS = 20
"""How many findings a recording gets, beside the one that counts the rest."""

MOST_VIOLATIONS = 2000
"""How many wrong values are looked for in one recording; it bounds what a file of nothing else can cost."""

_SMALL = 16_384
"""Up to how many bytes the compiled validator says what is wrong: it lists all of it before it gives any. To
prove so little without it takes less time than to load it."""

_BASE = "https://recctl.dev/schemas/"
_SUFFIX = ".schema.json"


def list_schemas() -> tuple[str, ...]:
    """The names of all schemas, sorted; `recording` and `exchange` are what refers to the others."""
    return tuple(_find_files())


def read_schema(name: str) -> str:
    """The text of a schema. Raises KeyError for a name that `list_schemas` does not give."""
    return _find_files()[name].read_text(encoding="utf-8")


def list_output_schemas() -> tuple[str, ...]:
    """The names of the schemas of what commands print as JSON, sorted: `outputs/validate` and the like."""
    return tuple(sorted(f"{_OUTPUTS}/{path.name.removesuffix(_SUFFIX)}" for path in _find_outputs()))


def read_output_schema(name: str) -> str:
    """The text of such a schema. Raises KeyError for a name that `list_output_schemas` does not give."""
    files = {f"{_OUTPUTS}/{path.name.removesuffix(_SUFFIX)}": path for path in _find_outputs()}
    return files[name].read_text(encoding="utf-8")


_OUTPUTS = "outputs"


def _find_outputs() -> Iterator[Path]:
    return (_find_folder() / _OUTPUTS).glob(f"*{_SUFFIX}")


@cache
def _find_files() -> dict[str, Path]:
    files = {path.name.removesuffix(_SUFFIX): path for path in _find_folder().glob(f"*{_SUFFIX}")}
    return dict(sorted(files.items()))


def _find_folder() -> Path:
    """Where the schemas are. A wheel has them inside the package, a checkout beside it."""
    package = Path(__file__).parents[1]
    folders = (package / "schemas", package.parent / "schemas")
    return next(folder for folder in folders if folder.is_dir())


def retrieve(uri: str) -> JSON:
    """The schema that a URI names, from recctl's own files. Nothing is ever fetched.

    Raises LookupError for every other URI.
    """
    name = uri.removeprefix(_BASE).removesuffix(_SUFFIX)
    if name not in list_schemas() or uri != _uri(name):
        raise LookupError(f"{uri} is none of recctl's schemas, and nothing else is looked up")
    return load_schema(name)


@cache
def load_schema(name: str) -> JSON:
    """A schema as JSON. Raises KeyError for a name that `list_schemas` does not give."""
    return json.loads(read_schema(name))


def _uri(name: str) -> str:
    return f"{_BASE}{name}{_SUFFIX}"


def check_schema(recording: Recording) -> Iterator[Finding]:
    """What is not as the schemas say, in the order of the file. Raises nothing.

    The same mistake in many items of the same lists is one finding, at the first of them.
    """
    schema, document = load_format(recording.format).schema, recording.document
    is_quick = len(recording.source.content) <= _SMALL and "jsonschema_rs" not in sys.modules
    if (is_quick and proves(schema, document, load_schema)) or _proves(schema, document):
        return
    violations = _find_violations(recording)
    mistakes: dict[object, list[_Violation]] = {}
    for violation in violations:
        mistakes.setdefault(violation.mistake, []).append(violation)
    kinds = list(mistakes.values())
    for first, *others in kinds[:MOST_FINDINGS]:
        more = f" (and {len(others):,} more like it)" if others else ""
        yield _report(recording, first, first.describe() + more)
    rest = [violation for kind in kinds[MOST_FINDINGS:] for violation in kind]
    if len(violations) >= MOST_VIOLATIONS:
        message = f"{MOST_VIOLATIONS:,} values are not as the schema says; no more were looked for"
        yield _report(recording, violations[-1], message)
    elif rest:
        values = "value is" if len(rest) == 1 else "values are"
        message = f"{len(rest):,} more {values} not as the schema says, the first of them here"
        yield _report(recording, rest[0], message)


def _report(recording: Recording, violation: _Violation, message: str) -> Finding:
    hint = "put it right, or record it again"
    return SCHEMA.make_finding(recording.source.name, message, hint, join_pointer(violation.path))


def check_events(recording: Recording, completion: Completion) -> Iterator[Finding]:
    """Whether an event of a reply was to be JSON and is none; mere words are what some servers send."""
    odd = completion.extra.get("odd_chunks")
    texts = [text for text in (odd if isinstance(odd, list) else [odd]) if isinstance(text, str)]
    pointer = next((note.pointer for note in completion.notes if note.code == "odd-chunk"), None)
    if pointer is not None and any(text.lstrip().startswith("{") for text in texts):
        message = "the data of this event begins like JSON but is none: it is cut off, or garbled"
        yield SCHEMA.make_finding(recording.source.name, message, "record it again", pointer)


def _proves(schema: str, value: JSON) -> bool:
    """Whether the compiled validator finds a value sound."""
    try:
        return _compile(schema).is_valid(value)
    except ValueError:  # it refuses lone surrogates, which proves nothing either way
        return False


@cache
def _compile(schema: str) -> jsonschema_rs.Draft202012Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(retrieve(_uri(schema)), retriever=retrieve)


@cache
def _load_reference(schema: str) -> jsonschema.Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    # A registry without a retriever knows what it was given and looks nothing up.
    uris = [_uri(name) for name in list_schemas()]
    resources = [(uri, DRAFT202012.create_resource(retrieve(uri))) for uri in uris]
    registry: Registry[JSON] = Registry().with_resources(resources).crawl()
    return Draft202012Validator(retrieve(_uri(schema)), registry=registry)


_Path = tuple[str | int, ...]


class _Error(NamedTuple):
    """What a validator says: the value at `path` breaks `keyword`.

    `expected` is the types that it may have (`type`), or keys that it lacks (`required`).
    """

    path: _Path
    keyword: str
    expected: frozenset[str]


def _list_errors(recording: Recording) -> Iterable[_Error]:
    """What is wrong, in no particular order and perhaps more than once."""
    schema = load_format(recording.format).schema
    if len(recording.source.content) <= _SMALL:
        with suppress(ValueError):  # lone surrogates
            return [
                _Error(tuple(error.instance_path), error.kind.name, _as_set(error.kind.value))
                for error in _compile(schema).iter_errors(recording.document)
            ]
    return _ask_reference(schema, recording.document)


def _ask_reference(schema: str, document: JSON) -> Iterator[_Error]:
    """What the reference says about a document by a schema, one error at a time."""
    chunks, kept = document["response"].get("body"), []
    if isinstance(chunks, list):
        # It would take its time over sound chunks. The first stays: an error in it excuses the request.
        suspects = (index for index, chunk in enumerate(chunks) if index == 0 or not _proves("reply", chunk))
        kept = list(islice(suspects, MOST_VIOLATIONS + 1))
        response = {**document["response"], "body": [chunks[index] for index in kept]}
        document = {**document, "response": response}
    for error in _load_reference(schema).iter_errors(document):
        path: _Path = tuple(error.absolute_path)
        match path:
            case ("response", "body", int(index), *steps):
                path = ("response", "body", kept[index], *steps)
        keyword, value, instance = str(error.validator), error.validator_value, error.instance
        if keyword == "required" and isinstance(value, list) and isinstance(instance, dict):
            value = [key for key in value if key not in instance]
        yield _Error(path, keyword, _as_set(value))


def _as_set(value: object) -> frozenset[str]:
    return frozenset(map(str, value if isinstance(value, list) else [value]))


class _Violation(NamedTuple):
    """A value that is not as the schemas say. `place` orders it among others as the document does."""

    place: tuple[int, ...]
    path: _Path
    keyword: str
    expected: frozenset[str]
    value: JSON

    @property
    def mistake(self) -> object:
        """What it shares with the same mistake in other items of the same lists."""
        steps = tuple("*" if isinstance(step, int) else step for step in self.path)
        return steps, self.keyword, self.expected

    def describe(self) -> str:
        """A sentence about it."""
        name = _name(self.path)
        if self.keyword == "required":
            return f"{name} lacks {_join([_quote(key) for key in sorted(self.expected)], 'and')}"
        if self.keyword == "pattern":
            phrase = _PATTERNS[next(iter(self.expected))]
            return f"{name} should be {phrase}, but is {_describe_value(self.value)}"
        if self.keyword == "minProperties":
            return f"{name} is empty"
        types = [phrase for known, phrase in _TYPES.items() if known in self.expected]
        return f"{name} should be {_join(types, 'or')}, but is {_describe_value(self.value)}"


def _find_violations(recording: Recording) -> list[_Violation]:
    """What is not as the schemas say, once for each value and keyword, in the order of the document."""
    found: dict[tuple[_Path, str], frozenset[str]] = {}
    for path, keyword, expected in _list_errors(recording):
        known = found.setdefault((path, keyword), expected)
        narrowest = min(known, expected, key=len)
        found[path, keyword] = known | expected if keyword == "required" else narrowest
        if len(found) == MOST_VIOLATIONS:
            break
    ranks: dict[int, dict[str, int]] = {}
    violations = []
    for (path, keyword), expected in found.items():
        value: JSON = recording.document
        place: list[int] = []
        for step in path:
            if isinstance(value, dict) and id(value) not in ranks:
                ranks[id(value)] = {key: rank for rank, key in enumerate(value)}
            place.append(step if isinstance(step, int) else ranks[id(value)][step])
            value = value[step]
        violations.append(_Violation(tuple(place), path, keyword, expected, value))
    return sorted(violations, key=lambda violation: violation.place)


_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_PATTERNS = {r"^[0-9]+$": "a number", r"^\s*\{": "a JSON object"}
"""What the schemas' patterns want of a text."""

_WIDTH = 40
"""How much of a value a sentence quotes, in characters."""


def _name(path: _Path) -> str:
    step = path[-1]
    return f"an item of {_name(path[:-1])}" if isinstance(step, int) else _quote(step)


def _quote(key: str) -> str:
    return f'"{key}"'


def _join(words: list[str], last: str) -> str:
    """Words as a list in a sentence."""
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final


def _describe_value(value: JSON) -> str:
    """A value with its type, as much of it as there is room for."""
    if value is None or isinstance(value, bool):
        return _write(value)
    types = ((str, "text"), ((int, float), "number"), (list, "array"), (dict, "object"))
    return f"the {next(name for known, name in types if isinstance(value, known))} {_write(value)}"


def _write(value: JSON) -> str:
    """The beginning of a value's JSON, with everything escaped that does not print."""
    encoder = json.JSONEncoder(ensure_ascii=False)
    text = ""
    for piece in encoder.iterencode(value):
        text += piece
        if len(text) > _WIDTH:
            break
    text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text[: _WIDTH + 1])
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
