"""What schemes hash: the text that a scheme makes of a recording's request.

Most rules change nothing in most requests. So a request's own text is searched first for what the rules would
need to find there; schemes that can't differ in their text then share it.
"""

from __future__ import annotations

import json
import re
from functools import cache, cached_property, lru_cache, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from recctl.base.digests import sha256
from recctl.base.patterns import compile_pattern
from recctl.base.values import NamedTuple
from recctl.project.schemes import (
    DRAFTS,
    MASK,
    SCHEMES,
    Changes,
    Drop,
    Field,
    Form,
    Scheme,
    Style,
    list_released,
)
from recctl.recordings.bodies import is_described
from recctl.recordings.names import find_route
from recctl.recordings.recording import RequestKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.recordings.recording import JSON, Recording


NO_CHANGES, PLAIN = Changes(), Style()


class SchemeTriggers(NamedTuple):
    """What decides which rules of the built-in schemes can change a request.

    `words` are those of the rules' words that occur in it, `hosts` those in its url's host, `paths` the
    patterns that its url's path fits. `may_round` is false where rounding changes nothing.
    """

    kind: str
    words: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    may_round: bool = False


class HashedPart(NamedTuple):
    """A field's value as a scheme changes it, in its JSON; changes that can't matter are gone.

    `is_text` says that it is a text, which stands there as it is.
    """

    field: Field
    drops: tuple[tuple[str, ...], ...] = ()
    changes: Changes = NO_CHANGES
    style: Style = PLAIN
    masks: tuple[tuple[str, ...], ...] = ()
    is_text: bool = False


class Recipe(NamedTuple):
    """A text to hash: the beginning of each part's piece of it, and the part. One without any is the text."""

    pieces: tuple[tuple[str, HashedPart], ...]
    end: str


def write_recipe(scheme: Scheme, form: Form, facts: SchemeTriggers) -> Recipe:
    """How a scheme makes the text that is hashed, of requests that have its form and these facts."""
    if form.kind is None or scheme.extends is not None:  # rules of a configuration may round to any digits
        facts = facts._replace(may_round=True)
    parts = [_write_part(scheme, field, facts) for field in form.fields if not facts.paths & {*field.not_for}]
    if parts[0].field.key is None:
        return Recipe((("", parts[0]),), "")
    if scheme.text is not None:
        return _write_text_recipe(scheme.text, {part.field.key: part for part in parts})
    if scheme.style.sort:
        parts.sort(key=lambda part: part.field.key or "")
    comma, colon = (",", ":") if scheme.style.compact else (", ", ": ")
    keys = [json.dumps(part.field.key, ensure_ascii=scheme.style.ascii) + colon for part in parts]
    starts = ("{" + keys[0], *(comma + key for key in keys[1:]))
    return Recipe(tuple(zip(starts, parts, strict=True)), "}")


def _write_text_recipe(template: str, parts: dict[str | None, HashedPart]) -> Recipe:
    """The recipe of a text in which the keys of fields are in braces."""
    *pieces, end = re.split(r"\{([a-z]+)\}", template)
    starts, keys = pieces[::2], pieces[1::2]
    texts = [parts[key]._replace(is_text=parts[key].field.reading in _TEXTS) for key in keys]
    return Recipe(tuple(zip(starts, texts, strict=True)), end)


_TEXTS = ("upper", "route")


def _write_part(scheme: Scheme, field: Field, facts: SchemeTriggers) -> HashedPart:
    is_within = not scheme.within or field.key in scheme.within
    rounds, changes = is_within and facts.may_round, scheme.changes
    drops = tuple(drop.steps for drop in scheme.drop if _may_drop(drop, facts))
    masks = tuple(mask.steps for mask in scheme.mask)
    return HashedPart(
        field._replace(not_for=()),  # which has been heeded, and is no difference any more
        drops if field.key is None else _follow(drops, field.key, in_list=False),
        Changes(
            tuple(rule for rule in changes.replace if is_within and _has(rule.word, facts)),
            changes.round if rounds else None,
            changes.round_in_strings if rounds else None,
            changes.numbers_file_ids and is_within and _has(_FILE_PREFIX, facts),
        ),
        scheme.style,
        masks if field.key is None else _follow(masks, field.key, in_list=False),
    )


def _may_drop(drop: Drop, facts: SchemeTriggers) -> bool:
    return _has(drop.word, facts) and (not drop.host or drop.host in facts.hosts)


