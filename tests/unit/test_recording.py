"""From bytes to recordings, or to one clear sentence about why not; and back to the recorder's bytes."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recctl.base.pointer import escape_pointer, join_pointer, split_pointer
from recctl.base.strict_json import MAX_DEPTH
from recctl.base.syntax import Position, find_duplicate_keys, locate
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import LoadError, Recording, RequestKind, name_type
from tests.builders import read, record, source
from tests.unit.wire.streams import count_calls

AGAIN = "record it again, or take it from git's history"
PUT_RIGHT = "put it right, or record it again"
UTF_8 = "save it as UTF-8 without a byte order mark"
SOUND = b'{"request": {}, "response": {"body": %b}}'
BODY = Position(1, 38)  # where the body of SOUND starts

# Every Unicode character, surrogates too: Python's json reads and writes them, and so do recorders.
texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [
        1e15,
        1e16,
        1e17,
        1e22,
        1e23,
        1e-4,
        1e-5,
        9.9e-5,
        1e-7,
        5e-324,
        -0.0,
        0.1,
        123456789012345680.0,
        100.00001,
    ]
)
integers = st.integers() | st.integers(-(2**70), 2**70) | st.sampled_from([2**53, 2**63, 2**64, -(2**63) - 1])
values = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def as_recorded(document: Any) -> bytes:
    """What the recorder writes, by the recorder's own means."""
    return json.dumps(document, indent=2).encode() + b"\n"


def load_error(content: bytes) -> LoadError:
    (loaded,) = load(source(content))
    assert isinstance(loaded, LoadError)
    return loaded


def describe(content: bytes) -> tuple[str, str | None, Position | None]:
    """The whole of what is said about content that is not JSON."""
    error = load_error(content)
    assert error.rule == "invalid-json"
    return error.message, error.hint, error.position


def load_sound(content: bytes) -> Recording:
    (loaded,) = load(source(content))
    assert isinstance(loaded, Recording)
    return loaded


# --- what is not text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b" ", b"\n\n", b"\t\r\n"])
def test_an_empty_file_is_empty(content: bytes) -> None:
    assert describe(content) == ("the file is empty", AGAIN, Position(1, 1))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", ['{"request": {}}', '[\n  "x"\n]', ' {"request": {}}', '"x"'])
def test_wide_characters_are_called_utf_16(encoding: str, text: str) -> None:
    message = ("the file is UTF-16, not UTF-8", UTF_8, Position(1, 1))
    assert describe(text.encode(encoding)) == message


def test_a_byte_order_mark_is_named() -> None:
    content = b"\xef\xbb\xbf" + SOUND % b"null"
    assert describe(content) == ("the file starts with a byte order mark", UTF_8, Position(1, 1))


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b"\0asm\1\0\0\0", Position(1, 1)),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Position(3, 1)),
        (b"SQLite format 3\0\x10\0", Position(1, 16)),
        (SOUND % b'"a\0b"', Position(1, 40)),
        ('{"a": "€\0"}'.encode(), Position(1, 9)),
    ],
)
def test_a_nul_byte_makes_a_file_binary(content: bytes, position: Position) -> None:
    assert describe(content) == ("the file is binary: a NUL byte is in it", AGAIN, position)


@pytest.mark.parametrize(
    ("byte", "word"), [(b"\xe9", "0xe9"), (b"\xff", "0xff"), (b"\xed\xa0\x80", "0xed"), (b"\xc0\xaf", "0xc0")]
)
def test_a_byte_that_is_not_utf_8_is_named_with_its_place(byte: bytes, word: str) -> None:
    content = b'{\n  "a": "\xe2\x82\xac' + byte + b'b"\n}'
    assert describe(content) == (f"byte {word} is not UTF-8 text", UTF_8, Position(2, 10))


# --- what is not JSON ---------------------------------------------------------------------------------------

CUT_OFF = "the file ends before its value does: it is cut off"
CUT_IN_TEXT = "the file ends inside a text: it is cut off"


