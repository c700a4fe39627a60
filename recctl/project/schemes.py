"""The terms in which hash schemes are written, the built-in schemes, and how the configuration adds others.

A scheme takes values out of a recording, leaves out parts of them, makes equal what varies from run to run,
and names the file after the SHA-256 of the rest, as JSON. Sources for the built-in ones: the recorder of
Llama Stack (later OGX) and its history; `ddapm_test_agent/vcr_proxy.py` of dd-apm-test-agent 1.25 to 1.69.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from recctl.base.errors import RecctlError, did_you_mean
from recctl.base.patterns import compile_pattern
from recctl.base.pointer import join_pointer, split_pointer
from recctl.base.tables import parse_switch, parse_table, parse_text, parse_texts
from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Field(NamedTuple):
    """One value of a recording, and the key that it has in what is hashed.

    `key` is None where that value is all that is hashed. `pointer` are the steps to it in the document.
    `reading` is what is made of it: "upper" is its text in capitals, "path" the path of a url, "or-null"
    itself or else null; without one, a recording must have it. "json" is the value of a text that is JSON, an
    empty object for an empty one. "route" is what a proxy was asked for: its name for the provider, which is
    that of the file's folder, and the url from the provider's address on. The field is left out when the
    url's path is one of `not_for`, in which "*" stands for any beginning.
    """

    key: str | None
    pointer: tuple[str, ...]
    reading: str | None = None
    not_for: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The pointer as text."""
        return join_pointer(self.pointer)


class Form(NamedTuple):
    """What is hashed of one kind of request, or, where `kind` is None, of any."""

    kind: str | None
    fields: tuple[Field, ...]


class Drop(NamedTuple):
    """A value that is not hashed. `steps` lead to it from the field's key on.

    Among them "*" is any key or index, "[*]" any index, and "**" any number of steps. With `host`, this holds
    only where the url's host contains it. Where `word` does not occur in the request, nothing is dropped.
    """

    steps: tuple[str, ...]
    host: str = ""
    word: str = ""


class Substitution(NamedTuple):
    """In strings, what `pattern` matches becomes `replacement`; it matches nothing that lacks `word`."""

    pattern: str
    replacement: str
    word: str = ""


class Changes(NamedTuple):
    """How values are changed before they are hashed.

    `replace` changes strings, and a text that is read as JSON before it is; `round` rounds floats and
    `round_in_strings` the numbers of four or more decimals in strings, to so many digits. `numbers_file_ids`
    calls `file-<32 hex>` file-1, file-2 in order of appearance.
    """

    replace: tuple[Substitution, ...] = ()
    round: int | None = None
    round_in_strings: int | None = None
    numbers_file_ids: bool = False


class Style(NamedTuple):
    """How JSON is written: `compact` without spaces, `ascii` with escapes, `sort` by key."""

    compact: bool = False
    ascii: bool = True
    sort: bool = True


class Scheme(NamedTuple):
    """One way to name a recording.

    `forms` say what is hashed, by kind of request. From that `drop` is left out, and what is in `mask`
    becomes `MASK`; then, in the fields `within` (empty: all), `changes` are made. What is left is written as
    one JSON object in a `style` or, with a `text`, as that, where the key of a field in braces stands for its
    JSON, and of one that is read as "upper" or "route" for its text. The file is called `name_template`,
    where {hash} stands for `name_length` hex digits of the SHA-256, {path} and {method} for those fields as
    file names have them, {prefix} for what stands before that in a file's name, and {suffix} for its ending;
    or `models_template` when the reply is a list of models. `format` is that of the files which it names,
    None for any. A draft lived only inside a pull request: it explains a name and is never wanted. A scheme
    is `verified` when real files bear it out. `extends` is the scheme that a configured one is said to add
    to.
    """

    name: str
    forms: tuple[Form, ...]
    drop: tuple[Drop, ...] = ()
    mask: tuple[Drop, ...] = ()
    within: tuple[str, ...] = ()
    changes: Changes = Changes()
    style: Style = Style()
    text: str | None = None
    name_template: str = "{hash}.json"
    name_length: int = 64
    models_template: str | None = None
    format: str | None = None
    draft: bool = False
    verified: bool = True
    extends: Scheme | None = None

    def form(self, kind: str) -> Form | None:
        """What is hashed of a request of that kind; None where the scheme names no such request."""
        return next((form for form in self.forms if form.kind in (None, kind)), None)

    @property
    def hashes_test_id(self) -> bool:
        """Whether the id of its test is part of a recording's name."""
        return any(field.pointer[-1] == "test_id" for field in self.forms[0].fields)


