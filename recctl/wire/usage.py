"""Whether counters of tokens add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion
    from recctl.wire.protocol import UsageSum


def find_gap(completion: Completion, rule: UsageSum) -> str | None:
    """Why the counters of a reply's usage do not add up; None when they do, or are not all there."""
    usage = completion.usage or {}
    keys = (*rule.parts, rule.total)
    counts = [count for key in keys if type(count := usage.get(key)) is int]
    if len(counts) < len(keys):
        return None
    *parts, total = counts
    missing = total - sum(parts)
    model = completion.model or ""
    if missing == 0 or (missing > 0 and any(name in model for name in rule.spared)):
        return None
    apart = [_read_detail(usage, *path) for path in rule.apart]
    if missing > 0 and missing in _list_sums(apart):
        return None
    told = " and ".join(f"{count:,} {_name(key)}" for count, key in zip(parts, rule.parts, strict=True))
    return f"{told} tokens are not {total:,} in total"


def _read_detail(usage: dict[str, JSON], holder: str, key: str) -> int:
    """How many tokens of a kind a counter is told to hold in detail; 0 where nothing is told."""
    details = usage.get(holder)
    count = details.get(key) if isinstance(details, dict) else None
    return count if type(count) is int else 0


def _list_sums(counts: Sequence[int]) -> set[int]:
    """What each selection of some counts adds up to."""
    sums = {0}
    for count in counts:
        sums |= {known + count for known in sums}
    return sums


def _name(key: str) -> str:
    return key.removesuffix("_tokens").removesuffix("Tokens")
