"""Two recordings, compared: what is substance, what is noise, and where each change is said to be."""

from __future__ import annotations

import base64
import json
import struct
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.diff import Change, ComparedPair, PairVerdict, compare_recordings
from recctl.diff.comparison import REPLY_KINDS
from recctl.project import Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire.building.noise import OPENAI_NOISE
from recctl.wire.protocol import COMMON_NOISE
from tests.builders import chunk, delta, read, record, source
from tests.names import ask, current_name
from tests.unit.wire.hostile import json_values, spoil


def compare(left: Any, right: Any, *, noise: tuple[str, ...] = (), keep_noise: bool = False) -> ComparedPair:
    """Two documents, compared as the recordings of one file."""
    settings = Settings(noise=noise)
    return compare_recordings(read(left), read(right), settings=settings, keep_noise=keep_noise)


def whole(content: str | None = "It is sunny.", finish_reason: str | None = "stop", **fields: Any) -> Any:
    """A reply that was not streamed; `fields` are those of the message."""
    message = {"role": "assistant", "content": content, **fields}
    data = {"id": "rec-0", "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]}
    return {"__type__": "openai.types.chat.chat_completion.ChatCompletion", "__data__": data}


def call(name: str, call_id: str = "call_1", **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": call_id, "type": "function", "function": function}


def calling(*calls: dict[str, Any]) -> Any:
    """The document of a recording whose reply makes these calls."""
    return record(whole(None, "tool_calls", tool_calls=list(calls)))


def asking(**body: Any) -> Any:
    """The document of a recording whose request has these keys in its body, and always the same reply."""
    document = record(whole())
    document["request"]["body"] = {"model": "small", "messages": [], **body}
    return document


ARGUMENTS = "/response/choices/0/message/tool_calls/{}/function/arguments"


# The reply


def test_the_same_bytes_are_identical() -> None:
    pair = compare(calling(call("now")), calling(call("now")))
    assert (pair.verdict, pair.request, pair.reply, pair.noise) == (PairVerdict.IDENTICAL, "same", "same", 0)


def test_a_reworded_reply() -> None:
    pair = compare(record(whole("It is sunny.")), record(whole("It is cloudy.")))
    assert (pair.verdict, pair.request, pair.reply) == (PairVerdict.WORDING, "same", "wording")
    assert pair.changes == (
        Change("/response/choices/0/message/content", "wording", "It is sunny.", "It is cloudy.", "reply"),
    )


@pytest.mark.parametrize(
    ("field", "kind"), [("reasoning_content", "reasoning"), ("refusal", "refusal"), ("role", "role")]
)
def test_other_channels_of_a_reply(field: str, kind: str) -> None:
    pair = compare(record(whole(**{field: "one"})), record(whole(**{field: "two"})))
    assert [(change.kind, change.left, change.right) for change in pair.changes] == [(kind, "one", "two")]
    assert pair.verdict is PairVerdict.WORDING


def test_another_finish_reason() -> None:
    pair = compare(record(whole()), record(whole(finish_reason="length")))
    place = "/response/choices/0/finish_reason"
    assert pair.changes == (Change(place, "finish-reason", "stop", "length", "finish reason"),)
    assert pair.verdict is PairVerdict.FINISH_REASON


def test_another_argument_of_a_call_is_named() -> None:
    before, after = (calling(call("get_weather", city=city, unit="C")) for city in ("Rome", "Oslo"))
    pair = compare(before, after)
    where = f"{ARGUMENTS.format(0)}/city"
    assert pair.changes == (Change(where, "tool-argument", "Rome", "Oslo", "get_weather.city"),)
    assert pair.verdict is PairVerdict.TOOL_CALLS


def test_differences_inside_an_argument() -> None:
    before = calling(call("book", seats=[{"row": 1}, {"row": 2}]))
    after = calling(call("book", seats=[{"row": 1}, {"row": 3}, {"row": 4}]))
    told = [
        (change.where, change.left, change.right, change.label) for change in compare(before, after).changes
    ]
    assert told == [
        (f"{ARGUMENTS.format(0)}/seats/1/row", 2, 3, "book.seats.1.row"),
        (f"{ARGUMENTS.format(0)}/seats/2", None, {"row": 4}, "book.seats.2"),
    ]


def test_arguments_that_are_not_json_are_compared_as_text() -> None:
    before, after = calling(call("run")), calling(call("run"))
    for document, text in ((before, "{cut"), (after, "{cut off")):
        message = document["response"]["body"]["__data__"]["choices"][0]["message"]
        message["tool_calls"][0]["function"]["arguments"] = text
    (change,) = compare(before, after).changes
    assert change == Change(ARGUMENTS.format(0), "tool-argument", "{cut", "{cut off", "run")


def test_a_key_that_stands_twice_in_arguments_is_no_way_of_writing_them() -> None:
    before, after = calling(call("read")), calling(call("read"))
    texts = '{"path":"/etc/passwd","path":"ok"}', '{"path":"ok"}'
    for document, text in zip((before, after), texts, strict=True):
        message = document["response"]["body"]["__data__"]["choices"][0]["message"]
        message["tool_calls"][0]["function"]["arguments"] = text
    pair = compare(before, after)
    assert pair.verdict is PairVerdict.TOOL_CALLS
    assert pair.changes == (Change(ARGUMENTS.format(0), "tool-argument", texts[0], {"path": "ok"}, "read"),)
    assert compare(before, before).verdict is PairVerdict.IDENTICAL


def test_a_call_of_another_tool() -> None:
    before, after = calling(call("search", query="Rome")), calling(call("web_search", query="Rome"))
    (change,) = compare(before, after).changes
    where = "/response/choices/0/message/tool_calls/0/function/name"
    assert change == Change(where, "tool-name", "search", "web_search", "search")


def test_a_call_more_moves_no_other() -> None:
    weather, now = call("get_weather", city="Rome"), call("now", "call_2")
    pair = compare(calling(weather), calling(now, weather))
    (change,) = pair.changes
    where = "/response/choices/0/message/tool_calls/0"
    assert change == Change(where, "tool-call", None, {"name": "now", "arguments": "{}"}, "now")
    assert compare(calling(now, weather), calling(weather)).changes == (
        change._replace(left=change.right, right=None),
    )


def test_calls_are_paired_by_what_they_say_before_their_order() -> None:
    rome, oslo = call("get_weather", "call_1", city="Rome"), call("get_weather", "call_2", city="Oslo")
    bern = call("get_weather", "call_3", city="Bern")
    (change,) = compare(calling(rome, oslo), calling(oslo, bern)).changes
    assert (change.where, change.left, change.right) == (f"{ARGUMENTS.format(1)}/city", "Rome", "Bern")


def test_one_side_that_fails() -> None:
    failed = record({"error": {"message": "no such model"}})
    pair = compare(record(whole()), failed)
    assert pair.verdict is PairVerdict.ERROR
    assert pair.changes[0] == Change("/response/error", "error", None, {"message": "no such model"}, "error")


def test_a_stream_that_was_cut_off_fails() -> None:
    stream = [chunk(delta(content="Hi")), chunk(delta(content="!")), chunk(delta(finish_reason="stop"))]
    pair = compare(record(stream), record(stream[:2]))
    assert pair.verdict is PairVerdict.ERROR
    assert pair.changes[0] == Change("/complete", "error", True, False, "complete")


def test_what_was_being_made_when_it_was_asked_for_has_not_failed() -> None:
    told = {"name": "batches/1", "metadata": {"state": "RUNNING"}}
    pair = compare(record({**told, "done": False}), record({**told, "done": True}))
    assert pair.verdict is PairVerdict.WORDING
    assert [(change.where, change.kind) for change in pair.changes] == [
        ("/complete", "other"),
        ("/response/extra/done", "other"),
    ]


def test_a_run_that_was_made_again_differs_in_ids_alone() -> None:
    def run(number: int) -> list[str]:
        said = {"content": [{"index": 0, "type": "text", "text": {"value": "Hi"}}]}
        ids = {"id": f"run_{number}", "thread_id": f"thread_{number}", "created_at": 1_700_000_000 + number}
        events = {
            "thread.run.created": {"object": "thread.run", "status": "queued", **ids},
            "thread.message.delta": {"id": f"msg_{number}", "delta": said},
            "thread.run.completed": {"object": "thread.run", "status": "completed", **ids},
        }
        return [
            line
            for name, data in events.items()
            for line in (f"event: {name}", f"data: {json.dumps(data)}", "")
        ]

    pair = compare(record(run(1)), record(run(2)))
    assert (pair.verdict, pair.changes) == (PairVerdict.NOISE, ())


def test_two_failures_differ_in_their_wording() -> None:
    pair = compare(record({"error": {"message": "no model"}}), record({"error": {"message": "no key"}}))
    assert pair.changes == (Change("/response/error/message", "wording", "no model", "no key", "error"),)


def test_of_several_choices_each_is_compared_with_its_own() -> None:
    def choices(*texts: str) -> Any:
        given = [delta(index, "stop", content=text) for index, text in enumerate(texts)]
        return record([chunk(*given)])

    (change,) = compare(choices("a", "b"), choices("a", "c")).changes
    assert change == Change("/response/choices/1/message/content", "wording", "b", "c", "reply of choice 1")
    (gone,) = compare(choices("a", "b"), choices("a")).changes
    assert gone == Change("/response/choices/1/message/content", "wording", "b", None, "reply of choice 1")


def test_what_is_neither_in_a_channel_nor_known_noise_is_told() -> None:
    before, after = record(whole()), record(whole())
    after["response"]["body"]["__data__"]["citations"] = ["https://example.org"]
    pair = compare(before, after)
    assert pair.changes == (
        Change("/response/extra/citations", "other", None, ["https://example.org"], "citations"),
    )
    assert pair.verdict is PairVerdict.WORDING


def test_another_model_that_replied_to_the_same_request_is_told() -> None:
    before, after = record(whole()), record(whole())
    for document, model in ((before, "small-1"), (after, "small-2")):
        document["response"]["body"]["__data__"]["model"] = model
    assert [change.where for change in compare(before, after).changes] == ["/response/model"]
    after["request"]["body"]["model"] = after["request"]["model"] = "large"
    assert [change.where for change in compare(before, after).changes] == ["/request/body/model"]


def test_a_models_list_tells_which_models_came_and_went() -> None:
    def models(*names: str) -> Any:
        return record([{"id": name, "object": "model", "owned_by": "us", "created": 1} for name in names])

    changes = compare(models("a", "b"), models("a", "c")).changes
    assert [(change.where, change.left, change.right) for change in changes] == [
        ("/response/extra/ids", ["b"], None),
        ("/response/extra/ids", None, ["c"]),
    ]


def test_a_models_list_in_another_order_is_noise() -> None:
    def models(*names: str) -> Any:
        return record([{"id": name, "object": "model", "owned_by": "us", "created": 1} for name in names])

    assert compare(models("a", "b"), models("a", "c")).verdict is PairVerdict.MODELS
    assert compare(models("a", "b"), models("b", "a")).verdict is PairVerdict.NOISE


def test_a_picture_of_the_same_size_is_another_picture() -> None:
    def picture(data: str) -> Any:
        part = {"inline_data": {"mime_type": "image/png", "data": data}}
        candidate = {"content": {"parts": [part], "role": "model"}, "finish_reason": "STOP"}
        return record([{"candidates": [candidate]}])

    (change,) = compare(picture("AAAA"), picture("BBBB")).changes
    assert (change.where, change.kind) == ("/response/extra/data", "other")


def test_recordings_of_different_kinds_are_compared_and_told_apart() -> None:
    pair = compare(record(whole()), embedding([1.0, 0.0]))
    assert Change("/wire", "other", "openai-chat", "embeddings", "protocol") in pair.changes
    assert pair.verdict is PairVerdict.WORDING


# Vectors


def embedding(*vectors: Any) -> Any:
    entries = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    body = {"data": entries, "model": "small", "object": "list"}
    return record({"__type__": "openai.types.CreateEmbeddingResponse", "__data__": body})


def test_a_vector_that_was_computed_twice_is_noise() -> None:
    pair = compare(embedding([0.6, 0.8]), embedding([0.6000001, 0.7999999]))
    assert (pair.verdict, pair.noise, pair.changes) == (PairVerdict.NOISE, 1, ())


def test_a_vector_that_was_sent_as_base64_is_noise() -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.6, 0.8)).decode()
    assert compare(embedding([0.6, 0.8]), embedding(packed)).verdict is PairVerdict.NOISE


