"""The *identity* family: will the recorder find this recording under its name and in its folder?"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from recctl.checks.finding import Finding, Rule, Severity
from recctl.hashing import CURRENT, RELEASED
from recctl.naming.folders import find_expected_folder, lies_as_expected
from recctl.project import recordings_folder
from recctl.recordings.formats import load_format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recctl.recordings.recording import Recording

OUTDATED_HASH = Rule(
    "outdated-hash",
    Severity.ERROR,
    "Only an older hash scheme gives the file this name.",
    "Recorders compute a recording's name from the request. When a new version computes it in another way, "
    "it looks for another name: today's recorder can't find this file and makes the call again.",
    "`recctl rehash` gives it the name that is looked for; when another recording has taken its place, "
    "`recctl prune` takes it away.",
    bad="3f1c0a9be27d.json, the first 12 digits by which recorders of 2025 went",
    good="the name of 64 digits that the scheme in force gives",
)
UNEXPLAINED_HASH = Rule(
    "unexplained-hash",
    Severity.ERROR,
    "No released hash scheme gives the file this name.",
    "The request was edited after it was recorded (a renamed test, a changed url, a redacted key), the file "
    "was renamed by hand, or a recorder wrote it that was never released. Its recorder can't find it.",
    "Undo the edit, or let `recctl rehash --include-unexplained` name it after what it holds now, or record "
    "it again. `recctl rehash --explain FILE` shows what each scheme hashes.",
    bad="a request whose url was edited, under the name that it had before",
    good="the same request under the name that its hash gives",
)
MISPLACED = Rule(
    "misplaced",
    Severity.WARNING,
    "The file does not lie where the recorder looks for its test's recordings.",
    "A test's recordings belong into the folder `recordings` beside the test's file. The test has moved, "
    "or the recording has.",
    "Move the file to the folder that the message names; `recctl mv OLD NEW` does it for a test.",
    bad="recordings/x.json for the test tests/chat/test_reply.py::test_a",
    good="tests/chat/recordings/x.json",
)
DUPLICATE_RECORDING = Rule(
    "duplicate-recording",
    Severity.WARNING,
    "Another file records the same request.",
    "The recorder computes one name for both, so it can load one of them at most. The others cost space and "
    "every reader's time. A model list's ids count as part of its request.",
    "Keep the one that has the name which the recorder looks for: `recctl prune --grade duplicate`.",
    bad="two files with the same test_id, url and body",
    good="one file for each request",
)

RULES = (OUTDATED_HASH, UNEXPLAINED_HASH, MISPLACED, DUPLICATE_RECORDING)

_REHASH = "recctl rehash mends it; where another has replaced it, recctl prune takes it"
_EXPLAIN = "recctl rehash --explain shows why; --include-unexplained re-hashes it, or record it again"


class Named(NamedTuple):
    """What the rules that look across files need to know of one recording's name.

    `expected_folder` is the folder in which the recorder looks for it, `scheme` the scheme that is set for
    it, if one is. `reason` says which schemes give the name or, where that can be told, why none does. The
    others are as in `Identity`.
    """

    path: str
    folder: str
    expected_folder: str
    name: str
    wanted: str
    scheme: str | None
    schemes: tuple[str, ...]
    reason: str | None


def name_recording(recording: Recording, root: Path) -> Named | None:
    """The facts about the name of a recording of the project at `root`; None where they can't be told."""
    place, settings = recording.source.place, recording.source.settings
    if place is None or not load_format(recording.format).is_named_by_hash:
        return None
    from recctl.schemes import explain_name, find_held, identify  # not for what is known from the cache

    held = find_held(settings)
    identity = identify(recording, place, held or CURRENT)
    if identity.wanted is None:
        return None
    return Named(
        path=recording.source.name,
        folder=place.folder,
        expected_folder=find_expected_folder(place.folder, root, held, recording.test_id),
        name=identity.name,
        wanted=identity.wanted,
        scheme=settings.scheme,
        schemes=identity.schemes,
        reason=identity.given or explain_name(recording, place, settings.renames, identity),
    )


