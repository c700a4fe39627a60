"""What a cassette holds besides its exchanges, as recctl reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.recordings.cassettes.layout import leave_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.base.yaml_text import YAML
    from recctl.recordings.cassettes.layout import CassetteLayout


def holds_more(layout: CassetteLayout, value: YAML) -> bool:
    """Whether a long word, as secrets are, is in a document of a file where no recording has it."""
    return any(_LONG_WORD.search(repr(rest)) for rest in _list_rest(layout, value) if rest)


_LONG_WORD = re.compile(r"[^\s'\"]{16}")


def _list_rest(layout: CassetteLayout, value: YAML) -> Iterator[YAML]:
    """What of a document is in none of its recordings, as objects without what is."""
    if not isinstance(value, dict):
        return
    items = value.get(layout.items) if layout.items else [value]
    if layout.items:
        yield {key: rest for key, rest in value.items() if key not in layout.lists}
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        rest = item
        for _, side in layout.sides:
            rest = leave_out(rest, (side.key,))
            stored = item.get(side.key)
            if isinstance(stored, dict):
                for part in side.parts.values():
                    stored = part.strip(stored)
                yield leave_out(stored, side.find_body(item[side.key]).steps)
        yield rest
