"""What is to become of one recording: its new name, folder and content."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.base.digests import sha256
from recctl.naming.engine import find_wanted, get_scheme, identify
from recctl.naming.facts import Facts, NameStatus
from recctl.naming.folders import find_expected_folder, find_start
from recctl.recordings.load import load
from recctl.recordings.names import read_hash
from recctl.recordings.recording import DEFAULT_FORMAT, Recording
from recctl.rehash.edits import edit, find_changes
from recctl.rehash.spelling import spell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recctl.input.sources import OpenedFile
    from recctl.project import Rename
    from recctl.recordings.recording import JSON
    from recctl.rehash.edits import Edits, Setting
    from recctl.rehash.orders import Orders
    from recctl.rehash.redaction import Redaction


_NOTHING: Mapping[int, tuple[str, ...]] = {}


class Proposal(NamedTuple):
    """What is to become of a recording, unless there is a `refusal`.

    `location` is where it is to lie, `content` what it is to be (None: what it is). `copies` are the places
    and contents of the same recording for other tests. `expected` is the digest of what it is now. `changes`
    are pointers to what changes in it. `ids` are the id of its reply now and then, where that hangs on the
    name. `remark` is what else is good to know; `is_leftover` says that it is edited and keeps a name under
    which it is not found. Of a file that holds several recordings, `edited` are the changes of each, by its
    number.
    """

    facts: Facts
    location: Path
    expected: str
    content: bytes | None = None
    changes: tuple[str, ...] = ()
    ids: tuple[str, str] | None = None
    remark: str | None = None
    is_leftover: bool = False
    refusal: str | None = None
    copies: tuple[tuple[Path, bytes], ...] = ()
    edited: Mapping[int, tuple[str, ...]] = _NOTHING

    def list_changes(self, number: int | None) -> tuple[str, ...]:
        """What changes in one of the file's recordings."""
        return self.changes if number is None else self.edited.get(number, ())

    @property
    def moves(self) -> bool:
        """Whether the recording gets another name or folder."""
        return self.location != self.facts.location


def propose(
    root: Path, opened: OpenedFile, facts: Facts, orders: Orders, met: set[Rename | Setting]
) -> Proposal | None:
    """What the orders make of a recording; None when they leave it as it is. `met` learns what fits it.

    Where requests are edited, nothing else is done on the way.
    """
    if orders.edits.moved_files:
        orders = orders._replace(edits=orders.edits.below(find_start(facts.folder, root, facts.test_id)))
    tests = () if facts.test_id is not None else orders.edits.find_tests(facts.path, facts.identity.name)
    is_wanted = _is_included(facts, orders)
    is_told = bool(tests) or orders.include_without_test
    lacks_test = is_wanted and not is_told and _lacks_test(opened.recording, facts, orders)
    is_wanted = is_wanted and not lacks_test
    idle = refuse(facts, NO_TEST) if lacks_test and not orders.edits.changes_requests else None
    if not (is_wanted or orders.edits.may_fit(facts.test_id)):
        return idle
    recording = opened.recording
    if recording is None:
        return refuse(facts, "can't be read any more")
    document = edit(recording, orders.edits, met)
    edited = recording.with_document(document)
    is_edited = any(find_changes(recording.document, document))
    redaction = orders.edits.redaction
    if redaction is not None and _is_left(redaction, recording, edited, is_edited=is_edited):
        return refuse(facts, NOT_MASKED)
    if not is_edited and (orders.edits.changes_requests or not is_wanted):
        return idle
    if opened.target.spec is not None:
        return refuse(facts, "is a file of a revision, and can't be changed")
    place = partial(_find_location, root, facts, orders=orders, is_wanted=is_wanted)
    location = place(edited) if is_edited else facts.destination
    proposal = _settle(recording, document, facts, location or facts.location)
    if proposal.refusal is None:
        proposal = _copy_for(tests[1:], recording, proposal, orders.edits, place)
    if redaction is not None:
        proposal = _check_redacted(proposal, redaction)
    if is_edited and not is_wanted and facts.status is not NameStatus.CURRENT and facts.is_named_by_hash:
        proposal = proposal._replace(is_leftover=True)
    return proposal if proposal.moves or proposal.changes or proposal.refusal else None


NO_TEST = "names no test, and no test would look for the name that it would get"

NOT_MASKED = (
    "what is to be redacted is spread over its chunks, part of a number, in base64, or under a key that is "
    "repeated: record it again"
)


def _is_left(redaction: Redaction, recording: Recording, edited: Recording, *, is_edited: bool) -> bool:
    """Whether anything is left of what is to be redacted, after all edits."""
    return redaction.is_left_in(edited) or (
        not is_edited and redaction.is_left_in_file(recording.source.content)
    )


def _check_redacted(proposal: Proposal, redaction: Redaction) -> Proposal:
    """The proposal if nothing is left of what is to be redacted, else a refusal."""
    contents = [proposal.content, *(content for _, content in proposal.copies)]
    if any(content is not None and redaction.is_left_in_file(content) for content in contents):
        return refuse(proposal.facts, NOT_MASKED)
    return proposal._replace(changes=tuple(map(redaction.hide_text, proposal.changes)))


def _copy_for(
    tests: Sequence[str],
    recording: Recording,
    proposal: Proposal,
    edits: Edits,
    place: Callable[[Recording], Path],
) -> Proposal:
    """The proposal with a copy of the recording for each of some more tests; `place` tells where it goes."""
    copies = []
    for test in tests:
        document = edit(recording, edits._replace(test_id=test, test_ids={}), set())
        location = place(recording.with_document(document))
        settled = _settle(recording, document, proposal.facts, location)
        if settled.content is None:
            return settled
        copies.append((location, settled.content))
    return proposal._replace(copies=tuple(copies))


