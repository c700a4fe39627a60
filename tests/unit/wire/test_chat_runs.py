"""Runs of chunks that only add text are read at once: that gives what reading them one by one gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.recording import Recording, load
from recctl.wire import _choices, recognise
from recctl.wire._choices import assemble_choices
from tests.builders import chunk, delta, source
from tests.unit.wire.hostile import json_values, spoil

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.completion import Completion

NOTHING_OR_SOMETHING = st.sampled_from([None, "", {}, 0, False, "x", ["x"], {"x": 1}])


def assemble_one_by_one(items: list[Any]) -> Completion:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_choices._Assembly, "_add_plain_run", lambda *_: False)
        return assemble_choices("chat", items, True)


def tell(completion: Completion) -> str:
    """All that a completion says, with the order of its keys and the types of its numbers."""
    return repr(completion)


def check_runs(items: list[Any]) -> None:
    assert tell(assemble_choices("chat", items, True)) == tell(assemble_one_by_one(items))


@st.composite
def text_chunks(draw: st.DrawFn) -> list[Any]:
    """A stream that mostly adds text, with keys that come, go and change here and there."""
    items = [chunk(delta(content="", role="assistant"))]
    role = draw(st.sampled_from([None, "assistant"]))
    for _ in range(draw(st.integers(0, 9))):
        said = delta(content=draw(st.sampled_from(["", "a", "\ud83d", "\ude00"])), role=role)
        item = chunk(said)
        for holder in draw(st.lists(st.sampled_from([item["__data__"], said, said["delta"]]), max_size=1)):
            keys = [*holder, "created", "error", "message", "text", "novel", "more"]
            holder[draw(st.sampled_from(keys))] = draw(NOTHING_OR_SOMETHING)
        items.append(item)
    return [*items, chunk(delta(finish_reason="stop")), chunk(usage={"total_tokens": 1})]


@given(text_chunks())
def test_a_stream_says_the_same_in_runs_and_chunk_by_chunk(items: list[Any]) -> None:
    check_runs(items)


@given(st.lists(st.tuples(*[NOTHING_OR_SOMETHING] * 4), max_size=6), st.booleans())
def test_values_that_change_are_kept_in_the_same_order(rows: list[Any], turned: bool) -> None:
    items = [chunk(delta(role="assistant"))]
    for number, (first, second, third, fourth) in enumerate(rows):
        frame = {"first": first, "second": second}
        if turned and number % 2:
            frame = {"second": second, "first": first}
        said = {**delta(content="a", role=None), "third": third, "fourth": fourth}
        items.append(chunk(said, **frame))
    check_runs([*items, chunk(delta(finish_reason="stop")), chunk()])


@given(spoil([chunk(delta(content="a", role=role)) for role in ("assistant", *[None] * 5)]))
def test_any_json_in_any_place_is_read_the_same(items: Any) -> None:
    check_runs(items if isinstance(items, list) else [items])


@given(st.lists(json_values, max_size=4))
def test_a_stream_of_any_json_is_read_the_same(items: list[Any]) -> None:
    check_runs(items)


def test_a_run_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    add_chunk = _choices._Assembly._add_chunk

    def add_and_count(self: Any, number: int, item: Any) -> None:
        read.append(number)
        add_chunk(self, number, item)

    monkeypatch.setattr(_choices._Assembly, "_add_chunk", add_and_count)
    text = chunk(delta(content="a", role=None))
    assemble_choices("chat", [chunk(delta(role="assistant")), *[text] * 500, chunk(), chunk()], True)
    assert read == [0, 501, 502]


@pytest.mark.parametrize("data", [[5], "", {}, [[]], 7])
def test_what_is_no_chunk_may_stand_where_a_run_begins(data: Any) -> None:
    text, odd = chunk(delta(content="a", role=None)), {"__data__": data}
    check_runs([chunk(delta(role="assistant")), *[text] * 64, odd, text, text, text])


def test_a_key_in_the_place_of_another_is_kept() -> None:
    text, other = chunk(delta(content="a", role=None)), chunk(delta(content="a", role=None))
    other["__data__"]["novel"] = other["__data__"].pop("object")
    items = [chunk(delta(role="assistant")), text, other, text, text, text]
    check_runs(items)
    assert assemble_choices("chat", items, True).extra["novel"] == "chat.completion.chunk"


def test_of_two_keys_that_begin_with_nothing_the_first_that_tells_comes_first() -> None:
    text = delta(content="a", role=None)
    told = [chunk(text, b=b, c=c) for b, c in ((None, None), (None, 1), (2, 1))]
    items = [chunk(delta(role="assistant")), *told, chunk(), chunk()]
    check_runs(items)
    assert [key for key in assemble_choices("chat", items, True).extra if key in "bc"] == ["c", "b"]


def test_text_after_the_end_is_noted_where_a_run_begins() -> None:
    text = chunk(delta(content="a", role=None))
    items = [chunk(delta(role="assistant", finish_reason="stop")), *[text] * 5]
    check_runs(items)
    assert "chunk-after-finish" in [note.code for note in assemble_choices("chat", items, True).notes]


def test_a_role_that_every_chunk_repeats_is_noted_at_the_first() -> None:
    text = chunk(delta(content="a", role="assistant"))
    items = [text] * 9
    check_runs(items)
    assert assemble_choices("chat", items, True).notes[0].pointer.startswith("/response/body/1/")


def test_a_chunk_that_says_more_is_no_burden_to_the_blocks_around_it() -> None:
    text = chunk(delta(content="a", role=None))
    ended = chunk(delta(content="b", role=None, finish_reason="stop"))
    check_runs([chunk(delta(role="assistant")), *[text] * 200, ended, *[text] * 200])


@pytest.mark.corpus
def test_real_streams_say_the_same_in_runs_and_chunk_by_chunk(shared: Path) -> None:
    streams = 0
    for path in sorted((shared / "corpus").rglob("*.json")):
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        wire = recognise(recording)
        if wire is not None and wire.name == "openai-chat" and isinstance(recording.body, list):
            check_runs(recording.body)
            streams += 1
    assert streams > 0
