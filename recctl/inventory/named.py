"""Recordings in files that are named after a hash of the request: by that name, and by the request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.input.sources import show_path
from recctl.inventory.answer import Answer, Cause, Nearby
from recctl.inventory.entry import Findability
from recctl.project import Place, is_of_test
from recctl.recordings.http import find_endpoint
from recctl.recordings.names import is_named_by, read_hash
from recctl.recordings.recording import DEFAULT_FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.query import Query
    from recctl.inventory.store import Store
    from recctl.recordings.recording import Recording


def find_name(store: Store, query: Query, name: str) -> Answer:
    """What has a name or a hash, had it, or would have it by the scheme that is wanted."""
    start = name.lower().removesuffix(".json")
    digits = start[:_SHORT]  # in a name that is meant, as they are in few others: to read names takes longer
    found = [
        entry
        for entry in store.hashed
        if digits in (own := entry.facts.identity.name).lower() and _has_name(own, start)
    ]
    if found:
        return _describe_named(store, query, found)
    for entry in store.hashed:
        wanted = entry.facts.identity.wanted
        if wanted is not None and digits in wanted and _has_name(wanted, start):
            return _describe_other_name(store, query, entry)
    gone = find_gone(store, query, [name])
    if gone is not None:
        return gone
    if not query.tells_request:
        if query.recorder is not None or not store.entries:
            return describe_changed(store, query, ())
        told = "nothing has that name; what was sent tells more, and a log of the run has it"
        return Answer(query, Cause.UNKNOWN, told, command="pytest 2>&1 | recctl find -")
    from recctl.inventory.ranking import find_near  # which a look-up has no use for

    near = find_near(store, query)
    return _find_other_scheme(store, query, near, start) or describe_changed(store, query, near)


def _has_name(name: str, start: str) -> bool:
    """Whether a name is the one that is meant: it starts so, or it is the beginning of a whole hash."""
    digits = read_hash(name)
    return is_named_by(start, name) or bool(len(digits) >= _SHORT and start.startswith(digits))


_SHORT = 12
"""How many digits the names of the first scheme have, whose recorder tells the whole hash."""


def _describe_named(store: Store, query: Query, found: list[IndexEntry]) -> Answer:
    nearby = tuple(Nearby(entry, is_own=True) for entry in found)
    if query.recorder is None:
        return Answer(query, Cause.FOUND, found=nearby)
    entry = found[0]
    if entry.state is not Findability.MISPLACED:
        told = "it is there: the message is older, or of a run that had other files"
        return Answer(query, Cause.FOUND, told, found=nearby)
    return Answer(
        query,
        Cause.OTHER_NAME,
        f"it lies in {show_path(Path(entry.facts.folder))}, and another folder is looked into",
        expected=_list_expected(entry),
        nearest=nearby,
        command=store.write_rehash(entry),
    )


def _describe_other_name(store: Store, query: Query, entry: IndexEntry) -> Answer:
    from recctl.inventory.since import find_renaming  # as above

    facts = entry.facts
    told = f"{facts.scheme} gives that name to a recording that has another one"
    return Answer(
        query,
        Cause.OTHER_NAME,
        told if facts.identity.given is None else f"{told}: {facts.identity.given}",
        expected=_list_expected(entry),
        nearest=(Nearby(entry, is_own=True),),
        since=find_renaming(store.project, entry),
        command=store.write_rehash(entry),
    )


def _list_expected(entry: IndexEntry) -> tuple[str, ...]:
    destination = entry.facts.destination
    return () if destination is None else (show_path(destination),)


def find_gone(store: Store, query: Query, words: Sequence[str], tests: Sequence[str] = ()) -> Answer | None:
    """The answer where a file was there and is gone, or is called otherwise now; None where none was."""
    if not store.has_past:
        return None
    from recctl.inventory.since import find_lost  # with all that it takes

    lost = find_lost(store.project, words, tests)
    if lost is None:
        return None
    renamed = store.by_location.get(lost.renamed_to or "", [])
    if not renamed:
        return Answer(
            query, Cause.GONE, lost.told, expected=(lost.path,), since=lost.since, command=lost.command
        )
    entry = renamed[0]
    return Answer(
        query,
        Cause.OTHER_NAME,
        f"it is called {entry.facts.identity.name} now",
        expected=(lost.path,),
        nearest=(Nearby(entry, is_own=True),),
        since=lost.since and lost.since._replace(what="renamed it"),
        command=None if entry.is_found else store.write_rehash(entry),
    )


def _find_other_scheme(store: Store, query: Query, near: Iterable[Nearby], name: str) -> Answer | None:
    """The answer where another scheme than its own gives a name to one of the nearest recordings."""
    from recctl.naming.engine import explain  # which those who find a name have no use for

    for nearby in near:
        recording = store.load(nearby.entry)
        place = None if recording is None else recording.source.place
        if recording is None or place is None:
            continue
        for explained in reversed(explain(recording, place, recording.source.settings)):
            if any(_has_name(each, name) for each in explained.names):
                told = f"{explained.scheme.name} gives that name to a recording that another scheme has named"
                return Answer(query, Cause.OTHER_NAME, told, nearest=(Nearby(nearby.entry, is_own=True),))
    return None


def describe_changed(store: Store, query: Query, near: tuple[Nearby, ...]) -> Answer:
    """The answer where there is none but what is near."""
    if not near:
        command = store.write_record(query, None)
        return Answer(query, Cause.UNKNOWN, "nothing that is recorded is like it", command=command)
    entry = near[0].entry
    told = "another request is recorded"
    if not near[0].is_compared:
        told = "what was sent is not known; these are nearest by what is"
    command = store.write_record(query, entry.location, entry if near[0].is_own else None)
    return Answer(query, Cause.CHANGED, told, nearest=near, command=command)


def find_hashed_request(store: Store, query: Query, given: Recording | None) -> Answer:
    """What a request finds by the hash of it; `given` is the recording that it is the request of."""
    from recctl.inventory.ranking import compare, find_near  # as above
    from recctl.naming.engine import explain, find_wanted  # as above

    folder = store.find_folder(query.test)
    settings = store.settings_in(folder)
    form = store.hashed[0].facts.format if store.hashed else DEFAULT_FORMAT
    scheme = find_wanted(form, settings).scheme
    names: dict[str, tuple[str, ...]] = {}
    if given is not None and query.url is not None:
        explained = explain(replace(given, format=form), Place(folder, ""), settings)
        names = {each.scheme.name: each.names for each in explained if not each.scheme.draft}
    wanted = next(iter(names.get(scheme.name, ())), None)
    expected = () if wanted is None else (show_path(Path(folder, wanted)),)
    every = {name for each in names.values() for name in each}
    found = [entry for entry in store.hashed if entry.facts.identity.name in every]
    current = [entry for entry in found if entry.facts.identity.name in names.get(scheme.name, ())]
    if current or (found and not any(entry.facts.is_held for entry in found)):
        return Answer(query, Cause.FOUND, found=compare(store, query, current or found), expected=expected)
    equal = [entry for entry in store.hashed if is_equal(entry, query)]
    if equal and wanted is None:
        return Answer(query, Cause.FOUND, found=compare(store, query, equal))
    if found or equal:
        nearest = compare(store, query, found or equal)
        return replace(
            _describe_other_name(store, query, nearest[0].entry), expected=expected, nearest=nearest[:1]
        )
    gone = find_gone(store, query, expected) if expected else None
    return gone or replace(describe_changed(store, query, find_near(store, query)), expected=expected)


def is_equal(entry: IndexEntry, query: Query) -> bool:
    """Whether a recording is of the very request, as far as that is known."""
    if not query.has_body or query.method not in (None, entry.method):
        return False
    if entry.body != query.digest or (query.test and not is_of_test(entry.test_id, query.test)):
        return False
    if query.url is not None:
        return find_endpoint(entry.url) == find_endpoint(query.url)
    return query.endpoint in (None, entry.endpoint, find_endpoint(entry.url))
