"""The rule `schema`: what is certainly broken is told in a sentence, and whatever providers do is let be."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from recctl.checks.schema import (
    _PATTERNS,
    MOST_FINDINGS,
    MOST_VIOLATIONS,
    _load_reference,
    check_schema,
    list_schemas,
    load_schema,
    read_schema,
    retrieve,
)
from recctl.checks.schema_proof import proves
from recctl.recordings import formats
from tests.builders import CHUNK, chunk, delta, read, record
from tests.unit.wire.hostile import spoil

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems(document: Any) -> list[tuple[str | None, str]]:
    """Where a recording is not as the schemas say, and what is said of it."""
    return [(finding.pointer, finding.message) for finding in check_schema(read(document))]


def dump(kind: str, **data: Any) -> dict[str, Any]:
    """An object as the recorder dumps it."""
    return {"__type__": kind, "__data__": data}


def whole(*tool_calls: Any, **message: Any) -> dict[str, Any]:
    """A chat reply that was not streamed."""
    message = {"role": "assistant", "content": "Hi", "tool_calls": list(tool_calls) or None, **message}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return dump("openai.types.chat.chat_completion.ChatCompletion", id="rec-1", choices=[choice])


def call(**function: Any) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "index": 0, "function": function}


def over_http(body: Any, status: Any = 200, **payload: Any) -> dict[str, Any]:
    """A recording of the kind http."""
    return {
        "test_id": None,
        "request": {
            "test_id": None,
            "url": "http://localhost:8000/v1/messages",
            "method": "POST",
            "payload": {"model": "small", "messages": [{"role": "user", "content": "Hello"}], **payload},
        },
        "response": {"status": status, "body": body, "is_streaming": isinstance(body, list)},
        "id_normalization_mapping": {},
    }


def by_tool(body: Any, **request: Any) -> dict[str, Any]:
    """A recording of the kind tool."""
    request = {"test_id": None, "provider": "p", "tool_name": "search", "kwargs": {"query": "q"}, **request}
    return {"request": request, "response": {"body": body, "is_streaming": False}}


def by_file_processor(body: Any, **request: Any) -> dict[str, Any]:
    """A recording of the kind file processor."""
    request = {"test_id": None, "provider": "p", "api": "file_processors", "file_id": "file-1", **request}
    return {"request": request, "response": {"body": body, "is_streaming": False}}


def changed(document: dict[str, Any], part: str, **values: Any) -> dict[str, Any]:
    """A document with other values in its request or response; `...` takes a key away."""
    values = {**document[part], **values}
    return {**document, part: {key: value for key, value in values.items() if value is not ...}}


GENERATE = "ollama._types.GenerateResponse"
OLLAMA_CHAT = "ollama._types.ChatResponse"
RESULT = "ogx_api.tools.ToolInvocationResult"
MODEL = "openai.types.model.Model"
COMPLETION = "openai.types.completion.Completion"
EMBEDDINGS = "openai.types.create_embedding_response.CreateEmbeddingResponse"
RESPONSE_EVENT = "openai.types.responses.response_text_delta_event.ResponseTextDeltaEvent"
EXCEPTION: dict[str, Any] = {
    "body": None,
    "is_streaming": False,
    "is_exception": True,
    "exception_data": {"category": "provider_sdk", "type": "BadRequestError", "status_code": 400},
    "exception_message": "Error code: 400",
}
USAGE_OF_NULLS = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}

SOUND: dict[str, dict[str, Any]] = {
    "a stream": record([chunk(delta(role="assistant", content="Hi")), chunk(delta(0, "stop"))]),
    "a whole reply": record(whole(call(name="look", arguments="{}"))),
    "a stream without chunks": record([]),
    "Azure's first chunk": record([chunk(object="", model="", prompt_filter_results=[{"prompt_index": 0}])]),
    "a delta of null": record([chunk({"index": 0, "delta": None})]),
    "a choice without a delta": record([chunk({"index": 0})]),
    "choices of null": record([chunk(choices=None)]),
    "a tool call that goes on": record(
        [chunk(delta(tool_calls=[{"index": 0, "id": None, "type": None, "function": {"arguments": "{"}}]))]
    ),
    "arguments as an object": record([chunk(delta(tool_calls=[call(name="look", arguments={"a": 1})]))]),
    "a call of a custom tool": record(whole({"id": "call_1", "type": "custom", "custom": {"name": "x"}})),
    "content in parts": record([chunk(delta(content=[{"type": "text", "text": "Hi"}]))]),
    "usage of nulls": record([chunk(usage=USAGE_OF_NULLS)]),
    "an error in place of a chunk": record([{"error": {"message": "overloaded", "code": 503}}]),
    "an error in a chunk": record([dump(CHUNK, error={"message": "overloaded"})]),
    "an error that is only text": record([dump(CHUNK, error="overloaded")]),
    "an exception": {**record(None), "response": EXCEPTION},
    "an exception without a body": changed({**record([]), "response": EXCEPTION}, "response", body=...),
    "the oldest layout": {key: value for key, value in record([]).items() if key in ("request", "response")},
    "no test": {**record([]), "test_id": None},
    "a class that nobody knows": record(dump("acme.Reply", choices="none")),
    "a class whose data is no object": record({"__type__": "acme.Text", "__data__": "Hi"}),
    "a plain object that nobody knows": record({"verdict": 5, "type": 7}),
    "keys that nobody knows": {**record([chunk(delta(mood="good"), weather=[])]), "author": 1},
    "a number where text could stand for it": changed(
        record([]), "request", body={"temperature": "0.7", "max_tokens": "5"}
    ),
    "a kind of request that nobody knows": {**record([]), "request": {"url": 5, "query": []}},
    "lines of an event stream": over_http(["event: ping", "data: {}", "", ": comment", "data: [DONE]"]),
    "an Anthropic message": over_http(
        {"type": "message", "content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 1}}
    ),
    "an Anthropic event": over_http([{"type": "content_block_delta", "index": 0, "delta": {"text": "Hi"}}]),
    "a Gemini reply": over_http([{"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}]),
    "a prompt that Gemini blocked": over_http([{"prompt_feedback": {"block_reason": "SAFETY"}}]),
    "an interaction": over_http({"object": "interaction", "outputs": [{"type": "text", "text": "Hi"}]}),
    "an interaction's event": over_http([{"event_type": "content.delta", "index": 0, "delta": {}}]),
    "a rerank reply": over_http({"results": [{"index": 0, "relevance_score": 0.5}]}),
    "results that rank nothing": over_http({"results": ["a", "b"]}),
    "an HTTP error that is not JSON": over_http("Bad gateway", status=502),
    "an HTTP error": over_http({"type": "error", "error": {"message": "no"}}, status=400),
    "text of Ollama's": record([dump(GENERATE, response="Hi", done=False, total_duration=None)]),
    "a chat of Ollama's": record(
        [dump(OLLAMA_CHAT, done=True, message={"tool_calls": [{"function": {"name": "a", "arguments": {}}}]})]
    ),
    "an event of OpenAI Responses": record(
        [dump(RESPONSE_EVENT, type="response.output_text.delta", delta="H")]
    ),
    "a text completion": record(dump(COMPLETION, choices=[{"index": 0, "text": "Hi", "logprobs": None}])),
    "a number for a chunk's log probabilities": record([chunk({**delta(content="Hi"), "logprobs": -0.012})]),
    "a number for those of a text": record(
        [dump(COMPLETION, choices=[{"index": 0, "text": "Hi", "logprobs": -0.1}])]
    ),
    "embeddings": record(dump(EMBEDDINGS, data=[{"index": 0, "embedding": [0.5, 1]}])),
    "embeddings as base64": record(dump(EMBEDDINGS, data=[{"index": 0, "embedding": "AAAA"}])),
    "a list of models": record([dump(MODEL, id="small", created=None)], streaming=False),
    "a tool's result": by_tool(dump(RESULT, content="found", error_code=None)),
    "a processed file": by_file_processor(dump("a.ProcessFileResponse", chunks=[{"content": "Hi"}])),
    "a number of 400 digits": record([chunk(usage={"prompt_tokens": 10**400})]),
    "half a surrogate pair in a text": record([chunk(delta(content="\ud83d"))]),
    "half a surrogate pair in a key": record([chunk(**{"\ud83d": 1})]),
}


@pytest.mark.parametrize("document", SOUND.values(), ids=SOUND.keys())
def test_what_recorders_and_providers_do_is_let_be(document: dict[str, Any]) -> None:
    assert problems(document) == []


CHOICE = "/response/body/0/__data__/choices/0"
BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "a text in place of a list": (
        record([chunk(choices="x")]),
        "/response/body/0/__data__/choices",
        '"choices" should be an array or null, but is the text "x"',
    ),
    "an object in place of a list": (
        record([chunk(delta(tool_calls={"id": "call_1"}))]),
        f"{CHOICE}/delta/tool_calls",
        '"tool_calls" should be an array or null, but is the object {"id": "call_1"}',
    ),
    "a list in place of an object": (
        record([chunk({"index": 0, "delta": ["Hi"]})]),
        f"{CHOICE}/delta",
        '"delta" should be an object or null, but is the array ["Hi"]',
    ),
    "one of three types": (
        record([chunk(delta(content=5))]),
        f"{CHOICE}/delta/content",
        '"content" should be text, an array or null, but is the number 5',
    ),
    "half a number": (
        record([chunk({"index": 0.5})]),
        f"{CHOICE}/index",
        '"index" should be a whole number or null, but is the number 0.5',
    ),
    "a text in place of a number": (
        record([chunk(created="today")]),
        "/response/body/0/__data__/created",
        '"created" should be a number, but is the text "today"',
    ),
    "a text in place of a truth value": (
        changed(record([]), "response", is_streaming="yes"),
        "/response/is_streaming",
        '"is_streaming" should be true or false, but is the text "yes"',
    ),
    "a truth value": (
        {**record([]), "test_id": False},
        "/test_id",
        '"test_id" should be text or null, but is false',
    ),
    "null": (record([], url=None), "/request/url", '"url" should be text, but is null'),
    "an item": (
        record([7]),
        "/response/body/0",
        'an item of "body" should be text or an object, but is the number 7',
    ),
    "an item of an item": (
        record(dump("ollama._types.EmbedResponse", embeddings=[[0.5, "x"]])),
        "/response/body/__data__/embeddings/0/1",
        'an item of an item of "embeddings" should be a number or null, but is the text "x"',
    ),
    "a missing key": (
        record(whole(call())),
        "/response/body/__data__/choices/0/message/tool_calls/0/function",
        '"function" lacks "name"',
    ),
    "two missing keys": (
        changed(record([]), "request", method=..., url=...),
        "/request",
        '"request" lacks "method" and "url"',
    ),
    "an item that lacks a key": (
        record([{"__type__": CHUNK}]),
        "/response/body/0",
        'an item of "body" lacks "__data__"',
    ),
    "nothing at all": ({**record([]), "request": {}}, "/request", '"request" is empty'),
    # What a value may be is told at its narrowest: a whole call needs a name, a fragment does not.
    "a value that breaks two schemas": (
        record(whole(call(name=5))),
        "/response/body/__data__/choices/0/message/tool_calls/0/function/name",
        '"name" should be text, but is the number 5',
    ),
}


@pytest.mark.parametrize(("document", "pointer", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_sentence_names_the_key_what_was_expected_and_what_was_found(
    document: dict[str, Any], pointer: str, message: str
) -> None:
    assert problems(document) == [(pointer, message)]


IN_EVERY_PROTOCOL: dict[str, tuple[dict[str, Any], str]] = {
    "openai-chat, a chunk": (record([chunk(delta(refusal=1))]), f"{CHOICE}/delta/refusal"),
    "openai-chat, whole": (record(whole(content=1)), "/response/body/__data__/choices/0/message/content"),
    "openai-chat, not dumped": (over_http({"choices": [1]}), "/response/body/choices/0"),
    "openai-completions": (record([dump(COMPLETION, choices=[{"text": 1}])]), f"{CHOICE}/text"),
    "openai-completions, not dumped": (
        over_http({"object": "text_completion", "choices": [{"text": 1}]}),
        "/response/body/choices/0/text",
    ),
    "openai-embeddings": (record(dump(EMBEDDINGS, data={})), "/response/body/__data__/data"),
    "openai-models": (record([dump(MODEL, id=1)], streaming=False), "/response/body/0/__data__/id"),
    "openai-responses, an event": (
        record([dump(RESPONSE_EVENT, type="response.output_text.delta", delta=1)]),
        "/response/body/0/__data__/delta",
    ),
    "openai-responses, whole": (
        over_http({"object": "response", "output": {}}),
        "/response/body/output",
    ),
    "ollama, a text": (record([dump(GENERATE, response=1)]), "/response/body/0/__data__/response"),
    "ollama, a chat": (record([dump(OLLAMA_CHAT, message="Hi")]), "/response/body/0/__data__/message"),
    "ollama, not dumped": (over_http([{"model": "small", "done": 1}]), "/response/body/0/done"),
    "anthropic-messages, a message": (
        over_http({"type": "message", "content": "Hi"}),
        "/response/body/content",
    ),
    "anthropic-messages, an event": (
        over_http([{"type": "content_block_delta", "delta": {"partial_json": {}}}]),
        "/response/body/0/delta/partial_json",
    ),
    "anthropic-messages, dumped": (
        record(dump("anthropic.types.message.Message", type="message", content=[1])),
        "/response/body/__data__/content/0",
    ),
    "gemini": (
        over_http([{"candidates": [{"content": {"parts": {}}}]}]),
        "/response/body/0/candidates/0/content/parts",
    ),
    "gemini, dumped": (
        record([dump("google.genai.types.GenerateContentResponse", candidates=[1])]),
        "/response/body/0/__data__/candidates/0",
    ),
    "gemini-interactions, whole": (
        over_http({"object": "interaction", "outputs": {}}),
        "/response/body/outputs",
    ),
    "gemini-interactions, an event": (over_http([{"event_type": "x", "delta": 1}]), "/response/body/0/delta"),
    "rerank": (
        over_http({"results": [{"relevance_score": 0.5}, {"relevance_score": "high"}]}),
        "/response/body/results/1/relevance_score",
    ),
    "tool-result": (by_tool(dump(RESULT, content=1)), "/response/body/__data__/content"),
    "file-processor-result": (
        by_file_processor(dump("a.ProcessFileResponse", chunks={})),
        "/response/body/__data__/chunks",
    ),
    "request-inference": (changed(record([]), "request", body=[]), "/request/body"),
    "request-http": (changed(over_http({}), "request", payload="x"), "/request/payload"),
    "request-tool": (by_tool({}, kwargs=["q"]), "/request/kwargs"),
    "request-file-processor": (by_file_processor({}, file_id=1), "/request/file_id"),
    "request-body, a message": (
        changed(record([]), "request", body={"messages": [{"role": "user", "content": 5}]}),
        "/request/body/messages/0/content",
    ),
    "request-body, a tool": (
        over_http({}, tools=[{"function": {"parameters": "none"}}]),
        "/request/payload/tools/0/function/parameters",
    ),
    "response": (changed(record([]), "response", body="x"), "/response/body"),
    "provider-error": (record([chunk(error=5)]), "/response/body/0/__data__/error"),
}


@pytest.mark.parametrize(("document", "pointer"), IN_EVERY_PROTOCOL.values(), ids=IN_EVERY_PROTOCOL.keys())
def test_a_mistake_is_found_in_every_protocol_and_kind_of_request(
    document: dict[str, Any], pointer: str
) -> None:
    assert [place for place, _ in problems(document)] == [pointer]


def test_a_finding_is_an_error_of_the_rule_at_the_file() -> None:
    (finding,) = check_schema(read(record([chunk(choices="x")])))
    assert (finding.rule, finding.severity.label, finding.path) == (
        "schema",
        "error",
        "tests/recordings/x.json",
    )


@pytest.mark.parametrize(
    "response",
    [
        {"body": {"error": "messages should be a list"}},
        {"body": [{"error": "messages should be a list"}, "the end"]},
        {"body": {"message": "messages should be a list"}, "status": 400},
        EXCEPTION,
    ],
    ids=["an error", "an error in a stream", "a status", "an exception"],
)
def test_a_request_may_be_wrong_when_that_is_what_was_recorded(response: dict[str, Any]) -> None:
    document = {**changed(record([]), "request", body={"messages": "none"}), "response": response}
    assert problems(document) == []
    answered = {**document, "response": {"body": []}}
    assert problems(answered) == [
        ("/request/body/messages", '"messages" should be an array or null, but is the text "none"')
    ]


def test_only_an_exception_may_lack_a_body() -> None:
    document = changed(record([]), "response", body=...)
    assert problems(document) == [("/response", '"response" lacks "body"')]


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("x" * 38, f'the text "{"x" * 38}"'),
        ("x" * 39, f'the text "{"x" * 38}…'),
        ("\x1b[31m\u202ered\x85", 'the text "\\u001b[31m\\u202ered\\u0085"'),
        ('a "word"', 'the text "a \\"word\\""'),
        ("é 漢 😀", 'the text "é 漢 😀"'),
        ("\ud83d", 'the text "\\ud83d"'),
        (10**40, f"the number 1{'0' * 38}…"),
        ([[1, 2], "x"], 'the array [[1, 2], "x"]'),
        (list(range(20)), "the array [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"),
        ({"a": None, "b": True}, 'the object {"a": null, "b": true}'),
    ],
)
def test_what_was_found_is_quoted_as_json_that_prints(value: Any, quoted: str) -> None:
    ((_, message),) = problems(changed(record([]), "response", is_streaming=value))
    assert message == f'"is_streaming" should be true or false, but is {quoted}'


def test_findings_stand_in_the_order_of_the_file() -> None:
    document = record([chunk(choices="x"), 5], url=5, method=None)
    document["response"]["is_streaming"] = None
    places = [place for place, _ in problems(document)]
    assert places == [
        "/request/method",
        "/request/url",
        "/response/body/0/__data__/choices",
        "/response/body/1",
        "/response/is_streaming",
    ]


def test_the_same_mistake_in_many_chunks_is_one_finding() -> None:
    sound = chunk(delta(content="Hi"))
    document = record([sound, *(chunk(delta(content=number)) for number in range(400)), sound])
    assert problems(document) == [
        (
            "/response/body/1/__data__/choices/0/delta/content",
            '"content" should be text, an array or null, but is the number 0 (and 399 more like it)',
        )
    ]


def test_mistakes_of_different_kinds_are_told_apart() -> None:
    document = record([chunk(choices="x"), chunk(usage=1), chunk(choices=5)])
    assert [message for _, message in problems(document)] == [
        '"choices" should be an array or null, but is the text "x" (and 1 more like it)',
        '"usage" should be an object or null, but is the number 1',
    ]


def test_after_twenty_findings_the_rest_is_counted() -> None:
    keys = sorted(json.loads(read_schema("ollama"))["properties"])
    wrong = dump(GENERATE, **dict.fromkeys(keys, True))  # only "done" may be true
    twenty = problems(record([wrong]))
    assert len(twenty) == len(keys) - 1 == MOST_FINDINGS
    more = problems(record([chunk(choices="x"), wrong]))
    assert len(more) == MOST_FINDINGS + 1
    assert more[-1] == (
        f"/response/body/1/__data__/{keys[-1]}",
        "1 more value is not as the schema says, the first of them here",
    )
    (*_, (_, message)) = problems(record([chunk(choices="x"), wrong, wrong]))
    assert message == "2 more values are not as the schema says, the first of them here"


def test_a_file_of_nothing_but_mistakes_is_not_read_to_its_end() -> None:
    found = problems(record([1] * (MOST_VIOLATIONS + 1000)))
    assert [message for _, message in found] == [
        'an item of "body" should be text or an object, but is the number 1 (and 1,999 more like it)',
        "2,000 values are not as the schema says; no more were looked for",
    ]


def test_a_mistake_is_found_beside_half_a_surrogate_pair() -> None:
    document = record([chunk(delta(content="Hi"), **{"\ud83d": 1}), chunk(choices="\ud83d")])
    assert problems(document) == [
        (
            "/response/body/1/__data__/choices",
            '"choices" should be an array or null, but is the text "\\ud83d"',
        )
    ]


def test_sound_recordings_do_without_the_slow_reference() -> None:
    script = (
        "import sys; from recctl.checks.schema import check_schema; from tests.builders import *;"
        "list(check_schema(read(record([chunk(delta(content='Hi'))])))); print('jsonschema' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@given(spoil(record([chunk(delta(content="Hi", tool_calls=[call(name="f", arguments="{}")])), 1.0])))
def test_what_is_proved_without_the_compiled_validator_is_sound_to_that_as_well(document: Any) -> None:
    if proves("recording", document, load_schema):
        assert problems(document) == []


def test_sound_recordings_are_proved_without_the_compiled_validator(pytestconfig: pytest.Config) -> None:
    files = (pytestconfig.rootpath / "examples/good/tests").rglob("recordings/*.json")
    documents = [json.loads(file.read_bytes()) for file in files]
    assert len(documents) > 10
    assert [document for document in documents if not proves("recording", document, load_schema)] == []


@pytest.mark.parametrize("value", [{"status": 1.0}, {"novel": "\ud83d"}])
def test_what_is_in_doubt_is_not_proved(value: Any) -> None:
    schemas = {"x": {"properties": {"status": {"type": "integer"}, "novel": {"pattern": "."}}}}
    assert not proves("x", value, schemas.__getitem__)
    assert not proves("x", value, {"x": {"maxItems": 1}}.__getitem__)
    assert proves("x", {}, schemas.__getitem__)


# The schema files

SCHEMAS = [json.loads(read_schema(name)) for name in list_schemas()]
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], DRAFT202012.create_resource(schema)) for schema in SCHEMAS
)


@pytest.mark.parametrize("name", list_schemas())
def test_every_schema_is_one_and_says_what_it_is(name: str) -> None:
    loaded = json.loads(read_schema(name))
    Draft202012Validator.check_schema(loaded)
    assert loaded["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert loaded["$id"] == f"https://recctl.dev/schemas/{name}.schema.json"
    assert retrieve(loaded["$id"]) == loaded
    assert loaded["description"].endswith(".")
    assert all("title" in part for part in [loaded, *loaded.get("$defs", {}).values()])


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


def test_every_reference_leads_to_another_of_the_schemas_and_all_are_in_use() -> None:
    used = {"recording", "exchange"}
    for name in list_schemas():
        schema = json.loads(read_schema(name))
        for reference in references(schema):
            REGISTRY.resolver(schema["$id"]).lookup(reference)
            used.add(reference.partition("#")[0].removesuffix(".schema.json") or name)
    assert used == set(list_schemas())


def demands(schema: dict[str, Any]) -> Iterator[str]:
    """The keywords that can refuse a value, wherever in a schema they can: not under an `if`."""
    yield from schema.keys() - {"$schema", "$id", "$defs", "$ref", "title", "description"}
    inner = [schema[key] for key in ("items", "then", "else") if key in schema] + schema.get("allOf", [])
    for name, part in {**schema.get("properties", {}), **schema.get("$defs", {})}.items():
        if name != "refusal":  # what an `if` refers to
            inner.append(part)
    for part in inner:
        yield from demands(part)


OF_FILES = {path.stem for path in Path(formats.__file__).parent.glob("[!_]*.py")}
"""Schemas of whole files, which no rule asks, are called like their formats."""


@pytest.mark.parametrize("name", sorted({*list_schemas()} - OF_FILES))
def test_schemas_demand_nothing_that_there_is_no_sentence_for(name: str) -> None:
    passed_on = {"properties", "items", "allOf", "if", "then", "else"}
    told = {"type", "required", "minProperties", "pattern"}
    assert set(demands(json.loads(read_schema(name)))) <= told | passed_on


def list_patterns(schema: dict[str, Any]) -> Iterator[str]:
    """The patterns that texts have to match, where a schema demands it."""
    if "pattern" in schema:
        yield schema["pattern"]
    parts = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    for part in (*parts, *(schema[key] for key in ("items", "then", "else") if key in schema)):
        yield from list_patterns(part)


def test_there_is_a_phrase_for_every_pattern() -> None:
    found = {each for name in list_schemas() for each in list_patterns(json.loads(read_schema(name)))}
    assert found == {*_PATTERNS}


# Two validators, one verdict

RECORDING = "https://recctl.dev/schemas/recording.schema.json"
COMPILED = jsonschema_rs.Draft202012Validator(retrieve(RECORDING), retriever=retrieve)
REFERENCE = Draft202012Validator(retrieve(RECORDING), registry=REGISTRY)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=5)
KEYS = st.sampled_from(["type", "object", "choices", "error", "__type__", "__data__"]) | ANY_TEXT
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


def holders(value: Any) -> Iterator[Any]:
    """Every object and array in a value, the value itself included."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from holders(inner)


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """Recordings of every kind in which some values were replaced, added or taken away."""
    originals = [
        *SOUND.values(),
        *(document for document, *_ in [*BROKEN.values(), *IN_EVERY_PROTOCOL.values()]),
    ]
    document: dict[str, Any] = deepcopy(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 3))):
        parts = [part for key in ("request", "response") for part in holders(document[key])]
        part = draw(st.sampled_from(parts))
        steps = [*part] if isinstance(part, dict) else [*range(len(part))]
        takes_away: bool = draw(st.booleans())
        if steps and takes_away:
            del part[draw(st.sampled_from(steps))]
        elif isinstance(part, dict):
            part[draw(st.sampled_from(steps) if steps else KEYS)] = draw(VALUES)
        else:
            part.insert(0, draw(VALUES))
    return document


