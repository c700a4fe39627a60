"""What checks yield: findings, and the rules that they break."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recctl.recording import Position


class Severity(IntEnum):
    """How bad a finding is: certainly broken, worth a look, or good to know."""

    ERROR = 3
    WARNING = 2
    NOTE = 1

    @property
    def label(self) -> str:
        """The word for it in every output."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that recordings should be; `why` says what goes wrong otherwise, `fix` what to do then."""

    name: str
    severity: Severity
    summary: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a file breaks. `pointer` is a JSON pointer to the place; None when it is the whole file."""

    rule: str
    severity: Severity
    path: str
    message: str
    hint: str | None = None
    pointer: str | None = None
    position: Position | None = None
    fixable: bool = False
