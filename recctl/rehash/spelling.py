"""A changed document as bytes: what has changed in the file, and not a byte besides."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING

from recctl.base.syntax import locate
from recctl.recordings.formats import load_format
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.recording import DEFAULT_FORMAT
from recctl.rehash.edits import find_changes

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON, Recording


def spell(recording: Recording, document: dict[str, JSON]) -> bytes | None:
    """The bytes of a recording's file after its document has become `document`.

    None when the file is not written as the recorder writes, and more than the text of strings has changed:
    then nobody can say what the rest of the file should look like.
    """
    form = load_format(recording.format)
    if form.name != DEFAULT_FORMAT:
        return form.edit(recording.source, {recording.index: document})
    content = recording.source.content
    if serialise(recording.document) == content:
        return serialise(document)
    changes = list(find_changes(recording.document, document))
    if not all(isinstance(change.old, str) and isinstance(change.new, str) for change in changes):
        return None
    text = content.decode()
    positions = locate(text, [change.pointer for change in changes])
    line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    texts = sorted(
        (line_starts[line - 1] + column - 1, change.new)
        for change in changes
        for line, column in [positions[change.pointer]]
    )
    pieces, end = [], 0
    for start, new in texts:
        pieces += [text[end:start], json.dumps(new)]
        _, end = json.JSONDecoder().raw_decode(text, start)
    return "".join([*pieces, text[end:]]).encode()