def test_a_vector_that_points_the_same_way_but_for_a_millionth_is_noise() -> None:
    pair = compare(embedding([0.6, 0.8, 0.0001]), embedding([0.6, 0.8, 0.0002]))
    assert (pair.verdict, pair.noise) == (PairVerdict.NOISE, 1)
    assert compare(embedding([0.6, 0.8, 0.001]), embedding([0.6, 0.8, 0.003])).verdict is PairVerdict.WORDING


def test_another_vector_is_told_by_its_distance() -> None:
    pair = compare(embedding([1.0, 0.0], [0.0, 1.0]), embedding([1.0, 0.0], [0.6, 0.8]))
    told = {"dimension": 2, "cosine_distance": 0.2}
    assert pair.changes == (
        Change("/response/extra/vectors/1", "vector", {"dimension": 2}, told, "vector 2"),
    )
    assert pair.verdict is PairVerdict.WORDING


def test_a_vector_of_another_dimension_and_one_more() -> None:
    changes = compare(embedding([1.0, 0.0]), embedding([1.0], [2.0])).changes
    assert [(change.left, change.right) for change in changes] == [
        ({"dimension": 2}, {"dimension": 1, "cosine_distance": None}),
        (None, {"dimension": 1}),
    ]


@pytest.mark.parametrize("odd", [[10**400], [1e308], [0.0], "AACAfw==", "AADAfw=="])
def test_vectors_with_numbers_beyond_measure(odd: Any) -> None:
    (change,) = compare(embedding([1.0]), embedding(odd)).changes
    assert change.kind == "vector"


