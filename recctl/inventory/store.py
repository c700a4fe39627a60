"""The recordings of an index, as those who look for one of them need them."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter, defaultdict
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from recctl import git
from recctl.changes import state as changes
from recctl.input.sources import Target, read, show_path
from recctl.inventory.answer import UNMATCHED, Nearby
from recctl.inventory.comparing import find_changes, judge_changes
from recctl.inventory.entry import State
from recctl.inventory.likeness import read_likeness
from recctl.inventory.messages import find_recorder
from recctl.inventory.nearest import Candidates, Near, Sought
from recctl.project import is_of_test, recordings_folder
from recctl.recordings.formats import load_format
from recctl.recordings.http import find_endpoint
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.diff import Change
    from recctl.inventory.comparing import Mask
    from recctl.inventory.entry import Entry
    from recctl.inventory.query import Query
    from recctl.project import Project, Settings

_MOST = 3
_COMPARED = 8
"""How many recordings are read and set against a request: which may be nearest, sketches tell roughly."""


class Store:
    """The recordings of a project.

    `most` is how many of the nearest are told; None is for as many as are of use. `mask` takes secrets out of
    requests.
    """

    def __init__(self, project: Project, entries: Sequence[Entry], most: int | None, mask: Mask) -> None:
        self.project, self.entries = project, entries
        self.most, self._least = (_MOST, 1) if most is None else (most, most)
        self._mask = mask
        self._tests: dict[str, list[Entry]] = {}
        self._read: dict[str, dict[int | None, Recording]] = {}

    @cached_property
    def has_past(self) -> bool:
        """Whether anything may know of files that are gone: git, or what runs of recctl have left behind."""
        root = self.project.root
        return git.find_top_level(root) is not None or bool(changes.State(root).list("runs"))

    @cached_property
    def hashed(self) -> list[Entry]:
        """Those in files that are named after a hash."""
        return [entry for entry in self.entries if load_format(entry.facts.format).is_named_by_hash]

    @cached_property
    def by_location(self) -> dict[str, list[Entry]]:
        """Those of each file, by its path from the root."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.location].append(entry)
        return dict(found)

    def list_of_test(self, word: str | None) -> list[Entry]:
        """Those of the tests that a word means."""
        if not word:
            return []
        if word not in self._tests:
            self._tests[word] = [entry for entry in self.entries if is_of_test(entry.test_id, word)]
        return self._tests[word]

    def settings_in(self, folder: str) -> Settings:
        """The settings of files in a folder."""
        return self.project.settings_for(Path(folder, "x"))

    def show(self, location: str) -> str:
        """A path from the root as people read it."""
        return show_path(self.project.root / location)

    def load(self, entry: Entry) -> Recording | None:
        """A recording read again; None where it can't be."""
        if entry.location not in self._read:
            path = Path(entry.facts.folder, entry.facts.identity.name)
            source = read(Target(entry.facts.path, self.project.settings_for(path), path=path))
            items = load(source) if isinstance(source, Source) else ()
            self._read[entry.location] = {
                item.key.number: item for item in items if isinstance(item, Recording)
            }
        return self._read[entry.location].get(entry.facts.number)

    # --- where files lie ------------------------------------------------------------------------------------

    def locate(self, told: str) -> str | None:
        """The file that a path means, from the root: it may be of another machine, or lack its ending."""
        parts = PurePosixPath(told.replace("\\", "/")).parts
        for start in range(len(parts)):
            path = "/".join(parts[start:])
            fitting = [
                location
                for location in self.by_location
                if any(f"/{location}".endswith(f"/{path}{ending}") for ending in _ENDINGS)
            ]
            if fitting:
                return fitting[0] if len(fitting) == 1 else path if path in fitting else None
        return None

    def guess_location(self, told: str) -> str:
        """Where a file that is not there would lie, from the root: below a folder that is there."""
        root = self.project.root
        path = PurePosixPath(told.replace("\\", "/"))
        if path.is_relative_to(root.as_posix()):
            return path.relative_to(root.as_posix()).as_posix()
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        starts = (start for start in range(len(parts) - 1) if (root / parts[start]).is_dir())
        return "/".join(parts[next(starts, 0) :])

    def find_folder(self, test: str | None) -> str:
        """The folder in which recordings of a test are looked for by hash, as those of its module tell."""
        module = (test or "").partition("::")[0]
        for entry in self.hashed:
            if module and (entry.test_id or "").partition("::")[0] == module:
                return entry.facts.expected_folder
        wanted = recordings_folder(test)
        return (self.project.root / (wanted or "")).as_posix()

    # --- what is near ---------------------------------------------------------------------------------------

    @cached_property
    def _candidates(self) -> Candidates[Entry]:
        return Candidates(self.entries)

    def find_near(self, query: Query) -> tuple[Nearby, ...]:
        """The recordings that are nearest to a request, each with what differs, the nearest first."""
        sought = self._describe(query)
        if sought == Sought():
            return ()
        least = self._least if query.has_body else self.most
        return self._rank(query, self._candidates.find(sought, _COMPARED), least)

    def compare(self, query: Query, entries: Sequence[Entry]) -> tuple[Nearby, ...]:
        """Recordings of the file, or the test, that was asked, with what differs, the nearest first."""
        near = [Near(entry, is_own=True) for entry in entries]
        if len(entries) > _COMPARED:
            sought = self._describe(query)._replace(test_id="", location=None)
            found = Candidates(entries).find(sought, _COMPARED)
            near = [Near(each.recording, is_own=True) for each in found] or near[:_COMPARED]
        return self._rank(query, near, len(near))

    def _describe(self, query: Query) -> Sought:
        tests = {entry.test_id or "" for entry in self.list_of_test(query.test)}
        model = query.body.get("model") if isinstance(query.body, dict) else query.model
        return Sought(
            test_id=min(tests) if len(tests) == 1 else query.test or "",
            location=self.locate(query.file) if query.file is not None else None,
            method=query.method,
            endpoint=query.endpoint if query.url is None else find_endpoint(query.url),
            model=model if isinstance(model, str) else None,
            likeness=read_likeness(query.body) if query.has_body else None,
            url=query.url,
        )

    def _rank(self, query: Query, near: Iterable[Near[Entry]], least: int) -> tuple[Nearby, ...]:
        """Recordings set against a request; those first that are the test's own, and differ least.

        So many are in any case. Once one differs in no more than a word, those are left out that are less
        likely by their sketches.
        """
        ranked: list[tuple[_Distance, int, Near[Entry], list[Change]]] = []
        for number, each in enumerate(near):
            if number >= least and min(distance for distance, *_ in ranked).is_a_word:
                break
            changes = self._find_changes(each.recording, query)
            ranked.append((_measure(each, changes), number, each, changes))
        ranked.sort(key=lambda each: each[:2])
        return tuple(self._tell(query, near, changes) for *_, near, changes in ranked[: self.most])

    def _find_changes(self, entry: Entry, query: Query) -> list[Change]:
        """What differs from a request; nothing where that can't be told, of what nests too deeply."""
        recording = self.load(entry)
        try:
            return [] if recording is None else find_changes(recording, query, self._mask)
        except RecursionError:
            return []

    def _tell(self, query: Query, near: Near[Entry], changes: list[Change]) -> Nearby:
        entry, is_own = near
        recording = self.load(entry)
        if recording is None:
            return Nearby(entry, is_own)
        return Nearby(entry, is_own, judge_changes(recording, query, changes), query.has_body)

    # --- what helps -----------------------------------------------------------------------------------------

    def write_rehash(self, entry: Entry) -> str:
        """The command that gives a recording the name, and the place, that is looked for."""
        more = {State.UNEXPLAINED: " --include-unexplained", State.REPLACED: " --include-replaced"}
        return f"recctl rehash {shlex.quote(entry.facts.path)}{more.get(entry.state, '')} --apply"

    def write_record(self, query: Query, location: str | None, near: Entry | None = None) -> str | None:
        """How to record again; None where neither the test nor the file is known."""
        known = [near] if near is not None else self.by_location.get(location or "", [])
        among = known or self.entries[:1]
        recorder = find_recorder(query.recorder or (among[0].facts.format if among else None))
        if recorder is None:
            return None
        test = query.test_id or (known[0].test_id if known else query.test)
        file = self.show(location) if location is not None else None
        words = {"{test}": test, "{file}": file}
        command = recorder.record_again
        for word, value in words.items():
            if word in command:
                if not value:
                    return None
                command = command.replace(word, shlex.quote(value))
        return command


