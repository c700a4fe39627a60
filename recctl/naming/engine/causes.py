"""Why a recording may have a name that no released scheme gives: what can be computed of that."""

from __future__ import annotations

from itertools import chain, combinations, islice, product
from typing import TYPE_CHECKING, NamedTuple

from recctl.naming.engine.names import has_lost_test, identify
from recctl.recordings.recording import ASKED_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recctl.naming.facts import Identity
    from recctl.project import Place, Rename
    from recctl.recordings.recording import JSON, Recording

_MOST_TRIALS = 200
"""How many ways to write renames back are tried; the simplest come first."""


def explain_name(
    recording: Recording, place: Place, renames: Sequence[Rename], identity: Identity | None = None
) -> str | None:
    """The likely cause of a name that no scheme gives, as a sentence; None where there is no telling.

    `renames` are names that were changed all over the project; undone, they may give the file its name.
    `identity` is the recording's, where it is known already.
    """
    identity = identity or identify(recording, place)
    if identity.unjudged is not None or identity.schemes:
        return None
    if identity.draft is not None:
        return f"{identity.draft}, which was never released, gave it this name"
    return _find_cause(recording, place, renames)


def _find_cause(recording: Recording, place: Place, renames: Sequence[Rename]) -> str | None:
    """Why no scheme at all gives a recording its name."""
    for trial in islice(_undo_renames(recording.document, renames), _MOST_TRIALS):
        scheme = _find_scheme(recording, trial.document, place)
        if scheme is not None:
            return f"before {_word(recording.document, trial)}, {scheme} gave it this name"
    if recording.test_id is not None:
        scheme = _find_scheme(recording, _without_test_id(recording.document), place)
        if scheme is not None:
            return f"without its test_id, {scheme} gives it this name"
    elif has_lost_test(recording, place):
        return "its test_id is missing, which is part of every name of this length"
    return None


class _Trial(NamedTuple):
    """A document as it may have been: some renames undone in some parts of the request."""

    document: dict[str, JSON]
    renames: tuple[Rename, ...]
    parts: tuple[str, ...]


_PARTS = {"test_id": ("test_id",), "url": ("url",), "body": ASKED_KEYS}


def _undo_renames(document: dict[str, JSON], renames: Sequence[Rename]) -> Iterator[_Trial]:
    """The documents that undoing renames may give, those first in which the fewest parts change."""
    matter = [rename for rename in renames if _find_parts(document, (rename,))]
    for chosen in islice(_choose(matter), _MOST_TRIALS):
        parts = _find_parts(document, chosen)
        for some in chain.from_iterable(combinations(parts, n + 1) for n in range(len(parts))):
            yield _Trial(_rewrite_parts(document, some, chosen), chosen, some)


def _choose(renames: list[Rename]) -> Iterator[tuple[Rename, ...]]:
    """The renames that may have met: each alone, then all, then all else.

    Of several old names for one new name, only one can have stood there.
    """
    olds: dict[str, list[Rename]] = {}
    for rename in renames:
        olds.setdefault(rename.new, []).append(rename)
    for count in dict.fromkeys((1, len(olds), *range(2, len(olds)))):
        for group in combinations(olds.values(), count):
            yield from product(*group)


def _find_parts(document: dict[str, JSON], renames: tuple[Rename, ...]) -> tuple[str, ...]:
    """The parts of the request that undoing renames changes."""
    return tuple(part for part in _PARTS if _rewrite_parts(document, (part,), renames) != document)


def _rewrite_parts(
    document: dict[str, JSON], parts: tuple[str, ...], renames: tuple[Rename, ...]
) -> dict[str, JSON]:
    """A document with renames undone in some parts of its request."""
    keys = {key for part in parts for key in _PARTS[part]}

    def rewrite(holder: dict[str, JSON]) -> dict[str, JSON]:
        return {key: _rewrite(value, renames) if key in keys else value for key, value in holder.items()}

    outside = {key: value for key, value in document.items() if key == "test_id"}
    return {**document, **rewrite(outside), "request": rewrite(document["request"])}


def _word(document: dict[str, JSON], trial: _Trial) -> str:
    """What a trial undid, without the renames that had nothing to do with it."""
    needed = [rename for rename in trial.renames if {*_find_parts(document, (rename,))} & {*trial.parts}]
    changes = " and ".join(f"{rename.old} became {rename.new}" for rename in needed)
    return f"{changes} ({', '.join(trial.parts)})"


def _rewrite(value: JSON, renames: tuple[Rename, ...]) -> JSON:
    if isinstance(value, str):
        for rename in renames:
            value = value.replace(rename.new, rename.old)
        return value
    if isinstance(value, dict):
        return {_rewrite(key, renames): _rewrite(item, renames) for key, item in value.items()}
    return [_rewrite(item, renames) for item in value] if isinstance(value, list) else value


def _without_test_id(document: dict[str, JSON]) -> dict[str, JSON]:
    request = document["request"]
    if "test_id" in request:
        request = {**request, "test_id": None}
    return {**document, "test_id": None, "request": request}


def _find_scheme(recording: Recording, document: dict[str, JSON], place: Place) -> str | None:
    """The newest scheme, or else a draft, that gives the name to a recording with that document."""
    identity = identify(recording.with_document(document), place)
    return identity.newest or identity.draft
