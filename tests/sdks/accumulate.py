"""What SDKs make of streams: runs where they are installed, and imports nothing of recctl.

Each line of standard input is a stream, `{"wire", "key", "lines" | "data" | "chunks"}`: the lines of an event
stream, binary frames in base64, or JSON objects. Each line of standard output is what its SDK has put
together: `{"key", "choices": {index: {"content", "reasoning", "calls", "finish"}}, "usage"}`, or `{"key",
"failed"}`. A client is given the recorded bytes as the reply to a request, so that they go all the way that
they go in a program.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

_ANY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
_SSE = "text/event-stream"


def _say(content: str, reasoning: str, calls: list[Any], finish: Any) -> dict[str, Any]:
    return {"content": content, "reasoning": reasoning, "calls": calls, "finish": finish}


def _answer(httpx: Any, content: bytes, kind: str) -> Any:
    """A transport whose every reply is that."""
    headers = {"content-type": kind}
    return httpx.MockTransport(lambda _: httpx.Response(200, content=content, headers=headers))


def _write_sse(stream: dict[str, Any]) -> bytes:
    if "lines" in stream:
        holds_ends = any("\n" in line or "\r" in line for line in stream["lines"])
        return ("" if holds_ends else "\n").join([*stream["lines"], "", ""]).encode()
    return b"".join(b"data: %s\n\n" % json.dumps(_drop_nulls(chunk)).encode() for chunk in stream["chunks"])


def _drop_nulls(value: Any) -> Any:
    """What was sent, of an object that was dumped with null for whatever was not."""
    if isinstance(value, dict):
        return {key: _drop_nulls(inner) for key, inner in value.items() if inner is not None}
    return [*map(_drop_nulls, value)] if isinstance(value, list) else value


def _ask_openai(stream: dict[str, Any]) -> Any:
    import httpx2
    import openai

    transport = _answer(httpx2, _write_sse(stream), _SSE)
    return openai.OpenAI(api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport))


def openai_chat(stream: dict[str, Any]) -> dict[str, Any]:
    """What `ChatCompletionStreamState` has accumulated."""
    from openai.lib.streaming.chat import ChatCompletionStreamState

    state = ChatCompletionStreamState()
    for chunk in _ask_openai(stream).chat.completions.create(**_ANY, stream=True):
        state.handle_chunk(chunk)
    whole = state.current_completion_snapshot.to_dict()
    choices = {}
    for choice in whole["choices"]:
        message = choice["message"]
        calls = [
            [call.get("id"), call.get("function", {}).get("name"), call.get("function", {}).get("arguments")]
            for call in message.get("tool_calls") or ()
        ]
        reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
        choices[choice["index"]] = _say(
            message.get("content") or "", reasoning, calls, choice.get("finish_reason")
        )
    return {"choices": choices, "usage": whole.get("usage")}


def openai_completions(stream: dict[str, Any]) -> dict[str, Any]:
    """The chunks as the SDK reads them, joined: it accumulates none of these."""
    choices: dict[int, dict[str, Any]] = {}
    usage = None
    for chunk in _ask_openai(stream).completions.create(model="m", prompt="x", stream=True):
        usage = chunk.usage.to_dict() if chunk.usage else usage
        for choice in chunk.choices:
            said = choices.setdefault(choice.index or 0, _say("", "", [], None))
            said["content"] += choice.text or ""
            said["finish"] = choice.finish_reason or said["finish"]
    return {"choices": choices, "usage": usage}


def openai_responses(stream: dict[str, Any]) -> dict[str, Any]:
    """What `ResponseStreamState` has accumulated; it accumulates no reasoning, which is the last event's."""
    from openai import omit
    from openai.lib.streaming.responses._responses import ResponseStreamState

    state: Any = ResponseStreamState(input_tools=[], text_format=omit)
    response: dict[str, Any] = {}
    for event in _ask_openai(stream).responses.create(model="m", input="x", stream=True):
        state.handle_event(event)
        response = event.response.to_dict() if hasattr(event, "response") else response
    whole = state._ResponseStreamState__current_snapshot.to_dict()
    content, calls = [], []
    for item in whole["output"]:
        if item["type"] == "message":
            content += [part.get("text", "") for part in item["content"] if part["type"] == "output_text"]
        elif item["type"] == "function_call":
            calls.append([item.get("call_id"), item.get("name"), item.get("arguments")])
    reasoning = [
        part.get("text", "")
        for item in response.get("output") or ()
        if item["type"] == "reasoning"
        for part in [*(item.get("summary") or ()), *(item.get("content") or ())]
    ]
    reason = (response.get("incomplete_details") or {}).get("reason") or response.get("status")
    said = _say("".join(content), "".join(reasoning), calls, reason)
    return {"choices": {0: said}, "usage": response.get("usage")}


