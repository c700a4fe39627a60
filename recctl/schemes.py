"""Hash schemes: how recorders have named recordings, and which of those ways gives a file its name.

A recording is named after a SHA-256 of its request. What exactly is hashed has changed over the years; each
way is a row of `SCHEMES`. Source for all of them: the recorder of Llama Stack (later OGX) and its history.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlparse

from recctl.project import Settings, recordings_folder
from recctl.recording import Kind

if TYPE_CHECKING:
    from recctl.project import Place
    from recctl.recording import JSON, Recording

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MASK = "__NORMALIZED__"


class Substitution(NamedTuple):
    """In every string of the body, what `pattern` matches becomes `replacement`."""

    pattern: re.Pattern[str]
    replacement: str


def _substitute(pattern: str, replacement: str) -> Substitution:
    return Substitution(re.compile(pattern), replacement)


_SCORE = _substitute(r"score:\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", f"score: {_MASK}")
# The recorder's pattern is `,?\s*attributes:\s*\{[^}]*\}`. This one replaces the same, in linear time: it
# begins no match inside a run of spaces, and matches what is left open to the end, which stays, only once.
_ATTRIBUTES_HEAD = r"(?:,|(?<!\s))\s*+attributes:\s*+\{[^}]*+"
_ATTRIBUTES = _substitute(rf"({_ATTRIBUTES_HEAD}\Z)|{_ATTRIBUTES_HEAD}\}}", r"\1")
_DOCUMENT_UUID = _substitute(rf"document_id:\s*{_UUID}", f"document_id: {_MASK}")
_MARKED_UUID = _substitute(rf"<\|{_UUID}\|>", f"<|{_MASK}|>")
_DOCUMENT_FILE = _substitute(r"document_id:\s*file-\d+", f"document_id: {_MASK}")
_MARKED_FILE = _substitute(r"<\|file-\d+\|>", f"<|{_MASK}|>")


class Scheme(NamedTuple):
    """One way to name a recording.

    `name_length` is how many hex digits of the hash the name has. With `hashes_test_id`, the test's id is
    part of what is hashed, unless the url's path is one of `exempt_paths` or ends with `exempt_suffix`.
    `float_digits` rounds floats, in strings too. `substitutions` come before that. `numbers_file_ids` calls
    `file-<32 hex>` file-1, file-2 in order of appearance. `drops_stream_options_for_bedrock` and
    `drops_project_id` leave those keys out of the body. A draft lived only inside a pull request: it explains
    a name and is never wanted. A scheme is `verified` when real files bear it out.
    """

    name: str
    name_length: int = 64
    hashes_test_id: bool = True
    exempt_paths: tuple[str, ...] = ("/api/tags", "/v1/models")
    exempt_suffix: str | None = None
    float_digits: int | None = None
    substitutions: tuple[Substitution, ...] = ()
    numbers_file_ids: bool = False
    drops_stream_options_for_bedrock: bool = False
    drops_project_id: bool = False
    draft: bool = False
    verified: bool = True


_2025_07 = Scheme("ogx-2025-07", name_length=12, hashes_test_id=False)
_2025_10 = Scheme("ogx-2025-10")
_2025_10_FLOATS = _2025_10._replace(name="ogx-2025-10-floats", float_digits=5)
_2025_11 = _2025_10_FLOATS._replace(
    name="ogx-2025-11", exempt_paths=("/api/tags", "/v1/models", "/v1/openai/v1/models")
)
_2026_01 = _2025_11._replace(name="ogx-2026-01", drops_stream_options_for_bedrock=True)
_2026_03 = _2026_01._replace(name="ogx-2026-03", drops_project_id=True)
_2026_04 = _2026_03._replace(
    name="ogx-2026-04", substitutions=(_SCORE, _ATTRIBUTES, _DOCUMENT_UUID, _MARKED_UUID)
)
_NEXT = _2026_04._replace(
    name="ogx-next", exempt_paths=("/api/tags",), exempt_suffix="/models", verified=False
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
    _2025_10._replace(name="draft-floats6", float_digits=6, draft=True),
    _2025_10._replace(name="draft-file-ids", numbers_file_ids=True, draft=True),
    _2026_03._replace(name="draft-score-attributes", substitutions=(_SCORE, _ATTRIBUTES), draft=True),
    _2026_03._replace(
        name="draft-file-citations",
        substitutions=(_SCORE, _ATTRIBUTES, _DOCUMENT_FILE, _MARKED_FILE),
        draft=True,
    ),
)
"""Every known scheme, oldest first, drafts last."""

RELEASED = tuple(scheme for scheme in SCHEMES if not scheme.draft)
DRAFTS = tuple(scheme for scheme in SCHEMES if scheme.draft)
CURRENT = next(scheme for scheme in reversed(RELEASED) if scheme.verified)
"""The newest scheme that real files bear out."""


def get_scheme(name: str, settings: Settings = Settings()) -> Scheme | None:  # noqa: ARG001
    """The scheme of that name, or None; drafts can't be had this way, since nobody wants to write them."""
    return next((scheme for scheme in RELEASED if scheme.name == name), None)


