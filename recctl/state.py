"""The folder in which recctl keeps what it needs between runs: journal, trash, cache."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STATE_FOLDER = ".recctl"
"""Its name, below the root of a project."""


def state_folder(root: Path) -> Path:
    """The folder for what recctl keeps for itself, made on demand, ignored by git. Raises OSError."""
    folder = root / STATE_FOLDER
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "is a link", str(folder))
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not (ignore.is_file() and ignore.stat().st_size):
        ignore.write_bytes(b"*\n")
    return folder