def anthropic_messages(stream: dict[str, Any]) -> dict[str, Any]:
    """The final message of `messages.stream`; on Bedrock by the client that reads its frames."""
    import anthropic
    import httpx2

    client: Any
    if "data" in stream:
        transport = _answer(httpx2, base64.b64decode(stream["data"]), "application/vnd.amazon.eventstream")
        keys = {"aws_access_key": "k", "aws_secret_key": "s", "aws_region": "us-east-1"}
        client = anthropic.AnthropicBedrock(**keys, http_client=httpx2.Client(transport=transport))
    else:
        transport = _answer(httpx2, _write_sse(stream), _SSE)
        client = anthropic.Anthropic(api_key="k", http_client=httpx2.Client(transport=transport))
    with client.with_options(max_retries=0).messages.stream(**_ANY, max_tokens=1) as events:
        message = events.get_final_message().to_dict()
    texts = {"text": "", "thinking": ""}
    calls = []
    for block in message["content"]:
        if block["type"] in texts:
            texts[block["type"]] += block[block["type"]]
        elif block["type"].endswith("tool_use"):
            calls.append([block["id"], block["name"], json.dumps(block["input"])])
    said = _say(texts["text"], texts["thinking"], calls, message["stop_reason"])
    return {"choices": {0: said}, "usage": message["usage"]}


def gemini(stream: dict[str, Any]) -> dict[str, Any]:
    """The parts of all chunks as the SDK reads them, in order, as its chats keep them."""
    import httpx2
    from google import genai

    if "chunks" in stream:  # dumped by the SDK, with its own keys
        chunks = map(genai.types.GenerateContentResponse.model_validate, stream["chunks"])
    else:
        transport = _answer(httpx2, _write_sse(stream), _SSE)
        options = genai.types.HttpOptions(httpx_client=httpx2.Client(transport=transport))
        client = genai.Client(api_key="k", http_options=options)
        chunks = client.models.generate_content_stream(model="m", contents="x")
    choices: dict[int, dict[str, Any]] = {}
    usage = None
    for chunk in chunks:
        if chunk.usage_metadata:
            usage = chunk.usage_metadata.model_dump(mode="json", exclude_none=True)
        for candidate in chunk.candidates or ():
            said = choices.setdefault(candidate.index or 0, _say("", "", [], None))
            for part in (candidate.content.parts if candidate.content else None) or ():
                said["reasoning" if part.thought else "content"] += part.text or ""
                if part.function_call:
                    call = part.function_call
                    said["calls"].append([call.id, call.name, json.dumps(call.args)])
            said["finish"] = candidate.finish_reason.value if candidate.finish_reason else said["finish"]
    return {"choices": choices, "usage": usage}


def _read_frames(stream: dict[str, Any], shape: str) -> list[dict[str, Any]]:
    """The events in binary frames, as botocore's parser gives them to a program."""
    from botocore.eventstream import EventStream
    from botocore.loaders import Loader
    from botocore.model import ServiceModel
    from botocore.parsers import EventStreamJSONParser

    class Raw:
        def stream(self) -> Any:
            yield base64.b64decode(stream["data"])

        def close(self) -> None:
            pass

    model = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    return [*EventStream(Raw(), model.shape_for(shape), EventStreamJSONParser(), "Ask")]


def bedrock_converse(stream: dict[str, Any]) -> dict[str, Any]:
    """The deltas that botocore's parser gives, joined by block: it accumulates none.

    Nova's, from InvokeModel, are JSON in what it gives.
    """
    texts = {"text": "", "reasoningContent": ""}
    calls: dict[int, list[Any]] = {}
    finish, usage = None, None
    events = _read_frames(stream, "ConverseStreamOutput")
    if not any(events):
        events = [json.loads(event["chunk"]["bytes"]) for event in _read_frames(stream, "ResponseStream")]
    for event in events:
        block = event.get("contentBlockStart", event.get("contentBlockDelta", {}))
        call = block.get("start", {}).get("toolUse")
        if call:
            calls[block["contentBlockIndex"]] = [call["toolUseId"], call["name"], ""]
        delta = block.get("delta", {})
        texts["text"] += delta.get("text", "")
        texts["reasoningContent"] += delta.get("reasoningContent", {}).get("text", "")
        if "toolUse" in delta:
            calls[block["contentBlockIndex"]][2] += delta["toolUse"]["input"]
        finish = event.get("messageStop", {}).get("stopReason", finish)
        usage = event.get("metadata", {}).get("usage", usage)
    said = _say(texts["text"], texts["reasoningContent"], [calls[index] for index in sorted(calls)], finish)
    return {"choices": {0: said}, "usage": usage}


