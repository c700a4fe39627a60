"""The *tools* family: arguments against schemas of all kinds, and where a finding points."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.base.limited import LimitedProcess
from recctl.checks import tool_schemas
from recctl.checks.finding import Severity
from recctl.checks.tools import check_tools
from recctl.wire import read_exchange
from tests.builders import chunk, delta
from tests.unit.wire.streams import exchange, send

if TYPE_CHECKING:
    from recctl.checks.finding import Finding
    from recctl.recordings.recording import Recording


def check(recording: Recording) -> list[Finding]:
    return list(check_tools(recording, read_exchange(recording)))


def call(name: str, arguments: str, call_id: str = "call_1") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def offer(schema: Any) -> dict[str, Any]:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": schema}}
    return {"model": "small", "messages": [], "tools": [tool]}


def reply(*calls: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return {"__type__": "x.ChatCompletion", "__data__": {"id": "rec-1", "choices": [choice]}}


def judge(schema: Any, arguments: str = '{"a": 1}') -> list[str]:
    """What is found where a tool with this schema for its arguments is called with these."""
    return [finding.message for finding in check(exchange(reply(call("look_up", arguments)), offer(schema)))]


def of_a(schema: Any, **around: Any) -> dict[str, Any]:
    """The schema of an object whose `a` is to be like this."""
    return {"type": "object", "properties": {"a": schema}, **around}


# Schemas


@pytest.mark.parametrize(
    "schema",
    [
        of_a({"$ref": "#/$defs/b"}, **{"$defs": {"b": {"type": "integer"}}}),
        of_a({"$ref": "#/definitions/b"}, definitions={"b": {"type": "integer"}}),
        of_a({"$ref": "b.json"}, **{"$id": "https://x.test/a.json", "$defs": {"b": {"$id": "b.json"}}}),
        of_a({"$ref": "#"}, **{"$defs": {}}) | {"type": ["object", "integer"]},
        of_a({"minimum": 0, "exclusiveMinimum": True}),
        of_a(
            {"minimum": 0, "exclusiveMinimum": True}, **{"$schema": "http://json-schema.org/draft-04/schema#"}
        ),
        of_a({"type": "integer"}, **{"$schema": "http://json-schema.org/draft-07/schema#"}),
        True,
        {},
        None,
    ],
)
def test_schemas_of_every_draft_are_read(schema: Any) -> None:
    assert judge(schema) == []


@pytest.mark.parametrize("dialect", [{}, {"$schema": "http://json-schema.org/draft-07/schema#"}])
def test_formats_only_tell_what_is_meant(dialect: dict[str, str]) -> None:
    assert judge(of_a({"type": "string", "format": "date-time"}, **dialect), '{"a": "today"}') == []


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "string"}]},
        {"allOf": [{"type": "string"}]},
        {"$ref": "#/$defs/b"},
        {"enum": ["x"]},
        {"const": "x"},
        {"type": "string", "anyOf": [{"minLength": 1}, {"type": "string"}]},
        {"type": ["string", "number"]},
        {"type": ["string", "null"], "enum": ["x", None]},
        {"anyOf": [{"type": "string"}], "allOf": [{"type": "string"}]},
    ],
)
def test_null_is_let_be_where_it_may_be(schema: dict[str, Any]) -> None:
    nullable = of_a({**schema, "nullable": True}, **{"$defs": {"b": {"type": "string"}}})
    assert judge(nullable, '{"a": null}') == []
    assert judge(nullable, '{"a": "x"}') == []
    assert len(judge(nullable, '{"a": {}}')) == 1


def test_references_lead_where_they_did_beside_null() -> None:
    pair = {"anyOf": [{"type": "integer"}, {"type": "string"}], "nullable": True}
    schema = {"properties": {"a": pair, "b": {"$ref": "#/properties/a/anyOf/1"}}}
    assert judge(schema, '{"a": null, "b": "x"}') == []
    assert judge(schema, '{"b": 1}') == ["""'look_up': b: 1 is not of type "string\""""]


