"""Runs of chunks that differ only in their texts are read as one chunk, and say what they say one by one."""

from __future__ import annotations

import json
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recctl.recordings.abridge import Abridged, Run, abridge
from recctl.recordings.formats import ogx as module
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording
from recctl.wire import assemble
from tests.builders import chunk, delta, record, source
from tests.unit.wire.hostile import spoil
from tests.unit.wire.streams import count_calls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def call(arguments: str, **fields: Any) -> dict[str, Any]:
    function = {"arguments": arguments, "name": None}
    return delta(tool_calls=[{"index": 0, "id": None, "type": None, "function": function, **fields}])


def stream(*chunks: Any) -> bytes:
    return serialise(record([*chunks]))


FIRST, LAST = chunk(delta(role="assistant", content="")), chunk(delta(finish_reason="stop"))


def tell(content: bytes) -> str:
    """All that is read from a file, with the order of its keys and the types of its numbers."""
    (read,) = load(source(content))
    if isinstance(read, LoadError):
        return repr(read)
    return repr((read.document, read.as_written, read.is_streaming, read.test_id, assemble(read)))


def tell_unabridged(content: bytes) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "abridge", lambda _: None)
        return tell(content)


def find_runs(content: bytes) -> tuple[Run, ...]:
    short = abridge(content)
    return short.runs if short else ()


# What is a run


def test_a_run_is_told_by_one_chunk_that_has_all_the_texts() -> None:
    content = stream(FIRST, *(chunk(delta(content=text)) for text in ("Hel", "lo", " \u00e9\n")), LAST)
    assert abridge(content) == Abridged(
        stream(FIRST, chunk(delta(content="Hello \u00e9\n")), LAST),
        (Run(1, 3, ("content",)),),
    )


def test_padding_may_differ_as_well() -> None:
    padded = [("a", "xyz"), ("b", ""), ("c", "x")]
    content = stream(FIRST, *(chunk(delta(content=text), obfuscation=rest) for text, rest in padded), LAST)
    assert abridge(content) == Abridged(
        stream(FIRST, chunk(delta(content="abc"), obfuscation="xyzx"), LAST),
        (Run(1, 3, ("content", "obfuscation")),),
    )


def test_a_stream_may_have_several_runs() -> None:
    thought = [chunk(delta(reasoning=text)) for text in "Hmm"]
    called = [chunk(call(text)) for text in ('{"', "a", '":', "1}")]
    content = stream(FIRST, *thought, chunk(delta(content="So")), *called, LAST)
    assert abridge(content) == Abridged(
        stream(
            FIRST, chunk(delta(reasoning="Hmm")), chunk(delta(content="So")), chunk(call('{"a":1}')), LAST
        ),
        (Run(1, 3, ("reasoning",)), Run(3, 4, ("arguments",))),
    )


def test_a_run_may_go_on_to_the_end() -> None:
    content = stream(FIRST, *(chunk(delta(content=text)) for text in "abcd"))
    assert abridge(content) == Abridged(
        stream(FIRST, chunk(delta(content="abcd"))), (Run(1, 4, ("content",)),)
    )


def test_a_run_ends_with_the_last_chunk_that_is_like_it_in_all() -> None:
    said = [chunk(delta(content=text), obfuscation=text) for text in "abc"]
    other = chunk(delta(content="d"), obfuscation="d", more=1)
    assert abridge(stream(FIRST, *said, other, LAST)) == Abridged(
        stream(FIRST, chunk(delta(content="abc"), obfuscation="abc"), other, LAST),
        (Run(1, 3, ("content", "obfuscation")),),
    )


