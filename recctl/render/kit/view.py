"""How results are looked at, whatever they are."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class View:
    """How results are looked at.

    `width` is a terminal's, in cells; None means that lines are not broken. `verbose` asks for more,
    `summary` for what results come to, where that is part of them. `top` is the folder from which services
    outside count paths, the top of the repository (None: the current one). `is_log` says that what is shown
    ends up in a build's log, which is read for commands. Items of lists end with NUL where `nul` is set.
    `has_links` says that names of files may lead to these (OSC 8), as a terminal shows it.
    """

    color: bool = False
    width: int | None = None
    verbose: bool = False
    summary: bool = True
    top: Path | None = None
    is_log: bool = False
    nul: bool = False
    has_links: bool = False

    @property
    def unbroken(self) -> Self:
        """The same, with lines that are not broken."""
        return replace(self, width=None)

    def from_top(self, path: str) -> str:
        """A path as services outside are told it."""
        return os.path.relpath(path, self.top).replace(os.sep, "/") if self.top else path
