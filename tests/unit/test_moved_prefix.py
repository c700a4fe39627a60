"""The rule on what later turns of a conversation repeat, as providers' caches want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from recctl.checks.run import validate
from recctl.input.sources import select
from recctl.project import Project, Settings
from tests.tracking import write_cassette

if TYPE_CHECKING:
    from pathlib import Path

RULE = "moved-cache-prefix"
URL = "https://api.openai.com/v1/chat/completions"
CLAUDE = "https://api.anthropic.com/v1/messages"

ASKED = {"role": "user", "content": "How is the weather?"}
CALLED = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f"}}]}
TOLD = {"role": "tool", "tool_call_id": "1", "content": "7 degrees"}
ANSWERED = {"role": "assistant", "content": "It is cold."}
ASKED_AGAIN = {"role": "user", "content": "And tomorrow?"}
F, G = ({"type": "function", "function": {"name": name, "parameters": {}}} for name in "fg")


def turn(*messages: Any, tools: tuple[Any, ...] = (F,), **more: Any) -> dict[str, Any]:
    return {"model": "small", "messages": [*messages], **({"tools": [*tools]} if tools else {}), **more}


def look(root: Path, *turns: Any, url: str = URL) -> list[tuple[int | None, str]]:
    """What is found in a cassette with these turns: in which of them, and what."""
    path = write_cassette(root / "tests/cassettes/test_weather/test_it.yaml", *turns, url=url)
    project = Project(root, settings=Settings(select=(RULE,)))
    found = validate(project, select(project, [str(path)]), jobs=1).findings
    return [(finding.number, finding.message.partition(":")[0]) for finding in found]


FIRST = turn(ASKED)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (turn(ASKED, CALLED, TOLD, tools=(F, G)), "other tools are offered"),
        (turn(ASKED, CALLED, TOLD, tools=()), "other tools are offered"),
        (turn({"role": "system", "content": "Be brief."}, ASKED, CALLED, TOLD), "message 1 is another one"),
    ],
)
def test_what_a_later_turn_repeats_has_to_be_the_same(tmp_path: Path, later: Any, message: str) -> None:
    assert look(tmp_path, FIRST, later) == [(2, message)]


def test_what_was_said_in_between_counts_too(tmp_path: Path) -> None:
    second = turn(ASKED, CALLED, TOLD)
    third = turn(ASKED, CALLED, {**TOLD, "content": "8 degrees"}, ANSWERED, ASKED_AGAIN)
    assert look(tmp_path, FIRST, second, third) == [(3, "message 3 is another one")]


@pytest.mark.parametrize(
    "later",
    [
        turn(ASKED, CALLED, TOLD),
        turn(ASKED, ANSWERED, ASKED_AGAIN, tools=()),  # a user speaks again
        turn(ASKED_AGAIN, CALLED, TOLD, tools=(G,)),  # another conversation
        turn(ASKED, tools=(G,)),  # the same question again, and no later turn
        {**turn(ASKED, CALLED, TOLD, tools=(G,)), "model": "large"},
    ],
)
def test_what_is_no_later_turn_may_be_anything(tmp_path: Path, later: Any) -> None:
    assert look(tmp_path, FIRST, later) == []


def test_marks_of_what_to_keep_may_move_and_deferred_tools_may_come(tmp_path: Path) -> None:
    def say(role: str, text: str, **marks: Any) -> dict[str, Any]:
        return {"role": role, "content": [{"type": "text", "text": text, **marks}]}

    mark = {"cache_control": {"type": "ephemeral"}}
    tool = {"name": "f", "input_schema": {}}
    deferred = {"name": "g", "input_schema": {}, "defer_loading": True}
    first = turn(say("user", "Hi", **mark), tools=(tool,), max_tokens=9)
    later = turn(
        say("user", "Hi"),
        say("assistant", "Hello"),
        say("user", "Bye", **mark),
        tools=(tool, deferred),
        max_tokens=9,
    )
    assert look(tmp_path, first, later, url=CLAUDE) == []


def test_what_the_provider_keeps_under_an_id_is_not_looked_at(tmp_path: Path) -> None:
    url = "https://api.openai.com/v1/responses"
    first = {"model": "small", "input": [ASKED], "tools": [{"type": "function", "name": "f"}]}
    later = {"model": "small", "input": [ASKED, ASKED_AGAIN], "previous_response_id": "resp_1"}
    assert look(tmp_path, first, later, url=url) == []


def test_a_body_that_is_none_is_passed_over(tmp_path: Path) -> None:
    assert look(tmp_path, None, "no JSON", FIRST, turn(ASKED, CALLED, TOLD)) == []