class Identity(NamedTuple):
    """Which schemes give a recording the name that its file has.

    `schemes` names the released ones, oldest first; `oldest` and `newest` bound those of them that are
    verified. `draft` is the first draft that gives the name when no released scheme does. `wanted` is the
    file name that the wanted scheme gives, `wanted_folder` where the recorder looks for it, as its test's
    path begins (None where the test is not known). `unjudged` says why nothing can be told; then all else
    is empty.
    """

    name: str
    wanted: str | None = None
    wanted_folder: str | None = None
    schemes: tuple[str, ...] = ()
    oldest: Scheme | None = None
    newest: Scheme | None = None
    draft: Scheme | None = None
    unjudged: str | None = None


def identify(recording: Recording, place: Place, wanted: Scheme = CURRENT) -> Identity:
    """Find out which schemes give a recording the name that its file has.

    `place` is where the file lies; `wanted` is the scheme that today's recorder uses. Raises nothing.
    """
    naming = _name_by_kind(recording)
    if isinstance(naming, str):
        return Identity(place.name, unjudged=naming)
    matching = [scheme for scheme in RELEASED if place.name in naming(scheme)]
    bounds = [scheme for scheme in matching if scheme.verified] or matching
    drafts = [] if matching else [scheme for scheme in DRAFTS if place.name in naming(scheme)]
    return Identity(
        name=place.name,
        wanted=naming(wanted)[0],
        wanted_folder=recordings_folder(recording.test_id) if recording.test_id else None,
        schemes=tuple(scheme.name for scheme in matching),
        oldest=bounds[0] if bounds else None,
        newest=bounds[-1] if bounds else None,
        draft=drafts[0] if drafts else None,
    )


_Naming = Callable[[Scheme], tuple[str, ...]]
"""A recording's file names by a scheme, the one to write first; what schemes share is computed once."""


def _name_by_kind(recording: Recording) -> _Naming | str:
    """How a recording is named, or why that can't be told."""
    request = recording.request
    match recording.kind:
        case Kind.INFERENCE:
            return _name_inference(recording)
        case Kind.HTTP:
            return _name_http(recording)
        case Kind.TOOL:
            name = _sha256({key: request.get(key) for key in ("provider", "tool_name", "kwargs")})
            return lambda scheme: (f"{name[: scheme.name_length]}.json",)
        case Kind.FILE_PROCESSOR:
            return "a file processor's name hashes a chunking strategy that the recording does not hold"
        case Kind.UNKNOWN:
            return "the request is of no kind that a recorder names"


def _name_inference(recording: Recording) -> _Naming | str:
    method, test_id = recording.request.get("method"), recording.document.get("test_id")
    if not isinstance(method, str):
        return "the request has no method"
    try:
        url = urlparse(recording.url)
        for_bedrock = "bedrock" in url.netloc
    except ValueError as error:
        return f"the request's url can't be read: {error}"
    body = _Body(recording.request["body"])
    model_ids = _list_models(recording)
    digests: dict[tuple[bool, _Rules], str] = {}

    def name(scheme: Scheme) -> tuple[str, ...]:
        with_test_id = scheme.hashes_test_id and not _is_exempt(url.path, scheme)
        rules = body.rules_that_bite(scheme, for_bedrock=for_bedrock)
        if (with_test_id, rules) not in digests:
            hashed: dict[str, JSON] = {"method": method.upper(), "endpoint": url.path}
            if with_test_id:
                hashed["test_id"] = test_id
            hashed["body"] = body.normalise(rules)
            digests[with_test_id, rules] = _sha256(hashed)
        digest = digests[with_test_id, rules][: scheme.name_length]
        if model_ids is None:
            return (f"{digest}.json",)
        return tuple(f"models-{digest}-{of_models}.json" for of_models in _digest_models(model_ids))

    return name


def _name_http(recording: Recording) -> _Naming:
    hashed = {key: recording.request.get(key) for key in ("test_id", "url", "method")}
    payload = _Body(recording.request["payload"])
    digests: dict[_Rules, str] = {}

    def name(scheme: Scheme) -> tuple[str, ...]:
        rules = payload.rules_that_bite(scheme, for_bedrock=False)
        if rules not in digests:
            digests[rules] = _sha256({**hashed, "payload": payload.normalise(rules)})
        return (f"{digests[rules][: scheme.name_length]}.json",)

    return name


def _is_exempt(path: str, scheme: Scheme) -> bool:
    """Whether a request to this path is hashed without its test's id."""
    return path in scheme.exempt_paths or (
        scheme.exempt_suffix is not None and path.endswith(scheme.exempt_suffix)
    )


def _sha256(hashed: JSON) -> str:
    return hashlib.sha256(json.dumps(hashed, sort_keys=True).encode("ascii")).hexdigest()


