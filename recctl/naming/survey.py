"""Where recordings stand with their recorder: found or left behind, and what replaced them."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recctl.attempt import attempt
from recctl.naming.folders import find_expected_folder
from recctl.naming.neighbours import read_neighbours
from recctl.parallel import map_files
from recctl.project import MODELS
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Unread
from recctl.schemes import CURRENT, Identity, Scheme, explain_name, find_held, identify
from recctl.sources import Target, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.project import Project
    from recctl.sources import Selection


class Status(StrEnum):
    """What a recording's name is to the wanted scheme."""

    CURRENT = "current"
    OUTDATED = "outdated"
    UNEXPLAINED = "unexplained"
    NOT_APPLICABLE = "not-applicable"


class Turn(NamedTuple):
    """Which step of which test a recording is: one that agrees in all of this can take its place."""

    test_id: str
    endpoint: str
    model: str
    roles: tuple[str, ...]


class Facts(NamedTuple):
    """Where one recording stands.

    `path` is how to show the file, `folder` the one in which it lies, `expected_folder` the one in which the
    wanted scheme's recorder looks for it. `scheme` is that scheme's name, `is_held` whether somebody has set
    it.
    `replaced_by` is another recording of the same turn that has a current name, when this one's is outdated.
    `conflicts_with` are the others that want the same name in the same folder. `cause` is why no scheme
    explains its name, where that can be guessed.
    """

    path: str
    folder: str
    expected_folder: str
    size: int
    scheme: str
    is_held: bool
    identity: Identity
    status: Status
    test_id: str | None = None
    turn: Turn | None = None
    is_model_list: bool = False
    replaced_by: str | None = None
    conflicts_with: tuple[str, ...] = ()
    cause: str | None = None

    @property
    def location(self) -> Path:
        """Where it lies."""
        return Path(self.folder, self.identity.name)

    @property
    def destination(self) -> Path | None:
        """Where the wanted scheme's recorder looks for it; None where that can't be told."""
        return None if self.identity.wanted is None else Path(self.expected_folder, self.identity.wanted)

    def target(self, project: Project) -> Target:
        """The file, to be read again."""
        return Target(self.path, project.settings_for(self.location), path=self.location)

    @property
    def is_stranded(self) -> bool:
        """Whether the recorder has left it behind and nothing has taken its place."""
        return self.status is Status.OUTDATED and self.replaced_by is None


class Survey(NamedTuple):
    """Where all selected recordings stand, sorted by path, and what could not be looked at."""

    all_facts: tuple[Facts, ...]
    errors: tuple[Unread | LoadError, ...] = ()


def survey(
    project: Project, selection: Selection, *, to: Scheme | None = None, jobs: int | None = None
) -> Survey:
    """Find out where the selected recordings stand with a scheme: `to`, else the one set for each of them.

    Where neither says, the newest verified scheme is taken. The recordings beside those that were named count
    as what may replace them or want their names.
    """
    errors: list[Unread | LoadError] = list(selection.unread)
    all_facts: list[Facts] = []
    for examined in map_files(partial(_examine, root=project.root, to=to), selection.targets, jobs):
        for item in examined:
            if isinstance(item, Facts):
                all_facts.append(item)
            else:
                errors.append(item)
    test_ids = {facts.test_id for facts in all_facts}
    others = read_neighbours(selection.neighbours(project), test_ids)
    found = (attempt(other.source.name, find_facts, other, project.root, to) for other in others)
    neighbours = [facts for facts in found if isinstance(facts, Facts)]
    return Survey(tuple(_relate(all_facts, neighbours)), tuple(errors))


def find_facts(recording: Recording, root: Path, to: Scheme | None = None) -> Facts:
    """Where one recording of the project at `root` stands, as far as it alone can tell.

    It must lie somewhere.
    """
    source, test_id = recording.source, recording.test_id
    assert source.place is not None  # noqa: S101  (standard input is no file that could have a name)
    held = to or find_held(source.settings)
    wanted = held or CURRENT
    identity = identify(recording, source.place, wanted)
    folder = source.place.folder
    status = _judge(identity, wanted)
    cause = None
    if status is Status.UNEXPLAINED:
        cause = explain_name(recording, source.place, source.settings.renames, identity)
    return Facts(
        path=source.name,
        folder=folder,
        expected_folder=find_expected_folder(folder, root, wanted, test_id),
        size=len(source.content),
        scheme=wanted.name,
        is_held=held is not None,
        identity=identity,
        status=status,
        test_id=test_id,
        turn=find_turn(recording),
        is_model_list=(identity.wanted or identity.name).startswith(MODELS),
        cause=cause,
    )


def find_turn(recording: Recording) -> Turn | None:
    """Which turn of its test a recording is; None where the test is not known."""
    test_id = recording.test_id
    if test_id is None:
        return None
    messages = recording.asked.get("messages")
    roles = [message.get("role") for message in messages or () if isinstance(message, dict)]
    return Turn(test_id, recording.endpoint, str(recording.model or ""), tuple(map(str, roles)))


def _examine(target: Target, root: Path, to: Scheme | None) -> tuple[Facts | Unread | LoadError, ...]:
    examined = attempt(target.name, _find_all_facts, target, root, to)
    return (examined,) if isinstance(examined, Unread) else examined


def _find_all_facts(target: Target, root: Path, to: Scheme | None) -> tuple[Facts | Unread | LoadError, ...]:
    source = read(target)
    if isinstance(source, Unread):
        return (source,)
    if source.place is None:
        hint = "name the file: where it lies decides what it is called"
        return (Unread(source.name, "standard input has no name", hint),)
    return tuple(find_facts(item, root, to) if isinstance(item, Recording) else item for item in load(source))


def _judge(identity: Identity, wanted: Scheme) -> Status:
    if identity.wanted is None:
        return Status.NOT_APPLICABLE
    if wanted.name in identity.schemes:
        return Status.CURRENT
    return Status.OUTDATED if identity.oldest is not None else Status.UNEXPLAINED


def _relate(all_facts: list[Facts], neighbours: list[Facts]) -> Iterator[Facts]:
    """The facts, with what replaces each and what it is in conflict with."""
    successors: dict[Turn, str] = {}
    rivals: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for facts in sorted((*all_facts, *neighbours), key=lambda facts: facts.path):
        if facts.status is Status.CURRENT and facts.turn is not None:
            successors.setdefault(facts.turn, facts.path)
        if facts.identity.wanted is not None:
            rivals[facts.expected_folder, facts.identity.wanted].append(facts.path)
    for facts in all_facts:
        replaced_by = None
        if facts.status is Status.OUTDATED and facts.turn is not None:
            replaced_by = successors.get(facts.turn)
        wanting = rivals[facts.expected_folder, facts.identity.wanted or ""]
        others = tuple(path for path in wanting if path != facts.path)
        yield facts._replace(replaced_by=replaced_by, conflicts_with=others)