_READINGS = ("json", "or-null", "path", "route", "upper")

MASK = "<normalized>"
"""What stands for a value that is masked."""


def _parse_field(key: str | None, text: Any) -> Field:
    """A field from its text: a JSON pointer into the document and, after a bar, what is made of the value."""
    pointer, bar, reading = parse_text(text).partition(" | ")
    if not pointer.startswith("/"):
        raise ValueError(f"should name values by JSON pointers, and {pointer!r} is none")
    if bar and reading not in _READINGS:
        raise ValueError(f"knows {', '.join(_READINGS)} after a bar, not {reading!r}")
    return Field(key, split_pointer(pointer), reading or None)


def _parse_fields(value: Any) -> tuple[Field, ...]:
    """The table `fields`; a single string is the one value that is hashed as it stands."""
    if isinstance(value, str):
        return (_parse_field(None, value),)
    if not isinstance(value, dict) or not value:
        raise ValueError("should be a table of keys and JSON pointers")
    return tuple(_parse_field(key, text) for key, text in value.items())


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MASK = "__NORMALIZED__"

_SCORE = Substitution(r"score:\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", f"score: {_MASK}", "score:")
# The recorder's pattern is `,?\s*attributes:\s*\{[^}]*\}`. This one replaces the same, in linear time: it
# begins no match inside a run of spaces, and matches what is left open to the end, which stays, only once. To
# look at the first character before all else takes half the time.
_ATTRIBUTES_HEAD = r"(?:,|(?<!\s))\s*+attributes:\s*+\{[^}]*+"
_ATTRIBUTES = Substitution(
    rf"(?=[,\sa])(?:({_ATTRIBUTES_HEAD}\Z)|{_ATTRIBUTES_HEAD}\}})", r"\1", "attributes:"
)
_DOCUMENT_UUID = Substitution(rf"document_id:\s*{_UUID}", f"document_id: {_MASK}", "document_id:")
_MARKED_UUID = Substitution(rf"<\|{_UUID}\|>", f"<|{_MASK}|>", "<|")
_DOCUMENT_FILE = Substitution(r"document_id:\s*file-\d+", f"document_id: {_MASK}", "document_id:")
_MARKED_FILE = Substitution(r"<\|file-\d+\|>", f"<|{_MASK}|>", "<|file-")

_STREAM_OPTIONS = Drop(("body", "stream_options"), host="bedrock", word='"stream_options"')
_PROJECT_ID = tuple(
    Drop((field, *steps, extra, "project_id"), word='"project_id"')
    for field in ("body", "payload")
    for steps in ((), ("**", "[*]"))  # an item of a list counts like the whole
    for extra in ("extra_body", "extra_query")
)

_REQUEST = _parse_fields(
    {"method": "/request/method | upper", "endpoint": "/request/url | path", "body": "/request/body"}
)
_OTHER_FORMS = (
    Form(
        "http",
        _parse_fields(
            {
                "test_id": "/request/test_id | or-null",
                "url": "/request/url | or-null",
                "method": "/request/method | or-null",
                "payload": "/request/payload",
            }
        ),
    ),
    Form(
        "tool",
        _parse_fields({key: f"/request/{key} | or-null" for key in ("provider", "tool_name", "kwargs")}),
    ),
)


def _forms(*not_for: str) -> tuple[Form, ...]:
    """What is hashed where the test's id is part of it, except for requests to these paths."""
    test_id = _parse_field("test_id", "/test_id | or-null")._replace(not_for=not_for)
    return Form("inference", (*_REQUEST, test_id)), *_OTHER_FORMS