def _has(word: str, facts: SchemeTriggers) -> bool:
    return not word or word in facts.words


_FILE_PREFIX = "file-"
_WORDS = sorted(
    {
        _FILE_PREFIX,
        *(drop.word for scheme in SCHEMES for drop in scheme.drop),
        *(rule.word for scheme in SCHEMES for rule in scheme.changes.replace),
    }
)
_HOSTS = sorted({drop.host for scheme in SCHEMES for drop in scheme.drop} - {""})
_PATHS = sorted({p for s in SCHEMES for form in s.forms for field in form.fields for p in field.not_for})

# Rounding to five or six digits needs four decimals (`\d` matches the digits of every script, which JSON
# escapes) or an exponent, as Python writes it at the end of a number. Hex digits have many that look alike.
_HAS_DECIMALS = re.compile(r"\.(?:[0-9]|\\u[0-9a-f]{4}){4}")
_HAS_EXPONENT = re.compile(r"[0-9]e[-+][0-9]{2,3}(?![^,\]}])")  # another search: one for both takes longer


_Text = tuple[tuple[tuple[str, int], ...], str, tuple[Scheme, ...]]
"""A text as the numbers of its parts, each after what stands before it, its end, and who share it."""


class _Step(NamedTuple):
    """A part, with what is the same for every recording: how its value becomes JSON, whether that changes.

    `is_looked_at` tells that it is the text that facts are read from.
    """

    part: HashedPart
    encode: Callable[[JSON], str]
    changes_values: bool
    is_looked_at: bool


@lru_cache(maxsize=256)
def _arrange(
    form: str, facts: SchemeTriggers, *, drafts: bool
) -> tuple[tuple[_Step, ...], tuple[_Text, ...]]:
    """The parts that a format's released schemes, or drafts, need, and the texts that they make of those."""
    shared: dict[Recipe, list[Scheme]] = {}
    drawn_up = tuple(draft for draft in DRAFTS if draft.format == form)
    for scheme in drawn_up if drafts else list_released(form):
        fields = scheme.form(facts.kind)
        if fields is not None:
            shared.setdefault(write_recipe(scheme, fields, facts), []).append(scheme)
    numbers: dict[HashedPart, int] = {}
    texts = tuple(
        (
            tuple((start, numbers.setdefault(part, len(numbers))) for start, part in recipe.pieces),
            recipe.end,
            tuple(schemes),
        )
        for recipe, schemes in shared.items()
    )
    return tuple(map(_prepare, numbers)), texts


def _prepare(part: HashedPart) -> _Step:
    encode = str if part.is_text else _encoder(part.style).encode
    return _Step(part, encode, part.changes != NO_CHANGES, part in _LOOKED_AT)


_LOOKED_AT = [HashedPart(Field(key, ("request", key))) for key in ("body", "payload")]