@given(mutants())
def test_the_verdict_is_that_of_both_validators(document: dict[str, Any]) -> None:
    is_sound = problems(document) == []
    assert is_sound == REFERENCE.is_valid(document)
    with suppress(ValueError):  # half a surrogate pair: the compiled validator gives no verdict
        assert is_sound == COMPILED.is_valid(document)


@given(mutants())
def test_large_files_are_told_the_same_as_small_ones(document: dict[str, Any]) -> None:
    assert problems({**document, "padding": "-" * 20_000}) == problems(document)


@given(mutants())
def test_every_sentence_prints_and_every_pointer_points_at_something(document: dict[str, Any]) -> None:
    for pointer, message in problems(document):
        assert message.isprintable()
        value = document
        for step in (pointer or "").split("/")[1:]:
            value = value[int(step)] if isinstance(value, list) else value[step]


# Nothing is fetched


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/a.schema.json",
        "https://recctl.dev/schemas/nonesuch.schema.json",
        "https://recctl.dev/schemas/../recording.schema.json",
        "https://json-schema.org/draft/2020-12/schema",
        "file:///etc/passwd",
        "recording",
    ],
)
def test_no_other_schema_is_looked_up(uri: str) -> None:
    with pytest.raises(LookupError, match="is none of recctl's schemas"):
        retrieve(uri)


