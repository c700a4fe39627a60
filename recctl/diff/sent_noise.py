"""What differs from one run of the tests to the next although the code asks the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.pointer import split_pointer
from recctl.diff.differences import find_differences
from recctl.diff.ids import describe_ids, pair_ids, replace_ids
from recctl.diff.noise import is_configured_noise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from recctl.diff import Change
    from recctl.recordings.recording import JSON
    from recctl.wire import RequestForm


def sift_noise(
    changes: Iterable[Change],
    left: JSON,
    right: JSON,
    form: RequestForm,
    *,
    equalised: Collection[str] = (),
    configured: Collection[str] = (),
    days: Collection[str] = (),
) -> list[Change]:
    """The changes between two requests of a form, those of substance first; the others are made noise.

    `equalised` are JSON pointers into the request below which all counts as equal, `configured` the keys and
    pointers that a configuration calls noise, `days` those on which the request was sent, as 2026-12-01, for
    which another date may be kept. Ids that others have taken the place of are told once each, and
    where more has changed than they, they are as they are now.
    """
    every = [*changes]
    judged = [_judge(change, form, equalised, configured, days) for change in every]
    substance = [change for change in judged if change.kind != "noise"]
    told = [*_describe_ids(substance, left, right, form)]
    told += (change for change in judged if change.kind == "noise")
    return sorted(told, key=lambda change: change.kind == "noise")


def _judge(
    change: Change,
    form: RequestForm,
    equalised: Collection[str],
    configured: Collection[str],
    days: Collection[str],
) -> Change:
    is_noise = (
        change.kind == "noise"
        or _says_the_same(change.left, change.right)
        or (days and _tells_another_day(change.left, change.right, days))
        or _is_left_empty(change, form)
        or _is_made_anew(change)
        or _is_credential(change)
        or (configured and is_configured_noise(change.where, configured))
        or (equalised and _is_equalised(change, equalised))
    )
    return change._replace(kind="noise") if is_noise else change


def _says_the_same(left: JSON, right: JSON) -> bool:
    """Whether two values are the same number, nothing and null, or tell another time or place of the run."""
    if isinstance(left, str) and isinstance(right, str):
        return _VOLATILE.sub(_name_kind, left) == _VOLATILE.sub(_name_kind, right)
    if not (type(left) in _NUMBERS and type(right) in _NUMBERS):
        return False
    return bool(left == right) or (_is_time(left) and _is_time(right))


def _tells_another_day(left: JSON, right: JSON, days: Collection[str]) -> bool:
    """Whether a text differs only in that it has the day on which it was sent in the place of another."""
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    parts = re.split("|".join(map(re.escape, days)), right)
    return len(parts) > 1 and re.fullmatch(_DATE.join(map(re.escape, parts)), left) is not None


_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

_NUMBERS = (int, float, type(None))


def _is_left_empty(change: Change, form: RequestForm) -> bool:
    """Whether a parameter is sent empty on one side, and not at all on the other.

    Deeper in, an empty object may name a choice, as in `{"toolChoice": {"auto": {}}}`.
    """
    value, nothing = (change.left, change.right) if change.right is None else (change.right, change.left)
    if nothing is not None:
        return False
    steps = split_pointer(change.where)[2:]
    if value in ({}, []):
        return len(steps) == 1 or (len(steps) == 2 and steps[0] in form.settings)
    return value == "" and (steps in [(key,) for key in form.instructions] or steps[-1:] == ("description",))


def _is_time(value: JSON) -> bool:
    """Whether a number is likely a time: seconds or milliseconds since 1970, from 2001 on."""
    return value is not None and any(10**9 * unit <= value < 10**10 * unit for unit in (1, 1000))


_VOLATILE = re.compile(
    r"(?P<time>\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|\b[0-9]{8}T[0-9]{6}Z\b"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT)"
    r"|(?P<address>\b0x[0-9a-fA-F]{6,16}\b)"
    r"|(?P<folder>(?:/private)?/(?:tmp|var/folders/\w+/\w+/T)/(?:pytest-of-[^/\s]+/pytest-[0-9]+|tmp\w{6,}))"
    r"|(?P<port>\b(?:localhost|127\.0\.0\.1):[0-9]{4,5}\b)"
)
"""What every run makes up anew: times of the day, addresses in memory, folders for a while, ports."""


def _name_kind(found: re.Match[str]) -> str:
    return f"<{found.lastgroup}>"


_USER_AGENTS = ("user-agent", "user_agent", "userAgent")


def _is_made_anew(change: Change) -> bool:
    """Whether a change is of a seed's number, or of how a program calls itself."""
    key = split_pointer(change.where)[-1]
    if key == "seed":
        are_numbers = all(type(value) in (int, float) for value in (change.left, change.right))
        return are_numbers and not change.label.startswith(("tool ", "message "))
    return key in _USER_AGENTS


def _is_credential(change: Change) -> bool:
    """Whether one credential was sent where another one, or what stands for it, is kept."""
    return (
        isinstance(change.left, str)
        and isinstance(change.right, str)
        and bool(_MASKED.fullmatch(change.right))
    )


_MASKED = re.compile(r".{,40}…\[[0-9,]+ characters\]", re.DOTALL)
"""What `checks.secret.mask_secrets` makes of a text that is a secret."""


def _is_equalised(change: Change, equalised: Collection[str]) -> bool:
    """Whether all that differs there counts as equal."""
    if change.where == "/request/endpoint" and "/url" in equalised:
        return True
    pointers = [f"/request{pointer}" for pointer in equalised]
    if _is_below(change.where, pointers):
        return True
    if not any(pointer.startswith(f"{change.where}/") for pointer in pointers):
        return False
    inside = find_differences(change.left, change.right)
    return bool(inside) and all(_is_below(change.where + each.pointer, pointers) for each in inside)


def _is_below(where: str, pointers: Collection[str]) -> bool:
    return any(where == pointer or where.startswith(f"{pointer}/") for pointer in pointers)


def _describe_ids(changes: Iterable[Change], left: JSON, right: JSON, form: RequestForm) -> Iterator[Change]:
    """The changes with ids that others have taken the place of told once, as noise, and unseen in the rest.

    What is called by a name, such as a model, is known by no id.
    """
    named: list[Change] = []
    others: list[Change] = []
    for change in changes:
        is_name = split_pointer(change.where)[-1] in (*form.names, *_NAMES)
        (named if is_name else others).append(change)
    pairs = pair_ids(others, left, right, form.call_ids)
    ids = {one: other for one, other in pairs.items() if not (_DATED.search(one) and _DATED.search(other))}
    for change in describe_ids(others, ids) if ids else others:
        if change.places:
            yield change._replace(kind="noise")
        elif isinstance(change.left, str):
            yield change._replace(left=replace_ids(change.left, ids))
        else:
            yield change
    yield from named


_NAMES = ("url", "method")
_DATED = re.compile(r"[-_](?:19|20)[0-9]{6}\Z")
"""How versions of models and documents end."""
