"""The *secret* family: keys, tokens and passwords, also those that a stream holds only in pieces.

A gate looks through a file's raw text. Only where it finds the shape of a secret is the document taken apart,
and each of its texts read with the patterns of `_KINDS`.
"""

from __future__ import annotations

import base64
import json
import math
import re
from bisect import bisect_left
from collections import Counter
from functools import cache, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.checks.finding import Finding, Rule, Severity
from recctl.recording import escape_pointer, serialise
from recctl.wire import recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema_rs import Validator

    from recctl.completion import Completion
    from recctl.project import SecretSettings
    from recctl.recording import JSON, Recording
    from recctl.wire import Exchange

SECRET = Rule(
    "secret",
    Severity.ERROR,
    "A key, a token or a password stands in the recording.",
    "Whoever can read the repository can use it, and git keeps it for ever. A key that a model repeats is "
    "cut into chunks, where no scanner that goes by lines finds it; replies are looked at as a whole here.",
    "Revoke the secret first: it counts as public. Then replace it in the recording and re-hash the file. "
    "What is no secret can be named under `allow` in the configuration's table `secrets`.",
)

RULES = (SECRET,)

MOST_FINDINGS = 20
"""How many findings a recording gets, beside the one that counts the rest."""


def check_secrets(recording: Recording, exchange: Exchange, settings: SecretSettings) -> Iterator[Finding]:
    """The secrets of a request, of a response as recorded, and of the reply that its chunks add up to.

    A secret is one finding for the request and one for the response, at the first of its places. No finding
    shows more of it than its start. Raises nothing.
    """
    finder = _get_finder(settings)
    places = _group(_search_document(recording, finder))
    for split in _search_reply(recording, exchange.completion, finder, places):
        places[_spell(split.secret), "response"] = [split]
    groups = list(places.items())
    for (_, part), found in groups[:MOST_FINDINGS]:
        yield _report(recording, _describe(part, found), found[0])
    rest = groups[MOST_FINDINGS:]
    if rest:
        yield _report(recording, f"{len(rest):,} more secrets, the first of them here", rest[0][1][0])


def mask_secrets(text: str, settings: SecretSettings) -> str:
    """The text with only the start and the length left of each secret in it, as `sk-p…[51 characters]`."""
    pieces, end = [], 0
    for hit in sorted(_get_finder(settings).find(text), key=lambda hit: hit.start):
        pieces += [text[end : hit.start], f"{_abbreviate(hit.secret)}[{len(hit.secret):,} characters]"]
        end = hit.start + len(hit.secret)
    return "".join([*pieces, text[end:]])


class _Hit(NamedTuple):
    """A secret in a text: its kind, where it starts, whether the project itself looks for it."""

    kind: str
    start: int
    secret: str
    is_own: bool


class _Found(NamedTuple):
    """A secret at a place of a recording."""

    kind: str
    secret: str
    is_own: bool
    pointer: str
    is_split: bool = False


_Places = dict[tuple[str, str], list[_Found]]
"""What was found, by the secret (as `_spell` gives it) and the part of the recording that it stands in."""


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


def _report(recording: Recording, message: str, found: _Found) -> Finding:
    hint = "replace it in the recording and re-hash the file"
    if not found.is_own:
        hint = f"revoke it, then {hint}"
    return Finding(SECRET.name, SECRET.severity, recording.source.name, message, hint, found.pointer)


def _abbreviate(secret: str) -> str:
    """The first four characters of a secret; of a short one fewer, since they would tell too much of it."""
    return f"{secret[: min(4, len(secret) // 4)]}…"


def _search_document(recording: Recording, finder: _Finder) -> Iterator[_Found]:
    """The secrets of a document, in the order of the file."""
    raw = recording.source.content.decode()
    # Recorders escape no character that secrets are made of; whoever else wrote a file may have.
    spellings = [raw] if recording.as_written else [raw, serialise(recording.document).decode()]
    if not finder.has_own_patterns and not any(map(_may_hold_secret, spellings)):
        return
    is_found = False
    texts: list[tuple[_Path, str]] = []
    _collect_texts(recording.document, None, texts, set())
    may_find = finder.may_find("\n".join(text for _, text in texts))
    for path, text in texts if may_find else ():
        for hit in finder.find(text):
            is_found = True
            yield _Found(hit.kind, hit.secret, hit.is_own, _write_pointer(path, finder))
    if not is_found and not recording.as_written:  # of a key that is repeated, the document has one value
        for hit in finder.find(raw):
            if not hit.is_own:
                yield _Found(hit.kind, hit.secret, hit.is_own, "")