# Noise


def stream(text: str, cuts: list[int], *, stamp: str = "a") -> Any:
    """A streamed reply with a call, cut into chunks at these places; all noise depends on the stamp."""
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[start:end] for start, end in pairwise(edges)]
    noise = {"id": f"chatcmpl-{stamp}", "created": ord(stamp[0]), "system_fingerprint": f"fp_{stamp}"}
    chunks = [chunk(delta(role="assistant", content=""), **noise)]
    chunks += [chunk(delta(content=piece), obfuscation=stamp, **noise) for piece in pieces]
    fragment = {"index": 0, **call("get_weather", f"call_{stamp}", city="Rome")}
    chunks.append(chunk(delta(tool_calls=[fragment], finish_reason="tool_calls"), **noise))
    return [*chunks, chunk(usage={"total_tokens": len(pieces)}, service_tier=stamp, **noise)]


_TEXT = "Let me see what the weather is."


@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_another_cut_with_other_ids_and_times_is_noise(before: list[int], after: list[int]) -> None:
    pair = compare(record(stream(_TEXT, before)), record(stream(_TEXT, after, stamp="b")))
    assert (pair.verdict, pair.request, pair.reply, pair.changes) == (PairVerdict.NOISE, "same", "noise", ())
    assert pair.noise >= 5  # the id, the time, the fingerprint, the tier, the call's id


