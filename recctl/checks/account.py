"""The *account* family: who recorded it? Ids of organisations, projects and cloud accounts, and cookies."""

from __future__ import annotations

import re
import sys
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

import orjson

from recctl.base.digests import sha256
from recctl.base.masking import make_mask
from recctl.base.pointer import find_holder, join_pointer
from recctl.base.values import NamedTuple
from recctl.checks.finding import Finding, Rule, Severity
from recctl.checks.secret_judges import names_visitor
from recctl.recordings.formats import load_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import Validator

    from recctl.base.syntax import Position
    from recctl.recordings.recording import JSON, Recording

ACCOUNT_ID = Rule(
    "account-id",
    Severity.WARNING,
    "The recording contains the id of an account, or a cookie.",
    "It lets nobody in, but tells whose account it is, and goes into every copy of the repository. Recorders "
    "filter the headers of requests; providers name the organisation and the project in their replies. Ids "
    "of requests are none, nor are placeholders such as `<NAME>` or `xxxx`. The same value is told once.",
    "`recctl validate --fix` puts a mask of the same kind in its place, the same one in all files, but "
    "leaves it where replays are matched by it, as by a url. Then have the recorder filter it.",
    bad="openai-organization: [acme-7f3k2p]",
    good="openai-organization: [xxxx-9x9x9x]",
)

RULES = (ACCOUNT_ID,)


class Account(NamedTuple):
    """What tells of an account: its kind, the value, by the steps to its text and the place there.

    `name` is what it is told by where that is not its value: a cookie's name.
    """

    kind: str
    value: str
    steps: tuple[str | int, ...]
    start: int
    name: str = ""


def check_accounts(recording: Recording) -> Iterator[Finding]:
    """What of a recording tells of an account, each value once. Raises nothing."""
    found: dict[tuple[str, str], list[Account]] = {}
    for account in find_accounts(recording):
        found.setdefault((account.kind, account.name or account.value), []).append(account)
    for accounts in found.values():
        changed = [account for account in accounts if may_change(recording, account.steps)]
        first = (changed or accounts)[0]
        hint = "recctl validate --fix redacts it" if changed else _explain(recording, first)
        pointer = join_pointer(first.steps)
        yield ACCOUNT_ID.make_finding(
            recording.source.name,
            _describe(first),
            hint,
            pointer,
            position=_find_position(recording.source.content, first.value),
            fixable=bool(changed),
        )._replace(mark=_distinguish(first))


def _find_position(content: bytes, value: str) -> Position | None:
    """Where a value is in a file first; None where it is not written so. Reading YAML takes longer."""
    from recctl.base.syntax import Position

    offset = content.find(value.encode("utf-8", "replace"))
    if offset < 0:
        return None
    start = content.rfind(b"\n", 0, offset) + 1
    line = content.count(b"\n", 0, offset) + 1
    return Position(line, len(content[start:offset].decode("utf-8", "replace")) + 1)


def _describe(account: Account) -> str:
    if account.name:
        return f"{account.kind} ({account.name})"
    return f"{account.kind} ({_abbreviate(account.value)}, {len(account.value):,} characters)"


def _abbreviate(value: str) -> str:
    head = re.match(_PREFIX, value)
    known = len(head[0]) if head is not None else 0
    return f"{value[: known + min(4, (len(value) - known) // 4)]}…"


_PREFIX = "^(?:org-|proj_|wrkspc_|user-)"
"""What says of which kind an id is; it stays."""


def _distinguish(account: Account) -> str:
    """What tells an id from others; too little of its digest to find it by."""
    if account.name:
        return account.name
    return f"{_abbreviate(account.value)}[{len(account.value)}] {sha256(account.value.encode())[:4]}"


def _explain(recording: Recording, account: Account) -> str:
    form = load_format(recording.format)
    if form.is_named_by_hash:
        return "list it in a FILE: recctl rehash --redact-from FILE --apply redacts it, and names files anew"
    what = "url" if account.steps[1] in ("url", "endpoint") else "request"
    return f"it is part of the {what}, by which a replay finds it, and so --fix leaves it"