@pytest.mark.parametrize(
    ("content", "message", "position"),
    [
        (b"{", CUT_OFF, Position(1, 2)),
        (b'{\n  "a": ', CUT_OFF, Position(2, 8)),
        (b'{"a": tru', CUT_OFF, Position(1, 7)),
        (b'{"a": 1', CUT_OFF, Position(1, 8)),
        (b'{"a": -', CUT_OFF, Position(1, 7)),
        (b'{"a": 1e', CUT_OFF, Position(1, 8)),
        (b'{"a": "\\u00', CUT_OFF, Position(1, 9)),
        (b'{"a": "b', CUT_IN_TEXT, Position(1, 7)),
        (b'{"a": "b\\', CUT_IN_TEXT, Position(1, 7)),
        (b'{"a": "\xe2\x82', "the file ends inside a character: it is cut off", Position(1, 8)),
    ],
)
def test_a_truncated_file_is_called_so(content: bytes, message: str, position: Position) -> None:
    assert describe(content) == (message, AGAIN, position)


def test_a_recording_truncated_at_any_byte_is_never_taken_for_sound() -> None:
    document = record([1.5e300, -2, True, False, None, '\\"\x7f\n', "\U0001f600"])
    content = as_recorded(document).replace(b"small", "gr\u00f6\u00dfer \U0001f600".encode())
    for length in range(1, len(content) - 1):  # without the last newline it is whole
        message, hint, position = describe(content[:length])
        assert message.endswith("it is cut off"), content[:length]
        assert hint == AGAIN
        assert position is not None


@pytest.mark.parametrize(
    ("content", "message", "position"),
    [
        (b'{"a": 1} x', "the JSON value has ended, and 'x' follows it", Position(1, 10)),
        (b'{"a": 1}\n{"b": 2}', "the JSON value has ended, and '{\"b\":' follows it", Position(2, 1)),
        (b"not JSON", "not JSON: a value should be where 'not' is", Position(1, 1)),
        (b"<html>", "not JSON: a value should be where '<html>' is", Position(1, 1)),
        (b"{'a': 1}", "not JSON: a key in double quotes should be where \"'a':\" is", Position(1, 2)),
        (b'{"a" 1}', "not JSON: ':' should be where '1}' is", Position(1, 6)),
        (b'{"a": 1 "b": 2}', "not JSON: ',' should be where '\"b\":' is", Position(1, 9)),
        (b'{"a": 01}', "not JSON: ',' should be where '1}' is", Position(1, 8)),
        (b'["a\tb"]', r"not JSON: '\t' should be escaped in a text", Position(1, 4)),
        (b'{"a": "b\n}', r"not JSON: '\n' should be escaped in a text", Position(1, 9)),
        (b'["\\x41"]', "not JSON: 'x' should not follow a backslash", Position(1, 3)),
        (b'["\\u12x4"]', r"not JSON: four hexadecimal digits should follow \u", Position(1, 4)),
        (
            b"[" + b"x" * 50 + b"]",
            "not JSON: a value should be where 'xxxxxxxxxxxxxxxxxxx…' is",
            Position(1, 2),
        ),
    ],
)
def test_a_syntax_error_is_a_sentence_and_a_place(content: bytes, message: str, position: Position) -> None:
    assert describe(content) == (message, PUT_RIGHT, position)


@pytest.mark.parametrize("content", [b'{"a": 1,}', b"[1, 2,\n]"])
def test_a_trailing_comma_is_an_error(content: bytes) -> None:
    # Python says so in other words from 3.13 on.
    message, hint, position = describe(content)
    assert message.startswith("not JSON: ")
    assert hint == PUT_RIGHT
    assert position is not None


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b'{\n<<<<<<< HEAD\n  "a": 1\n=======\n  "a": 2\n>>>>>>> theirs\n}\n', Position(2, 1)),
        (b'{"a": [\r\n<<<<<<< HEAD\r\n1\r\n=======\r\n2\r\n>>>>>>> theirs\r\n]}\r\n', Position(2, 1)),
        (b'{\n  "a": 1\n}\n>>>>>>> theirs\n', Position(4, 1)),
    ],
)
def test_conflict_markers_are_told_from_other_errors(content: bytes, position: Position) -> None:
    message = "the file contains the markers of a merge conflict"
    assert describe(content) == (message, "resolve the conflict", position)


