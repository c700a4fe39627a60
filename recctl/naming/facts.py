"""What is known of one recording's name and place, as a value: by itself, and among others."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from recctl.base.values import NamedTuple
from recctl.recordings.formats import load_format
from recctl.recordings.recording import DEFAULT_FORMAT, Key

if TYPE_CHECKING:
    from recctl.input.sources import Target
    from recctl.project import Project


class Identity(NamedTuple):
    """Which schemes give a recording the name that its file has.

    `schemes` names the released ones, oldest first, then the configuration's own; `oldest` and `newest` name
    the first and the last of those that are verified. `draft` is the first draft that gives the name when
    none of them does. `wanted` is the file name that the wanted scheme gives. `plain` is the one by which the
    request is known as it stands, with nothing in it made equal (and the test's id left out). `unjudged`
    says why nothing can be told; then all else is empty.
    """

    name: str
    wanted: str | None = None
    schemes: tuple[str, ...] = ()
    oldest: str | None = None
    newest: str | None = None
    draft: str | None = None
    plain: str | None = None
    unjudged: str | None = None

    @property
    def given(self) -> str | None:
        """Which schemes give the name, as a sentence; None where none does."""
        if self.oldest is None:
            return None
        if self.oldest == self.newest:
            return f"{self.oldest} gives it this name"
        return f"{self.oldest} to {self.newest} give it this name"


class NameStatus(StrEnum):
    """What a recording's name is to the wanted scheme."""

    CURRENT = "current"
    OUTDATED = "outdated"
    AHEAD = "ahead"
    UNEXPLAINED = "unexplained"
    NOT_APPLICABLE = "not-applicable"


class Turn(NamedTuple):
    """Which step of which test a recording is: one that agrees in all but `answered` can take its place.

    `asked` stands for what the user asks, up to the last message, `instructed` for the instructions, and
    `answered` for the answers of tools, which differ from run to run.
    """

    test_id: str
    endpoint: str
    model: str
    roles: tuple[str, ...]
    asked: str
    instructed: str
    answered: str

    @property
    def place(self) -> Turn:
        """The turn without the answers of tools: the same for all that can take each other's place."""
        return self._replace(answered="")

    @property
    def question(self) -> Turn:
        """The turn without instructions and answers of tools: the same for all that ask the same."""
        return self._replace(instructed="", answered="")

    @property
    def step(self) -> Turn:
        """The turn without all that is said: the same for all that may have been asked in its place."""
        return self.question._replace(asked="")


class Calls(NamedTuple):
    """The ids of the tool calls that a reply makes, and of those that its request repeats.

    `makes_nameless` is true for a reply with calls that have none.
    """

    made: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    makes_nameless: bool = False


class Conflict(NamedTuple):
    """Several recordings that want one name in one folder, by path.

    `found` is the one of them that the recorder finds; None where it finds none, or nobody has said by which
    scheme it goes.
    """

    members: tuple[str, ...]
    found: str | None = None


def judge_name(status: NameStatus, *, is_held: bool, has_lost_test: bool) -> bool | None:
    """Whether a recorder looks for a name; None where nobody can tell.

    Where no scheme is set, each that was released may be the recorder's.
    """
    if status is NameStatus.UNEXPLAINED:
        return None if has_lost_test else False
    return None if status is NameStatus.NOT_APPLICABLE else status is NameStatus.CURRENT or not is_held


class Facts(NamedTuple):
    """What is known of one recording's name and place.

    `path` is how to show the file, `number` which of the file's recordings it is (None for all of them, or
    the only one), `format` the file's format; `holds_several` says that it may hold more than one.
    `folder` is the one in which the file lies, `expected_folder` the one in which the wanted scheme's
    recorder looks for it. `scheme` is that scheme's name, `is_held` whether somebody has set it.
    `providers` are those that the request names, and its url's host. `turn` is None where the file is named
    after its test, and where nobody has asked for it. `has_lost_test` is true where
    the request lacks the id of the test, which its name was made of: then nobody can tell whether the
    recorder finds it. `quoted` are the ids of replies, such as rec-0123456789ab, that its request repeats;
    only recorders that name files by hashes make such ids.
    `cause` is why no scheme explains its name, where that can be guessed.
    `shown_test_id` is its test's id as it may be shown, once somebody has looked for secrets in it, and
    `calls` are its tool calls, once somebody has read its exchange.
    `digest` is that of the file's content, where somebody has asked for it.
    `is_test_open` says that the file may be another test's, too: its name leaves open the class, or the
    module.
    `replaced_by` is another recording of the same turn that is found, when this one's name is outdated.
    """

    path: str
    folder: str
    expected_folder: str
    size: int
    scheme: str
    is_held: bool
    identity: Identity
    status: NameStatus
    test_id: str | None = None
    endpoint: str = ""
    model: str | None = None
    providers: tuple[str, ...] = ()
    turn: Turn | None = None
    is_model_list: bool = False
    has_lost_test: bool = False
    quoted: tuple[str, ...] = ()
    cause: str | None = None
    shown_test_id: str | None = None
    calls: Calls | None = None
    replaced_by: str | None = None
    conflict: Conflict | None = None
    number: int | None = None
    holds_several: bool = False
    format: str = DEFAULT_FORMAT
    digest: str | None = None
    is_test_open: bool = False

    @property
    def key(self) -> Key:
        """What the recording is known by."""
        return Key(self.path, self.number)

    @property
    def is_named_by_test(self) -> bool:
        """Whether the file is named after its test, and not after a hash."""
        return self.holds_several and self.test_id is not None

    @property
    def is_named_by_hash(self) -> bool:
        """Whether the file is named after a hash of its one recording."""
        return not self.holds_several and load_format(self.format).is_named_by_hash

    @property
    def location(self) -> Path:
        """Where it lies."""
        return Path(self.folder, self.identity.name)

    @property
    def destination(self) -> Path | None:
        """Where the wanted scheme's recorder looks for it; None where that can't be told."""
        return None if self.identity.wanted is None else Path(self.expected_folder, self.identity.wanted)

    def target(self, project: Project) -> Target:
        """What these facts are about, to be read again."""
        from recctl.input.sources import Target

        settings = project.settings_for(self.location)
        return Target(str(self.key), settings, path=self.location, number=self.number)

    @property
    def has_right_name(self) -> bool | None:
        """Whether the recorder looks for that name, as `judge_name` says it."""
        return judge_name(self.status, is_held=self.is_held, has_lost_test=self.has_lost_test)

    @property
    def is_found(self) -> bool:
        """Whether the recorder finds it: under the name and in the folder that the wanted scheme gives."""
        return self.status is NameStatus.CURRENT and self.folder == self.expected_folder

    @property
    def is_beyond_doubt(self) -> bool:
        """Whether the recorder finds this recording, whatever others are there: by the very name it wants."""
        return self.is_held and self.is_found and self.identity.name == self.identity.wanted

    @property
    def is_stranded(self) -> bool:
        """Whether the recorder has left it behind and nothing has taken its place."""
        return self.status is NameStatus.OUTDATED and self.replaced_by is None

    @property
    def duplicate_of(self) -> str | None:
        """The recording of the same request that the recorder finds in place of this one, if it finds one."""
        found = self.conflict.found if self.conflict is not None else None
        return found if self.is_held and found != self.path else None

    @property
    def conflicts_with(self) -> tuple[str, ...]:
        """The other recordings that want its name."""
        members = self.conflict.members if self.conflict is not None else ()
        return tuple(path for path in members if path != self.path)

    def dump(self) -> list[Any]:
        """These facts, but for the path and what only others tell, as JSON has words for them."""
        told: list[Any] = [*self._replace(path="", replaced_by=None, conflict=None)]
        return [[*value] if isinstance(value, (Identity, Turn, Calls)) else value for value in told]

    @classmethod
    def restore(cls, path: str, values: list[Any]) -> Self:
        """Facts as they were before `dump`. Raises ValueError, TypeError or IndexError for others."""
        told = [*values]
        told[_PATH] = path
        name, wanted, schemes, *rest = told[_IDENTITY]
        told[_IDENTITY] = Identity(name, wanted, tuple(schemes or ()), *rest)
        told[_STATUS] = NameStatus(told[_STATUS])
        told[_PROVIDERS], told[_QUOTED] = tuple(told[_PROVIDERS]), tuple(told[_QUOTED])
        if told[_TURN]:
            test_id, endpoint, model, roles, *asked = told[_TURN]
            told[_TURN] = Turn(test_id, endpoint, model, tuple(roles), *asked)
        if told[_CALLS]:
            made, repeated, makes_nameless = told[_CALLS]
            told[_CALLS] = Calls(tuple(made), tuple(repeated), makes_nameless)
        return cls._make(told)


_PATH, _IDENTITY, _STATUS, _PROVIDERS, _QUOTED, _TURN, _CALLS = map(
    Facts._fields.index, ("path", "identity", "status", "providers", "quoted", "turn", "calls")
)
"""Where these are among the facts: there may be thousands to restore."""
