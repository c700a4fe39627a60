"""The order in which a reply says things, where texts, calls and results of tools alternate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from recctl.wire import assemble
from recctl.wire.completion import Message, MessagePart, ToolCall
from tests.builders import chunk, delta, read, record
from tests.unit.wire.streams import check_parts, send

if TYPE_CHECKING:
    from recctl.wire.completion import Completion


def said(body: Any) -> Message:
    completion: Completion = assemble(read(record(body)))
    (choice,) = completion.choices
    check_parts(choice)
    return choice.message


def kinds(body: Any) -> list[str | None]:
    """What a reply's parts say, or of what kind they are where that is no text."""
    return [part.text or part.kind for part in said(body).parts]


def anthropic(*blocks: dict[str, Any]) -> list[str]:
    """A stream of blocks, each begun empty and told by deltas where it is a text or a call."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "small", "content": []}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    for index, block in enumerate(blocks):
        begun, told = dict(block), []
        for key, kind in (("text", "text_delta"), ("thinking", "thinking_delta")):
            if key in begun:
                told.append({"type": kind, key: begun[key]})
                begun[key] = ""
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        events += ({"type": "content_block_delta", "index": index, "delta": each} for each in told)
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
    return send(*events, {"type": "message_stop"})


def text(value: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **fields}


SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tide"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"title": "Tides"}]}


def test_text_on_both_sides_of_a_call_is_two_parts_with_the_call_and_its_result_between() -> None:
    message = said(anthropic(text("I'll look."), SEARCH, FOUND, text("High tide is at noon.")))
    call = ToolCall("srvtoolu_1", "server_tool_use", "web_search", '{"query": "tide"}')
    parts = (
        MessagePart("text", "I'll look."),
        MessagePart("tool_call", call=call),
        MessagePart("other", place=("content", "2")),
        MessagePart("text", "High tide is at noon."),
    )
    glued = "I'll look.High tide is at noon."
    assert message == Message("assistant", content=glued, tool_calls=(call,), parts=parts)


def test_a_whole_message_has_the_parts_of_its_stream() -> None:
    blocks = [text("I'll look."), SEARCH, FOUND, text("At noon.")]
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": blocks,
        "stop_reason": "end_turn",
    }
    assert said(whole).parts == said(anthropic(*blocks)).parts


@pytest.mark.parametrize(
    "blocks",
    [
        [text("Hello")],
        [{"type": "thinking", "thinking": "Hm"}, text("Hello")],
        [{"type": "thinking", "thinking": "Hm"}, text("I'll look."), SEARCH],
        [text("I'll look."), SEARCH, {**SEARCH, "id": "srvtoolu_2"}, FOUND],
        [{"type": "thinking", "thinking": "Hm"}, text(""), SEARCH],
    ],
)
def test_a_message_in_its_usual_order_needs_no_parts(blocks: list[dict[str, Any]]) -> None:
    assert said(anthropic(*blocks)).parts == ()


def test_thinking_between_calls_keeps_its_place() -> None:
    first, second = ({"type": "thinking", "thinking": word} for word in ("Look.", "Now answer."))
    blocks = (first, SEARCH, FOUND, second, text("At noon."))
    assert kinds(anthropic(*blocks)) == ["Look.", "tool_call", "other", "Now answer.", "At noon."]


def test_blocks_that_citations_cut_out_of_a_sentence_are_one_text() -> None:
    cited = text("it is at noon", citations=[{"cited_text": "noon", "url": "https://example.org"}])
    assert kinds(anthropic(SEARCH, text("They say "), cited, text("."))) == [
        "tool_call",
        "They say it is at noon.",
    ]
    assert kinds(anthropic(SEARCH, text("They say."), text("I doubt it."))) == [
        "tool_call",
        "They say.",
        "I doubt it.",
    ]


def item(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"{kind}_{number}", "type": kind, "status": "completed", **fields}


def message(number: int, *texts: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": each, "annotations": []} for each in texts]
    return item("message", number, role="assistant", content=content)


def thoughts(number: int, *texts: str) -> dict[str, Any]:
    return item("reasoning", number, summary=[{"type": "summary_text", "text": each} for each in texts])


def response(*output: dict[str, Any], status: str = "completed") -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "model": "small", "status": status, "output": [*output]}


def respond(*output: dict[str, Any]) -> list[str]:
    """A stream that tells items as a whole, one by one, and then all of them."""
    events = [
        {"type": "response.output_item.done", "output_index": index, "item": each}
        for index, each in enumerate(output)
    ]
    begin = {"type": "response.created", "response": response(status="in_progress")}
    return send(begin, *events, {"type": "response.completed", "response": response(*output)})


@pytest.mark.parametrize("reply", [response, respond])
def test_summaries_of_reasoning_and_several_messages_are_parts(reply: Any) -> None:
    looking = item("web_search_call", 1, action={"type": "search", "query": "tide"})
    call = item("function_call", 1, call_id="call_1", name="clock", arguments="{}")
    output = [thoughts(1, "**Plan**", "**Search**"), looking, message(1, "First."), call, message(2, "Then.")]
    assert kinds(reply(*output)) == ["**Plan**", "**Search**", "other", "First.", "tool_call", "Then."]
    assert said(reply(*output)).content == "First.Then."
    assert kinds(reply(looking, message(1, "Found."))) == ["other", "Found."]
    assert said(reply(thoughts(1, "Hm"), message(1, "Hello"), call)).parts == ()


def test_parts_of_an_output_are_told_in_the_order_of_the_output_however_they_come() -> None:
    late = [
        {"type": "response.output_item.done", "output_index": 1, "item": message(2, "Second.")},
        {"type": "response.output_item.done", "output_index": 0, "item": message(1, "First.")},
    ]
    assert kinds(send(*late, {"type": "response.completed"})) == ["First.", "Second."]


def gemini(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """A stream with one part a chunk."""
    chunks: list[dict[str, Any]] = [{"candidates": [{"content": {"parts": [part]}}]} for part in parts]
    return [*chunks, {"candidates": [{"finish_reason": "STOP"}]}]


def test_parts_of_gemini_join_up_until_another_kind_comes() -> None:
    code = {"executable_code": {"language": "PYTHON", "code": "print(4)"}}
    result = {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "4"}}
    call = {"function_call": {"name": "clock", "args": {}}}
    signed = {"text": "", "thought_signature": "c2ln"}
    parts: list[dict[str, Any]] = [
        {"text": "I'll "},
        {"text": "count."},
        code,
        result,
        {"text": "It's "},
        signed,
        {"text": "4."},
        call,
    ]
    assert kinds(gemini(*parts)) == ["I'll count.", "other", "other", "It's 4.", "tool_call"]
    assert said(gemini({"text": "Hm", "thought": True}, {"text": "Hi"}, call)).parts == ()
    assert kinds(gemini(call, {"text": "Hi"})) == ["tool_call", "Hi"]


def test_outputs_and_steps_of_interactions_are_parts() -> None:
    search = {"type": "google_search_call", "id": "s1", "arguments": {"queries": ["tide"]}}
    found = {"type": "google_search_result", "call_id": "s1", "result": [{"title": "Tides"}]}
    thought = {"type": "thought", "summary": [{"type": "text", "text": "Hm"}]}
    told = {"id": "int_1", "object": "interaction", "model": "small", "status": "completed", "role": "model"}
    outputs = [
        thought,
        search,
        found,
        {"type": "text", "text": "At noon."},
        {"type": "text", "text": "Or so."},
    ]
    assert kinds({**told, "outputs": outputs}) == ["Hm", "tool_call", "other", "At noon.", "Or so."]
    words = {"type": "model_output", "content": [{"type": "text", "text": "At noon."}]}
    assert kinds({**told, "steps": [words, search, found, words]}) == [
        "At noon.",
        "tool_call",
        "other",
        "At noon.",
    ]


def test_deltas_of_a_chat_are_parts_where_they_alternate() -> None:
    call = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}]
    deltas: list[dict[str, Any]] = [
        {"content": "Let me "},
        {"content": "look."},
        {"tool_calls": call},
        {"content": "It is noon."},
    ]
    stop = chunk(delta(finish_reason="stop"))
    assert kinds([*(chunk(delta(**each)) for each in deltas), stop]) == [
        "Let me look.",
        "tool_call",
        "It is noon.",
    ]
    thinking: list[dict[str, Any]] = [
        {"reasoning": "Hm"},
        {"content": "A."},
        {"reasoning": "Oh", "content": "B."},
    ]
    assert kinds([*(chunk(delta(**each)) for each in thinking), stop]) == ["Hm", "A.", "Oh", "B."]
    whole = {"role": "assistant", "content": "A.", "reasoning": "Hm", "tool_calls": call}
    assert said({"object": "chat.completion", "choices": [{"index": 0, "message": whole}]}).parts == ()


def test_phantoms_of_calls_are_no_parts() -> None:
    phantom = [{"index": 0, "function": {"name": "", "arguments": ""}}]
    deltas: list[dict[str, Any]] = [{"content": "Hel"}, {"tool_calls": phantom}, {"content": "lo"}]
    message = said([*(chunk(delta(**each)) for each in deltas), chunk(delta(finish_reason="stop"))])
    assert (message.content, message.tool_calls) == ("Hello", ())
    assert message.parts == ()


def test_blanks_alone_make_no_parts() -> None:  # Avian sends a space between two calls
    def call(index: int) -> dict[str, Any]:
        function = {"name": "clock", "arguments": "{}"}
        return {"tool_calls": [{"index": index, "id": f"c{index}", "type": "function", "function": function}]}

    deltas = [{"content": "Hm."}, call(0), {"content": " "}, call(1), {"content": "\n"}]
    message = said([*(chunk(delta(**each)) for each in deltas), chunk(delta(finish_reason="stop"))])
    assert (message.content, message.parts) == ("Hm. \n", ())
    assert kinds(anthropic(text("\n\n"), {"type": "thinking", "thinking": "Hm"}, text("Hello"))) == []