def may_change(recording: Recording, steps: tuple[str | int, ...]) -> bool:
    """Whether a text can become another without its replay being missed, or its file's name untrue."""
    form = load_format(recording.format)
    if form.is_named_by_hash or form.matching is None:  # a hash of the request
        return steps[0] == "response"
    return steps[0] == "response" or (steps[1] in ("headers", "body") and steps[1] not in form.matching.parts)


def is_redacted(finding: Finding) -> bool:
    """Whether a finding is of an account that a fix redacts."""
    return finding.rule == ACCOUNT_ID.name and finding.fixable


def describe_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings, in their order, with those of one value told as one, at the first of the files."""
    first: dict[str, Finding] = {}
    paths: dict[str, dict[str, None]] = {}
    fixable: set[str] = set()
    for finding in findings:
        if finding.rule != ACCOUNT_ID.name:
            yield finding
            continue
        key = f"{finding.message}\n{finding.mark}"
        first.setdefault(key, finding)
        paths.setdefault(key, {})[finding.path] = None
        if finding.fixable:
            fixable.add(key)
    for key, finding in first.items():
        others = tuple(path for path in paths[key] if path != finding.path)
        message = f"{finding.message} in {len(others) + 1:,} files" if others else finding.message
        yield finding._replace(message=message, also=others, fixable=key in fixable)


def find_accounts(recording: Recording) -> Iterator[Account]:
    """What of a recording tells of an account, in its order: headers, url, what is made for it in bodies."""
    document = recording.document
    for side in ("request", "response"):
        part = document.get(side)
        if isinstance(part, dict):
            yield from _search_headers(part.get("headers"), (side, "headers"))
            if isinstance(part.get("url"), str):
                yield from _search_url(part["url"], (side, "url"))
            yield from _search_keys(part.get("body"), (side, "body"))
    if _may_hold_more(recording):
        for side in ("request", "response"):
            part = document.get(side)
            body = part.get("body") if isinstance(part, dict) else None
            yield from _search_texts(body, (side, "body"))


def _search_headers(headers: JSON, steps: tuple[str | int, ...]) -> Iterator[Account]:
    for name, values in headers.items() if isinstance(headers, dict) else ():
        lowered = name.lower()
        kind = re.search(_HEADER, lowered)
        is_cookie = lowered in ("cookie", "set-cookie")
        if kind is None and not is_cookie:
            continue
        listed = values if isinstance(values, list) else [values]
        for index, value in enumerate(listed):
            place = (*steps, name, index) if isinstance(values, list) else (*steps, name)
            if not isinstance(value, str):
                continue
            if is_cookie:
                yield from _search_cookies(value, place)
            elif kind is not None and len(value) >= _SHORTEST and not is_placeholder(value):
                yield Account(_KINDS[kind[1]], value, place, 0)


_HEADER = (
    "(?:^|[-_])(organi[sz]ation|org|project|workspace|tenant|account|subscription)(?:[-_](?:id|uuid|name))?$"
)
_KINDS = {
    "organization": "an organisation",
    "organisation": "an organisation",
    "org": "an organisation",
    "project": "a project",
    "workspace": "a workspace",
    "tenant": "a tenant",
    "account": "an account",
    "subscription": "a subscription",
    "space": "a space",
}
_SHORTEST = 4
"""In characters: what is shorter tells nothing."""


def _search_cookies(header: str, steps: tuple[str | int, ...]) -> Iterator[Account]:
    """The cookies that let nobody in, and tell one visitor from others; the rest is the rule `secret`'s."""
    for cookie in re.finditer(_COOKIE, header):
        if names_visitor(cookie[1]) and not is_placeholder(cookie[2]):
            yield Account("a cookie", cookie[2], steps, cookie.start(2), name=cookie[1])


_COOKIE = r"(?:^|[;,\s])([^=;,\s]+)=([^;,\s]{16,})"


