"""What Gemini's API says of cached contents: one, or a list of them. Nobody has replied to anything there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.facts import describe, describe_values
from recctl.wire.building.noise import GEMINI_NOISE, TIMES
from recctl.wire.building.requests import read_chat_request
from recctl.wire.building.values import as_object, is_nothing
from recctl.wire.building.views import assemble_view, has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "gemini-caches"
_LISTED = ("cachedContents", "cached_contents")


def _is_one(item: dict[str, JSON]) -> bool:
    return _is_cache(item) or any(has_entries(item.get(key), "name", "model") for key in _LISTED)


def _is_cache(item: dict[str, JSON]) -> bool:
    name = item.get("name")
    return isinstance(name, str) and "cachedContents" in name.split("/")[:-1]


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    builder.kind = "cached content"
    describe_values(builder, data, ("name", "displayName", "createTime", "updateTime", "expireTime"))
    listed = [data[key] for key in _LISTED if isinstance(data.get(key), list)]
    if listed:
        builder.kind = show_count(len(listed[0]), "cached content")
        for cache in map(as_object, listed[0]):
            builder.add_fact(str(cache.get("name")), describe({**cache, "name": None}))
    builder.identify("model", data.get("model"))
    usage = data.get("usageMetadata", data.get("usage_metadata"))
    if not is_nothing(usage):
        builder.merge_usage(usage)
    builder.extra.add_rest((), data, {"model", "usageMetadata", "usage_metadata"})


WIRE = Wire(
    NAME, by_class("CachedContent", _is_one), _assemble, read_chat_request, noise={**GEMINI_NOISE, **TIMES}
)
