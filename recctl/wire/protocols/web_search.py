"""Pages that a search engine found: the lists of Tavily, SerpApi and those like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.facts import describe_values
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.values import as_list, as_object
from recctl.wire.building.views import assemble_view

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion, Request

NAME = "web-search"
_HOLDERS = {"results": "url", "organic_results": "link", "organic": "link"}
_MARKS = ("content", "snippet", "text", "highlights", "score")


def _find_pages(data: dict[str, JSON]) -> tuple[str, list[JSON]]:
    """The key of the list of pages, and the list."""
    for key, link in _HOLDERS.items():
        listed = as_list(data.get(key))
        keys = as_object(next(iter(listed), None)).keys()
        if {link, "title"} <= keys and not keys.isdisjoint(_MARKS):
            return key, listed
    return "", []


def _is_one(item: dict[str, JSON]) -> bool:
    return bool(_find_pages(item)[0])


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    key, pages = _find_pages(data)
    builder.kind = show_count(len(pages), "page")
    describe_values(builder, data, ("answer",))
    for number, page in enumerate(map(as_object, pages), 1):
        builder.add_fact(f"{number}.", f"{page.get('title')}, {page.get(_HOLDERS[key])}")
    builder.extra.add_rest((), data, ())


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "query")


WIRE = Wire(NAME, by_class((), _is_one), _assemble, _read_request, shows_streaming=False)
