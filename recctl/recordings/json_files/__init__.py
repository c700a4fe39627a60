"""Files of exchanges in JSON: all that a format needs beside its `JsonLayout`, which its module states.

A new format of such files is one module in `recctl/recordings/formats/`:

    LAYOUT = JsonLayout(...)      # where the exchanges are, and what of each is where: see `layout`
    FORMAT = make_format(LAYOUT, folder="__recordings__", suffixes=(".json",), claims=claims, ...)

Reading, places to point at, edits that leave every other byte as it was, measuring: these are the same for
all. A file may say the same in YAML, if its name says that it does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from recctl.recordings.formats import Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.base.syntax import Position
    from recctl.recordings.formats import Defect
    from recctl.recordings.json_files.layout import JsonLayout
    from recctl.recordings.recording import JSON, LoadError, Recording
    from recctl.recordings.source import Source


def make_format(
    layout: JsonLayout,
    *,
    folder: str,
    suffixes: tuple[str, ...],
    claims: Callable[[str, tuple[str, ...], Callable[[], bytes]], bool],
    **more: Any,
) -> Format:
    """The format of files that are laid out so.

    What is given here is what `Format` has under these names; `more` are any others of its values, such as
    `matching`, or `read` where some of the files are read otherwise.
    """
    given: dict[str, Any] = {
        "read": partial(_read, layout),
        "inspect": _inspect,
        "locate": partial(_locate, layout),
        "edit": partial(_edit, layout),
        "measure": partial(_measure, layout),
    }
    return Format(layout.name, folder, suffixes, claims, **{**given, **more})


# A walk asks formats whose a file is, and needs nothing of how it is read.


def _read(layout: JsonLayout, source: Source) -> tuple[Recording | LoadError, ...]:
    from recctl.recordings.json_files.reading import read

    return read(layout, source)


def _inspect(source: Source, items: tuple[Recording | LoadError, ...]) -> dict[int, list[Defect]]:
    from recctl.recordings.json_files.reading import inspect

    return inspect(source, items)


def _locate(layout: JsonLayout, source: Source, index: int, pointers: list[str]) -> dict[str, Position]:
    from recctl.recordings.json_files.reading import locate

    return locate(layout, source, index, pointers)


def _edit(layout: JsonLayout, source: Source, changes: dict[int, dict[str, JSON] | None]) -> bytes | None:
    from recctl.recordings.json_files.edits import edit

    return edit(layout, source, changes)


def _measure(layout: JsonLayout, source: Source) -> tuple[int, ...]:
    from recctl.recordings.json_files.reading import measure

    return measure(layout, source)