def test_items_may_be_a_list_as_they_were_until_2019() -> None:
    schema = of_a({"type": "array", "items": [{"type": "integer"}]})
    assert judge(schema, '{"a": [1]}') == []
    assert judge(schema, '{"a": ["x"]}') == ["""'look_up': a/0: "x" is not of type "integer\""""]


@pytest.mark.parametrize(
    "schema",
    [
        of_a({"type": "any"}, **{"$schema": "http://json-schema.org/draft-03/schema#"}),
        of_a({"type": "text"}, **{"$schema": "https://x.test/dialect"}),
        of_a({"pattern": r"^\d+\Z"}),
        of_a({"pattern": "^.{1,65535}$"}),
        of_a({"type": "integer", "pattern": r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$"}),
        of_a({"type": "integer", "pattern": "^[^]+$"}),
        of_a({"type": "integer", "pattern": r"(?<=a*)[a-\d](?<year>\d{4})\k<year>"}),
        of_a({"$ref": "https://x.test/y.json"}),
        of_a({"$ref": "file:///etc/passwd"}),
        of_a({"$ref": "y.json"}),
        of_a({"type": "integer", "description": "\ud83d"}),
        of_a({"enum": ["\ud83d"]}),
        of_a({"type": "integer"}, required=["\ud83d"]),
        {"properties": {"\ud83d": {}, "a": {"type": "integer"}}},
    ],
)
def test_what_only_others_can_judge_is_let_be(schema: Any) -> None:
    assert judge(schema, '{"a": "x"}') == []


@pytest.mark.parametrize("pattern", ["^[^[]{,3}$", "[[]{,3}$", "[]", "x[]", "^[^]+$", "[^[]]{,3}"])
def test_a_set_may_be_empty_and_hold_brackets(pattern: str) -> None:
    assert judge(of_a({"type": "integer", "pattern": pattern})) == []


@pytest.mark.parametrize("pattern", ["^(?!x)", r"^(a)\1$", "^(?=(a+)+$)", r"^\p{L}+$", "^(a+)+$"])
def test_patterns_may_look_around(pattern: str) -> None:
    assert judge(of_a({"pattern": pattern}), '{"a": "aa"}') == []


def test_patterns_cannot_run_away() -> None:
    arguments = json.dumps({"a": "a" * 5000 + "b"})
    assert len(judge(of_a({"pattern": "^(a+)+$"}), arguments)) == 1
    assert judge(of_a({"pattern": r"^((a|aa)+)\2+\1c"}), arguments) == []  # given up


TOO_COSTLY = (
    "'look_up': whether the arguments fit was not found out: by the tool's own schema, that takes too long"
)


def refer(length: int) -> dict[str, Any]:
    """A schema with a chain of references, each of which stands twice."""
    chain = {f"s{n}": {"anyOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(length)}
    return {"$ref": "#/$defs/s0", "$defs": {**chain, f"s{length}": {"type": "string"}}}


def test_references_to_references_cannot_run_away() -> None:
    (problem,) = judge(refer(3), "{}")
    assert problem.startswith("'look_up': {} is not valid under any")
    assert judge(refer(60), "{}") == [TOO_COSTLY]


def nest(depth: int) -> str:
    return '{"a": ' * depth + "1" + "}" * depth


def branch(**reference: str) -> list[Any]:
    """Two ways of which neither is right, each of which leads on through `a`."""
    return [{"properties": {"a": reference}, "required": [key]} for key in "zy"]


def through_anchors(length: int) -> dict[str, Any]:
    chain = {
        f"s{n}": {"$anchor": f"s{n}", "anyOf": [{"$ref": f"#s{n + 1}"}, {"$ref": f"#s{n + 1}"}]}
        for n in range(length)
    }
    return {"$ref": "#s0", "$defs": {**chain, "end": {"$anchor": f"s{length}", "type": "string"}}}


def through_ids(length: int) -> dict[str, Any]:
    chain = {
        f"s{n}": {"$id": f"http://x.test/s{n}", "anyOf": [{"$ref": f"s{n + 1}"}] * 2} for n in range(length)
    }
    end = {"$id": f"http://x.test/s{length}", "type": "string"}
    return {"$id": "http://x.test/", "$ref": "s0", "$defs": {**chain, "end": end}}


def through_lists(length: int) -> dict[str, Any]:
    links: list[Any] = [{"anyOf": [{"$ref": f"#/$defs/a/{n + 1}"}] * 2} for n in range(length)]
    return {"$ref": "#/$defs/a/0", "$defs": {"a": [*links, {"type": "string"}]}}


def through_escapes(length: int) -> dict[str, Any]:
    chain = {f"s {n}": {"anyOf": [{"$ref": f"#/$defs/s%20{n + 1}"}] * 2} for n in range(length)}
    return {"$ref": "#/$defs/s%200", "$defs": {**chain, f"s {length}": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"anyOf": branch(**{"$ref": "#"})}, nest(40)),
        ({"$dynamicAnchor": "m", "anyOf": branch(**{"$dynamicRef": "#m"})}, nest(40)),
        ({"$id": "http://x.test/", "anyOf": branch(**{"$ref": "http://x.test/"})}, nest(40)),
        (
            {
                "$schema": "https://json-schema.org/draft/2019-09/schema",
                "$recursiveAnchor": True,
                "anyOf": branch(**{"$recursiveRef": "#"}),
            },
            nest(40),
        ),
        (through_anchors(60), "{}"),
        (through_ids(60), "{}"),
        (through_lists(60), "{}"),
        (through_escapes(60), "{}"),
        (
            {"properties": {"a": {"uniqueItems": True}}},
            json.dumps({"a": [10**30 + n for n in range(20_000)]}),
        ),
        (
            {"patternProperties": {f"[ab]+{n}$": {} for n in range(2000)}},
            json.dumps({f"{'ab' * 50} {n}": 1 for n in range(4000)}),
        ),
    ],
    ids=["self", "dynamic", "id", "recursive", "anchors", "ids", "lists", "escapes", "unique", "patterns"],
)
def test_what_takes_too_long_to_judge_gets_a_note(
    schema: Any, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool_schemas, "_MOST_SECONDS", 0.2)
    (finding,) = check(exchange(reply(call("look_up", arguments)), offer(schema)))
    assert (finding.rule, finding.severity) == ("tool-arguments-schema", Severity.NOTE)
    assert finding.message == TOO_COSTLY
    assert finding.pointer == "/request/body/tools/0/function/parameters"


def test_what_cost_too_much_once_is_not_tried_again_for_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def never_end(_: LimitedProcess, seconds: float, *__: Any) -> Any:
        asked.append(seconds)
        raise TimeoutError

    monkeypatch.setattr(LimitedProcess, "call", never_end)
    calls = [call("look_up", "{}", f"call_{number}") for number in range(50)]
    findings = check(exchange(reply(*calls), offer(refer(60))))
    assert [finding.message for finding in findings] == [TOO_COSTLY]
    assert len(asked) == 1


def test_many_calls_share_the_effort_of_their_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    effort, schema = tool_schemas.Effort(), of_a({"type": "integer"})
    here = effort.steps
    assert tool_schemas.find_misfit(schema, {"a": 1}, 8, effort) is None
    spent = here - effort.steps
    assert 0 < spent < 2000
    effort.steps = spent - 1
    asked: list[Any] = []

    def give(_: LimitedProcess, seconds: float, *__: Any) -> Any:
        asked.append(seconds)
        return None, 0.25

    monkeypatch.setattr(LimitedProcess, "call", give)
    assert tool_schemas.find_misfit(schema, {"a": 1}, 8, effort) is None
    assert len(asked) == 1
    assert 0.5 < effort.seconds <= 0.75


@pytest.mark.parametrize(
    "schema",
    [
        {
            "anyOf": [{"$ref": "#/$defs/b"}, {"type": "null"}],
            "$defs": {"b": {"type": "string", "pattern": "^a+$"}},
        },
        of_a({"type": "array", "uniqueItems": True, "items": {"enum": ["x", "y"]}}),
        {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
    ],
)
def test_schemas_as_programs_write_them_need_no_other_process(
    schema: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(LimitedProcess, "call")
    judge(schema, '{"a": null}')


def test_schemas_may_refer_to_themselves() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#/properties/left"}}}
    assert judge(tree, '{"left": {"right": {}}}') == []
    assert len(judge(tree, '{"left": {"right": 7}}')) == 1


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (of_a({"type": "str"}), 'properties/a/type: "str" is no type'),
        (of_a({"pattern": "("}), 'properties/a/pattern: "(" is not a "regex"'),
        (of_a({"pattern": "[a--b]"}), 'properties/a/pattern: "[a--b]" is not a "regex"'),
        (of_a({"pattern": "[^]("}), 'properties/a/pattern: "[^](" is not a "regex"'),
        (of_a({"$ref": "#/$defs/none"}), "Pointer '/$defs/none' does not exist"),
    ],
)
def test_a_broken_schema_is_the_schemas_fault(schema: Any, problem: str) -> None:
    recording = exchange(reply(call("look_up", "{}"), call("look_up", "{}", "call_2")), offer(schema))
    (finding,) = check(recording)
    assert finding.message == f"'look_up': the tool's own schema is broken: {problem}"
    assert finding.pointer == "/request/body/tools/0/function/parameters"


GEMINI = {
    "type": "OBJECT",
    "properties": {
        "a": {"type": "STRING", "nullable": True, "enum": ["x", "y"]},
        "type": {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "1"},
        "any": {"type": "TYPE_UNSPECIFIED"},
    },
    "required": ["a"],
}


@pytest.mark.parametrize(
    "arguments",
    ['{"a": "x"}', '{"a": null}', '{"a": "y", "type": [1.5], "any": {}}'],
)
def test_schemas_may_be_those_of_openapi(arguments: str) -> None:
    assert judge(GEMINI, arguments) == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("{}", '"a" is a required property'),
        ('{"a": "z"}', 'a: "z" is not one of "x", "y" or null'),
        ('{"a": "x", "type": []}', "type: [] has less than 1 item"),
        ('{"a": "x", "type": ["x"]}', 'type/0: "x" is not of type "number"'),
    ],
)
def test_schemas_of_openapi_hold_too(arguments: str, problem: str) -> None:
    assert judge(GEMINI, arguments) == [f"'look_up': {problem}"]


