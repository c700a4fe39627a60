"""recctl for programs: recordings from files, and what a model said in them.

`import recctl` hands on what is here; nothing else is meant for other programs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError
from recctl.recordings.recording import LoadError, Recording
from recctl.wire.completion import Completion

if TYPE_CHECKING:
    from recctl.recordings.source import Source

__all__ = ["Completion", "RecctlError", "Recording", "assemble", "load"]


def load(path: str | os.PathLike[str], *, max_size: int | None = None) -> tuple[Recording, ...]:
    """The recordings of a file, in its order, in whatever format that is.

    No configuration is looked for. `max_size` is how many bytes the file may have, 64 MB by default.
    Raises OSError when the file can't be read, and RecctlError when it is too large or holds something that
    is no recording; the message names the file and the line.
    """
    from recctl.recordings.load import load as load_source

    items = load_source(_read(Path(path), max_size))
    for item in items:
        if isinstance(item, LoadError):
            where = f":{item.position.line}" if item.position is not None else ""
            raise RecctlError(f"{item.key}{where}: {item.message}", item.hint)
    return tuple(item for item in items if isinstance(item, Recording))


def assemble(recording: Recording) -> Completion:
    """What the reply of a recording says, once it is put together.

    Takes any recording and raises nothing: what can't be told is None, what is odd is in `notes`, and what
    has no place is in `extra`.
    """
    from recctl.wire import assemble as assemble_reply

    return assemble_reply(recording)


def _read(path: Path, max_size: int | None) -> Source:
    from recctl.project import MAX_SIZE, Place, Settings
    from recctl.recordings.source import Source

    limit = MAX_SIZE if max_size is None else max_size
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise RecctlError(f"{path}: is larger than {limit:,} bytes", "raise max_size")
    place = Place.of(path.absolute())
    return Source(os.fspath(path), content, place, Settings(max_size=limit))
