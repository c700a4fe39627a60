"""The *secret* family: keys, tokens and passwords, also those that a stream holds only in pieces.

A gate looks through a file's raw text. Only where it finds the shape of a secret is the document taken apart,
and each of its texts read with the patterns of `KINDS`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import orjson

from recctl.base.digests import sha256
from recctl.base.pointer import join_pointer, split_pointer
from recctl.base.values import NamedTuple
from recctl.checks.finding import Finding, Rule, Severity
from recctl.checks.secret_finder import Finder, get_finder, may_hold_secret
from recctl.checks.secret_kinds import GUESSABLE, KINDS
from recctl.recordings.formats import load_format
from recctl.recordings.formats.ogx import serialise
from recctl.wire import recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.checks.finding import Finding
    from recctl.project import SecretSettings
    from recctl.recordings.recording import JSON, Recording
    from recctl.recordings.source import Source
    from recctl.wire import Exchange
    from recctl.wire.completion import Completion

SECRET = Rule(
    "secret",
    Severity.ERROR,
    "The recording contains a key, a token or a password.",
    "Whoever can read the repository can use it, and git keeps it for ever. A key that a model repeats is "
    "cut into chunks, where no scanner that goes by lines finds it; replies are looked at as a whole here.",
    "Revoke the secret first: it counts as public. Then replace it in the recording and, where the file's "
    "name is a hash, re-hash the file: `recctl rehash --redact-from FILE` does both. "
    "What is no secret can be named under `allow` in the configuration's table `secrets`. Cookies by which "
    "networks tell browsers from bots and balance load, such as `__cf_bm`, let nobody in, and are none.",
    bad='"Authorization": "Bearer " and the key',
    good='"headers": {}',
    kinds=tuple(dict.fromkeys((kind.name, kind.example) for kind in KINDS)),
)

RULES = (SECRET,)

MOST_FINDINGS = 20
"""How many findings a recording gets, beside the one that counts the rest."""


def check_secrets(
    recording: Recording, exchange: Exchange, settings: SecretSettings
) -> tuple[list[Finding], set[str]]:
    """The secrets of a request, of a response as recorded, and of the reply that its chunks add up to.

    Gives what is to be told of them, and each as it is spelled.

    A secret is one finding for the request and one for the response, at the first of its places. No finding
    shows more of it than its start. Raises nothing.
    """
    groups = list(_find_places(recording, exchange, settings).items())
    findings = [
        _report(recording, _describe(part, found), found[0])._replace(mark=_distinguish(found[0]))
        for (_, part), found in groups[:MOST_FINDINGS]
    ]
    rest = groups[MOST_FINDINGS:]
    if rest:
        message = f"{len(rest):,} more secrets, the first of them here"
        findings.append(_report(recording, message, rest[0][1][0])._replace(mark=f"{len(rest):,} more"))
    return findings, {
        spelled for _, found in groups for each in found for spelled in (each.secret, each.spelled)
    }


def find_secrets_outside(source: Source, text: str, known: set[str]) -> tuple[list[Finding], set[str]]:
    """What a file's text holds of secrets beside those that are `known` from its recordings.

    They are in comments, under keys that no recorder reads, in a value that another one under the same key
    has replaced, or in what could not be read at all. What a project itself looks for is not told. Gives what
    is to be told, and every secret of the text as it is spelled.
    """
    told = "\n".join(map(_spell, known))
    found: dict[str, list[_Found]] = {}
    starts: dict[str, int] = {}
    spelled: set[str] = set()
    for hit in get_finder(source.settings.secrets).find(text):
        secret = _spell(hit.secret)
        spelled |= {hit.secret, hit.spelled}
        if not hit.is_own and secret not in told:
            starts[secret] = min(hit.start, starts.get(secret, hit.start))
            found.setdefault(secret, []).append(_Found(hit.kind, hit.secret, hit.spelled, hit.is_own, ""))
    if not found:
        return [], spelled
    from recctl.base.syntax import find_positions

    position_of = find_positions(text)
    findings = [
        SECRET.make_finding(
            source.name,
            f"{_describe('', same)}, outside of what is recorded",
            "revoke it, then take it out of the file",
            position=position_of(starts[secret]),
        )._replace(mark=_distinguish(same[0]))
        for secret, same in islice(found.items(), MOST_FINDINGS)
    ]
    return findings, spelled


def list_secrets_of_text(text: str, settings: SecretSettings) -> set[str]:
    """The secrets of a text that is no recording."""
    return {spelled for hit in get_finder(settings).find(text) for spelled in (hit.secret, hit.spelled)}


def hide_secrets(findings: Iterable[Finding], secrets: set[str], settings: SecretSettings) -> list[Finding]:
    """Findings of other rules, with only the start and the length left of what they tell of these secrets.

    A pointer ends before the first key that tells of one, a word excepted. What else looks like a secret is
    hidden as well.
    """
    pieces = dict(islice(_list_pieces(secrets), _MOST_PIECES))
    finder = get_finder(settings)

    def hide(text: str) -> str:
        return mask_secrets(_hide(text, pieces), settings)

    def may_show(step: str) -> bool:
        long = (step[start : start + _PIECE] for start in range(len(step) - _PIECE + 1))
        return pieces.keys().isdisjoint(long) and not any(finder.find(step))

    def cut(pointer: str) -> str:
        return join_pointer([*takewhile(may_show, split_pointer(pointer))])

    return [
        finding._replace(
            message=hide(finding.message),
            hint=finding.hint and hide(finding.hint),
            test_id=finding.test_id and hide(finding.test_id),
            pointer=finding.pointer and cut(finding.pointer),
        )
        for finding in findings
    ]


_PIECE = 12
"""How many characters of a secret in a row are hidden wherever they stand; fewer may be part of a word."""

_IN_WORD = re.compile(r"(?<=\w)(?=\w)")

_LENGTHS = range(_PIECE, 3, -1)
"""How long pieces are; of a project's own pattern, a single digit may be the secret."""

