"""What the counters of a usage come to: how many tokens each side took, and whether they add up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.amounts import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion
    from recctl.wire.protocol import UsageKeys


def count_tokens(usage: dict[str, JSON], every: Iterable[UsageKeys]) -> Tokens | None:
    """The tokens of both sides, by the first of some keys that tells one; None where none does."""
    for keys in every:
        for counters in (usage, *(usage.get(holder) for holder in keys.holders)):
            found = _count(counters, keys) if isinstance(counters, dict) else None
            if found is not None:
                return found
    return None


def _count(counters: dict[str, JSON], keys: UsageKeys) -> Tokens | None:
    prompt, reply, thoughts = (_find(counters, names) for names in (keys.prompt, keys.reply, keys.thoughts))
    if prompt is None and reply is None:
        return None
    return Tokens(prompt or 0, (reply or 0) + (thoughts or 0))


def _find(counters: dict[str, JSON], names: Sequence[str]) -> int | None:
    return next((count for name in names if type(count := counters.get(name)) is int), None)


def find_gap(completion: Completion, keys: UsageKeys) -> str | None:
    """Why the counters of a reply's usage do not add up; None when they do, or are not all there."""
    usage, model = completion.usage or {}, completion.model or ""
    prompt, reply, total = (_find(usage, names) for names in (keys.prompt, keys.reply, (keys.total,)))
    if prompt is None or reply is None or total is None:
        return None
    others = (*keys.thoughts, *keys.also)
    missing = total - prompt - reply - sum(_find(usage, (name,)) or 0 for name in others)
    if missing == 0 or (missing > 0 and any(name in model for name in keys.spared)):
        return None
    if missing > 0 and missing in _list_sums(_read_detail(usage, *path) for path in keys.apart):
        return None
    sides = (_name(names[0]) for names in (keys.prompt, keys.reply))
    told = " and ".join(f"{count:,} {name}" for count, name in zip((prompt, reply), sides, strict=True))
    more = ", with what else is counted," if any(_find(usage, (name,)) for name in others) else ""
    return f"{told} tokens{more} are not {total:,} in total"


def _read_detail(usage: dict[str, JSON], holder: str, key: str) -> int:
    """How many tokens of a kind a counter is told to hold in detail; 0 where nothing is told."""
    details = usage.get(holder)
    count = details.get(key) if isinstance(details, dict) else None
    return count if type(count) is int else 0


def _list_sums(counts: Iterable[int]) -> set[int]:
    """What each selection of some counts adds up to."""
    sums = {0}
    for count in counts:
        sums |= {known + count for known in sums}
    return sums


def _name(key: str) -> str:
    """What a counter counts: `prompt` for `prompt_tokens`, `in` for `tokens_in`."""
    return re.sub("_?tokens_?", "", key, flags=re.IGNORECASE)
