"""A stream chunk by chunk: what each one added to the reply, and nothing that others told before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from recctl.wire import read_exchange, timeline
from recctl.wire.building.values import join
from tests.builders import chunk, delta, read, record
from tests.unit.wire.hostile import json_values

if TYPE_CHECKING:
    import pytest

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


def list_steps(*body: Any) -> list[tuple[tuple[str, Any], ...]]:
    """What each chunk of a stream added."""
    return [step.added for step in read_exchange(read(record([*body]))).read_steps()]


def told(*body: Any) -> list[tuple[int, dict[str, Any]]]:
    """What the chunks of a stream added, those left out that added nothing."""
    return [(n, dict(added)) for n, added in enumerate(list_steps(*body)) if any(value for _, value in added)]


def whole(index: int = 0, finish_reason: str | None = None, **message: Any) -> dict[str, Any]:
    """A choice of a chat chunk, with a message in place of a delta."""
    return {"index": index, "message": message, "finish_reason": finish_reason}


def get(arguments: str) -> dict[str, Any]:
    return {"function": {"name": "get", "arguments": arguments}}


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
    last = whole(role="assistant", content="Hello", finish_reason="stop")
    assert told(chunk(delta(role="assistant", content="Hel")), chunk(delta(content="lo")), chunk(last)) == [
        (0, {"role": "assistant", "content": "Hel"}),
        (1, {"content": "lo"}),
        (2, {"finish": "stop"}),
    ]


def test_a_message_repeats_only_what_deltas_have_told_of_its_choice() -> None:
    assert list_steps(*(chunk(whole(content=text)) for text in ("ab", "a", "b", "b"))) == [
        (("content", "ab"),),
        (("content", "a"),),
        (("content", "b"),),
        (("content", "b"),),
    ]
    last = chunk(whole(content="ok", finish_reason="stop"), whole(1, content="ok", finish_reason="stop"))
    assert list_steps(chunk(delta(content="o")), chunk(delta(content="k")), last) == [
        (("content", "o"),),
        (("content", "k"),),
        (("finish", "stop"), ("content", "ok"), ("finish", "stop")),
    ]


def test_a_message_that_is_a_part_of_what_deltas_told_is_news() -> None:
    assert list_steps(chunk(delta(content="Hello")), chunk(whole(content="Hell"))) == [
        (("content", "Hello"),),
        (("content", "Hell"),),
    ]


def test_a_delta_beside_a_message_is_news() -> None:
    so_far = [chunk({**delta(content="a"), "message": {"content": "a" * n}}) for n in (1, 2, 3)]
    assert list_steps(*so_far) == [(("content", "a"),)] * 3


def test_twins_in_one_chunk_are_both_news() -> None:
    calls = [get("{}"), get("{}")]
    twice = (("call", "get"), ("arguments", "{}"), ("call", "get"), ("arguments", "{}"))
    assert list_steps(chunk(whole(tool_calls=calls))) == [twice]
    deltas = [chunk(delta(tool_calls=[{**call, "index": n}])) for n, call in enumerate(calls)]
    assert list_steps(*deltas, chunk(whole(tool_calls=calls))) == [twice[:2], twice[2:], ()]
    said = (("role", "assistant"), ("content", "ok"), ("finish", "stop"))
    choices = [whole(n, role="assistant", content="ok", finish_reason="stop") for n in (0, 1)]
    assert list_steps(chunk(*choices)) == [said + said]
    twin = {**CALLED, "id": "fc_2", "call_id": "call_2"}
    assert list_steps(finish(CALLED, twin)) == [
        (("call", "now"), ("arguments", '{"a": 1}')) * 2 + (("finish", "completed"),)
    ]


def test_the_parts_of_an_output_are_told_apart() -> None:
    texts = [{"type": "output_text", "text": text} for text in ("ab", "c", "c", "\U0001f600")]
    halves = say("delta", delta="\ud83d"), say("delta", delta="\ude00")
    parts = [[say("delta", delta=text)] for text in ("a", "c", "c")]
    parts[0].append(say("delta", delta="b"))
    parts.append([*halves])
    sent = [
        {**each, "content_index": number}
        for number, (deltas, text) in enumerate(zip(parts, texts, strict=True))
        for each in (
            *deltas,
            say("done", text=text["text"]),
            event("content_part.done", output_index=0, part=text),
        )
    ]
    item = {**MESSAGE, "content": texts}
    sent += [event("output_item.done", output_index=0, item=item), finish(item)]
    added = [value for step in list_steps(*sent) for value in step]
    pieces = ["a", "b", "c", "c", "\ud83d", "\ude00"]
    end = [("role", "assistant"), ("finish", "completed")]
    assert added == [*(("content", text) for text in pieces), *end]


def test_outputs_that_are_told_by_turns_are_no_news_as_a_whole() -> None:
    deltas = [
        {**say("delta", delta=text), "output_index": output, "item_id": f"msg_{output}"}
        for output, text in ((1, "c"), (0, "a"), (1, "d"), (0, "b"))
    ]
    items = [
        {**MESSAGE, "id": f"msg_{output}", "content": [{"type": "output_text", "text": text}]}
        for output, text in enumerate(("ab", "cd"))
    ]
    assert list_steps(*deltas, finish(*items)) == [
        *((("content", text),) for text in "cadb"),
        (("role", "assistant"), ("finish", "completed")),
    ]


def test_what_was_told_is_joined_for_a_text_of_its_length_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []

    def note(pieces: list[str]) -> str | None:
        joined.append("".join(pieces))
        return join(pieces)

    monkeypatch.setattr(timeline, "join", note)
    pieces = [chunk(delta(content="a")), chunk(whole(content="a"))] * 100
    assert list_steps(*pieces, chunk(whole(content="a" * 100)))[-1] == ()
    assert sum(map(len, joined)) < 110


@given(st.lists(json_values, max_size=3), json_values)
def test_any_json_has_steps(items: list[Any], value: Any) -> None:
    odd = [
        chunk(value),
        chunk({**delta(content="a"), "message": value}),
        chunk(choices=value),
        event("x.done", x=value),
    ]
    body = [
        chunk(delta(content="Hi")),
        *items,
        *odd,
        chunk({"index": value, "delta": value, "message": {"content": "b"}}),
    ]
    assert len(list_steps(*body)) == len(body)


@given(st.data())
def test_a_line_that_was_cut_counts_where_it_begins(data: st.DataObject) -> None:
    lines = send(*STREAM)
    number = data.draw(st.sampled_from([4, 7, 10]), label="line")
    line = lines[number]
    cut = data.draw(st.integers(len("data: {"), len(line) - 1), label="cut")
    uncut = told(*lines)
    moved = [(step + (step > number), added) for step, added in uncut]
    assert (number, {"content": json.loads(line[len("data: ") :])["delta"]}) in uncut
    assert told(*lines[:number], line[:cut], line[cut:], *lines[number + 1 :]) == moved