def test_conflict_markers_inside_a_text_are_text() -> None:
    body = "<<<<<<< HEAD\n=======\n>>>>>>> theirs"
    assert load_sound(as_recorded(record(body))).body == body


# --- what Python's json takes and JSON has not --------------------------------------------------------------


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_that_only_python_knows_are_refused(word: str) -> None:
    assert describe(SOUND % word.encode()) == (f"{word} is not a JSON value", AGAIN, BODY)


def test_a_refused_word_inside_a_text_is_text() -> None:
    error = describe(SOUND % b'["NaN", "\\"Infinity", NaN]')
    assert error == ("NaN is not a JSON value", AGAIN, Position(1, 60))


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1.5E+999"])
def test_a_float_beyond_all_floats_is_refused(number: str) -> None:
    message = f"the number {number} is too large for a float"
    assert describe(SOUND % f"[1e308, {number}]".encode()) == (message, AGAIN, Position(1, 46))


def test_what_follows_a_refused_number_does_not_matter() -> None:
    assert describe(SOUND % b"1e400-3") == ("the number 1e400 is too large for a float", AGAIN, BODY)
    assert describe(SOUND % b"NaNxyz") == ("NaN is not a JSON value", AGAIN, BODY)


@pytest.mark.parametrize("length", [5000, 2_000_000])
@pytest.mark.parametrize("sign", [b"", b"-"])
def test_a_number_of_endless_digits_is_refused(length: int, sign: bytes) -> None:
    content = SOUND % b'{"digits": "%b", "number": %b}' % (b"1" * length, sign + b"1" * length)
    place = Position(1, 38 + len('{"digits": "", "number": ') + length)
    assert describe(content) == ("a number has more than 4,300 digits", AGAIN, place)


def test_a_number_of_4300_digits_is_read_whole() -> None:
    digits = "9" * 4300
    assert load_sound(SOUND % digits.encode()).body == int(digits)


def test_a_float_of_two_million_digits_is_a_float() -> None:
    assert load_sound(SOUND % (b"1." + b"1" * 2_000_000)).body == 1.1111111111111112


def test_the_deepest_nesting_that_is_read() -> None:
    inner = MAX_DEPTH - 2  # the document and its response count
    content = SOUND % (b"[" * inner + b"]" * inner)
    assert not load_sound(content).as_written
    assert load_sound(as_recorded(json.loads(content))).as_written


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, 255, 256, 900, 1024, 1025, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deeper_nesting_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    content = SOUND % (opening * depth + b"1" + closing * depth)
    first_too_deep = Position(1, 38 + len(opening) * (MAX_DEPTH - 2))
    assert describe(content) == (f"values nest more than {MAX_DEPTH} deep", AGAIN, first_too_deep)


def test_endless_nesting_is_refused_though_it_is_cut_off_as_well() -> None:
    message = f"values nest more than {MAX_DEPTH} deep"
    assert describe(b"[" * 100_000) == (message, AGAIN, Position(1, MAX_DEPTH + 1))


def test_nesting_as_the_recorder_would_write_it_is_refused_as_well() -> None:
    document: Any = None
    for _ in range(MAX_DEPTH - 1):
        document = [document]
    content = as_recorded({"request": {}, "response": {"body": document}})
    message, hint, position = describe(content)
    assert (message, hint) == (f"values nest more than {MAX_DEPTH} deep", AGAIN)
    assert position is not None
    assert content.splitlines()[position.line - 1].strip() == b"["


