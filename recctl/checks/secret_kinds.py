"""The kinds of secrets that are known: what they look like, and what only looks like one."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_plausible(match: re.Match[str]) -> bool:
    """Whether a secret is no placeholder: does not say so, and does not repeat a few characters."""
    return not re.search(_PLACEHOLDER, match["secret"]) and _measure_entropy(match["secret"]) >= 3


# Words that mark a placeholder; short ones only where a part begins, or keys by the thousand would hold one.
_PLACEHOLDER = (
    r"(?i:example|dummy|placeholder|redact|change-?me|sample|foobar|x{5}|0123456|1234567|abcdefg|abcdef1|abc123"
    r"|(?:^|[-_./=])(?:fake|test|mock|demo|your|invalid|secret)|(.)\1{7})"
)


def is_published(secret: str) -> bool:
    """Whether a secret stands in a standard or a manual, for all to copy."""
    return sha256(secret.rstrip("=").encode("utf-8", "replace")).hexdigest()[:16] in _PUBLISHED


# Their digests, without the padding: hosts block pushes of what looks like a key.
_PUBLISHED = frozenset(
    {
        "d05f6bb1aa2e4ccd",  # RFC 7617, Basic
        "9999b0894ccc7989",  # foo and bar, Basic
        "ca7459e2b26776de",  # RFC 6749, Basic
        "584b27d64ebc1b33",  # the same, with the client secret below
        "6c96130f130ab0d6",  # RFC 6749, access token
        "00cf4c781dc37003",  # RFC 6749, refresh token
        "e9974c507d2a8021",  # RFC 6749, client secret
        "bc3ae723f57c6b9e",  # GitHub's manual, token of an OAuth app
        "3543c50b0cb9cea8",  # the same as a personal token
        "82e74299544e0073",  # the same as a user's token
        "ed967197261c16a9",  # Azurite's account
        "ac9265e56c79b234",  # Google's manual
    }
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


def _is_random_value(match: re.Match[str]) -> bool:
    """Whether what stands after a name, as in `api_key = `, is a value drawn by lot and not source code."""
    secret = match["secret"]
    joins_words = re.search("[./]", secret) is not None and _measure_words(secret) >= 3.5
    return not joins_words and _is_random_token(match)


def _is_random_token(match: re.Match[str]) -> bool:
    """Whether a value is drawn by lot, and no function that is called."""
    is_called = match.string.startswith("(", match.end()) and _measure_words(match["secret"]) >= 3
    return not is_called and _is_random(match)


def _measure_words(text: str) -> float:
    """How long the words of a path or of identifiers are; in what is drawn by lot they are short."""
    words = re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", text)
    return sum(map(len, words)) / max(1, len(words))


def _mixes_characters(run: str) -> bool:
    """Whether digits stand among letters of both cases, or, in a long run, often enough among one.

    A name of many words, as in `base64EncodedSecretKey`, is nothing drawn by lot.
    """
    digits = sum(map(str.isdigit, run))
    if run.lower() == run or run.upper() == run:
        return len(run) >= 20 and len(run) / 8 <= digits < len(run)
    words = re.findall("[A-Z][a-z]{2,}|^[a-z]{2,}", run)
    return digits > 0 and (len(run) < 24 or sum(map(len, words)) < len(run) * 0.8)


def _is_key_block(match: re.Match[str]) -> bool:
    """Whether a block in PEM holds a line of base64 (a key as short as Ed25519's does), and is no example."""
    line = re.search("[A-Za-z0-9+/]{60}", match["body"])
    return line is not None and _measure_entropy(line[0]) >= 4 and "EXAMPLE" not in match["body"]


def _is_token(match: re.Match[str]) -> bool:
    """Whether the header of a JSON web token says how it is signed, and it is not everybody's example."""
    header, payload, _ = match["secret"].split(".")
    try:
        told = json.loads(_decode_base64(header))
        claims = re.sub(rb"\s", b"", _decode_base64(payload))
    except ValueError:
        return False
    return isinstance(told, dict) and "alg" in told and not any(each in claims for each in _EXAMPLE_CLAIMS)


# jwt.io's, RFC 7515's and RFC 7519's, Supabase's for a server at home
_EXAMPLE_CLAIMS = (b'"sub":"1234567890"', b'"iss":"joe"', b'"iss":"supabase-demo"')


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
    """Whether a url holds a password, and its host is none that is kept for examples, or the own machine."""
    return not re.search(_RESERVED, match["host"]) and _is_password(match["user"], match["secret"])


_RESERVED = (
    r"(?i:(?:^|\.)(?:example(?:\.(?:com|net|org))?|localhost)|\.(?:test|invalid)"
    r"|^127\.0\.0\.1|^0\.0\.0\.0|^\[::1\])$"
)


def _is_password(user: str, password: str) -> bool:
    """Whether a password is more than a word that stands for one, a template or a mask."""
    is_word = password == user or re.fullmatch(_STAND_IN, password)
    return not is_word and len(set(password)) >= 3


_STAND_IN = (
    r"(?i:(?:my|your|the|db)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api[-_]?)?key)"
    r"|user(?:name)?|admin|root|guest|changeme|redacted|example|test|x-oauth-basic"
    r"|\$?\{.*\}|\$[A-Z_]+|%\w+%|\[.*\]|.*\*{3}.*)"
)


class Kind(NamedTuple):
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
    ending: str = "",
) -> Kind:
    """A kind that shows by its prefix, with so many of some characters after it, and perhaps an ending."""
    # What stands before the prefix is looked at after it, since `re` is quick with patterns that start with
    # a literal. The n of an escaped newline is no part of a word.
    before = (
        rf"(?:(?<![A-Za-z0-9_-]{prefix})|(?<=\\[bfnrt]{prefix})"
        rf"|(?<=\\u[0-9A-Fa-f]{{4}}{prefix})|(?<=%[0-9A-Fa-f]{{2}}{prefix})|(?<=m{prefix}))"
    )
    after = "(?![A-Za-z0-9_]|-[A-Za-z0-9_-])"
    pattern = rf"(?P<secret>{prefix}{before}[{characters}]{{{least},{most}}}+{ending}){after}"
    gate = rf"{prefix}[{characters}]{{{least}}}"
    return Kind(name, gate, pattern, lambda match: _follows_no_word(match) and is_real(match))


