"""What git runs to get a recording as text. A module of its own, as git starts it anew for every file."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

from recctl.errors import RecctlError
from recctl.project import Settings
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source
from recctl.render import View
from recctl.render.exchange_text import tell_exchange
from recctl.render.log import disarm, is_read
from recctl.render.terminal import escape, render_lines
from recctl.wire import read_exchange


def convert(path: Path) -> str:
    """What git is to show for a file, made safe to print.

    Raises RecctlError when the file can't be read, or is too large.
    """
    text = _describe(path)
    return disarm(text) if is_read() else text


def _describe(path: Path) -> str:
    """The conversation that a file holds, or else its lines as they stand.

    The file's name is left out, as git gives files of revisions names that change all the time.
    """
    settings = Settings()
    try:
        with path.open("rb") as file:
            content = file.read(settings.max_size + 1)
    except OSError as error:
        raise RecctlError(f"{path}: {error.strerror}", "name a file that can be read") from None
    if len(content) > settings.max_size:
        raise RecctlError(f"{path}: is too large for a recording", "look at it by other means")
    loaded = [*load(Source(path.name, content, None, settings))]
    recordings = [item for item in loaded if isinstance(item, Recording)]
    if not recordings or len(recordings) < len(loaded):
        return "".join(f"{escape(text)}\n" for text in _split(content))
    view = View()
    conversations = (
        islice(tell_exchange(read_exchange(recording), view), 1, None) for recording in recordings
    )
    return "\n".join("".join(render_lines(conversation, view)) for conversation in conversations)


def _split(content: bytes) -> list[str]:
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    return lines if lines[-1] else lines[:-1]


def main() -> None:
    """Print the file that the command line names, all of it or, with an error, nothing."""
    sys.stdout.buffer.write(convert(Path(sys.argv[1])).encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    main()
