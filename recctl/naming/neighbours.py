"""Recordings of the same tests as others, found without reading all that lies beside those."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.attempt import attempt
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.recordings.source import Source, Unread
from recctl.sources import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.sources import Target


def read_neighbours(targets: Iterable[Target], test_ids: set[str | None]) -> Iterator[Recording]:
    """The recordings of the same tests among other files; those that can't be read are left out."""
    for target in targets:
        assert target.path is not None  # noqa: S101  (neighbours are files)
        try:
            with target.path.open("rb") as file:
                head = _TEST_ID.match(file.read(_HEAD_SIZE))
            if head is not None and json.loads(head[1]) not in test_ids:
                continue
        except (OSError, ValueError, RecursionError):
            continue
        source = read(target)
        items = attempt(target.name, load, source) if isinstance(source, Source) else ()
        for item in () if isinstance(items, Unread) else items:
            if isinstance(item, Recording):
                yield item


_TEST_ID = re.compile(rb'\s*\{\s*"test_id"\s*:\s*("(?:[^"\\]|\\.)*"|null)')
_HEAD_SIZE = 2048
"""How recorders begin a file, and how much of it is looked at; one that begins otherwise is read whole."""
