"""Documents put in order by a model: results with an index and a score.

Cohere, Jina and vLLM call the list `results`, Voyage `data`, NVIDIA `rankings`; with others it is the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Entries, Wire, by_class
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.facts import shorten
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.values import as_object
from recctl.wire.building.views import IDENTITY_KEYS, add_identity

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion, Request

NAME = "rerank"
_HOLDERS = ("results", "data", "rankings")
_SCORES = frozenset({"relevance_score", "score", "logit"})


def _is_one(item: dict[str, JSON]) -> bool:
    return _is_result(item) or _find_holder(item) is not None


def _is_result(entry: JSON) -> bool:
    return isinstance(entry, dict) and "index" in entry and not _SCORES.isdisjoint(entry)


def _find_holder(data: dict[str, JSON]) -> str | None:
    for key in _HOLDERS:
        results = data.get(key)
        if isinstance(results, list) and results and _is_result(results[0]):
            return key
    return None


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    results: list[JSON] = []
    for data, _ in builder.read(items, numbered=in_list):
        holder = _find_holder(data)
        if holder is None and _is_result(data):
            results.append(data)
            continue
        add_identity(builder, data)
        if holder is not None:
            results += data[holder]
        builder.extra.add_rest((), data, IDENTITY_KEYS if holder is None else IDENTITY_KEYS | {holder})
    builder.kind = show_count(len(results), "document") + ", ranked"
    for number, result in enumerate(results, 1):
        builder.add_fact(f"{number}.", _describe(result))
    builder.extra.add(("count",), len(results))
    builder.extra.add(("results",), results)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _describe(result: JSON) -> str:
    """Which of the documents comes here, with its score, and how it begins where it is given back."""
    told = as_object(result)
    scores = [f"{key} {_round(told[key])}" for key in sorted(_SCORES & told.keys())]
    document = told.get("document")
    text = as_object(document).get("text", document)
    beginning = [shorten(" ".join(text.split()), _LONGEST)] if isinstance(text, str) else []
    return ", ".join([f"document {told.get('index')}", *scores, *beginning])


def _round(score: JSON) -> JSON:
    return f"{score:.4g}" if isinstance(score, float) else score


_LONGEST = 100


def _read_request(asked: dict[str, JSON]) -> Request:
    return read_prompt_request(asked, "query")


def _is_request(path: str, _: JSON) -> bool:
    return path.endswith("/rerank")


WIRE = Wire(
    NAME,
    by_class("RerankResponse", _is_one),
    _assemble,
    _read_request,
    entries=Entries(derived=("count",)),
    recognises_request=_is_request,
)