_Path = tuple["_Path", str | int] | None
"""The steps to a value, the last one first: pointers take time, and few are needed."""


def _collect_texts(value: JSON, path: _Path, texts: list[tuple[_Path, str]], keys: set[str]) -> None:
    """Add the texts in an object or a list, and its keys that are new, to `texts`, in their order.

    A text that stands under a key comes after it and a newline: some secrets show by nothing else.
    """
    is_object = isinstance(value, dict)
    members: Iterable[tuple[Any, JSON]] = value.items() if is_object else enumerate(value)
    for step, inner in members:
        place = (path, step)
        if isinstance(inner, str):
            texts.append((place, f"{step}\n{inner}" if is_object else inner))
            continue
        if is_object and step not in keys:
            keys.add(step)
            texts.append((place, step))
        if isinstance(inner, (dict, list)):
            _collect_texts(inner, place, texts, keys)


def _write_pointer(path: _Path, finder: _Finder) -> str:
    """A pointer to a value, or to what holds the first key on the way that is a secret itself."""
    steps = []
    while path is not None:
        path, step = path
        steps.append(str(step))
    shown = takewhile(lambda step: not any(finder.find(step)), reversed(steps))
    return "".join(f"/{escape_pointer(step)}" for step in shown)


def _search_reply(
    recording: Recording, completion: Completion, finder: _Finder, places: _Places
) -> list[_Found]:
    """The secrets that only the assembled reply holds: in the recording they are cut into pieces.

    A piece that looks like a secret itself is taken out of `places`.
    """
    split: dict[str, _Found] = {}
    for place, text in _list_texts(completion):
        for hit in finder.find(text):
            secret = _spell(hit.secret)
            if (secret, "response") in places or secret in split:
                continue
            pointer = "/response/body"
            if len(split) < _MOST_LOCATED:
                pointer = _locate_chunk(recording, place, hit.start)
                _drop_pieces(places, hit.kind, secret)
            split[secret] = _Found(hit.kind, hit.secret, hit.is_own, pointer, is_split=True)
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
    if wire is None or not isinstance(body, list):
        return "/response/body"

    def is_told_by(count: int) -> bool:
        return len(dict(_list_texts(wire.assemble(body[:count], True))).get(place, "")) > offset

    number = bisect_left(range(1, len(body)), True, key=is_told_by)
    return f"/response/body/{number}"


class _Finder:
    """What looks for secrets in texts, the way that a project wants it.

    A secret is let be when an expression of `allow` is found in it or in what shows it to be one: a url, the
    name of a key. Where a text stands under a key, that stands in a line above it, for own patterns too.
    """

    def __init__(self, settings: SecretSettings) -> None:
        self._allow = [re.compile(pattern) for pattern in settings.allow]
        self._own = [(name, re.compile(pattern, re.MULTILINE)) for name, pattern in settings.patterns]

    @property
    def has_own_patterns(self) -> bool:
        """Whether it looks for more than the gate of all kinds opens for."""
        return bool(self._own)

    def may_find(self, text: str) -> bool:
        """Whether `find` can find anything in a text, or in one of the lines of it."""
        return _may_hold_secret(text) or any(pattern.search(text) for _, pattern in self._own)

    def find(self, text: str) -> Iterator[_Hit]:
        """The secrets of a text, those of the same kind in their order; none is part of another."""
        if not self.may_find(text):
            return
        taken = bytearray(len(text))
        for name, is_own, match in self._match(text):
            start, end = match.span(0 if is_own else "secret")
            if 1 in taken[start:end]:
                continue
            taken[start:end] = b"\1" * (end - start)
            if not any(pattern.search(match[0]) for pattern in self._allow):
                yield _Hit(name, start, text[start:end], is_own)

    def _match(self, text: str) -> Iterator[tuple[str, bool, re.Match[str]]]:
        for kind, pattern in _compile_kinds():
            for match in pattern.finditer(text):
                if kind.is_real(match):
                    yield kind.name, False, match
        for name, pattern in self._own:
            for match in pattern.finditer(text):
                if match[0]:
                    yield name, True, match