_MOST_PIECES = 100_000

_Pieces = dict[str, tuple[str, int, str]]
"""By what shows that a secret is in a sentence: the secret, where in it that ends, and what hides it."""


def _list_pieces(secrets: Iterable[str]) -> Iterator[tuple[str, tuple[str, int, str]]]:
    """What shows secrets: `_PIECE` of their characters, all if they have fewer, or fewer that are cut off."""
    for secret in sorted(secrets):
        mask = _mask(secret)
        # as it is, and as JSON or Python quote it
        for text in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]):
            for start in range(max(1, len(text) - _PIECE + 1)):
                yield text[start : start + _PIECE], (text, start + _PIECE, mask)
            for length in range(5, min(len(text), _PIECE)):
                yield f"{text[:length]}…", ("", 0, f"{mask}…")


def _hide(text: str, pieces: _Pieces) -> str:
    """The text with masks in place of secrets, also of those of which it has no more than a piece."""

    def shows(start: int, end: int) -> bool:
        if (piece := text[start:end]) not in pieces:
            return False
        return len(piece) == _PIECE or not (_IN_WORD.match(text, start) or _IN_WORD.match(text, end))

    shown: list[str] = []
    start = 0
    while start < len(text):
        found = next((n for n in _LENGTHS if shows(start, start + n)), 0)
        if not found:
            shown.append(text[start])
            start += 1
            continue
        secret, end, mask = pieces[text[start : start + found]]
        if shown[-1:] != [mask]:
            shown.append(mask)
        start += found
        while start < len(text) and end < len(secret) and text[start] == secret[end]:
            start, end = start + 1, end + 1
    return "".join(shown)


def mask_secrets(text: str, settings: SecretSettings) -> str:
    """The text with only the start and the length left of each secret in it, as `sk-p…[51 characters]`."""
    pieces, end = [], 0
    for hit in sorted(get_finder(settings).find(text), key=lambda hit: hit.start):
        pieces += [text[end : hit.start], _mask(hit.secret)]
        end = hit.start + len(hit.spelled)
    return "".join([*pieces, text[end:]])


def _mask(secret: str) -> str:
    return f"{_abbreviate(secret)}[{len(secret):,} characters]"


class _Found(NamedTuple):
    """A secret at a place of a recording."""

    kind: str
    secret: str
    spelled: str
    is_own: bool
    pointer: str
    is_split: bool = False