# Arguments


@pytest.mark.parametrize(
    "arguments", ['{"a": NaN}', '{"a": 1e999}', '{"a": 1', '{"a": "line\nbreak"}', "{} {}"]
)
def test_arguments_that_are_not_json(arguments: str) -> None:
    assert judge(of_a({"type": "number"}), arguments) == ["the arguments for 'look_up' are not JSON"]


@pytest.mark.parametrize("reason", ["length", "max_tokens", "max_output_tokens", "MAX_TOKENS"])
def test_what_the_token_limit_cut_is_a_warning_and_what_stands_before_it_is_none(reason: str) -> None:
    body = reply(call("look_up", '{"a": '), call("look_up", '{"a": ', "call_2"))
    body["__data__"]["choices"][0]["finish_reason"] = reason
    first, last = check(exchange(body, offer({})))
    assert (first.severity, first.message) == (Severity.ERROR, "the arguments for 'look_up' are not JSON")
    assert (last.severity, last.message) == (
        Severity.WARNING,
        "the arguments for 'look_up' are not JSON: the token limit cut them off",
    )


def test_arguments_too_deep_to_be_read_are_let_be() -> None:
    assert judge(of_a({}), '{"a": ' + "[" * 5000 + "]" * 5000 + "}") == []


# Places


def test_each_call_has_its_own_place() -> None:
    calls = [call("look_up", "{"), call("look_for", "{}", "call_2"), call("look_up", "7", "call_3")]
    findings = check(exchange(reply(*calls), offer({"type": "object"})))
    place = "/response/body/__data__/choices/0/message/tool_calls"
    assert [(finding.rule, finding.pointer) for finding in findings] == [
        ("tool-arguments-json", f"{place}/0/function/arguments"),
        ("unknown-tool", f"{place}/1/function/name"),
        ("tool-arguments-schema", f"{place}/2/function/arguments"),
    ]


