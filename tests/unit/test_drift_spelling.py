"""The same request written in two ways is noise; what only looks so has drifted."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from recctl.diff.sent import find_changes, find_kept
from recctl.drift.groups import find_topic
from tests.cli.test_drift_mutations import alter, list_exchanges, list_places
from tests.unit.wire.streams import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

CHAT, RESPONSES, ANTHROPIC = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GEMINI, CONVERSE = "/v1beta/models/gemini-2.5-pro:generateContent", "/model/nova/converse"
TEXT = "/v1/completions"


def find_drift(path: str, kept: Any, sent: Any) -> list[tuple[str, Any, Any]]:
    """What is told of a request; noise has to be told as such, too, unless nothing at all differs."""
    recording = exchange({}, deepcopy(kept), path)
    asked = find_kept(recording)
    changes = find_changes(recording, asked, replace(asked, body=deepcopy(sent)))
    assert changes or kept == sent or isinstance(kept, str)
    return [(change.label, change.left, change.right) for change in changes if change.kind != "noise"]


def chat(*messages: Any, **more: Any) -> Any:
    return {"model": "gpt-4o", "messages": [*messages], **more}


def say(content: Any, role: str = "user", **more: Any) -> Any:
    return {"role": role, "content": content, **more}


def offer(schema: Any, **more: Any) -> Any:
    tool = {"name": "look_up", "parameters": schema} if schema is not None else {"name": "look_up"}
    return chat(say("Hi"), tools=[{"type": "function", "function": {**tool, **more}}])


def schema(city: Any = None, **more: Any) -> Any:
    return {"type": "object", "properties": {"home_city": city or {"type": "string"}}, **more}


def ask_gemini(*parts: Any, **more: Any) -> Any:
    return {"contents": [{"role": "user", "parts": [*parts]}], **more}


def call(arguments: Any, **more: Any) -> Any:
    function = {"name": "look_up", "arguments": arguments}
    return {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        **more,
    }


def use(arguments: Any) -> Any:
    return say([{"type": "tool_use", "id": "t1", "name": "look_up", "input": arguments}], "assistant")


PLACE = {"type": "object", "properties": {"town": {"type": "string"}}, "title": "Place"}
OPENED = {"type": "object", "properties": {"home": PLACE}}
REFERRED = {"type": "object", "properties": {"home": {"$ref": "#/$defs/Place"}}, "$defs": {"Place": PLACE}}
RENAMED = {
    "type": "object",
    "properties": {"home": {"allOf": [{"$ref": "#/definitions/P"}]}},
    "definitions": {"P": PLACE},
}
EXAMPLE = {
    "type": "object",
    "properties": {"example": {"$ref": "#/$defs/Place"}},
    "$defs": {"Place": PLACE},
}
TREE = {"type": "object", "properties": {"inner": {"$ref": "#/$defs/Tree"}}}
RECURSIVE = {"$ref": "#/$defs/Tree", "$defs": {"Tree": TREE}}
DECLARED = {"name": "look_up", "parameters": {"type": "object", "properties": {"top_k": {"type": "integer"}}}}
SPELLED = {"name": "look_up", "parameters": {"type": "OBJECT", "properties": {"top_k": {"type": "INTEGER"}}}}

SAME: dict[str, tuple[str, Any, Any]] = {
    # what is said
    "a text alone, or as the only part": (CHAT, chat(say("Hi")), chat(say([{"type": "text", "text": "Hi"}]))),
    "a question alone, or as a message": (
        RESPONSES,
        {"input": "Hi"},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}], "type": "message"}]},
    ),
    "instructions alone, or as the only part": (
        ANTHROPIC,
        {"messages": [say("Hi")], "system": "Be brief."},
        {"messages": [say("Hi")], "system": [{"type": "text", "text": "Be brief."}]},
    ),
    "white space around a question": (CHAT, chat(say("Hi\r\nYou\n\n")), chat(say("Hi\nYou"))),
    "white space around the system prompt": (
        ANTHROPIC,
        {"messages": [say("Hi")], "system": "Be brief.\n\n"},
        {"messages": [say("Hi")], "system": "Be brief."},
    ),
    "a message in which a model says nothing": (
        RESPONSES,
        {"input": [say("Hi"), say("", "assistant"), say("You")]},
        {"input": [say("Hi"), say("You")]},
    ),
    "nothing said beside a call": (CHAT, chat(call("{}", content="")), chat(call("{}"))),
    "no text beside a call, or null": (CHAT, chat(call("{}", content="")), chat(call("{}", content=None))),
    "how arguments are written": (CHAT, chat(call('{"a":1,"b":2}')), chat(call('{"b": 2, "a": 1}'))),
    "how a result is written": (
        CHAT,
        chat(say('{"a": 1, "b": [2]}', "tool", tool_call_id="c1")),
        chat(say('{"b":[2],"a":1}', "tool", tool_call_id="c1")),
    ),
    # defaults
    "a stream that is not asked for": (CHAT, chat(say("Hi")), chat(say("Hi"), stream=False)),
    "that a model may choose its tools": (CHAT, offer(None), {**offer(None), "tool_choice": "auto"}),
    "that Claude may choose its tools": (
        ANTHROPIC,
        {"messages": [say("Hi")]},
        {"messages": [say("Hi")], "tool_choice": {"type": "auto"}},
    ),
    "that a model on Bedrock may choose its tools": (
        CONVERSE,
        {"messages": [], "toolConfig": {"tools": []}},
        {"messages": [], "toolConfig": {"tools": [], "toolChoice": {"auto": {}}}},
    ),
    "that a schema is no strict one": (CHAT, offer(schema()), offer(schema(), strict=False)),
    "the format of a text, beside its length": (
        RESPONSES,
        {"input": "Hi", "text": {"verbosity": "low", "format": {"type": "text"}}},
        {"input": "Hi", "text": {"verbosity": "low"}},
    ),
    "the status of what was said": (
        RESPONSES,
        {"input": [{"type": "message", **say("Hi", "assistant"), "status": "completed"}]},
        {"input": [say("Hi", "assistant")]},
    ),
    "what a library of Mistral's writes out": (
        CHAT,
        chat(call("{}")),
        chat({**call("{}"), "prefix": False}),
    ),
    # schemas
    "no parameters, or none in a schema": (CHAT, offer(None), offer({"type": "object", "properties": {}})),
    "titles made of names": (
        CHAT,
        offer(schema({"type": "string", "title": "Home City"}, title="look_upArguments")),
        offer(schema()),
    ),
    "how far a docstring is indented": (
        CHAT,
        offer(schema(), description="Looks it up.\n\n    Args:\n        city: Where?\n    "),
        offer(schema(), description="Looks it up.\n\nArgs:\n    city: Where?"),
    ),
    "the order of choices": (
        CHAT,
        offer(schema({"enum": ["a", "b"], "type": "string"})),
        offer(schema({"enum": ["b", "a"], "type": "string"})),
    ),
    "the order of kinds": (
        CHAT,
        offer(schema({"anyOf": [{"type": "string"}, {"type": "null"}]})),
        offer(schema({"anyOf": [{"type": "null"}, {"type": "string"}]})),
    ),
    "the order of what is required": (
        CHAT,
        offer(schema(required=["a", "b"])),
        offer(schema(required=["b", "a"])),
    ),
    "a constant, or the only choice": (
        CHAT,
        offer(schema({"const": "a"})),
        offer(schema({"enum": ["a"], "type": "string"})),
    ),
    "that more is allowed": (CHAT, offer(schema()), offer(schema(additionalProperties=True))),
    "a definition, or what it defines": (CHAT, offer(REFERRED), offer(OPENED)),
    "a definition under another name": (CHAT, offer(REFERRED), offer(RENAMED)),
    "which draft a schema is of": (
        CHAT,
        offer(schema()),
        offer(schema(**{"$schema": "http://json-schema.org/draft-07/schema#"})),
    ),
    # protocol buffers
    "how Gemini's keys and types are spelled": (
        GEMINI,
        ask_gemini({"text": "Hi"}, tools=[{"function_declarations": [DECLARED]}]),
        ask_gemini({"text": "Hi"}, tools=[{"functionDeclarations": [SPELLED]}]),
    ),
    "a list of one, or its only item": (
        GEMINI,
        ask_gemini({"text": "Hi"}, tools={"function_declarations": [DECLARED]}),
        ask_gemini({"text": "Hi"}, tools=[{"functionDeclarations": [DECLARED]}]),
    ),
    "how the system prompt's key is spelled": (
        GEMINI,
        ask_gemini(system_instruction={"role": "user", "parts": [{"text": "Be brief."}]}),
        ask_gemini(systemInstruction={"parts": [{"text": "Be brief."}]}),
    ),
    "which of two keys a schema stands under": (
        GEMINI,
        ask_gemini({"text": "Hi"}, tools=[{"functionDeclarations": [SPELLED]}]),
        ask_gemini(
            {"text": "Hi"},
            tools=[
                {
                    "functionDeclarations": [
                        {"name": "look_up", "parametersJsonSchema": DECLARED["parameters"]}
                    ]
                }
            ],
        ),
    ),
    "settings that set nothing": (
        GEMINI,
        ask_gemini({"text": "Hi"}),
        ask_gemini({"text": "Hi"}, generationConfig={"stop_sequences": []}),
    ),
    "which base64 a picture is in": (
        GEMINI,
        ask_gemini({"inline_data": {"mime_type": "image/png", "data": "-_8="}}),
        ask_gemini({"inlineData": {"mimeType": "image/png", "data": "+/8"}}),
    ),
    "ids of calls, which Gemini need not have": (
        GEMINI,
        ask_gemini({"functionCall": {"name": "look_up", "args": {}}}),
        ask_gemini({"functionCall": {"name": "look_up", "args": {}, "id": "c1"}}),
    ),
    # what was edited by hand
    "brackets that were lost at the end": (CHAT, json.dumps(chat(say("Hi [you")))[:-2], chat(say("Hi [you"))),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_in_other_words_is_noise(kind: str) -> None:
    path, kept, sent = SAME[kind]
    assert find_drift(path, kept, sent) == []
    if not isinstance(kept, str):
        assert find_drift(path, sent, kept) == []


OTHER: dict[str, tuple[str, Any, Any, list[str]]] = {
    "a word": (CHAT, chat(say("Hi")), chat(say([{"type": "text", "text": "Ho"}])), ["message 1 (user)"]),
    "another part": (
        CHAT,
        chat(say("Hi")),
        chat(say([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}])),
        ["message 1 (user)"],
    ),
    "white space inside": (CHAT, chat(say("a  b")), chat(say("a b")), ["message 1 (user)"]),
    "white space after what a model is to go on with": (
        CHAT,
        chat(say("I am ", "assistant")),
        chat(say("I am", "assistant")),
        ["message 1 (assistant)"],
    ),
    "white space after a prompt that is to be completed": (
        TEXT,
        {"prompt": "I am "},
        {"prompt": "I am"},
        ["prompt"],
    ),
    "a user's empty message": (CHAT, chat(say(""), say("Hi")), chat(say("Hi")), ["message 1 (user)"]),
    "an argument": (
        CHAT,
        chat(call('{"a": 1}')),
        chat(call('{"a": 2}')),
        ["message 1 (assistant): tool_calls.0.function.arguments"],
    ),
    "a stream that is asked for": (CHAT, chat(say("Hi")), chat(say("Hi"), stream=True), ["stream"]),
    "a stream that is no longer asked for": (
        CHAT,
        chat(say("Hi"), stream=True),
        chat(say("Hi"), stream=False),
        ["stream"],
    ),
    "a temperature": (CHAT, chat(say("Hi")), chat(say("Hi"), temperature=1), ["temperature"]),
    "a strict schema": (CHAT, offer(schema()), offer(schema(), strict=True), ["tool look_up: strict"]),
    "that a tool must be called": (
        CONVERSE,
        {"messages": [], "toolConfig": {"tools": []}},
        {"messages": [], "toolConfig": {"tools": [], "toolChoice": {"any": {}}}},
        ["toolChoice"],
    ),
    "a title that somebody wrote": (
        CHAT,
        offer(schema({"type": "string", "title": "Where you live"})),
        offer(schema()),
        ["tool look_up: parameters.properties.home_city.title"],
    ),
    "a title for another one": (
        CHAT,
        offer(schema(title="Town")),
        offer(schema(title="City")),
        ["tool look_up: parameters.title"],
    ),
    "the name of a tool, and nothing of how it is written": (
        CHAT,
        offer(schema({"type": "string", "title": "Home City"})),
        chat(
            say("Hi"),
            tools=[
                {"type": "function", "function": {"name": "find", "parameters": schema(), "strict": False}}
            ],
        ),
        ["tool look_up: name"],
    ),
    "another choice": (
        CHAT,
        offer(schema({"enum": ["a", "b"]})),
        offer(schema({"enum": ["a", "c"]})),
        ["tool look_up: parameters.properties.home_city.enum.1"],
    ),
    "that no more is allowed": (
        CHAT,
        offer(schema()),
        offer(schema(additionalProperties=False)),
        ["tool look_up: parameters.additionalProperties"],
    ),
    "a parameter that is required": (
        CHAT,
        offer(schema()),
        offer(schema(required=["home_city"])),
        ["tool look_up: parameters.required"],
    ),
    "what a definition defines": (
        CHAT,
        offer(REFERRED),
        offer(json.loads(json.dumps(REFERRED).replace('"string"', '"integer"'))),
        ["tool look_up: parameters.$defs.Place.properties.town.type"],
    ),
    "what a definition defines, for a parameter that is called as a schema's own key is": (
        CHAT,
        offer(EXAMPLE),
        offer(json.loads(json.dumps(EXAMPLE).replace('"string"', '"integer"'))),
        ["tool look_up: parameters.$defs.Place.properties.town.type"],
    ),
    "the order of a tuple's items": (
        CHAT,
        offer(schema({"type": "array", "items": [{"type": "string"}, {"type": "integer"}]})),
        offer(schema({"type": "array", "items": [{"type": "integer"}, {"type": "string"}]})),
        [f"tool look_up: parameters.properties.home_city.items.{number}.type" for number in (0, 1)],
    ),
    "1 for true": (
        CHAT,
        offer(schema({"enum": [1]})),
        offer(schema({"const": True})),
        [f"tool look_up: parameters.properties.home_city.{key}" for key in ("const", "enum")],
    ),
    "one of two choices that are equal in Python": (
        CHAT,
        offer(schema({"anyOf": [{"const": 1}, {"const": True}]})),
        offer(schema({"anyOf": [{"const": True}, {"const": True}]})),
        ["tool look_up: parameters.properties.home_city.anyOf.0.const"],
    ),
    "what allOf hides from additionalProperties": (
        CHAT,
        offer({"allOf": [schema()], "additionalProperties": False}),
        offer(schema(additionalProperties=False)),
        [f"tool look_up: parameters.{key}" for key in ("allOf", "properties", "type")],
    ),
    "the key of an argument": (
        ANTHROPIC,
        {"messages": [use({"format": "csv"})]},
        {"messages": [use({"schema": "csv"})]},
        [f"message 1 (assistant): content.0.input.{key}" for key in ("format", "schema")],
    ),
    "an argument that is empty": (
        ANTHROPIC,
        {"messages": [use({"path": "a", "content": ""})]},
        {"messages": [use({"path": "a"})]},
        ["message 1 (assistant): content.0.input.content"],
    ),
    "an argument that becomes a list": (
        GEMINI,
        ask_gemini({"functionCall": {"name": "look_up", "args": {"a": {"b": 1}}}}),
        ask_gemini({"functionCall": {"name": "look_up", "args": {"a": [{"b": 1}]}}}),
        ["message 1 (user): parts.0.functionCall.args.a"],
    ),
    "a result called data": (
        GEMINI,
        ask_gemini({"functionResponse": {"name": "look_up", "response": {"data": "a-b"}}}),
        ask_gemini({"functionResponse": {"name": "look_up", "response": {"data": "a+b"}}}),
        ["message 1 (user): parts.0.functionResponse.response.data"],
    ),
    "what refers to itself": (
        CHAT,
        offer(RECURSIVE),
        offer(json.loads(json.dumps(RECURSIVE).replace('"inner"', '"outer"'))),
        [
            "tool look_up: parameters.$defs.Tree.properties.inner",
            "tool look_up: parameters.$defs.Tree.properties.outer",
        ],
    ),
    "the name of a parameter, however it is spelled": (
        GEMINI,
        ask_gemini(tools=[{"functionDeclarations": [DECLARED]}]),
        ask_gemini(
            tools=[{"functionDeclarations": [json.loads(json.dumps(DECLARED).replace("top_k", "topK"))]}]
        ),
        ["tool look_up: parameters.properties.top_k", "tool look_up: parameters.properties.topK"],
    ),
    "what another protocol calls otherwise": (
        CHAT,
        chat(say("Hi"), top_k=1),
        chat(say("Hi"), topK=1),
        ["top_k", "topK"],
    ),
    "another picture": (
        GEMINI,
        ask_gemini({"inlineData": {"mimeType": "image/png", "data": "-_8="}}),
        ask_gemini({"inlineData": {"mimeType": "image/png", "data": "+/9="}}),
        ["message 1 (user): parts.0.inlineData.data"],
    ),
    "what was asked, in a body that was cut off": (
        CHAT,
        json.dumps(chat(say("Hi")))[:-8],
        chat(say("Hi")),
        ["body"],
    ),
}


@pytest.mark.parametrize("kind", OTHER)
def test_what_asks_another_thing_has_drifted(kind: str) -> None:
    path, kept, sent, labels = OTHER[kind]
    assert sorted(label for label, _, _ in find_drift(path, kept, sent)) == sorted(labels)


def test_a_schema_that_unfolds_without_end_is_left_as_it_is() -> None:
    deep = {
        f"D{n}": {"properties": {side: {"$ref": f"#/$defs/D{n + 1}"} for side in "ab"}} for n in range(40)
    }
    bomb = {"type": "object", "properties": {"a": {"$ref": "#/$defs/D0"}}, "$defs": deep}
    assert find_drift(CHAT, offer(bomb), offer({**bomb, "title": "D"})) == []
    changed = {**bomb, "minProperties": 1}
    assert [label for label, _, _ in find_drift(CHAT, offer(bomb), offer(changed))] == [
        "tool look_up: parameters.minProperties"
    ]


def test_what_nests_deeply_is_compared_all_the_same() -> None:
    deep: Any = {"type": "object"}
    for _ in range(100):
        deep = {"type": "object", "properties": {"inner": deep}}
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": deep}}]
    found = find_drift(CHAT, chat(say("Hi"), tools=tools), chat(say("Ho"), tools=tools, stream=True))
    assert [label for label, _, _ in found] == ["message 1 (user)", "stream"]
    changed = json.loads(json.dumps(tools).replace('"object"}', '"array"}'))
    assert find_drift(CHAT, chat(say("Hi"), tools=tools), chat(say("Hi"), tools=changed))


def test_many_changes_are_told_in_time() -> None:
    metadata = {f"key {number}": str(number) for number in range(5_000)}
    other = {key: f"{value}, {value}" for key, value in metadata.items()}
    assert len(find_drift(CHAT, chat(metadata=metadata), chat(metadata=other))) == 5_000


EACH_KIND = [
    each for name, of_test in list_exchanges().items() if name.endswith("weather-whole") for each in of_test
]
"""Of each of four protocols four requests: a question, a picture, calls and results, settings."""


def remove(body: Any, steps: tuple[str | int, ...]) -> Any:
    """A copy of a body without what stands somewhere."""
    copy = deepcopy(body)
    holder = reduce(lambda value, step: value[step], steps[:-1], copy)
    del holder[steps[-1]]
    return copy


def find_quiet(change: Callable[[Any, tuple[str | int, ...]], Any]) -> set[str]:
    """Where a change goes unnoticed, of all places in these requests."""
    return {
        ".".join("*" if isinstance(step, int) else step for step in steps)
        for each in EACH_KIND
        for steps in list_places(each.body)
        if not find_drift(urlsplit(each.url).path, each.body, change(each.body, steps))
    }


def test_no_place_of_a_request_can_be_altered_unnoticed() -> None:
    assert sum(1 for each in EACH_KIND for _ in list_places(each.body)) > 400
    assert find_quiet(lambda body, steps: alter(body, steps)[0]) == set()


def test_what_can_be_left_out_unnoticed_counts_anyway() -> None:
    assert find_quiet(remove) == {
        "stream",
        "tool_choice",
        "parallel_tool_calls",
        "contents.*.role",
        "tools.*.type",
        "messages.*.tool_calls.*.type",
        *(  # beside an `enum` of texts
            f"{schema}.properties.city.type"
            for schema in (
                "tools.*.function.parameters",
                "tools.*.parameters",
                "tools.*.input_schema",
                "tools.*.functionDeclarations.*.parameters",
                "response_format.json_schema.schema",
            )
        ),
    }


EDITS: dict[str, Callable[[Any], object]] = {
    "the system prompt changed": lambda body: body["messages"][0].update(content="You know nothing."),
    "a user message changed": lambda body: body["messages"][1].update(content="How is it?"),
    "an assistant message was removed": lambda body: body["messages"].pop(2),
    "a tool result was removed": lambda body: body["messages"].pop(3),
    "a user message was added": lambda body: body["messages"].insert(
        0, body["messages"].pop(1)
    ),  # and removed below
    "the model changed": lambda body: body.update(model="gpt-5"),
    "parameter temperature changed": lambda body: body.update(temperature=0.6),
    "tool look_up was renamed to search": lambda body: body["tools"][0]["function"].update(name="search"),
    "parameters.properties.city.description of tool look_up changed": lambda body: body["tools"][0][
        "function"
    ]["parameters"]["properties"]["city"].update(description="What?"),
    "parameters.properties.days.minimum of tool look_up changed": lambda body: body["tools"][0]["function"][
        "parameters"
    ]["properties"]["days"].update(minimum=2),
    "tool_calls.function.arguments of an assistant message changed": lambda body: body["messages"][2][
        "tool_calls"
    ][0]["function"].update(arguments='{"city": "Oslo"}'),
}


@pytest.mark.parametrize("told", EDITS)
def test_what_was_altered_is_named(told: str) -> None:
    kept = EACH_KIND[2].body
    sent = deepcopy(kept)
    EDITS[told](sent)
    recording = exchange({}, deepcopy(kept), CHAT)
    asked = find_kept(recording)
    changes = find_changes(recording, asked, replace(asked, body=sent))
    topics = [find_topic(change).spell() for change in changes if change.kind != "noise"]
    assert topics[:1] == [told]