class Texts:
    """The texts that schemes hash of one recording; what they share is made once.

    `facts` are those of its request. `unjudged` says why no built-in scheme names such a recording, if so.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._text = ""
        self.facts = SchemeTriggers(recording.kind.value)
        self.unjudged: str | None = None
        match recording.kind:
            case RequestKind.INFERENCE:
                self._look_at(recording, "body")
                if not isinstance(recording.request.get("method"), str):
                    self.unjudged = "the request has no method"
                elif recording.sent is None and is_described(recording.request["body"]):
                    self.unjudged = "the request's body is no text"
            case RequestKind.HTTP:
                self._look_at(recording, "payload")
            case RequestKind.FILE_PROCESSOR:
                self.unjudged = (
                    "a file processor's name hashes a chunking strategy that the recording does not hold"
                )
            case RequestKind.UNKNOWN:
                self.unjudged = "the request is of no kind that a recorder names"

    def _look_at(self, recording: Recording, key: str) -> None:
        """Find out the facts of a request whose `key` is what rules change."""
        text = self._text = _encoder(PLAIN).encode(recording.request[key])
        host, path = "", ""
        if recording.kind is RequestKind.INFERENCE:
            try:
                url = urlparse(recording.url)
            except ValueError as error:
                self.unjudged = f"the request's url can't be read: {error}"
                return
            host, path = url.netloc, url.path
        self.facts = SchemeTriggers(
            recording.kind.value,
            frozenset([word for word in _WORDS if word in (recording.sent or text)]),
            frozenset([word for word in _HOSTS if word in host]),
            frozenset([pattern for pattern in _PATHS if _fits(path, pattern)]),
            _HAS_DECIMALS.search(text) is not None or _HAS_EXPONENT.search(text) is not None,
        )

    def write_all(self, *, drafts: bool) -> Iterator[tuple[str, tuple[Scheme, ...]]]:
        """The texts of the released schemes, or of the drafts, each with the schemes that share it."""
        if self.unjudged is None:
            steps, texts = _arrange(self._recording.format, self.facts, drafts=drafts)
            try:
                pieces = [self._text if step.is_looked_at else self._write_piece(step) for step in steps]
            except LookupError:
                return
            for numbers, end, schemes in texts:
                yield "".join([start + pieces[number] for start, number in numbers]) + end, schemes

    def write(self, recipe: Recipe) -> str | Field:
        """The text that a recipe makes, or the field that it needs and the recording does not have."""
        text = ""
        for start, part in recipe.pieces:
            try:
                text += start + self._write_piece(_prepare(part))
            except LookupError:
                return part.field
        return text + recipe.end

    def _write_piece(self, step: _Step) -> str:
        """A part's JSON. Raises LookupError when the recording lacks what it needs."""
        part = step.part
        if part.field.reading == "route":
            return step.encode(self.route)
        value = _take(self._recording.document, part.field)
        changes_values = step.changes_values
        if part.field.reading == "json":
            sent = self._recording.sent
            value = _read_sent(value if sent is None else sent, part.changes)
            changes_values = False
        value = _mask(_leave_out(value, part.drops), part.masks)
        return step.encode(_normalise(value, part.changes, {}) if changes_values else value)

    @cached_property
    def route(self) -> str:
        """What a proxy was asked for, as `find_route` has it. Raises LookupError without a folder."""
        place = self._recording.source.place
        provider = PurePosixPath(place.folder).name if place is not None else ""
        if place is None or not provider:
            raise LookupError
        return find_route(place.name, provider, self._recording.url)


@lru_cache
def _encoder(style: Style) -> json.JSONEncoder:
    """What `json.dumps` would make anew for each value."""
    separators = (",", ":") if style.compact else (", ", ": ")
    return json.JSONEncoder(ensure_ascii=style.ascii, sort_keys=style.sort, separators=separators)


def write_equal(value: JSON, scheme: Scheme, kind: RequestKind, pointer: tuple[str, ...]) -> str:
    """A value of a request of some kind as JSON, with all made equal that a scheme makes equal there.

    `pointer` are the steps to the value in the document. What is dropped from a request stays.
    """
    encode, changes = _encoder(PLAIN).encode, _find_changes(scheme, kind, pointer)
    text = encode(value)
    return encode(_normalise(value, changes, {})) if _may_change(text, changes) else text


def _may_change(text: str, changes: Changes) -> bool:
    """Whether changes may make something else of a value that is this text as JSON."""
    if any(rule.word in text for rule in changes.replace) or changes.numbers_file_ids:
        return True
    if changes.round is None and changes.round_in_strings is None:
        return False
    if changes.round is not None and changes.round < _FEWEST_DIGITS:
        return True
    return _HAS_DECIMALS.search(text) is not None or _HAS_EXPONENT.search(text) is not None


_FEWEST_DIGITS = 3
"""To round to fewer digits than these may change a number without four decimals."""


@lru_cache(maxsize=256)
def _find_changes(scheme: Scheme, kind: RequestKind, pointer: tuple[str, ...]) -> Changes:
    """What a scheme changes in a value; nothing where it does not hash it."""
    form = scheme.form(kind.value)
    facts = SchemeTriggers(kind.value, frozenset(_WORDS), may_round=True)
    for field in form.fields if form is not None else ():
        shared = min(len(field.pointer), len(pointer))
        if field.pointer[:shared] == pointer[:shared]:
            return _write_part(scheme, field, facts).changes
    return NO_CHANGES


def digest(text: str) -> str:
    """The SHA-256 of a text, in hex."""
    return sha256(text.encode("utf-8", "surrogatepass"))


def _fits(path: str, pattern: str) -> bool:
    return path.endswith(pattern[1:]) if pattern.startswith("*") else path == pattern


def _read_sent(value: JSON, changes: Changes) -> JSON:
    """What a text says that may be JSON, changed before it is read; a value that was read is as it is."""
    if not isinstance(value, str):
        return value
    text = _change_text(changes, value)
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return text


