"""Mutation: what is kept of each request is altered in one place, and drift names every one, and the place.

The suite replays 128 exchanges: chat completions, responses, Anthropic's messages and Gemini's contents,
whole and streamed, with instructions, tools, what tools answered, pictures and settings.
"""

from __future__ import annotations

import json
import sys
from functools import reduce
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml

from recctl.base.pointer import escape_pointer
from tests.builders import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run

SUITE = """\
import json
import pathlib
import ssl
import urllib.request

import pytest

ASKED = json.loads((pathlib.Path(__file__).parent / "asked.json").read_text())
TLS = ssl.create_default_context()


@pytest.mark.vcr
@pytest.mark.parametrize("name", ASKED)
def test_asks(name):
    for url, body in ASKED[name]:
        headers = {"Content-Type": "application/json", "User-Agent": "tests/1.0"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, context=TLS) as reply:
            assert reply.read()
"""
RUN = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
TOPICS = ("weather", "trains", "music", "the news")
PARAMETERS = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Which city?", "enum": ["Rome", "Oslo"]},
        "days": {"type": "integer", "minimum": 1},
    },
    "required": ["city"],
}
LOOK_UP = {"name": "look_up", "description": "Looks something up."}
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"


# --- requests -----------------------------------------------------------------------------------------------