def _search_url(url: str, steps: tuple[str | int, ...]) -> Iterator[Account]:
    known: set[int] = set()
    for pattern in (_IN_PATH, _IN_QUERY):
        for found in re.finditer(pattern, url):
            value, start = found["value"], found.start("value")
            if any(map(str.isdigit, value)) and not is_placeholder(value):
                known.add(start)
                yield Account(_KINDS[found["kind"]], value, steps, start)
    yield from (account for account in _search_text(url, steps) if account.start not in known)


_IN_PATH = (
    "/(?P<kind>project|organization|account|subscription|workspace|tenant)s/"
    "(?P<value>[^/?#:%<>{}]{6,})(?=[/:?#]|$)"
)
_IN_QUERY = (
    "[?&](?P<kind>project|organization|org|account|space|workspace|tenant|subscription)(?:_id|Id)="
    "(?P<value>[^&#]{6,})"
)


def _search_keys(body: JSON, steps: tuple[str | int, ...]) -> Iterator[Account]:
    """What stands under the keys that are made for it, on top of a body or where clients put more."""
    if not isinstance(body, dict):
        return
    for key, value in body.items():
        if key in _INNER and isinstance(value, dict):
            yield from _search_keys({k: v for k, v in value.items() if k not in _INNER}, (*steps, key))
        kind = re.fullmatch(_KEY, key)
        if kind is None or not isinstance(value, str) or len(value) < _SHORTEST_IN_BODY:
            continue
        if any(map(str.isdigit, value)) and not is_placeholder(value):
            yield Account(_KINDS[kind[1]], value, (*steps, key), 0)


_INNER = ("error", "extra_body", "extra_query")
_KEY = "(organization|org|project|workspace|account|tenant|space|subscription)(?:_id|Id)"
_SHORTEST_IN_BODY = 8


def _may_hold_more(recording: Recording) -> bool:
    """Whether what looks like an id stands anywhere in the bodies of a recording."""
    try:
        if recording.is_alone and recording.as_written:
            text = recording.source.content.decode()
        else:
            sides = (recording.document.get(side) for side in ("request", "response"))
            text = orjson.dumps([side.get("body") for side in sides if isinstance(side, dict)]).decode()
    except (orjson.JSONEncodeError, UnicodeDecodeError):  # it may be a lone surrogate
        return True
    if "jsonschema_rs" in sys.modules:  # which finds them twenty times as fast
        return _compile_signs().is_valid(text)
    return _shows_sign(text) and re.search(_SIGN, text) is not None


def _shows_sign(text: str) -> bool:
    """Whether any id that shows by itself what it is may be in a text: most texts are soon done with so."""
    return any(sign in text for sign in _SIGNS)


_SIGNS = ("org-", "proj_", "wrkspc_", "arn:aws", "arn%3", "projects/")
_SIGN = (
    "(?:org-|proj_|wrkspc_)[A-Za-z0-9]{20}|arn(?::|%3[Aa])aws[a-z-]*(?:(?::|%3[Aa])[a-z0-9-]*){2}"
    "(?::|%3[Aa])[0-9]{12}|projects/[a-z0-9-]{6,30}/locations/"
)


@cache
def _compile_signs() -> Validator:
    from jsonschema_rs import RegexOptions, validator_for

    return validator_for({"pattern": _SIGN}, pattern_options=RegexOptions())


