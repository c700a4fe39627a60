"""Whether recordings still match what is sent: what is drift, what is noise, and what nobody can tell."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.errors import RecctlError
from recctl.checks.secret import mask_secrets
from recctl.drift import DriftReport, DriftStatus, examine_drift
from recctl.drift.groups import find_topic
from recctl.input.sources import select
from recctl.project import find_project
from recctl.recordings.http import SentRequest
from recctl.render.kit.masking import mask_texts
from tests.builders import read, record, write
from tests.tracking import URL, Suite, ask, send, write_cassette

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.testsuite.track import Tracked

    Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    (tmp_path / "recctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    return Suite(tmp_path)


def examine(suite: Suite, tracked: Tracked, *paths: str, tests: tuple[str, ...] = ()) -> DriftReport:
    project = find_project(suite.root)
    selection = select(project, paths or ["."])
    mask = partial(mask_texts, mask=partial(mask_secrets, settings=project.secrets_anywhere()))
    return examine_drift(project, selection, tracked, mask=mask, tests=tests)


def statuses(report: DriftReport) -> dict[str, str]:
    """The statuses of recordings, by file and number."""
    return {
        str(each.key).removeprefix("tests/cassettes/test_chat/"): each.status for each in report.recordings
    }


# --- what differs -------------------------------------------------------------------------------------------

DRIFT: dict[str, Edit] = {
    "the system prompt changed": lambda body: body["messages"][0].update(content="You are a helper."),
    "a user message changed": lambda body: body["messages"][1].update(content="How is Rome?"),
    "a user message was added": lambda body: body["messages"].append({"role": "user", "content": "Now?"}),
    "a user message was removed": lambda body: body["messages"].pop(),
    "role of the system prompt changed": lambda body: body["messages"][0].update(role="developer"),
    "the model changed": lambda body: body.update(model="gpt-5"),
    "parameter temperature was added": lambda body: body.update(temperature=0.5),
    "parameter tools was removed": lambda body: body.pop("tools"),
    "tool get_weather was renamed to weather": lambda body: body["tools"][0]["function"].update(
        name="weather"
    ),
    "tool search was added": lambda body: body["tools"].append(
        {"type": "function", "function": {"name": "search"}}
    ),
    "the description of tool get_weather changed": lambda body: body["tools"][0]["function"].update(
        description="Tell how the weather is."
    ),
    "parameters.properties.city.type of tool get_weather changed": lambda body: body["tools"][0]["function"][
        "parameters"
    ]["properties"]["city"].update(type="integer"),
    "cache_control of a user message was added": lambda body: body["messages"][1].update(
        cache_control="short"
    ),
    "parameter seed was added": lambda body: body.update(seed=7),
}
"""What happens to a request, by what is said of it."""


@pytest.mark.parametrize("told", DRIFT)
def test_what_has_drifted_is_named(suite: Suite, told: str) -> None:
    body = ask("How is the weather in Rome?")
    sent = deepcopy(body)
    DRIFT[told](sent)
    suite.record("one", body)
    suite.play("one", 1, sent)
    (recording,) = examine(suite, suite.end()).recordings
    assert recording.status is DriftStatus.DRIFTED
    assert [find_topic(change).spell() for change in recording.drift] == [told]


def test_an_empty_object_that_names_a_choice_is_told(suite: Suite) -> None:
    suite.record("one", ask("How is it?", toolChoice={"any": {}}))
    suite.play("one", 1, ask("How is it?", toolChoice={"auto": {}}))
    (recording,) = examine(suite, suite.end()).recordings
    assert [(change.label, change.left, change.right) for change in recording.drift] == [
        ("toolChoice.any", {}, None),
        ("toolChoice.auto", None, {}),
    ]


def test_a_default_of_another_type_is_told(suite: Suite) -> None:
    suite.record("one", ask("How is it?"))
    suite.play("one", 1, ask("How is it?", n=True))
    (recording,) = examine(suite, suite.end()).recordings
    assert [(change.label, change.left, change.right) for change in recording.drift] == [("n", None, True)]


def test_damaged_json_is_set_against_what_was_sent_as_text(suite: Suite) -> None:
    body = ask("How is the weather in Rome?")
    damaged = json.dumps(body).replace('"gpt-4o"', 'gpt-4o"')
    suite.record("one", damaged)
    suite.play("one", 1, body)
    (recording,) = examine(suite, suite.end()).recordings
    assert [(change.where, change.left, change.right) for change in recording.drift] == [
        ("/request/body", damaged, json.dumps(body))
    ]


CALL = {"id": "call_4R0Q9lrjqIvi", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
CONVERSATION = [
    {"role": "assistant", "tool_calls": [CALL]},
    {
        "role": "tool",
        "tool_call_id": CALL["id"],
        "content": "Started at 2026-11-02 10:11:12, in /tmp/tmpa8x2kq1z.",
    },
]
NOISE: dict[str, Edit] = {
    "an id that is quoted twice": lambda body: body.update(
        json.loads(json.dumps(body).replace("call_4R0Q9lrjqIvi", "call_9ZxT1bqLw07e"))
    ),
    "a seed": lambda body: body.update(seed=8),
    "a number written otherwise": lambda body: body.update(top_p=1.0),
    "null in place of nothing": lambda body: body.update(stop=None),
    "nothing in an object in place of no object": lambda body: body.update(inferenceConfig={}),
    "nothing in a list in place of no list": lambda body: body.update(stopSequences=[]),
    "a default that is written out": lambda body: body.update(n=1),
    "a format that is the default": lambda body: body.update(text={"format": {"type": "text"}}),
    "no instructions in place of empty ones": lambda body: body.pop("instructions"),
    "a default of Gemini's": lambda body: body["generationConfig"].update(responseModalities=["TEXT"]),
    "an empty object in Gemini's settings": lambda body: body["generationConfig"].update(imageConfig={}),
    "another spelling of a key of Gemini's": lambda body: body["generationConfig"].update(
        top_k=body["generationConfig"].pop("topK")
    ),
    "no description in place of an empty one": lambda body: body["tools"][1].pop("description"),
    "a time": lambda body: body["messages"][-1].update(
        content="Started at 2026-12-01 01:02:03, in /tmp/tmpa8x2kq1z."
    ),
    "a folder": lambda body: body["messages"][-1].update(
        content="Started at 2026-11-02 10:11:12, in /tmp/tmp0000bbbb."
    ),
    "a time as a number": lambda body: body["metadata"].update(at=1_796_000_000),
    "a time as HTTP has it": lambda body: body["metadata"].update(date="Tue, 01 Dec 2026 01:02:03 GMT"),
    "the order of what a schema requires": lambda body: body["tools"][0]["function"]["parameters"].update(
        required=["unit", "city"]
    ),
    "how a program calls itself": lambda body: body.update(user_agent="tests/2.0"),
    "a secret": lambda body: body["metadata"].update(key=f"sk-proj-{'Zq3vT8mNw5kRx7yB2cLd' * 2}"),
    "the order of keys": lambda body: [body.update({key: body.pop(key)}) for key in sorted(body)],
    "what the configuration names": lambda body: body.update(trace="b"),
}

RESPONSES = "https://api.openai.com/v1/responses"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent"
PLACES = {
    "a format that is the default": RESPONSES,
    "no instructions in place of empty ones": RESPONSES,
    "a default of Gemini's": GEMINI,
    "an empty object in Gemini's settings": GEMINI,
    "another spelling of a key of Gemini's": GEMINI,
}
"""Where requests go whose protocol says that there is a default."""


@pytest.mark.parametrize("kind", NOISE)
def test_noise_is_no_drift(suite: Suite, kind: str) -> None:
    (suite.root / "recctl.toml").write_text('noise = ["trace"]\n')
    metadata = {"key": "REDACTED", "at": 1_795_000_000.5, "date": "Mon, 02 Nov 2026 10:11:12 GMT"}
    body = ask("How is it?", seed=7, top_p=1, user_agent="tests/1.0", trace="a", metadata=metadata)
    body["tools"] = [*deepcopy(body["tools"]), {"type": "custom", "name": "search", "description": ""}]
    body |= {"generationConfig": {"topK": 4}, "contents": [{"parts": [{"text": "Hi"}]}], "instructions": ""}
    body["tools"][0]["function"]["parameters"]["required"] = ["city", "unit"]
    body["messages"] += CONVERSATION
    sent = deepcopy(body)
    NOISE[kind](sent)
    assert json.dumps(sent) != json.dumps(body)
    url = PLACES.get(kind, URL)
    suite.record("one", body, url=url)
    suite.play("one", 1, sent=send(sent, url), result="different")
    (recording,) = examine(suite, suite.end()).recordings
    assert (recording.status, recording.drift) == (DriftStatus.NOISE, ())
    assert recording.changes


def test_an_id_in_one_of_two_places_has_drifted(suite: Suite) -> None:
    body = ask("How is the weather?")
    body["messages"] += CONVERSATION
    sent = deepcopy(body)
    sent["messages"][-1]["tool_call_id"] = "call_9ZxT1bqLw07e"
    suite.record("one", body)
    suite.play("one", 1, sent)
    assert statuses(examine(suite, suite.end())) == {"test_one.yaml#1": "drifted"}


def test_the_version_of_a_model_is_no_id(suite: Suite) -> None:
    suite.record("one", ask("Who are you?", model="claude-3-5-sonnet-20240620"))
    suite.play("one", 1, ask("Who are you?", model="claude-3-5-sonnet-20241022"))
    (recording,) = examine(suite, suite.end()).recordings
    assert [change.where for change in recording.drift] == ["/request/body/model"]


@pytest.mark.parametrize(
    ("equalised", "status"),
    [
        (("/body/messages/0/content",), "noise"),
        (("/body/messages/0",), "noise"),
        (("/body",), "noise"),
        (("/body/messages/1", "/url"), "drifted"),
    ],
)
def test_what_a_matcher_makes_equal_is_noise(suite: Suite, equalised: tuple[str, ...], status: str) -> None:
    sent = ask("How is the weather?")
    sent["messages"][0]["content"] = "You are a helper."
    suite.record("one", ask("How is the weather?"))
    suite.play("one", 1, sent, equalised=equalised)
    assert statuses(examine(suite, suite.end())) == {"test_one.yaml#1": status}


def test_a_model_in_a_url_drifts_whatever_the_matchers_make_of_the_url(suite: Suite) -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent"
    suite.record("one", {"contents": []}, url=url)
    sent = send({"contents": []}, url.replace("2.0-flash", "2.5-pro"))
    suite.play("one", result="different", sent=sent, equalised=("/url",))
    (recording,) = examine(suite, suite.end()).recordings
    assert [(change.where, change.left, change.right) for change in recording.drift] == [
        ("/request/model", "gemini-2.0-flash", "gemini-2.5-pro")
    ]


def test_kept_is_what_the_process_had_where_its_filters_changed_that(suite: Suite) -> None:
    suite.record("one", ask("How is the weather — in Rome?"))
    asked = ask("How is the weather -- in Rome?")
    suite.play("one", 1, {**asked, "model": "gpt-5"}, kept=send(asked))
    (recording,) = examine(suite, suite.end()).recordings
    assert [change.where for change in recording.drift] == ["/request/body/model"]


def test_a_form_is_compared_as_text(suite: Suite) -> None:
    suite.record("one", "grant_type=refresh&scope=a")
    suite.play("one", 1, "grant_type=refresh&scope=b")
    (recording,) = examine(suite, suite.end()).recordings
    assert [find_topic(change).spell() for change in recording.drift] == ["the body changed"]


def test_the_boundary_of_a_form_of_several_parts_is_noise(suite: Suite) -> None:
    form = "--{0}\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper-1\r\n--{0}--\r\n"
    suite.record("one", form.format("0a1b2c3d4e5f60718293a4b5c6d7e8f9"))
    suite.play("one", 1, form.format("f9e8d7c6b5a493827160f5e4d3c2b1a0"))
    assert statuses(examine(suite, suite.end())) == {"test_one.yaml#1": "noise"}


@pytest.mark.parametrize(
    ("content_type", "size", "status"),
    [
        ("multipart/form-data", 4, "noise"),
        ("multipart/form-data", 5, "drifted"),
        ("audio/wav", 4, "drifted"),
        ("application/x-protobuf", 5, "noise"),  # spans, with times
    ],
)
def test_of_what_is_no_text_only_the_size_can_be_told(
    suite: Suite, content_type: str, size: int, status: str
) -> None:
    path = suite.root / suite.path("one")
    suite.record("one", "BODY")
    text = path.read_text().replace('"BODY"', "!!binary AP//AA==").replace("application/json", content_type)
    path.write_text(text)
    suite.loaded[suite.path("one")] = sha256(text.encode()).hexdigest()
    suite.play("one", 1, {"bytes": size, "type": "binary"})
    assert statuses(examine(suite, suite.end())) == {"test_one.yaml#1": status}


# --- what became of recordings ------------------------------------------------------------------------------


def test_each_recording_has_the_worst_of_its_statuses(suite: Suite) -> None:
    suite.record("one", *map(ask, "abcde"))
    suite.play("one", 1)
    suite.play("one", 2)
    suite.play("one", 2, ask("b", seed=1), equalised=("/body/seed",))
    suite.play("one", 3, ask("c", seed=1), equalised=("/body/seed",))
    suite.play("one", 3, result="unseen", reason="no body was seen")
    suite.play("one", 4, result="unseen", reason="no body was seen")
    suite.play("one", 4, ask("d", model="gpt-5"), test_id="tests/test_other.py::test_d")
    suite.outcomes["tests/test_other.py::test_d"] = "passed"
    report = examine(suite, suite.end())
    assert [*statuses(report).values()] == ["same", "noise", "unseen", "drifted", "unplayed"]
    assert report.recordings[2].reason == "no body was seen"
    assert report.recordings[3].tests == (suite.test("one"), "tests/test_other.py::test_d")
    assert report.recordings[3].times == 2


def test_what_was_not_played_is_told_apart(suite: Suite) -> None:
    suite.record("played", ask("a"), ask("b"))
    suite.play("played", 1)
    suite.record("idle", ask("c"))
    suite.record("unopened", ask("d"), is_run=False)
    assert statuses(examine(suite, suite.end())) == {
        "test_idle.yaml#1": "idle",
        "test_played.yaml#1": "same",
        "test_played.yaml#2": "unplayed",
        "test_unopened.yaml#1": "unopened",
    }


def test_what_a_test_may_have_played_in_a_python_that_cannot_be_heard_is_unseen(suite: Suite) -> None:
    suite.record("played", ask("a"), ask("b"))
    suite.play("played", 1)
    suite.record("idle", ask("c"))
    suite.record("unopened", ask("d"), is_run=False)
    suite.record("another", ask("e"), is_run=False)
    tests = frozenset(map(suite.test, ("played", "idle", "unopened")))
    report = examine(suite, suite.end(unheard_tests=tests))
    assert statuses(report) == {
        "test_another.yaml#1": "unopened",
        "test_idle.yaml#1": "unseen",
        "test_played.yaml#1": "same",
        "test_played.yaml#2": "unseen",
        "test_unopened.yaml#1": "unseen",
    }
    reasons = {each.reason for each in report.recordings if each.status is DriftStatus.UNSEEN}
    assert reasons == {"its test started a Python that can't be heard"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("Today is 2026-12-01, not 2026-12-02.", "noise"),
        ("Today is 2026-12-01, not 2026-12-01.", "noise"),
        ("Today is 2026-11-30, not 2026-12-02.", "drifted"),
        ("Now it is 2026-12-01, not 2026-12-02.", "drifted"),
    ],
)
def test_the_day_of_the_run_in_the_place_of_another_is_noise(suite: Suite, sent: str, status: str) -> None:
    suite.record("one", ask("Today is 2025-03-04, not 2026-12-02."))
    suite.play("one", 1, ask(sent))
    days = frozenset({"2026-12-01"})
    assert statuses(examine(suite, suite.end(days=days))) == {"test_one.yaml#1": status}


def stop(suite: Suite) -> Tracked:
    return suite.end("pytest stopped early: 1 failed")


def fail(suite: Suite) -> Tracked:
    suite.outcomes[suite.test("one")] = "failed"
    return suite.end()


def change_file(suite: Suite) -> Tracked:
    write_cassette(suite.root / suite.path("one"), ask("a"), ask("c"))
    return suite.end()


def play_what_is_not_known(suite: Suite) -> Tracked:
    suite.play("one", None, result="unseen", reason="the load was not seen")
    return suite.end()


@pytest.mark.parametrize(
    ("happen", "reason"),
    [
        (stop, "the run is not complete"),
        (fail, "tests/test_chat.py::test_one, which opened the file, did not pass"),
        (change_file, "the file has changed since"),
        (play_what_is_not_known, "the load was not seen"),
        (lambda suite: suite.end(recorders=frozenset({"ogx"}), plays=()), "vcrpy was not heard in the run"),
        (lambda suite: suite.end(loaded={}), "the file was opened, but no recorder was heard to load it"),
        (
            lambda suite: suite.end(opened=frozenset(), loaded={}, plays=()),
            "it was not there when the tests ran",
        ),
    ],
)
def test_without_proof_nothing_is_unplayed(
    suite: Suite, happen: Callable[[Suite], Tracked], reason: str
) -> None:
    suite.record("one", ask("a"), ask("b"))
    suite.play("one", 1)
    last = examine(suite, happen(suite)).recordings[-1]
    assert (last.status, last.reason) == (DriftStatus.UNSEEN, reason)


def test_a_file_that_has_changed_since_says_nothing(suite: Suite) -> None:
    suite.record("one", ask("a"))
    suite.play("one", 1, ask("b"))
    write_cassette(suite.root / suite.path("one"), ask("b"))
    (recording,) = examine(suite, suite.end()).recordings
    assert (recording.status, recording.reason) == (DriftStatus.UNSEEN, "the file has changed since")


def test_why_nothing_opened_a_file_is_told(suite: Suite) -> None:
    for name in ("skipped", "other", "run"):
        suite.record(name, ask("a"), is_run=False)
    suite.outcomes |= {suite.test("skipped"): "skipped", suite.test("run"): "passed"}
    report = examine(suite, suite.end())
    assert [(each.status, each.reason) for each in report.recordings] == [
        (DriftStatus.UNOPENED, "test not run"),
        (DriftStatus.UNOPENED, None),
        (DriftStatus.UNOPENED, "test skipped"),
    ]


def test_what_was_found_by_a_hash_has_not_drifted(suite: Suite) -> None:
    document = record({"__type__": "x", "__data__": {}})
    path = write(suite.root / "tests/recordings/a.json", json.dumps(document, indent=2))
    recording = read(document)
    sent = replace(send({**recording.asked, "extra": 1}), url=recording.url)
    suite.play("one", path="tests/recordings/a.json", result="different", sent=sent)
    loaded = {"tests/recordings/a.json": sha256(path.read_bytes()).hexdigest()}
    (told,) = examine(suite, suite.end(loaded=loaded, recorders=frozenset({"ogx"}))).recordings
    assert (told.status, next(change.label for change in told.changes)) == (DriftStatus.NOISE, "extra")


# --- what was missed ----------------------------------------------------------------------------------------


def test_a_miss_names_the_nearest_recording_and_what_differs(suite: Suite) -> None:
    suite.record("one", ask("How is Rome?"), ask("How is Paris?"))
    suite.miss("one", ask("How is Paris?", model="gpt-5"))
    suite.miss("one", ask("How is Paris?", model="gpt-5"), times=2)
    (miss,) = examine(suite, suite.end()).missed
    assert (miss.times, str(miss.nearest)) == (3, f"{suite.path('one')}#2")
    assert miss.reason == "nothing in its cassette matches it"
    assert [find_topic(change).spell() for change in miss.drift] == ["the model changed"]


def test_the_nearest_may_lie_elsewhere(suite: Suite) -> None:
    suite.record("one", ask("How is Rome?"))
    suite.record("two", ask("How is Paris?"))
    suite.miss("two", ask("How is Rome?"), cassette=None, recorder="ogx", reason=None)
    suite.miss("three", ask("How is Rome?"), cassette=suite.path("three"), reason="cassette_not_found")
    suite.miss("four", None, sent=send(None, "https://example.org/other"), cassette=None)
    nearest = {
        miss.test_id: miss.nearest and miss.nearest.path for miss in examine(suite, suite.end()).missed
    }
    assert nearest == {
        suite.test("two"): suite.path("two"),
        suite.test("three"): suite.path("one"),
        suite.test("four"): None,
    }


def test_a_miss_of_what_is_found_by_a_hash_is_told_by_what_changed(suite: Suite) -> None:
    document = record({"__type__": "x", "__data__": {}})
    write(suite.root / "tests/recordings/a.json", json.dumps(document, indent=2))
    recording = read(document)
    sent = replace(send({**recording.asked, "temperature": 1}), url=recording.url)
    suite.miss("one", None, sent=sent, test_id=recording.test_id, cassette=None, recorder="ogx")
    (miss,) = examine(suite, suite.end()).missed
    assert [find_topic(change).spell() for change in miss.drift] == ["parameter temperature was added"]


def test_a_call_of_a_tool_is_near_to_one_of_that_tool(suite: Suite) -> None:
    for name, tool in (("a", "search"), ("b", "fetch")):
        request = {"test_id": None, "provider": "tavily", "tool_name": tool, "kwargs": {"query": "Rome"}}
        document = {"test_id": None, "request": request, "response": {"body": {}, "is_streaming": False}}
        write(suite.root / f"tests/recordings/{name}.json", json.dumps(document, indent=2))
    sent = SentRequest("POST", "tavily.fetch", (), {"query": "Oslo"})
    suite.miss("one", None, sent=sent, cassette=None, recorder="ogx")
    (miss,) = examine(suite, suite.end()).missed
    assert miss.nearest is not None
    assert miss.nearest.path == "tests/recordings/b.json"
    assert [(change.where, change.right) for change in miss.drift] == [("/request/kwargs/query", "Oslo")]


def test_noise_may_be_why_nothing_was_found(suite: Suite) -> None:
    suite.record("one", ask("How is it?", seed=1), ask("Who are you?", user="user-4f9a1c22b7de"))
    suite.miss("one", ask("How is it?", seed=2))
    suite.miss("one", ask("Who are you?", user="user-0b7d93e1aa54"))
    told = [
        [find_topic(change).spell() for change in miss.drift] for miss in examine(suite, suite.end()).missed
    ]
    assert told == [["parameter seed changed"], ["an id changed"]]


def test_a_request_that_is_kept_but_was_played_differs_in_nothing(suite: Suite) -> None:
    suite.record("one", ask("How is Rome?"))
    suite.play("one", 1)
    suite.miss("one", ask("How is Rome?"), reason="already_played")
    (miss,) = examine(suite, suite.end()).missed
    assert (miss.drift, miss.reason) == ((), "what matches it was played already, once each")


# --- what is asked about ------------------------------------------------------------------------------------


def test_paths_and_tests_keep_to_a_part(suite: Suite) -> None:
    for name in ("one", "two"):
        suite.record(name, ask(name))
        suite.play(name, 1, ask(name, model="gpt-5"))
        suite.miss(name, ask("else"))
    for report in (
        examine(suite, suite.end(), suite.path("two")),
        examine(suite, suite.end(), tests=("test_two",)),
    ):
        assert report.tests_to_record == (suite.test("two"),)
        assert [miss.test_id for miss in report.missed] == [suite.test("two")]
    assert examine(suite, suite.end(), "tests/cassettes").files_to_record == (
        suite.path("one"),
        suite.path("two"),
    )


def test_a_word_that_means_no_test_is_an_error(suite: Suite) -> None:
    suite.record("one", ask("one"))
    with pytest.raises(RecctlError, match="no recording is of test 'test_on'"):
        examine(suite, suite.end(), tests=("test_on",))


def test_a_run_in_which_nothing_was_heard_is_refused(suite: Suite) -> None:
    suite.record("one", ask("one"))
    with pytest.raises(RecctlError, match="no recorder was heard in this run"):
        examine(suite, suite.end(recorders=frozenset()))


def test_what_the_run_could_not_see_is_told(suite: Suite) -> None:
    suite.record("one", ask("one"))
    suite.play("one", 1)
    suite.play("one", 4)
    tracked = suite.end("it was interrupted", troubles=tuple(f"trouble {number}" for number in range(7)))
    assert examine(suite, tracked).remarks == (
        "the run is not complete, and no evidence against what was not played in it: it was interrupted",
        "1 play is of a recording that the file does not hold",
        *(f"not all of the run could be seen: trouble {number}" for number in range(3)),
        "and 4 more such troubles",
    )


def test_what_has_happened_since_the_run_is_told(suite: Suite) -> None:
    suite.record("one", ask("a"))
    suite.record("two", ask("b"))
    suite.play("one", 1)
    suite.play("two", 1)
    write_cassette(suite.root / suite.path("one"), ask("c"))
    write_cassette(suite.root / suite.path("three"), ask("d"))
    (suite.root / suite.path("two")).unlink()
    assert examine(suite, suite.end()).remarks == (
        "2 recordings were written after the run: track the tests again to judge them",
        "1 file that the run played from is gone",
    )


# --- the same change in many recordings ---------------------------------------------------------------------


def test_what_always_happens_together_is_one_group(suite: Suite) -> None:
    for number in range(3):
        body = ask(f"Question {number}")
        sent = deepcopy(body)
        sent["messages"][0]["content"] = "You are a helpful assistant. Answer in two sentences."
        sent["temperature"] = 0.5
        if number == 2:
            sent["model"] = "gpt-5"
        suite.record(str(number), body)
        suite.play(str(number), 1, sent)
    groups = examine(suite, suite.end()).groups
    assert [([topic.spell() for topic, _ in group.topics], len(group.cases)) for group in groups] == [
        (["the system prompt changed", "parameter temperature was added"], 3),
        (["the model changed"], 1),
    ]


def test_the_same_edit_of_different_prompts_is_one_change(suite: Suite) -> None:
    for number, city in enumerate(("Rome", "Paris", "Oslo")):
        prompt = f"You know all about {city}, and of every other town that anybody may ask you about."
        body = ask("Where is it?", messages=[{"role": "system", "content": prompt}])
        edited = prompt.replace("every other town", "no other town")
        suite.record(str(number), body)
        suite.play(str(number), 1, {**body, "messages": [{"role": "system", "content": edited}]})
    (group,) = examine(suite, suite.end()).groups
    assert ([topic.spell() for topic, _ in group.topics], len(group.cases)) == (
        ["the system prompt changed"],
        3,
    )


def test_requests_that_came_in_another_order_are_one_change(suite: Suite) -> None:
    suite.record("one", *map(ask, "abc"))
    suite.play("one", 1, ask("b"))
    suite.play("one", 2, ask("a"))
    suite.play("one", 3, ask("d"))
    order, other = examine(suite, suite.end()).groups
    assert ([topic.spell() for topic, _ in order.topics], len(order.cases)) == (
        ["the order of requests changed"],
        2,
    )
    assert [topic.spell() for topic, _ in other.topics] == ["a user message changed"]


def test_a_request_that_an_unplayed_recording_has_is_no_matter_of_order(suite: Suite) -> None:
    suite.record("one", *map(ask, "ab"))
    suite.play("one", 1, ask("b"))
    report = examine(suite, suite.end())
    assert [*statuses(report).values()] == ["drifted", "unplayed"]
    assert [topic.spell() for topic, _ in report.groups[0].topics] == ["a user message changed"]


def test_misses_are_apart_by_their_reasons(suite: Suite) -> None:
    suite.record("one", ask("one"))
    suite.miss("one", ask("one"), reason="already_played")
    suite.miss("two", ask("one"), reason="already_played")
    suite.miss("one", ask("one"), reason="no_match")
    groups = examine(suite, suite.end()).missed_groups
    assert [(group.remark, len(group.cases)) for group in groups] == [
        ("what matches it was played already, once each", 2),
        ("nothing in its cassette matches it", 1),
    ]
