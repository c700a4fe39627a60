"""What tells a secret from what only looks like one: placeholders, names, source code, data."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter

from recctl.base.digests import sha256


def is_plausible(match: re.Match[str]) -> bool:
    """Whether a secret is no placeholder: does not say so, and does not repeat a few characters."""
    return not re.search(_PLACEHOLDER, _drawn(match)) and _measure_entropy(match["secret"]) >= 3


def _drawn(match: re.Match[str]) -> str:
    """A secret without the prefix that all of its kind share."""
    return match.groupdict().get("rest") or match["secret"]


# Words that mark a placeholder; short ones only where a part begins, or keys by the thousand would hold one.
_PLACEHOLDER = (
    r"(?i:example|dummy|placeholder|redact|change-?me|sample|foobar|x{5}|0123456|1234567|abcdefg|abcdef1|abc123"
    r"|(?:^|[-_./=])(?:fake|test|mock|demo|your|invalid|secret)|(.)\1{7})"
)


def is_published(secret: str) -> bool:
    """Whether a secret is in a standard or a manual, for all to copy."""
    return sha256(secret.rstrip("=").encode("utf-8", "replace"))[:16] in _PUBLISHED


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


def is_key_id(match: re.Match[str]) -> bool:
    """Whether an AWS key id stands for itself, rather than in the signature of a url."""
    return is_plausible(match) and not match.string.endswith("Credential=", 0, match.start())


def is_random(match: re.Match[str]) -> bool:
    """Whether a secret looks drawn by lot: for kinds whose shape a slug, a date or an identifier may have."""
    return _looks_random(_drawn(match)) and is_plausible(match)


def _looks_random(text: str) -> bool:
    return any(map(_mixes_characters, re.findall("[A-Za-z0-9]{8,}", text)))


def is_named_value(match: re.Match[str]) -> bool:
    """Whether what stands after a bare word, such as `token`, is drawn by lot, and not public by its name."""
    name = match["name"]
    if name in _SHORT_PARAMETERS and len(match["secret"]) < 24:
        return False
    return re.search(_PUBLIC_NAME, name) is None and is_random_value(match)


_SHORT_PARAMETERS = ("key", "auth", "appid", "sig")
_PUBLIC_NAME = "PUBLI|CACHE|PAGE|NEXT|PRIMARY|PARTITION|SORT|FOREIGN|IDEMPOTENCY|MAX|OBJECT|ROW|HASH|SITE"


def is_qualified(match: re.Match[str]) -> bool:
    """Whether the name before a value says what it is for: `api_key` does, `key` and `cache_key` do not."""
    before = match.string[max(0, match.start() - _LONGEST_QUALIFIER) : match.start()].lower()
    return match["name"].lower() == "authorization" or re.search(_QUALIFIER, before) is not None


_LONGEST_QUALIFIER = 16
_QUALIFIER = (
    "(?:api|access|secret|account|subscription|auth|client|session|refresh|security|bearer|private|signing"
    "|webhook|encryption|application|master|service|bot|vault|consumer|oauth|personal|deploy|admin|server"
    "|hf|hub|git|github|gitlab|shopify|figma|notion|slack|jwt|registry|app)[-_ ]?$"
)


def is_named_uuid(match: re.Match[str]) -> bool:
    """Whether a secret is a UUID, and none that somebody made up."""
    secret = match["secret"]
    is_uuid = re.fullmatch("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", secret) is not None
    return is_uuid and not re.search(_PLACEHOLDER, secret) and _measure_entropy(secret) >= 2.7


def is_cookie(match: re.Match[str]) -> bool:
    """Whether one of the values in a header with cookies is drawn by lot, and gives access to something."""
    cookies = re.findall("([^=;,\\s]*)=([^;,\\s]{16,})", match["secret"])
    return any(
        _looks_random(value) and not names_visitor(name) and not re.search(_PLACEHOLDER, value)
        for name, value in cookies
    )


def names_visitor(name: str) -> bool:
    """Whether a cookie's name is that of one which knows a visitor and lets nobody in."""
    return re.fullmatch(_OF_CDNS, name) is not None


# By which content delivery networks tell bots from browsers, and balance load: they know a visitor, and let
# nobody in. Cloudflare's, Amazon's, Akamai's, Imperva's, DataDome's, F5's, Google's and Azure's.
_OF_CDNS = (
    "__cf_?[a-z]+|_cfuvid|cf_clearance|cf_chl_[a-z0-9_]+|AWS(?:ALB|ELB)[A-Z0-9-]*|aws-waf-token"
    "|ak_bmsc|bm_[a-z]+|_abck|(?:visid_)?incap_[a-z0-9_]+|nlbi_[0-9_]+|reese84|datadome|BIGipServer.*"
    "|GCLB|ARRAffinity(?:SameSite)?"
)