def _settle(recording: Recording, document: dict[str, JSON], facts: Facts, location: Path) -> Proposal:
    """What it takes to give a recording this place and document, with all that hangs on the name."""
    ids = _carry_ids(document, facts.location.name, location.name)
    changes = tuple(change.pointer for change in find_changes(recording.document, document))
    content = spell(recording, document) if changes else None
    if changes and content is None:
        return refuse(facts, "is not written as the recorder writes: recctl validate --fix fixes it")
    remark = _find_stale_id(recording, location) if location.name != facts.location.name else None
    expected = sha256(recording.source.content)
    if content is not None and not _says(recording, content, document):
        return refuse(facts, "could not be written so that it is read again: does it nest too deeply?")
    return Proposal(facts, location, expected, content, changes, ids, remark)


def _says(recording: Recording, content: bytes, document: dict[str, JSON]) -> bool:
    """Whether the file of a recording, with that content, would be read as that document.

    What other formats than the default's derive from the rest follows by itself: `Format.edit` has looked.
    """
    (found, *_) = load(recording.source._replace(content=content))
    return isinstance(found, Recording) and (found.format != DEFAULT_FORMAT or found.document == document)


def refuse(facts: Facts, refusal: str) -> Proposal:
    """That nothing is to become of a recording, and why."""
    return Proposal(facts, facts.location, "", refusal=refusal)


def _is_included(facts: Facts, orders: Orders) -> bool:
    """Whether a recording is to have the name that the wanted scheme gives, and does not have it."""
    match facts.status:
        case NameStatus.OUTDATED:
            return facts.is_stranded or orders.include_replaced
        case NameStatus.UNEXPLAINED:
            return orders.include_unexplained
        case NameStatus.AHEAD:
            return orders.to is not None
        case _:
            return False


def _lacks_test(recording: Recording | None, facts: Facts, orders: Orders) -> bool:
    """Whether the wanted name hangs on a test that a recording does not name, be it as null."""
    if recording is None or facts.status is NameStatus.AHEAD:
        return False
    place, document = recording.source.place, recording.document
    if "test_id" in document or "test_id" in recording.request or place is None:
        return False
    request = {**recording.request, "test_id": "?"}
    with_test = recording.with_document({**document, "test_id": "?", "request": request})
    wanted = find_wanted(recording.format, recording.source.settings, orders.to).scheme
    return identify(with_test, place, wanted).wanted != facts.identity.wanted


def _find_location(root: Path, facts: Facts, edited: Recording, *, orders: Orders, is_wanted: bool) -> Path:
    """Where an edited recording is to lie.

    An edit brings no leftover back to life: what was replaced is named by the scheme that named it, and what
    nothing explains keeps its name.
    """
    location, place = facts.location, edited.source.place
    assert place is not None  # noqa: S101  (it lies somewhere, since it stands there)
    wanted = find_wanted(edited.format, edited.source.settings, orders.to).scheme
    name: str | None = location.name
    if facts.status is NameStatus.CURRENT or is_wanted:
        name = identify(edited, place, wanted).wanted
    elif facts.identity.newest is not None:
        scheme = get_scheme(facts.identity.newest, edited.source.settings) or wanted
        name = identify(edited, place, scheme).wanted
    expected = find_expected_folder(facts.folder, root, wanted, edited.test_id, facts.test_id)
    return Path(expected, name or location.name)


def _carry_ids(document: dict[str, JSON], name: str, new_name: str) -> tuple[str, str] | None:
    """Give the reply the id that hangs on the new name, where it has the one that hangs on the old one."""
    old, new = read_hash(name)[:_ID_DIGITS], read_hash(new_name)[:_ID_DIGITS]
    if not (old and new) or old == new:
        return None
    ids, found = (f"rec-{old}", f"rec-{new}"), False
    for data in _list_objects(document):
        if data.get("id") == ids[0]:
            data["id"] = ids[1]
            found = True
    return ids if found else None


def _list_objects(document: dict[str, JSON]) -> list[dict[str, JSON]]:
    """The dumped objects that a reply consists of."""
    body = document["response"].get("body")
    items = body if isinstance(body, list) else [body]
    found = (item.get("__data__") for item in items if isinstance(item, dict))
    return [data for data in found if isinstance(data, dict)]


_ID_DIGITS = 12
_REPLY_ID = re.compile(rf"rec-[0-9a-f]{{{_ID_DIGITS}}}")


def explain_leftover(facts: Facts) -> str:
    """Why an edited recording does not get the name that its request has now."""
    match facts.status:
        case NameStatus.OUTDATED if facts.replaced_by is None:
            return NO_TEST
        case NameStatus.OUTDATED:
            return f"stays a leftover, since {facts.replaced_by} has replaced it"
        case NameStatus.UNEXPLAINED:
            return "keeps its name, which nothing explains; --include-unexplained gives it the right one"
        case NameStatus.AHEAD:
            return f"is named by {facts.identity.newest} as before, which is newer than {facts.scheme}"
        case _:
            return "keeps its name: nothing shows whether it is right"


def _find_stale_id(recording: Recording, location: Path) -> str | None:
    """What to say of a reply that has the id of another name than it had and will have."""
    place = recording.source.place
    own = read_hash(place.name)[:_ID_DIGITS] if place is not None else ""
    right = (own, read_hash(location.name)[:_ID_DIGITS])
    ids = {str(data.get("id")) for data in _list_objects(recording.document)}
    stale = sorted(found for found in ids if own and _REPLY_ID.fullmatch(found) and found[4:] not in right)
    return f"its reply has the id of another name, {stale[0]}, and keeps it" if stale else None