# --- JSON that is no recording ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[]", "JSON, but an array and not an object"),
        (b'"x"', "JSON, but a string and not an object"),
        (b"12", "JSON, but a number and not an object"),
        (b"null", "JSON, but null and not an object"),
        (b"true", "JSON, but true and not an object"),
        (b"{}", "an object, but without 'request' and 'response'"),
        (b'{"request": {}}', "an object, but without 'response'"),
        (b'{"request": [], "response": {}}', "an object, but its 'request' is an array"),
        (b'{"request": {}, "response": null}', "an object, but its 'response' is null"),
    ],
)
def test_other_json_is_not_a_recording(content: bytes, what: str) -> None:
    error = load_error(content)
    assert (error.rule, error.message) == ("not-a-recording", f"not a recording: {what}")
    hint = "a recording is an object with a 'request' and a 'response'; move other files elsewhere"
    assert error.hint == hint


def test_the_type_of_every_value_has_a_name() -> None:
    every_type: list[Any] = [None, True, False, "", 0, 0.5, [], {}]
    named = [name_type(value) for value in every_type]
    assert named == ["null", "true", "false", "a string", "a number", "a number", "an array", "an object"]


# --- what is read -------------------------------------------------------------------------------------------


def test_a_lone_surrogate_is_read_as_python_reads_it() -> None:
    recording = load_sound(SOUND % rb'"a\ud800b"')
    assert recording.body == "a\ud800b"


def test_of_a_repeated_key_the_last_value_counts() -> None:
    recording = load_sound(b'{"request": {}, "response": {"body": 1, "body": 2}}')
    assert recording.body == 2
    assert not recording.as_written


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ({"url": "http://x/v1/models", "body": {}}, RequestKind.INFERENCE),
        ({"url": "http://x/v1/messages", "payload": {}}, RequestKind.HTTP),
        ({"tool_name": "web_search", "kwargs": {}}, RequestKind.TOOL),
        ({"api": "file_processors", "file_id": "file-1"}, RequestKind.FILE_PROCESSOR),
        ({"body": {}}, RequestKind.UNKNOWN),
        ({}, RequestKind.UNKNOWN),
    ],
)
def test_the_keys_of_a_request_tell_its_kind(request_: dict[str, Any], kind: RequestKind) -> None:
    assert read({"request": request_, "response": {}}).kind is kind


def test_the_test_id_stands_at_the_top_or_in_the_request() -> None:
    assert read({"test_id": "a::b", "request": {"test_id": "c::d"}, "response": {}}).test_id == "a::b"
    assert read({"test_id": None, "request": {"test_id": "c::d"}, "response": {}}).test_id == "c::d"
    assert read({"request": {}, "response": {}}).test_id is None


def test_what_a_client_asked_for_has_another_key_for_each_kind() -> None:
    for key in ("body", "payload", "kwargs"):
        assert read({"request": {key: {"a": 1}}, "response": {}}).asked == {"a": 1}


def test_the_endpoint_is_what_people_know_the_request_by() -> None:
    request = {
        "api": "file_processors",
        "tool_name": "web_search",
        "url": "http://x/v1/v1/y",
        "endpoint": "/v1/y",
    }
    for shown in ("/v1/y", "http://x/v1/v1/y", "web_search", "file_processors", ""):
        assert read({"request": request, "response": {}}).endpoint == shown
        if request:
            request.popitem()


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], ["x"], {}, {"a": 1}])
def test_views_take_values_of_any_type(value: Any) -> None:
    keys = ("test_id", "url", "endpoint", "tool_name", "api", "body", "payload", "kwargs", "file_id")
    recording = read(
        {"request": dict.fromkeys(keys, value), "response": {"body": value, "is_streaming": value}}
    )
    assert isinstance(recording.url, str)
    assert isinstance(recording.endpoint, str)
    assert isinstance(recording.asked, dict)
    assert recording.is_streaming is (value is True)
    assert recording.test_id is None or isinstance(recording.test_id, str)
    assert recording.body == value


# --- the recorder's bytes -----------------------------------------------------------------------------------