def test_a_call_in_chunks_is_found_where_it_begins() -> None:
    pieces = [{"index": 0, **call("look_up", "")}, {"index": 0, "function": {"arguments": "["}}]
    chunks = [chunk(delta(tool_calls=[piece])) for piece in pieces] + [
        chunk(delta(finish_reason="tool_calls"))
    ]
    (finding,) = check(exchange(chunks, offer({})))
    assert finding.pointer == "/response/body/0/__data__/choices/0/delta/tool_calls/0"


def test_a_call_in_events_is_found_in_its_line() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "look_for", "input": {}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"type": "message", "role": "assistant", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]
    tools = [{"name": "look_up", "input_schema": {"type": "object"}}]
    (finding,) = check(exchange(send(*events), {"messages": [], "tools": tools}))
    assert (finding.rule, finding.pointer) == ("unknown-tool", "/response/body/4")


def test_calls_without_ids_are_counted() -> None:
    parts = [
        {"functionCall": {"name": name, "args": {"a": 1}}} for name in ("look_up", "look_for", "look_for")
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    asked = {"contents": [], "tools": [{"functionDeclarations": [{"name": "look_up"}]}]}
    found = check(exchange({"candidates": [candidate]}, asked))
    place = "/response/body/candidates/0/content/parts"
    assert [finding.pointer for finding in found] == [f"{place}/{n}/functionCall/name" for n in (1, 2)]


# Other requests


RESPONSE = {
    "object": "response",
    "status": "completed",
    "output": [{"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": '{"a": 1}'}],
}
RESULT = {"type": "function_call_output", "call_id": "call_0", "output": "7"}


def test_a_result_without_its_call_is_found_in_the_request() -> None:
    (finding,) = check(exchange(RESPONSE, {"input": ["Hello", RESULT]}))
    assert (finding.rule, finding.pointer) == ("dangling-tool-result", "/request/body/input/1")


@pytest.mark.parametrize(
    "asked",
    [
        {"previous_response_id": "resp_0", "input": [RESULT]},
        {"conversation": {"id": "conv_0"}, "input": [RESULT]},
        {"input": [{"type": "item_reference", "id": "fc_0"}, RESULT]},
    ],
)
def test_a_result_may_answer_a_call_that_the_provider_remembers(asked: dict[str, Any]) -> None:
    assert check(exchange(RESPONSE, asked)) == []


@pytest.mark.parametrize("kind", ["computer", "local_shell", "shell", "apply_patch"])
def test_a_result_may_answer_a_call_of_no_named_tool(kind: str) -> None:
    call = {"type": f"{kind}_call", "id": "x_1", "call_id": "call_0", "status": "completed"}
    result = {"type": f"{kind}_call_output", "call_id": "call_0", "output": "7"}
    assert check(exchange(RESPONSE, {"input": ["Hello", call, result]})) == []
    assert len(check(exchange(RESPONSE, {"input": ["Hello", {**call, "call_id": "call_9"}, result]}))) == 1


def test_a_client_may_search_for_tools_and_offer_what_it_finds() -> None:
    tool = {"type": "function", "name": "look_up", "parameters": of_a({"type": "string"})}
    asked = {
        "input": [
            {"type": "tool_search_call", "call_id": "call_0", "execution": "client", "arguments": {}},
            {"type": "tool_search_output", "call_id": "call_0", "tools": [tool]},
        ],
        "tools": [{"type": "tool_search"}, {"type": "function", "name": "look_for"}],
    }
    (finding,) = check(exchange(RESPONSE, asked))
    assert finding.message == """'look_up': a: 1 is not of type "string\""""


def test_tools_may_be_offered_in_a_namespace() -> None:
    tool = {"type": "function", "name": "look_up", "parameters": of_a({"type": "string"})}
    asked = {"input": "Hello", "tools": [{"type": "namespace", "name": "books", "tools": [tool, 7]}]}
    (finding,) = check(exchange(RESPONSE, asked))
    assert finding.message == """'look_up': a: 1 is not of type "string\""""


def test_lists_of_tools_that_are_none_are_let_be() -> None:
    asked = {"messages": [], "tools": "look_up"}
    assert check(exchange(reply(call("look_up", "{}")), asked)) == []


def test_a_tool_that_the_input_adds_is_offered() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look_up", "arguments": "{}"}
    body = {"id": "resp_1", "object": "response", "status": "completed", "output": [call]}
    tools = [{"type": "function", "name": "look_up", "parameters": {"type": "object"}}]
    load = {"type": "function", "name": "load", "parameters": {"type": "object"}}
    added = {"type": "additional_tools", "role": "developer", "tools": tools}
    assert check(exchange(body, {"input": [added], "tools": [load]})) == []
    assert [finding.rule for finding in check(exchange(body, {"tools": [load]}))] == ["unknown-tool"]


def test_types_may_be_numbers() -> None:  # Google's, with enum-encoding=int
    schema = {
        "type": 6,
        "properties": {"a": {"type": 3}, "b": {"type": 5, "items": {"type": 1}}, "type": {"type": 0}},
    }
    assert judge(schema, '{"a": 1, "b": ["x"], "type": null}') == []
    (message,) = judge(schema, '{"a": "x"}')
    assert message.endswith('is not of type "integer"')
    (message,) = judge({"type": 8})
    assert "broken" in message


def test_a_schema_may_be_text() -> None:  # dumps of xAI's gRPC
    assert judge(json.dumps(of_a({"type": "integer"}))) == []
    assert judge(json.dumps(of_a({"type": "string"}))) != []
    assert judge("none") == []


@pytest.mark.parametrize("native", ["length", "max_output_tokens", "MAX_TOKENS"])
def test_a_router_may_call_a_cut_a_tool_call(native: str) -> None:  # OpenRouter
    body = reply(call("look_up", '{"a": '))
    body["__data__"]["choices"][0]["native_finish_reason"] = native
    (finding,) = check(exchange(body, offer(of_a({}))))
    assert (finding.rule, finding.severity) == ("tool-arguments-json", Severity.WARNING)


def test_a_reply_of_nothing_but_odd_calls_is_walked_through_for_the_first_of_them() -> None:
    calls = [call(f"look_for_{number}", "{}", f"call_{number}") for number in range(60)]
    pointers = [finding.pointer for finding in check(exchange(reply(*calls), offer({})))]
    place = "/response/body/__data__/choices/0/message/tool_calls"
    assert pointers == [f"{place}/{number}/function/name" for number in range(50)] + ["/response/body"] * 10


def test_a_long_text_among_the_arguments_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(LimitedProcess, "call")
    fields = {f"field_{number}": {"type": "string", "description": "x" * 80} for number in range(30)}
    schema = {"type": "object", "properties": fields, "required": [*fields][:1]}
    assert judge(schema, json.dumps({"field_0": "line of a program\n" * 500})) == []
