"""Documents as text: the pages that Mistral's OCR reads, and what LlamaParse makes of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import describe, summarise_data
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.views import has_entries

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "ocr"
_TEXTS = ("text", "markdown")


def _is_one(item: dict[str, JSON]) -> bool:
    return has_entries(item.get("pages"), "index", "markdown") or _find_text(item) is not None


def _find_text(item: dict[str, JSON]) -> str | None:
    """The text of a whole document, with what was counted while it was read."""
    if not isinstance(item.get("job_metadata"), dict):
        return None
    return next((item[key] for key in _TEXTS if isinstance(item.get(key), str)), None)


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    for data, _ in builder.read(items, numbered=in_list):
        builder.kind = "document"
        builder.identify("model", data.get("model"))
        usage = data.get("usage_info", data.get("job_metadata"))
        if usage is not None:
            builder.merge_usage(usage)
        choice = builder.choice(0)
        choice.ended = True
        placed = {"model", "usage_info", "job_metadata"}
        pages, text = data.get("pages"), _find_text(data)
        if text is not None:
            choice.say("content", text)
            placed |= {key for key in _TEXTS if data.get(key) == text}
        elif isinstance(pages, list):
            builder.add_fact("pages", show_count(len(pages), "page"))
            placed.add("pages")
            for number, page in enumerate(pages):
                _add_page(builder, number, page)
        builder.extra.add_rest((), data, placed)
    return builder.build(NAME, streamed=False, chunks=0)


def _add_page(builder: ReplyBuilder, number: int, page: JSON) -> None:
    choice = builder.choice(0)
    if not isinstance(page, dict) or not isinstance(page.get("markdown"), str):
        builder.extra.add(("odd_pages",), page)
        return
    if choice.content:
        choice.say("content", "\n\n")
    choice.say("content", page["markdown"])
    rest = {key: summarise_data(value) for key, value in page.items() if key not in ("index", "markdown")}
    builder.extra.add_rest(("pages", str(page.get("index", number))), rest, ())
    images = page.get("images")
    if isinstance(images, list) and images:
        told = (image.get("id") if isinstance(image, dict) else image for image in images)
        builder.add_fact(f"page {number + 1}", f"{show_count(len(images), 'picture')}: {describe([*told])}")


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "document")


WIRE = Wire(NAME, by_class("OCRResponse", _is_one), _assemble, _read_request, shows_streaming=False)