def titan(stream: dict[str, Any]) -> dict[str, Any]:
    """The chunks that botocore's parser gives, joined."""
    content, finish = "", None
    usage: dict[str, Any] = {}
    for event in _read_frames(stream, "ResponseStream"):
        chunk = json.loads(event["chunk"]["bytes"])
        content += chunk["outputText"]
        finish = chunk.get("completionReason") or finish
        usage |= {key: chunk[key] for key in chunk if key.endswith("TokenCount")}
    return {"choices": {0: _say(content, "", [], finish)}, "usage": usage}


def anthropic_completions(stream: dict[str, Any]) -> dict[str, Any]:
    """The chunks that botocore's parser gives, joined."""
    content, finish = "", None
    for event in _read_frames(stream, "ResponseStream"):
        chunk = json.loads(event["chunk"]["bytes"])
        content += chunk["completion"]
        finish = chunk.get("stop_reason") or finish
    return {"choices": {0: _say(content, "", [], finish)}, "usage": None}


def cohere_chat(stream: dict[str, Any]) -> dict[str, Any]:
    """The events as the SDK reads them, joined: it accumulates none."""
    import cohere
    import httpx

    transport = _answer(httpx, _write_sse(stream), _SSE)
    client = cohere.ClientV2("k", httpx_client=httpx.Client(transport=transport))
    texts = {"text": "", "thinking": "", "plan": ""}
    calls: dict[int, list[Any]] = {}
    finish, usage = None, None
    for event in client.chat_stream(**_ANY):
        told = event.model_dump(mode="json", exclude_none=True)
        message = told.get("delta", {}).get("message") or {}
        kind = event.type
        if kind == "content-delta":
            for key in ("text", "thinking"):
                texts[key] += message["content"].get(key) or ""
        elif kind == "tool-plan-delta":
            texts["plan"] += message["tool_plan"]
        elif kind == "tool-call-start":
            call = message["tool_calls"]
            calls[told["index"]] = [call["id"], call["function"]["name"], call["function"]["arguments"]]
        elif kind == "tool-call-delta":
            calls[told["index"]][2] += message["tool_calls"]["function"]["arguments"]
        elif kind == "message-end":
            finish, usage = told["delta"].get("finish_reason"), told["delta"].get("usage")
    said = _say(
        texts["text"], texts["plan"] + texts["thinking"], [calls[index] for index in sorted(calls)], finish
    )
    return {"choices": {0: said}, "usage": usage}


def cohere_v1(stream: dict[str, Any]) -> dict[str, Any]:
    """The reply that the last event has, and the texts before it, which are to be the same."""
    import cohere
    import httpx

    content, reply = "", None
    lines = b"".join(json.dumps(chunk).encode() + b"\n" for chunk in stream["chunks"])
    transport = _answer(httpx, lines, "application/stream+json")
    client = cohere.Client("k", httpx_client=httpx.Client(transport=transport))
    for event in client.chat_stream(message="x", model="m"):
        if event.event_type == "text-generation":
            content += event.text
        elif event.event_type == "stream-end":
            reply = event.response
    if reply is None or content != reply.text:
        return {"failed": "the texts of the events are not that of the reply at the end"}
    usage = reply.meta.model_dump(mode="json", exclude_none=True) if reply.meta else {}
    counts = {key: usage[key] for key in ("billed_units", "tokens", "cached_tokens") if key in usage}
    return {"choices": {0: _say(content, "", [], reply.finish_reason)}, "usage": counts or None}


_READERS = {
    "openai-chat": openai_chat,
    "openai-completions": openai_completions,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic_messages,
    "gemini": gemini,
    "bedrock-converse": bedrock_converse,
    "titan": titan,
    "anthropic-completions": anthropic_completions,
    "cohere-chat": cohere_chat,
    "cohere-v1": cohere_v1,
}


def main() -> None:
    """Read streams, write what became of them."""
    for line in sys.stdin:
        stream = json.loads(line)
        try:
            told = _READERS[stream["wire"]](stream)
        except Exception as error:
            told = {"failed": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({"key": stream["key"], **told}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
