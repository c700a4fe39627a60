"""The paths of recordings that can go, one a line, for `git rm --pathspec-from-file=-` and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.terminal import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.prune import PruneReport
    from recctl.render.kit.view import View


def render(report: PruneReport, _view: View) -> Iterator[str]:
    """What is stale: files, and single recordings as `path#3`."""
    yield from (f"{quote_path(str(verdict.facts.key))}\n" for verdict in report.stale)
