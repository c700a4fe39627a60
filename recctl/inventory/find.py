"""Where the recording for a request is; if it is not there, why, what is nearest, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.inventory.answer import Answer, Cause, Findings, Nearby
from recctl.inventory.store import Store
from recctl.project import Place
from recctl.recordings.formats import load_format
from recctl.recordings.recording import DEFAULT_FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.inventory.comparing import Mask
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.index import RecordingIndex
    from recctl.inventory.query import Query
    from recctl.project import Project
    from recctl.recordings.recording import Recording


def find(
    project: Project,
    index: RecordingIndex,
    queries: Iterable[tuple[Query, Recording | None]],
    *,
    most: int | None = None,
    mask: Mask = lambda sent: sent,
) -> Findings:
    """The answers to queries; with each goes the recording whose request it is, where there is one.

    What lies where one of these does, and is found by no recorder, is not looked at: it is a draft of it.

    `most` is how many of the nearest are told, None for as many as are of use. `mask` takes secrets out of
    requests, as was done with what a track file tells.
    """
    wishes = [*queries]
    drafts = {given.source.place for _, given in wishes if given is not None}
    entries = [entry for entry in index.entries if entry.is_found or _find_place(entry) not in drafts]
    store = Store(project, index._replace(entries=tuple(entries)), most, mask)
    answers = tuple(_find(store, query, given) for query, given in wishes)
    return Findings(answers, len(entries), index.errors)


def _find_place(entry: IndexEntry) -> Place:
    return Place(entry.facts.folder, entry.facts.identity.name)


def _find(store: Store, query: Query, given: Recording | None) -> Answer:
    """The answer to one query; what it takes is loaded when it is called for."""
    if query.file is not None:
        from recctl.inventory.cassettes import find_in_file

        return find_in_file(store, query, query.file)
    if query.name is not None:
        from recctl.inventory.named import find_name

        answer = find_name(store, query, query.name)
        is_test = answer.cause is Cause.UNKNOWN and query.recorder is None
        return _find_test(store, query, query.name) if is_test and _list_tests(store, query.name) else answer
    is_request = query.url is not None or query.endpoint is not None or query.has_body
    if not (is_request or query.recorder):
        return _find_test(store, query, query.word)
    if is_request and _goes_by_hash(store, query):
        from recctl.inventory.named import find_hashed_request

        return find_hashed_request(store, query, given)
    from recctl.inventory.cassettes import find_without_file

    return find_without_file(store, query)


def _goes_by_hash(store: Store, query: Query) -> bool:
    """Whether a request is looked for by its hash: as those of its test are, else as most are."""
    if query.recorder is not None:
        return query.recorder == DEFAULT_FORMAT
    among = store.list_of_test(query.test) or store.entries
    hashed = sum(load_format(entry.facts.format).is_named_by_hash for entry in among)
    return 2 * hashed >= len(among)


def _list_tests(store: Store, word: str) -> list[IndexEntry]:
    """What was recorded for tests that a word means, or else for those in whose ids it stands."""
    exact = store.list_of_test(word)
    text = word.lower()
    return exact or [entry for entry in store.entries if entry.test_id and text in entry.test_id.lower()]


def _find_test(store: Store, query: Query, word: str) -> Answer:
    """What was recorded for a test."""
    found = _list_tests(store, word)
    if found:
        return Answer(query, Cause.FOUND, found=tuple(Nearby(entry, is_own=True) for entry in found))
    from recctl.inventory.named import find_gone

    is_id = "::" in word or "/" in word
    gone = find_gone(store, query, (), [word]) if is_id else None
    if gone is not None:
        return gone
    nearest = tuple(Nearby(entry) for entry in _suggest(store, word))
    expected = _list_places(store, word) if "::" in word else ()
    command = store.write_record(query, None) if "::" in word else None
    told = "nothing was recorded for such a test"
    return Answer(query, Cause.UNKNOWN, told, expected=expected, nearest=nearest, command=command)


def _list_places(store: Store, test: str) -> tuple[str, ...]:
    """Where the recordings of a test are looked for, as people read it."""
    form = next((load_format(entry.facts.format) for entry in store.entries), None)
    if form is None:
        return ()
    if form.is_named_by_hash:
        return (store.show(store.find_folder(test)),)
    places = form.list_places(test, store.settings_in(store.project.root.as_posix()))
    return tuple(store.show(f"{place.folder}/{place.name}") for place in places[:1])


def _suggest(store: Store, test: str) -> list[IndexEntry]:
    """A recording of each of the tests whose names are most like one."""
    from difflib import get_close_matches

    by_name: dict[str, IndexEntry] = {}
    for entry in store.entries:
        if entry.test_id:
            by_name.setdefault(_read_function(entry.test_id), entry)
    return [by_name[name] for name in get_close_matches(_read_function(test), [*by_name], store.most)]


def _read_function(test_id: str) -> str:
    return test_id.partition("[")[0].rpartition("::")[2].rpartition("/")[2]
