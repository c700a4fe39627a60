"""Recordings that want one name: how they differ, and which of them is to have it."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.base.errors import RecctlError
from recctl.input.sources import Target, read, show_path
from recctl.naming.ages import find_times, read_git_state
from recctl.recordings.attempt import attempt
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.rehash.orders import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from recctl.naming.ages import GitState
    from recctl.project import Project
    from recctl.recordings.recording import JSON
    from recctl.rehash.orders import Orders
    from recctl.rehash.proposals import Proposal


class Member(NamedTuple):
    """One of the recordings that want a name: where it lies, its digest, how it differs from the first.

    `proposal` is None for one that has the name and stays.
    """

    location: Path
    path: str
    expected: str
    difference: str
    proposal: Proposal | None = None


class Collision(NamedTuple):
    """Recordings that want one name. `kept` is the one that gets it, and `why`; None: nobody has said."""

    location: Path
    members: tuple[Member, ...]
    kept: Member | None = None
    why: str | None = None

    @property
    def wanted(self) -> str:
        """The name that they want, as people read it."""
        return show_path(self.location)


def find_collisions(project: Project, proposals: Iterable[Proposal], orders: Orders) -> tuple[Collision, ...]:
    """Where several recordings want one name, or one wants a name that another has, and what to do about it.

    Raises RecctlError when a recording is preferred that is in no collision, and when git can't tell which is
    the newest.
    """
    wanting: defaultdict[Path, list[Proposal]] = defaultdict(list)
    leaving = set()
    for proposal in proposals:
        wanting[proposal.location].append(proposal)
        if proposal.moves:
            leaving.add(proposal.facts.location)
    collisions = []
    state = read_git_state(project.root) if NEWEST in orders.prefer else None
    for location, rivals in sorted(wanting.items()):
        stays = all(rival.moves for rival in rivals) and location not in leaving and _is_file(location)
        if len(rivals) + stays > 1:
            collisions.append(_meet(project, location, rivals, orders, state, stays=stays))
    _check_preferred(collisions, orders)
    return tuple(collisions)


def _is_file(path: Path) -> bool:
    with suppress(OSError):  # a name that is too long for one
        return path.is_file()
    return False


def _meet(
    project: Project,
    location: Path,
    rivals: list[Proposal],
    orders: Orders,
    state: GitState | None,
    *,
    stays: bool,
) -> Collision:
    found: list[tuple[Path, Proposal | None]] = [(rival.facts.location, rival) for rival in rivals]
    if stays:
        found.append((location, None))
    found.sort(key=lambda item: (item[0] != location, item[0]))
    loaded = [_load(project, path) for path, _ in found]
    first = loaded[0]
    members, agree = [], True
    for (path, proposal), (expected, recording) in zip(found, loaded, strict=True):
        difference = "the first of them"
        if path != found[0][0]:
            described = attempt(show_path(path), _describe, first[1], recording)
            difference = "they can't be compared" if isinstance(described, Unread) else described
        if orders.edits.redaction is not None:
            difference = orders.edits.redaction.hide_text(difference)
        agree = agree and (path == found[0][0] or difference in _SAME_REPLY)
        shown = proposal.facts.path if proposal is not None else show_path(path)
        members.append(Member(path, shown, expected, difference, proposal))
    collision = Collision(location, tuple(members))
    kept, why = _choose(project, collision, orders, state, agree=agree)
    return collision._replace(kept=kept, why=why)


def _load(project: Project, path: Path) -> tuple[str, list[Recording]]:
    """The digest and the recordings of a file, as far as it can be read.

    Those that want one name are read once more for that: only now it is known which are to be compared, and
    to keep all that move until then would take the memory of all of them.
    """
    source = read(Target(show_path(path), project.settings_for(path), path=path))
    if not isinstance(source, Source):
        return "", []
    return sha256(source.content), [item for item in load(source) if isinstance(item, Recording)]


def _choose(
    project: Project, collision: Collision, orders: Orders, state: GitState | None, *, agree: bool
) -> tuple[Member | None, str | None]:
    members = collision.members
    for member in members:
        if member.path in orders.prefer:
            return member, "preferred"
    if agree and orders.merges:
        return members[0], "their replies agree"
    if NEWEST in orders.prefer:
        found = find_times([member.location for member in members], project.root, state)
        times = [found.get(member.location, 0.0) for member in members]  # the plan will notice what is gone
        newest = times.index(max(times))
        tied = times.count(max(times)) > 1
        return members[newest], "the first of those that are equally new" if tied else "the newest"
    return None, None


def _check_preferred(collisions: Sequence[Collision], orders: Orders) -> None:
    known = {member.path for collision in collisions for member in collision.members}
    for path in orders.prefer:
        if path != NEWEST and path not in known:
            raise RecctlError(
                f"{path} would get no name that another recording would get", "--prefer one that does"
            )


def _strip(recording: Recording) -> dict[str, JSON]:
    """An exchange without its test, which the file's name tells: the files have different ones."""
    return {key: value for key, value in recording.document.items() if key != "test_id"}


_SAME_FILE, _SAME_EXCHANGES = "the same file", "the same exchanges"
_REPLIES = {
    "same": "the same reply",
    "noise": "the same reply, but for ids and counters",
    "wording": "other wording",
    "finish-reason": "another finish reason",
    "tool-calls": "other tool calls",
    "error": "one reply failed or broke off",
}
_SAME_REPLY = {_SAME_FILE, _SAME_EXCHANGES, _REPLIES["same"], _REPLIES["noise"]}
_QUOTED = re.compile(r"/tool_calls(?:/|\Z)|/(?:thought_)?signature(?:/|\Z)")
"""What matters although it is noise to a comparison: later requests repeat calls as they are, ids and all."""


def _describe(ones: list[Recording], others: list[Recording]) -> str:
    """How a file differs from the first that wants its name, in a few words without quoting it."""
    if not ones or not others:
        return "one of them is no recording"
    if [one.document for one in ones] == [other.document for other in others]:
        return _SAME_FILE
    if len(ones) != 1 or len(others) != 1:
        return _SAME_EXCHANGES if [*map(_strip, ones)] == [*map(_strip, others)] else "other exchanges"
    (first,), (other,) = ones, others
    from recctl.diff import compare_recordings

    pair = compare_recordings(first, other, settings=first.source.settings, keep_noise=True)
    reply = _REPLIES[pair.reply]
    if pair.reply == "noise" and any(_QUOTED.search(change.where) for change in pair.changes):
        reply = "the same reply, but for what later requests repeat"
    pointers = [c.where for c in pair.changes if c.kind == "request" and c.where != "/test_id"]
    more = f" and {len(pointers) - 1} more" if len(pointers) > 1 else ""
    return f"{reply}; the request differs at {pointers[0]}{more}" if pointers else reply
