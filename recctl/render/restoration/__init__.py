"""What comes back from the trash and from git, and what that comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count, show_size
from recctl.inventory.restore import RestoreStatus
from recctl.render import load_renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.inventory.restore import Lost, Restoration
    from recctl.render.kit.view import View


def find_renderer(name: str) -> Callable[[Restoration, View], Iterator[str]]:
    """What shows a restoration in a format. Raises RecctlError where there is no such format."""
    return load_renderer("restoration", name)


def summarise_restoration(restoration: Restoration) -> str | None:
    """What it comes to, in a line; None when nothing was found."""
    counted = {
        status: [lost for lost in restoration.files if lost.status is status] for status in RestoreStatus
    }
    back, possible = counted[RestoreStatus.RESTORED], counted[RestoreStatus.RESTORABLE]
    if back:
        return f"restored {_sum(back)}; `recctl undo {restoration.run_id}` takes it back"
    return f"{_sum(possible)} can be restored; --apply does it" if possible else None


def _sum(files: list[Lost]) -> str:
    size = sum(lost.size or 0 for lost in files)
    noun = "file" if any(lost.may_hold_several for lost in files) else "recording"
    return f"{show_count(len(files), noun)} ({show_size(size)})"