_Places = dict[tuple[str, str], list[_Found]]
"""What was found, by the secret (as `_spell` gives it) and the part of the recording that it is in."""


def _find_places(recording: Recording, exchange: Exchange, settings: SecretSettings) -> _Places:
    finder = get_finder(settings)
    places = _group(_search_document(recording, finder))
    for split in _search_reply(recording, exchange.completion, finder, places):
        places[_spell(split.secret), "response"] = [split]
    return places


def _group(found: Iterable[_Found]) -> _Places:
    places: _Places = {}
    for each in found:
        part = each.pointer.partition("/")[2].partition("/")[0]
        places.setdefault((_spell(each.secret), part), []).append(each)
    return places


def _spell(secret: str) -> str:
    """A secret without its layout: the lines of a private key may end in an escape, or one of an escape."""
    return re.sub(r"\\+[nrt]|\s", "", secret)


def _describe(part: str, found: list[_Found]) -> str:
    kind, secret, *_, is_split = found[0]
    where = f" in the {part}" if part in ("request", "response") else ""
    split = ", cut into pieces" if is_split else ""
    times = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
    return f"{kind} ({_abbreviate(secret)}, {len(secret):,} characters){where}{split}{times}"


def _distinguish(found: _Found) -> str:
    """What tells a secret from others where it stands: its start and length, and if it was drawn by lot some
    bits of its digest. They are too few to know it by, but would help whoever guesses a password.
    """
    mark = f"{_abbreviate(found.secret)}[{len(found.secret)}]"
    if found.is_own or found.kind in GUESSABLE:
        return mark
    return f"{mark} {sha256(_spell(found.secret).encode('utf-8', 'replace'))[:4]}"


def _report(recording: Recording, message: str, found: _Found) -> Finding:
    hint = "replace it in the recording"
    if load_format(recording.format).is_named_by_hash:
        hint = f"{hint} and re-hash the file"
    if not found.is_own:
        hint = f"revoke it, then {hint}"
    return SECRET.make_finding(recording.source.name, message, hint, found.pointer)


def _abbreviate(secret: str) -> str:
    """The first four characters of a secret; of a short one fewer, since they would tell too much of it."""
    return f"{secret[: min(4, len(secret) // 4)]}…"


def _search_document(recording: Recording, finder: Finder) -> Iterator[_Found]:
    """The secrets of a document, in the order of the file."""
    # Of a file that holds several recordings, only the one's document tells what is its own.
    raw = recording.source.content.decode() if recording.is_alone else ""
    # Recorders escape no character that secrets are made of; whoever else wrote a file may have.
    is_told_by_raw = recording.as_written and recording.is_alone
    spellings = [raw] if is_told_by_raw else [raw, _write(recording.document)]
    # What a stream says in base64 is said in pieces, and looked for when they are put together.
    is_stream = recording.is_streaming and isinstance(recording.body, list)
    plain = [len(each) - each.find(_RESPONSE) if is_stream and _RESPONSE in each else 0 for each in spellings]
    if not finder.has_own_patterns and not any(map(may_hold_secret, spellings, plain)):
        return
    is_found = False
    texts: list[tuple[_Path, str]] = []
    _collect_texts(recording.document, None, texts, set())
    for place in finder.pick([text for _, text in texts]):
        path, text = texts[place]
        for hit in finder.find(text):
            is_found = True
            yield _Found(hit.kind, hit.secret, hit.spelled, hit.is_own, _write_pointer(path, finder))
    if not is_found and not recording.as_written:  # of a key that is repeated, the document has one value
        for hit in finder.find(raw):
            if not hit.is_own:
                yield _Found(hit.kind, hit.secret, hit.spelled, hit.is_own, "")