_get_finder = lru_cache(maxsize=8)(_Finder)


def _may_hold_secret(text: str) -> bool:
    """Whether any kind's gate opens for a text; boundaries and entropy are not looked at."""
    try:
        return _compile_gate().is_valid(text)
    except ValueError:  # lone surrogates, which it can't read
        return True


@cache
def _compile_gate() -> Validator:
    """All gates as one. jsonschema-rs finds one of many literals about a hundred times as fast as `re`."""
    from jsonschema_rs import RegexOptions, validator_for

    pattern = "|".join(dict.fromkeys(kind.gate for kind in _KINDS))
    return validator_for({"pattern": pattern}, pattern_options=RegexOptions())


@cache
def _compile_kinds() -> tuple[tuple[_Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(kind.pattern)) for kind in _KINDS)


def _is_plausible(match: re.Match[str]) -> bool:
    """Whether a secret is no placeholder: does not say so, and does not repeat a few characters."""
    return not re.search(_PLACEHOLDER, match["secret"]) and _measure_entropy(match["secret"]) >= 3


# Words that mark a placeholder; short ones only where a part begins, or keys by the thousand would hold one.
_PLACEHOLDER = (
    r"(?i:example|dummy|placeholder|redact|change-?me|sample|foobar|x{5}|0123456|1234567|abcdefg"
    r"|(?:^|[-_./=])(?:fake|test|mock|demo|your|invalid|secret)|(.)\1{7})"
)


def _measure_entropy(text: str) -> float:
    """Shannon's entropy, in bits for each character."""
    length = len(text)
    return -sum(count / length * math.log2(count / length) for count in Counter(text).values())


def _is_key_id(match: re.Match[str]) -> bool:
    """Whether an AWS key id stands for itself, rather than in the signature of a url."""
    return _is_plausible(match) and not match.string.endswith("Credential=", 0, match.start())


def _is_random(match: re.Match[str]) -> bool:
    """Whether a secret looks drawn by lot: for kinds whose shape a slug, a date or an identifier may have."""
    runs = re.findall("[A-Za-z0-9]{8,}", match["secret"])
    return any(map(_mixes_characters, runs)) and _is_plausible(match)


def _mixes_characters(run: str) -> bool:
    """Whether digits stand among letters of both cases, or, in a long run, often enough among one."""
    digits = sum(map(str.isdigit, run))
    if run.lower() == run or run.upper() == run:
        return len(run) >= 20 and len(run) / 8 <= digits < len(run)
    return digits > 0


def _is_key_block(match: re.Match[str]) -> bool:
    """Whether a block in PEM holds a line of base64 (a key as short as Ed25519's does), and is no example."""
    line = re.search("[A-Za-z0-9+/]{60}", match["body"])
    return line is not None and _measure_entropy(line[0]) >= 4 and "EXAMPLE" not in match["body"]


def _is_token(match: re.Match[str]) -> bool:
    """Whether the header of a JSON web token says how it is signed, and it is not everybody's example."""
    header, payload, _ = match["secret"].split(".")
    try:
        told = json.loads(_decode_base64(header))
        is_example = b'"sub":"1234567890"' in _decode_base64(payload)
    except ValueError:
        return False
    return isinstance(told, dict) and "alg" in told and not is_example


def _decode_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_login(match: re.Match[str]) -> bool:
    """Whether base64 text holds a name and a password."""
    try:
        user, colon, password = _decode_base64(match["secret"]).decode("ascii").partition(":")
    except ValueError:
        return False
    return colon != "" and (user + password).isprintable() and _is_password(user, password)