def test_after_each_run_the_next_one_is_looked_for_as_long_as_the_first() -> None:
    odd = [chunk(delta(content="a"), created=number) for number in range(1, 5)]
    said = [chunk(delta(content=text)) for text in "abc"]
    runs = find_runs(stream(FIRST, *odd, *said, *odd, *said, *odd, LAST))
    assert [run.start for run in runs] == [5, 10]


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [chunk(delta(content="a"))] * 2,
        [chunk(delta(content=""))] * 3,
        [chunk(delta(content=number)) for number in range(5)],
        [chunk(delta(content=text), created=number) for number, text in enumerate("abcd")],
        [chunk(delta(content=text, meta={"content": None})) for text in "abcd"],
        [chunk(delta(content=text, meta={"content": text})) for text in "abcd"],
        [chunk(delta(content="a"), obfuscation="b", meta={"obfuscation": text}) for text in "abcd"],
        [{"obfuscation": "b", **chunk(delta(content="a"), obfuscation=text)} for text in "abcd"],
        [5, *[chunk(delta(content="a"))] * 4],
        [[], *[chunk(delta(content="a"))] * 4],
        [chunk(delta(content=text), system_fingerprint=text) for text in "abcd"],
    ],
)
def test_what_is_no_run(chunks: list[Any]) -> None:
    content = stream(FIRST, *chunks, LAST)
    assert abridge(content) is None


def test_a_run_that_begins_late_is_not_looked_for() -> None:
    odd = [chunk(delta(content="a"), created=number) for number in range(10)]
    content = stream(FIRST, *odd, *[chunk(delta(content="a"))] * 10, LAST)
    assert abridge(content) is None


def test_a_list_of_a_request_is_no_stream() -> None:
    document = record([LAST])
    document["request"]["body"] = [chunk(delta(content=text)) for text in "abcd"]
    assert abridge(serialise(document)) is None


START = b'\n  "response": {\n    "body": [\n      {\n'


@pytest.mark.parametrize("content", [b"", b'\n  "response": {\n', START, START * 2])
def test_any_bytes_are_taken(content: bytes) -> None:
    assert abridge(content) is None


def test_a_run_takes_no_more_steps_than_a_chunk() -> None:
    calls = set()
    for length in (50, 500):
        (recording,) = load(source(stream(FIRST, *[chunk(delta(content="a"))] * length, LAST)))
        assert isinstance(recording, Recording)
        assert assemble(recording).chunks == length + 2
        calls.add(count_calls(partial(assemble, recording)))
    assert len(calls) == 1


# What a run says

