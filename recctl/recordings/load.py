"""From what was read to recordings, by the format of the file."""

from __future__ import annotations

from recctl.recordings.formats import DEFAULT, find_format, load_format
from recctl.recordings.recording import LoadError, Recording
from recctl.recordings.source import Source, Unread


def load(source: Source) -> tuple[Recording | LoadError, ...]:
    """Read what a source holds: its recordings, in order, or one `LoadError` in place of each bad one.

    Raises nothing.
    """
    place = source.place
    return (load_format(DEFAULT) if place is None else find_format(place.name)).read(source)


def find_recording(source: Source | Unread) -> Recording | None:
    """The first recording in what was read; None where that holds none, or could not be read."""
    items = load(source) if isinstance(source, Source) else ()
    return next((item for item in items if isinstance(item, Recording)), None)