def _is_login_in_url(match: re.Match[str]) -> bool:
    """Whether a url holds a password, and its host is none of those that are kept for examples."""
    is_reserved = re.search(r"(?:^|\.)example(?:\.(?:com|net|org))?$|\.(?:test|invalid)$", match["host"])
    return not is_reserved and _is_password(match["user"], match["secret"])


def _is_password(user: str, password: str) -> bool:
    """Whether a password is more than a word that stands for one, a template or a mask."""
    is_word = password == user or re.fullmatch(_STAND_IN, password)
    return not is_word and len(set(password)) >= 3


_STAND_IN = (
    r"(?i:(?:my|your|the|db)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api[-_]?)?key)"
    r"|user(?:name)?|admin|root|guest|changeme|redacted|example|test|x-oauth-basic"
    r"|\$?\{.*\}|\$[A-Z_]+|%\w+%|\[.*\]|.*\*{3}.*)"
)


class _Kind(NamedTuple):
    """A kind of secret.

    `gate` is a regular expression without boundaries, in the syntax that Python and jsonschema-rs share. It
    opens for whatever `pattern` finds. That one has the group `secret`, and gives up after a bounded number
    of steps for each character. `is_real` judges what it finds.
    """

    name: str
    gate: str
    pattern: str
    is_real: Callable[[re.Match[str]], bool]


def _prefixed(
    name: str,
    prefix: str,
    characters: str,
    least: int,
    most: int,
    is_real: Callable[[re.Match[str]], bool] = _is_plausible,
) -> _Kind:
    """A kind that shows by its prefix, with so many of some characters after it."""
    # What stands before the prefix is looked at after it, since `re` is quick with patterns that start with
    # a literal. The n of an escaped newline is no part of a word.
    before = (
        rf"(?:(?<![A-Za-z0-9_-]{prefix})|(?<=\\[bfnrt]{prefix})"
        rf"|(?<=\\u[0-9A-Fa-f]{{4}}{prefix})|(?<=%[0-9A-Fa-f]{{2}}{prefix}))"
    )
    pattern = rf"(?P<secret>{prefix}{before}[{characters}]{{{least},{most}}}+)(?![A-Za-z0-9_-])"
    return _Kind(name, rf"{prefix}[{characters}]{{{least}}}", pattern, is_real)


_WORD = "A-Za-z0-9_-"
_NAME_END = "(?:[kK]ey|KEY|[sS]ecret|SECRET|[tT]oken|TOKEN|[aA]uthorization)"
_IS = r"""["' \t\n:=>\\]{1,16}"""
_VALUE = "[A-Za-z0-9_+/.~-]"

