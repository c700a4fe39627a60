"""Replies that nobody generated: what is shown of each kind."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request
from recctl.wire.completion import Completion, Fact, Request
from tests.builders import chunk, delta, read, record
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import codes, exchange


def envelope(kind: str, **data: Any) -> dict[str, Any]:
    return {"__type__": kind, "__data__": data}


def view(body: Any, *, streaming: bool = False, status: Any = None) -> Completion:
    document = record(body, streaming=streaming)
    if status is not None:
        document["response"]["status"] = status
    return assemble(read(document))


def request(body: Any, **asked: Any) -> Request:
    return read_request(exchange(body, asked))


OPENAI_VECTORS = "openai.types.create_embedding_response.CreateEmbeddingResponse"


def vectors(*embeddings: Any, **fields: Any) -> dict[str, Any]:
    data = [
        {"embedding": embedding, "index": index, "object": "embedding"}
        for index, embedding in enumerate(embeddings)
    ]
    return envelope(OPENAI_VECTORS, data=data, model="small", object="list", **fields)


# Embeddings


def test_vectors_are_told_by_count_and_dimension_and_how_they_begin() -> None:
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    completion = view(vectors([0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 0, 0, 0, 0], usage=usage))
    assert completion == Completion(
        wire="embeddings",
        streamed=False,
        chunks=0,
        complete=True,
        model="small",
        usage=usage,
        extra={
            "count": 2,
            "dimension": 5,
            "vectors": [{"first": [0.1, 0.2, 0.3, 0.4]}, {"first": [1.0, 0, 0, 0]}],
        },
        kind="2 vectors of 5 numbers",
        facts=(
            Fact("vector 1", "0.1, 0.2, 0.3, 0.4 …", ("count", "dimension", "vectors")),
            Fact("vector 2", "1, 0, 0, 0 …", ("count", "dimension", "vectors")),
        ),
    )


def test_vectors_in_base64_are_32_bit_floats() -> None:
    packed = base64.b64encode(struct.pack("<5f", 0.1, -2.5, float("nan"), 0, 1)).decode()
    extra = view(vectors(packed)).extra
    assert extra == {"count": 1, "dimension": 5, "vectors": [{"first": [0.1, -2.5, "nan", 0.0]}]}


def test_ollamas_vectors_and_its_counters() -> None:
    body = envelope(
        "ollama._types.EmbedResponse",
        model="small",
        embeddings=[[0.5, 0.25], [1.0, 2.0]],
        prompt_eval_count=4,
        eval_count=None,
        total_duration=7,
    )
    completion = view(body)
    assert (completion.wire, completion.usage) == ("embeddings", {"prompt_eval_count": 4})
    assert completion.extra == {
        "count": 2,
        "dimension": 2,
        "vectors": [{"first": [0.5, 0.25]}, {"first": [1.0, 2.0]}],
        "total_duration": 7,
    }


def test_ollamas_older_reply_has_one_vector() -> None:
    assert view({"embedding": [0.5, 0.25]}).extra == {
        "count": 1,
        "dimension": 2,
        "vectors": [{"first": [0.5, 0.25]}],
    }


def test_geminis_vectors_are_values() -> None:
    two = [{"values": [0.5, 0.25], "statistics": {"token_count": 3}}, {"values": [1.0, 2.0]}]
    for body in ({"embeddings": two}, envelope("google.genai.types.EmbedContentResponse", embeddings=two)):
        assert view(body).wire == "embeddings"
        assert view(body).extra == {
            "count": 2,
            "dimension": 2,
            "vectors": [{"statistics": {"token_count": 3}, "first": [0.5, 0.25]}, {"first": [1.0, 2.0]}],
        }
        assert [*read_exchange(read(record(body))).read_vectors()] == [[0.5, 0.25], [1.0, 2.0]]
    alone = {"embedding": {"values": [0.5]}}
    assert view(alone).extra == {"count": 1, "dimension": 1, "vectors": [{"first": [0.5]}]}
    assert [*read_exchange(read(record(alone))).read_vectors()] == [[0.5]]


def test_vectors_of_different_dimensions_are_noted() -> None:
    completion = view(vectors([0.5], [0.5, 0.25]))
    assert codes(completion) == ["uneven-vectors"]
    assert completion.extra["vectors"] == [
        {"dimension": 1, "first": [0.5]},
        {"dimension": 2, "first": [0.5, 0.25]},
    ]


@pytest.mark.parametrize("odd", ["no base64!", "AAAA", [0.5, "x"], [True], {"x": 1}, None])
def test_what_is_no_vector_is_kept_as_it_is(odd: Any) -> None:
    body = vectors(odd, [0.5])
    assert view(body).extra == {
        "count": 2,
        "dimension": 1,
        "vectors": [{"odd_embedding": odd}, {"first": [0.5]}],
    }


def test_what_stands_beside_a_vector_is_kept() -> None:
    body = {"data": [{"embedding": [0.5], "index": 0, "language": "en"}], "id": "e1", "region": "eu"}
    completion = view(body)
    assert completion.id == "e1"
    assert completion.extra == {
        "count": 1,
        "dimension": 1,
        "vectors": [{"language": "en", "first": [0.5]}],
        "region": "eu",
    }


def test_the_input_of_an_embedding_is_the_prompt() -> None:
    asked = request(vectors([0.5]), model="small", input=["Hello"], encoding_format="float")
    assert asked == Request(model="small", prompt=["Hello"], parameters={"encoding_format": "float"})
    assert request({"embedding": [0.5]}, model="small", prompt="Hello").prompt == "Hello"


# Lists of models

MODEL = "openai.types.model.Model"


def test_a_list_of_models_is_no_stream() -> None:
    body = [
        envelope(MODEL, id="b", created=2, object="model", owned_by="them"),
        envelope(MODEL, id="a", created=None, object="model", owned_by="us", max_model_len=8192),
    ]
    completion = view(body)
    assert (completion.wire, completion.streamed, completion.complete) == ("models", False, True)
    assert completion.extra == {
        "count": 2,
        "ids": ["a", "b"],
        "models": {"b": {"created": 2, "owned_by": "them"}, "a": {"owned_by": "us", "max_model_len": 8192}},
    }


def test_a_list_of_models_in_one_object() -> None:
    body = {"object": "list", "data": [{"id": "a", "object": "model"}], "has_more": True}
    assert view(body).extra == {"has_more": True, "count": 1, "ids": ["a"]}


def test_a_model_that_is_listed_twice_keeps_both_entries() -> None:
    body = [{"id": "a", "object": "model", "root": root} for root in ("x", "y")]
    assert view(body).extra == {"count": 2, "ids": ["a"], "models": {"a": [{"root": "x"}, {"root": "y"}]}}


def test_a_model_without_an_id_is_kept() -> None:
    body = {"data": [{"id": "a", "object": "model"}, {"object": "model"}, "b"]}
    assert view(body).extra == {"count": 3, "ids": ["a"], "odd_models": [{"object": "model"}, "b"]}


# Ollama's status


def test_running_models() -> None:
    model = {"model": "small", "name": "small", "digest": "d1", "size": 5, "details": {"family": "llama"}}
    completion = view(envelope("ollama._types.ProcessResponse", models=[model]))
    assert completion.wire == "ollama-status"
    assert completion.extra == {
        "count": 1,
        "ids": ["small"],
        "models": {"small": {"digest": "d1", "size": 5, "details": {"family": "llama"}}},
    }


def test_no_running_models() -> None:
    bodies: list[Any] = [envelope("ollama._types.ProcessResponse", models=[]), {"models": []}]
    for body in bodies:
        completion = view(body)
        assert (completion.wire, completion.extra) == ("ollama-status", {"count": 0})


def test_a_name_that_differs_from_the_models_is_kept() -> None:
    body = {"models": [{"model": "small:1b", "name": "small", "digest": "d1", "size": 5}]}
    assert view(body).extra["models"] == {"small:1b": {"name": "small", "digest": "d1", "size": 5}}


def progress(**fields: Any) -> dict[str, Any]:
    return envelope("ollama._types.ProgressResponse", **fields)


def test_a_pull_that_is_no_stream() -> None:
    completion = view(progress(status="success", digest=None, total=None, completed=None))
    assert (completion.wire, completion.complete, completion.extra) == (
        "ollama-status",
        True,
        {"status": "success"},
    )


def test_a_streamed_pull_is_told_by_its_steps_and_how_far_each_layer_came() -> None:
    completion = view(
        [
            progress(status="pulling manifest"),
            progress(status="pulling d1", digest="d1", total=9),
            progress(status="pulling d1", digest="d1", total=9, completed=4),
            progress(status="pulling d1", digest="d1", total=9, completed=9),
            progress(status="success"),
        ],
        streaming=True,
    )
    assert (completion.streamed, completion.chunks, completion.complete) == (True, 5, True)
    assert completion.extra == {
        "status": ["pulling manifest", "pulling d1", "success"],
        "layers": {"d1": {"total": 9, "completed": 9}},
    }


def test_a_pull_that_breaks_off_is_incomplete() -> None:
    completion = view([{"status": "pulling manifest"}, {"status": "pulling d1"}], streaming=True)
    assert (completion.wire, completion.complete) == ("ollama-status", False)
    assert codes(completion) == ["incomplete-stream"]


def test_a_pull_that_fails_says_why() -> None:
    completion = view([{"status": "pulling manifest"}, {"error": "no such model"}], streaming=True)
    assert (completion.error, completion.complete) == ("no such model", False)


def test_vectors_of_several_types() -> None:  # Cohere
    body = {"id": "e1", "embeddings": {"float": [[0.5, 0.25]], "int8": [[5, 2]]}, "texts": ["a"]}
    completion = view(body)
    assert (completion.wire, completion.kind) == ("embeddings", "2 vectors of 2 numbers")
    assert completion.extra["vectors"] == [
        {"embedding_type": "float", "first": [0.5, 0.25]},
        {"embedding_type": "int8", "first": [5, 2]},
    ]


def test_vectors_that_are_there_once_more_are_told_alike() -> None:  # Titan
    completion = view({"embedding": [0.5, 0.25], "embeddingsByType": {"float": [0.5, 0.25]}})
    assert completion.extra["embeddingsByType"] == {"float": {"first": [0.5, 0.25]}}


def test_vectors_that_were_predicted() -> None:  # Vertex AI
    predicted = {"embeddings": {"values": [0.5, 0.25], "statistics": {"token_count": 1}}}
    completion = view({"predictions": [predicted], "metadata": {"billableCharacterCount": 4}})
    assert (completion.wire, completion.kind) == ("embeddings", "1 vector of 2 numbers")
    assert completion.extra["vectors"] == [{"statistics": {"token_count": 1}, "first": [0.5, 0.25]}]
    assert completion.extra["metadata"] == {"billableCharacterCount": 4}


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_vectors_in_bare_lists(depth: int) -> None:  # TEI, Hugging Face's pipelines
    body: Any = [[0.5, 0.25] * 4, [1.5, 1.25] * 4]
    for _ in range(depth):
        body = [body]
    shown = read_exchange(read(record(body, streaming=False)))
    assert (shown.completion.wire, shown.completion.kind) == ("embeddings", "2 vectors of 8 numbers")
    assert (shown.completion.streamed, shown.completion.notes) == (False, ())
    assert [*shown.wire.entries.read_vectors(body)] == [[0.5, 0.25] * 4, [1.5, 1.25] * 4]


def test_models_in_other_lists() -> None:
    models = [{"name": "models/small", "displayName": "Small", "supportedGenerationMethods": ["embed"]}]
    completion = view({"models": models, "nextPageToken": "x"})
    assert (completion.wire, completion.extra["ids"]) == ("models", ["models/small"])
    assert [(fact.name, fact.text) for fact in completion.facts] == [("models/small", "Small")]


# Rerank


@pytest.mark.parametrize("holder", ["results", "data", "rankings"])
def test_reranked_documents_keep_order_index_and_score(holder: str) -> None:
    results = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
    completion = view(
        {"id": "r1", "model": "small", "usage": {"total_tokens": 9}, holder: results, "meta": 1}
    )
    assert completion == Completion(
        wire="rerank",
        streamed=False,
        chunks=0,
        complete=True,
        id="r1",
        model="small",
        usage={"total_tokens": 9},
        extra={"meta": 1, "count": 2, "results": results},
        kind="2 documents, ranked",
        facts=(
            Fact("1.", "document 1, relevance_score 0.9"),
            Fact("2.", "document 0, relevance_score 0.1"),
        ),
    )


def test_reranked_documents_may_be_the_whole_body() -> None:
    results = [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}]
    completion = view(results)
    assert (completion.wire, completion.streamed) == ("rerank", False)
    assert completion.extra == {"count": 2, "results": results}


def test_the_query_of_a_rerank_is_the_prompt() -> None:
    asked = request(
        {"results": [{"index": 0, "relevance_score": 1}]}, model="small", query="Q", documents=["a"]
    )
    assert asked == Request(model="small", prompt="Q", parameters={"documents": ["a"]})


# Tools and files


def tool_result(**fields: Any) -> dict[str, Any]:
    return envelope(
        "ogx_api.tools.ToolInvocationResult", **{"error_message": None, "error_code": None, **fields}
    )


def test_what_a_tool_gave_back() -> None:
    completion = view(tool_result(content="42", metadata={"took": 1}))
    assert (completion.wire, completion.complete) == ("tool-result", True)
    assert completion.extra == {"content": "42", "metadata": {"took": 1}}


def test_pages_that_a_tool_has_found() -> None:
    pages = [{"url": "https://x/bears", "title": "Bears", "content": "Brown."}]
    completion = view(tool_result(content=json.dumps({"query": "bears", "top_k": pages})))
    assert completion.facts == (Fact("1.", "Bears, https://x/bears"),)
    for content in ('{"query"', '{"query": "bears"}', '{"top_k": [5]}'):
        assert view(tool_result(content=content)).facts == (Fact("content", content, ("content",)),)


def test_why_a_tool_failed() -> None:
    completion = view(tool_result(content=None, error_message="no network", error_code=7))
    assert (completion.error, completion.complete) == ({"message": "no network", "code": 7}, False)
    assert completion.notes[0].message == "the provider answered with an error: no network"


def test_an_error_code_of_zero_is_no_failure() -> None:
    completion = view(tool_result(content="42", error_code=0))
    assert (completion.complete, completion.extra) == (True, {"content": "42", "error_code": 0})


def test_a_tools_arguments_are_parameters() -> None:
    document = record(tool_result(content="42"))
    document["request"] = {"test_id": None, "provider": "p", "tool_name": "search", "kwargs": {"query": "Q"}}
    assert read_request(read(document)) == Request(parameters={"query": "Q"})


def test_what_became_of_a_file() -> None:
    chunks: list[dict[str, Any]] = [
        {"content": "Hello", "chunk_id": "c1", "metadata": {"page": 1}},
        {"content": "there", "chunk_id": "c2", "embedding": [0.5, 0.25]},
    ]
    body = envelope(
        "llama_stack_api.file_processors.models.ProcessFileResponse", chunks=chunks, metadata={"n": 1}
    )
    completion = view(body)
    assert (completion.wire, completion.complete) == ("file-processor", True)
    assert completion.extra == {
        "count": 2,
        "chunks": [chunks[0], {**chunks[1], "embedding": {"dimension": 2, "first": [0.5, 0.25]}}],
        "metadata": {"n": 1},
    }


# Errors


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ({"error": {"message": "no", "code": 1}}, {"message": "no", "code": 1}, "no"),
        ({"error": "no"}, "no", "no"),
        (
            {"type": "error", "error": {"type": "invalid", "message": "no"}},
            {"type": "invalid", "message": "no"},
            "no",
        ),
        ({"detail": "no"}, {"detail": "no"}, "no"),
        ({"detail": [{"loc": ["body"]}]}, {"detail": [{"loc": ["body"]}]}, '{"detail": [{"loc": ["body"]}]}'),
        (
            {"object": "error", "message": "no", "code": 400},
            {"object": "error", "message": "no", "code": 400},
            "no",
        ),
        ({"error_code": "BAD", "message": "no"}, {"error_code": "BAD", "message": "no"}, "no"),
    ],
)
def test_a_body_that_is_only_an_error(body: Any, error: Any, message: str) -> None:
    for completion in (view(body), view(body, status=400)):
        assert (completion.wire, completion.complete, completion.error) == ("http-error", False, error)
        assert [(note.code, note.message) for note in completion.notes] == [
            ("error", f"the provider answered with an error: {message}")
        ]


def test_what_stands_beside_an_error_is_kept() -> None:
    completion = view({"type": "error", "error": {"message": "no"}, "request_id": "r1"})
    assert completion.extra == {"type": "error", "request_id": "r1"}


@pytest.mark.parametrize("body", [{"message": "Forbidden"}, "Bad gateway", [1], {"data": []}])
def test_any_body_is_an_error_when_the_status_says_so(body: Any) -> None:
    completion = view(body, status=502)
    assert (completion.wire, completion.complete) == ("http-error", False)
    assert completion.error == (1 if body == [1] else body)


def test_an_error_without_a_body() -> None:
    completion = view(None, status=500)
    assert (completion.error, completion.complete) == ("an error without a body", False)


def test_an_error_in_the_lines_of_a_stream_that_never_began() -> None:
    completion = view(["{", '  "error": {"message": "no"}', "}"], streaming=True, status=400)
    assert (completion.wire, completion.error) == ("http-error", {"message": "no"})
    assert view(["Bad", "gateway"], streaming=True, status=502).error == "Bad\ngateway"


def test_a_status_that_is_no_failure_changes_nothing() -> None:
    for status in (200, "400", True):
        assert view({"id": "a", "object": "model"}, status=status).wire == "models"


def test_an_error_in_a_stream_belongs_to_the_stream() -> None:
    error = {"error": {"message": "no"}}
    for chunks in ([chunk(delta(content="Hel")), error], [error, chunk(delta(content="Hel"))]):
        completion = view(chunks, streaming=True)
        assert (completion.wire, completion.error, completion.complete) == (
            "openai-chat",
            {"message": "no"},
            False,
        )
        assert completion.choices[0].message.content == "Hel"


def test_a_stream_of_nothing_but_an_error() -> None:
    completion = view([{"error": {"message": "no"}}], streaming=True)
    assert (completion.wire, completion.streamed, completion.complete) == ("http-error", True, False)


@pytest.mark.parametrize("status", [None, 503])
def test_an_event_stream_of_nothing_but_an_error(status: int | None) -> None:
    completion = view([": wait", "", 'data: {"error": {"message": "no"}}', ""], streaming=True, status=status)
    assert (completion.wire, completion.error) == ("http-error", {"message": "no"})
    assert [note.pointer for note in completion.notes] == ["/response/body/2"]


# Any input

_BODIES = [
    vectors([0.5, 0.25], "AAAAAA==", usage={"total_tokens": 1}),
    envelope("ollama._types.EmbedResponse", model="small", embeddings=[[0.5]], prompt_eval_count=1),
    [envelope(MODEL, id="a", object="model", created=1)],
    {"object": "list", "data": [{"id": "a", "object": "model"}]},
    envelope("ollama._types.ListResponse", models=[{"model": "a", "name": "a", "details": {}}]),
    [
        progress(status="pulling", digest="d1", total=9, completed=1),
        progress(status="success"),
        {"error": "no"},
    ],
    {"id": "r1", "results": [{"index": 0, "relevance_score": 1}], "usage": {}},
    {"name": "batches/1", "done": True, "metadata": {"state": "s"}, "response": {"a": 1}},
    {"name": "x/operations/1", "done": True, "error": {"code": 3, "message": "no"}},
    {"name": "cachedContents/1", "model": "m", "usageMetadata": {"totalTokenCount": 1}},
    {"cachedContents": [{"name": "cachedContents/1", "model": "m"}]},
    tool_result(content="42", error_message="no"),
    envelope(
        "x.ProcessFileResponse", chunks=[{"content": "a", "chunk_id": "c", "embedding": [1]}], metadata={}
    ),
    {"type": "error", "error": {"message": "no"}},
    [{"error": {"message": "no"}}],
]


@given(st.sampled_from(_BODIES).flatmap(spoil), st.sampled_from([None, 200, 400]), json_values)
def test_any_json_in_any_place_is_viewed_and_read(body: Any, status: Any, asked: Any) -> None:
    document = record(body)
    document["response"]["status"] = status
    document["request"]["body"] = {"model": asked, "input": asked, "query": asked, "messages": asked}
    recording = read(document)
    assert isinstance(assemble(recording), Completion)
    assert isinstance(read_request(recording), Request)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1/v1/models",
        "http://localhost:8000/v1/openai/v1/models/?limit=5",
        "http://localhost:11434/api/tags",
    ],
)
@pytest.mark.parametrize("known_by", ["url", "endpoint"])
def test_a_list_of_nothing_is_one_of_no_models_where_these_were_asked_for(url: str, known_by: str) -> None:
    completion = assemble(read(record([], streaming=False, **{"url": "", "endpoint": "", known_by: url})))
    assert (completion.wire, completion.extra) == ("models", {"count": 0})
    assert (completion.complete, completion.streamed, completion.notes) == (True, False, ())


def test_things_with_ids_are_models_where_these_were_asked_for() -> None:  # OpenRouter
    body = {"data": [{"id": "b", "context_length": 9}, {"id": "a"}], "total_count": 2}
    completion = assemble(read(record(body, url="https://x/api/v1/models", endpoint="/api/v1/models")))
    assert (completion.wire, completion.extra["ids"]) == ("models", ["a", "b"])
    assert completion.extra["total_count"] == 2
    assert completion.extra["models"] == {"b": {"context_length": 9}}
    assert view(body).wire == "unknown"


@pytest.mark.parametrize("endpoint", ["/v1/chat/completions", "/api/generate", "/v1/models/tune", ""])
def test_a_list_of_nothing_may_be_of_anything_elsewhere(endpoint: str) -> None:
    completion = assemble(read(record([], streaming=False, url=f"http://x{endpoint}", endpoint=endpoint)))
    assert (completion.wire, codes(completion)) == ("unknown", ["unknown-wire"])


@pytest.mark.parametrize("rest", [{}, {"usage": None, "first_id": ""}])
def test_an_object_that_lists_nothing_is_one_of_no_models(rest: dict[str, Any]) -> None:
    completion = view({"object": "list", "data": [], **rest})
    assert (completion.wire, completion.extra, completion.notes) == ("models", {"count": 0}, ())


@pytest.mark.parametrize("rest", [{"model": "m"}, {"results": [5]}, {"usage": {"n": 1}}, {"object": "page"}])
def test_an_object_that_lists_nothing_but_says_more_may_be_of_anything(rest: dict[str, Any]) -> None:
    assert view({"object": "list", "data": [], **rest}).wire == "unknown"


def test_a_stream_without_a_body_is_an_empty_stream() -> None:
    completion = assemble(read(record(None, streaming=True)))
    assert (completion.wire, completion.streamed, completion.chunks) == ("unknown", True, 0)
    assert completion.complete is False
    assert [note.code for note in completion.notes] == ["unknown-wire", "incomplete-stream"]
    assert assemble(read(record(None))).complete is True


# Google's operations and caches

OPERATION = {"name": "batches/1", "metadata": {"state": "BATCH_STATE_RUNNING"}}


def test_an_operation_is_told_as_it_is() -> None:
    answer = {"candidates": [{"content": {"parts": [{"text": "4"}]}}]}
    done = {**OPERATION, "done": True, "response": {"inlinedResponses": [{"response": answer}]}}
    completion = view(done)
    assert (completion.wire, completion.complete, completion.choices) == ("google-operation", True, ())
    assert (completion.extra, completion.notes) == (done, ())


def test_an_operation_may_be_at_work_or_fail() -> None:
    assert (view(OPERATION).complete, codes(view(OPERATION))) == (False, ["under-way"])
    failed = view({"name": "x/operations/1", "done": True, "error": {"code": 3, "message": "No"}})
    assert (failed.error, failed.complete, codes(failed)) == ({"code": 3, "message": "No"}, False, ["error"])


@pytest.mark.parametrize(
    "body",
    [
        {"name": "operations", "metadata": {}},
        {"name": "files/1", "metadata": {}},
        {"name": "batches/1"},
        {"name": "batches/1", "done": "no", "metadata": {}},
        {"name": "batches/1", "metadata": {}, "size": 3},
        {"done": True, "response": {}},
    ],
)
def test_what_is_no_operation_is_none(body: Any) -> None:
    assert view(body).wire == "unknown"


def test_cached_contents_are_no_reply() -> None:
    cache = {
        "name": "cachedContents/1",
        "model": "models/small",
        "expireTime": "2026-01-01T00:00:00Z",
        "usageMetadata": {"totalTokenCount": 4000},
    }
    completion = view(cache)
    assert (completion.wire, completion.complete, completion.choices) == ("gemini-caches", True, ())
    assert (completion.model, completion.usage) == ("models/small", {"totalTokenCount": 4000})
    assert completion.extra == {"name": "cachedContents/1", "expireTime": "2026-01-01T00:00:00Z"}
    listed = view({"cachedContents": [cache]})
    assert (listed.wire, listed.extra) == ("gemini-caches", {"cachedContents": [cache]})


# Text in place of a body


def test_text_that_is_the_json_of_a_reply_is_that_reply() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    completion = view("\n\n" + json.dumps({"object": "chat.completion", "choices": [choice, 5]}))
    assert (completion.wire, completion.streamed, completion.complete) == ("openai-chat", False, True)
    assert completion.choices[0].message.content == "Hi"
    odd = {**choice, "message": {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}}
    (note,) = view(json.dumps({"choices": [odd]})).notes
    assert (note.code, note.pointer) == ("tool-arguments-json", "/response/body")


@pytest.mark.parametrize("text", ["", "so it goes", "{", '{"choices": [', "[]", "5"])
def test_any_other_text_is_shown_as_it_is(text: str) -> None:
    completion = view(text)
    assert (completion.wire, codes(completion)) == ("unknown", ["unknown-wire"])
    assert completion.extra.get("body", "") == text
