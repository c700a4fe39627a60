"""The index: what is known of each recording, kept in `.recctl/`, so that files are read once.

A file that is as it was is not opened; one that was only written again, as by a checkout, is not read into
recordings again. What others tell of a recording, such as which one has replaced it, is worked out each time.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.parallel import map_files
from recctl.input.cache import FileCache
from recctl.naming.facts import NameStatus
from recctl.naming.relations import relate
from recctl.project import Place
from recctl.recordings.attempt import attempt
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from recctl.input.sources import Selection, Target
    from recctl.inventory.entry import IndexEntry
    from recctl.naming.facts import Facts
    from recctl.project import Project

WORTH_KEEPING = 50
"""How many files there must be for an index to be kept."""


class Sketches:
    """What is kept of the requests' bodies to tell how much alike they are, by the bodies' digests.

    It takes as much room as all else that is known, and only those who look for what is near have a use for
    it: it is kept apart, and read when it is first asked for.
    """

    def __init__(self, open_cache: Callable[[], FileCache] | None) -> None:
        self._open = open_cache
        self._read: dict[str, str] = {}

    def get(self, body: str) -> str | None:
        """The sketch of a body; None where none is kept."""
        if body not in self._read and self._cache is not None:
            return self._kept.get(body)
        return self._read.get(body)

    def put(self, target: Target, sketches: dict[str, str]) -> None:
        """Remember those of a file."""
        self._read |= sketches
        if self._cache is not None:
            self._cache.put(target, sketches)

    def save(self) -> None:
        """Write what is kept, if anything is new."""
        if "_cache" in vars(self) and self._cache is not None:
            self._cache.save()

    @cached_property
    def _cache(self) -> FileCache | None:
        return None if self._open is None else self._open()

    @cached_property
    def _kept(self) -> dict[str, str]:
        kept: dict[str, str] = {}
        for _, sketches in () if self._cache is None else self._cache.list_all():
            kept |= sketches
        return kept


class RecordingIndex(NamedTuple):
    """The recordings that were asked about, sorted by path and number, and what could not be looked at."""

    entries: tuple[IndexEntry, ...]
    sketches: Sketches
    errors: tuple[Unread | LoadError, ...] = ()


def read_index(
    project: Project,
    selection: Selection,
    *,
    jobs: int | None = None,
    is_kept: bool = True,
    watch: Callable[[int], None] = lambda _: None,
) -> RecordingIndex:
    """What is known of the selected recordings; of files that are not known as they are, by reading them.

    Without `is_kept`, nothing is remembered, nor taken from what was. `watch` is called with the number of
    files that are done.
    """
    cache, sketches = None, Sketches(None)
    if is_kept and len(selection.targets) >= WORTH_KEEPING:
        cache, sketches = _open_cache(project), Sketches(partial(_open_cache, project, "likeness"))
    entries: list[IndexEntry] = []
    dumped: list[list[Any]] = []
    errors: list[Unread | LoadError] = [*selection.unread]
    prefix = f"{project.root.as_posix().rstrip('/')}/"
    for done, (target, read) in enumerate(_read_files(project, selection.targets, cache, jobs), 1):
        errors += read.errors
        location = target.file if target.path is None else target.path.as_posix().removeprefix(prefix)
        if read.sketches:
            sketches.put(target, read.sketches)
        if read.entries:
            entries += _restore(target, location, read.entries)
            dumped += read.entries
        watch(done)
    if cache is not None:
        cache.save()
        sketches.save()
    entries = _restore_turns(entries, dumped)
    related = relate((entry.facts for entry in entries), _survey_neighbours(project, selection, entries))
    known = tuple(entry.with_facts(facts) for entry, facts in zip(entries, related, strict=True))
    return RecordingIndex(known, sketches, tuple(errors))


def _restore_turns(entries: list[IndexEntry], dumped: list[list[Any]]) -> list[IndexEntry]:
    """The entries with their turns where these matter: of tests that have an outdated recording."""
    left_behind = {entry.test_id for entry in entries if entry.facts.status is NameStatus.OUTDATED}
    if not left_behind:
        return entries
    return [
        entry.restore_turn(values) if entry.test_id in left_behind else entry
        for entry, values in zip(entries, dumped, strict=True)
    ]


def read_kept(project: Project) -> Iterator[IndexEntry]:
    """What was known of recordings when it was last looked: no file is."""
    from recctl.inventory.entry import IndexEntry

    for location, value in _open_cache(project).list_all():
        if _find_digest(value) is not None:
            yield from (IndexEntry.restore(location, location, values) for values in value[1])


def _open_cache(project: Project, name: str = "index") -> FileCache:
    basis = (project.root, project.all_settings(), project.overrides)
    return FileCache(project.root, name, basis, holds_tests=False)


class _Read(NamedTuple):
    """What a file holds: entries as `dump` gives them. They are None for a file that is as it was.

    `sketches` are those of the requests that were read.
    """

    entries: list[Any] | None
    digest: str | None = None
    errors: tuple[Unread | LoadError, ...] = ()
    sketches: dict[str, str] | None = None


def _read_files(
    project: Project, targets: tuple[Target, ...], cache: FileCache | None, jobs: int | None
) -> Iterator[tuple[Target, _Read]]:
    """What each file holds, in order."""
    known = [None if cache is None else cache.get(target) for target in targets]
    unknown = [
        (target, _find_digest(cache.get_former(target)) if cache is not None else None)
        for target, value in zip(targets, known, strict=True)
        if value is None
    ]
    read_all = map_files(partial(_read_file, root=project.root), unknown, jobs) if unknown else iter(())
    for target, value in zip(targets, known, strict=True):
        if value is not None:
            yield target, _Read(value[1])
            continue
        read = next(read_all)
        if cache is not None and read.entries is None:
            read = read._replace(entries=cache.get_former(target)[1])
        if cache is not None and read.digest is not None:
            cache.put(target, [read.digest, read.entries])
        yield target, read


def _find_digest(value: Any) -> str | None:
    match value:
        case [str(digest), list()]:
            return digest
    return None


def _read_file(item: tuple[Target, str | None], root: Path) -> _Read:
    """What a file holds; nothing of one whose content has this digest."""
    target, known = item
    read = attempt(target.name, _read_entries, target, known, root)
    return _Read([], errors=(read,)) if isinstance(read, Unread) else read


def _read_entries(target: Target, known: str | None, root: Path) -> _Read:
    from recctl.base.digests import blake2b
    from recctl.input.sources import read
    from recctl.inventory.reading import read_entry, sketch  # with all it takes; for known files, nothing is
    from recctl.naming.survey import find_facts
    from recctl.recordings.formats import load_format
    from recctl.recordings.load import load

    source = read(target)
    if isinstance(source, Unread):
        return _Read([], errors=(source,))
    digest = blake2b(source.content, digest_size=16).hexdigest()
    if digest == known:
        return _Read(None, digest)
    items = load(source)
    recordings = [item for item in items if isinstance(item, Recording)]
    errors = tuple(item for item in items if isinstance(item, LoadError))
    if source.place is None or not recordings:
        return _Read([], None if errors else digest, errors)
    sizes = load_format(recordings[0].format).measure(source._replace(number=None))
    entries = [
        read_entry(
            recording,
            find_facts(recording, root),
            "",
            sizes[recording.index] if recording.index < len(sizes) else len(source.content),
        )
        for recording in recordings
    ]
    sketches = {entry.body: sketch(recording) for entry, recording in zip(entries, recordings, strict=True)}
    return _Read([entry.dump() for entry in entries], None if errors else digest, errors, sketches)


def _restore(target: Target, location: str, dumped: list[Any]) -> Iterable[IndexEntry]:
    from recctl.inventory.entry import IndexEntry

    entries = [IndexEntry.restore(target.file, location, values) for values in dumped]
    return _name_tests(target, entries) if target.settings.test_names else entries


def _name_tests(target: Target, entries: list[IndexEntry]) -> Iterator[IndexEntry]:
    """The entries of a file with the test that the sources give it now."""
    from recctl.recordings.formats import load_format
    from recctl.recordings.load import describe_test, find_test

    form = load_format(entries[0].facts.format)
    if target.path is None or form.is_named_by_hash:
        yield from entries
        return
    place = Place.of(target.path)
    test_id, told = find_test(form, place, target.settings), describe_test(form, place, target.settings)
    for entry in entries:
        is_open = told is not None and told.is_open
        yield entry.with_facts(entry.facts._replace(test_id=test_id, is_test_open=is_open))


def _survey_neighbours(project: Project, selection: Selection, entries: list[IndexEntry]) -> list[Facts]:
    """The facts about recordings of the same tests beside those that were named."""
    if not any(target.named for target in selection.targets):
        return []
    from recctl.naming.survey import survey_neighbours

    return survey_neighbours(project, selection, {entry.test_id for entry in entries})