@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_a_changed_word_shows_through_all_noise(before: list[int], after: list[int]) -> None:
    reworded = _TEXT.replace("weather", "forecast")
    pair = compare(record(stream(_TEXT, before)), record(stream(reworded, after, stamp="b")))
    assert pair.verdict is PairVerdict.WORDING
    assert [(change.left, change.right) for change in pair.changes] == [(_TEXT, reworded)]


def test_noise_is_told_when_it_is_asked_for() -> None:
    pair = compare(calling(call("now", "call_1")), calling(call("now", "call_2")), keep_noise=True)
    where = "/response/choices/0/message/tool_calls/0/id"
    assert pair.changes == (Change(where, "noise", "call_1", "call_2", "id of now"),)
    assert pair.noise == 1


@pytest.mark.parametrize("key", sorted({*COMMON_NOISE, *OPENAI_NOISE}))
def test_every_key_of_the_list_is_noise_in_a_reply_and_none_in_a_request(key: str) -> None:
    before, after = record(whole()), record(whole())
    before["response"]["body"]["__data__"][key] = {"x": 1}
    after["response"]["body"]["__data__"][key] = {"x": 2}
    assert compare(before, after).verdict is PairVerdict.NOISE
    assert compare(asking(**{key: 1}), asking(**{key: 2})).verdict is PairVerdict.REQUEST