def _list_models(recording: Recording) -> list[str] | None:
    """The sorted ids of a model list, OpenAI's or Ollama's; None for every other kind of reply."""
    body, key = recording.body, "id"
    models: JSON
    if not isinstance(body, list):
        listed, key = _unwrap(body, ".ListResponse"), "model"
        models = listed.get("models") if listed else None
    elif recording.is_streaming or not (body or recording.endpoint.endswith("/models")):
        return None
    else:
        models = [_unwrap(item, ".Model") for item in body]
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        return None
    return sorted({str(model.get(key)) for model in models})


def _unwrap(item: JSON, class_name: str) -> dict[str, JSON] | None:
    """What a dumped object of a class holds; None when it is no such object."""
    if not isinstance(item, dict) or not str(item.get("__type__")).endswith(class_name):
        return None
    data = item.get("__data__")
    return data if isinstance(data, dict) else None


def _digest_models(model_ids: list[str]) -> tuple[str, str]:
    """The end of a model list's name, as made today and as made for a week in September 2025."""
    text = "|".join(model_ids).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:8], hashlib.sha1(text, usedforsecurity=False).hexdigest()[:8]


# Whether a kind of rule could change anything is told from the body's JSON text: four decimals (`\d` matches
# the digits of every script, which are escaped there) or an exponent, the literal beginnings of what is
# substituted, file ids. Where none of them occurs, the body is hashed as it is.
_MAY_ROUND = re.compile(r"\.(?:[0-9]|\\u[0-9a-f]{4}){4}|[0-9]e[-+]?[0-9]")
_MAY_SUBSTITUTE = re.compile(r"score:|attributes:|document_id:|<\|")


class _Body:
    """The part of a request that schemes normalise before they hash it."""

    def __init__(self, value: JSON) -> None:
        self._value = value
        text = json.dumps(value)
        self._may_round = _MAY_ROUND.search(text) is not None
        self._may_substitute = _MAY_SUBSTITUTE.search(text) is not None
        self._has_file_ids = "file-" in text
        self._has_project_id = '"project_id"' in text
        self._has_stream_options = '"stream_options"' in text

    def rules_that_bite(self, scheme: Scheme, *, for_bedrock: bool) -> _Rules:
        """What of a scheme could change this body; schemes that agree in this normalise it alike."""
        return _Rules(
            float_digits=scheme.float_digits if self._may_round else None,
            substitutions=scheme.substitutions if self._may_substitute else (),
            numbers_file_ids=scheme.numbers_file_ids and self._has_file_ids,
            drops_project_id=scheme.drops_project_id and self._has_project_id,
            drops_stream_options=(
                for_bedrock and scheme.drops_stream_options_for_bedrock and self._has_stream_options
            ),
        )

    def normalise(self, rules: _Rules) -> JSON:
        """The value as these rules change it."""
        value = self._value
        if rules.drops_stream_options and isinstance(value, dict):
            value = {key: item for key, item in value.items() if key != "stream_options"}
        if rules == _NO_RULES:
            return value
        return _normalise(value, rules, {}, is_root=True)


class _Rules(NamedTuple):
    float_digits: int | None = None
    substitutions: tuple[Substitution, ...] = ()
    numbers_file_ids: bool = False
    drops_project_id: bool = False
    drops_stream_options: bool = False


_NO_RULES = _Rules()


def _normalise(value: JSON, rules: _Rules, file_ids: dict[str, str], *, is_root: bool) -> JSON:
    if isinstance(value, dict):
        drops = is_root and rules.drops_project_id
        return {
            key: _normalise(_drop_project_id(key, item) if drops else item, rules, file_ids, is_root=False)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_normalise(item, rules, file_ids, is_root=True) for item in value]
    if isinstance(value, float) and rules.float_digits is not None:
        return round(value, rules.float_digits)
    if isinstance(value, str):
        return _normalise_text(value, rules, file_ids)
    return value


def _drop_project_id(key: str, value: JSON) -> JSON:
    if key in ("extra_body", "extra_query") and isinstance(value, dict):
        return {name: item for name, item in value.items() if name != "project_id"}
    return value


def _normalise_text(text: str, rules: _Rules, file_ids: dict[str, str]) -> str:
    for substitution in rules.substitutions:
        text = substitution.pattern.sub(substitution.replacement, text)
    digits = rules.float_digits
    if digits is not None:
        text = _DECIMALS.sub(lambda number: f"{float(number[0]):.{digits}f}", text)
    if rules.numbers_file_ids:
        text = _FILE_ID.sub(lambda file: file_ids.setdefault(file[0], f"file-{len(file_ids) + 1}"), text)
    return text


# The recorder's `-?\d+\.\d{4,}`, in linear time: it begins no match inside a run of digits.
_DECIMALS = re.compile(r"(?:-|(?<!\d))\d++\.\d{4,}")
_FILE_ID = re.compile(r"file-[0-9a-f]{32}")
