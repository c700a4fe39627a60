"""AWS's event streams: frames as events, damage told, and changed events as frames again."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recctl.recordings.bodies import Body, read_body
from recctl.recordings.compression import Room
from recctl.recordings.event_stream import edit_event_stream, read_event_stream
from recctl.recordings.formats.vcrpy import FORMAT
from recctl.recordings.recording import Recording
from recctl.recordings.splicing.bodies import edit_body
from tests.builders import source
from tests.unit.wire.hostile import json_values

MEDIA_TYPE = "application/vnd.amazon.eventstream"
BEYOND = 1 << 30


def frame(payload: str | bytes, *, crc: int = 0, prelude_crc: int = 0, **headers: str) -> bytes:
    """A frame with text headers, `event_type` as `:event-type`; `crc` spoils its checksums."""
    packed = b""
    for name, value in headers.items():
        key, text = f":{name.replace('_', '-')}".encode(), value.encode()
        packed += bytes([len(key)]) + key + b"\7" + struct.pack(">H", len(text)) + text
    return pack(packed, payload.encode() if isinstance(payload, str) else payload, crc, prelude_crc)


def pack(headers: bytes, payload: bytes, crc: int = 0, prelude_crc: int = 0) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude) ^ prelude_crc) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message) ^ crc)


def event(name: str, payload: Any, **spoilt: int) -> bytes:
    text = payload if isinstance(payload, (str, bytes)) else json.dumps(payload, separators=(",", ":"))
    return frame(
        text,
        event_type=name,
        content_type="application/json",
        message_type="event",
        **spoilt,  # type: ignore[arg-type]
    )


def hold(value: Any, padding: str = "abc") -> dict[str, str]:
    return {"bytes": base64.b64encode(json.dumps(value).encode()).decode(), "p": padding}


START = event("messageStart", {"p": "abc", "role": "assistant"})
DELTA = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}})
STOP = event("messageStop", {"stopReason": "end_turn"})
STREAM = START + DELTA + STOP
EVENTS = [
    {"messageStart": {"p": "abc", "role": "assistant"}},
    {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}},
    {"messageStop": {"stopReason": "end_turn"}},
]


def told(left: int, damage: str) -> dict[str, Any]:
    return {"bytes": left, "type": MEDIA_TYPE, "damage": f"the event stream is {damage}"}


@pytest.mark.parametrize("content_type", [MEDIA_TYPE, "application/json", ""])
@pytest.mark.parametrize("stored", [STREAM, gzip.compress(STREAM)])
def test_frames_are_events_by_their_names_whatever_the_header_says(stored: bytes, content_type: str) -> None:
    assert read_body(stored, content_type, Room(BEYOND)) == Body(EVENTS, is_streaming=True)


def test_an_event_in_base64_is_read() -> None:
    whole = {"type": "message_start", "message": {}}
    assert read_event_stream(event("chunk", hold(whole))) == [{"chunk": {"bytes": whole, "p": "abc"}}]


@pytest.mark.parametrize("held", ["SGVsbG8=", "%", "", 5])
def test_bytes_that_hold_no_json_are_kept_as_they_are(held: Any) -> None:
    assert read_event_stream(event("chunk", {"bytes": held})) == [{"chunk": {"bytes": held}}]


def test_exceptions_and_errors_are_told_by_their_names() -> None:
    failure = frame('{"message":"slow down"}', message_type="exception", exception_type="throttlingException")
    error = frame("", message_type="error", error_code="500", error_message="gone")
    assert read_event_stream(failure + error) == [
        {"throttlingException": {"message": "slow down"}},
        {"error": {"code": "500", "message": "gone"}},
    ]


def test_headers_of_all_types_are_passed_over() -> None:
    values = [b"\0", b"\1", b"\2x", b"\3xx", b"\4xxxx", b"\5" + b"x" * 8, b"\6\0\2xx", b"\x08" + b"x" * 8]
    packed = b"".join(b"\1k" + value for value in [*values, b"\x09" + b"x" * 16])
    name = b"\x0b:event-type\7\0\4ping"
    assert read_event_stream(pack(packed + name, b"{}")) == [{"ping": {}}]


def test_payloads_that_are_no_json_are_told() -> None:
    sound = frame(b"\xff\0", event_type="audio", content_type="audio/mpeg")
    assert read_event_stream(sound + event("text", "Hello")) == [
        {"audio": {"bytes": 2, "type": "audio/mpeg"}},
        {"text": "Hello"},
    ]


@pytest.mark.parametrize(
    ("stream", "damage"),
    [
        (STREAM[:-1], told(len(STOP) - 1, "cut off in frame 3")),
        (START + DELTA + STOP[:5], told(5, "cut off in frame 3")),
        (
            START + DELTA + event("messageStop", {}, crc=1) + STOP,
            told(len(STOP) + len(event("messageStop", {})), "damaged: frame 3 fails its checksum"),
        ),
        (
            START + DELTA + event("messageStop", {}, prelude_crc=1),
            told(len(event("messageStop", {})), "damaged: the lengths of frame 3 can't be right"),
        ),
        (START + DELTA + pack(b"\5:a", b""), told(19, "damaged: a frame has headers that can't be read")),
        (
            START + DELTA + pack(b"\1a\7\0\5b", b""),
            told(22, "damaged: a frame has headers that can't be read"),
        ),
        (START + DELTA + pack(b"\1a\x63", b""), told(19, "damaged: a frame has headers that can't be read")),
    ],
)
def test_what_comes_before_damage_is_read_and_the_damage_told(stream: bytes, damage: Any) -> None:
    assert read_event_stream(stream) == [*EVENTS[:2], damage]
    assert edit_event_stream(stream, EVENTS) is None


def test_data_that_only_claim_to_be_an_event_stream_are_damaged() -> None:
    damage = told(14, "damaged: the lengths of frame 1 can't be right")
    assert read_body(b"\xff" * 14, MEDIA_TYPE, Room(BEYOND)) == Body([damage], is_streaming=True)
    assert read_body(b"\xff" * 14, "image/png", Room(BEYOND)).value == {"bytes": 14, "type": "image/png"}
    assert read_body(b"\0" * 14, "image/png", Room(BEYOND)).value == {"bytes": 14, "type": "image/png"}


def test_a_changed_event_is_a_changed_frame_and_the_others_keep_their_bytes() -> None:
    meant = [
        EVENTS[0],
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hello"}}},
        EVENTS[2],
    ]
    changed = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello"}})
    assert edit_event_stream(STREAM, meant) == START + changed + STOP


def test_an_event_in_base64_is_changed_inside() -> None:
    stream = event("chunk", hold({"a": 1, "b": "x"})) + STOP
    meant = [{"chunk": {"bytes": {"a": 1, "b": "yy"}, "p": "abc"}}, EVENTS[2]]
    assert edit_event_stream(stream, meant) == event("chunk", hold({"a": 1, "b": "yy"})) + STOP


@pytest.mark.parametrize(
    "events",
    [EVENTS[:2], [*EVENTS, {"x": {}}], [{"other": {}}, *EVENTS[1:]], [5, *EVENTS[1:]], [{"messageStart": 5}]],
)
def test_what_frames_cannot_say_is_refused(events: list[Any]) -> None:
    assert edit_event_stream(STREAM, events) is None


def test_compressed_frames_are_compressed_again() -> None:
    stored = gzip.compress(STREAM, mtime=7)
    meant = [{"messageStart": {"p": "abc", "role": "user"}}, *EVENTS[1:]]
    edited = edit_body(stored, EVENTS, meant, BEYOND)
    assert edited is not None
    assert read_body(edited.value, "", Room(BEYOND)).value == meant
    assert edited.value[4:8] == stored[4:8]


def write_cassette(stream: bytes) -> bytes:
    exchange = {
        "request": {"body": "{}", "headers": {}, "method": "POST", "uri": "https://x/y"},
        "response": {"body": {"string": stream}, "headers": {}, "status": {"code": 200, "message": "OK"}},
    }
    return yaml.safe_dump({"interactions": [exchange], "version": 1}).encode()


def test_a_cassette_keeps_every_other_byte() -> None:
    given = source(write_cassette(STREAM), "x.yaml")
    (recording,) = FORMAT.read(given)
    assert isinstance(recording, Recording)
    assert (recording.body, recording.is_streaming) == (EVENTS, True)
    document = json.loads(json.dumps(recording.document))
    document["response"]["body"][1]["contentBlockDelta"]["delta"]["text"] = "Ho"
    changed = event("contentBlockDelta", document["response"]["body"][1]["contentBlockDelta"])
    assert FORMAT.edit(given, {0: document}) == write_cassette(START + changed + STOP)


names = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=9)


@given(st.lists(st.tuples(names, st.dictionaries(st.text(max_size=3), json_values, max_size=3)), min_size=1))
def test_any_events_are_read_and_changed_back(sent: list[tuple[str, Any]]) -> None:
    stream = b"".join(event(name, payload) for name, payload in sent)
    events = read_event_stream(stream)
    assert [next(iter(item)) for item in events] == [name for name, _ in sent]
    assert edit_event_stream(stream, events) == stream


@given(st.integers(0, len(STREAM) - 1), st.integers(0, 3), st.binary(max_size=3))
def test_any_damage_is_told_and_never_more(at: int, width: int, instead: bytes) -> None:
    spoilt = STREAM[:at] + instead + STREAM[at + width :]
    events = read_event_stream(spoilt)
    sound = [item for item in events if "damage" not in item]
    assert sound == EVENTS[: len(sound)]
    assert len(sound) < len(events) or spoilt == b"".join([START, DELTA, STOP][: len(sound)])