def test_what_is_noise_by_another_protocol_is_none_in_a_reply() -> None:
    before, after = record(whole()), record(whole())
    before["response"]["body"]["__data__"]["size_vram"] = 1
    after["response"]["body"]["__data__"]["size_vram"] = 2
    assert compare(before, after).verdict is PairVerdict.WORDING
    odd = record({"reply": "Hi", "size_vram": 1}), record({"reply": "Hi", "size_vram": 2})
    assert compare(*odd).verdict is PairVerdict.NOISE  # no protocol has it, so that it may be of any


def test_the_order_of_calls_and_how_arguments_are_written_are_noise() -> None:
    now, weather = call("now"), call("get_weather", city="Rome")
    assert compare(calling(now, weather), calling(weather, now)).verdict is PairVerdict.NOISE
    spaced = deepcopy(weather)
    spaced["function"]["arguments"] = '{ "city":"Rome" }'
    assert compare(calling(weather), calling(spaced)).verdict is PairVerdict.NOISE


def test_no_arguments_are_an_empty_object() -> None:
    bare = call("now")
    bare["function"]["arguments"] = ""
    assert compare(calling(call("now")), calling(bare)).verdict is PairVerdict.NOISE


def test_a_configuration_adds_keys_and_pointers() -> None:
    before, after = record(whole(), headers={}), record(whole(), headers={})
    for document, value in ((before, "one"), (after, "two")):
        document["request"]["body"]["trace"] = {"id": value}
        document["response"]["body"]["__data__"]["node"] = value
    assert compare(before, after).verdict is PairVerdict.WORDING
    assert compare(before, after, noise=("node",)).verdict is PairVerdict.REQUEST
    assert compare(before, after, noise=("node", "/request/body/trace")).verdict is PairVerdict.NOISE


def test_the_way_a_file_is_written_is_noise() -> None:
    document = record(whole())
    (left,) = load(source(serialise(document)))
    (right,) = load(source(json.dumps(document).encode()))
    assert isinstance(left, Recording)
    assert isinstance(right, Recording)
    pair = compare_recordings(left, right, settings=Settings(), keep_noise=True)
    assert (pair.verdict, pair.request, pair.reply) == (PairVerdict.NOISE, "same", "same")
    assert pair.changes == (Change("", "noise", None, None, "how the file is written"),)


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (None, "a", PairVerdict.WORDING),
        ({"usage": 1}, {"usage": 2}, PairVerdict.NOISE),
        ({"score": 0.5}, {"score": 0.500001}, PairVerdict.NOISE),
        ({"score": 0.5}, {"score": 0.51}, PairVerdict.WORDING),
    ],
)
def test_what_no_protocol_knows_is_compared_as_well(left: Any, right: Any, verdict: PairVerdict) -> None:
    assert compare(record({"odd": left}), record({"odd": right})).verdict is verdict


# The request


def test_another_key_of_the_body_with_the_same_reply() -> None:
    pair = compare(asking(), asking(service_tier="default"))
    assert (pair.verdict, pair.request, pair.reply) == (PairVerdict.REQUEST, "changed", "same")
    assert pair.changes == (Change("/request/body/service_tier", "request", None, "default", "service_tier"),)


def test_the_replys_verdict_counts_before_the_requests() -> None:
    pair = compare(record(whole("a")), record(whole("b"), url="http://localhost/other"))
    assert (pair.verdict, pair.request, pair.reply) == (PairVerdict.WORDING, "changed", "wording")


def test_null_and_nothing_are_not_the_same_request() -> None:
    (change,) = compare(asking(), asking(user=None)).changes
    assert change == Change("/request/body/user", "request", None, None, "user")


@pytest.mark.parametrize(("left", "right"), [(1, 1.0), (1, True), (0.0, -0.0), ([1], [1.0])])
def test_what_hashes_differently_is_not_the_same_request(left: Any, right: Any) -> None:
    assert compare(asking(seed=left), asking(seed=right)).verdict is PairVerdict.REQUEST


