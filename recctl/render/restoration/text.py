"""Text for people: runs, what became of them, and what comes back from the trash and from git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_size
from recctl.inventory.restore import HEAD, TRASH, RestoreStatus
from recctl.render.kit.terminal import Span, line, render_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.restore import Lost, Restoration
    from recctl.render.kit.terminal import Line
    from recctl.render.kit.view import View

_STYLES = {
    RestoreStatus.RESTORABLE: "bold cyan",
    RestoreStatus.RESTORED: "bold green",
    RestoreStatus.HELD_BACK: "bold yellow",
    RestoreStatus.EXISTS: "bold yellow",
    RestoreStatus.NOT_FOUND: "bold red",
}


def render(restoration: Restoration, view: View) -> Iterator[str]:
    """What was asked for, a line each: what becomes of it, how large it is, from where, of which test."""
    files = restoration.files
    width = max((len(lost.status) for lost in files), default=0)
    sizes = ["" if lost.size is None else show_size(lost.size) for lost in files]
    room = max(map(len, sizes), default=0)
    lines = (_describe_lost(lost, width, size.rjust(room)) for lost, size in zip(files, sizes, strict=True))
    yield from render_lines(lines, view.unbroken)


def _describe_lost(lost: Lost, width: int, size: str) -> Line:
    told = ", ".join(filter(None, (lost.reason, _origin(lost.origin), lost.test_id)))
    return line(
        Span(lost.status, _STYLES[lost.status]),
        " " * (width - len(lost.status) + 2),
        f"{size}  " if size else "",
        Span(lost.path, "bold", lost.path),
        Span(f"  {told}", "dim"),
    )


def _origin(origin: str | None) -> str:
    if origin is None:
        return ""
    return {TRASH: "from the trash", HEAD: "from HEAD"}.get(origin, f"removed in {origin[:12]}")
