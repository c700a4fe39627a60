"""`recctl.list.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recctl.render.kit.documents import describe_error, dump_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.inventory.entry import IndexEntry
    from recctl.inventory.listing import ListedGroup, Listing
    from recctl.inventory.search import SearchHit
    from recctl.render.inventory import InventoryView


def render(listing: Listing, _view: InventoryView) -> Iterator[str]:
    """All that is known of each recording, whatever columns were asked for; or the groups."""
    described = [describe_entry(entry, listing.hits.get(entry.key, ())) for entry in listing.entries]
    document: dict[str, Any] = {"version": "recctl.list.v1"}
    if listing.grouped_by is None:
        document["recordings"] = described
    else:
        document["grouped_by"] = listing.grouped_by.name
        document["groups"] = [{"value": group.value, **describe_total(group)} for group in listing.groups]
    document["summary"] = describe_total(listing.total)
    document["errors"] = [describe_error(error) for error in listing.errors]
    yield dump_document(document)


def describe_total(group: ListedGroup) -> dict[str, int]:
    """What recordings come to."""
    return {"recordings": group.recordings, "bytes": group.size, "tokens": group.tokens}


def describe_entry(entry: IndexEntry, hits: tuple[SearchHit, ...] = ()) -> dict[str, Any]:
    """A recording as every list for programs has it."""
    tokens = entry.tokens
    return {
        "path": entry.facts.path,
        "index": entry.key.number,
        "test_id": entry.test_id,
        "turn": entry.turn,
        "method": entry.method or None,
        "url": entry.url or None,
        "endpoint": entry.endpoint or None,
        "provider": entry.provider,
        "model": entry.model,
        "wire": entry.wire,
        "streamed": entry.streamed,
        "status": entry.status,
        "failed": entry.has_failed,
        "finish": entry.finish,
        "tool_calls": [*entry.tool_calls],
        "tokens": None if tokens is None else {"prompt": tokens.prompt, "reply": tokens.reply},
        "bytes": entry.size,
        "state": entry.state.value,
        "asked": entry.asked or None,
        "answered": entry.answered or None,
        "hits": [{"who": hit.who, "text": f"{hit.before}{hit.word}{hit.after}"} for hit in hits],
    }