_2025_07 = Scheme(
    "ogx-2025-07",
    (Form("inference", _REQUEST), *_OTHER_FORMS),
    within=("body", "payload"),
    name_length=12,
    models_template="models-{hash}-{models}.json",
    format="ogx",
)
_2025_10 = _2025_07._replace(name="ogx-2025-10", forms=_forms("/api/tags", "/v1/models"), name_length=64)
_FLOATS = Changes(round=5, round_in_strings=5)
_2025_10_FLOATS = _2025_10._replace(name="ogx-2025-10-floats", changes=_FLOATS)
_2025_11 = _2025_10_FLOATS._replace(
    name="ogx-2025-11", forms=_forms("/api/tags", "/v1/models", "/v1/openai/v1/models")
)
_2026_01 = _2025_11._replace(name="ogx-2026-01", drop=(_STREAM_OPTIONS,))
_2026_03 = _2026_01._replace(name="ogx-2026-03", drop=(_STREAM_OPTIONS, *_PROJECT_ID))
_2026_04 = _2026_03._replace(
    name="ogx-2026-04",
    changes=_FLOATS._replace(replace=(_SCORE, _ATTRIBUTES, _DOCUMENT_UUID, _MARKED_UUID)),
)
_NEXT = _2026_04._replace(name="ogx-next", forms=_forms("/api/tags", "*/models"), verified=False)

_BOUNDARIES = tuple(
    Substitution(rf"{beginning}[^\r\n]+", "--form-data-boundary-normalized", beginning)
    for beginning in ("--form-data-boundary-", "------formdata-undici-")
)
_DDAPM = Scheme(
    "ddapm",
    (
        Form(
            "inference",
            _parse_fields(
                {
                    "path": "/request/url | route",
                    "method": "/request/method | upper",
                    "body": "/request/body | json",
                }
            ),
        ),
    ),
    changes=Changes(_BOUNDARIES),
    text="{path}:{method}:{body}",
    name_template="{prefix}{path}_{method}_{hash}{suffix}",
    name_length=8,
    format="ddapm",
)

SCHEMES: tuple[Scheme, ...] = (
    _2025_07,
    _2025_10,
    _2025_10_FLOATS,
    _2025_11,
    _2026_01,
    _2026_03,
    _2026_04,
    _NEXT,
    _2025_10._replace(name="draft-floats6", changes=Changes(round=6, round_in_strings=6), draft=True),
    _2025_10._replace(name="draft-file-ids", changes=Changes(numbers_file_ids=True), draft=True),
    _2026_03._replace(
        name="draft-score-attributes", changes=_FLOATS._replace(replace=(_SCORE, _ATTRIBUTES)), draft=True
    ),
    _2026_03._replace(
        name="draft-file-citations",
        changes=_FLOATS._replace(replace=(_SCORE, _ATTRIBUTES, _DOCUMENT_FILE, _MARKED_FILE)),
        draft=True,
    ),
    _DDAPM,
)
"""Every built-in scheme: those of each format oldest first, drafts last."""

RELEASED = tuple(scheme for scheme in SCHEMES if not scheme.draft)
DRAFTS = tuple(scheme for scheme in SCHEMES if scheme.draft)


def list_released(form: str) -> tuple[Scheme, ...]:
    """The released schemes that name files of a format, oldest first."""
    return tuple(scheme for scheme in RELEASED if scheme.format == form)


def find_newest(form: str) -> Scheme:
    """The newest scheme for files of a format that real files bear out; that of OGX for formats without."""
    verified = [scheme for scheme in list_released(form) if scheme.verified]
    return verified[-1] if verified else CURRENT


CURRENT = next(scheme for scheme in reversed(list_released("ogx")) if scheme.verified)
"""The newest scheme of OGX that real files bear out."""


def parse_schemes(tables: dict[str, dict[str, Any]], where: str) -> tuple[Scheme, ...]:
    """The schemes of a configuration from their tables, by name; `where` names the configuration in errors.

    A scheme may extend another one of these, wherever that stands. Raises RecctlError for what can't be one.
    """
    parsed: dict[str, Scheme] = {}
    for name in tables:
        waiting = [name]
        while waiting:
            table, place = tables[waiting[-1]], f"{where}: schemes.{waiting[-1]}"
            base = table.get("extends")
            if isinstance(base, str) and base in tables and base not in parsed:
                if base in waiting:
                    raise RecctlError(f"{place}: extends a scheme that extends it", "name another one")
                waiting.append(base)
            else:
                done = waiting.pop()
                parsed[done] = _parse_scheme(done, table, place, parsed)
    return tuple(parsed[name] for name in tables)


