"""What checks yield: findings, the rules that they break, and the report of them all."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from recctl.base.syntax import Position
    from recctl.naming.facts import Facts
    from recctl.project import Settings
    from recctl.recordings.source import Unread


class Severity(IntEnum):
    """How bad a finding is: certainly broken, worth a look, or good to know."""

    ERROR = 3
    WARNING = 2
    NOTE = 1

    @property
    def label(self) -> str:
        """The word for it in every output."""
        return self.name.lower()


class Rule(NamedTuple):
    """Something that recordings should be; `why` says what goes wrong otherwise, `fix` what to do then.

    `bad` is what breaks it, in a line, and `good` the same as it should be; whole files are in `examples/`.
    `kinds` are what it finds, where it looks for many things: what each is called, and what it looks like.
    One that is not `always` in force has to be selected.
    """

    name: str
    severity: Severity
    summary: str
    why: str
    fix: str
    bad: str
    good: str
    kinds: tuple[tuple[str, str], ...] = ()
    always: bool = True

    def is_in_force(self, settings: Settings) -> bool:
        """Whether it is selected, as all that are always in force are when none is, and not ignored."""
        return settings.applies(self.name) and (self.always or self.name in settings.select)

    def make_finding(
        self,
        path: str,
        message: str,
        hint: str | None,
        pointer: str | None = None,
        *,
        position: Position | None = None,
        fixable: bool = False,
    ) -> Finding:
        """The finding that a file breaks this rule."""
        return Finding(self.name, self.severity, path, message, hint, pointer, position, fixable)


EXCERPT_REACH = 120
"""How many characters of its line an excerpt holds at most, on either side of the finding's column."""


class Finding(NamedTuple):
    """A rule that a file breaks. `pointer` is a JSON pointer to the place; None when it is the whole file.

    `number` shows which of the file's recordings it is about, from 1; None where a file holds one, or it is
    about all of it. `test_id` is that recording's test, where it is known.
    `excerpt` is a piece of the line at `position`, from `EXCERPT_REACH` characters before its column (or the
    line's start) to as many after it; None where there is no line, or where it is not to be shown. `mark`
    tells findings at the same place apart, and stands for the message where there is no pointer. `also` are
    the other files that it is about, where the same in several is told as one.
    """

    rule: str
    severity: Severity
    path: str
    message: str
    hint: str | None = None
    pointer: str | None = None
    position: Position | None = None
    fixable: bool = False
    excerpt: str | None = None
    mark: str | None = None
    number: int | None = None
    test_id: str | None = None
    also: tuple[str, ...] = ()

    @property
    def at(self) -> str:
        """What a finding is known by beside its rule and its file: it stays when lines move."""
        place = "" if self.number is None else f"#{self.number} "
        if self.mark is None:
            return place + (self.message if self.pointer is None else self.pointer)
        return place + f"{self.pointer or ''} {self.mark}".strip()


class Examined(NamedTuple):
    """What one file gave, looked at by itself: findings, the facts for rules across files, or an error.

    `recordings` is how many it holds, bad ones included.
    """

    findings: tuple[Finding, ...] = ()
    facts: tuple[Facts, ...] = ()
    error: Unread | None = None
    recordings: int = 1


class CheckReport(NamedTuple):
    """What a validation found. `checked` counts recordings, `ignored` the JSON files that are no recordings.

    `errors` are the files that could not be looked at. `remark` is a sentence on what was assumed, if it was.
    """

    checked: int
    ignored: int
    findings: tuple[Finding, ...]
    errors: tuple[Unread, ...]
    remark: str | None = None

    def tally(self, severity: Severity) -> int:
        """How many findings are of that severity."""
        return sum(finding.severity is severity for finding in self.findings)