def _write(document: JSON) -> str:
    """A document as indented JSON, with numbers as they are written fastest."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:  # which the recorder's own way is there for
        return serialise(document).decode()


_RESPONSE = '\n  "response": '  # which comes after the request

_Path = tuple["_Path", str | int] | None
"""The steps to a value, the last one first: pointers take time, and few are needed."""


def _collect_texts(value: JSON, path: _Path, texts: list[tuple[_Path, str]], keys: set[str]) -> None:
    """Add the texts in an object or a list, and its keys that are new, to `texts`, in their order.

    A text that stands under a key, if only in a list there, comes after it and a newline: some secrets show
    by nothing else.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                name = (_find_name(value) if key in _VALUES else None) or key
                texts.append(((path, key), f"{name}\n{inner}"))
                continue
            if key not in keys:
                keys.add(key)
                texts.append(((path, key), key))
            if inner and isinstance(inner, (dict, list)):
                _collect_texts(inner, (path, key), texts, keys)
        return
    shared = path[1] if path is not None else None
    for number, inner in enumerate(value):
        if isinstance(inner, str):
            name = (_find_first(value) if number == 1 else None) or shared
            texts.append(((path, number), f"{name}\n{inner}" if isinstance(name, str) else inner))
        elif inner and isinstance(inner, (dict, list)):
            _collect_texts(inner, (path, number), texts, keys)


def _find_name(holder: dict[str, JSON]) -> str | None:
    """What a value is named by a text beside it: as `{"name": "x-api-key", "value": …}`."""
    names = (holder.get(key) for key in ("name", "key", "header", "Name", "Key"))
    return next((name for name in names if isinstance(name, str)), None)


def _find_first(holder: list[JSON]) -> str | None:
    """The name of a pair's value; of what is no pair nothing, nor a cookie that stands before another."""
    name = holder[0] if len(holder) == 2 else None
    return name if isinstance(name, str) and "=" not in name else None


_VALUES = ("value", "Value")


def _write_pointer(path: _Path, finder: Finder) -> str:
    """A pointer to a value, or to what holds the first key on the way that is a secret itself."""
    steps = []
    while path is not None:
        path, step = path
        steps.append(str(step))
    shown = takewhile(lambda step: not any(finder.find(step)), reversed(steps))
    return join_pointer(shown)


def _search_reply(
    recording: Recording, completion: Completion, finder: Finder, places: _Places
) -> list[_Found]:
    """The secrets that only the assembled reply holds: in the recording they are cut into pieces.

    A piece that looks like a secret itself is taken out of `places`.
    """
    split: dict[str, _Found] = {}
    texts = [*_list_texts(completion)]
    for place, text in texts if finder.may_find("\n".join(text for _, text in texts)) else ():
        for hit in finder.find(text):
            secret = _spell(hit.secret)
            if (secret, "response") in places or secret in split:
                continue
            pointer = "/response/body"
            if len(split) < _MOST_LOCATED:
                pointer = _locate_chunk(recording, place, hit.start)
                _drop_pieces(places, hit.kind, secret)
            split[secret] = _Found(hit.kind, hit.secret, hit.spelled, hit.is_own, pointer, is_split=True)
    return list(split.values())


_MOST_LOCATED = 3
"""How many secrets in pieces are traced to their chunks, for each of which the reply is assembled anew."""


def _drop_pieces(places: _Places, kind: str, whole: str) -> None:
    for (secret, part), found in list(places.items()):
        if part == "response" and secret in whole and found[0].kind == kind:
            del places[secret, part]


def _list_texts(completion: Completion) -> Iterator[tuple[tuple[int, str], str]]:
    """What a reply says, each text with its place: the choice's index, and the channel or the call."""
    for choice in completion.choices:
        message = choice.message
        for channel in ("content", "reasoning", "refusal"):
            text = getattr(message, channel)
            if text:
                yield (choice.index, channel), text
        for number, call in enumerate(message.tool_calls):
            if call.arguments:
                yield (choice.index, f"call {number}"), call.arguments


def _locate_chunk(recording: Recording, place: tuple[int, str], offset: int) -> str:
    """A pointer to the chunk that brings the character at an offset of a text of the assembled reply."""
    wire, body = recognise(recording), recording.body
    if not isinstance(body, list):
        return "/response/body"

    def is_told_by(count: int) -> bool:
        return len(dict(_list_texts(wire.assemble(body[:count], True))).get(place, "")) > offset

    number = bisect_left(range(1, len(body)), True, key=is_told_by)
    return f"/response/body/{number}"