def _search_texts(value: JSON, steps: tuple[str | int, ...]) -> Iterator[Account]:
    if isinstance(value, str):
        yield from _search_text(value, steps)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _search_texts(item, (*steps, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _search_texts(item, (*steps, number))


def _search_text(text: str, steps: tuple[str | int, ...]) -> Iterator[Account]:
    """The ids that show by themselves what they are."""
    for kind, pattern in _SHAPES if _shows_sign(text) else ():
        for found in re.finditer(pattern, text):
            if not is_placeholder(found[1]):
                yield Account(kind, found[1], steps, found.start(1))


_SHAPES = (
    ("an organisation", r"(?<![A-Za-z0-9_-])(org-[A-Za-z0-9]{20,32})(?![A-Za-z0-9_-])"),
    ("a project", r"(?<![A-Za-z0-9_-])(proj_[A-Za-z0-9]{20,32})(?![A-Za-z0-9_-])"),
    ("a workspace", r"(?<![A-Za-z0-9_-])(wrkspc_[A-Za-z0-9]{20,32})(?![A-Za-z0-9_-])"),
    ("a project", r"(?<![A-Za-z0-9_-])projects/([0-9]{9,13}|[a-z][a-z0-9-]{5,29})(?=/locations/)"),
    (
        "an AWS account",
        r"(?<![a-z])arn(?::|%3[Aa])aws[a-z-]*(?:(?::|%3[Aa])[a-z0-9-]*){2}(?::|%3[Aa])([0-9]{12})(?![0-9])",
    ),
)


def is_placeholder(value: str) -> bool:
    """Whether a value stands for one that was taken out, or was made up."""
    letters = re.sub("[^A-Za-z0-9]", "", re.sub(_PREFIX, "", value, count=1))
    is_mask = (
        re.fullmatch("[xX9]*", letters[:-_COUNTED] if len(letters) > 2 * _COUNTED else letters) is not None
    )
    return (
        is_mask or len(set(letters)) <= 1 or value in _PUBLISHED or re.search(_PLACEHOLDER, value) is not None
    )


_COUNTED = 3
"""How many of the last letters and digits tell masks apart that would be the same."""

_PUBLISHED = ("123456789012", "012345678901", "111122223333", "444455556666", "210987654321")
"""The AWS accounts of the manuals."""

_PLACEHOLDER = (
    r"(?i)^[<\[{$*(%]|\*{3}|redact|scrub|filter|mask|hidden|sanitiz|anonym|placeholder|example|dummy|fake|changeme"
    r"|xxxx|^(?:0000|abcdef|123456)|(?:^|[-_])(?:test|mock|demo|sample|your|my|some|foo|bar|acme)(?:[-_]|$|[0-9])"
)


def make_masks(values: Iterable[str]) -> dict[str, str]:
    """A mask for each of some values, no two the same."""
    masks: dict[str, str] = {}
    used: set[str] = set()
    for value in sorted({*values}):
        head = re.match(_PREFIX, value)
        start = head.end() if head is not None else 0
        numbered = (value[:start] + make_mask(value[start:], number) for number in count())
        masks[value] = next(mask for mask in numbered if mask not in used)
        used.add(masks[value])
    return masks


def mask_accounts(recording: Recording, masks: dict[str, str]) -> dict[str, JSON] | None:
    """A recording's document with masks for its accounts, where that may be; None if nothing changes.

    An id that is found here is masked wherever it is in the parts that may change, if it is no word.
    """
    found = [each for each in find_accounts(recording) if each.value in masks]
    changed = [each for each in found if may_change(recording, each.steps)]
    if not found:
        return None
    ids = {each.value: masks[each.value] for each in found if _is_unmistakable(each.value)}
    document = {**recording.document}
    for side in ("request", "response"):
        part = document[side]
        document[side] = {
            key: _replace(value, ids) if may_change(recording, (side, key)) else value
            for key, value in part.items()
        }
    for account in changed:
        _mask_at(document, account, masks[account.value])
    return None if document == recording.document else document


def _is_unmistakable(value: str) -> bool:
    return len(value) >= _LONG_ENOUGH and any(map(str.isdigit, value))


_LONG_ENOUGH = 12


def _replace(value: JSON, masks: dict[str, str]) -> JSON:
    """A value of JSON with masks in its texts, made anew: the former one stays as it is."""
    if isinstance(value, str):
        for each, mask in masks.items():
            value = value.replace(each, mask)
        return value
    if isinstance(value, list):
        return [_replace(item, masks) for item in value]
    return {key: _replace(item, masks) for key, item in value.items()} if isinstance(value, dict) else value


def _mask_at(document: dict[str, JSON], account: Account, mask: str) -> None:
    holder, last = find_holder(document, account.steps)
    text, end = holder[last], account.start + len(account.value)
    if isinstance(text, str) and text[account.start : end] == account.value:
        holder[last] = text[: account.start] + mask + text[end:]
