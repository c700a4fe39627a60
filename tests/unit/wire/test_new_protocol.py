"""A protocol in one module: all that recctl says of a recording goes by the words of its `WIRE`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.amounts import Tokens
from recctl.checks.content import check_content
from recctl.checks.tools import check_tools
from recctl.diff.reply import compare_replies
from recctl.diff.sent import find_changes, find_kept
from recctl.drift.groups import find_topic
from recctl.naming.turns import read_question
from recctl.wire import read_exchange, read_model, recognition
from recctl.wire.attachments import Attachment
from recctl.wire.building.builder import ReplyBuilder
from recctl.wire.building.message import CallBuilder
from recctl.wire.building.sse import peek, read_events
from recctl.wire.completion import Request, RequestMessage, Speaker, Tool
from recctl.wire.protocol import Attachments, Ending, RequestForm, UsageKeys, Wire
from tests.unit.wire.streams import exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.recordings.recording import Recording
    from recctl.wire.completion import Completion

_PLACED = {"acme", "says", "why_stopped", "doing", "spent"}


def _assemble(items: list[Any], streamed: bool) -> Completion:
    builder = ReplyBuilder()
    for _, data, pointer in read_events(items, builder, streamed=streamed):
        choice = builder.choice(0)
        choice.role, choice.finish_reason = "oracle", data["why_stopped"]
        choice.say("content", data.get("says", ""))
        for number, deed in enumerate(data.get("doing", ())):
            call = CallBuilder(f"{pointer}/doing/{number}", number)
            call.id, call.name, call.type = deed["ticket"], deed["ability"], "deed"
            call.add_arguments(deed["with"])
            choice.add_call(call)
        builder.merge_usage(data.get("spent", {}))
        builder.extra.add_rest((), data, _PLACED)
    return builder.build("acme", streamed=streamed, chunks=len(items))


def _read_request(asked: dict[str, Any]) -> Request:
    return Request(
        model=asked["oracle"],
        messages=tuple(
            RequestMessage(line["who"], line["line"], tool_call_id=line.get("ticket"))
            for line in asked["dialogue"]
        ),
        tools=tuple(Tool(each["name"], parameters=each["shape"]) for each in asked.get("abilities", ())),
    )


ACME = Wire(
    "acme",
    lambda item: "acme" in peek(item).data,
    _assemble,
    _read_request,
    endings={"SATISFIED": Ending.WHOLE, "OUT_OF_ROOM": Ending.CUT_SHORT, "WOULD_NOT": Ending.REFUSED},
    noise={"trace_mark": "made up for each reply"},
    attachments=Attachments(keys=("exhibits",)),
    usage=UsageKeys(("tokens_in",), ("tokens_out",), total="tokens_all"),
    client_calls=frozenset({"deed"}),
    recognises_request=lambda path, _: path.endswith("/consult"),
    form=RequestForm(
        messages=("dialogue",),
        roles=("who",),
        contents=("line",),
        speakers={"asker": Speaker.USER, "oracle": Speaker.MODEL, "rule": Speaker.SYSTEM},
        tools=("abilities",),
        schemas=("shape",),
        call_ids=("ticket",),
        defaults={"mood": "calm"},
    ),
)

GATHERED = (
    recognition.gather_form,
    recognition.gather_noise,
    recognition.gather_usage,
    recognition.gather_endings,
)


@pytest.fixture(autouse=True)
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of Acme's among the protocols."""
    every = (*recognition.each_wire(), ACME)
    monkeypatch.setattr(recognition, "each_wire", lambda: iter(every))
    for gather in GATHERED:
        gather.cache_clear()
    yield
    for gather in GATHERED:
        gather.cache_clear()


RULE, QUESTION = {"who": "rule", "line": "Be brief."}, {"who": "asker", "line": "Where is the well?"}
DIG = {"name": "dig", "shape": {"type": "object", "properties": {"depth": {"type": "integer"}}}}
ASKED = {"oracle": "delphi", "dialogue": [RULE, QUESTION], "abilities": [DIG]}


def consult(asked: Any = None, **reply: Any) -> Recording:
    """A recording of what Acme was asked and has answered."""
    return exchange({"acme": 1, "why_stopped": "SATISFIED", **reply}, {**ASKED, **(asked or {})}, "/consult")


