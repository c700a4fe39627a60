"""What APIs keep that does not say what it is, told by its keys: jobs, models, datasets, entries.

Batches of xAI, jobs of LlamaParse, models of Replicate and Hugging Face, files and stores of Gemini, what
LangSmith and Traceloop keep, and databases of vectors beside models: Weaviate, Pinecone, Qdrant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.builder import FOLDED, ReplyBuilder
from recctl.wire.building.facts import describe, describe_values, shorten
from recctl.wire.building.noise import OBJECT_NOISE
from recctl.wire.building.requests import read_prompt_request
from recctl.wire.building.values import as_list, as_object, is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import JSON
    from recctl.wire.completion import Completion

NAME = "records"


class _Row(NamedTuple):
    """A kind of record: what it is called, which keys it has, and those that tell what it is about.

    `lists` are the keys of lists of such records, `wraps` those of an object that holds one. With `is_all`,
    it has no other keys than these.
    """

    kind: str
    has: frozenset[str]
    told: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    wraps: tuple[str, ...] = ()
    is_all: bool = False

    def is_one(self, item: JSON) -> bool:
        """Whether an object is such a record."""
        keys = as_object(item).keys()
        return bool(keys) and self.has <= keys and (not self.is_all or keys <= self.has | {*self.told})


_ROWS = (
    _Row("batch", frozenset({"batch_id", "state"}), ("batch_id", "name", "state"), ("batches",)),
    _Row(
        "job",
        frozenset({"id", "status"}),
        ("id", "status", "error_code", "error_message", "created_at"),
        is_all=True,
    ),
    _Row(
        "model",
        frozenset({"owner", "name", "latest_version"}),
        ("owner", "name", "description", "run_count", "url"),
        ("results",),
    ),
    _Row(
        "version of a model",
        frozenset({"cog_version", "openapi_schema"}),
        ("id", "cog_version"),
        ("results",),
    ),
    _Row("model", frozenset({"id", "inferenceProviderMapping"}), ("id", "inferenceProviderMapping")),
    _Row("model", frozenset({"modelId", "tags"}), ("modelId", "pipeline_tag", "downloads")),
    _Row("model", frozenset({"modelId", "providerName"}), ("modelId", "providerName"), ("modelSummaries",)),
    _Row("voice", frozenset({"voice_id", "name"}), ("voice_id", "name", "category"), ("voices",)),
    _Row(
        "file",
        frozenset({"name", "mimeType", "uri"}),
        ("name", "displayName", "mimeType", "sizeBytes", "state", "expirationTime"),
        ("files",),
        ("file",),
    ),
    _Row(
        "resource",
        frozenset({"name", "createTime"}),
        ("name", "displayName", "state", "sizeBytes", "activeDocumentsCount"),
        ("fileSearchStores", "documents", "tunedModels"),
    ),
    _Row(
        "account",
        frozenset({"total_credits", "total_usage"}),
        ("total_credits", "total_usage"),
        (),
        ("data",),
    ),
    _Row("account", frozenset({"label", "usage", "limit"}), wraps=("data",)),
    _Row("passage", frozenset({"content", "score", "location"}), ("score", "content"), ("retrievalResults",)),
    _Row("page", frozenset({"markdown", "metadata"}), ("metadata", "markdown"), ("data",), ("data",)),
    _Row("login service", frozenset({"issuer", "token_endpoint"}), ("issuer", "token_endpoint")),
    _Row("server", frozenset({"version", "instance_flags"}), ("version", "instance_flags")),
    _Row("prompt", frozenset({"commit_hash", "manifest"}), ("commit_hash", "manifest")),
    _Row("dataset", frozenset({"slug", "columns"}), ("slug", "name", "description", "columns", "rows")),
    _Row("attachment", frozenset({"storage", "success"}), ("url", "storage", "success")),
    _Row("place for an upload", frozenset({"upload_url"}), ("method", "storage_key", "expires_at")),
    _Row("receipt", frozenset({"success", "status"}), is_all=True),
    _Row("row", frozenset({"row_index", "values"}), ("row_index", "values"), ("rows",)),
    _Row("verdict", frozenset({"result", "pass"}), ("pass", "result"), is_all=True),
    _Row("class", frozenset({"class", "vectorizer"}), ("class", "description", "properties"), ("classes",)),
    _Row("entry", frozenset({"class", "properties", "id"}), ("class", "id", "properties"), ("objects",)),
    _Row("node", frozenset({"name", "status", "gitHash"}), ("name", "status", "version"), ("nodes",)),
    _Row("server", frozenset({"hostname", "modules", "version"}), ("hostname", "version")),
    _Row("match", frozenset({"id", "score"}), ("id", "score", "metadata", "payload"), ("matches", "result")),
    _Row("index", frozenset({"name", "dimension", "metric"}), ("name", "dimension", "metric"), ("indexes",)),
    _Row("index", frozenset({"dimension", "namespaces"}), ("dimension", "totalVectorCount", "namespaces")),
    _Row("receipt", frozenset({"upsertedCount"}), ("upsertedCount",), is_all=True),
    _Row("receipt", frozenset({"result", "status", "time"}), ("status", "result", "usage")),
)
_IN_LIST = 160


class _Found(NamedTuple):
    """Records in a body: of which kind, under which key ("" for the body itself)."""

    row: _Row
    key: str
    records: list[JSON]


def _find(data: dict[str, JSON]) -> _Found | None:
    return next(_each_found(data), None)


def _each_found(data: dict[str, JSON]) -> Iterator[_Found]:
    for row in _ROWS:
        if row.is_one(data):
            yield _Found(row, "", [data])
        for key in row.wraps:
            if row.is_one(data.get(key)):
                yield _Found(row, key, [data[key]])
        for key in row.lists:
            listed = as_list(data.get(key))
            if listed and row.is_one(listed[0]):
                yield _Found(row, key, listed)


def _is_one(item: dict[str, JSON]) -> bool:
    return _find(item) is not None


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    builder = ReplyBuilder()
    for data, _ in builder.read(items, numbered=in_list):
        found = _find(data)
        if found is None:
            builder.extra.add_rest((), data, ())
        else:
            _add(builder, data, found)
    return builder.build(NAME, streamed=False, chunks=0, has_choices=False)


def _add(builder: ReplyBuilder, data: dict[str, JSON], found: _Found) -> None:
    row, key, records = found
    if key in row.lists:
        builder.kind = show_count(len(records), row.kind, _PLURALS.get(row.kind))
        for number, record in enumerate(map(as_object, records), 1):
            first, *rest = row.told
            told = [describe(record[name], name) for name in rest if not is_nothing(record.get(name))]
            builder.add_fact(str(record.get(first, number)), shorten(", ".join(told), _IN_LIST) or "-")
        builder.extra.add_rest((), data, ())
        return
    builder.kind = row.kind
    describe_values(builder, as_object(records[0]), row.told or sorted(row.has))
    builder.extra.add_rest((), as_object(records[0]), FOLDED)
    builder.extra.add_rest(("document",), data if key else {}, {key})


_PLURALS = {
    "batch": "batches",
    "class": "classes",
    "entry": "entries",
    "index": "indexes",
    "match": "matches",
    "version of a model": "versions of a model",
}

WIRE = Wire(
    NAME,
    by_class((), _is_one),
    _assemble,
    read_prompt_request,
    shows_streaming=False,
    noise=OBJECT_NOISE,
)