def _parse_scheme(name: str, table: dict[str, Any], where: str, others: dict[str, Scheme]) -> Scheme:
    """A scheme from its table; `where` names the table in errors, `others` are what it may extend."""
    if any(name == scheme.name for scheme in SCHEMES):
        raise RecctlError(f"{where}: recctl has a scheme of that name", "call it something else")
    values = parse_table(table, {key: each.parse for key, each in KEYS.items()}, where)
    base = _find_base(values.pop("extends", None), where, others)
    forms = _parse_forms(values.pop("fields", None), base, where)
    keys = list(dict.fromkeys(field.key for form in forms for field in form.fields if field.key is not None))
    drops = [drop.steps for key in ("drop", "mask") for drop in values.get(key, ())]
    first_steps = [steps[0] for steps in drops if keys and steps[0] not in ("*", "**")]
    for key in (*values.get("within", ()), *first_steps):
        if key not in keys:
            raise RecctlError(f"{where}: {key!r} is no key of 'fields'", did_you_mean(key, keys))
    if keys and any(len(drop.steps) == 1 for drop in values.get("drop", ())):
        hint = "leave it out of 'fields'" if base is None else "name what lies in it"
        raise RecctlError(f"{where}: drop names a whole field", hint)
    scheme = base or Scheme(name, forms)
    values["drop"] = (*scheme.drop, *values.get("drop", ()))
    values["mask"] = (*scheme.mask, *values.get("mask", ()))
    values["replace"] = (*scheme.changes.replace, *values.get("replace", ()))
    changes = scheme.changes._replace(**{key: values.pop(key) for key in Changes._fields if key in values})
    style = scheme.style._replace(**{key: values.pop(key) for key in Style._fields if key in values})
    rest = {_LONG_NAMES.get(key, key): value for key, value in values.items()}
    return scheme._replace(
        name=name, forms=forms, changes=changes, style=style, verified=True, extends=base, **rest
    )


_LONG_NAMES = {"name": "name_template", "length": "name_length"}


def _find_base(name: str | None, where: str, others: dict[str, Scheme]) -> Scheme | None:
    """The scheme that another one extends; None where it extends none."""
    if name is None:
        return None
    known = {scheme.name: scheme for scheme in RELEASED} | others
    if name not in known:
        raise RecctlError(f"{where}: extends an unknown scheme, {name!r}", did_you_mean(name, [*known]))
    return known[name]


def _parse_forms(fields: tuple[Field, ...] | None, base: Scheme | None, where: str) -> tuple[Form, ...]:
    """What is hashed: the fields alone, or, of a scheme that extends another, that one's and these.

    They belong to the first of its forms, which is that of requests to models.
    """
    if base is None:
        if fields is None:
            raise RecctlError(f"{where} lacks 'fields'", "say which values of a recording are hashed")
        return (Form(None, fields),)
    if fields is None:
        return base.forms
    form, *rest = base.forms
    if None in {field.key for field in (*form.fields, *fields)}:
        raise RecctlError(f"{where}: a single field can't be added to", "extend a scheme that has a table")
    merged = {field.key: field for field in (*form.fields, *fields)}
    return (form._replace(fields=tuple(merged.values())), *rest)


def describe_scheme(scheme: Scheme) -> dict[str, Any]:
    """A configured scheme as its table says it, without the keys that are at their defaults.

    Of one that extends another, that is what it adds and what it says otherwise.
    """
    base = scheme.extends or Scheme(scheme.name, (Form(None, ()),))
    added = [field for field in scheme.forms[0].fields if field not in base.forms[0].fields]
    fields = {field.key: field.where + (f" | {field.reading}" if field.reading else "") for field in added}
    drop = scheme.drop[len(base.drop) :]
    replace = scheme.changes.replace[len(base.changes.replace) :]
    described: dict[str, Any] = {
        "extends": scheme.extends and scheme.extends.name,
        "fields": fields.get(None, fields),
        "drop": [join_pointer(drop.steps) for drop in drop],
        "mask": [join_pointer(drop.steps) for drop in scheme.mask[len(base.mask) :]],
        "replace": [[pattern, replacement] for pattern, replacement, _ in replace],
        "within": [] if scheme.within == base.within else [*scheme.within],
    }
    for own, its in ((scheme, base), (scheme.changes, base.changes), (scheme.style, base.style)):
        for key in KEYS.keys() - described.keys():
            attribute = _LONG_NAMES.get(key, key.replace("-", "_"))
            if attribute in own._fields:
                value = getattr(own, attribute)
                described[key] = value if value != getattr(its, attribute) else None
    return {key: described[key] for key in KEYS if described[key] not in (None, [], {})}