ONCE: dict[str, Any] = {
    "a finish reason": [chunk(delta(finish_reason="stop", content=text)) for text in "abcd"],
    "usage": [chunk(delta(content=text), usage={"total_tokens": 1}) for text in "abcd"],
    "a truth for a finish reason": [
        chunk({**delta(content=text), "finish_reason": False}) for text in "abcd"
    ],
    "a number beside a delta": [chunk({**delta(content=text), "text": 0}) for text in "abcd"],
    "a number for a role": [chunk(delta(content=text, role=0)) for text in "abcd"],
    "odd usage": [chunk({**delta(content=text), "usage": 5}) for text in "abcd"],
    "two kinds of odd usage": [chunk({**delta(content=text), "usage": 1}, usage="x") for text in "abcd"],
    "token ids": [chunk({**delta(content=text), "token_ids": [1]}) for text in "abcd"],
    "an odd token id": [chunk({"index": 0, "text": text, "token_ids": 0}) for text in "abcd"],
    "a channel without a place": [chunk(delta(content=text, audio={"data": "A"})) for text in "abcd"],
    "an odd delta": [chunk({"index": 0, "text": text, "delta": "x"}) for text in "abcd"],
    "arguments that are not text": [
        chunk(delta(content=text, tool_calls=[{"index": 0, "id": "c", "function": {"arguments": {}}}]))
        for text in "abcd"
    ],
    "a key of a call and of its function": [
        chunk(call(text, novel=1, function={"novel": 2, "arguments": text})) for text in "abcd"
    ],
    "a key of a choice and of its delta": [
        chunk({**delta(content=text, novel=False), "novel": 1}) for text in "abcd"
    ],
    "odd calls": [chunk(delta(content=text, tool_calls=5)) for text in "abcd"],
    "an odd call": [chunk(delta(content=text, tool_calls=[5])) for text in "abcd"],
    "an error": [chunk(delta(content=text), error={"message": "no"}) for text in "abcd"],
    "an error of a choice": [chunk({**delta(content=text), "error": {"message": "no"}}) for text in "abcd"],
    "log probabilities": [chunk({**delta(content=text), "logprobs": {"x": [1]}}) for text in "abcd"],
    "a whole message": [chunk({**delta(content=text), "message": {"role": "x"}}) for text in "abcd"],
    "text beside text": [chunk(delta(content=text, refusal="no")) for text in "abcd"],
    "reasoning beside text": [chunk(delta(content=text, reasoning="no")) for text in "abcd"],
    "a text beside a delta": [chunk({**delta(content=text), "text": "no"}) for text in "abcd"],
    "a tool's name": [
        chunk(call("", function={"name": "f"})),
        *(chunk(call(text, function={"name": "g", "arguments": text})) for text in "abcd"),
    ],
    "a call that takes text": [
        chunk(delta(content=text, tool_calls=[{"index": 0, "custom": {"input": "no"}}])) for text in "abcd"
    ],
    "a call beside text": [chunk(delta(content=text, **call("{}")["delta"])) for text in "abcd"],
    "several choices": [chunk(delta(content=text), delta(1)) for text in "abcd"],
    "several calls": [
        chunk(delta(tool_calls=[{"function": {"arguments": text}}, {"index": 1}])) for text in "abcd"
    ],
    "a text of another thing": [chunk(delta(note={"content": text})) for text in "abcd"],
    "padding of another thing": [chunk(delta(content="a"), meta={"obfuscation": text}) for text in "abcd"],
    "a truth beside text": [chunk(delta(content=text, reasoning=False)) for text in ("a", "", "b", "")],
    "a truth beside texts": [
        chunk({"index": 0, "text": text, "delta": {"content": 0}}) for text in ("a", "", "b", "")
    ],
    "a legacy call": [chunk(delta(function_call={"arguments": text})) for text in "abcd"],
    "parts": [chunk(delta(content=[{"type": "text", "text": text}])) for text in "abcd"],
    "an unknown chunk": [{"content": text} for text in "abcd"],
    "a failure": [{"error": {"content": text}} for text in "abcd"],
}


@pytest.mark.parametrize("what", ONCE)
def test_what_more_than_once_is_more_is_read_chunk_by_chunk(what: str) -> None:
    content = stream(FIRST, *ONCE[what], LAST)
    assert find_runs(content) != ()
    assert tell(content) == tell_unabridged(content)


@pytest.mark.parametrize(
    "first",
    [
        delta(content=""),
        delta(1, role="assistant"),
        {**delta(role="assistant"), "index": 0.0},
        delta(role="user"),
        {"index": 0, "delta": None},
        {},
    ],
)
@pytest.mark.parametrize("index", [0, False, 1, True])
def test_a_role_that_is_news_is_read_chunk_by_chunk(first: dict[str, Any], index: int) -> None:
    said = (chunk(delta(index, role="assistant", content=text)) for text in "abcd")
    content = stream(chunk(first), *said)
    assert find_runs(content) != ()
    assert tell(content) == tell_unabridged(content)


@pytest.mark.parametrize("more", [[], [LAST], [*"abcd"], [*"abcd", LAST]])
def test_another_list_of_a_response_is_no_part_of_its_stream(more: list[Any]) -> None:
    said = [chunk(delta(content=text)) for text in "abcd"]
    body = [FIRST, *(chunk(delta(content=item)) if isinstance(item, str) else item for item in more)]
    document = record(body)
    document["response"]["more"] = [FIRST, *said, LAST]
    assert tell(serialise(document)) == tell_unabridged(serialise(document))


