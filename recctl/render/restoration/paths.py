"""Paths alone, one a line, for other commands to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.inventory.restore import RestoreStatus
from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.restore import Restoration
    from recctl.render.kit.view import View


def render(restoration: Restoration, _view: View) -> Iterator[str]:
    """The recordings that have come back, or can."""
    for lost in restoration.files:
        if lost.status in (RestoreStatus.RESTORED, RestoreStatus.RESTORABLE):
            yield f"{quote_path(lost.path)}\n"