def _follows_no_word(match: re.Match[str]) -> bool:
    """Whether an m before a secret, if there is one, ends what sets the color in a terminal."""
    text, start = match.string, match.start()
    return not text.endswith("m", 0, start) or _COLOR.search(text, max(0, start - 40), start) is not None


_COLOR = re.compile(r"\x1b\[[0-9;:]*m$")


_WORD = "A-Za-z0-9_-"
_NAME_END = "(?:[kK]ey|KEY|[sS]ecret|SECRET|[tT]oken|TOKEN|[aA]uthorization|AUTHORIZATION)"
_IS = r"""["'`* \t\n:=>\\]{1,16}"""
_IS_OR_ESCAPES = r"""(?:["'`* \t\n:=>\\]|\\[nrt]){1,16}"""  # gates are asked of texts as JSON has them
_VALUE = "[A-Za-z0-9_+/.~-]"

KINDS = (
    Kind(
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
    _prefixed("an Amazon Bedrock API key", "bedrock-api-key-", f"+/={_WORD}", 60, 3000, _is_random),
    Kind(
        "an Azure API key",
        r"JQQJ99[A-Za-z0-9]{26}",
        rf"(?<![{_WORD}])(?P<secret>[A-Za-z0-9]{{52}}JQQJ99[A-Za-z0-9]{{26}})(?![{_WORD}])",
        _is_random,
    ),
    Kind(
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
    Kind(
        "a Slack webhook",
        r"hooks\.slack\.com/services/T",
        r"hooks\.slack\.com/services/(?P<secret>T\w{6,14}/B\w{6,14}/[A-Za-z0-9]{18,40})",
        _is_plausible,
    ),
    _prefixed("a Groq API key", "gsk_", "A-Za-z0-9", 40, 80),
    _prefixed("an xAI API key", "xai-", _WORD, 60, 120, _is_random),
    _prefixed("a Together API key", "tgp_v1_", _WORD, 40, 60),
    _prefixed("a Fireworks API key", "fw_", "A-Za-z0-9", 20, 40, _is_random),
    _prefixed("a Cerebras API key", "csk-", "a-z0-9", 40, 60),
    _prefixed("an NVIDIA API key", "nvapi-", _WORD, 50, 100, _is_random),
    _prefixed("a Perplexity API key", "pplx-", "A-Za-z0-9", 40, 64),
    _prefixed("a Tavily API key", "tvly-", "A-Za-z0-9-", 20, 64, _is_random),
    _prefixed("a Databricks token", "dapi", "a-f0-9", 32, 32, ending="(?:-[0-9])?"),
    _prefixed("a Replicate token", "r8_", "A-Za-z0-9", 37, 40),
    _prefixed("a GitLab token", "glpat-", f".{_WORD}", 20, 300, _is_random),
    _prefixed("an npm token", "npm_", "A-Za-z0-9", 36, 36, _is_random),
    _prefixed("a PyPI token", "pypi-AgE", _WORD, 60, 400),
    _prefixed("a SendGrid API key", r"SG\.", f".{_WORD}", 66, 66, _is_random),
    _prefixed("a Stripe API key", "[rs]k_live_", "A-Za-z0-9", 20, 250),
    Kind(
        "a JSON web token",
        rf"eyJ[{_WORD}]{{10,}}\.eyJ",
        rf"(?<![{_WORD}])(?P<secret>eyJ[{_WORD}]{{10,400}}+\.eyJ[{_WORD}]{{10,6000}}+\.[{_WORD}]{{10,1000}}+)",
        _is_token,
    ),
    Kind(
        "an AWS secret access key",
        rf"{_NAME_END}{_IS_OR_ESCAPES}{_VALUE}{{20}}",
        rf"(?i:secret[-_ ]?(?:access[-_ ]?)?)(?:[kK]ey|KEY){_IS}"
        r"(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
        _is_random_value,
    ),
    Kind(
        "a bearer token",
        rf"(?:[bB]earer|BEARER) {_VALUE}{{20}}",
        rf"(?:[bB]earer|BEARER) (?P<secret>{_VALUE}{{20,2000}}+={{0,2}})",
        _is_random_token,
    ),
    Kind(
        "a name and password",
        r"(?:[bB]asic|BASIC) [A-Za-z0-9+/]{8}",
        r"(?:[bB]asic|BASIC) (?P<secret>[A-Za-z0-9+/]{8,400}+={0,2})",
        _is_login,
    ),
    Kind(
        "a password in a url",
        r"""://[^ /:@"]*:[^ /@"]+@""",
        r"""://(?P<user>[^\s/:@"'<>\\?#]{0,100}+):(?P<secret>[^\s/@"'<>\\?#]{4,200}+)@(?P<host>[\w.-]{1,255}+|\[(?:::1\])?)""",
        _is_login_in_url,
    ),
    Kind(
        "an API key",
        rf"{_NAME_END}{_IS_OR_ESCAPES}{_VALUE}{{20}}",
        r"(?:(?i:api|access|secret|account|subscription|auth|client|session|refresh)[-_ ]?|(?=(?i:autho)))"
        rf"{_NAME_END}{_IS}(?P<secret>{_VALUE}{{20,2000}}+={{0,2}})",
        _is_random_value,
    ),
)
"""Formats as their providers give them; where these are known to grow, up to more than today's length."""

GUESSABLE = frozenset({"a name and password", "a password in a url"})
"""The kinds of secrets that somebody may have thought of."""