def check_identity(recording: Recording, named: Named | None) -> Iterator[Finding]:
    """Whether the recorder finds a recording, as far as it alone can tell: by its folder, and its scheme."""
    place = recording.source.place
    is_hashed = load_format(recording.format).is_named_by_hash
    if is_hashed and place is not None and lies_as_expected(place.folder, recording.test_id) is False:
        folder = recordings_folder(recording.test_id)
        message = f"the recorder looks for its test's recordings in {folder}"
        yield _find(MISPLACED, recording.source.name, message, f"move it to {folder}")
    if named is not None and named.scheme is not None:
        yield from _judge(named, named.scheme, Severity.ERROR)


def check_identities(names: list[Named], neighbours: list[Named]) -> Iterator[Finding]:
    """What only all recordings together can tell: duplicates, and names where no scheme is set.

    `neighbours` count as the duplicates of others but get no findings of their own.
    """
    scheme = _detect_scheme(names)
    unreported = {named.path for named in neighbours}
    by_request: defaultdict[tuple[str, str], list[Named]] = defaultdict(list)
    for named in (*names, *neighbours):
        by_request[named.expected_folder, named.wanted].append(named)
    for group in by_request.values():
        if len(group) > 1:
            yield from (finding for finding in _find_duplicates(group) if finding.path not in unreported)
    for named in names:
        if named.scheme is None:
            yield from _judge(named, scheme, Severity.NOTE)


def describe_schemes(names: list[Named]) -> str | None:
    """A sentence on the scheme that names seem to follow; None where every recording has its scheme set."""
    unset = [named for named in names if named.scheme is None]
    if not unset:
        return None
    scheme, total = _detect_scheme(names), f"{len(unset):,}"
    if scheme is None and len(unset) == 1:
        return "no scheme gives the recording its name; set scheme to have it checked"
    if scheme is None:
        return f"no scheme gives most of the {total} names; set scheme to have them checked"
    matching = sum(scheme in named.schemes for named in unset)
    return f"{matching:,} of {total} names match {scheme}; set scheme to be held to it"


def _detect_scheme(names: list[Named]) -> str | None:
    """The newest scheme that gives most of the names, among recordings for which none is set."""
    unset = [named for named in names if named.scheme is None]
    explained = Counter(scheme for named in unset for scheme in named.schemes)
    own = sorted(explained.keys() - {scheme.name for scheme in RELEASED})
    verified = [scheme.name for scheme in RELEASED if scheme.verified]
    return next((name for name in (*own, *reversed(verified)) if 2 * explained[name] > len(unset)), None)


def _judge(named: Named, scheme: str | None, severity: Severity) -> Iterator[Finding]:
    """What a name deserves whose recorder uses `scheme` (None: not known)."""
    if scheme is not None and scheme in named.schemes:
        return
    if not named.schemes:
        message = named.reason or "no hash scheme gives it this name"
        yield _find(UNEXPLAINED_HASH, named.path, message, _EXPLAIN, severity)
    elif scheme is not None:
        message = f"{named.reason}, but not {scheme}"
        if severity is Severity.ERROR:
            message = f"{named.reason}, {scheme} looks for {named.wanted}"
        yield _find(OUTDATED_HASH, named.path, message, _REHASH, severity)


def _find_duplicates(group: list[Named]) -> Iterator[Finding]:
    """A finding for each of these recordings of one request but the one that the recorder would load."""
    first, *others = sorted(group, key=lambda named: (not _is_found(named), named.path))
    for named in others:
        message = f"{first.path} records the same request"
        finding = _find(DUPLICATE_RECORDING, named.path, message, "keep one of them")
        yield finding._replace(mark="")  # the message names a file as it is seen from the current folder


def _is_found(named: Named) -> bool:
    """Whether the recorder finds a recording: in the folder and by the name that it looks for."""
    return (named.folder, named.name) == (named.expected_folder, named.wanted)


def _find(rule: Rule, path: str, message: str, hint: str, severity: Severity | None = None) -> Finding:
    return Finding(rule.name, rule.severity if severity is None else severity, path, message, hint)
