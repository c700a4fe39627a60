"""Requests in files of several recordings, which are found by a test's name: why nothing was played."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.diff.sent import find_kept
from recctl.inventory.answer import Answer, Cause, Nearby
from recctl.inventory.comparing import find_differing_parts
from recctl.inventory.likeness import digest_body
from recctl.inventory.named import describe_changed, find_gone, is_equal
from recctl.inventory.query import Query, Reason
from recctl.inventory.ranking import compare, find_near
from recctl.project import Place
from recctl.recordings.formats import load_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.inventory.answer import Since
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.store import Store
    from recctl.recordings.recording import Recording


def find_in_file(store: Store, query: Query, told: str) -> Answer:
    """What the file of that path has for a request; all that it holds, where no request is known."""
    location = store.locate(told)
    entries = store.by_location.get(location or "", [])
    if entries and query.method is None and query.url is None and query.recorder is None:
        meant = [each for each in entries if query.number in (None, each.facts.number)]
        if not meant:
            told = f"the file holds {show_count(len(entries), 'recording')}"
            return Answer(query, Cause.EMPTY_FILE, told, expected=(entries[0].facts.path,))
        return Answer(query, Cause.FOUND, found=tuple(Nearby(entry, is_own=True) for entry in meant))
    if entries:
        return find_among(store, query, entries)
    path = store.guess_location(told)
    if (store.project.root / path).is_file():
        why, command = "the file is there, and holds no recording", store.write_record(query, path)
        return Answer(query, Cause.EMPTY_FILE, why, expected=(store.show(path),), command=command)
    return _describe_no_file(store, query, path)


def find_without_file(store: Store, query: Query) -> Answer:
    """What there is for a request to the cassette of a test, or to one that is not known."""
    if query.reason is Reason.NO_CASSETTE_IN_USE:
        told = "no cassette was in use when the request was sent"
        return Answer(query, Cause.NO_FILE, told, nearest=find_near(store, query))
    own = store.list_of_test(query.test)
    if own:
        return find_among(store, query, own)
    equal = [entry for entry in store.entries if is_equal(entry, query)]
    if equal and query.recorder is None:
        return Answer(query, Cause.FOUND, found=compare(store, query, equal))
    path = _find_place(store, query)
    return (
        describe_changed(store, query, find_near(store, query))
        if path is None
        else _describe_no_file(store, query, path)
    )


def _find_place(store: Store, query: Query) -> str | None:
    """The file in which recordings of a test are looked for, from the root; None where that can't be told."""
    form = next((load_format(entry.facts.format) for entry in store.entries), None)
    if form is None or query.test_id is None:
        return None
    place = next(
        iter(form.list_places(query.test_id, store.settings_in(store.project.root.as_posix()))), None
    )
    return None if place is None else (PurePosixPath(place.folder) / place.name).as_posix()


def find_among(store: Store, query: Query, entries: list[IndexEntry]) -> Answer:
    """What the recordings of one file, or of one test, have for a request."""
    matching = [entry for entry in entries if _matches(entry, query)]
    if matching and query.reason is Reason.NO_MATCH and not query.matched:
        parts = _list_parts(query, entries[0].facts.format)
        query = replace(query, matched=(*parts, *(query.differing or ("body",))))
        matching = [entry for entry in entries if _matches(entry, query)] or matching
    nearest = compare(store, query, matching or entries)
    if query.recorder is None and matching:
        return Answer(query, Cause.FOUND, _describe_matching(len(matching)), found=nearest)
    cause, told = _judge(query, entries, len(matching))
    is_vague = cause is Cause.OTHER_MATCHER and not query.has_body
    location = entries[0].location
    return Answer(
        query,
        cause,
        told,
        expected=(entries[0].facts.path,),
        nearest=nearest,
        since=None if is_vague else _find_since(store, query, location, len(matching)),
        command=store.write_record(query, location),
    )


def _describe_matching(count: int) -> str:
    if count == 1:
        return "the only one of the file that matches it is played"
    return f"{count} of the file match it: the first that was not played yet is played"


def _judge(query: Query, entries: Sequence[IndexEntry], matching: int) -> tuple[Cause, str]:
    """Why none of a file's recordings was played."""
    title = entries[0].facts.format
    if query.differing and not _OF_URLS.issuperset(query.differing):
        names = " and ".join(query.differing)
        return Cause.OTHER_MATCHER, f"the closest differ in {names}, which {title} matches here"
    if matching and query.reason is Reason.NO_MATCH:
        return Cause.OTHER_MATCHER, f"{title} matches more here than method and url, which are the same"
    if matching:
        told = "1 is recorded" if matching == 1 else f"{matching} are recorded"
        return Cause.ALL_PLAYED, f"all that match it were played: this is call {matching + 1}, and {told}"
    if query.url is None:
        return Cause.OTHER_URL, "nothing in the file matches it"
    parts = _list_parts(query, title)
    other = min((_find_other(entry.url, query.url, parts) for entry in entries), key=len)
    if other:
        return Cause.OTHER_URL, f"nothing in the file went there: another {' and '.join(other)}"
    if all(entry.method != query.method for entry in entries):
        return Cause.OTHER_URL, "nothing in the file went there by that method"
    return Cause.OTHER_MATCHER, f"{title} matches the body, which is another one"