def check(recording: Recording) -> list[tuple[str, str]]:
    """What the rules find that look at what was said."""
    read = read_exchange(recording)
    findings = (*check_content(recording, read), *check_tools(recording, read))
    return [(finding.rule, finding.message) for finding in findings]


def test_how_a_reply_ends_is_known() -> None:
    assert check(consult()) == [
        ("empty-response", "the reply says nothing: no text, no refusal, no tool call")
    ]
    assert check(consult(why_stopped="WOULD_NOT")) == []
    assert check(consult(why_stopped="OUT_OF_ROOM")) == [
        ("empty-response", "the token limit ended the reply before it said anything")
    ]


def test_tokens_are_counted_and_have_to_add_up() -> None:
    spent = {"tokens_in": 3, "tokens_out": 2, "tokens_all": 5}
    assert read_exchange(consult(says="There.", spent=spent)).count_tokens() == Tokens(3, 2)
    assert check(consult(says="There.", spent=spent)) == []
    assert check(consult(says="There.", spent={**spent, "tokens_all": 9})) == [
        ("usage-mismatch", "3 in and 2 out tokens are not 9 in total")
    ]


def test_calls_are_held_against_the_tools_that_were_offered() -> None:
    calls = [{"ticket": "1", "ability": "dig", "with": {"depth": "deep"}}]
    calls.append({"ticket": "2", "ability": "fly", "with": {}})
    assert check(consult(says="There.", doing=calls)) == [
        ("tool-arguments-schema", '\'dig\': depth: "deep" is not of type "integer"'),
        ("unknown-tool", "'fly' is called, but not among the tools that were offered"),
    ]
    answered = {"dialogue": [QUESTION, {"who": "tool", "line": "3 m", "ticket": "9"}]}
    (found,) = check_tools(consult(answered, says="Ok"), read_exchange(consult(answered, says="Ok")))
    assert (found.rule, found.pointer) == ("dangling-tool-result", "/request/body/dialogue/1")


def test_what_belongs_to_the_answer_is_told_with_it() -> None:
    read = read_exchange(consult(says="There.", exhibits=[{"map": "north"}], trace_mark="a"))
    assert read.list_attachments(read.completion.choices[0]) == [Attachment("exhibits", [{"map": "north"}])]


def test_noise_is_told_from_what_was_said() -> None:
    left, right = (read_exchange(consult(says=says, trace_mark=says)) for says in ("Hi", "Ho"))
    assert [(change.kind, change.label) for change in compare_replies(left, right)] == [
        ("wording", "reply"),
        ("noise", "trace_mark"),
    ]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"mood": "calm"}, [("noise", "parameter mood was added")]),
        ({"mood": "angry"}, [("request", "parameter mood was added")]),
        ({"dialogue": [{**RULE, "line": "Go on."}, QUESTION]}, [("request", "the system prompt changed")]),
        ({"dialogue": [{**RULE, "who": "asker"}, QUESTION]}, [("request", "who of a user message changed")]),
        ({"abilities": [{**DIG, "name": "delve"}]}, [("request", "tool dig was renamed to delve")]),
    ],
)
def test_what_is_sent_is_held_against_what_is_kept(sent: Any, found: Any) -> None:
    recording = consult(says="There.")
    kept = find_kept(recording)
    changes = find_changes(recording, kept, replace(kept, body={**ASKED, **sent}))
    assert [(change.kind, find_topic(change).spell()) for change in changes] == found


def test_what_is_asked_is_told_from_instructions_and_results() -> None:
    recording = consult({"dialogue": [RULE, QUESTION, {"who": "tool", "line": "3 m", "ticket": "9"}]})
    question = read_question(recording)
    assert question.roles == ("rule", "asker", "tool")
    assert question.asked == [["Where is the well?"]]
    assert question.instructed == [["Be brief."]]
    assert question.answered == [["3 m"]]
    assert read_model(exchange({"acme": 1, "why_stopped": "SATISFIED"}, ASKED, "/consult")) == "delphi"


def test_a_request_that_failed_is_read_all_the_same() -> None:
    read = read_exchange(exchange({"error": {"message": "busy"}}, ASKED, "/consult"))
    assert [message.speaker for message in read.request.messages] == [Speaker.SYSTEM, Speaker.USER]


def test_a_question_without_an_answer_has_not_been_noted() -> None:
    recording = exchange("", ASKED, "/consult")
    recording.response["status"] = 200
    assert read_exchange(recording).wire.name == "unknown"