class _Distance(NamedTuple):
    """How far a recording is from a request, the smaller the nearer: fields that differ, and words in them.

    What is noise counts last, and for nothing where names are made of all that is sent.
    """

    is_of_others: bool
    fields: int
    words: int
    noise: int

    @property
    def is_a_word(self) -> bool:
        """Whether nothing differs but a word."""
        return not self.is_of_others and self.fields + self.noise <= 1 and self.words <= _A_WORD


_A_WORD = 4
"""How many words, as they are counted here, have gone and come where one has changed."""


def _measure(near: Near[Entry], changes: Sequence[Change]) -> _Distance:
    is_hashed = load_format(near.recording.facts.format).is_named_by_hash
    told = [change for change in changes if not change.where.startswith(UNMATCHED)]
    fields = [change for change in told if is_hashed or change.kind != "noise"]
    words = sum(map(_count_words, fields))
    return _Distance(not near.is_own, len(fields), words, len(told) - len(fields))


def _count_words(change: Change) -> int:
    """How many words a change has taken away and put in; what is new, or gone, is more than a word."""
    extra = _A_WORD if change.left is None or change.right is None else 0
    sides = (Counter(_WORD.findall(json.dumps(side)[:_LONGEST])) for side in (change.left, change.right))
    left, right = sides
    return (left - right).total() + (right - left).total() + extra


_WORD = re.compile(r"\w+")
_LONGEST = 50_000
_ENDINGS = ("", ".yaml", ".yml", ".json", ".yaml.gz")
