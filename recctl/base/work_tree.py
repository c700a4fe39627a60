"""Work trees of git, as far as files say where they are: git itself is not asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def find_top_level(start: Path) -> Path | None:
    """The work tree that a folder belongs to: its nearest ancestor (or itself) that holds a `.git`."""
    candidates = (start, *start.parents)
    return next((folder for folder in candidates if os.path.exists(folder / ".git")), None)  # noqa: PTH110  (which raises where it may not look)
