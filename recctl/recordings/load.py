"""From what was read to recordings, by the format of the file."""

from __future__ import annotations

from recctl.amounts import show_count
from recctl.recordings.formats import find_format
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source, Unread


def load(source: Source) -> tuple[Recording | LoadError, ...]:
    """Read what a source holds: its recordings, in order, or one `LoadError` in place of each bad one.

    Of a source with a number, the one of them that it asks for. Raises nothing.
    """
    place, content = source.place, source.content
    found = find_format("" if place is None else place.name, content).read(source)
    if source.number is None or (len(found) == 1 and found[0].key.number is None):
        return found if source.number in (None, 1) else (_miss(source, 1),)
    return found[source.number - 1 : source.number] or (_miss(source, len(found)),)


def _miss(source: Source, count: int) -> LoadError:
    message = f"there is no recording #{source.number}: the file holds {show_count(count, 'recording')}"
    return LoadError(source, "not-a-recording", message, "name one that is there, or the whole file")


def find_recording(source: Source | Unread) -> Recording | None:
    """The first recording in what was read; None where that holds none, or could not be read."""
    items = load(source) if isinstance(source, Source) else ()
    return next((item for item in items if isinstance(item, Recording)), None)