@given(values)
@example([1e16, -1e16, 1e-5, -1e-5, 9.9e-5, 100.00001, 5e-324, -0.0, 1e22, 1.5e-7])
@example({" 1e16": " 1e16", "e5": "0.00001", "0.00001": ["e5,", "1e16\n"]})
@example(["\x7f", "\x80", "\u2028", "\ud800", "\udc00\ud800", "\U0001f600", "/", "\b\f\x1f"])
@example(1e-5)
@example(2**64)
@example([])
@example({})
def test_serialise_writes_what_the_recorder_writes(value: Any) -> None:
    assert serialise(value) == as_recorded(value)


@given(values)
@example([2**70, "\ud800"])
def test_what_was_written_is_read_back_and_known_as_written(value: Any) -> None:
    document = {"request": {}, "response": {"body": value}}
    recording = load_sound(serialise(document))
    assert as_recorded(recording.document) == as_recorded(document)  # tells -0.0 from 0.0, 1 from True
    assert recording.as_written


@given(
    values,
    st.sampled_from(
        [
            {"indent": 2},
            {"indent": 2, "ensure_ascii": False},
            {"indent": 2, "separators": (",", ":")},
            {"indent": 4},
            {},
        ]
    ),
    st.sampled_from(["\n", "", "\n\n", "\r\n"]),
)
def test_as_written_is_true_only_for_the_recorders_bytes(value: Any, style: dict[str, Any], end: str) -> None:
    document = {"request": {}, "response": {"body": value}}
    try:
        content = (json.dumps(document, **style) + end).encode()
    except UnicodeEncodeError:  # a lone surrogate that is not escaped
        return
    spellings = {as_recorded(json.loads(content))}
    with contextlib.suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        plain = orjson.dumps(orjson.loads(content), option=options)
        spellings.update({plain} if all(32 <= byte < 127 or byte == 10 for byte in plain) else ())
    assert load_sound(content).as_written == (content in spellings)


@pytest.mark.parametrize(
    "body",
    [
        *("1E+16", "1.0e-05", "1.50", "-0", "18446744073709551616.0"),
        *('"\\/"', '"\\u00E9"', '"\u00e9"', '"\x7f"', '"\u2028"', '"\U0001f600"'),
    ],
)
def test_another_spelling_of_a_value_is_not_as_written(body: str) -> None:
    written = as_recorded(record(None)).replace(b'"body": null', b'"body": ' + body.encode())
    assert not load_sound(written).as_written


@pytest.mark.parametrize("body", [b"0.00001", b"1.5e-7"])
def test_a_float_may_be_spelled_as_orjson_spells_it(body: bytes) -> None:
    written = as_recorded(record(None)).replace(b'"body": null', b'"body": ' + body)
    assert load_sound(written).as_written


# --- places -------------------------------------------------------------------------------------------------

keys = st.sampled_from(["", "a", "b", "~", "/", "~1", "0", "1", "€", "\ud800", '"', "\\", "{", ","])


@given(st.lists(keys))
def test_a_pointer_is_split_into_the_steps_that_it_was_joined_of(steps: list[str]) -> None:
    assert split_pointer(join_pointer(steps)) == tuple(steps)


class Pairs(list[tuple[str, Any]]):
    """An object with its keys in order, repeated ones too."""


pairs = st.recursive(
    st.sampled_from([None, True, -1.5, "", "}", '",', "€\U0001f600"]),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(keys, inner), max_size=4).map(Pairs),
    max_leaves=12,
)


class Written(NamedTuple):
    """A value in a text that a test wrote: where it and its key start, and whether its object had the key."""

    pointer: str
    start: int
    key_start: int = -1
    repeats: bool = False