_KINDS = (
    _Kind(
        "a private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
        r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<body>(?:[A-Za-z0-9+/=\\\s:,]|-(?!----)){64,20000}+)"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?)",
        _is_key_block,
    ),
    _prefixed("an Anthropic API key", "sk-ant-", _WORD, 30, 200),
    _prefixed("an OpenRouter API key", "sk-or-", _WORD, 30, 100, _is_random),
    _prefixed("an OpenAI API key", "sk-", _WORD, 20, 220, _is_random),
    _prefixed("a Google API key", "AIza", _WORD, 35, 35),
    _prefixed("a Google API key", r"AQ\.", _WORD, 30, 100, _is_random),
    _prefixed("a Google access token", r"ya29\.", f".{_WORD}", 30, 2000),
    _prefixed("a Google client secret", "GOCSPX-", _WORD, 28, 28),
    _prefixed("an AWS access key id", "A[KS]IA", "A-Z2-7", 16, 16, _is_key_id),
    _prefixed("an Amazon Bedrock API key", "ABSK", "A-Za-z0-9+/=", 60, 400, _is_random),
    _prefixed("an Amazon Bedrock API key", "bedrock-api-key-", f"+/={_WORD}", 60, 3000),
    _Kind(
        "an Azure API key",
        r"JQQJ99[A-Za-z0-9]{26}",
        rf"(?<![{_WORD}])(?P<secret>[A-Za-z0-9]{{52}}JQQJ99[A-Za-z0-9]{{26}})(?![{_WORD}])",
        _is_random,
    ),
    _Kind(
        "an Azure access key",
        r"AccessKey=[A-Za-z0-9+/]{40}|AccountKey=[A-Za-z0-9+/]{40}",
        r"(?<![A-Za-z])(?:Shared)?A(?:ccess|ccount)Key=(?P<secret>[A-Za-z0-9+/]{40,100}+={0,2})",
        _is_random,
    ),
    _prefixed("a GitHub token", "gh[pour]_", "A-Za-z0-9", 36, 255),
    _prefixed("a GitHub token", "ghs_", f".{_WORD}", 36, 2000),
    _prefixed("a GitHub token", "github_pat_", "A-Za-z0-9_", 60, 255),
    _prefixed("a Hugging Face token", "hf_", "A-Za-z0-9", 30, 60),
    _prefixed("a Hugging Face token", "api_org_", "A-Za-z0-9", 30, 60),
    _prefixed("a Slack token", "xox[abceoprs]-[0-9]", "A-Za-z0-9-", 20, 255),
    _prefixed("a Slack token", "xapp-", "A-Za-z0-9-", 40, 255, _is_random),
    _Kind(
        "a Slack webhook",
        r"hooks\.slack\.com/services/T",
        r"hooks\.slack\.com/services/(?P<secret>T\w{6,14}/B\w{6,14}/[A-Za-z0-9]{18,40})",
        _is_plausible,
    ),
    _prefixed("a Groq API key", "gsk_", "A-Za-z0-9", 40, 80),
    _prefixed("an xAI API key", "xai-", _WORD, 60, 120),
    _prefixed("a Together API key", "tgp_v1_", _WORD, 40, 60),
    _prefixed("a Fireworks API key", "fw_", "A-Za-z0-9", 20, 40, _is_random),
    _prefixed("a Cerebras API key", "csk-", "a-z0-9", 40, 60),
    _prefixed("an NVIDIA API key", "nvapi-", _WORD, 50, 100),
    _prefixed("a Perplexity API key", "pplx-", "A-Za-z0-9", 40, 64),
    _prefixed("a Tavily API key", "tvly-", "A-Za-z0-9-", 20, 64, _is_random),
    _prefixed("a Databricks token", "dapi", "a-f0-9", 32, 32),
    _Kind(
        "a JSON web token",
        rf"eyJ[{_WORD}]{{10,}}\.eyJ",
        rf"(?<![{_WORD}])(?P<secret>eyJ[{_WORD}]{{10,400}}+\.eyJ[{_WORD}]{{10,6000}}+\.[{_WORD}]{{10,1000}}+)",
        _is_token,
    ),
    _Kind(
        "an AWS secret access key",
        rf"{_NAME_END}{_IS}{_VALUE}{{20}}",
        rf"(?i:secret[-_ ]?(?:access[-_ ]?)?)(?:[kK]ey|KEY){_IS}"
        r"(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
        _is_random,
    ),
    _Kind(
        "a bearer token",
        rf"[bB]earer {_VALUE}{{20}}",
        rf"[bB]earer (?P<secret>{_VALUE}{{20,2000}}+={{0,2}})",
        _is_random,
    ),
    _Kind(
        "a name and password",
        r"[bB]asic [A-Za-z0-9+/]{8}",
        r"[bB]asic (?P<secret>[A-Za-z0-9+/]{8,400}+={0,2})",
        _is_login,
    ),
    _Kind(
        "a password in a url",
        r"""://[^ /:@"]*:[^ /@"]+@""",
        r"""://(?P<user>[^\s/:@"'<>\\?#]{0,100}+):(?P<secret>[^\s/@"'<>\\?#]{4,200}+)@(?P<host>[\w.-]{1,255}+|\[)""",
        _is_login_in_url,
    ),
    _Kind(
        "an API key",
        rf"{_NAME_END}{_IS}{_VALUE}{{20}}",
        r"(?:(?i:api|access|secret|account|subscription|auth|client|session|refresh)[-_ ]?|(?=[aA]utho))"
        rf"{_NAME_END}{_IS}(?P<secret>{_VALUE}{{20,2000}}+={{0,2}})",
        _is_random,
    ),
)
"""Formats as their providers give them; where these are known to grow, up to more than today's length."""
