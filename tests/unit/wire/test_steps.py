"""A stream chunk by chunk: what each one added to the reply, and nothing that others told before."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import read_exchange
from tests.builders import chunk, delta, read, record

MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "now", "arguments": ""}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def say(kind: str, **fields: Any) -> dict[str, Any]:
    return event(f"output_text.{kind}", output_index=0, item_id="msg_1", content_index=0, **fields)


def finish(*output: dict[str, Any]) -> dict[str, Any]:
    return event("completed", response={"object": "response", "status": "completed", "output": [*output]})


def send(*events: dict[str, Any]) -> list[str]:
    """Events as the lines that a recorder keeps."""
    return [text for data in events for text in (f"event: {data['type']}", f"data: {json.dumps(data)}", "")]


def told(*body: Any) -> list[tuple[int, dict[str, Any]]]:
    """What the chunks of a stream added, those left out that added nothing."""
    steps = read_exchange(read(record([*body]))).read_steps()
    return [(step.number, dict(step.added)) for step in steps if any(value for _, value in step.added)]


SAID = {**MESSAGE, "content": [{"type": "output_text", "text": "ha ha"}]}
CALLED = {**CALL, "arguments": '{"a": 1}'}
STREAM = (
    event("output_item.added", output_index=0, item=MESSAGE),
    say("delta", delta="ha"),
    say("delta", delta=" "),
    say("delta", delta="ha"),
    say("done", text="ha ha"),
    event("content_part.done", output_index=0, item_id="msg_1", content_index=0, part=SAID["content"][0]),
    event("output_item.done", output_index=0, item=SAID),
    event("output_item.added", output_index=1, item=CALL),
    event("function_call_arguments.delta", output_index=1, item_id="fc_1", delta='{"a": 1}'),
    event("function_call_arguments.done", output_index=1, item_id="fc_1", arguments='{"a": 1}'),
    event("output_item.done", output_index=1, item=CALLED),
    finish(SAID, CALLED),
)


def test_a_text_that_is_told_again_as_a_whole_is_no_news() -> None:
    assert told(*STREAM) == [
        (0, {"role": "assistant"}),
        (1, {"content": "ha"}),
        (2, {"content": " "}),
        (3, {"content": "ha"}),
        (7, {"call": "now"}),
        (8, {"arguments": '{"a": 1}'}),
        (11, {"finish": "completed"}),
    ]


def test_a_text_that_is_told_as_a_whole_alone_is_news() -> None:
    twin = {**CALLED, "id": "fc_2", "call_id": "call_2"}
    done = [event("output_item.done", output_index=n, item=item) for n, item in ((0, CALLED), (1, twin))]
    called = {"call": "now", "arguments": '{"a": 1}'}
    assert told(*done, finish(CALLED, twin)) == [(0, called), (1, called), (2, {"finish": "completed"})]
    assert told(say("delta", delta="ha"), finish(SAID)) == [
        (0, {"content": "ha"}),
        (1, {"role": "assistant", "content": "ha ha", "finish": "completed"}),
    ]


def test_a_message_beside_its_deltas_is_no_news() -> None:
    whole = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
    assert told(chunk(delta(role="assistant", content="Hel")), chunk(delta(content="lo")), chunk(whole)) == [
        (0, {"role": "assistant", "content": "Hel"}),
        (1, {"content": "lo"}),
        (2, {"finish": "stop"}),
    ]


@given(st.data())
def test_a_line_that_was_cut_counts_where_it_begins(data: st.DataObject) -> None:
    lines = send(*STREAM)
    number = data.draw(st.sampled_from([4, 7, 10]), label="line")
    line = lines[number]
    cut = data.draw(st.integers(len("data: {"), len(line) - 1), label="cut")
    whole = told(*lines)
    moved = [(step + (step > number), added) for step, added in whole]
    assert (number, {"content": json.loads(line[len("data: ") :])["delta"]}) in whole
    assert told(*lines[:number], line[:cut], line[cut:], *lines[number + 1 :]) == moved
