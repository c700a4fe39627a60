"""`recctl.stats.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.inventory.json import describe_total
from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.statistics import Statistics
    from recctl.render.kit.view import View


def render(statistics: Statistics, _view: View) -> Iterator[str]:
    """The whole document; charts have all their groups."""
    yield dump_document(
        {
            "version": "recctl.stats.v1",
            "summary": {"files": statistics.files, **describe_total(statistics.total)},
            "conditions": [
                {"name": group.value, "where": condition or None, **describe_total(group)}
                for group, condition in statistics.conditions
            ],
            "charts": [
                {
                    "by": chart.title,
                    "groups": [{"value": group.value, **describe_total(group)} for group in chart.groups],
                }
                for chart in statistics.charts
            ],
            "errors": [describe_error(error) for error in statistics.errors],
        }
    )
