"""The recordings of an index, as those who look for one of them need them."""

from __future__ import annotations

import shlex
from collections import defaultdict
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from recctl.base.work_tree import find_top_level
from recctl.changes import state as changes
from recctl.input.sources import Target, read, show_path
from recctl.inventory.entry import Findability
from recctl.project import is_of_test, recordings_folder
from recctl.recordings.formats import load_format
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source

if TYPE_CHECKING:
    from recctl.inventory.comparing import Mask
    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.index import RecordingIndex
    from recctl.inventory.likeness import Likeness
    from recctl.inventory.nearest import Candidates
    from recctl.inventory.query import Query
    from recctl.project import Project, Settings

_MOST = 3


class Store:
    """The recordings of a project.

    `most` is how many of the nearest are told; None is for as many as are of use. `mask` takes secrets out of
    requests.
    """

    def __init__(self, project: Project, index: RecordingIndex, most: int | None, mask: Mask) -> None:
        self.project, self.entries = project, index.entries
        self._sketches = index.sketches
        self._likeness: dict[str, Likeness] = {}
        self.most, self.least = (_MOST, 1) if most is None else (most, most)
        self.mask = mask
        self._tests: dict[str, list[IndexEntry]] = {}
        self._read: dict[str, dict[int | None, Recording]] = {}

    @cached_property
    def has_past(self) -> bool:
        """Whether anything may know of files that are gone: git, or what runs of recctl have left behind."""
        root = self.project.root
        return find_top_level(root) is not None or bool(changes.StateFolder(root).list("runs"))

    @cached_property
    def hashed(self) -> list[IndexEntry]:
        """Those in files that are named after a hash."""
        return [entry for entry in self.entries if load_format(entry.facts.format).is_named_by_hash]

    @cached_property
    def by_location(self) -> dict[str, list[IndexEntry]]:
        """Those of each file, by its path from the root."""
        found: defaultdict[str, list[IndexEntry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.location].append(entry)
        return dict(found)

    def list_of_test(self, word: str | None) -> list[IndexEntry]:
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

    def find_likeness(self, entry: IndexEntry) -> Likeness:
        """What tells how much its request is like another one: kept, or else read off the recording."""
        if entry.body not in self._likeness:
            self._likeness[entry.body] = self._read_likeness(entry)
        return self._likeness[entry.body]

    def _read_likeness(self, entry: IndexEntry) -> Likeness:
        from recctl.inventory.likeness import Likeness, read_likeness, restore_likeness

        sketch = self._sketches.get(entry.body)
        if sketch is not None:
            return restore_likeness(sketch)
        from recctl.diff.sent import find_kept

        recording = self.load(entry)
        return Likeness() if recording is None else read_likeness(find_kept(recording).body)

    def load(self, entry: IndexEntry) -> Recording | None:
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
        names = [f"{parts[-1]}{ending}" for ending in _ENDINGS] if parts else []
        called_so = [location for name in names for location in self._by_file_name.get(name, ())]
        for start in range(len(parts) if called_so else 0):
            path = "/".join(parts[start:])
            ends = tuple(f"/{path}{ending}" for ending in _ENDINGS)
            fitting = [location for location in called_so if f"/{location}".endswith(ends)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else path if path in fitting else None
        return None

    @cached_property
    def _by_file_name(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for location in self.by_location:
            found[location.rpartition("/")[2]].append(location)
        return dict(found)

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
    def candidates(self) -> Candidates[IndexEntry]:
        """All of them, to be searched for what is near."""
        from recctl.inventory.nearest import Candidates  # which a look-up has no use for

        return Candidates(self.entries, self.find_likeness)

    # --- what helps -----------------------------------------------------------------------------------------

    def write_rehash(self, entry: IndexEntry) -> str:
        """The command that gives a recording the name, and the place, that is looked for."""
        more = {
            Findability.UNEXPLAINED: " --include-unexplained",
            Findability.REPLACED: " --include-replaced",
        }
        return f"recctl rehash {shlex.quote(entry.facts.path)}{more.get(entry.state, '')} --apply"

    def write_record(self, query: Query, location: str | None, near: IndexEntry | None = None) -> str | None:
        """How to record again; None where neither the test nor the file is known."""
        known = [near] if near is not None else self.by_location.get(location or "", [])
        from recctl.inventory.messages import find_recorder

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


_ENDINGS = ("", ".yaml", ".yml", ".json", ".yaml.gz")
