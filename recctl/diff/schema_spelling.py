"""JSON Schemas that allow the same, written in two ways: as two versions of one library write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.diff.differences import canonical

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON


def spell_schema(kept: dict[str, JSON], sent: dict[str, JSON], *, name: str = "") -> JSON:
    """The schema that is kept, written as the one that was sent is wherever both allow and say the same.

    The same are: a definition and what refers to it; values in another order, where it means nothing; what
    counts anyway; and titles that programs make of the names of keys and classes, there or not. `name` is
    what the schema is called where it stands. Raises RecursionError for what nests too deeply.
    """
    opened = _open_references(kept), _open_references(sent)
    if None not in opened and canonical(_spell(*opened, name)) == canonical(opened[1]):
        return sent
    return _spell(kept, sent, name)


def is_empty_schema(value: JSON) -> bool:
    """Whether a schema, bare or under a key of its own, is one of objects of which nothing is said."""
    if not isinstance(value, dict):
        return False
    if value.keys() == {"json"}:
        return is_empty_schema(value["json"])
    said = {key for key in value if not _says_nothing(key, value, "")}
    return said == {"type"} and str(value["type"]).lower() == "object"


def _spell(kept: JSON, sent: JSON, name: str) -> JSON:
    if canonical(kept) == canonical(sent):
        return sent
    if not (isinstance(kept, dict) and isinstance(sent, dict)):
        return kept
    if "enum" in kept and "const" in sent and "const" not in kept and _is_only(sent["const"], kept["enum"]):
        kept = {**{key: value for key, value in kept.items() if key != "enum"}, "const": sent["const"]}
    elif "const" in kept and "enum" in sent and "enum" not in kept and _is_only(kept["const"], sent["enum"]):
        kept = {**{key: value for key, value in kept.items() if key != "const"}, "enum": sent["enum"]}
    spelled = {}
    for key, value in kept.items():
        if key in sent:
            spelled[key] = _spell_member(key, value, sent[key], name)
        elif not _says_nothing(key, kept, name):
            spelled[key] = value
    added = {key: value for key, value in sent.items() if key not in kept and _says_nothing(key, sent, name)}
    return {**spelled, **added}


def _spell_member(key: str, kept: JSON, sent: JSON, name: str) -> JSON:
    if key in _MAPS and isinstance(kept, dict) and isinstance(sent, dict):
        return {each: _spell(value, sent.get(each), each) for each, value in kept.items()}
    if key in _CHOICES and isinstance(kept, list) and isinstance(sent, list) and len(kept) == len(sent):
        return _spell_choices(kept, sent)
    if key in _SETS and isinstance(kept, list) and isinstance(sent, list):
        return sent if sorted(map(canonical, kept)) == sorted(map(canonical, sent)) else kept
    if key == "type":
        return sent if _is_same_type(kept, sent) else kept
    return _spell(kept, sent, name) if key in _SCHEMAS else kept


_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_CHOICES = ("anyOf", "oneOf", "allOf", "any_of")
_SETS = ("required", "enum")
_SCHEMAS = ("items", "additionalProperties", "additional_properties", "not", "contains", "propertyNames")


def _spell_choices(kept: list[JSON], sent: list[JSON]) -> list[JSON]:
    """Choices, in the order of those that were sent where they are the same ones."""
    rest, found = [*kept], []
    for choice in sent:
        told = canonical(choice)
        same = next((i for i, each in enumerate(rest) if canonical(_spell(each, choice, "")) == told), None)
        if same is None:
            return [_spell(one, other, "") for one, other in zip(kept, sent, strict=True)]
        del rest[same]
        found.append(choice)
    return found


def _is_only(value: JSON, choices: JSON) -> bool:
    """Whether a value is the only one of some choices; 1 is not true here."""
    return canonical([value]) == canonical(choices)


def _is_same_type(kept: JSON, sent: JSON) -> bool:
    """Whether two values name one type, or the same types: Google's APIs have `STRING`, too."""
    if isinstance(kept, str) and isinstance(sent, str):
        return kept.lower() == sent.lower() and kept.lower() in _TYPES
    if isinstance(kept, list) and isinstance(sent, list):
        return sorted(map(canonical, kept)) == sorted(map(canonical, sent))
    return False


_TYPES = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}


def _says_nothing(key: str, schema: dict[str, JSON], name: str) -> bool:
    """Whether a schema allows the same without what it has under a key, and says the same."""
    value = schema[key]
    match key:
        case "title":
            return isinstance(value, str) and (value.isidentifier() or _plain(value) == _plain(name))
        case "description":
            return value is None or value == ""
        case "additionalProperties" | "additional_properties":
            return value is True
        case "properties" | "required" | "$defs" | "definitions":
            return not value
        case "nullable":
            return value is False
        case "$schema":
            return True
        case "enum":
            return "const" in schema and _is_only(schema["const"], value)
        case "type":
            values = [schema["const"]] if "const" in schema else schema.get("enum")
            types = _TYPES.get(str(value).lower(), ())
            return isinstance(values, list) and values != [] and all(type(each) in types for each in values)
    return False


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _open_references(schema: dict[str, JSON]) -> JSON:
    """A schema with its definitions in the places that refer to them; None where that comes to too much.

    What refers to itself stays a reference, and keeps the definitions.
    """
    opener = _Opener(schema)
    bare = {key: value for key, value in schema.items() if key not in _DEFINITIONS}
    try:
        opened = opener.open(bare, ())
    except StopIteration:
        return None
    if opener.keeps_references and isinstance(opened, dict):
        return {**opened, **{key: schema[key] for key in _DEFINITIONS if key in schema}}
    return opened


class _Opener:
    """Puts definitions of a schema in the place of what refers to them."""

    def __init__(self, schema: dict[str, JSON]) -> None:
        self._schema = schema
        self._budget = iter(range(_MOST_OPENED))
        self.keeps_references = False

    def open(self, value: JSON, inside: tuple[str, ...]) -> JSON:
        """A part of the schema, inside some definitions. Raises StopIteration where it comes to too much."""
        next(self._budget)
        if isinstance(value, list):
            return [self.open(each, inside) for each in value]
        if not isinstance(value, dict):
            return value
        choices = value.get("allOf")
        if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
            rest = {key: each for key, each in value.items() if key != "allOf"}
            # additionalProperties is about the properties beside it alone
            if rest.keys().isdisjoint((*choices[0], "additionalProperties")):
                return self.open({**choices[0], **rest}, inside)
        reference = value.get("$ref")
        target = _find_definition(self._schema, reference) if isinstance(reference, str) else None
        if isinstance(target, dict) and reference not in inside:
            rest = {key: each for key, each in value.items() if key != "$ref"}
            return self.open({**target, **rest}, (*inside, str(reference)))
        if isinstance(reference, str):
            self.keeps_references = True
        return {key: self._open_member(key, each, inside) for key, each in value.items()}

    def _open_member(self, key: str, value: JSON, inside: tuple[str, ...]) -> JSON:
        if key in _MAPS and isinstance(value, dict):  # its keys are names, even those that schemas have too
            return {name: self.open(each, inside) for name, each in value.items()}
        return value if key in _DATA else self.open(value, inside)


_MOST_OPENED = 5_000
_DATA = ("const", "enum", "default", "example", "examples", "required")
_DEFINITIONS = ("$defs", "definitions", "defs")


def _find_definition(schema: dict[str, JSON], reference: str) -> JSON:
    """What a reference within a schema means; None for what is not there."""
    if not reference.startswith("#/"):
        return None
    found: JSON = schema
    for step in reference[2:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found
