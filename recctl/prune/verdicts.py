"""What is said about recordings that could go: grades of evidence, verdicts, the whole report."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recctl.naming.facts import Facts
    from recctl.naming.filters import Filter
    from recctl.recordings.recording import LoadError
    from recctl.recordings.source import Unread
    from recctl.testsuite.collected import Collected
    from recctl.testsuite.track import Tracked


class Grade(StrEnum):
    """Why a recording could go, the strongest evidence first."""

    REPLACED = "replaced"
    STRANDED = "stranded"
    TWIN = "twin"
    ORPHAN = "orphan"
    UNCOLLECTED = "uncollected"
    UNUSED = "unused"
    UNPLAYED = "unplayed"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"


MEANINGS = {
    Grade.REPLACED: "today's recorder can't find it, and another of the same turn has taken its place",
    Grade.STRANDED: "today's recorder can't find it, and nothing has taken its place",
    Grade.TWIN: "the file that has taken its place lies beside it",
    Grade.ORPHAN: "its test no longer exists",
    Grade.UNCOLLECTED: "its test is on no list of collected tests",
    Grade.UNUSED: "its test passed, and no complete run opened it",
    Grade.UNPLAYED: "the tests of its file passed, and no complete run played it",
    Grade.SUPERSEDED: "there is a newer recording of the same turn",
    Grade.DUPLICATE: "another file records the same request under the right name",
}
TAKEN_BY_DEFAULT = (Grade.REPLACED, Grade.TWIN, Grade.ORPHAN)


class Inquiry(NamedTuple):
    """What is asked: the grades to take, lists of tests and runs to go by, what to spare or look at.

    `max_share` is how many percent of the recordings may go before the evidence counts as broken. `default`
    says that nobody has named the grades. `at_length` says that the reasons will be read: then they tell as
    well which later requests quote what goes. `removes` says that what goes may be removed after that.
    """

    grades: tuple[Grade, ...] = TAKEN_BY_DEFAULT
    lists: tuple[Collected, ...] = ()
    tracked: Tracked | None = None
    filter: Filter | None = None
    include_protected: bool = False
    max_share: int = 50
    default: bool = True
    at_length: bool = True
    removes: bool = True


class Proof(NamedTuple):
    """One piece of evidence, and the sentence that names it."""

    grade: Grade
    reason: str


class PruneVerdict(NamedTuple):
    """What is to become of a file, or of one of its recordings: of that which `facts.number` tells.

    `grade` is the strongest evidence among what was asked for, else the strongest of all, None where there is
    none. `protected` says why it stays all the same. `stale` is true for what goes, `in_doubt` where it
    can't be told whether there still is a test.
    """

    facts: Facts
    grade: Grade | None
    reason: str
    protected: str | None = None
    stale: bool = False
    in_doubt: bool = False


def name_counted(verdicts: Iterable[PruneVerdict]) -> str:
    """What is counted where verdicts are: "recording", or "file" where some of them may hold several."""
    return "file" if any(verdict.facts.holds_several for verdict in verdicts) else "recording"


class PruneReport(NamedTuple):
    """Verdicts, sorted by path.

    `examined` counts all recordings that were looked at, those too that a filter has left out of `verdicts`.
    `taken` are the grades that were asked for. `remarks` are to be read before the verdicts.
    """

    verdicts: tuple[PruneVerdict, ...]
    examined: int
    taken: tuple[Grade, ...] = TAKEN_BY_DEFAULT
    remarks: tuple[str, ...] = ()
    errors: tuple[Unread | LoadError, ...] = ()

    @property
    def noun(self) -> str:
        """What is counted: "recording", or "file" where some may hold several, which go as a whole."""
        return name_counted(self.verdicts)

    @property
    def stale(self) -> tuple[PruneVerdict, ...]:
        """The verdicts on what goes."""
        return tuple(verdict for verdict in self.verdicts if verdict.stale)

    @property
    def stale_files(self) -> tuple[PruneVerdict, ...]:
        """Those of them on files that go whole."""
        return tuple(verdict for verdict in self.stale if verdict.facts.number is None)

    @property
    def stale_singles(self) -> tuple[PruneVerdict, ...]:
        """Those of them on single recordings, whose files stay."""
        return tuple(verdict for verdict in self.stale if verdict.facts.number is not None)

    @property
    def stale_size(self) -> int:
        """How many bytes go."""
        return sum(verdict.facts.size for verdict in self.stale)