def ask_chat(topic: str, kind: int, *, stream: bool) -> tuple[str, Any]:
    call = {"name": "look_up", "arguments": json.dumps({"city": "Rome"})}
    turns: list[Any] = [
        {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": "call_1", "content": f"All is well with {topic}."},
    ]
    look = [
        {"type": "text", "text": f"What has this to do with {topic}?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}", "detail": "low"}},
    ]
    system = {"role": "system", "content": f"You know all of {topic}. Be brief."}
    body: dict[str, Any] = {
        "model": "gpt-4o",
        "messages": [system, {"role": "user", "content": look if kind == 1 else f"How is it with {topic}?"}],
        "stream": stream,
        "temperature": 0.5,
    }
    if kind > 1:
        body["messages"] += turns
        body["tools"] = [{"type": "function", "function": {**LOOK_UP, "parameters": PARAMETERS}}]
    if kind == 3:
        schema = {"name": "answer", "schema": {**PARAMETERS, "additionalProperties": False}, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return "https://api.openai.com/v1/chat/completions", body


def ask_responses(topic: str, kind: int, *, stream: bool) -> tuple[str, Any]:
    look = [
        {"type": "input_text", "text": f"What has this to do with {topic}?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}", "detail": "low"},
    ]
    body: dict[str, Any] = {
        "model": "gpt-4.1",
        "instructions": f"You know all of {topic}. Be brief.",
        "input": [{"role": "user", "content": look if kind == 1 else f"How is it with {topic}?"}],
        "stream": stream,
        "max_output_tokens": 200,
    }
    if kind > 1:
        called = {"type": "function_call", "name": "look_up", "arguments": '{"city": "Rome"}'}
        body["input"] += [
            {**called, "call_id": "call_1"},
            {"type": "function_call_output", "call_id": "call_1", "output": f"All is well with {topic}."},
        ]
        body["tools"] = [{"type": "function", **LOOK_UP, "parameters": PARAMETERS, "strict": False}]
    if kind == 3:
        body |= {"reasoning": {"effort": "low"}, "tool_choice": "auto", "parallel_tool_calls": True}
    return "https://api.openai.com/v1/responses", body


def ask_anthropic(topic: str, kind: int, *, stream: bool) -> tuple[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    look = [
        {"type": "image", "source": source},
        {"type": "text", "text": f"What has this to do with {topic}?"},
    ]
    body: dict[str, Any] = {
        "model": "claude-sonnet-4",
        "system": f"You know all of {topic}. Be brief.",
        "messages": [{"role": "user", "content": look if kind == 1 else f"How is it with {topic}?"}],
        "stream": stream,
        "max_tokens": 200,
    }
    if kind > 1:
        use = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"city": "Rome"}}
        told = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"All is well with {topic}."}
        body["messages"] += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [told]}]
        body["tools"] = [{**LOOK_UP, "input_schema": PARAMETERS}]
    if kind == 3:
        body["system"] = [{"type": "text", "text": body["system"], "cache_control": {"type": "ephemeral"}}]
        body["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    return "https://api.anthropic.com/v1/messages", body


def ask_gemini(topic: str, kind: int, *, stream: bool) -> tuple[str, Any]:
    look = [
        {"text": f"What has this to do with {topic}?"},
        {"inlineData": {"mimeType": "image/png", "data": PICTURE}},
    ]
    question = [{"text": f"How is it with {topic}?"}]
    body: dict[str, Any] = {
        "systemInstruction": {"parts": [{"text": f"You know all of {topic}. Be brief."}]},
        "contents": [{"role": "user", "parts": look if kind == 1 else question}],
        "generationConfig": {"temperature": 0.5, "stopSequences": ["STOP"]},
    }
    if kind > 1:
        call = {"functionCall": {"name": "look_up", "args": {"city": "Rome"}}}
        told = {"functionResponse": {"name": "look_up", "response": {"answer": f"All well with {topic}."}}}
        body["contents"] += [{"role": "model", "parts": [call]}, {"role": "user", "parts": [told]}]
        body["tools"] = [{"functionDeclarations": [{**LOOK_UP, "parameters": PARAMETERS}]}]
    if kind == 3:
        body["toolConfig"] = {"functionCallingConfig": {"mode": "ANY"}}
        body["safetySettings"] = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:{verb}", body


WIRES = {"chat": ask_chat, "responses": ask_responses, "anthropic": ask_anthropic, "gemini": ask_gemini}


class Exchange(NamedTuple):
    """A request that a test sends, as one of four."""

    url: str
    body: Any
    stream: bool


def list_exchanges() -> dict[str, list[Exchange]]:
    """By test, what it sends."""
    return {
        f"{wire}-{topic.split()[-1]}-{'streamed' if stream else 'whole'}": [
            Exchange(*ask(topic, kind, stream=stream), stream) for kind in range(4)
        ]
        for wire, ask in WIRES.items()
        for topic in TOPICS
        for stream in (False, True)
    }


# --- mutations ----------------------------------------------------------------------------------------------

IDS = ("id", "tool_call_id", "call_id", "tool_use_id")
"""What is another in each run: another one is noise."""


def list_places(value: Any, *steps: str | int) -> Iterator[tuple[str | int, ...]]:
    """The steps to all that can be altered in a body: each value that is not an id."""
    if steps and steps[-1] not in IDS:
        yield steps
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from list_places(inner, *steps, step)


def alter(body: Any, steps: tuple[str | int, ...]) -> tuple[Any, str]:
    """A copy of a body that is another in one place: another word or number, one value more, one less.

    Also gives a JSON pointer to that place; where a list has lost a value, to the list.
    """
    copy = json.loads(json.dumps(body))
    *outer, last = steps
    holder = reduce(lambda value, step: value[step], outer, copy)
    match value := holder[last]:
        case bool():
            holder[last] = not value
        case str():
            holder[last] = f"{value[:-2]}x{value[-2:]}"
        case int() | float():
            holder[last] = value + 1
        case list():
            value.append(value[-1])
        case dict():
            del holder[last]
            steps = steps if isinstance(holder, dict) else tuple(outer)
    return copy, "/request/body" + "".join(f"/{escape_pointer(str(step))}" for step in steps)


# --- the suite ----------------------------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with the suite, and what it asks; nothing is kept yet."""
    asked = {name: [each[:2] for each in exchanges] for name, exchanges in list_exchanges().items()}
    write(tmp_path / "recctl.toml", "")
    write(tmp_path / "tests/test_mutants.py", SUITE)
    write(tmp_path / "tests/asked.json", json.dumps(asked))
    return tmp_path


def keep(suite: Path, name: str, exchanges: list[Exchange]) -> str:
    """Write a test's cassette as vcrpy does; gives its path."""
    interactions = []
    for url, body, stream in exchanges:
        kind = "text/event-stream" if stream else "application/json"
        headers = {
            "Connection": "close",
            "Content-Length": str(len(json.dumps(body))),
            "Content-Type": "application/json",
            "Host": urlsplit(url).netloc,
            "User-Agent": "tests/1.0",
        }
        request = {
            "body": json.dumps(body),
            "headers": {header: [value] for header, value in headers.items()},
            "method": "POST",
            "uri": url,
        }
        reply = {
            "body": {"string": "data: {}\n\n" if stream else "{}"},
            "headers": {"Content-Type": [kind]},
            "status": {"code": 200, "message": "OK"},
        }
        interactions.append({"request": request, "response": reply})
    text = yaml.dump({"interactions": interactions, "version": 1}, Dumper=yaml.CSafeDumper)
    path = f"tests/cassettes/test_mutants/test_asks[{name}].yaml"
    write(suite / path, text)
    return path


def look(suite: Path, run: Run) -> Any:
    """What drift says of the suite, once all of its tests have passed."""
    tracked = run("track", "--", *RUN, cwd=suite)
    assert tracked.code == 0, tracked.out
    return json.loads(run("drift", "--format", "json", cwd=suite).out)


def alter_each(exchanges: dict[str, list[Exchange]]) -> Iterator[tuple[str, list[Exchange], list[str]]]:
    """Each test with its exchanges altered in one place each, here and there in turn, and where that is."""
    turn = count(0, 7)
    for name, of_test in exchanges.items():
        altered = []
        for each in of_test:
            places = [*list_places(each.body)]
            altered.append(alter(each.body, places[next(turn) % len(places)]))
        kept = [each._replace(body=body) for each, (body, _) in zip(of_test, altered, strict=True)]
        yield name, kept, [place for _, place in altered]


def is_told(place: str, recording: Any) -> bool:
    """Whether a recording is said to have drifted in that place, or parts of it, and nowhere else.

    A message of another type is another message, and told as such.
    """
    told = [change["where"] for change in recording["changes"]]
    holder = place.removesuffix("/type")
    is_there = all(where in (place, holder) or where.startswith(f"{place}/") for where in told)
    return recording["status"] == "drifted" and told != [] and is_there


def test_each_altered_request_is_named_with_what_was_altered(suite: Path, run: Run) -> None:
    altered: dict[tuple[str, int], str] = {}
    for name, exchanges, places in alter_each(list_exchanges()):
        path = keep(suite, name, exchanges)
        altered |= {(path, number): place for number, place in enumerate(places, 1)}
    drift = look(suite, run)
    assert drift["missed"] == []
    told = {(each["path"], each["index"]): each for each in drift["recordings"]}
    assert told.keys() == altered.keys()
    assert {key: (place, told[key]) for key, place in altered.items() if not is_told(place, told[key])} == {}


def test_of_what_is_as_it_was_nothing_is_told(suite: Path, run: Run) -> None:
    for name, exchanges in list_exchanges().items():
        keep(suite, name, exchanges)
    drift = look(suite, run)
    assert drift["missed"] == []
    assert len(drift["recordings"]) == 128
    assert {each["status"] for each in drift["recordings"]} == {"same"}
    outcome = run("drift", cwd=suite)
    assert (outcome.code, outcome.out) == (0, "128 recordings are the same\n")
