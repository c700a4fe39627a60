"""What git runs to get a recording as text, where `recctl.textconv.texts` keeps none.

git asks for one file after the other. Where it asks for many, those that it will ask for next are read with
them, in this one process.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from recctl.base.errors import RecctlError
from recctl.project import Settings
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.render.conversation import ConversationView
from recctl.render.conversation.text import describe_exchange
from recctl.render.kit.log import disarm, is_read
from recctl.render.kit.terminal import escape, render_lines
from recctl.textconv.texts import MAX_SIZE, count_misses, keep_text, read_text
from recctl.wire import read_exchange

if TYPE_CHECKING:
    from recctl.git import BlobReader, GitEntry


def convert(path: Path) -> str:
    """What git is to show for a file, made safe to print.

    Raises RecctlError when the file can't be read, or is too large.
    """
    return _disarm(_describe(path.name, _read(path)))


def main() -> None:
    """Print the text for the file that the command line names, all of it or, with an error, nothing."""
    path = Path(sys.argv[1])
    content = _read(path)
    text = read_text(path.name, content)
    misses = 0
    if text is None:
        text = _encode(_describe(path.name, content))
        misses = count_misses() if keep_text(path.name, content, text) else 0
    sys.stdout.buffer.write(_encode(_disarm(text.decode())) if is_read() else text)
    sys.stdout.buffer.flush()
    if misses % _EVERY == _MANY:
        with suppress(Exception):  # what fails now would have the text printed once more by other means
            _keep_others(path.name, content)


_MANY, _EVERY = 3, 10
"""After how many misses in a row others are made ahead: one file that was changed takes two texts."""

_MOST = 500
"""How many texts are made ahead; more would keep whoever looks at the first ones waiting."""


def _keep_others(name: str, content: bytes) -> None:
    """Keep texts for what git will ask for next: what was changed together with a file of that content."""
    from recctl.git import BlobReader
    from recctl.git.together import list_changed_together

    here, made = Path.cwd(), 0
    with BlobReader(here) as blobs:
        for entry in list_changed_together(content, here):
            if Path(entry.path).suffix != Path(name).suffix:
                continue
            other = _read_entry(entry, blobs, here)
            if other is None or read_text(entry.path, other) is not None:
                continue
            keep_text(entry.path, other, _encode(_describe(Path(entry.path).name, other)))
            made += 1
            if made == _MOST:
                break


def _read_entry(entry: GitEntry, blobs: BlobReader, here: Path) -> bytes | None:
    try:
        if entry.blob is None:
            return _read(here / entry.path)
        blob = blobs.read(entry.blob, MAX_SIZE)
    except (OSError, RecctlError):
        return None
    return blob.content if blob else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", "name a file that can be read") from None
    if len(content) > MAX_SIZE:
        raise RecctlError(f"{path}: is too large for a recording", "look at it by other means")
    return content


def _describe(name: str, content: bytes) -> str:
    """The conversation that a file holds, or else its lines as they stand.

    The file's name is left out, as git gives files of revisions names that change all the time.
    """
    loaded = [*load(Source(name, content, None, Settings()))]
    recordings = [item for item in loaded if isinstance(item, Recording)]
    if not recordings or len(recordings) < len(loaded):
        return "".join(f"{escape(text)}\n" for text in _split(content))
    view = ConversationView()
    conversations = (
        islice(describe_exchange(read_exchange(recording), view), 1, None) for recording in recordings
    )
    return "\n".join("".join(render_lines(conversation, view)) for conversation in conversations)


def _split(content: bytes) -> list[str]:
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    return lines if lines[-1] else lines[:-1]


def _disarm(text: str) -> str:
    return disarm(text) if is_read() else text


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


if __name__ == "__main__":
    main()