def is_named_password(match: re.Match[str]) -> bool:
    """Whether what a field calls a password is one: no word, no placeholder, no source code."""
    secret = match["secret"]
    if not _is_password("", secret) or re.search(_PLACEHOLDER, secret) or re.search(_COMMON, secret):
        return False
    kinds = sum(re.search(kind, secret) is not None for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
    is_mixed = kinds >= 3 and len(set(secret)) >= 6
    joins_words = _measure_words(secret) >= 3.5 and re.search("[A-Za-z][./_-][A-Za-z]", secret) is not None
    return len(secret) >= 8 and not joins_words and (is_mixed or _looks_random(secret))


# Of passwords that people show to each other: words that are known to be tried first.
_COMMON = (
    r"(?i:p[a@4][s$5]{2}|secret|admin|test|user|demo|hello|welcome|qwerty|letmein|change|1234|abcd"
    r"|secure|strong|string|value|null|none|true|false|required|^https?:|\.(?:com|org|net)\b)"
)


def is_bot_token(match: re.Match[str]) -> bool:
    """Whether the first part of a token of Discord tells the number of a bot."""
    try:
        return _decode_base64(match["id"]).isdigit() and is_random(match)
    except ValueError:
        return False


def is_in_data(text: str, start: int, end: int) -> bool:
    """Whether a passage is part of base64 that goes on before it: of a picture, of a recorded voice."""
    before = text[max(0, start - 1) : start]
    if before in ("\n", " ", "\t"):
        return _is_in_lines_of_data(text, start)
    if before not in ("+", "/"):
        return False
    run = re.search("[A-Za-z0-9+/]*$", text[max(0, start - _NEIGHBOURS) : start])
    after = re.compile("[A-Za-z0-9+/]*").match(text, end, end + _NEIGHBOURS)
    lengths = [len(found[0]) if found is not None else 0 for found in (run, after)]
    return max(lengths) == _NEIGHBOURS


def _is_in_lines_of_data(text: str, start: int) -> bool:
    """Whether a line is one of base64's, no longer than that before it, which is one of them, too."""
    head = text[max(0, start - _LONGEST_LINES) : start]
    above = re.search(r"(?:^|\n)[ \t]*([A-Za-z0-9+/]{56,})\r?\n[ \t]*$", head)
    line = re.compile(r"([A-Za-z0-9+/]+={0,2})(?=\s|\Z)").match(text, start)
    if above is None or line is None or len(line[1]) > len(above[1]):
        return False
    return all(re.search(kind, above[1]) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


_LONGEST_LINES = 400
"""How many characters before a line are looked at for that above it."""

_NEIGHBOURS = 64  # characters; no path in a url has as many that are all letters, digits and slashes


def is_random_value(match: re.Match[str]) -> bool:
    """Whether what stands after a name, as in `api_key = `, is a value drawn by lot and not source code."""
    secret = match["secret"]
    joins_words = re.search("[./]", secret) is not None and _measure_words(secret) >= 3.5
    return not joins_words and not re.match(_FOR_BROWSERS, secret) and is_random_token(match)


_FOR_BROWSERS = (
    "pub[a-f0-9]{32}$|p(?:ub|k)[-_](?:live|test|lf)"  # which are made to be seen: Datadog's, Stripe's
)


def is_random_token(match: re.Match[str]) -> bool:
    """Whether a value is drawn by lot, and no function that is called."""
    is_called = match.string.startswith("(", match.end()) and _measure_words(match["secret"]) >= 3
    return not is_called and is_random(match)


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


def is_key_block(match: re.Match[str]) -> bool:
    """Whether a block in PEM holds a line of base64 (a key as short as Ed25519's does), and is no example."""
    line = re.search("[A-Za-z0-9+/]{60}", match["body"])
    return line is not None and _measure_entropy(line[0]) >= 4 and "EXAMPLE" not in match["body"]


def is_token(match: re.Match[str]) -> bool:
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


def is_login(match: re.Match[str]) -> bool:
    """Whether base64 text holds a name and a password."""
    try:
        user, colon, password = _decode_base64(match["secret"]).decode("ascii").partition(":")
    except ValueError:
        return False
    return colon != "" and (user + password).isprintable() and _is_password(user, password)


def is_login_in_url(match: re.Match[str]) -> bool:
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


def follows_no_word(match: re.Match[str]) -> bool:
    """Whether an m before a secret, if there is one, ends what sets the color in a terminal."""
    text, start = match.string, match.start()
    return not text.endswith("m", 0, start) or re.search(_COLOR, text[max(0, start - 40) : start]) is not None


_COLOR = r"\x1b\[[0-9;:]*m$"