def _parse_drops(value: Any) -> tuple[Drop, ...]:
    for pointer in parse_texts(value):
        if not pointer.startswith("/"):
            raise ValueError(f"should be JSON pointers, and {pointer!r} is none")
    return tuple(Drop(split_pointer(pointer)) for pointer in value)


def _parse_substitutions(value: Any) -> tuple[Substitution, ...]:
    """Pairs of a regular expression and what takes the place of its matches."""
    if not isinstance(value, list):
        raise ValueError("should be a list of pairs: a regular expression, a replacement")
    substitutions = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise ValueError("should be a list of pairs: a regular expression, a replacement")
        pattern, replacement = pair
        compile_pattern(pattern)
        try:
            compile_pattern(f"{pattern}\n|").sub(replacement, "")  # it matches, so the replacement is read
        except (re.error, IndexError) as error:
            raise ValueError(f"has a broken replacement, {replacement!r}: {error}") from None
        substitutions.append(Substitution(pattern, replacement))
    return tuple(substitutions)


def _parse_number(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"should be a whole number from {least} to {most}")
        return value

    return parse


def _parse_template(value: Any) -> str:
    text = parse_text(value)
    if text.count("{hash}") != 1 or not text.endswith(".json") or re.search(r"[/\\\0]", text):
        raise ValueError("should be a file's name that ends with .json and holds {hash} once")
    return text


class SchemeKey(NamedTuple):
    """A key of a scheme's table in the configuration: what reads its value, and what it says."""

    parse: Callable[[Any], Any]
    meaning: str


KEYS = {
    "extends": SchemeKey(
        parse_text,
        "The scheme that this one adds to: `drop`, `replace` and, for requests to models, `fields` "
        "come after its own; each other key takes the place of its own.",
    ),
    "fields": SchemeKey(
        _parse_fields,
        "The keys of what is hashed, each with a JSON pointer to its value in the recording; after ` | "
        "`, `upper` takes a text in capitals, `path` the path of a url, `route` the name of the file's "
        "folder and the url from the provider's address on, `json` the value of a text that is JSON, "
        "`or-null` null where there is no value. A single pointer in place of the table: that value is "
        "hashed as it stands.",
    ),
    "drop": SchemeKey(
        _parse_drops,
        "JSON pointers to what is left out, beginning with a key of `fields`. `*` is any key or index, "
        "`**` any number of steps.",
    ),
    "mask": SchemeKey(_parse_drops, "JSON pointers, as in `drop`, to what becomes `<normalized>`."),
    "replace": SchemeKey(
        _parse_substitutions,
        "Pairs of a regular expression and what takes the place of its matches in every string, in "
        "this order.",
    ),
    "round": SchemeKey(_parse_number(0, 15), "Floats are rounded to so many digits."),
    "round-in-strings": SchemeKey(
        _parse_number(0, 15), "So are, after `replace`, numbers of four or more decimals in strings."
    ),
    "within": SchemeKey(
        parse_texts, "The keys of `fields` in which strings and floats are changed; without it, all."
    ),
    "compact": SchemeKey(parse_switch, "`true`: no spaces after `,` and `:`."),
    "ascii": SchemeKey(parse_switch, "`false`: other characters than ASCII are not escaped."),
    "sort": SchemeKey(parse_switch, "`false`: keys stay in the order of the recording."),
    "name": SchemeKey(_parse_template, "The file's name, `{hash}.json` unless said otherwise."),
    "length": SchemeKey(_parse_number(1, 64), "How many digits of the hash the name has, of 64."),
}
"""What may be said of a scheme in the configuration, by the keys of its table."""