def message(role: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


def test_a_message_that_was_put_in_is_one_change() -> None:
    said = [message("user", f"Question {number}") for number in range(4)]
    system = message("system", "Be brief.")
    (change,) = compare(asking(messages=said), asking(messages=[system, *said])).changes
    assert change == Change("/request/body/messages/0", "request", None, system, "message 1 (system)")


def test_a_message_that_was_reworded_is_found_beside_one_that_was_put_in() -> None:
    before = [message("user", "Hello"), message("assistant", "Hi"), message("user", "Where is Rome?")]
    after = [message("system", "Be brief."), *before[:2], message("user", "Where is Oslo?")]
    changes = compare(asking(messages=before), asking(messages=after)).changes
    assert [(change.where, change.left, change.right, change.label) for change in changes] == [
        ("/request/body/messages/0", None, after[0], "message 1 (system)"),
        ("/request/body/messages/3/content", "Where is Rome?", "Where is Oslo?", "message 4 (user)"),
    ]


def test_what_changed_in_a_message_beside_its_content() -> None:
    before, after = (message("tool", "Sunny", tool_call_id=call_id) for call_id in ("1", "2"))
    (change,) = compare(asking(messages=[before]), asking(messages=[after])).changes
    assert change.where == "/request/body/messages/0/tool_call_id"
    assert change.label == "message 1 (tool): tool_call_id"


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def test_tools_are_compared_by_name() -> None:
    before = [tool("now"), tool("get_weather", city={"type": "string"})]
    after = [tool("get_weather", city={"type": "string"}, unit={"type": "string"}), tool("search")]
    changes = compare(asking(tools=before), asking(tools=after)).changes
    assert [(change.where, change.left, change.right, change.label) for change in changes] == [
        (
            "/request/body/tools/0/function/parameters/properties/unit",
            None,
            {"type": "string"},
            "tool get_weather: parameters.properties.unit",
        ),
        ("/request/body/tools/1", None, tool("search"), "tool search"),
        ("/request/body/tools/0", tool("now"), None, "tool now"),
    ]


@pytest.mark.parametrize(
    ("wrap", "path", "place"),
    [
        (
            lambda tools: {"contents": [], "tools": [{"functionDeclarations": tools}]},
            "/v1beta/models/gemini-3-pro:generateContent",
            "/tools/0/functionDeclarations/1",
        ),
        (
            lambda tools: {"toolConfig": {"tools": [{"toolSpec": tool} for tool in tools]}},
            "/model/amazon.nova-lite-v1%3A0/converse",
            "/toolConfig/tools/1/toolSpec",
        ),
    ],
    ids=["Gemini", "Bedrock"],
)
def test_tools_are_found_where_other_providers_have_them(wrap: Any, path: str, place: str) -> None:
    weather, time = {"name": "weather", "description": "now"}, {"name": "time"}
    then = {"name": "weather", "description": "then"}
    before, after = asking(**wrap([weather, time])), asking(**wrap([time, then]))
    for document in (before, after):
        document["request"]["url"] = f"https://models.test{path}"
    pair = compare(before, after)
    where = f"/request/body{place}/description"
    assert pair.changes == (Change(where, "request", "now", "then", "tool weather: description"),)


def test_the_order_of_tools_is_one_change() -> None:
    (change,) = compare(asking(tools=[tool("a"), tool("b")]), asking(tools=[tool("b"), tool("a")])).changes
    assert change == Change("/request/body/tools", "request", ["a", "b"], ["b", "a"], "the order of tools")


def test_a_renamed_test_is_a_changed_request() -> None:
    before, after = record(whole()), record(whole())
    after["test_id"] = "tests/test_new.py::test_reply"
    (change,) = compare(before, after).changes
    assert (change.where, change.kind, change.right) == ("/test_id", "request", after["test_id"])


def test_headers_and_library_versions_of_a_request_are_noise() -> None:
    after = record(whole(), headers={"x": "1"}, provider_metadata={"openai_sdk_version": "2.5.0"})
    pair = compare(record(whole()), after)
    assert (pair.verdict, pair.request, pair.noise) == (PairVerdict.NOISE, "same", 2)


def test_the_sides_say_what_was_recorded() -> None:
    pair = compare(record(whole("a")), record(whole("b")))
    assert pair.left is not None
    assert pair.left == pair.right
    assert (pair.left.name, pair.left.endpoint, pair.left.model) == (
        "tests/recordings/x.json",
        "/v1/chat/completions",
        "small",
    )
    assert pair.left.found is False
    assert pair.name == "never"


# Anything at all


@given(json_values, json_values)
def test_different_documents_are_never_identical(left: Any, right: Any) -> None:
    for place in ("request", "response", "beside"):
        before, after = record(whole()), record(whole())
        for document, value in ((before, left), (after, right)):
            document.get(place, document)["x"] = value
        pair = compare(before, after, keep_noise=True)
        is_same = serialise(before) == serialise(after)
        assert (pair.verdict is PairVerdict.IDENTICAL) == is_same
        assert bool(pair.changes) != is_same


_KINDS = {*REPLY_KINDS, "request", "noise"}
_SEEDS = [
    record(stream(_TEXT, [3])),
    calling(call("now"), call("get_weather", "call_2", city="Rome")),
    embedding([1.0, 0.5]),
    asking(messages=[message("user", "Hello")], tools=[tool("now")]),
    record([{"id": "small", "object": "model"}]),
]


@given(st.data())
def test_any_two_recordings_can_be_compared(data: st.DataObject) -> None:
    left, right = (data.draw(st.sampled_from(_SEEDS).flatmap(spoil)) for _ in range(2))
    sides = [load(source(serialise(document)))[0] for document in (left, right)]
    before, after = sides
    if not (isinstance(before, Recording) and isinstance(after, Recording)):
        return
    pair = compare_recordings(before, after, settings=Settings(), keep_noise=True)
    assert {change.kind for change in pair.changes} <= _KINDS
    assert (pair.verdict is PairVerdict.IDENTICAL) == (before.source.content == after.source.content)
    assert pair.noise == sum(change.kind == "noise" for change in pair.changes)
    assert (pair.request == "changed") == any(change.kind == "request" for change in pair.changes)
    assert serialise([change._asdict() for change in pair.changes])
    back = compare_recordings(after, before, settings=Settings(), keep_noise=True)
    assert (back.verdict, back.request, back.reply) == (pair.verdict, pair.request, pair.reply)


def test_arguments_that_nest_beyond_reason() -> None:
    def nested(depth: int) -> Any:
        document = calling(call("run"))
        message = document["response"]["body"]["__data__"]["choices"][0]["message"]
        message["tool_calls"][0]["function"]["arguments"] = "[" * depth + "]" * depth
        return document

    for left, right in ((900, 901), (90_000, 90_001), (300, 301)):
        pair = compare(nested(left), nested(right))
        assert [change.kind for change in pair.changes] == ["tool-argument"]


# Replies in parts


def in_parts(*texts: str) -> Any:
    """The document of a recording whose reply speaks, calls a tool, and speaks again."""
    call = {"type": "server_tool_use", "id": "s1", "name": "search", "input": {}}
    first, *others = ({"type": "text", "text": text} for text in texts)
    content = [first, call, *others]
    return record(
        {"id": "m", "type": "message", "role": "assistant", "content": content, "stop_reason": "end"}
    )


def test_a_text_that_changes_beside_a_call_is_a_change_of_wording() -> None:
    (change,) = compare(in_parts("I'll look.", "At noon."), in_parts("I'll look.", "At one.")).changes
    assert (change.where, change.kind) == ("/response/choices/0/message/content", "wording")
    assert (change.left, change.right) == ("I'll look.At noon.", "I'll look.At one.")


def test_where_a_text_is_cut_into_parts_is_noise() -> None:
    pair = compare(in_parts("I'll ", "look."), in_parts("I'll look."))
    assert (pair.verdict, pair.changes, pair.noise) == (PairVerdict.NOISE, (), 1)


# Ids that change together

FILES = ("439dd3a0-1c4f-4f5e-9a55-8d1f0a8b7c6d", "file-62515096040")


def quoting(
    file_id: str, reply: str = "See {}.", *, search: str = "[1] {}: 21 degrees. Cite as <|{}|>."
) -> Any:
    """The document of a recording in which a search finds a file, and the reply quotes it."""
    document = record(whole(reply.format(file_id)))
    document["request"]["body"] = {
        "model": "small",
        "files": [file_id],
        "messages": [
            {"role": "assistant", "tool_calls": [call("search", "call_1a2b3c4d5e", file=file_id)]},
            {"role": "tool", "tool_call_id": "call_1a2b3c4d5e", "content": search.format(file_id, file_id)},
        ],
    }
    return document


def test_an_id_that_is_quoted_in_several_places_is_one_change() -> None:
    pair = compare(quoting(FILES[0]), quoting(FILES[1]), keep_noise=True)
    assert (pair.verdict, pair.request, pair.reply) == (PairVerdict.REQUEST, "changed", "noise")
    assert pair.changes == (
        Change("/request/body/files/0", "request", *FILES, "id", 4),
        Change(
            "/response/choices/0/message/content", "noise", f"See {FILES[0]}.", f"See {FILES[1]}.", "reply"
        ),
    )


def answering(call_id: str) -> Any:
    """The document of a recording in which a tool answers a call."""
    document = record(whole("It is 7."))
    messages = [
        {"role": "assistant", "tool_calls": [call("now", call_id)]},
        {"role": "tool", "tool_call_id": call_id, "content": f"{call_id}: 7"},
    ]
    document["request"]["body"] = {"model": "small", "messages": messages}
    return document


@pytest.mark.parametrize(
    ("one", "other"), [("call_nhfpubtx", "call_qwertzuy"), ("call_1", "call_2"), ("toolu_ab", "call_1")]
)
def test_what_only_its_key_tells_to_be_an_id_is_one_all_the_same(one: str, other: str) -> None:
    pair = compare(answering(one), answering(other))
    assert pair.ids == ((one, other),)
    assert [(change.label, change.places) for change in pair.changes] == [("id", 3)]


def test_a_bare_number_is_no_id_that_other_texts_could_quote() -> None:
    assert compare(answering("7"), answering("8")).ids == ()


def test_what_else_changes_beside_an_id_is_told_in_full() -> None:
    after = quoting(FILES[1], "See {} first.", search="[1] {}: 22 degrees. Cite as <|{}|>.")
    pair = compare(quoting(FILES[0]), after)
    assert (pair.verdict, pair.ids) == (PairVerdict.WORDING, (FILES,))
    assert [(change.kind, change.label) for change in pair.changes] == [
        ("request", "id"),
        ("request", "message 2 (tool)"),
        ("wording", "reply"),
    ]


def test_another_of_the_ids_that_there_are_is_a_change() -> None:
    other = "00000000-1c4f-4f5e-9a55-8d1f0a8b7c6d"
    both = f"[1] {{}}: 21 degrees. [2] {other}: 3 degrees. Not {{}}."
    pair = compare(quoting(FILES[0], search=both), quoting(other, search=both))
    assert pair.ids == ()
    assert pair.verdict is PairVerdict.WORDING
    swapped = compare(quoting(FILES[0], search=both), quoting(FILES[0], f"See {other}.", search=both))
    assert [change.kind for change in swapped.changes] == ["wording"]


def test_an_id_that_only_the_reply_quotes_is_part_of_its_wording() -> None:
    before, after = (record(whole(f"I saved {name}.")) for name in FILES)
    assert compare(before, after).verdict is PairVerdict.WORDING


def test_without_a_scheme_what_only_lacks_its_test_is_not_lost() -> None:
    """Its name hangs on a test that it does not name: whether its recorder looks for it, nobody can tell."""
    document = ask("Hello")
    before = read(document, current_name(document))
    after = read({key: document[key] for key in ("request", "response")}, current_name(document))
    assert compare_recordings(before, after, settings=Settings()).name == "kept"
    edited = read(ask("Bye"), current_name(document))
    assert compare_recordings(before, edited, settings=Settings()).name == "lost"


def test_a_call_without_a_name_goes_by_its_type() -> None:
    def searching(query: str) -> Any:
        search = {"type": "google_search_call", "id": "s1", "arguments": {"queries": [query]}}
        return record({"object": "interaction", "id": "i", "status": "completed", "outputs": [search]})

    (change,) = compare(searching("tide"), searching("moon")).changes
    assert (change.kind, change.label) == ("tool-argument", "google_search_call.queries.0")
