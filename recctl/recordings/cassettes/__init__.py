"""Files of several exchanges in YAML: all that a format needs beside its `CassetteLayout`.

A new format of such files is one module in `recctl/recordings/formats/`:

    LAYOUT = CassetteLayout(...)  # where the exchanges are, and what of each is where: see `layout`
    FORMAT = make_format(LAYOUT, folder="cassettes", suffixes=(".yaml",), claims=claims, ...)

Reading (by libyaml, with limits on size, depth and aliases; a tag constructs nothing), places to point at,
edits that leave every other byte as it was, measuring, files that are compressed: these are the same for all.
`find_head` helps to tell by a file's beginning whose it is.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.recordings.compression import GZIP
from recctl.recordings.formats import HEAD_SIZE, Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.recordings.cassettes.layout import CassetteLayout
    from recctl.recordings.formats import Defect
    from recctl.recordings.recording import JSON, LoadError, Recording
    from recctl.recordings.source import Source


def make_format(
    layout: CassetteLayout,
    *,
    folder: str,
    suffixes: tuple[str, ...],
    claims: Callable[[str, tuple[str, ...], Callable[[], bytes]], bool],
    **more: Any,
) -> Format:
    """The format of files that are laid out so.

    What is given here is what `Format` has under these names; `more` are any others of its values, such as
    `matching`, `find_test` and `list_places`.
    """
    return Format(
        layout.name,
        folder,
        suffixes,
        claims,
        partial(_read, layout),
        partial(_inspect, layout),
        partial(_locate, layout),
        partial(_edit, layout),
        measure=partial(_measure, layout),
        **more,
    )


# A walk asks formats whose a file is, and needs nothing of how it is read.


def _read(layout: CassetteLayout, source: Source) -> tuple[Recording | LoadError, ...]:
    from recctl.recordings.cassettes.reading import read

    return read(layout, source)


def _inspect(
    layout: CassetteLayout, source: Source, items: tuple[Recording | LoadError, ...]
) -> dict[int, list[Defect]]:
    from recctl.recordings.cassettes.reading import inspect

    return inspect(layout, source, items)


def _locate(layout: CassetteLayout, source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    from recctl.recordings.cassettes.reading import locate

    return locate(layout, source, index, pointers)


def _edit(layout: CassetteLayout, source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    from recctl.recordings.cassettes.edits import edit

    return edit(layout, source, changes)


def _measure(layout: CassetteLayout, source: Source) -> tuple[int, ...]:
    from recctl.recordings.cassettes.reading import measure

    return measure(layout, source)


def find_head(read: Callable[[], bytes]) -> bytes:
    """The beginning of a file's text: inflated, without a byte order mark, each line ended by a line feed.

    `read` gives the beginning of the file, as `Format.claims` gets it. Empty for damaged data.
    """
    head = read()[:HEAD_SIZE]
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD_SIZE)
        except zlib.error:
            return b""
    return head.replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf")


def is_empty_or_in_conflict(read: Callable[[], bytes]) -> bool:
    """Whether a file says nothing, or begins with a merge conflict: then its folder tells whose it is."""
    head = read()[:HEAD_SIZE]
    return not head.strip() or head.startswith(b"<<<<<<<")