def _mask(value: JSON, masks: tuple[tuple[str, ...], ...]) -> JSON:
    """A value in which `MASK` stands for what `masks`, the ways from it, lead to."""
    if not masks:
        return value
    if () in masks:
        return MASK
    if isinstance(value, dict):
        return {key: _mask(item, _follow(masks, key, in_list=False)) for key, item in value.items()}
    if isinstance(value, list):
        return [_mask(item, _follow(masks, str(index), in_list=True)) for index, item in enumerate(value)]
    return value


def _take(document: JSON, field: Field) -> JSON:
    value = document
    for step in field.pointer:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step in map(str, range(len(value))):
            value = value[int(step)]
        elif field.reading == "or-null":
            return None
        else:
            raise LookupError
    if field.reading == "upper":
        if not isinstance(value, str):
            raise LookupError
        return value.upper()
    if field.reading == "path":
        try:
            return urlparse(value).path if isinstance(value, str) else ""
        except ValueError:
            raise LookupError from None
    return value


def _follow(drops: tuple[tuple[str, ...], ...], step: str, *, in_list: bool) -> tuple[tuple[str, ...], ...]:
    """What is left to go of the ways to values that are dropped, after one step; () for one that has come."""
    left = []
    for way in drops:
        if way[:1] == ("**",):
            left += [way, *_follow((way[1:],), step, in_list=in_list)]
        elif way and (way[0] in (step, "*") or (in_list and way[0] == "[*]")):
            left.append(way[1:])
    return tuple(dict.fromkeys(left))


def _leave_out(value: JSON, drops: tuple[tuple[str, ...], ...]) -> JSON:
    """A value without what `drops`, the ways from it, lead to."""
    if not drops:
        return value
    if isinstance(value, dict):
        left = ((key, item, _follow(drops, key, in_list=False)) for key, item in value.items())
        return {key: _leave_out(item, ways) for key, item, ways in left if () not in ways}
    if isinstance(value, list):
        entries = ((item, _follow(drops, str(index), in_list=True)) for index, item in enumerate(value))
        return [_leave_out(item, ways) for item, ways in entries if () not in ways]
    return value


def _normalise(value: JSON, changes: Changes, file_ids: dict[str, str]) -> JSON:
    """A value with its strings and floats as a scheme changes them."""
    return _change(value, _remember_texts(changes), changes, file_ids)


def _change(
    value: JSON, change_text: Callable[[str], str], changes: Changes, file_ids: dict[str, str]
) -> JSON:
    if isinstance(value, str):
        text = change_text(value) if len(value) <= _LONGEST_REMEMBERED else _change_text(changes, value)
        if changes.numbers_file_ids:
            text = _FILE_ID.sub(lambda file: file_ids.setdefault(file[0], f"file-{len(file_ids) + 1}"), text)
        return text
    if isinstance(value, dict):
        return {key: _change(item, change_text, changes, file_ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_change(item, change_text, changes, file_ids) for item in value]
    if isinstance(value, float) and changes.round is not None:
        return round(value, changes.round)
    return value


_LONGEST_REMEMBERED = 4_000  # characters: what recordings share, such as instructions and tools, is short


@lru_cache(maxsize=64)
def _remember_texts(changes: Changes) -> Callable[[str], str]:
    """What makes the same changes to texts, and remembers the last of them: the same come again and again."""
    return lru_cache(maxsize=1024)(partial(_change_text, changes))


_compile = cache(re.compile)


def _change_text(changes: Changes, text: str) -> str:
    """A text with all changes but those that depend on texts before it."""
    for each in changes.replace:
        if each.word in text:
            make = _compile if each.word else compile_pattern  # ours have words, and are fast
            text = make(each.pattern).sub(each.replacement, text)
    digits = changes.round_in_strings
    if digits is not None and _FOUR_DECIMALS.search(text):
        text = _DECIMALS.sub(lambda number: f"{float(number[0]):.{digits}f}", text)
    return text


_FOUR_DECIMALS = re.compile(r"\.\d{4}")
# The recorder's `-?\d+\.\d{4,}`, in linear time: it begins no match inside a run of digits. A sign
# stays as it is; what begins with a digit lets `re` skip all else.
_DECIMALS = re.compile(r"\d(?<!\d\d)\d*+\.\d{4,}")
_FILE_ID = re.compile(rf"{_FILE_PREFIX}[0-9a-f]{{32}}")