def test_the_compiled_validator_asks_us_and_not_the_network() -> None:
    with pytest.raises(jsonschema_rs.ValidationError, match="is none of recctl's schemas"):
        jsonschema_rs.Draft202012Validator({"$ref": "http://localhost:9/a.json"}, retriever=retrieve)


def test_the_reference_validator_looks_nothing_up() -> None:
    elsewhere = _load_reference("recording").evolve(schema={"$ref": "http://localhost:9/a.json"})
    with pytest.raises(Unresolvable):
        elsewhere.is_valid({})


def test_liberties_that_providers_take_are_let_be() -> None:
    tool = {"function": {"name": "f", "parameters": '{"type": "object"}'}}
    one = {"function_declarations": [{"name": "f", "parameters": {"type": "object"}}]}
    for tools in ([tool], one):
        assert problems(changed(record(whole()), "request", body={"model": "small", "tools": tools})) == []
    writer = whole()
    writer["__data__"]["created"] = "1715361795"
    assert problems(record(writer)) == []


def test_parameters_that_are_no_schema_are_told() -> None:
    tool = {"function": {"name": "f", "parameters": "none"}}
    found = problems(changed(record(whole()), "request", body={"model": "small", "tools": [tool]}))
    message = '"parameters" should be a JSON object, but is the text "none"'
    assert found == [("/request/body/tools/0/function/parameters", message)]
