"""Server-sent events, in every form in which servers send them and recorders keep them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.sse import Event, peek, read_events
from tests.unit.wire.hostile import json_values
from tests.unit.wire.streams import count_calls, cut, record_anyhow


def read(*items: Any, builder: ReplyBuilder | None = None) -> list[Event]:
    return list(read_events(list(items), builder or ReplyBuilder(), streamed=True))


def types(*items: Any) -> list[str]:
    return [event.type for event in read(*items)]


def extra_of(*items: Any) -> dict[str, Any]:
    builder = ReplyBuilder()
    read(*items, builder=builder)
    return builder.extra.build()


def notes_of(*items: Any) -> list[tuple[str, str]]:
    builder = ReplyBuilder()
    read(*items, builder=builder)
    notes = builder.build("sse", streamed=True, chunks=0, has_choices=False).notes
    return [(note.code, note.pointer) for note in notes]


# What a server may send


def test_an_event_has_a_type_data_and_a_pointer_to_where_it_begins() -> None:
    assert read("event: a", 'data: {"type": "a", "x": 1}', "", "event: b", 'data: {"type": "b"}', "") == [
        Event("a", {"type": "a", "x": 1}, "/response/body/0"),
        Event("b", {"type": "b"}, "/response/body/3"),
    ]


def test_the_name_of_an_event_is_its_type_if_its_data_gives_none() -> None:
    assert types("event: a", 'data: {"x": 1}', "") == ["a"]
    assert read("event: a", "data: {}", "") == [Event("a", {}, "/response/body/0")]


@pytest.mark.parametrize("rest", [[], [""], ["data:"], ["data: ", ""]])
def test_a_name_without_data_is_no_event_but_kept(rest: list[str]) -> None:
    assert read("event: a", *rest) == []
    assert extra_of("event: a", *rest) == {"event_names": "a"}
    assert extra_of("event: ping", *rest) == {}


def test_an_error_needs_no_data() -> None:
    assert types("event: error", "") == ["error"]


def test_a_name_that_is_not_the_type_is_kept() -> None:
    assert types("event: message", 'data: {"type": "a"}', "") == ["a"]
    assert extra_of("event: message", 'data: {"type": "a"}', "") == {"event_names": "message"}


def test_the_space_after_a_colon_and_the_name_may_be_missing() -> None:
    assert types('data:{"type":"a"}', "", 'data:{"type":"b"}', "") == ["a", "b"]


def test_the_name_may_follow_the_data() -> None:
    assert types('data: {"x": 1}', "event: a", "", 'data: {"x": 1}', "event: b", "") == ["a", "b"]


def test_several_data_lines_are_one_text() -> None:
    assert types("data: {", 'data:  "type":', 'data:  "a"', "data: }", "") == ["a"]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_may_end_in_any_way(end: str) -> None:
    text = f'event: a{end}data: {{"x":{end}data: 1}}{end}{end}event: b{end}data: {{"x": 2}}{end}{end}'
    assert [(event.type, event.data) for event in read(text)] == [("a", {"x": 1}), ("b", {"x": 2})]


def test_comments_ids_and_retries_are_no_events_but_kept() -> None:
    assert extra_of(": hello", "", "id: 1", "retry: 3000", "event: ping", "", ": hello", "id: 2", "") == {
        "event_stream": {"comments": "hello", "ids": ["1", "2"], "retry": "3000"}
    }


def test_the_mark_at_the_end_is_no_event() -> None:
    assert read("event: done", "data: [DONE]", "") == []
    assert notes_of("data: [DONE]", "") == []


def test_an_error_without_a_type_is_an_error() -> None:
    assert types('data: {"error": {"message": "overloaded"}}', "") == ["error"]
    assert types('data: {"detail": "overloaded"}', "") == ["error"]


def test_an_error_may_be_plain_text() -> None:
    assert read("event: error", "data: Bad Gateway", "")[0].data == {"error": "Bad Gateway"}


def test_data_that_is_not_json_is_noted_and_kept() -> None:
    items = ["event: a", 'data: {"type": "a"', "", 'data: {"type": "b"}', ""]
    assert types(*items) == ["b"]
    assert notes_of(*items) == [("odd-chunk", "/response/body/0")]
    assert extra_of(*items) == {"odd_chunks": '{"type": "a"'}


@pytest.mark.parametrize("data", ["5", "[1]", "NaN", '{"x": Infinity}', '{"x": 1e999}', '{"x": 1} {'])
def test_data_that_is_no_object_or_could_not_be_written_again_is_odd(data: str) -> None:
    assert notes_of(f"data: {data}", "") == [("odd-chunk", "/response/body/0")]


def test_data_that_nests_too_deeply_is_odd() -> None:
    assert notes_of("data: " + '{"x":' * 100_000, "") == [("odd-chunk", "/response/body/0")]


@pytest.mark.parametrize("line", ["<html>", "data : {}", " data: {}", "DATA: {}", "datum"])
def test_a_line_that_is_no_field_is_noted_and_kept(line: str) -> None:
    assert extra_of(line, "data: {}", "") == {"event_stream": {"odd_lines": line}}
    assert notes_of("data: {}", "", line, "", line) == [("odd-line", "/response/body/2")]


def test_one_byte_order_mark_may_come_first() -> None:
    assert types('\ufeffdata: {"type": "a"}', "") == types("\ufeff", 'data: {"type": "a"}', "") == ["a"]
    assert extra_of('\ufeffdata: {"type": "a"}', "") == {}
    assert notes_of("\ufeff\ufeffdata: {}", "") == [("odd-line", "/response/body/0")]
    assert notes_of("data: {}", "", "\ufeffdata: {}") == [("odd-line", "/response/body/2")]


# How a recorder may keep it


def test_a_string_may_be_a_line_with_its_end() -> None:
    assert types("event: a\n", 'data: {"x": 1}\n', "\n", "event: b\n", "data: {}\n", "\n") == ["a", "b"]


def test_a_string_may_be_an_event() -> None:
    assert types('event: a\ndata: {"x": 1}', 'event: b\ndata: {"x": 2}') == ["a", "b"]
    events = read("event: a\ndata: {}\n\n", "event: b\ndata: {}\n\nevent: c\ndata: {}\n\n")
    assert [event.pointer for event in events] == [
        "/response/body/0",
        "/response/body/1",
        "/response/body/1",
    ]


def test_blank_lines_may_have_been_left_out() -> None:
    assert types("event: a", 'data: {"x": 1}', "event: b", 'data: {"x": 2}') == ["a", "b"]
    assert types('data: {"type": "a"}', 'data: {"type": "b"}') == ["a", "b"]


def test_a_string_may_end_anywhere() -> None:
    text = 'event: a\r\ndata: {"type":"a","x":"data: 1"}\r\n\r\nevent: b\r\ndata:{}\r\n\r\n'
    for length in range(1, len(text)):
        pieces = [text[start : start + length] for start in range(0, len(text), length)]
        assert types(*pieces) == ["a", "b"]


def test_an_event_that_begins_in_the_middle_of_a_string_is_found_there() -> None:
    events = read("event: a\ndata: {}\n\nevent: ", "b\ndata: {}\n\n")
    assert [event.pointer for event in events] == ["/response/body/0", "/response/body/0"]


def test_the_two_characters_of_a_line_end_may_be_parted() -> None:
    assert types("event: a\r", '\ndata: {"x": 1}\r', "\n\r", "\n") == ["a"]


def test_a_line_without_its_end_goes_on_until_its_json_is_over() -> None:
    for pieces in (
        ['data: {"type": "a', 'data: b"}'],
        ['data: {"type"', ':"adata: b"}'],
        ["da", 'ta: {"type": "adata: b"}'],
        ["data", ': {"type": "adata: b"}'],
        ['data: {"type": "adata: b"', "}"],
        ["eve", "nt: adata: ", "b", "data: {}"],
    ):
        assert types(*pieces, "") == ["adata: b"]


def test_a_cut_line_is_noted_since_a_line_separator_may_be_lost_there() -> None:
    assert notes_of("event: a", 'data: {"x": "one ', 'two"}', "") == [("cut-line", "/response/body/2")]


def test_a_backslash_may_be_parted_from_what_it_escapes() -> None:
    (event,) = read('data: {"x": "\\', '" data: \\', "\\", '"}', "")
    assert event.data == {"x": '" data: \\'}


def test_events_may_be_dumped_objects_in_envelopes_or_without() -> None:
    assert read({"type": "a"}, {"__type__": "x.Y", "__data__": {"type": "b"}}) == [
        Event("a", {"type": "a"}, "/response/body/0"),
        Event("b", {"type": "b"}, "/response/body/1/__data__"),
    ]


def test_what_is_neither_text_nor_object_is_noted_and_kept() -> None:
    assert types({"type": "a"}, 5, "event: b", "data: {}", None, {"type": "c"}) == ["a", "b", "c"]
    assert notes_of({"type": "a"}, 5) == [("odd-chunk", "/response/body/1")]
    assert extra_of({"type": "a"}, 5) == {"odd_chunks": 5}


# Telling protocols apart


@pytest.mark.parametrize("item", ["", ": comment", "id: 1", "data: [DONE]", "data: {", "<html>", 5, None, []])
def test_of_a_string_that_tells_nothing_there_is_nothing_to_see(item: Any) -> None:
    assert peek(item) == Event("", {}, "")


def test_the_first_event_of_a_string_or_but_its_name_is_seen() -> None:
    assert peek("event: a").type == "a"
    assert peek('event: a\ndata: {"type": "a"}\n\nevent: b\n\n').data == {"type": "a"}


# Properties

_events = st.lists(
    st.builds(
        lambda kind, value: {"type": kind, "x": value},
        st.sampled_from(["a", "message_start", "content.delta"]),
        st.text() | st.dictionaries(st.text(), st.text() | st.integers(), max_size=2),
    ),
    max_size=4,
)


@given(_events, st.data())
def test_events_are_the_same_however_they_are_sent_and_kept(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    items = data.draw(record_anyhow(events))
    assert [event.data for event in read(*items) if event.type != "ping"] == events


@given(st.lists(st.sampled_from(["{}", '{"a": 1}', '{"a":', "[DONE]", "", " x", "1}", "data: {}", "\ufeff"])))
def test_lines_with_data_are_the_same_with_and_without_their_ends(values: list[str]) -> None:
    lines = [line for value in values for line in (f"data: {value}", "")]
    with_ends, without = ReplyBuilder(), ReplyBuilder()
    assert read(*(f"{line}\n" for line in lines), builder=with_ends) == read(*lines, builder=without)
    assert with_ends.extra.build() == without.extra.build()


@given(st.lists(json_values | st.text("data: {}[]\"\\,1\r\n'event", max_size=9), max_size=6))
def test_any_json_is_read(items: list[Any]) -> None:
    pointers = [event.pointer for event in read(*items)]
    assert all(int(pointer.split("/")[3]) < len(items) for pointer in pointers)


# JSON texts in place of an event stream


ARRAY = ["[{", '  "a": "one, [two]"', "}", ",", "{", '  "b": {"c": [1]}', "}", "]"]


def test_objects_on_lines_of_their_own_are_events() -> None:  # NDJSON
    expected = [Event("", {"a": 1}, "/response/body/0"), Event("error", {"error": "b"}, "/response/body/2")]
    assert read('{"a": 1}', "", '{"error": "b"}') == expected
    assert read('{"a": 1}\n', "\n", '{"error": "b"}\n') == expected
    assert notes_of('{"a": 1}', '{"error": "b"}') == []


def test_objects_of_an_array_are_events_where_they_begin() -> None:
    expected = [({"a": "one, [two]"}, "/response/body/0"), ({"b": {"c": [1]}}, "/response/body/4")]
    assert [(event.data, event.pointer) for event in read(*ARRAY)] == expected
    assert [event.data for event in read("\n".join(ARRAY))] == [data for data, _ in expected]
    assert notes_of(*ARRAY) == []


@given(st.lists(st.dictionaries(st.text(), json_values), min_size=1), st.booleans(), st.data())
def test_objects_are_read_however_the_text_is_cut(objects: Any, is_array: bool, data: st.DataObject) -> None:
    text = json.dumps(objects) if is_array else "\n".join(map(json.dumps, objects))
    pieces = data.draw(cut(text)) if is_array else text.split("\n")
    assert [event.data for event in read(*pieces)] == objects


def test_text_of_an_object_may_look_like_a_field_where_it_is_cut() -> None:
    expected = [{"a": "data: {}"}, {"b": "id: 1"}]
    assert [event.data for event in read('[{"a": "', 'data: {}"}, {"b": "', 'id: 1"}]')] == expected
    assert [event.data for event in read('{"error": "cut', 'data: {"a": 1}', "", 'data: {"a": 2}')] == [
        {"a": 1},
        {"a": 2},
    ]


def test_an_object_that_is_cut_off_is_kept_and_noted() -> None:
    assert notes_of('[{"a": 1}', ',{"b": ') == [("odd-chunk", "/response/body/1")]
    assert extra_of('[{"a": 1}', ',{"b": ') == {"odd_chunks": '{"b":'}
    assert extra_of('{"a": 1}', "so it goes", '{"b": 2}') == {"event_stream": {"odd_lines": "so it goes"}}


def test_bare_json_among_events_is_one() -> None:
    assert read("data: {}", '{"error": "busy"}', "", "data: {}")[1] == Event(
        "error", {"error": "busy"}, "/response/body/1"
    )


@pytest.mark.parametrize("text", ["[DONE]", "[1, 2]", "{", "[", "[]", "{}"])
def test_brackets_alone_are_nothing_to_stumble_over(text: str) -> None:
    assert all(event.data == {} for event in read(text))


def test_many_objects_are_read_in_one_pass() -> None:
    def count(number: int) -> int:
        return count_calls(lambda: read(*['{"a": [1]}'] * number))

    assert count(500) < 12 * count(50)
