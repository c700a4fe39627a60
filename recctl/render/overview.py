"""What a folder without a configuration holds, in a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.base.amounts import show_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.overview import Overview


def describe_settings(settings: dict[str, str | list[str]]) -> list[str]:
    """Settings as TOML, which spells texts and lists of them as JSON does."""
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]


def describe_overview(overview: Overview) -> Iterator[str]:
    """A line for each format, and one for the names."""
    for holding in overview.holdings:
        told = show_count(holding.recordings, "recording")
        if holding.files != holding.recordings:
            told += f" in {show_count(holding.files, 'file')}"
        yield f"{told} of {holding.format}"
    if overview.scheme is not None:
        share = 100 * overview.named // overview.hashed
        yield f"{share} % of those that are named after a hash have the names of {overview.scheme}"