_OF_URLS = frozenset({"method", "scheme", "host", "port", "path", "query", "uri"})


def _matches(entry: IndexEntry, query: Query) -> bool:
    """Whether a request is that of a recording in all that is matched, as far as it is known."""
    parts = _list_parts(query, entry.facts.format)
    return _fits(entry.method, entry.url, entry.body, query, parts)


def _list_parts(query: Query, form: str) -> tuple[str, ...]:
    """The parts of a request that are matched: as the recorder says itself, else as it does by default."""
    matching = load_format(form).matching
    return query.matched or (() if matching is None else matching.parts)


def _fits(method: str, url: str, body: str, query: Query, parts: tuple[str, ...]) -> bool:
    if "method" in parts and query.method not in (None, method):
        return False
    if query.url is not None and _find_other(url, query.url, parts):
        return False
    is_matched = any("body" in name for name in parts)
    return not (is_matched and query.has_body) or body == query.digest


def _find_other(one: str, other: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """In which of the parts that are matched two urls differ."""
    differing = find_differing_parts(one, other)
    is_whole = any(name.startswith(("uri", "url")) for name in parts)
    return differing if is_whole else tuple(name for name in differing if name in parts)


def _find_since(store: Store, query: Query, location: str, count: int) -> Since | None:
    """What changed a file that had more recordings of a request before than it has now."""
    from recctl.inventory.since import find_change  # with all that it takes

    def had_more(recordings: Sequence[Recording]) -> bool:
        parts = _list_parts(query, recordings[0].format) if recordings else ()
        kept = map(find_kept, recordings)
        fitting = [_fits(each.method, each.url, digest_body(each.body), query, parts) for each in kept]
        return count < sum(fitting)

    return find_change(store.project, location, had_more)


def _describe_no_file(store: Store, query: Query, path: str) -> Answer:
    """The answer where there is no such file: whether there was, and what may have become of its test."""
    shown = store.show(path)
    gone = find_gone(store, query, [shown])
    if gone is not None:
        return gone
    alike = _list_alike(store, path)
    names = {each.entry.location for each in alike}
    near = (*alike, *(each for each in find_near(store, query) if each.entry.location not in names))
    told = _describe_test(store, path)
    former = None if told is None else _find_former(store, told, path)
    if former is None:
        command = store.write_record(replace(query, test=query.test or told), path)
        return Answer(
            query,
            Cause.NO_FILE,
            "there is no such file",
            expected=(shown,),
            nearest=near[: store.most],
            command=command,
        )
    others = (each for each in near if each.entry is not former)
    is_own = (query.test_id or "").partition("[")[0] == (told or "").partition("[")[0]
    tests = former.test_id or "", query.test_id if is_own and query.test_id else told or ""
    return Answer(
        query,
        Cause.NO_FILE,
        "there is no such file; one beside it is of a test that is gone, which may be this one",
        expected=(shown,),
        nearest=(Nearby(former, is_own=True), *others)[: store.most],
        command=f"recctl mv {' '.join(map(shlex.quote, tests))} --apply",
    )


def _list_alike(store: Store, path: str) -> tuple[Nearby, ...]:
    """The first recording of each of the files whose names are most like one, of the same folder."""
    from difflib import get_close_matches

    folder, name = PurePosixPath(path).parent.as_posix(), PurePosixPath(path).name
    beside = {
        PurePosixPath(each.location).name: each for each in store.entries[::-1] if _lies_in(each, folder)
    }
    close = get_close_matches(name, [*beside][:_MOST_ALIKE], store.most, _ALIKE)
    return tuple(Nearby(beside[each]) for each in close)


_MOST_ALIKE = 1000
_ALIKE = 0.75


def _find_former(store: Store, test_id: str, path: str) -> IndexEntry | None:
    """A recording beside a file that is not there, whose test is gone, and is called like the file's."""
    folder = PurePosixPath(path).parent.as_posix()
    beside = [each for each in store.entries if each.facts.is_named_by_test and _lies_in(each, folder)]
    if not beside:
        return None
    from difflib import get_close_matches

    from recctl.naming.orphans import find_missing

    missing = find_missing([entry.facts for entry in beside], store.project.root)
    by_name = {_read_name(entry.test_id or ""): entry for entry in beside if entry.facts.path in missing}
    close = get_close_matches(_read_name(test_id), [*by_name], 1, _RENAMED)
    return by_name[close[0]] if close else None


_RENAMED = 0.5
"""How much of their names a test and what it was called before have in common at least."""


def _read_name(test_id: str) -> str:
    """The name of a test's function, without what nearly all begin with."""
    return test_id.partition("[")[0].rpartition("::")[2].removeprefix("test_")


def _lies_in(entry: IndexEntry, folder: str) -> bool:
    return entry.location.rpartition("/")[0] == folder.removeprefix(".")


def _describe_test(store: Store, path: str) -> str | None:
    """The test that a file is named after, by the format of the files that hold several recordings."""
    form = next((each.facts.format for each in store.entries if each.facts.holds_several), None)
    if form is None:
        return None
    place = Place(PurePosixPath(path).parent.as_posix(), PurePosixPath(path).name)
    settings = store.settings_in((store.project.root / place.folder).as_posix())
    named = load_format(form).find_test(place, settings, lambda _: True)
    return None if named is None else named.test_id
