"""One page of HTML that holds recordings: nothing is fetched, and nothing recorded becomes markup or script.

What was recorded is in it compressed and as base64, which the page's own script inflates and shows as
text; a policy lets no other script run. It is the same for the same recordings, byte by byte.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import zlib
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PER_BLOCK = 50
"""How many conversations are compressed together, and inflated when one of them is opened."""


class Row(NamedTuple):
    """A recording in the page's table; None and "" are what is not known. `size` counts bytes."""

    key: str
    test: str | None
    model: str | None
    provider: str | None
    endpoint: str | None
    finish: str | None
    failed: bool
    tools: str
    tokens: int | None
    size: int
    state: str
    asked: str
    answered: str


class Said(NamedTuple):
    """Something that was said: by whom ("" for the same as before), and whether it is of the reply.

    `kind` is "text", "aside" (reasoning and the like) or "code".
    """

    who: str
    text: str
    kind: str = "text"
    reply: bool = False


class Conversation(NamedTuple):
    """What is shown of a recording that is opened: facts in short, all that was said, notes, and chunks."""

    facts: Sequence[str]
    said: Sequence[Said]
    notes: Sequence[str] = ()
    chunks: Sequence[str] = ()
    streamed: int = 0


def write_page(
    title: str, totals: str, rows: Sequence[Row], conversations: Iterable[Conversation]
) -> Iterator[str]:
    """The page, piece by piece; each row has a conversation, in the same order."""
    folder = Path(__file__).parent
    style, script = (
        (folder / name).read_text(encoding="utf-8").replace("PER_BLOCK", str(_PER_BLOCK))
        for name in ("page.css", "page.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    before, after = (folder / "page.html").read_text(encoding="utf-8").split("$data")
    told = {"title": html.escape(title), "totals": html.escape(totals), "style": style, "script_hash": digest}
    yield Template(before).substitute(told)
    yield _write_data("inventory", [row._asdict() for row in rows])
    block: list[dict[str, Any]] = []
    number = 0
    for conversation in conversations:
        block.append({**conversation._asdict(), "said": [said._asdict() for said in conversation.said]})
        if len(block) == _PER_BLOCK:
            yield _write_data(f"block-{number}", block)
            block, number = [], number + 1
    if block:
        yield _write_data(f"block-{number}", block)
    yield after.replace("$script", script)


def _write_data(name: str, data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    compressor = zlib.compressobj(9, wbits=31)  # gzip, whose header has no time then
    packed = compressor.compress(text) + compressor.flush()
    return (
        f'<script type="application/octet-stream" id="{name}">{base64.b64encode(packed).decode()}</script>\n'
    )