def test_a_request_that_comes_last_is_no_part_of_the_stream() -> None:
    document = record([FIRST])
    document["request"] = {**document.pop("request"), "body": [{"content": text} for text in "abcdef"]}
    assert [*document][-1] == "request"
    assert abridge(serialise(document)) is None
    assert tell(serialise(document)) == tell_unabridged(serialise(document))


def test_chunks_are_counted_with_what_is_no_chunk() -> None:
    said = [chunk({**delta(content="a"), "logprobs": {"x": [1]}})] * 6
    other, odd = chunk(delta(content="a")), chunk(delta(content="b"), id="other")
    for content in (
        stream(FIRST, 5, other, odd, *said, LAST),
        stream(FIRST, *[other] * 4, 5, odd, other, *said, LAST),
    ):
        assert tell(content) == tell_unabridged(content)


def test_a_run_ends_where_something_else_changes() -> None:
    said = [chunk(delta(content=text)) for text in "abc"]
    content = stream(FIRST, *said, chunk(delta(content="d"), created=5), LAST)
    assert find_runs(content) == (Run(1, 3, ("content",)),)
    assert tell(content) == tell_unabridged(content)


def test_the_protocol_is_told_by_the_same_chunks() -> None:
    odd = [
        {"__type__": "a.Thing", "__data__": {"choices": [{"delta": {"content": c}}]}} for c in "abcdefghij"
    ]
    content = stream({"x": 1}, *odd, LAST)
    assert find_runs(content) != ()
    assert tell(content) == tell_unabridged(content)


def test_text_after_the_end_is_noted_where_a_run_begins() -> None:
    content = stream(FIRST, LAST, *[chunk(delta(content="a", role=None))] * 5, chunk(delta(content="b")))
    assert tell(content) == tell_unabridged(content)
    assert "chunk-after-finish" in tell(content)


def test_notes_point_to_chunks_by_the_numbers_that_these_have_in_the_file() -> None:
    content = stream(FIRST, *[chunk(delta(content="a"))] * 5, LAST, *[chunk(delta(content="b"))] * 3, 5)
    (recording,) = load(source(content))
    assert isinstance(recording, Recording)
    notes = {note.code: note.pointer for note in assemble(recording).notes}
    assert notes["chunk-after-finish"].startswith("/response/body/7/")
    assert notes["odd-chunk"] == "/response/body/10"
    assert tell(content) == tell_unabridged(content)


def test_a_role_that_comes_again_is_noted_at_the_first_place() -> None:
    again = [chunk(delta(content="a", role="assistant"))] * 9
    content = stream(chunk(delta(role="assistant")), chunk(delta(content="b")), *again)
    assert tell(content) == tell_unabridged(content)
    assert "/response/body/2/__data__/choices/0/delta/role" in tell(content)
    assert "repeated-role" not in tell(stream(*again))


texts = st.sampled_from(["", "a", " b\n", "\u00e9", "\ud83d", "\ude00", "\\", '"', "<think>", "null"])
values = st.sampled_from([None, "", {}, [], 0, False, "x", ["x"], {"x": 1}, "assistant"])


@st.composite
def streams(draw: st.DrawFn) -> list[Any]:
    """A stream made of runs, with keys that come, go and change here and there."""
    items: list[Any] = []
    for _ in range(draw(st.integers(0, 4))):
        key = draw(st.sampled_from(["content", "reasoning", "reasoning_content", "arguments", "text"]))
        said: Any = {"role": draw(values)} if draw(st.booleans()) else {}
        fields: Any = {
            draw(st.sampled_from(["created", "obfuscation", "error", "novel", "id"])): draw(values)
        }
        more = {
            draw(st.sampled_from(["finish_reason", "logprobs", "message", "novel", "token_ids"])): draw(
                values
            )
        }
        items += draw(st.lists(st.sampled_from([5, None, [], "x", {}, [{}]]), max_size=1))
        for text in draw(st.lists(texts, max_size=7)):
            match key:
                case "arguments":
                    choice = call(text)
                case "text":
                    choice = {"index": 0, "text": text}
                case _:
                    choice = delta(**{**said, key: text})
            padding = {"obfuscation": draw(texts)} if draw(st.booleans()) else {}
            items.append(chunk({**choice, **more}, **{**fields, **padding}))
    return [FIRST, *items, LAST, chunk(usage={"total_tokens": 1})]


