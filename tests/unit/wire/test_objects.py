"""What APIs keep and do beside replying: files, batches, logins, pictures, tools of servers, telemetry."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import assemble, read_exchange, read_request, recognise
from recctl.wire.completion import Completion, Fact, Request, RequestMessage, ToolCall
from tests.builders import chunk, delta, read, record
from tests.unit.wire.hostile import json_values, spoil
from tests.unit.wire.streams import codes, exchange, find_lost, mark, record_anyhow

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x02\0" + bytes(200)).decode()
VERDICT = {"flagged": True, "categories": {"hate": True, "violence": False}}


def view(body: Any, *, streaming: bool = False) -> Completion:
    return assemble(read(record(body, streaming=streaming)))


def told(completion: Completion) -> list[tuple[str, str]]:
    return [(fact.name, fact.text) for fact in completion.facts]


def send(*events: dict[str, Any]) -> list[str]:
    return [line for event in events for line in ("event: message", f"data: {json.dumps(event)}", "")]


# Objects that say what they are


def test_a_batch_and_how_far_it_is() -> None:
    body = {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/embeddings",
        "errors": None,
        "status": "in_progress",
        "request_counts": {"total": 2, "completed": 1, "failed": 0},
        "created_at": 1_700_000_000,
        "metadata": {"job": "nightly"},
    }
    completion = view(body)
    assert (completion.wire, completion.kind, completion.id) == ("objects", "batch", "batch_1")
    assert (completion.complete, completion.choices, completion.notes) == (True, (), ())
    assert completion.facts == (
        Fact("id", "batch_1"),
        Fact("status", "in_progress", ("status",)),
        Fact("request_counts", "total 2, completed 1, failed 0", ("request_counts",)),
        Fact("endpoint", "/v1/embeddings", ("endpoint",)),
    )
    assert completion.extra == {key: body[key] for key in body if key not in ("id", "object", "errors")}


@pytest.mark.parametrize(
    ("body", "kind", "facts"),
    [
        (
            {"id": "file-1", "object": "file", "filename": "in.jsonl", "bytes": 298, "purpose": "batch"},
            "file",
            [("id", "file-1"), ("filename", "in.jsonl"), ("bytes", "298 B"), ("purpose", "batch")],
        ),
        (
            {"id": "file_1", "type": "file", "filename": "a.csv", "size_bytes": 30, "downloadable": False},
            "file",
            [("id", "file_1"), ("filename", "a.csv"), ("size_bytes", "30 B"), ("downloadable", "no")],
        ),
        ({"id": "file_1", "type": "file_deleted"}, "deleted file", [("id", "file_1")]),
        (
            {"id": "vs_1", "object": "vector_store.deleted", "deleted": True},
            "deleted vector store",
            [("id", "vs_1"), ("deleted", "yes")],
        ),
        (
            {"id": "file-1", "object": "file", "deleted": True},
            "deleted file",
            [("id", "file-1"), ("deleted", "yes")],
        ),
        (
            {"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended"},
            "batch",
            [("id", "msgbatch_1"), ("processing_status", "ended")],
        ),
        ({"id": "conv_1", "object": "conversation", "metadata": {}}, "conversation", [("id", "conv_1")]),
    ],
)
def test_objects_by_their_kind(body: Any, kind: str, facts: list[tuple[str, str]]) -> None:
    completion = view(body)
    assert (completion.wire, completion.kind, told(completion)) == ("objects", kind, facts)


def test_a_list_of_objects() -> None:
    files = [{"id": f"file-{name}", "object": "file", "filename": f"{name}.txt", "bytes": 5} for name in "ab"]
    completion = view({"object": "list", "data": files, "has_more": True})
    assert (completion.kind, told(completion)) == (
        "2 files",
        [("file-a", "a.txt, 5 B"), ("file-b", "b.txt, 5 B")],
    )
    assert completion.extra == {"data": files, "has_more": True}
    mixed = view({"data": [files[0], {"id": "x", "object": "mood"}]})
    assert (mixed.kind, told(mixed)[1]) == ("2 objects", ("x", "-"))


def test_a_job_that_failed_says_why() -> None:
    error = {"code": "invalid_file", "message": "no"}
    completion = view({"id": "ftjob-1", "object": "fine_tuning.job", "status": "failed", "error": error})
    assert (completion.error, completion.complete, codes(completion)) == (error, False, ["error"])


@pytest.mark.parametrize(
    "body",
    [
        {"id": "x", "object": "mood"},
        {"id": 5, "object": "mood.deleted"},
        {"type": "file", "name": "a"},
        {"object": ["batch"]},
        {"data": []},
        {"object": "list", "data": [{"id": "x"}]},
    ],
)
def test_what_says_nothing_known_is_none_of_these(body: Any) -> None:
    assert view(body).wire == "unknown"


# JSON:API


def resource(number: int, **attributes: Any) -> dict[str, Any]:
    return {"id": f"d{number}", "type": "datasets", "attributes": attributes}


def test_a_resource_and_its_attributes() -> None:
    completion = view({"data": resource(1, version=0, name="cities", author={"id": "a1"})})
    assert (completion.wire, completion.kind, completion.id) == ("json-api", "resource", "d1")
    assert told(completion) == [
        ("type", "datasets"),
        ("id", "d1"),
        ("name", "cities"),
        ("version", "0"),
        ("author", "id a1"),
    ]
    assert completion.extra == {"type": "datasets", "version": 0, "name": "cities", "author": {"id": "a1"}}


def test_resources_in_a_list() -> None:
    body = {"data": [resource(1, name="a"), resource(2, name="b")], "meta": {"after": "x"}}
    completion = view(body)
    assert (completion.kind, told(completion)) == (
        "2 resources: datasets",
        [("d1", "name a"), ("d2", "name b")],
    )
    assert completion.extra == {"data": body["data"], "document": {"meta": {"after": "x"}}}
    assert view({"data": [], "meta": {"after": ""}}).kind == "0 resources"


# Results of batches


@pytest.mark.parametrize(
    "result",
    [
        {"custom_id": "0", "response": {"status_code": 200, "body": chunk(delta(content="Four."))}},
        {"custom_id": "0", "result": {"type": "succeeded", "message": {
            "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Four."}],
        }}},
        {"custom_id": "0", "response": {"body": {"object": "response", "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "Four."}]}
        ]}}},
    ],
)  # fmt: skip
def test_what_became_of_a_request_of_a_batch(result: dict[str, Any]) -> None:
    failed = {"custom_id": "1", "response": None, "error": {"message": "no"}}
    completion = view([result, failed], streaming=True)
    assert (completion.wire, completion.kind) == ("batch-results", "2 results of a batch")
    assert told(completion) == [("0", "Four."), ("1", "error: no")]
    assert completion.extra == {"results": [result, failed]}


# Pictures, sound, other data


def test_pictures_are_told_by_type_and_size_and_prompt() -> None:
    body = {"created": 1, "size": "1024x512", "data": [{"b64_json": PNG, "revised_prompt": "a bear"}]}
    completion = view(body)
    assert (completion.wire, completion.kind) == ("images", "1 picture")
    assert told(completion) == [
        ("size", "1024x512"),
        ("picture 1", "image/png of 1024 x 512, 224 B, revised_prompt a bear"),
    ]
    (kept,) = completion.extra["data"]
    assert kept["b64_json"].startswith("[image/png of 1024 x 512, 224 B, ")
    assert PNG not in str(completion)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"images": [PNG], "id": "g1"}, "image/png of 1024 x 512, 224 B"),
        ({"data": [{"url": "https://x/a.png"}]}, "https://x/a.png"),
        (
            {"predictions": [{"bytesBase64Encoded": PNG, "mimeType": "image/png"}]},
            "image/png of 1024 x 512, 224 B, mimeType image/png",
        ),
    ],
)
def test_pictures_in_other_forms(body: Any, text: str) -> None:
    completion = view(body)
    assert (completion.wire, told(completion)) == ("images", [("picture 1", text)])


def test_a_picture_that_is_sent_while_it_is_made() -> None:
    events: list[dict[str, Any]] = [
        {"type": "image_generation.partial_image", "b64_json": PNG, "partial_image_index": 0},
        {"type": "image_generation.completed", "b64_json": PNG, "usage": {"total_tokens": 5}},
    ]
    completion = view(send(*events), streaming=True)
    assert (completion.kind, completion.streamed, completion.usage) == (
        "1 picture",
        True,
        {"total_tokens": 5},
    )
    assert told(completion) == [("picture 1", "image/png of 1024 x 512, 224 B")]
    assert [*completion.extra["events"]] == [event["type"] for event in events]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("audio/mpeg", "sound"), ("image/png", "picture"), ("application/pdf", "PDF document"), ("x/y", "data")],
)
def test_data_by_type_and_size(kind: str, name: str) -> None:
    completion = view({"bytes": 12_345, "type": kind})
    assert (completion.wire, completion.kind) == ("media", name)
    assert told(completion) == [("type", kind), ("size", "12.3 kB")]


def test_sound_that_is_sent_while_it_is_made() -> None:
    pieces = [base64.b64encode(bytes([number]) * 90).decode() for number in range(2)]
    events: list[dict[str, Any]] = [
        *({"type": "speech.audio.delta", "audio": piece} for piece in pieces),
        {"type": "speech.audio.done", "usage": {"total_tokens": 5}},
    ]
    completion = view(send(*events), streaming=True)
    assert (completion.wire, completion.kind, completion.streamed) == ("media", "sound", True)
    assert (told(completion), completion.usage) == ([("sound", "data, 180 B")], {"total_tokens": 5})
    assert told(view({"audioContent": PNG, "alignment": {"a": 1}})) == [
        ("sound", "image/png of 1024 x 512, 224 B")
    ]


# What is found in a text


def test_what_moderation_finds() -> None:
    scores = {"hate": 0.91234, "violence": 0.00012}
    completion = view({"id": "modr-1", "model": "m", "results": [{**VERDICT, "category_scores": scores}]})
    assert (completion.wire, completion.model) == ("moderation", "m")
    assert told(completion) == [("finds", "hate"), ("highest", "hate 0.91, violence 0.00012")]
    assert told(view({"results": [VERDICT, {"categories": {"hate": False}}]})) == [
        ("input 1", "hate"),
        ("input 2", "nothing"),
    ]


def test_what_azure_finds() -> None:
    analysed = {"categoriesAnalysis": [{"category": "Hate", "severity": 2}], "blocklistsMatch": []}
    assert told(view(analysed)) == [("severity", "Hate 2")]
    guarded = view({"action": "GUARDRAIL_INTERVENED", "assessments": [{}], "outputs": [{"text": "No."}]})
    assert told(guarded) == [("action", "GUARDRAIL_INTERVENED"), ("outputs", "text No.")]
    assert told(view({"userPromptAnalysis": {"attackDetected": True}, "documentsAnalysis": []})) == [
        ("userPromptAnalysis", "attackDetected yes")
    ]


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({"input_tokens": 12}, [("input_tokens", "12")]),
        ({"object": "response.input_tokens", "input_tokens": 1200}, [("input_tokens", "1,200")]),
        ({"inputTokens": 7}, [("inputTokens", "7")]),
        (
            {"totalTokens": 8, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}]},
            [("totalTokens", "8"), ("promptTokensDetails", "modality TEXT, tokenCount 8")],
        ),
    ],
)
def test_how_many_tokens_a_request_takes(body: Any, facts: list[tuple[str, str]]) -> None:
    completion = view(body)
    assert (completion.wire, completion.usage, told(completion)) == ("token-count", None, facts)


@pytest.mark.parametrize(
    "asked",
    [
        {"contents": [{"role": "user", "parts": [{"text": "Q"}]}]},
        {"generateContentRequest": {"contents": [{"role": "user", "parts": [{"text": "Q"}]}]}},
        {"input": "Q"},
        {"messages": [{"role": "user", "content": "Q"}]},
    ],
)
def test_what_is_counted_is_read_by_its_own_protocol(asked: Any) -> None:
    (message,) = read_request(exchange({"input_tokens": 1}, asked)).messages
    assert isinstance(message, RequestMessage)
    assert (message.role, str(message.content)[:3]) in (("user", "Q"), ("user", "[{'"))


def test_pages_that_a_search_found() -> None:
    pages = [{"title": "Bears", "url": "https://x/bears", "content": "Brown.", "score": 0.9}]
    completion = view({"query": "bears", "answer": "They are brown.", "results": pages})
    assert (completion.wire, completion.kind) == ("web-search", "1 page")
    assert told(completion) == [("answer", "They are brown."), ("1.", "Bears, https://x/bears")]
    organic = [{"title": "Bears", "link": "https://x/bears", "snippet": "Brown."}]
    assert told(view({"organic_results": organic})) == [("1.", "Bears, https://x/bears")]


# Logins


def test_a_login_shows_no_secret() -> None:
    completion = view({"access_token": "ya29.A0ARrdaM-k9vQ", "expires_in": 3599, "token_type": "Bearer"})
    assert (completion.wire, completion.kind) == ("login", "login")
    assert told(completion) == [
        ("access_token", "[a secret of 18 characters]"),
        ("expires_in", "3,599"),
        ("token_type", "Bearer"),
    ]
    assert "ya29" not in str(completion)


def test_the_secret_of_a_client_is_hidden() -> None:
    completion = view({"client_id": "c1", "client_secret": "hush-hush-hush", "redirect_uris": []})
    assert (completion.wire, completion.extra) == (
        "login",
        {"client_id": "c1", "client_secret": "[a secret of 14 characters]"},
    )


def test_the_secret_of_a_realtime_session_is_hidden() -> None:
    completion = view(
        {"value": "ek_0123456789", "expires_at": 1, "session": {"model": "m", "client_secret": "hush"}}
    )
    assert completion.wire == "login"
    assert "ek_0123456789" not in str(completion)
    assert "hush" not in str(completion)
    assert completion.extra["session"] == {"model": "m", "client_secret": "[a secret of 4 characters]"}


# JSON-RPC


def rpc(result: Any = None, **fields: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, **({} if result is None else {"result": result}), **fields}


@pytest.mark.parametrize(
    ("result", "kind", "facts"),
    [
        (
            {
                "protocolVersion": "2025-06-18",
                "serverInfo": {"name": "clock", "version": "1.2"},
                "capabilities": {"tools": {"listChanged": False}, "prompts": {}},
                "instructions": "Ask me the time.",
            },
            "MCP server",
            [
                ("server", "clock 1.2"),
                ("protocol", "2025-06-18"),
                ("offers", "tools, prompts"),
                ("instructions", "Ask me the time."),
            ],
        ),
        (
            {"tools": [{"name": "now", "description": "The\n time.", "inputSchema": {}}, {"name": "zone"}]},
            "2 tools",
            [("now", "The time."), ("zone", "-")],
        ),
        ({"resources": [{"name": "a", "uri": "file:///a"}]}, "1 resource", [("a", "file:///a")]),
        (
            {"content": [{"type": "text", "text": "It is\nnoon."}], "isError": False},
            "result of a tool",
            [("text", "It is\nnoon.")],
        ),
        (
            {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}], "isError": True},
            "result of a tool that failed",
            [("image", "data image/png of 1024 x 512, 224 B, mimeType image/png"), ("isError", "yes")],
        ),
        ({"contents": [{"uri": "file:///a", "text": "A"}]}, "resource", [("file:///a", "A")]),
        (
            {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}]},
            "prompt",
            [("user", "Hi")],
        ),
        (
            {"kind": "task", "status": {"state": "working"}},
            "JSON-RPC",
            [("kind", "task"), ("status", "state working")],
        ),
    ],
)
def test_what_an_mcp_server_says(result: Any, kind: str, facts: list[tuple[str, str]]) -> None:
    for completion in (view(rpc(result)), view(send(rpc(result)), streaming=True)):
        assert (completion.wire, completion.kind, completion.complete) == ("json-rpc", kind, True)
        assert told(completion) == facts


def test_what_a_server_says_before_its_result_is_kept() -> None:
    progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
    completion = view(send(progress, rpc({"content": [{"type": "text", "text": "done"}]})), streaming=True)
    assert (completion.streamed, completion.chunks) == (True, 6)
    assert told(completion) == [("notifications/progress", "progress 1"), ("text", "done")]
    assert completion.extra["params"] == {"progress": 1}
    assert completion.extra["message_2"]["result"] == {"content": [{"type": "text", "text": "done"}]}


def test_an_error_of_a_server() -> None:
    completion = view(rpc(error={"code": -32601, "message": "no"}))
    assert (completion.error, completion.complete) == ({"code": -32601, "message": "no"}, False)


def test_what_a_server_is_asked() -> None:
    asked = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "now", "arguments": {"zone": "UTC"}},
    }
    request = read_request(exchange(rpc({}), asked))
    assert request.parameters == asked
    assert [(fact.name, fact.text) for fact in request.facts] == [
        ("method", "tools/call"),
        ("name", "now"),
        ("arguments", "zone UTC"),
    ]


# What does not say what it is


@pytest.mark.parametrize(
    ("body", "kind", "facts"),
    [
        (
            {"batch_id": "b1", "name": "nightly", "state": {"num_requests": 2, "num_pending": 0}},
            "batch",
            [("batch_id", "b1"), ("name", "nightly"), ("state", "num_requests 2, num_pending 0")],
        ),
        ({"id": "j1", "status": "PENDING"}, "job", [("id", "j1"), ("status", "PENDING")]),
        (
            {"file": {"name": "files/a", "mimeType": "text/plain", "sizeBytes": "9", "uri": "https://x/a"}},
            "file",
            [("name", "files/a"), ("mimeType", "text/plain"), ("sizeBytes", "9")],
        ),
        (
            {"voices": [{"voice_id": "v1", "name": "Ada", "category": "premade"}]},
            "1 voice",
            [("v1", "Ada, premade")],
        ),
        (
            {"matches": [{"id": "a", "score": 0.5}, {"id": "b", "score": 0.25}], "namespace": "n"},
            "2 matches",
            [("a", "0.5"), ("b", "0.25")],
        ),
        (
            {"data": {"total_credits": 5, "total_usage": 1.5}},
            "account",
            [("total_credits", "5"), ("total_usage", "1.5")],
        ),
        (
            {"pass": False, "result": {"is_safe": False}},
            "verdict",
            [("pass", "no"), ("result", "is_safe no")],
        ),
    ],
)
def test_records_are_told_by_their_keys(body: Any, kind: str, facts: list[tuple[str, str]]) -> None:
    completion = view(body)
    assert (completion.wire, completion.kind, told(completion)) == ("records", kind, facts)
    assert completion.extra in (body, body.get("file"), body.get("data"))


@pytest.mark.parametrize("body", [{"id": "j1", "status": "x", "verdict": 1}, {"matches": []}, {"rows": [5]}])
def test_what_lacks_their_keys_is_no_record(body: Any) -> None:
    assert view(body).wire == "unknown"


# Conversations that a provider keeps

OUTPUT = {"type": "message.output", "role": "assistant", "model": "m", "content": "Noon.", "id": "o1"}
CALLED = {
    "type": "function.call",
    "id": "f1",
    "tool_call_id": "c1",
    "name": "now",
    "arguments": '{"zone": "UTC"}',
}


def test_a_reply_in_a_conversation() -> None:
    body = {
        "object": "conversation.response",
        "conversation_id": "conv_1",
        "outputs": [CALLED, {"type": "tool.execution", "name": "web_search"}, OUTPUT],
        "usage": {"total_tokens": 9},
    }
    completion = view(body)
    assert (completion.wire, completion.id, completion.model) == ("conversations", "conv_1", "m")
    assert completion.usage == {"total_tokens": 9}
    (choice,) = completion.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Noon.")
    assert choice.message.tool_calls == (ToolCall("c1", None, "now", '{"zone": "UTC"}'),)
    assert completion.extra["outputs"]["1"] == {"type": "tool.execution", "name": "web_search"}


def test_a_reply_in_a_conversation_piece_by_piece() -> None:
    events: list[dict[str, Any]] = [
        {"type": "conversation.response.started", "conversation_id": "conv_1"},
        {
            "type": "message.output.delta",
            "role": "assistant",
            "model": "m",
            "output_index": 0,
            "content": "No",
        },
        {"type": "message.output.delta", "role": "assistant", "output_index": 0, "content": "on."},
        {
            "type": "function.call.delta",
            "id": "f1",
            "tool_call_id": "c1",
            "name": "now",
            "arguments": '{"zone"',
        },
        {"type": "function.call.delta", "id": "f1", "tool_call_id": "c1", "arguments": ': "UTC"}'},
        {"type": "conversation.response.done", "usage": {"total_tokens": 9}},
    ]
    completion = view(send(*events), streaming=True)
    assert (completion.streamed, completion.complete, completion.notes) == (True, True, ())
    (choice,) = completion.choices
    assert (completion.id, completion.model, choice.message.content) == ("conv_1", "m", "Noon.")
    assert choice.message.tool_calls == (ToolCall("c1", None, "now", '{"zone": "UTC"}'),)
    assert codes(view(send(*events[:3]), streaming=True)) == ["incomplete-stream"]
    error = {"type": "conversation.response.error", "message": "no", "code": 1}
    assert view(send(*events[:3], error), streaming=True).error == {"message": "no", "code": 1}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            {"object": "conversation.history", "conversation_id": "conv_1", "entries": [
                {"type": "message.input", "role": "user", "content": "How late?"}, OUTPUT,
            ]},
            "conversation of 2 items",
        ),
        (
            {"object": "list", "data": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How late?"}]},
                {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Noon."}]},
            ]},
            "conversation of 2 items",
        ),
        (
            {"object": "response.compaction", "id": "resp_1", "output": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How late?"}]},
                {"type": "message", "role": "assistant", "content": "Noon."},
            ]},
            "compacted conversation of 2 items",
        ),
    ],
)  # fmt: skip
def test_what_was_said_so_far(body: Any, kind: str) -> None:
    completion = view(body)
    assert (completion.wire, completion.kind) == ("conversations", kind)
    assert told(completion) == [("user", "How late?"), ("assistant", "Noon.")]


def test_what_is_asked_in_a_conversation() -> None:
    reply = {"object": "conversation.response", "outputs": []}
    asked = read_request(exchange(reply, {"inputs": "Q", "agent_id": "a1"}))
    assert (asked.messages, asked.parameters) == ((RequestMessage("user", "Q"),), {"agent_id": "a1"})
    result = {"type": "function.result", "tool_call_id": "c1", "result": "noon"}
    (message,) = read_request(exchange(reply, {"inputs": [result]})).messages
    assert message == RequestMessage("tool", "noon", tool_call_id="c1")


# Predictions of Vertex AI


def test_texts_that_were_predicted() -> None:
    counts = {"outputTokenCount": {"totalTokens": 2}}
    body = {
        "predictions": [{"content": "Hi", "safetyAttributes": {"blocked": False}}],
        "metadata": {"tokenMetadata": counts},
    }
    completion = view(body)
    assert (completion.wire, completion.usage) == ("vertex-predictions", counts)
    assert completion.choices[0].message.content == "Hi"
    assert completion.extra == {"choices": {"0": {"safetyAttributes": {"blocked": False}}}}
    chat = view({"predictions": [{"candidates": [{"author": "1", "content": "Hi"}], "citations": [1]}]})
    assert (chat.choices[0].message.content, chat.extra) == (
        "Hi",
        {"choices": {"0": {"author": "1"}}, "citations": [1]},
    )


def test_what_a_prediction_is_of() -> None:
    body = {"predictions": [{"content": "Hi"}]}
    assert read_request(exchange(body, {"instances": [{"prompt": "Q"}]})).prompt == "Q"
    said = {"context": "Be brief.", "messages": [{"author": "user", "content": "Q"}]}
    assert read_request(exchange(body, {"instances": [said]})).messages == (
        RequestMessage("system", "Be brief."),
        RequestMessage("user", "Q"),
    )


# What is told by the request alone


def exchanged(asked: Any, reply: Any, *, status: int = 202, method: str = "POST") -> Any:
    document = record(reply)
    document["request"] |= {"body": asked, "method": method}
    document["response"]["status"] = status
    return read_exchange(read(document))


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        ({"batch": [{"event": "started"}, {"event": "ended"}]}, [("batch", "2 items: started, ended")]),
        ({"post": [{"run_type": "llm", "name": "chat"}]}, [("post", "1 item: chat")]),
        ({"dotted_order": "1", "trace_id": "2", "name": "chat"}, [("event", "1 item: chat")]),
        ([{"spans": [{"span_id": "1", "name": "chat"}]}], [("spans", "1 item: chat")]),
        ([{"ddsource": "python", "message": "hi"}], [("events", "1 item: hi")]),
        ({"resourceSpans": [{"scopeSpans": []}]}, [("resourceSpans", "1 item")]),
        (
            [{"event_id": "1"}, {"type": "transaction"}, {"name": "x"}],
            [("envelope", "2 items: transaction, x")],
        ),
        ({"data": [{"object": "trace.span", "span_data": {"name": "now"}}]}, [("data", "1 item: now")]),
        (
            {"data": {"attributes": {"metrics": [{"metric_type": "score", "label": "a"}]}}},
            [("metrics", "1 item: a")],
        ),
        ({"rows": [{"span_id": "1", "name": "chat"}]}, [("rows", "1 item: chat")]),
        ('--b\r\nContent-Disposition: form-data; name="post.1"\r\n\r\n{}\r\n--b--', []),
        ({"bytes": 84, "type": "application/x-protobuf"}, []),
        ({"run_id": "1", "sdk_version": "2", "type": "team"}, [("event", "1 item: team")]),
    ],
)
@pytest.mark.parametrize("reply", [{}, "", None, {"successes": [{"id": "1"}], "errors": []}])
def test_telemetry_is_told_by_what_is_sent(asked: Any, facts: list[tuple[str, str]], reply: Any) -> None:
    sent = exchanged(asked, reply)
    assert sent.completion.wire == "telemetry"
    assert [(fact.name, fact.text) for fact in sent.request.facts] == facts
    assert sent.completion.kind == ("receipt" if reply else "empty reply")


def test_a_key_that_telemetry_is_sent_with_is_hidden() -> None:
    sent = exchanged({"api_key": "phc_0123456789", "batch": [{"event": "a"}]}, {"status": "ok"})
    assert sent.request.parameters["api_key"] == "[a secret of 14 characters]"


@pytest.mark.parametrize(
    ("method", "status", "reply", "wire"),
    [
        ("DELETE", 200, {}, "no-content"),
        ("POST", 204, "", "no-content"),
        ("POST", 202, None, "no-content"),
        ("POST", 200, {}, "no-content"),
        ("POST", 200, "so it goes", "unknown"),
        ("GET", 200, "so it goes", "no-content"),
        ("GET", 200, {"a": {}}, "unknown"),
    ],
)
def test_what_need_not_say_anything_says_nothing(method: str, status: int, reply: Any, wire: str) -> None:
    assert exchanged({"a": 1}, reply, status=status, method=method).completion.wire == wire


@pytest.mark.parametrize("reply", [{}, "", None])
def test_a_question_that_nobody_answered_is_not_what_was_meant(reply: Any) -> None:
    assert exchanged({"messages": []}, reply, status=200).completion.wire == "unknown"


def test_a_text_that_was_fetched_is_shown() -> None:
    completion = exchanged(None, "so it\ngoes", status=200, method="GET").completion
    assert (completion.kind, told(completion)) == ("text of 10 characters", [("text", "so it\ngoes")])


# Any input

_BODIES: list[Any] = [
    {"id": "b", "object": "batch", "request_counts": {"total": 2}, "created_at": 5, "error": {"code": 1}},
    {"object": "list", "data": [{"id": "f", "object": "file", "bytes": 5, "filename": "a"}]},
    {"data": resource(1, name="a", created_at=5)},
    {"data": [resource(1, name="a")], "meta": {}},
    [{"custom_id": "0", "response": {"body": chunk(delta(content="Four."))}, "error": {"message": "no"}}],
    {"created": 1, "data": [{"b64_json": PNG, "revised_prompt": "a"}], "usage": {}},
    [{"type": "image_generation.completed", "b64_json": PNG, "usage": {}}],
    {"images": [PNG]},
    {"bytes": 5, "type": "audio/mpeg"},
    [{"type": "speech.audio.delta", "audio": PNG}, {"type": "speech.audio.done", "usage": {}}],
    {"audioContent": PNG},
    [[0.5] * 8, [0.25] * 8],
    {"results": [{**VERDICT, "category_scores": {"hate": 0.5}}]},
    {"categoriesAnalysis": [{"category": "Hate", "severity": 2}], "blocklistsMatch": [1]},
    {"totalTokens": 8, "promptTokensDetails": [{"modality": "TEXT"}]},
    {"results": [{"title": "a", "url": "b", "content": "c"}], "answer": "d"},
    {"access_token": "hush", "expires_in": 5},
    rpc({"serverInfo": {"name": "a"}, "capabilities": {"tools": {}}, "protocolVersion": "1"}),
    rpc({"tools": [{"name": "a", "description": "b"}]}),
    rpc({"content": [{"type": "text", "text": "a"}], "isError": True}),
    rpc({"contents": [{"uri": "a", "text": "b"}]}, method="m", params={"a": 1}),
    rpc({"messages": [{"role": "user", "content": {"type": "text", "text": "a"}}]}),
]
_BODIES += [
    {"batches": [{"batch_id": "b1", "state": {"num_requests": 2}}]},
    {"file": {"name": "files/a", "mimeType": "text/plain", "uri": "https://x/a"}},
    {"object": "conversation.response", "outputs": [OUTPUT, CALLED], "usage": {"n": 1}},
    {"object": "list", "data": [{"type": "message", "role": "user", "content": [{"text": "a"}]}]},
    [
        {"type": "message.output.delta", "content": "a", "output_index": 0},
        {**CALLED, "type": "function.call.delta"},
    ],
    {"predictions": [{"candidates": [{"content": "a"}]}], "metadata": {"tokenMetadata": {"n": 1}}},
]
_ASKED: list[Any] = [
    {"batch": [{"event": "a", "type": "b"}], "api_key": "c"},
    [{"spans": [{"span_id": "1", "name": "a"}]}],
    {"data": {"attributes": {"metrics": [{"metric_type": "score", "label": "a"}]}}},
    {"data": [{"object": "trace", "span_data": {"name": "a"}}]},
    [{"event_id": "1"}, {"type": "a"}],
]


@given(st.sampled_from(_BODIES).flatmap(spoil), json_values)
def test_any_json_in_any_place_is_viewed(body: Any, asked: Any) -> None:
    recording = exchange(body, {"method": asked, "params": asked, "contents": asked, "input": asked})
    assert isinstance(assemble(recording), Completion)
    assert isinstance(read_request(recording), Request)
    assert isinstance(view(body, streaming=True), Completion)


@given(st.sampled_from(_ASKED).flatmap(spoil), st.sampled_from([{}, "", None, {"status": "ok"}]))
def test_any_json_that_is_sent_is_read(asked: Any, reply: Any) -> None:
    assert isinstance(exchanged(asked, reply).request, Request)


@given(st.sampled_from(_BODIES).flatmap(mark), st.booleans())
def test_nothing_in_any_place_is_lost(marked: tuple[Any, list[str]], streaming: bool) -> None:
    body, marks = marked
    completion = assemble(read(record(body, streaming=streaming)))
    assert find_lost(marks, completion._replace(facts=())) == []


_STREAMS: list[list[dict[str, Any]]] = [
    [
        {"type": "transcript.text.delta", "delta": "Hel"},
        {"type": "transcript.text.delta", "delta": "lo"},
        {"type": "transcript.text.done", "text": "Hello", "usage": {"total_tokens": 4}},
    ],
    [
        {"type": "conversation.response.started", "conversation_id": "conv_1"},
        {"type": "message.output.delta", "role": "assistant", "output_index": 0, "content": "No"},
        {"type": "message.output.delta", "role": "assistant", "output_index": 0, "content": "on."},
        {"type": "function.call.delta", "id": "f1", "tool_call_id": "c1", "name": "now", "arguments": "{}"},
        {"type": "conversation.response.done", "usage": {"total_tokens": 9}},
    ],
    [
        {"type": "image_generation.partial_image", "b64_json": PNG, "partial_image_index": 0},
        {"type": "image_generation.completed", "b64_json": PNG, "usage": {"total_tokens": 5}},
    ],
    [{"type": "speech.audio.delta", "audio": PNG}, {"type": "speech.audio.done", "usage": {"n": 1}}],
]


@given(st.sampled_from(_STREAMS), st.data())
def test_a_stream_says_the_same_however_kept(events: list[dict[str, Any]], data: st.DataObject) -> None:
    wire = recognise(read(record(events, streaming=True)))
    expected, completion = wire.assemble(events, True), wire.assemble(data.draw(record_anyhow(events)), True)
    assert (completion.streamed, completion.complete) == (True, True)
    assert (completion.id, completion.usage, completion.choices) == (
        expected.id,
        expected.usage,
        expected.choices,
    )
    assert (completion.kind, completion.facts) == (expected.kind, expected.facts)
