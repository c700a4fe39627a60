"""OpenAI's Assistants: runs, their steps, the messages of a thread, and the stream of a run's events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import Ending, assemble, read_exchange, read_request
from recctl.wire.completion import Completion, Fact, Message, RequestMessage, ToolCall
from recctl.wire.protocols.assistants import WIRE
from tests.builders import read, record
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import codes, exchange, find_lost, mark

CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


def run(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": "run_1", "object": "thread.run", "status": status, "model": "small", **fields}


def step(**fields: Any) -> dict[str, Any]:
    return {"id": "step_1", "object": "thread.run.step", **fields}


def message(role: str, text: str, **fields: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {"id": "msg_1", "object": "thread.message", "role": role, "content": content, **fields}


def piece(text: str, message_id: str = "msg_1") -> tuple[str, dict[str, Any]]:
    content = [{"index": 0, "type": "text", "text": {"value": text}}]
    return "thread.message.delta", {
        "id": message_id,
        "object": "thread.message.delta",
        "delta": {"content": content},
    }


def call_piece(**call: Any) -> tuple[str, dict[str, Any]]:
    details = {"type": "tool_calls", "tool_calls": [{"index": 0, **call}]}
    return "thread.run.step.delta", step(object="thread.run.step.delta", delta={"step_details": details})


def stream(*events: tuple[str, dict[str, Any]], done: bool = True) -> Completion:
    lines = [line for name, data in events for line in (f"event: {name}", f"data: {json.dumps(data)}", "")]
    lines += ["event: done", "data: [DONE]", ""] if done else []
    return assemble(read(record(lines, streaming=True)))


def view(body: Any) -> Completion:
    return assemble(read(record(body)))


START = ("thread.run.created", run("queued"))
END = ("thread.run.completed", run("completed", usage={"total_tokens": 9}))


def test_a_run_says_what_its_messages_say() -> None:
    completion = stream(
        START, piece("Hel"), piece("lo"), ("thread.message.completed", message("assistant", "Hello")), END
    )
    assert (completion.wire, completion.id, completion.model) == ("openai-assistants", "run_1", "small")
    assert (completion.streamed, completion.complete, completion.notes) == (True, True, ())
    (choice,) = completion.choices
    assert (choice.message, choice.finish_reason) == (Message("assistant", "Hello"), "completed")
    assert completion.usage == {"total_tokens": 9}


def test_dumped_events_are_read_as_those_of_a_stream() -> None:
    events = [START, piece("Hi"), END]
    dumped = [{"event": name, "data": data} for name, data in events]
    completion = assemble(read(record(dumped, streaming=True)))
    assert completion.choices == stream(*events).choices
    assert completion.choices[0].message.content == "Hi"


def test_what_was_run_and_what_was_said_keep_their_order() -> None:
    completion = stream(
        START,
        call_piece(id="call_1", type="code_interpreter", code_interpreter={"input": "", "outputs": []}),
        call_piece(type="code_interpreter", code_interpreter={"input": "1 + 1"}),
        ("thread.run.step.completed", step(step_details={"tool_calls": [
            {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1 + 1", "outputs": [
                {"type": "logs", "logs": "2"}
            ]}}
        ]})),
        piece("It is 2."),
        END,
    )  # fmt: skip
    (choice,) = completion.choices
    call = ToolCall("call_1", "code_interpreter", None, "1 + 1")
    assert choice.message.tool_calls == (call,)
    assert [(part.kind, part.text, part.call) for part in choice.message.parts] == [
        ("tool_call", None, call),
        ("text", "It is 2.", None),
    ]
    assert completion.extra["results"] == {"0": {"id": "call_1", "outputs": [{"type": "logs", "logs": "2"}]}}


def test_a_run_that_waits_for_a_tool_calls_it_once() -> None:
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
    waiting = run("requires_action", required_action=action)
    fragments = [
        call_piece(id="call_1", type="function", function={"name": "add", "arguments": ""}),
        call_piece(type="function", function={"arguments": '{"a"'}),
        call_piece(type="function", function={"arguments": ": 1}"}),
    ]
    whole = stream(START, *fragments, ("thread.run.requires_action", waiting))
    polled = view(waiting)
    for completion in (whole, polled):
        (choice,) = completion.choices
        assert choice.message.tool_calls == (ToolCall("call_1", "function", "add", '{"a": 1}'),)
        assert (choice.finish_reason, completion.complete) == ("requires_action", True)


def test_a_stream_that_breaks_off_is_incomplete() -> None:
    completion = stream(START, piece("Hel"), done=False)
    assert (completion.complete, codes(completion)) == (False, ["incomplete-stream"])


def test_a_message_that_is_not_what_its_pieces_add_up_to_is_noted() -> None:
    completion = stream(START, piece("Hel"), ("thread.message.completed", message("assistant", "Hello")), END)
    assert codes(completion) == ["final-mismatch"]
    assert completion.extra["messages"]["0"]["final"] == "Hello"


def test_a_whole_message_stands_in_for_pieces_that_did_not_come() -> None:
    completion = stream(START, ("thread.message.completed", message("assistant", "Hello")), END)
    assert (completion.choices[0].message.content, completion.notes) == ("Hello", ())


def test_why_a_run_failed() -> None:
    error = {"code": "rate_limit_exceeded", "message": "no"}
    for completion in (
        stream(START, ("thread.run.failed", run("failed", last_error=error))),
        stream(START, ("error", {"error": error})),
        view(run("failed", last_error=error)),
    ):
        assert (completion.error, completion.complete, codes(completion)) == (error, False, ["error"])


def test_each_chunk_of_a_run_tells_what_it_added() -> None:
    lines = [
        line
        for name, data in (START, piece("Hi"), END)
        for line in (f"event: {name}", f"data: {json.dumps(data)}", "")
    ]
    steps = read_exchange(read(record(lines, streaming=True))).read_steps()
    assert [step.added for step in steps if step.added] == [
        (("content", "Hi"),),
        (("usage", {"total_tokens": 9}),),
    ]


def test_events_that_nobody_knows_are_kept() -> None:
    completion = stream(START, ("thread.mood", {"object": "thread.mood", "is": "good"}), END)
    assert completion.extra["events"] == {"thread.mood": {"object": "thread.mood", "is": "good"}}
    assert codes(completion) == ["unknown-event"]


@pytest.mark.parametrize(
    ("status", "ending"),
    [("completed", Ending.WHOLE), ("requires_action", Ending.WHOLE), ("incomplete", Ending.CUT_SHORT)],
)
def test_what_the_end_of_a_run_comes_to(status: str, ending: Ending) -> None:
    assert WIRE.endings[status] is ending


def test_how_far_a_run_is() -> None:
    completion = view(run("in_progress", assistant_id="asst_1", thread_id="thread_1", temperature=1.0))
    assert (completion.kind, completion.choices, completion.complete) == ("run of a thread", (), True)
    assert [(fact.name, fact.text) for fact in completion.facts] == [
        ("id", "run_1"),
        ("status", "in_progress"),
        ("assistant_id", "asst_1"),
        ("thread_id", "thread_1"),
    ]
    assert completion.extra["temperature"] == 1.0


def test_the_messages_of_a_thread_are_told_in_the_order_in_which_they_were_said() -> None:
    newest_first = [
        message("assistant", "It is 4.\nReally.", created_at=2),
        message("user", "What is 2 + 2?", created_at=1),
    ]
    completion = view({"object": "list", "data": newest_first, "has_more": False})
    assert completion.kind == "2 messages of a thread"
    assert completion.facts == (Fact("user", "What is 2 + 2?"), Fact("assistant", "It is 4.\nReally."))
    assert completion.extra["data"] == newest_first
    one = view(message("user", "Hi"))
    assert (one.kind, one.id) == ("message of a thread", "msg_1")
    assert one.facts == (Fact("id", "msg_1"), Fact("user", "Hi", ("role", "content")))


def test_a_picture_in_a_message_is_told() -> None:
    told = message("assistant", "")
    told["content"] = [{"type": "image_file", "image_file": {"file_id": "file-1"}}]
    assert view(told).facts[-1].text == "type image_file, image_file file_id file-1"


def test_steps_are_told_one_by_one() -> None:
    steps = [step(type="message_creation", status="completed", created_at=1)]
    completion = view({"object": "list", "data": steps})
    assert (completion.kind, completion.facts) == (
        "1 step of a run",
        (Fact("step_1", "message_creation, completed"),),
    )
    assert view(steps[0]).kind == "step of a run"


def test_a_message_for_a_thread_is_read_as_one() -> None:
    request = read_request(exchange(message("user", "Hi"), {"role": "user", "content": "Hi", "metadata": {}}))
    assert request.messages == (RequestMessage("user", "Hi"),)
    assert request.parameters == {"metadata": {}}


_BODIES: list[Any] = [
    run(
        "requires_action",
        required_action={"submit_tool_outputs": {"tool_calls": [CALL]}},
        last_error={"code": 1},
    ),
    {"object": "list", "data": [message("user", "Hi", created_at=1), step(type="x")]},
    [
        {"event": name, "data": data}
        for name, data in (
            START,
            piece("Hi"),
            call_piece(**CALL),
            ("thread.run.step.completed", step(step_details={"tool_calls": [CALL]})),
            ("thread.message.completed", message("assistant", "Hi")),
            END,
        )
    ],
]


@given(st.sampled_from(_BODIES).flatmap(spoil))
def test_any_json_in_any_place_is_read(body: Any) -> None:
    assert isinstance(assemble(read(record(body, streaming=isinstance(body, list)))), Completion)


@given(st.sampled_from(_BODIES).flatmap(mark), st.booleans())
def test_nothing_in_any_place_is_lost(marked: tuple[Any, list[str]], streaming: bool) -> None:
    body, marks = marked
    completion = assemble(read(record(body, streaming=streaming)))
    assert find_lost(marks, completion._replace(facts=())) == []