@given(streams())
def test_a_stream_says_the_same_in_runs_and_chunk_by_chunk(chunks: list[Any]) -> None:
    assert tell(stream(*chunks)) == tell_unabridged(stream(*chunks))


@given(spoil([FIRST, *(chunk(delta(content=text), obfuscation=text) for text in "abcdef"), LAST]))
def test_any_json_in_any_place_is_read_the_same(body: Any) -> None:
    assert tell(serialise(record(body))) == tell_unabridged(serialise(record(body)))


@given(spoil(record([FIRST, *(chunk(delta(content=text)) for text in "abcdef"), LAST])))
def test_any_document_is_read_the_same(document: Any) -> None:
    content = serialise(document)
    assert tell(content) == tell_unabridged(content)


def write_alternating(count: int) -> bytes:
    """A stream of short runs, the last of which holds what is no text."""
    said = [chunk(delta(content="ab"[number // 4 % 2])) for number in range(count)]
    return stream(FIRST, *said, *[chunk(delta(content="=?="))] * 3).replace(b"=?=", b"\\x")


def write_failing(count: int) -> bytes:
    """A stream of short runs, with an error after each."""
    said = [chunk(delta(content="a"))] * 3
    return stream(FIRST, *[*said, chunk(object="error", message="no")] * count)


def read_and_assemble(content: bytes) -> None:
    (recording,) = load(source(content))
    if isinstance(recording, Recording):
        assemble(recording)


@pytest.mark.parametrize("write", [write_alternating, write_failing])
def test_work_grows_with_the_number_of_runs_and_no_faster(write: Callable[[int], bytes]) -> None:
    few, many = write(100), write(1000)
    assert count_calls(lambda: read_and_assemble(many)) < 10.5 * count_calls(lambda: read_and_assemble(few))


# Files that no recorder has written

SOUND = stream(FIRST, *(chunk(delta(content=f"{text}\\n"), model="run") for text in "abcdef"), LAST)


@given(
    st.integers(0, len(SOUND)),
    st.integers(0, 3),
    st.sampled_from([b"", b'"', b"\\", b"\n", b",", b"0", b"}"]),
)
def test_a_file_with_a_spoilt_byte_is_read_the_same(at: int, width: int, byte: bytes) -> None:
    content = SOUND[:at] + byte + SOUND[at + width :]
    assert tell(content) == tell_unabridged(content)


@pytest.mark.parametrize(
    "texts",
    [
        [b"a", b"\\", b"u00e9", b"b"],
        [b"a", b"\\u00", b"e9", b"b"],
        [b"a", b"\\\\\\", b"n", b"b"],
        [b"a", b'x", "y', b'z", "y', b"b"],
        [b"a", b'x"y', b'z"w', b"b"],
        [b"a", b"\xc3", b"\xa9", b"b"],
        [b"a", b"\t", b"\x00", b"b"],
        [b"a", b"\\ud83d", b"\\ude00", b"b"],
        [b"a", b"\\u0041", b"b", b"c"],
        [b"a", b"\\\\", b"\\\\u0041", b"c"],
    ],
)
def test_texts_are_json_each_for_itself(texts: list[bytes]) -> None:
    content = write(texts)
    assert tell(content) == tell_unabridged(content)


def write(texts: list[bytes]) -> bytes:
    """A stream with chunks that have these bytes where a text stands."""
    content = stream(FIRST, *(chunk(delta(content=f"={number}=")) for number in range(len(texts))), LAST)
    for number, text in enumerate(texts):
        content = content.replace(b"=%d=" % number, text)
    return content


@pytest.mark.parametrize("text", [b'x", "y', b"\\", b"\\u00", b"\\x", b"\xff"])
def test_what_is_no_text_makes_no_run(text: bytes) -> None:
    assert abridge(write([b"a", b"b", b"c"]))
    assert abridge(write([b"a", text, b"c"])) is None


def test_another_document_is_whole() -> None:
    (recording,) = load(source(SOUND))
    assert isinstance(recording, Recording)
    other = recording.with_document({"request": {}, "response": {}})
    assert recording.runs
    assert (other.document, other.abridged, other.runs) == ({"request": {}, "response": {}}, other, ())


MIDDLE = b'\n        }\n      }\n    ],\n    "more": [\n      {\n        "o": {\n          '


@pytest.mark.parametrize("sound", [0, 1])
def test_quotation_marks_that_are_missing_do_not_add_up(sound: int) -> None:
    missing = len(b'",\n        "z": "')  # as if the texts under `z` ended those under `content`
    body = [{"x": 1}, *[{"content": "a", "z": ""}] * (1 + missing + sound)]
    pieces = serialise({"request": {}, "response": {"body": body}}).split(b'"content": "a"')
    broken = b'"content": "'.join(pieces[1 : 2 + missing])
    content = b'"content": "a"'.join([pieces[0], broken, *pieces[2 + missing :]])
    assert content.count(b'"content": ",') == missing
    assert tell(content) == tell_unabridged(content)
    assert "LoadError" in tell(content)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'  "response": {', b'  "response": {\n    "body": 1,\n    "x": 2\n  },\n  "response": {'),
        (b'"is_streaming"', b'"body"'),
        (b'  "request": {', b'  "request": {\n    "n": 1e400,'),
        (b'  "request": {', b'  "request": {\n    "n": 123456789012345678901234567890,'),
        (b'  "request": {', b'  "request": [],\n  "r": {'),
        (b"\n  ", b"\n"),
        (b'"index": 0', b'"index": 0, "n": 5'),
        (b'"created": 0', b'"created": 0,\n          "created": 1'),
        (b'"created": 0', b'"created": 123456789012345678901234567890'),
        (b'"created": 0', b'"created": ' + b"[" * 300 + b"]" * 300),
        (b'"created": 0,\n          "model": "run"', b'"created": 0' + MIDDLE + b'"model": "run"'),
    ],
)
def test_a_run_does_not_hide_what_is_wrong(old: bytes, new: bytes) -> None:
    content = SOUND.replace(old, new)
    assert content != SOUND
    assert tell(content) == tell_unabridged(content)


@example(START * 3)
@given(st.lists(st.sampled_from(SOUND.splitlines(keepends=True)), max_size=40).map(b"".join))
def test_any_lines_are_read_the_same(content: bytes) -> None:
    assert tell(content) == tell_unabridged(content)


@pytest.mark.corpus
def test_real_files_are_read_the_same(shared: Path) -> None:
    runs = 0
    for path in sorted((shared / "corpus").rglob("*.json")):
        (recording,) = load(source(path.read_bytes(), path.name))
        assert isinstance(recording, Recording)
        whole = recording.with_document(json.loads(path.read_bytes()))
        assert recording.document == whole.document, path
        assert repr(assemble(recording)) == repr(assemble(whole)), path
        runs += len(recording.runs)
    assert runs > 600


@pytest.mark.parametrize("texts", ["", "abcd"])
def test_a_recording_is_gone_when_nobody_holds_it(texts: str) -> None:
    (recording,) = load(source(stream(FIRST, *(chunk(delta(content=text)) for text in texts), LAST)))
    assert isinstance(recording, Recording)
    assert bool(recording.runs) == bool(texts)
    assemble(recording.abridged)
    held = weakref.ref(recording)
    del recording
    assert held() is None  # with no need of a garbage collection, for which recctl seldom pauses