def write_out(value: Any, indent: str) -> tuple[str, list[Written]]:
    """JSON text for a value, and the places of all values in it.

    Slow and independent of the code: it knows the places since it makes the text.
    """
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False), [Written("", 0)]
    is_object = isinstance(value, Pairs)
    text, written, seen = "{" if is_object else "[", [Written("", 0)], set()
    for index, item in enumerate(value):
        text += f",{indent}" if index else indent
        key, inner = item if is_object else (str(index), item)
        key_start = len(text)
        if is_object:
            text += json.dumps(key) + f"{indent}:{indent}"
        inner_text, (_, *parts) = write_out(inner, indent)
        step = "/" + key.replace("~", "~0").replace("/", "~1")
        written.append(Written(step, len(text), key_start, key in seen))
        for part in parts:
            place = Written(
                step + part.pointer, part.start + len(text), part.key_start + len(text), part.repeats
            )
            written.append(place)
        seen.add(key)
        text += inner_text
    return text + indent + ("}" if is_object else "]"), written


def position(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1)


def resolve(value: Any, prefix: str = "") -> set[str]:
    """Every pointer into a value as json reads it."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        items = []
    return {prefix}.union(*(resolve(item, f"{prefix}/{escape_pointer(key)}") for key, item in items))


@given(pairs, st.sampled_from(["", " ", "\n", "\r\n  "]))
def test_locate_finds_every_value_where_it_was_written(value: Any, indent: str) -> None:
    text, written = write_out(value, indent)
    exist = resolve(json.loads(text))
    last = {place.pointer: position(text, place.start) for place in written if place.pointer in exist}
    assert locate(text, [*exist, "/nowhere", "/0/0/0/0/0", "x"]) == last


def find_repeats(text: str) -> list[tuple[str, Position]]:
    return [(join_pointer(steps), place) for steps, place in find_duplicate_keys(text)]


@given(pairs, st.sampled_from(["", " ", "\n", "\r\n  "]))
def test_every_repeated_key_is_found_where_it_was_written(value: Any, indent: str) -> None:
    text, written = write_out(value, indent)
    repeats = [(place.pointer, position(text, place.key_start)) for place in written if place.repeats]
    assert find_repeats(text) == repeats


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "b": 2}', []),
        ('{"a": 1,\n "a": 2,\n "a": 3}', [("/a", Position(2, 2)), ("/a", Position(3, 2))]),
        ('{"a": {"b": 1,\n "b": 2}}', [("/a/b", Position(2, 2))]),
        ('[{"a": 1}, {"a": 2}]', []),
        ('{"a": {"b": 1},\n "a": {"b": 2}}', [("/a", Position(2, 2))]),
        ('{"a": {"b": 1},\n "a": {"b": 2,\n "b": 3}}', [("/a", Position(2, 2)), ("/a/b", Position(3, 2))]),
        ('{"a/b": 1,\n "a\\/b": 2}', [("/a~1b", Position(2, 2))]),
        ('{"a": "a", "b": {"a": 1}}', []),
        ("[]", []),
    ],
)
def test_repeated_keys(text: str, found: list[tuple[str, Position]]) -> None:
    assert find_repeats(text) == found


def test_a_value_that_a_repeated_key_hides_is_nowhere() -> None:
    assert locate('{"a": {"b": 1}, "a": {"c": 2}}', ["/a/b", "/a/c"]) == {"/a/c": Position(1, 28)}


def test_the_pointers_of_values_that_nobody_asked_for_are_not_kept() -> None:
    text = json.dumps({"a" * 100_000: [{"b": 1}] * 1000})
    tracemalloc.start()
    assert list(find_duplicate_keys(text)) == []
    assert locate(text, [""]) == {"": Position(1, 1)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * len(text)


def test_many_places_are_found_in_one_pass() -> None:
    text = json.dumps({"a" * 1000: [[number] for number in range(1000)]}, indent=2)
    pointers = [f"/{'a' * 1000}/{number}/0" for number in range(1000)]
    assert [place.line for place in locate(text, pointers).values()] == [
        3 * number + 4 for number in range(1000)
    ]
    assert count_calls(lambda: locate(text, pointers)) < 10 * count_calls(lambda: locate(text, pointers[-1:]))
